/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See derive.h. */
#include <config.h>

#include "module/derive.h"

#include "module/client.h"
#include "module/operation.h"
#include "module/secret.h"
#include "module/session.h"

#include <string.h>

/* HKDF makes as much as is wanted; a key agreement's result may be cut, the others are what they
 * are. */
static CK_RV
ask (const ModMechanism *mechanism,
     const ModWanted *wanted,
     ModRequest *request,
     uint8_t *secret,
     size_t *secret_len)
{
	CK_RV rv;

	if (!mechanism->by_secret_use)
		return mod_client_operate (WIRE_MSG_DERIVE, &request->operate, secret, secret_len);
	if (wanted->value_len > WIRE_SECRET_MAX)
		return CKR_KEY_SIZE_RANGE;
	request->secret.length = (uint32_t)wanted->value_len;
	rv = mod_client_operate (WIRE_MSG_SECRET_USE, &request->secret, secret, secret_len);
	if (rv == CKR_OK && wanted->value_len != 0 && wanted->value_len != *secret_len)
		rv = CKR_KEY_SIZE_RANGE;
	return rv;
}

CK_RV
mod_derive_key (CK_SESSION_HANDLE handle,
		CK_MECHANISM_PTR mechanism,
		CK_OBJECT_HANDLE base,
		CK_ATTRIBUTE_PTR template,
		CK_ULONG count,
		CK_OBJECT_HANDLE_PTR key)
{
	MOD_OBJECT object = {0};
	uint8_t secret[WIRE_SECRET_MAX];
	size_t secret_len = sizeof secret;
	ModWanted wanted;
	ModRequest request;
	CK_RV rv = mod_session_check (handle);

	if (rv != CKR_OK)
		return rv;
	if (mechanism == NULL || key == NULL)
		return CKR_ARGUMENTS_BAD;
	rv = mod_operation_prepare (MOD_USE_DERIVE, mechanism, base, &object, &request);
	if (rv == CKR_OK)
		rv = mod_secret_wanted (template, count, &wanted);
	if (rv == CKR_OK)
		rv = ask (mod_mechanism_find (mechanism->mechanism), &wanted, &request, secret,
			  &secret_len);
	if (rv == CKR_OK)
		rv = mod_secret_store (handle, &wanted, template, count, secret, secret_len, key);
	explicit_bzero (secret, sizeof secret);
	return rv;
}
