/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See crypt.h. */
#include <config.h>

#include "module/crypt.h"

#include "module/session.h"

static CK_RV
init (CK_SESSION_HANDLE handle, ModUse use, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	MOD_SESSION session = NULL;
	CK_RV rv = mod_session_enter (handle, &session);

	return rv != CKR_OK ? rv
			    : mod_operation_begin (&session->operations[use], use, mechanism, key);
}

static CK_RV
single (CK_SESSION_HANDLE handle,
	ModUse use,
	CK_BYTE_PTR data,
	CK_ULONG data_len,
	CK_BYTE_PTR output,
	CK_ULONG_PTR output_len)
{
	MOD_SESSION session = NULL;
	CK_RV rv = mod_session_enter (handle, &session);
	ModOperation *operation;

	if (rv != CKR_OK)
		return rv;
	operation = &session->operations[use];
	rv = mod_operation_check (operation, data, data_len, output_len);
	if (rv != CKR_OK)
		return rv;
	return mod_operation_finish (operation, use, data, data_len, output, output_len);
}

/* A length query must not take the part: it comes again. */
static CK_RV
update (CK_SESSION_HANDLE handle,
	ModUse use,
	CK_BYTE_PTR part,
	CK_ULONG part_len,
	CK_BYTE_PTR output,
	CK_ULONG_PTR output_len)
{
	MOD_SESSION session = NULL;
	CK_RV rv = mod_session_enter (handle, &session);
	ModOperation *operation;

	if (rv != CKR_OK)
		return rv;
	operation = &session->operations[use];
	rv = mod_operation_check_final (operation, output_len);
	if (rv != CKR_OK)
		return rv;
	*output_len = 0;
	return output == NULL ? CKR_OK : mod_operation_append (operation, part, part_len);
}

static CK_RV
final (CK_SESSION_HANDLE handle, ModUse use, CK_BYTE_PTR output, CK_ULONG_PTR output_len)
{
	MOD_SESSION session = NULL;
	CK_RV rv = mod_session_enter (handle, &session);
	ModOperation *operation;

	if (rv != CKR_OK)
		return rv;
	operation = &session->operations[use];
	rv = mod_operation_check_final (operation, output_len);
	if (rv != CKR_OK)
		return rv;
	return mod_operation_finish (operation, use, NULL, 0, output, output_len);
}

CK_RV
mod_encrypt_init (CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	return init (handle, MOD_USE_ENCRYPT, mechanism, key);
}

CK_RV
mod_encrypt (CK_SESSION_HANDLE handle,
	     CK_BYTE_PTR data,
	     CK_ULONG data_len,
	     CK_BYTE_PTR output,
	     CK_ULONG_PTR output_len)
{
	return single (handle, MOD_USE_ENCRYPT, data, data_len, output, output_len);
}

CK_RV
mod_encrypt_update (CK_SESSION_HANDLE handle,
		    CK_BYTE_PTR part,
		    CK_ULONG part_len,
		    CK_BYTE_PTR output,
		    CK_ULONG_PTR output_len)
{
	return update (handle, MOD_USE_ENCRYPT, part, part_len, output, output_len);
}

CK_RV
mod_encrypt_final (CK_SESSION_HANDLE handle, CK_BYTE_PTR output, CK_ULONG_PTR output_len)
{
	return final (handle, MOD_USE_ENCRYPT, output, output_len);
}

CK_RV
mod_decrypt_init (CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	return init (handle, MOD_USE_DECRYPT, mechanism, key);
}

CK_RV
mod_decrypt (CK_SESSION_HANDLE handle,
	     CK_BYTE_PTR data,
	     CK_ULONG data_len,
	     CK_BYTE_PTR output,
	     CK_ULONG_PTR output_len)
{
	return single (handle, MOD_USE_DECRYPT, data, data_len, output, output_len);
}

CK_RV
mod_decrypt_update (CK_SESSION_HANDLE handle,
		    CK_BYTE_PTR part,
		    CK_ULONG part_len,
		    CK_BYTE_PTR output,
		    CK_ULONG_PTR output_len)
{
	return update (handle, MOD_USE_DECRYPT, part, part_len, output, output_len);
}

CK_RV
mod_decrypt_final (CK_SESSION_HANDLE handle, CK_BYTE_PTR output, CK_ULONG_PTR output_len)
{
	return final (handle, MOD_USE_DECRYPT, output, output_len);
}
