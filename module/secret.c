/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See secret.h. */
#include <config.h>

#include "module/secret.h"

#include "module/attributes.h"
#include "module/rules.h"

static const CK_BBOOL yes = CK_TRUE;
static const CK_BBOOL no = CK_FALSE;

CK_RV
mod_secret_wanted (const CK_ATTRIBUTE *template, CK_ULONG count, ModWanted *wanted)
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

CK_RV
mod_secret_store (CK_SESSION_HANDLE owner,
		  const ModWanted *wanted,
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

	if (value_len > secret_len ||
	    (wanted->key_type == CKK_AES && value_len != 16 && value_len != 24 && value_len != 32))
		return CKR_KEY_SIZE_RANGE;
	return mod_object_add (owner, template, count, defaults,
			       sizeof defaults / sizeof defaults[0], key);
}
