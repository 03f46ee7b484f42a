/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One immutable state of the catalogue. Credentials are sorted by name and found by bisection, so
 * that a copy is one array; the other ways to find something are built when first asked for.
 */
#include <config.h>

#include "keystore/catalogue-state.h"

#include <string.h>

typedef struct {
	guint32 object;
	KsPlace place;
} Entry;

struct _KsCatalogueState {
	gatomicrefcount refs;
	guint64 serial;
	GPtrArray *credentials;
	gsize indexed; /* g_once_init: the three below are built */
	GArray *objects;
	GHashTable *references;
	GHashTable *identifiers;
};

static int
by_name (gconstpointer a, gconstpointer b)
{
	const KsCredential *const *left = a, *const *right = b;

	return strcmp ((*left)->name, (*right)->name);
}

static int
by_object (gconstpointer a, gconstpointer b)
{
	const Entry *left = a, *right = b;

	return left->object < right->object ? -1 : left->object > right->object;
}

KsCatalogueState *
ks_catalogue_state_new (GPtrArray *credentials, guint64 serial)
{
	KsCatalogueState *state = g_new0 (KsCatalogueState, 1);

	g_atomic_ref_count_init (&state->refs);
	state->serial = serial;
	state->credentials = credentials;
	g_ptr_array_sort (state->credentials, by_name);
	return state;
}

static gpointer
copy_credential (gconstpointer credential, gpointer unused)
{
	return ks_credential_ref ((KsCredential *)credential);
}

KsCatalogueState *
ks_catalogue_state_copy (const KsCatalogueState *state)
{
	KsCatalogueState *copy = g_new0 (KsCatalogueState, 1);

	g_atomic_ref_count_init (&copy->refs);
	copy->serial = state->serial + 1;
	copy->credentials = g_ptr_array_copy (state->credentials, copy_credential, NULL);
	g_ptr_array_set_free_func (copy->credentials, (GDestroyNotify)ks_credential_unref);
	return copy;
}

KsCatalogueState *
ks_catalogue_state_ref (KsCatalogueState *state)
{
	g_atomic_ref_count_inc (&state->refs);
	return state;
}

void
ks_catalogue_state_unref (KsCatalogueState *state)
{
	if (!g_atomic_ref_count_dec (&state->refs))
		return;
	g_ptr_array_unref (state->credentials);
	g_clear_pointer (&state->objects, g_array_unref);
	g_clear_pointer (&state->references, g_hash_table_unref);
	g_clear_pointer (&state->identifiers, g_hash_table_unref);
	g_free (state);
}

