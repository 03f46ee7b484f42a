/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See wrap.h. */
#include <config.h>

#include "module/wrap.h"

#include "keystore/wire/mechanisms.h"
#include "module/client.h"
#include "module/operation.h"
#include "module/secret.h"
#include "module/session.h"

#include <string.h>

#define BLOCK 8

/* The codes of PKCS#11 for the key that wraps or unwraps. */
static CK_RV
name_fault (CK_RV rv, CK_RV handle, CK_RV type)
{
	if (rv == CKR_KEY_HANDLE_INVALID)
		return handle;
	return rv == CKR_KEY_TYPE_INCONSISTENT ? type : rv;
}

/* Keys of the token never leave it; a session's own secret may, unless its template said otherwise.
 */
static CK_RV
value_of (CK_OBJECT_HANDLE handle, ModObject *object, WireBytes *value)
{
	WireAttribute attribute;

	if (mod_object_get (handle, object) != CKR_OK ||
	    mod_object_number (object, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION) ==
		    CK_UNAVAILABLE_INFORMATION)
		return CKR_KEY_HANDLE_INVALID;
	if (mod_object_number (object, CKA_CLASS, CKO_DATA) != CKO_SECRET_KEY)
		return CKR_KEY_NOT_WRAPPABLE;
	if (object->own == NULL || !mod_object_flag (object, CKA_EXTRACTABLE) ||
	    !mod_object_attribute (object, CKA_VALUE, &attribute))
		return CKR_KEY_UNEXTRACTABLE;
	*value = (WireBytes){attribute.data, attribute.len};
	return CKR_OK;
}

static CK_ULONG
wrapped_size (CK_MECHANISM_TYPE mechanism, size_t len)
{
	if (mechanism == WIRE_CKM_AES_KEY_WRAP_KWP)
		len = (len + BLOCK - 1) / BLOCK * BLOCK;
	return len + BLOCK;
}

CK_RV
mod_wrap_key (CK_SESSION_HANDLE session,
	      CK_MECHANISM_PTR mechanism,
	      CK_OBJECT_HANDLE wrapping,
	      CK_OBJECT_HANDLE key,
	      CK_BYTE_PTR wrapped,
	      CK_ULONG_PTR wrapped_len)
{
	MOD_OBJECT wrapper = {0};
	MOD_OBJECT object = {0};
	ModRequest request;
	CK_RV rv = mod_session_check (session);
	CK_ULONG needed;
	size_t len;

	if (rv != CKR_OK)
		return rv;
	if (mechanism == NULL || wrapped_len == NULL)
		return CKR_ARGUMENTS_BAD;
	rv = name_fault (
		mod_operation_prepare (MOD_USE_WRAP, mechanism, wrapping, &wrapper, &request),
		CKR_WRAPPING_KEY_HANDLE_INVALID, CKR_WRAPPING_KEY_TYPE_INCONSISTENT);
	if (rv == CKR_OK)
		rv = value_of (key, &object, &request.secret.data);
	if (rv != CKR_OK)
		return rv;
	needed = wrapped_size (mechanism->mechanism, request.secret.data.len);
	len = *wrapped_len;
	*wrapped_len = needed;
	if (wrapped == NULL)
		return CKR_OK;
	if (len < needed)
		return CKR_BUFFER_TOO_SMALL;
	rv = mod_client_operate (WIRE_MSG_SECRET_USE, &request.secret, wrapped, &len);
	*wrapped_len = len;
	return rv;
}

CK_RV
mod_unwrap_key (CK_SESSION_HANDLE session,
		CK_MECHANISM_PTR mechanism,
		CK_OBJECT_HANDLE unwrapping,
		CK_BYTE_PTR wrapped,
		CK_ULONG wrapped_len,
		CK_ATTRIBUTE_PTR template,
		CK_ULONG count,
		CK_OBJECT_HANDLE_PTR key)
{
	MOD_OBJECT unwrapper = {0};
	uint8_t secret[WIRE_SECRET_MAX + BLOCK];
	size_t secret_len = sizeof secret;
	ModRequest request;
	ModWanted wanted;
	CK_RV rv = mod_session_check (session);

	if (rv != CKR_OK)
		return rv;
	if (mechanism == NULL || wrapped == NULL || key == NULL)
		return CKR_ARGUMENTS_BAD;
	rv = name_fault (
		mod_operation_prepare (MOD_USE_UNWRAP, mechanism, unwrapping, &unwrapper, &request),
		CKR_UNWRAPPING_KEY_HANDLE_INVALID, CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT);
	if (rv == CKR_OK)
		rv = mod_secret_wanted (template, count, &wanted);
	if (rv == CKR_OK && wrapped_len > WIRE_DATA_MAX)
		rv = CKR_WRAPPED_KEY_LEN_RANGE;
	if (rv != CKR_OK)
		return rv;
	request.secret.data = (WireBytes){wrapped, wrapped_len};
	rv = mod_client_operate (WIRE_MSG_SECRET_USE, &request.secret, secret, &secret_len);
	if (rv == CKR_OK)
		rv = mod_secret_store (session, &wanted, template, count, secret, secret_len, key);
	explicit_bzero (secret, sizeof secret);
	return rv;
}
