/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See unsupported.h. */
#include <config.h>

#include "module/unsupported.h"

#include "module/session.h"

static CK_RV
refuse (CK_SESSION_HANDLE session)
{
	CK_RV rv = mod_session_check (session);

	return rv != CKR_OK ? rv : CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV
mod_get_function_status (CK_SESSION_HANDLE session)
{
	CK_RV rv = mod_session_check (session);

	return rv != CKR_OK ? rv : CKR_FUNCTION_NOT_PARALLEL;
}

CK_RV
mod_get_operation_state (CK_SESSION_HANDLE session, CK_BYTE_PTR state, CK_ULONG_PTR len)
{
	return refuse (session);
}

CK_RV
mod_set_operation_state (CK_SESSION_HANDLE session,
			 CK_BYTE_PTR state,
			 CK_ULONG len,
			 CK_OBJECT_HANDLE encryption,
			 CK_OBJECT_HANDLE authentication)
{
	return refuse (session);
}

CK_RV
mod_digest_init (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism)
{
	return refuse (session);
}

CK_RV
mod_digest (CK_SESSION_HANDLE session,
	    CK_BYTE_PTR data,
	    CK_ULONG data_len,
	    CK_BYTE_PTR digest,
	    CK_ULONG_PTR digest_len)
{
	return refuse (session);
}

CK_RV
mod_digest_update (CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len)
{
	return refuse (session);
}

CK_RV
mod_digest_key (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
	return refuse (session);
}

CK_RV
mod_digest_final (CK_SESSION_HANDLE session, CK_BYTE_PTR digest, CK_ULONG_PTR digest_len)
{
	return refuse (session);
}

CK_RV
mod_sign_recover_init (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	return refuse (session);
}

CK_RV
mod_sign_recover (CK_SESSION_HANDLE session,
		  CK_BYTE_PTR data,
		  CK_ULONG data_len,
		  CK_BYTE_PTR signature,
		  CK_ULONG_PTR signature_len)
{
	return refuse (session);
}

CK_RV
mod_verify_recover_init (CK_SESSION_HANDLE session,
			 CK_MECHANISM_PTR mechanism,
			 CK_OBJECT_HANDLE key)
{
	return refuse (session);
}

CK_RV
mod_verify_recover (CK_SESSION_HANDLE session,
		    CK_BYTE_PTR signature,
		    CK_ULONG signature_len,
		    CK_BYTE_PTR data,
		    CK_ULONG_PTR data_len)
{
	return refuse (session);
}

CK_RV
mod_digest_encrypt_update (CK_SESSION_HANDLE session,
			   CK_BYTE_PTR in,
			   CK_ULONG in_len,
			   CK_BYTE_PTR out,
			   CK_ULONG_PTR out_len)
{
	return refuse (session);
}

CK_RV
mod_decrypt_digest_update (CK_SESSION_HANDLE session,
			   CK_BYTE_PTR in,
			   CK_ULONG in_len,
			   CK_BYTE_PTR out,
			   CK_ULONG_PTR out_len)
{
	return refuse (session);
}

CK_RV
mod_sign_encrypt_update (CK_SESSION_HANDLE session,
			 CK_BYTE_PTR in,
			 CK_ULONG in_len,
			 CK_BYTE_PTR out,
			 CK_ULONG_PTR out_len)
{
	return refuse (session);
}

CK_RV
mod_decrypt_verify_update (CK_SESSION_HANDLE session,
			   CK_BYTE_PTR in,
			   CK_ULONG in_len,
			   CK_BYTE_PTR out,
			   CK_ULONG_PTR out_len)
{
	return refuse (session);
}

CK_RV
mod_generate_key (CK_SESSION_HANDLE session,
		  CK_MECHANISM_PTR mechanism,
		  CK_ATTRIBUTE_PTR template,
		  CK_ULONG count,
		  CK_OBJECT_HANDLE_PTR key)
{
	return refuse (session);
}

CK_RV
mod_generate_key_pair (CK_SESSION_HANDLE session,
		       CK_MECHANISM_PTR mechanism,
		       CK_ATTRIBUTE_PTR public_template,
		       CK_ULONG public_count,
		       CK_ATTRIBUTE_PTR private_template,
		       CK_ULONG private_count,
		       CK_OBJECT_HANDLE_PTR public_key,
		       CK_OBJECT_HANDLE_PTR private_key)
{
	return refuse (session);
}

CK_RV
mod_message_init (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	return refuse (session);
}

CK_RV
mod_message_final (CK_SESSION_HANDLE session)
{
	return refuse (session);
}

CK_RV
mod_message_begin (CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len)
{
	return refuse (session);
}

CK_RV
mod_crypt_message (CK_SESSION_HANDLE session,
		   CK_VOID_PTR parameter,
		   CK_ULONG parameter_len,
		   CK_BYTE_PTR associated,
		   CK_ULONG associated_len,
		   CK_BYTE_PTR in,
		   CK_ULONG in_len,
		   CK_BYTE_PTR out,
		   CK_ULONG_PTR out_len)
{
	return refuse (session);
}

CK_RV
mod_crypt_message_begin (CK_SESSION_HANDLE session,
			 CK_VOID_PTR parameter,
			 CK_ULONG parameter_len,
			 CK_BYTE_PTR associated,
			 CK_ULONG associated_len)
{
	return refuse (session);
}

CK_RV
mod_crypt_message_next (CK_SESSION_HANDLE session,
			CK_VOID_PTR parameter,
			CK_ULONG parameter_len,
			CK_BYTE_PTR in,
			CK_ULONG in_len,
			CK_BYTE_PTR out,
			CK_ULONG_PTR out_len,
			CK_FLAGS flags)
{
	return refuse (session);
}

CK_RV
mod_sign_message (CK_SESSION_HANDLE session,
		  CK_VOID_PTR parameter,
		  CK_ULONG parameter_len,
		  CK_BYTE_PTR data,
		  CK_ULONG data_len,
		  CK_BYTE_PTR signature,
		  CK_ULONG_PTR signature_len)
{
	return refuse (session);
}

CK_RV
mod_verify_message (CK_SESSION_HANDLE session,
		    CK_VOID_PTR parameter,
		    CK_ULONG parameter_len,
		    CK_BYTE_PTR data,
		    CK_ULONG data_len,
		    CK_BYTE_PTR signature,
		    CK_ULONG signature_len)
{
	return refuse (session);
}
