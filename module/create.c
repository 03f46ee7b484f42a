/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Session objects: public keys that programs bring to verify or encrypt with, and the store for
 * derived secrets. Nothing reaches the keystore until the key is used.
 */
#include <config.h>

#include "module/attributes.h"
#include "module/object.h"
#include "module/session.h"

#include <stdlib.h>
#include <string.h>

static void
free_object (ModNode *node)
{
	ModSessionObject *object = (ModSessionObject *)node;

	for (size_t i = 0; i < object->n_attributes; i++) {
		explicit_bzero ((void *)object->attributes[i].data, object->attributes[i].len);
		free ((void *)object->attributes[i].data);
	}
	free (object->attributes);
	free (object);
}

static bool
append (ModSessionObject *object, const CK_ATTRIBUTE *attribute)
{
	WireAttribute *place = &object->attributes[object->n_attributes];
	uint8_t *data = malloc (attribute->ulValueLen > 0 ? attribute->ulValueLen : 1);

	if (data == NULL)
		return false;
	if (attribute->ulValueLen > 0)
		memcpy (data, attribute->pValue, attribute->ulValueLen);
	*place = (WireAttribute){
		.type = (uint32_t)attribute->type,
		.kind = WIRE_ATTR_BYTES,
		.data = data,
		.len = attribute->ulValueLen,
	};
	object->n_attributes++;
	return true;
}

/* A derived secret that its template calls sensitive, or not extractable, is never told. */
static void
hide_value (ModSessionObject *object, const CK_ATTRIBUTE *template, CK_ULONG count)
{
	bool sensitive = false, extractable = true;

	mod_template_flag (template, count, CKA_SENSITIVE, false, &sensitive);
	mod_template_flag (template, count, CKA_EXTRACTABLE, true, &extractable);
	for (size_t i = 0; i < object->n_attributes; i++) {
		if (object->attributes[i].type == CKA_VALUE && (sensitive || !extractable))
			object->attributes[i].kind = WIRE_ATTR_SENSITIVE;
	}
}

static ModSessionObject *
build_object (const CK_ATTRIBUTE *template,
	      CK_ULONG count,
	      const CK_ATTRIBUTE *defaults,
	      CK_ULONG n_defaults)
{
	ModSessionObject *object = calloc (1, sizeof *object);
	bool whole = object != NULL;

	if (whole)
		object->attributes = calloc (count + n_defaults, sizeof *object->attributes);
	whole = whole && object->attributes != NULL;
	for (CK_ULONG i = 0; whole && i < count; i++)
		whole = append (object, &template[i]);
	for (CK_ULONG i = 0; whole && i < n_defaults; i++) {
		if (mod_template_find (template, count, defaults[i].type) == NULL)
			whole = append (object, &defaults[i]);
	}
	if (whole) {
		hide_value (object, template, count);
		return object;
	}
	if (object != NULL)
		free_object (&object->node);
	return NULL;
}

static CK_RV
check_types (const CK_ATTRIBUTE *template, CK_ULONG count)
{
	for (CK_ULONG i = 0; i < count; i++) {
		if (template[i].type > UINT32_MAX)
			return CKR_ATTRIBUTE_TYPE_INVALID;
		if (mod_template_find (template, i, template[i].type) != NULL)
			return CKR_TEMPLATE_INCONSISTENT;
	}
	return CKR_OK;
}

CK_RV
mod_object_add (CK_SESSION_HANDLE owner,
		const CK_ATTRIBUTE *template,
		CK_ULONG count,
		const CK_ATTRIBUTE *defaults,
		CK_ULONG n_defaults,
		CK_OBJECT_HANDLE_PTR handle)
{
	CK_RV rv = check_types (template, count);
	ModSessionObject *object;

	if (rv != CKR_OK)
		return rv;
	object = build_object (template, count, defaults, n_defaults);
	if (object == NULL)
		return CKR_HOST_MEMORY;
	object->owner = owner;
	object->node.free = free_object;
	mod_table_add (&mod_state_lock ()->objects, &object->node, MOD_OBJECT_HIGH_BIT);
	*handle = object->node.handle;
	mod_state_unlock ();
	return CKR_OK;
}

