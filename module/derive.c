/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See derive.h. */
#include <config.h>

#include "module/derive.h"

#include "module/attributes.h"
#include "module/client.h"
#include "module/operation.h"
#include "module/rules.h"
#include "module/session.h"

#include <string.h>

#define SECRET_MAX 66 /* an x coordinate of P-521 */

static const CK_BBOOL yes = CK_TRUE;
static const CK_BBOOL no = CK_FALSE;

/* What the template decides about the new key. */
typedef struct {
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE key_type;
	CK_ULONG value_len; /* 0: all of the secret */
} Wanted;

static CK_RV
read_template (const CK_ATTRIBUTE *template, CK_ULONG count, Wanted *wanted)
{
	CK_RV rv = mod_rules_check (MOD_AT_CREATION, CKO_SECRET_KEY, NULL, template, count);

	if (rv != CKR_OK)
		return rv;
	if (!mod_template_number (template, count, CKA_CLASS, CKO_SECRET_KEY, &wanted->class) ||
	    !mod_template_number (template, count, CKA_KEY_TYPE, CKK_GENERIC_SECRET,
				  &wanted->key_type) ||
	    !mod_template_number (template, count, CKA_VALUE_LEN, 0, &wanted->value_len) ||
	    wanted->class != CKO_SECRET_KEY)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return CKR_OK;
}

/* The leading bytes of a longer secret are cut off, as the mechanism is defined. */
static CK_RV
store (CK_SESSION_HANDLE owner,
       const Wanted *wanted,
       const CK_ATTRIBUTE *template,
       CK_ULONG count,
       const uint8_t *secret,
       size_t secret_len,
       CK_OBJECT_HANDLE_PTR key)
{
	CK_ULONG value_len = wanted->value_len != 0 ? wanted->value_len : secret_len;
	CK_MECHANISM_TYPE unknown = CK_UNAVAILABLE_INFORMATION;
	const CK_ATTRIBUTE defaults[] = {
		{CKA_CLASS, (void *)&wanted->class, sizeof wanted->class},
		{CKA_KEY_TYPE, (void *)&wanted->key_type, sizeof wanted->key_type},
		{CKA_VALUE_LEN, &value_len, sizeof value_len},
		{CKA_VALUE, (void *)(secret + secret_len - value_len), value_len},
		{CKA_SENSITIVE, (void *)&no, sizeof no},
		{CKA_EXTRACTABLE, (void *)&yes, sizeof yes},
		{CKA_ALWAYS_SENSITIVE, (void *)&no, sizeof no},
		{CKA_NEVER_EXTRACTABLE, (void *)&no, sizeof no},
		{CKA_TOKEN, (void *)&no, sizeof no},
		{CKA_PRIVATE, (void *)&no, sizeof no},
		{CKA_LOCAL, (void *)&no, sizeof no},
		{CKA_TRUSTED, (void *)&no, sizeof no},
		{CKA_WRAP_WITH_TRUSTED, (void *)&no, sizeof no},
		{CKA_ENCRYPT, (void *)&no, sizeof no},
		{CKA_DECRYPT, (void *)&no, sizeof no},
		{CKA_SIGN, (void *)&no, sizeof no},
		{CKA_VERIFY, (void *)&no, sizeof no},
		{CKA_WRAP, (void *)&no, sizeof no},
		{CKA_UNWRAP, (void *)&no, sizeof no},
		{CKA_DERIVE, (void *)&no, sizeof no},
		{CKA_MODIFIABLE, (void *)&yes, sizeof yes},
		{CKA_COPYABLE, (void *)&yes, sizeof yes},
		{CKA_DESTROYABLE, (void *)&yes, sizeof yes},
		{CKA_LABEL, NULL, 0},
		{CKA_ID, NULL, 0},
		{CKA_START_DATE, NULL, 0},
		{CKA_END_DATE, NULL, 0},
		{CKA_KEY_GEN_MECHANISM, &unknown, sizeof unknown},
	};

	if (value_len > secret_len)
		return CKR_KEY_SIZE_RANGE;
	return mod_object_add (owner, template, count, defaults,
			       sizeof defaults / sizeof defaults[0], key);
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
	uint8_t secret[SECRET_MAX];
	size_t secret_len = sizeof secret;
	Wanted wanted;
	WireOperate request;
	CK_RV rv = mod_session_check (handle);

	if (rv != CKR_OK)
		return rv;
	if (mechanism == NULL || key == NULL)
		return CKR_ARGUMENTS_BAD;
	rv = mod_operation_prepare (MOD_USE_DERIVE, mechanism, base, &object, &request);
	if (rv == CKR_OK)
		rv = read_template (template, count, &wanted);
	if (rv == CKR_OK)
		rv = mod_client_operate (WIRE_MSG_DERIVE, &request, secret, &secret_len);
	if (rv != CKR_OK)
		return rv;
	rv = store (handle, &wanted, template, count, secret, secret_len, key);
	explicit_bzero (secret, sizeof secret);
	return rv;
}
