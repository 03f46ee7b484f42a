/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Session objects: data, public keys that programs bring to verify or encrypt with, and the store
 * for derived secrets. Nothing reaches the keystore until the key is used. An object is never
 * changed, only replaced: who uses it keeps what it found.
 */
#include <config.h>

#include "module/attributes.h"
#include "module/object.h"
#include "module/rules.h"
#include "module/session.h"

#include <stdio.h>
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

static bool
is_set (const ModSessionObject *object, CK_ATTRIBUTE_TYPE type)
{
	ModObject self = {.own = (ModSessionObject *)object};

	return mod_object_flag (&self, type);
}

/* A derived secret that its template calls sensitive, or not extractable, is never told. */
static void
hide_value (ModSessionObject *object)
{
	ModObject self = {.own = object};

	if (mod_object_number (&self, CKA_CLASS, CKO_DATA) != CKO_SECRET_KEY ||
	    (!is_set (object, CKA_SENSITIVE) && is_set (object, CKA_EXTRACTABLE)))
		return;
	for (size_t i = 0; i < object->n_attributes; i++) {
		if (object->attributes[i].type == CKA_VALUE)
			object->attributes[i].kind = WIRE_ATTR_SENSITIVE;
	}
}

/* Of @template, and what it lacks of @rest. (nullable): NULL without memory. */
static ModSessionObject *
build_object (const CK_ATTRIBUTE *template,
	      CK_ULONG count,
	      const CK_ATTRIBUTE *rest,
	      CK_ULONG n_rest)
{
	ModSessionObject *object = calloc (1, sizeof *object);
	bool whole = object != NULL;

	if (whole) {
		object->node.free = free_object;
		object->attributes = calloc (count + n_rest, sizeof *object->attributes);
	}
	whole = whole && object->attributes != NULL;
	for (CK_ULONG i = 0; whole && i < count; i++)
		whole = append (object, &template[i]);
	for (CK_ULONG i = 0; whole && i < n_rest; i++) {
		if (mod_template_find (template, count, rest[i].type) == NULL)
			whole = append (object, &rest[i]);
	}
	if (whole) {
		hide_value (object);
		return object;
	}
	if (object != NULL)
		free_object (&object->node);
	return NULL;
}

/* Owned by a session that is still there. @object is taken. */
static CK_RV
add (CK_SESSION_HANDLE owner, ModSessionObject *object, CK_OBJECT_HANDLE_PTR handle)
{
	ModState *state;

	if (object == NULL)
		return CKR_HOST_MEMORY;
	object->owner = owner;
	state = mod_state_lock ();
	if (mod_table_find (&state->sessions, owner) == NULL) {
		mod_state_unlock ();
		free_object (&object->node);
		return CKR_SESSION_HANDLE_INVALID;
	}
	mod_table_add (&state->objects, &object->node, MOD_OBJECT_HIGH_BIT);
	*handle = object->node.handle;
	snprintf (object->unique_id, sizeof object->unique_id, "session-%x", object->node.handle);
	mod_state_unlock ();
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
	return add (owner, build_object (template, count, defaults, n_defaults), handle);
}

/* @template over what @from has; the value of a sensitive object goes along. */
static ModSessionObject *
rebuild (const ModSessionObject *from, const CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_ATTRIBUTE *old = calloc (from->n_attributes + 1, sizeof *old);
	ModSessionObject *object = NULL;

	for (size_t i = 0; old != NULL && i < from->n_attributes; i++)
		old[i] = (CK_ATTRIBUTE){from->attributes[i].type, (void *)from->attributes[i].data,
					from->attributes[i].len};
	if (old != NULL)
		object = build_object (template, count, old, from->n_attributes);
	free (old);
	return object;
}

static CK_OBJECT_CLASS
class_of (const ModObject *object)
{
	return mod_object_number (object, CKA_CLASS, CKO_VENDOR_DEFINED);
}

