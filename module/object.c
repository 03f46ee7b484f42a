/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See object.h. Creating, copying and changing session objects is in create.c. */
#include <config.h>

#include "module/object.h"

#include "module/attributes.h"
#include "module/session.h"

#include <string.h>

CK_RV
mod_object_get (CK_OBJECT_HANDLE handle, ModObject *object)
{
	uint32_t index = WIRE_NONE;

	memset (object, 0, sizeof *object);
	if (handle == CK_INVALID_HANDLE)
		return CKR_OBJECT_HANDLE_INVALID; /* and nobody is asked for it */
	if (handle & MOD_OBJECT_HIGH_BIT) {
		ModNode *node = mod_table_find (&mod_state_lock ()->objects, handle);

		if (node != NULL)
			mod_node_ref (node);
		mod_state_unlock ();
		object->own = (ModSessionObject *)node;
		return node != NULL ? CKR_OK : CKR_OBJECT_HANDLE_INVALID;
	}
	object->view = mod_view_with (handle, &index);
	if (object->view == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	return wire_snapshot_object (&object->view->snapshot, index, &object->record)
		       ? CKR_OK
		       : CKR_OBJECT_HANDLE_INVALID;
}

void
mod_object_clear (ModObject *object)
{
	mod_view_unref (object->view);
	object->view = NULL;
	if (object->own == NULL)
		return;
	mod_state_lock ();
	mod_node_unref (&object->own->node);
	mod_state_unlock ();
	object->own = NULL;
}

bool
mod_object_attribute (const ModObject *object, CK_ATTRIBUTE_TYPE type, WireAttribute *attribute)
{
	if (type > UINT32_MAX)
		return false;
	if (object->own == NULL)
		return wire_snapshot_attribute (&object->view->snapshot, &object->record,
						(uint32_t)type, attribute);
	if (type == CKA_UNIQUE_ID) {
		*attribute = (WireAttribute){.type = CKA_UNIQUE_ID,
					     .kind = WIRE_ATTR_BYTES,
					     .data = (const uint8_t *)object->own->unique_id,
					     .len = strlen (object->own->unique_id)};
		return true;
	}
	for (size_t i = 0; i < object->own->n_attributes; i++) {
		if (object->own->attributes[i].type != type)
			continue;
		*attribute = object->own->attributes[i];
		return true;
	}
	return false;
}

bool
mod_object_matches (const ModObject *object, const CK_ATTRIBUTE *template, CK_ULONG count)
{
	WireAttribute attribute;

	for (CK_ULONG i = 0; i < count; i++) {
		if (!mod_object_attribute (object, template[i].type, &attribute) ||
		    !mod_attribute_matches (&attribute, &template[i]))
			return false;
	}
	return true;
}

CK_ULONG
mod_object_number (const ModObject *object, CK_ATTRIBUTE_TYPE type, CK_ULONG fallback)
{
	CK_ULONG number = fallback;
	CK_ATTRIBUTE asked = {type, &number, sizeof number};
	WireAttribute attribute;

	if (!mod_object_attribute (object, type, &attribute) ||
	    mod_attribute_answer (&attribute, &asked) != CKR_OK ||
	    asked.ulValueLen != sizeof number)
		return fallback;
	return number;
}

bool
mod_object_flag (const ModObject *object, CK_ATTRIBUTE_TYPE type)
{
	WireAttribute attribute;

	return mod_object_attribute (object, type, &attribute) && attribute.len == 1 &&
	       attribute.data[0] != CK_FALSE;
}

typedef struct {
	ModState *state;
	CK_SESSION_HANDLE owner;
} OwnedBy;

static void
remove_if_owned (ModNode *node, void *data)
{
	const OwnedBy *owned = data;

	if (((ModSessionObject *)node)->owner == owned->owner)
		mod_table_remove (&owned->state->objects, node);
}

void
mod_object_remove_owned (ModState *state, CK_SESSION_HANDLE owner)
{
	OwnedBy owned = {state, owner};

	if (state->objects.count > 0)
		mod_table_each (&state->objects, remove_if_owned, &owned);
}

/* Session and object of a call, in the order of PKCS#11's checks. */
static CK_RV
enter (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle, ModObject *object)
{
	CK_RV rv = mod_session_check (session);

	return rv != CKR_OK ? rv : mod_object_get (handle, object);
}

CK_RV
mod_destroy_object (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle)
{
	MOD_OBJECT object = {0};
	CK_RV rv = enter (session, handle, &object);
	ModState *state;

	if (rv != CKR_OK)
		return rv;
	if (!mod_object_flag (&object, CKA_DESTROYABLE))
		return CKR_ACTION_PROHIBITED;
	state = mod_state_lock ();
	mod_table_remove (&state->objects, &object.own->node);
	mod_state_unlock ();
	return CKR_OK;
}

CK_RV
mod_get_object_size (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle, CK_ULONG_PTR size)
{
	MOD_OBJECT object = {0};
	CK_RV rv = enter (session, handle, &object);

	if (rv != CKR_OK)
		return rv;
	if (size == NULL)
		return CKR_ARGUMENTS_BAD;
	*size = CK_UNAVAILABLE_INFORMATION;
	return CKR_OK;
}

/* Every attribute is answered; the first that could not be gives the code. */
CK_RV
mod_get_attribute_value (CK_SESSION_HANDLE session,
			 CK_OBJECT_HANDLE handle,
			 CK_ATTRIBUTE_PTR template,
			 CK_ULONG count)
{
	MOD_OBJECT object = {0};
	CK_RV rv = enter (session, handle, &object);

	if (rv != CKR_OK)
		return rv;
	if (template == NULL && count != 0)
		return CKR_ARGUMENTS_BAD;
	for (CK_ULONG i = 0; i < count; i++) {
		WireAttribute attribute;
		bool found = mod_object_attribute (&object, template[i].type, &attribute);
		CK_RV one = mod_attribute_answer (found ? &attribute : NULL, &template[i]);

		if (rv == CKR_OK)
			rv = one;
	}
	return rv;
}