/* The index of @name, or of the first credential behind it. */
static guint
bisect (const KsCatalogueState *state, const char *name, gboolean *found)
{
	guint low = 0, high = state->credentials->len;

	*found = FALSE;
	while (low < high) {
		guint middle = low + (high - low) / 2;
		const KsCredential *credential = g_ptr_array_index (state->credentials, middle);
		int order = strcmp (credential->name, name);

		if (order == 0) {
			*found = TRUE;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void
ks_catalogue_state_replace (KsCatalogueState *state, const char *name, KsCredential *credential)
{
	gboolean found;
	guint index = bisect (state, name, &found);

	if (found)
		g_ptr_array_remove_index (state->credentials, index);
	if (credential != NULL)
		g_ptr_array_insert (state->credentials, (gint)index, credential);
}

guint64
ks_catalogue_state_serial (const KsCatalogueState *state)
{
	return state->serial;
}

const GPtrArray *
ks_catalogue_state_credentials (const KsCatalogueState *state)
{
	return state->credentials;
}

KsCredential *
ks_catalogue_state_find (const KsCatalogueState *state, const char *name)
{
	gboolean found;
	guint index = bisect (state, name, &found);

	return found ? g_ptr_array_index (state->credentials, index) : NULL;
}

static void
add_object (KsCatalogueState *state,
	    KsCredential *credential,
	    KsGeneration *generation,
	    KsCertificate *certificate,
	    guint32 object,
	    KsRole role)
{
	Entry entry = {object, {credential, generation, certificate, role}};

	if (object != 0)
		g_array_append_val (state->objects, entry);
}

static void
add_certificates (KsCatalogueState *state,
		  KsCredential *credential,
		  KsGeneration *generation,
		  GPtrArray *certificates,
		  KsRole role)
{
	for (guint i = 0; i < certificates->len; i++) {
		KsCertificate *certificate = g_ptr_array_index (certificates, i);

		add_object (state, credential, generation, certificate, certificate->object, role);
	}
}

static void
add_names (KsCatalogueState *state, KsCredential *credential, KsGeneration *generation)
{
	KsReferencePlace place = {credential, generation, NULL};
	KsReferencePlace *known;

	if (generation->state != KS_STATE_CURRENT && generation->state != KS_STATE_RETAINED)
		return;
	for (guint i = 0; i < generation->references->len; i++) {
		place.reference = g_ptr_array_index (generation->references, i);
		g_hash_table_insert (state->references, place.reference->handle,
				     g_memdup2 (&place, sizeof place));
	}
	if (generation->identifier == NULL)
		return;
	known = g_hash_table_lookup (state->identifiers, generation->identifier);
	if (known == NULL || generation->state == KS_STATE_CURRENT)
		g_hash_table_insert (state->identifiers, generation->identifier,
				     g_memdup2 (&place, sizeof place));
}

static void
add_generation (KsCatalogueState *state, KsCredential *credential, KsGeneration *generation)
{
	add_object (state, credential, generation, NULL, generation->key_object, KS_ROLE_KEY);
	add_object (state, credential, generation, NULL, generation->public_object, KS_ROLE_PUBLIC);
	if (generation->leaf != NULL)
		add_object (state, credential, generation, generation->leaf,
			    generation->leaf->object, KS_ROLE_LEAF);
	add_certificates (state, credential, generation, generation->chain, KS_ROLE_CHAIN);
	add_certificates (state, credential, generation, generation->anchors, KS_ROLE_ANCHOR);
	add_names (state, credential, generation);
}

/* Logically const: what is built does not change what the state says. */
static KsCatalogueState *
index_once (const KsCatalogueState *constant)
{
	KsCatalogueState *state = (KsCatalogueState *)constant;

	if (!g_once_init_enter (&state->indexed))
		return state;
	state->objects = g_array_new (FALSE, FALSE, sizeof (Entry));
	state->references = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
	state->identifiers = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
	for (guint i = 0; i < state->credentials->len; i++) {
		KsCredential *credential = g_ptr_array_index (state->credentials, i);

		for (guint j = 0; j < credential->generations->len; j++)
			add_generation (state, credential,
					g_ptr_array_index (credential->generations, j));
	}
	g_array_sort (state->objects, by_object);
	g_once_init_leave (&state->indexed, 1);
	return state;
}

gboolean
ks_catalogue_state_find_object (const KsCatalogueState *state, guint32 object, KsPlace *place)
{
	const Entry key = {.object = object};
	guint index;

	if (!g_array_binary_search (index_once (state)->objects, &key, by_object, &index))
		return FALSE;
	*place = g_array_index (state->objects, Entry, index).place;
	return TRUE;
}

gboolean
ks_catalogue_state_find_reference (const KsCatalogueState *state,
				   const char *handle,
				   KsReferencePlace *place)
{
	const KsReferencePlace *found =
		g_hash_table_lookup (index_once (state)->references, handle);

	if (found != NULL)
		*place = *found;
	return found != NULL;
}

KsCredential *
ks_catalogue_state_find_identifier (const KsCatalogueState *state,
				    const char *identifier,
				    KsGeneration **generation)
{
	const KsReferencePlace *found =
		g_hash_table_lookup (index_once (state)->identifiers, identifier);

	if (found == NULL)
		return NULL;
	if (generation != NULL)
		*generation = found->generation;
	return found->credential;
}
