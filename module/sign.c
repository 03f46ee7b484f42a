/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See sign.h. */
#include <config.h>

#include "module/sign.h"

#include "module/session.h"

CK_RV
mod_sign_init (CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	MOD_SESSION session = NULL;
	CK_RV rv = mod_session_enter (handle, &session);

	if (rv != CKR_OK)
		return rv;
	return mod_operation_begin (&session->operations[MOD_USE_SIGN], MOD_USE_SIGN, mechanism,
				    key);
}

CK_RV
mod_sign (CK_SESSION_HANDLE handle,
	  CK_BYTE_PTR data,
	  CK_ULONG data_len,
	  CK_BYTE_PTR signature,
	  CK_ULONG_PTR signature_len)
{
	MOD_SESSION session = NULL;
	CK_RV rv = mod_session_enter (handle, &session);
	ModOperation *operation;

	if (rv != CKR_OK)
		return rv;
	operation = &session->operations[MOD_USE_SIGN];
	rv = mod_operation_check (operation, data, data_len, signature_len);
	if (rv != CKR_OK)
		return rv;
	return mod_operation_finish (operation, MOD_USE_SIGN, data, data_len, signature,
				     signature_len);
}

CK_RV
mod_sign_update (CK_SESSION_HANDLE handle, CK_BYTE_PTR part, CK_ULONG part_len)
{
	MOD_SESSION session = NULL;
	CK_RV rv = mod_session_enter (handle, &session);

	if (rv != CKR_OK)
		return rv;
	return mod_operation_append (&session->operations[MOD_USE_SIGN], part, part_len);
}

CK_RV
mod_sign_final (CK_SESSION_HANDLE handle, CK_BYTE_PTR signature, CK_ULONG_PTR signature_len)
{
	MOD_SESSION session = NULL;
	CK_RV rv = mod_session_enter (handle, &session);
	ModOperation *operation;

	if (rv != CKR_OK)
		return rv;
	operation = &session->operations[MOD_USE_SIGN];
	rv = mod_operation_check_final (operation, signature_len);
	if (rv != CKR_OK)
		return rv;
	return mod_operation_finish (operation, MOD_USE_SIGN, NULL, 0, signature, signature_len);
}
