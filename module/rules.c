/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See rules.h. */
#include <config.h>

#include "module/rules.h"

#include "module/attributes.h"

#define DATE_LEN 8 /* YYYYMMDD */

typedef enum { FLAG, NUMBER, DATE, BYTES } Shape;

/* A flag that goes one way only. */
typedef enum { EITHER_WAY, TO_FALSE, TO_TRUE } Way;

#define OF(class) (1u << (class))
#define DATA OF (CKO_DATA)
#define PUBLIC OF (CKO_PUBLIC_KEY)
#define SECRET OF (CKO_SECRET_KEY)
#define KEYS (PUBLIC | SECRET)
#define ANY (DATA | KEYS)

#define NEVER 0
#define ONCE MOD_AT_CREATION
#define NEW (MOD_AT_CREATION | MOD_AT_COPY)
#define ALWAYS (NEW | MOD_AT_CHANGE)

static const struct {
	CK_ATTRIBUTE_TYPE type;
	Shape shape;
	unsigned classes;
	unsigned moments;
	Way way;
} rules[] = {
	{CKA_CLASS, NUMBER, ANY, ONCE, EITHER_WAY},
	{CKA_TOKEN, FLAG, ANY, NEW, EITHER_WAY},
	{CKA_PRIVATE, FLAG, ANY, NEW, EITHER_WAY},
	{CKA_MODIFIABLE, FLAG, ANY, NEW, EITHER_WAY},
	{CKA_DESTROYABLE, FLAG, ANY, NEW, EITHER_WAY},
	{CKA_COPYABLE, FLAG, ANY, ALWAYS, TO_FALSE},
	{CKA_LABEL, BYTES, ANY, ALWAYS, EITHER_WAY},
	{CKA_UNIQUE_ID, BYTES, ANY, NEVER, EITHER_WAY},
	{CKA_APPLICATION, BYTES, DATA, ALWAYS, EITHER_WAY},
	{CKA_OBJECT_ID, BYTES, DATA, ALWAYS, EITHER_WAY},
	{CKA_VALUE, BYTES, DATA, ALWAYS, EITHER_WAY},
	{CKA_KEY_TYPE, NUMBER, KEYS, ONCE, EITHER_WAY},
	{CKA_ID, BYTES, KEYS, ALWAYS, EITHER_WAY},
	{CKA_START_DATE, DATE, KEYS, ALWAYS, EITHER_WAY},
	{CKA_END_DATE, DATE, KEYS, ALWAYS, EITHER_WAY},
	{CKA_DERIVE, FLAG, KEYS, ALWAYS, EITHER_WAY},
	{CKA_ENCRYPT, FLAG, KEYS, ALWAYS, EITHER_WAY},
	{CKA_VERIFY, FLAG, KEYS, ALWAYS, EITHER_WAY},
	{CKA_WRAP, FLAG, KEYS, ALWAYS, EITHER_WAY},
	{CKA_LOCAL, FLAG, KEYS, NEVER, EITHER_WAY},
	{CKA_KEY_GEN_MECHANISM, NUMBER, KEYS, NEVER, EITHER_WAY},
	{CKA_TRUSTED, FLAG, KEYS, NEVER, EITHER_WAY},
	{CKA_SUBJECT, BYTES, PUBLIC, ALWAYS, EITHER_WAY},
	{CKA_VERIFY_RECOVER, FLAG, PUBLIC, ALWAYS, EITHER_WAY},
	{CKA_MODULUS, BYTES, PUBLIC, ONCE, EITHER_WAY},
	{CKA_MODULUS_BITS, NUMBER, PUBLIC, NEVER, EITHER_WAY},
	{CKA_PUBLIC_EXPONENT, BYTES, PUBLIC, ONCE, EITHER_WAY},
	{CKA_EC_PARAMS, BYTES, PUBLIC, ONCE, EITHER_WAY},
	{CKA_EC_POINT, BYTES, PUBLIC, ONCE, EITHER_WAY},
	{CKA_PUBLIC_KEY_INFO, BYTES, PUBLIC, ONCE, EITHER_WAY},
	{CKA_DECRYPT, FLAG, SECRET, ALWAYS, EITHER_WAY},
	{CKA_SIGN, FLAG, SECRET, ALWAYS, EITHER_WAY},
	{CKA_UNWRAP, FLAG, SECRET, ALWAYS, EITHER_WAY},
	{CKA_SENSITIVE, FLAG, SECRET, ALWAYS, TO_TRUE},
	{CKA_EXTRACTABLE, FLAG, SECRET, ALWAYS, TO_FALSE},
	{CKA_WRAP_WITH_TRUSTED, FLAG, SECRET, ALWAYS, TO_TRUE},
	{CKA_VALUE_LEN, NUMBER, SECRET, ONCE, EITHER_WAY},
	{CKA_VALUE, BYTES, SECRET, NEVER, EITHER_WAY},
	{CKA_ALWAYS_SENSITIVE, FLAG, SECRET, NEVER, EITHER_WAY},
	{CKA_NEVER_EXTRACTABLE, FLAG, SECRET, NEVER, EITHER_WAY},
};

#define N_RULES (sizeof rules / sizeof rules[0])

static bool
shape_fits (Shape shape, CK_ULONG len)
{
	switch (shape) {
	case FLAG:
		return len == sizeof (CK_BBOOL);
	case NUMBER:
		return len == sizeof (CK_ULONG);
	case DATE:
		return len == 0 || len == DATE_LEN;
	case BYTES:
		return true;
	}
	return false;
}

static bool
goes_back (Way way, const ModObject *object, const CK_ATTRIBUTE *given)
{
	bool now = mod_object_flag (object, given->type);
	bool next = *(const CK_BBOOL *)given->pValue != CK_FALSE;

	return (way == TO_TRUE && now && !next) || (way == TO_FALSE && !now && next);
}

static CK_RV
check_one (ModMoment moment,
	   CK_OBJECT_CLASS class,
	   const ModObject *object,
	   const CK_ATTRIBUTE *given)
{
	for (size_t i = 0; i < N_RULES; i++) {
		if (rules[i].type != given->type || (rules[i].classes & OF (class)) == 0)
			continue;
		if ((rules[i].moments & moment) == 0)
			return CKR_ATTRIBUTE_READ_ONLY;
		if (!shape_fits (rules[i].shape, given->ulValueLen))
			return CKR_ATTRIBUTE_VALUE_INVALID;
		if (object != NULL && rules[i].way != EITHER_WAY &&
		    goes_back (rules[i].way, object, given))
			return CKR_ATTRIBUTE_READ_ONLY;
		return CKR_OK;
	}
	return CKR_ATTRIBUTE_TYPE_INVALID;
}

CK_RV
mod_rules_check (ModMoment moment,
		 CK_OBJECT_CLASS class,
		 const ModObject *object,
		 const CK_ATTRIBUTE *template,
		 CK_ULONG count)
{
	CK_RV rv = mod_template_check (template, count);
	bool on_token = false;

	if (class > CKO_SECRET_KEY || (OF (class) & ANY) == 0)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
		rv = check_one (moment, class, object, &template[i]);
		if (rv == CKR_OK && mod_template_find (template, i, template[i].type) != NULL)
			rv = CKR_TEMPLATE_INCONSISTENT;
	}
	if (rv != CKR_OK)
		return rv;
	mod_template_flag (template, count, CKA_TOKEN, false, &on_token);
	return on_token ? CKR_TOKEN_WRITE_PROTECTED : CKR_OK;
}