CK_RV
mod_copy_object (CK_SESSION_HANDLE session,
		 CK_OBJECT_HANDLE handle,
		 CK_ATTRIBUTE_PTR template,
		 CK_ULONG count,
		 CK_OBJECT_HANDLE_PTR copy)
{
	MOD_OBJECT object = {0};
	CK_RV rv = mod_session_check (session);

	if (rv == CKR_OK)
		rv = mod_object_get (handle, &object);
	if (rv != CKR_OK)
		return rv;
	if (copy == NULL || (template == NULL && count != 0))
		return CKR_ARGUMENTS_BAD;
	if (object.own == NULL || !is_set (object.own, CKA_COPYABLE))
		return CKR_ACTION_PROHIBITED;
	rv = mod_rules_check (MOD_AT_COPY, class_of (&object), &object, template, count);
	return rv != CKR_OK ? rv : add (session, rebuild (object.own, template, count), copy);
}

/* The state is locked. */
static CK_RV
replace (ModState *state, ModSessionObject *own, const CK_ATTRIBUTE *template, CK_ULONG count)
{
	ModObject object = {.own = own};
	ModSessionObject *changed;
	CK_RV rv;

	if (own == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	if (!is_set (own, CKA_MODIFIABLE))
		return CKR_ACTION_PROHIBITED;
	rv = mod_rules_check (MOD_AT_CHANGE, class_of (&object), &object, template, count);
	if (rv != CKR_OK)
		return rv;
	changed = rebuild (own, template, count);
	if (changed == NULL)
		return CKR_HOST_MEMORY;
	changed->owner = own->owner;
	memcpy (changed->unique_id, own->unique_id, sizeof changed->unique_id);
	mod_table_replace (&state->objects, &own->node, &changed->node);
	return CKR_OK;
}

CK_RV
mod_set_attribute_value (CK_SESSION_HANDLE session,
			 CK_OBJECT_HANDLE handle,
			 CK_ATTRIBUTE_PTR template,
			 CK_ULONG count)
{
	MOD_OBJECT object = {0};
	CK_RV rv = mod_session_check (session);
	ModState *state;

	if (rv == CKR_OK)
		rv = mod_object_get (handle, &object);
	if (rv != CKR_OK)
		return rv;
	if (template == NULL || count == 0)
		return CKR_ARGUMENTS_BAD;
	if (object.own == NULL)
		return CKR_ACTION_PROHIBITED;
	state = mod_state_lock ();
	rv = replace (state, (ModSessionObject *)mod_table_find (&state->objects, handle), template,
		      count);
	mod_state_unlock ();
	return rv;
}

static const CK_BBOOL yes = CK_TRUE;
static const CK_BBOOL no = CK_FALSE;
static const CK_ULONG unknown = CK_UNAVAILABLE_INFORMATION;

/* clang-format off */
#define VALUE(type, value) {type, (void *)&value, sizeof value}
#define EMPTY(type) {type, NULL, 0}
#define EVERY_OBJECT \
	VALUE (CKA_TOKEN, no), VALUE (CKA_PRIVATE, no), VALUE (CKA_MODIFIABLE, yes), \
	VALUE (CKA_COPYABLE, yes), VALUE (CKA_DESTROYABLE, yes), EMPTY (CKA_LABEL)
#define EVERY_PUBLIC_KEY(encrypts) \
	EVERY_OBJECT, VALUE (CKA_VERIFY, yes), VALUE (CKA_ENCRYPT, encrypts), \
	VALUE (CKA_VERIFY_RECOVER, no), VALUE (CKA_WRAP, no), VALUE (CKA_DERIVE, no), \
	VALUE (CKA_TRUSTED, no), VALUE (CKA_LOCAL, no), EMPTY (CKA_ID), EMPTY (CKA_SUBJECT), \
	EMPTY (CKA_START_DATE), EMPTY (CKA_END_DATE), EMPTY (CKA_PUBLIC_KEY_INFO), \
	VALUE (CKA_KEY_GEN_MECHANISM, unknown)
/* clang-format on */

static const CK_ATTRIBUTE data_defaults[] = {EVERY_OBJECT, EMPTY (CKA_APPLICATION),
					     EMPTY (CKA_OBJECT_ID), EMPTY (CKA_VALUE)};
static const CK_ATTRIBUTE curve_defaults[] = {EVERY_PUBLIC_KEY (no)};
static const CK_ATTRIBUTE rsa_defaults[] = {EVERY_PUBLIC_KEY (yes)};

/* What an object must bring, and what the module adds. */
typedef struct {
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE key_type; /* of keys */
	CK_ATTRIBUTE_TYPE needed[2];
	const CK_ATTRIBUTE *defaults;
	CK_ULONG n_defaults;
} Kind;

#define DEFAULTS(list) list, sizeof list / sizeof list[0]

static const Kind kinds[] = {
	{CKO_DATA, 0, {CKA_CLASS, CKA_CLASS}, DEFAULTS (data_defaults)},
	{CKO_PUBLIC_KEY, CKK_EC, {CKA_EC_PARAMS, CKA_EC_POINT}, DEFAULTS (curve_defaults)},
	{CKO_PUBLIC_KEY, CKK_EC_EDWARDS, {CKA_EC_PARAMS, CKA_EC_POINT}, DEFAULTS (curve_defaults)},
	{CKO_PUBLIC_KEY, CKK_RSA, {CKA_MODULUS, CKA_PUBLIC_EXPONENT}, DEFAULTS (rsa_defaults)},
};

static CK_RV
check_needed (const Kind *kind, const CK_ATTRIBUTE *template, CK_ULONG count)
{
	for (int i = 0; i < 2; i++) {
		const CK_ATTRIBUTE *part = mod_template_find (template, count, kind->needed[i]);

		if (part == NULL)
			return CKR_TEMPLATE_INCOMPLETE;
		if (part->ulValueLen == 0 || part->ulValueLen > WIRE_SIGNATURE_MAX)
			return CKR_ATTRIBUTE_VALUE_INVALID;
	}
	return CKR_OK;
}

static CK_RV
find_kind (const CK_ATTRIBUTE *template, CK_ULONG count, const Kind **kind)
{
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE key_type;

	if (mod_template_find (template, count, CKA_CLASS) == NULL)
		return CKR_TEMPLATE_INCOMPLETE;
	if (!mod_template_number (template, count, CKA_CLASS, 0, &class) ||
	    !mod_template_number (template, count, CKA_KEY_TYPE, 0, &key_type))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (class == CKO_PUBLIC_KEY && mod_template_find (template, count, CKA_KEY_TYPE) == NULL)
		return CKR_TEMPLATE_INCOMPLETE;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (kinds[i].class != class || kinds[i].key_type != key_type)
			continue;
		*kind = &kinds[i];
		return CKR_OK;
	}
	return CKR_ATTRIBUTE_VALUE_INVALID;
}

