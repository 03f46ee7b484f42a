/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See verify.h. */
#include <config.h>

#include "module/verify.h"

#include "module/session.h"

CK_RV
mod_verify_init (CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	MOD_SESSION session = NULL;
	CK_RV rv = mod_session_enter (handle, &session);

	if (rv != CKR_OK)
		return rv;
	return mod_operation_begin (&session->operations[MOD_USE_VERIFY], MOD_USE_VERIFY, mechanism,
				    key);
}

/* Every answer ends a verification. */
static CK_RV
finish (ModOperation *operation,
	const uint8_t *data,
	CK_ULONG data_len,
	const uint8_t *signature,
	CK_ULONG signature_len)
{
	/* no signature of these keys has another length: nothing longer travels */
	if (signature == NULL || signature_len != operation->output_len) {
		mod_operation_end (operation);
		return signature == NULL ? CKR_ARGUMENTS_BAD : CKR_SIGNATURE_LEN_RANGE;
	}
	operation->request.operate.signature = (WireBytes){signature, signature_len};
	return mod_operation_finish (operation, MOD_USE_VERIFY, data, data_len, NULL, NULL);
}

CK_RV
mod_verify (CK_SESSION_HANDLE handle,
	    CK_BYTE_PTR data,
	    CK_ULONG data_len,
	    CK_BYTE_PTR signature,
	    CK_ULONG signature_len)
{
	MOD_SESSION session = NULL;
	CK_RV rv = mod_session_enter (handle, &session);
	ModOperation *operation;

	if (rv != CKR_OK)
		return rv;
	operation = &session->operations[MOD_USE_VERIFY];
	rv = mod_operation_check (operation, data, data_len, &signature_len);
	if (rv != CKR_OK)
		return rv;
	return finish (operation, data, data_len, signature, signature_len);
}

CK_RV
mod_verify_update (CK_SESSION_HANDLE handle, CK_BYTE_PTR part, CK_ULONG part_len)
{
	MOD_SESSION session = NULL;
	CK_RV rv = mod_session_enter (handle, &session);

	if (rv != CKR_OK)
		return rv;
	return mod_operation_append (&session->operations[MOD_USE_VERIFY], part, part_len);
}

CK_RV
mod_verify_final (CK_SESSION_HANDLE handle, CK_BYTE_PTR signature, CK_ULONG signature_len)
{
	MOD_SESSION session = NULL;
	CK_RV rv = mod_session_enter (handle, &session);
	ModOperation *operation;

	if (rv != CKR_OK)
		return rv;
	operation = &session->operations[MOD_USE_VERIFY];
	rv = mod_operation_check_final (operation, &signature_len);
	if (rv != CKR_OK)
		return rv;
	return finish (operation, NULL, 0, signature, signature_len);
}
