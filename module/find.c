/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See find.h. */
#include <config.h>

#include "module/find.h"

#include "module/attributes.h"
#include "module/object.h"
#include "module/state.h"
#include "module/view.h"

#include <stdlib.h>
#include <string.h>

struct ModFind {
	ModView *view;       /* (nullable) */
	uint32_t after;      /* last match in the view */
	uint32_t own_handle; /* session objects are searched by rising handle */
	bool own_done;
	CK_ULONG count;
	CK_ATTRIBUTE template[]; /* values behind it */
};

/* A view has these only: a search for anything else needs no keystore. */
static bool
may_be_on_token (const CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_ULONG class;
	bool on_token;

	if (!mod_template_number (template, count, CKA_CLASS, CKO_CERTIFICATE, &class) ||
	    !mod_template_flag (template, count, CKA_TOKEN, true, &on_token))
		return false;
	return on_token &&
	       (class == CKO_DATA || class == CKO_CERTIFICATE || class == CKO_PUBLIC_KEY ||
		class == CKO_PRIVATE_KEY || class == CKO_SECRET_KEY);
}

static ModFind *
new_find (const CK_ATTRIBUTE *template, CK_ULONG count)
{
	size_t size = sizeof (ModFind) + count * sizeof (CK_ATTRIBUTE);
	ModFind *find;
	uint8_t *place;

	for (CK_ULONG i = 0; i < count; i++)
		size += template[i].ulValueLen;
	find = calloc (1, size);
	if (find == NULL)
		return NULL;
	find->after = WIRE_NONE;
	find->count = count;
	place = (uint8_t *)&find->template[count];
	for (CK_ULONG i = 0; i < count; i++) {
		find->template[i] = template[i];
		find->template[i].pValue = place;
		if (template[i].ulValueLen > 0)
			memcpy (place, template[i].pValue, template[i].ulValueLen);
		place += template[i].ulValueLen;
	}
	return find;
}

CK_RV
mod_find_objects_init (CK_SESSION_HANDLE handle, CK_ATTRIBUTE_PTR template, CK_ULONG count)
{
	MOD_SESSION session = NULL;
	CK_RV rv = mod_session_enter (handle, &session);

	if (rv != CKR_OK)
		return rv;
	if (session->find != NULL)
		return CKR_OPERATION_ACTIVE;
	rv = mod_template_check (template, count);
	if (rv != CKR_OK)
		return rv;
	session->find = new_find (template, count);
	if (session->find == NULL)
		return CKR_HOST_MEMORY;
	if (may_be_on_token (template, count))
		session->find->view = mod_view_newest ();
	return CKR_OK;
}

/* The next candidate by the narrowest index that the template allows. */
static uint32_t
next_candidate (const ModFind *find)
{
	const WireSnapshot *snapshot = &find->view->snapshot;
	const CK_ATTRIBUTE *id = mod_template_find (find->template, find->count, CKA_ID);
	const CK_ATTRIBUTE *label = mod_template_find (find->template, find->count, CKA_LABEL);
	CK_ULONG class = CK_UNAVAILABLE_INFORMATION;

	if (id != NULL)
		return wire_snapshot_find_id (snapshot, find->after, id->pValue, id->ulValueLen);
	if (label != NULL)
		return wire_snapshot_find_label (snapshot, find->after, label->pValue,
						 label->ulValueLen);
	if (mod_template_number (find->template, find->count, CKA_CLASS, class, &class) &&
	    class <= UINT32_MAX)
		return wire_snapshot_find_class (snapshot, find->after, (uint32_t) class);
	if (find->after == WIRE_NONE)
		return snapshot->n_objects > 0 ? 0 : WIRE_NONE;
	return find->after + 1 < snapshot->n_objects ? find->after + 1 : WIRE_NONE;
}

static bool
next_in_view (ModFind *find, CK_OBJECT_HANDLE *handle)
{
	ModObject object = {.view = find->view};

	while (find->view != NULL) {
		uint32_t index = next_candidate (find);

		if (index == WIRE_NONE) {
			mod_view_unref (find->view);
			find->view = NULL;
			return false;
		}
		find->after = index;
		if (wire_snapshot_object (&find->view->snapshot, index, &object.record) &&
		    mod_object_matches (&object, find->template, find->count)) {
			*handle = object.record.handle;
			return true;
		}
	}
	return false;
}

typedef struct {
	const ModFind *find;
	uint32_t best; /* the lowest handle above the last one; 0: none */
} OwnSearch;

static void
consider (ModNode *node, void *data)
{
	ModObject object = {.own = (ModSessionObject *)node};
	OwnSearch *search = data;

	if (node->handle > search->find->own_handle &&
	    (search->best == 0 || node->handle < search->best) &&
	    mod_object_matches (&object, search->find->template, search->find->count))
		search->best = node->handle;
}

static bool
next_own (ModFind *find, CK_OBJECT_HANDLE *handle)
{
	OwnSearch search = {.find = find};
	ModState *state;

	if (find->own_done)
		return false;
	state = mod_state_lock ();
	if (state->objects.count > 0)
		mod_table_each (&state->objects, consider, &search);
	mod_state_unlock ();
	find->own_done = search.best == 0;
	find->own_handle = search.best;
	*handle = search.best;
	return !find->own_done;
}

CK_RV
mod_find_objects (CK_SESSION_HANDLE handle,
		  CK_OBJECT_HANDLE_PTR objects,
		  CK_ULONG max,
		  CK_ULONG_PTR count)
{
	MOD_SESSION session = NULL;
	CK_RV rv = mod_session_enter (handle, &session);

	if (rv != CKR_OK)
		return rv;
	if (session->find == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (count == NULL || (objects == NULL && max != 0))
		return CKR_ARGUMENTS_BAD;
	*count = 0;
	while (*count < max && (next_in_view (session->find, &objects[*count]) ||
				next_own (session->find, &objects[*count])))
		(*count)++;
	return CKR_OK;
}

CK_RV
mod_find_objects_final (CK_SESSION_HANDLE handle)
{
	MOD_SESSION session = NULL;
	CK_RV rv = mod_session_enter (handle, &session);

	if (rv != CKR_OK)
		return rv;
	if (session->find == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	mod_find_end (session);
	return CKR_OK;
}

void
mod_find_end (ModSession *session)
{
	if (session->find == NULL)
		return;
	mod_view_unref (session->find->view);
	free (session->find);
	session->find = NULL;
}