/* What a public key of a type must bring, and what the module adds to any. */
static const struct {
	CK_KEY_TYPE type;
	CK_ATTRIBUTE_TYPE needed[2];
} public_keys[] = {
	{CKK_EC, {CKA_EC_PARAMS, CKA_EC_POINT}},
	{CKK_EC_EDWARDS, {CKA_EC_PARAMS, CKA_EC_POINT}},
	{CKK_RSA, {CKA_MODULUS, CKA_PUBLIC_EXPONENT}},
};

static const CK_BBOOL yes = CK_TRUE;
static const CK_BBOOL no = CK_FALSE;
static const CK_ULONG unknown = CK_UNAVAILABLE_INFORMATION;

/* clang-format off */
#define FLAG(type, value) {type, (void *)&value, sizeof value}
#define EMPTY(type) {type, NULL, 0}
/* clang-format on */

static const CK_ATTRIBUTE public_defaults[] = {
	FLAG (CKA_TOKEN, no),
	FLAG (CKA_PRIVATE, no),
	FLAG (CKA_MODIFIABLE, no),
	FLAG (CKA_COPYABLE, no),
	FLAG (CKA_DESTROYABLE, yes),
	FLAG (CKA_LOCAL, no),
	FLAG (CKA_VERIFY, yes),
	FLAG (CKA_ENCRYPT, yes),
	FLAG (CKA_VERIFY_RECOVER, no),
	FLAG (CKA_WRAP, no),
	FLAG (CKA_DERIVE, no),
	FLAG (CKA_TRUSTED, no),
	EMPTY (CKA_ID),
	EMPTY (CKA_LABEL),
	EMPTY (CKA_SUBJECT),
	EMPTY (CKA_START_DATE),
	EMPTY (CKA_END_DATE),
	{CKA_KEY_GEN_MECHANISM, (void *)&unknown, sizeof unknown},
};

#define N_PUBLIC_DEFAULTS (sizeof public_defaults / sizeof public_defaults[0])

static CK_RV
check_public_key (const CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_ULONG key_type;

	if (mod_template_find (template, count, CKA_KEY_TYPE) == NULL)
		return CKR_TEMPLATE_INCOMPLETE;
	if (!mod_template_number (template, count, CKA_KEY_TYPE, 0, &key_type))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	for (size_t i = 0; i < sizeof public_keys / sizeof public_keys[0]; i++) {
		if (public_keys[i].type != key_type)
			continue;
		for (int j = 0; j < 2; j++) {
			const CK_ATTRIBUTE *part =
				mod_template_find (template, count, public_keys[i].needed[j]);

			if (part == NULL)
				return CKR_TEMPLATE_INCOMPLETE;
			if (part->ulValueLen == 0 || part->ulValueLen > WIRE_SIGNATURE_MAX)
				return CKR_ATTRIBUTE_VALUE_INVALID;
		}
		return CKR_OK;
	}
	return CKR_ATTRIBUTE_VALUE_INVALID;
}

static CK_RV
check_template (const CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_RV rv = mod_template_check (template, count);
	CK_ULONG class;
	bool on_token;

	if (rv != CKR_OK)
		return rv;
	if (mod_template_find (template, count, CKA_CLASS) == NULL)
		return CKR_TEMPLATE_INCOMPLETE;
	if (!mod_template_number (template, count, CKA_CLASS, 0, &class) ||
	    !mod_template_flag (template, count, CKA_TOKEN, false, &on_token))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (on_token)
		return CKR_TOKEN_WRITE_PROTECTED;
	return class == CKO_PUBLIC_KEY ? check_public_key (template, count)
				       : CKR_TEMPLATE_INCONSISTENT;
}

CK_RV
mod_create_object (CK_SESSION_HANDLE session,
		   CK_ATTRIBUTE_PTR template,
		   CK_ULONG count,
		   CK_OBJECT_HANDLE_PTR object)
{
	CK_RV rv = mod_session_check (session);

	if (rv != CKR_OK)
		return rv;
	if (object == NULL || template == NULL)
		return CKR_ARGUMENTS_BAD;
	rv = check_template (template, count);
	if (rv != CKR_OK)
		return rv;
	return mod_object_add (session, template, count, public_defaults, N_PUBLIC_DEFAULTS,
			       object);
}