static CK_ULONG
bits_of (const CK_ATTRIBUTE *number)
{
	const uint8_t *data = number->pValue;
	CK_ULONG len = number->ulValueLen, bits;

	while (len > 0 && *data == 0) {
		data++;
		len--;
	}
	bits = 8 * len;
	for (uint8_t top = len > 0 ? *data : 0x80; top < 0x80; top = (uint8_t)(top << 1))
		bits--;
	return bits;
}

static CK_RV
add_kind (CK_SESSION_HANDLE session,
	  const Kind *kind,
	  const CK_ATTRIBUTE *template,
	  CK_ULONG count,
	  CK_OBJECT_HANDLE_PTR object)
{
	CK_ATTRIBUTE added[sizeof rsa_defaults / sizeof rsa_defaults[0] + 1];
	CK_ULONG bits;

	if (kind->defaults != rsa_defaults)
		return mod_object_add (session, template, count, kind->defaults, kind->n_defaults,
				       object);
	bits = bits_of (mod_template_find (template, count, CKA_MODULUS));
	memcpy (added, rsa_defaults, sizeof rsa_defaults);
	added[kind->n_defaults] = (CK_ATTRIBUTE)VALUE (CKA_MODULUS_BITS, bits);
	return mod_object_add (session, template, count, added, kind->n_defaults + 1, object);
}

CK_RV
mod_create_object (CK_SESSION_HANDLE session,
		   CK_ATTRIBUTE_PTR template,
		   CK_ULONG count,
		   CK_OBJECT_HANDLE_PTR object)
{
	const Kind *kind;
	CK_RV rv = mod_session_check (session);

	if (rv != CKR_OK)
		return rv;
	if (object == NULL || template == NULL)
		return CKR_ARGUMENTS_BAD;
	rv = mod_template_check (template, count);
	if (rv == CKR_OK)
		rv = find_kind (template, count, &kind);
	if (rv == CKR_OK)
		rv = mod_rules_check (MOD_AT_CREATION, kind->class, NULL, template, count);
	if (rv == CKR_OK)
		rv = check_needed (kind, template, count);
	return rv != CKR_OK ? rv : add_kind (session, kind, template, count, object);
}
