/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The way out of the two stores, and recovery at start. A row is marked before its key is
 * destroyed and dropped after it, so that a crash in between leaves a row that says what to do.
 */
#include <config.h>

#include "keystore/publish-private.h"

#include <string.h>

/* Which token the catalogue's keys are in: without it, a lost catalogue would look like a new one,
 * and recovery would destroy every key. */
#define FACT_TOKEN "token"

static gboolean
has_key (const KsGeneration *generation)
{
	return generation->key_type != KS_KEY_NONE &&
	       (generation->state == KS_STATE_STAGED || generation->state == KS_STATE_CURRENT ||
		generation->state == KS_STATE_RETAINED);
}

gboolean
ks_publisher_expects_keys (KsPublisher *publisher)
{
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (publisher->catalogue);
	const GPtrArray *credentials = ks_catalogue_state_credentials (state);

	for (guint i = 0; i < credentials->len; i++) {
		const KsCredential *credential = g_ptr_array_index (credentials, i);

		for (guint j = 0; j < credential->generations->len; j++)
			if (has_key (g_ptr_array_index (credential->generations, j)))
				return TRUE;
	}
	return FALSE;
}

gboolean
ks_publisher_check (KsPublisher *publisher, GError **error)
{
	if (ks_token_exists (publisher->token) || !ks_publisher_expects_keys (publisher))
		return TRUE;
	g_set_error (error, KS_ERROR, KS_ERROR_TOKEN_MISSING,
		     "the catalogue has keys, but the backing token's files are gone: restore the "
		     "whole state folder from one backup");
	return FALSE;
}

static gboolean
check_pairing (KsPublisher *publisher, GError **error)
{
	g_autofree char *paired = ks_catalogue_get_fact (publisher->catalogue, FACT_TOKEN);
	const char *serial = ks_token_serial (publisher->token);
	g_autoptr (GPtrArray) keys = NULL;

	if (g_strcmp0 (paired, serial) == 0)
		return TRUE;
	keys = ks_token_list (publisher->token);
	if (paired == NULL && keys->len == 0)
		return ks_catalogue_set_fact (publisher->catalogue, FACT_TOKEN, serial, error);
	g_set_error (error, KS_ERROR, KS_ERROR_FOREIGN,
		     "the backing token (serial %s, %u keys) is not this catalogue's%s%s: restore "
		     "catalogue and token from one backup",
		     serial, keys->len,
		     paired != NULL ? ", which expects serial " : "; was the catalogue lost?",
		     paired != NULL ? paired : "");
	return FALSE;
}

gboolean
ks_publisher_open_token (KsPublisher *publisher, GError **error)
{
	gboolean ready =
		ks_token_open (publisher->token, ks_publisher_expects_keys (publisher), error) &&
		check_pairing (publisher, error);

	g_atomic_int_set (&publisher->ready, ready);
	return ready;
}

gboolean
ks_publisher_is_ready (KsPublisher *publisher)
{
	return g_atomic_int_get (&publisher->ready) != 0;
}

void
ks_publisher_show (KsPublisher *publisher, const char *name)
{
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (publisher->catalogue);
	const KsCredential *credential = ks_catalogue_state_find (state, name);
	g_autoptr (GError) error = NULL;

	if (publisher->folder == NULL)
		return;
	/* The credential is published all the same; the folder is made again at the next start. */
	if (credential != NULL ? !ks_folder_write (publisher->folder, credential, &error)
			       : !ks_folder_remove (publisher->folder, name, &error))
		g_warning ("credential folder of %s: %s", name, error->message);
}

gboolean
ks_publisher_destroy (KsPublisher *publisher,
		      const char *name,
		      const KsGeneration *generation,
		      GError **error)
{
	if (generation->state != KS_STATE_REVOKED &&
	    !ks_catalogue_set_revoked (publisher->catalogue, name, generation->number, error))
		return FALSE;
	ks_publisher_step (publisher, KS_STEP_REVOKED);
	ks_resident_forget (publisher->resident, generation->key_object);
	if (generation->key_type != KS_KEY_NONE &&
	    (!ks_token_destroy (publisher->token, generation->key_id, error) ||
	     !ks_token_sync (publisher->token, error)))
		return FALSE;
	/* Once more: somebody may have read it in between. */
	ks_resident_forget (publisher->resident, generation->key_object);
	ks_publisher_step (publisher, KS_STEP_DESTROYED);
	if (!ks_catalogue_drop_generation (publisher->catalogue, name, generation->number, error))
		return FALSE;
	ks_publisher_step (publisher, KS_STEP_DROPPED);
	return TRUE;
}

static gboolean
destroy_all (KsPublisher *publisher, const char *name, guint32 number, guint states, GError **error)
{
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (publisher->catalogue);
	KsCredential *credential = ks_catalogue_state_find (state, name);
	guint count = 0;

	for (guint i = 0; credential != NULL && i < credential->generations->len; i++) {
		KsGeneration *generation = g_ptr_array_index (credential->generations, i);

		if (number != 0 && generation->number != number)
			continue;
		if ((states & 1u << generation->state) == 0) {
			g_set_error (error, KS_ERROR, KS_ERROR_STATE,
				     "generation %u of %s is not in a state for that",
				     generation->number, name);
			return FALSE;
		}
		if (!ks_publisher_destroy (publisher, name, generation, error))
			return FALSE;
		count++;
	}
	if (count == 0)
		g_set_error (error, KS_ERROR, KS_ERROR_NOT_FOUND,
			     "there is no such credential or generation: %s", name);
	return count > 0;
}

static gboolean
destroy_and_show (
	KsPublisher *publisher, const char *name, guint32 number, guint states, GError **error)
{
	gboolean done;

	g_mutex_lock (&publisher->lock);
	done = destroy_all (publisher, name, number, states, error);
	if (ks_name_is_valid (name))
		ks_publisher_show (publisher, name);
	g_mutex_unlock (&publisher->lock);
	return done;
}

gboolean
ks_publisher_discard (KsPublisher *publisher, const char *name, guint32 generation, GError **error)
{
	return destroy_and_show (publisher, name, generation,
				 1u << KS_STATE_STAGED | 1u << KS_STATE_REVOKED, error);
}

gboolean
ks_publisher_revoke (KsPublisher *publisher, const char *name, guint32 generation, GError **error)
{
	return destroy_and_show (
		publisher, name, generation,
		1u << KS_STATE_CURRENT | 1u << KS_STATE_RETAINED | 1u << KS_STATE_REVOKED, error);
}

gboolean
ks_publisher_remove (KsPublisher *publisher, const char *name, GError **error)
{
	return destroy_and_show (publisher, name, 0, ~0u, error);
}

/* ---- over all generations ---- */

/* Writes @unwanted; FALSE when it cannot be told. */
typedef gboolean (*Unwanted) (KsPublisher *publisher,
			      const KsGeneration *generation,
			      gint64 now_s,
			      gboolean *unwanted,
			      GError **error);

static gboolean
end_unwanted (KsPublisher *publisher,
	      const KsCredential *credential,
	      const KsGeneration *generation,
	      Unwanted is_unwanted,
	      gint64 now_s,
	      GError **error)
{
	gboolean unwanted;

	return is_unwanted (publisher, generation, now_s, &unwanted, error) &&
	       (!unwanted ||
		ks_publisher_destroy (publisher, credential->name, generation, error));
}

/* Keeps the first error of several. */
static void
note_error (GError *failure, GError **error)
{
	if (error != NULL && *error == NULL)
		g_propagate_error (error, failure);
	else
		g_error_free (failure);
}

/* One that cannot be ended does not keep the others. */
static gboolean
destroy_unwanted (KsPublisher *publisher, Unwanted is_unwanted, gint64 now_s, GError **error)
{
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (publisher->catalogue);
	const GPtrArray *credentials = ks_catalogue_state_credentials (state);
	gboolean done = TRUE;

	for (guint i = 0; i < credentials->len; i++) {
		const KsCredential *credential = g_ptr_array_index (credentials, i);

		for (guint j = 0; j < credential->generations->len; j++) {
			const KsGeneration *generation =
				g_ptr_array_index (credential->generations, j);

			GError *failure = NULL;

			if (end_unwanted (publisher, credential, generation, is_unwanted, now_s,
					  &failure))
				continue;
			note_error (failure, error);
			done = FALSE;
		}
	}
	return done;
}

static gboolean
has_ended (KsPublisher *publisher,
	   const KsGeneration *generation,
	   gint64 now_s,
	   gboolean *unwanted,
	   GError **error)
{
	*unwanted = generation->state == KS_STATE_REVOKED ||
		    (generation->state == KS_STATE_RETAINED && generation->retained_until_s != 0 &&
		     generation->retained_until_s <= now_s);
	return TRUE;
}

gint64
ks_publisher_sweep (KsPublisher *publisher, gint64 now_s)
{
	g_autoptr (KsCatalogueState) state = NULL;
	g_autoptr (GError) error = NULL;
	gint64 next_s = G_MAXINT64;
	const GPtrArray *credentials;

	g_mutex_lock (&publisher->lock);
	if (!destroy_unwanted (publisher, has_ended, now_s, &error)) {
		g_warning ("cannot destroy an ended key: %s", error->message);
		next_s = now_s + 3600;
	}
	g_mutex_unlock (&publisher->lock);
	state = ks_catalogue_ref_state (publisher->catalogue);
	credentials = ks_catalogue_state_credentials (state);
	for (guint i = 0; i < credentials->len; i++) {
		const KsCredential *credential = g_ptr_array_index (credentials, i);

		for (guint j = 0; j < credential->generations->len; j++) {
			const KsGeneration *generation =
				g_ptr_array_index (credential->generations, j);

			if (generation->state == KS_STATE_RETAINED &&
			    generation->retained_until_s > now_s)
				next_s = MIN (next_s, generation->retained_until_s);
		}
	}
	return next_s;
}

/* ---- recovery ---- */

/* Intents are never ended: nobody waits for them after a restart. */
static gboolean
was_cut_short (KsPublisher *publisher,
	       const KsGeneration *generation,
	       gint64 now_s,
	       gboolean *unwanted,
	       GError **error)
{
	gboolean found;

	*unwanted = generation->state == KS_STATE_INTENT || generation->state == KS_STATE_REVOKED;
	if (generation->state != KS_STATE_STAGED || generation->key_type == KS_KEY_NONE)
		return TRUE;
	/* A token that has gone away is no reason to give the key up. */
	if (!ks_token_contains (publisher->token, generation->key_id, &found, error))
		return FALSE;
	*unwanted = !found;
	return TRUE;
}

/* Keys on the token that no row claims. */
static gboolean
destroy_orphans (KsPublisher *publisher, GError **error)
{
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (publisher->catalogue);
	const GPtrArray *credentials = ks_catalogue_state_credentials (state);
	g_autoptr (GPtrArray) keys = ks_token_list (publisher->token);
	g_autoptr (GHashTable) claimed = g_hash_table_new_full (
		g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
	gboolean done = TRUE, destroyed = FALSE;

	for (guint i = 0; i < credentials->len; i++) {
		const KsCredential *credential = g_ptr_array_index (credentials, i);

		for (guint j = 0; j < credential->generations->len; j++) {
			const KsGeneration *generation =
				g_ptr_array_index (credential->generations, j);

			g_hash_table_add (claimed, g_bytes_new (generation->key_id, KS_KEY_ID_LEN));
		}
	}
	for (guint i = 0; i < keys->len; i++) {
		GBytes *key = g_ptr_array_index (keys, i);
		GError *failure = NULL;

		if (g_hash_table_contains (claimed, key))
			continue;
		destroyed = TRUE;
		if (ks_token_destroy (publisher->token, g_bytes_get_data (key, NULL), &failure))
			continue;
		note_error (failure, error);
		done = FALSE;
	}
	if (!done || !destroyed)
		return done;
	return ks_token_sync (publisher->token, error);
}

/* A published key that is gone cannot be brought back: say so, keep the rows for the operator. */
static void
report_lost (KsPublisher *publisher)
{
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (publisher->catalogue);
	const GPtrArray *credentials = ks_catalogue_state_credentials (state);

	for (guint i = 0; i < credentials->len; i++) {
		const KsCredential *credential = g_ptr_array_index (credentials, i);

		for (guint j = 0; j < credential->generations->len; j++) {
			const KsGeneration *generation =
				g_ptr_array_index (credential->generations, j);

			gboolean found;

			if (has_key (generation) &&
			    ks_token_contains (publisher->token, generation->key_id, &found,
					       NULL) &&
			    !found)
				g_warning (
					"the key of %s (generation %u) is not on the backing token",
					credential->name, generation->number);
		}
	}
}

static void
restore_folders (KsPublisher *publisher)
{
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (publisher->catalogue);
	g_autoptr (GError) error = NULL;

	if (publisher->folder != NULL && !ks_folder_restore (publisher->folder, state, &error))
		g_warning ("credential folders: %s", error->message);
}

static gboolean
recover_locked (KsPublisher *publisher, GError **error)
{
	gint64 now_s = g_get_real_time () / G_USEC_PER_SEC;
	GError *failure = NULL;
	gboolean done;

	if (!ks_publisher_open_token (publisher, error))
		return FALSE;
	done = destroy_unwanted (publisher, was_cut_short, now_s, error);
	if (!destroy_orphans (publisher, &failure)) {
		note_error (failure, error);
		done = FALSE;
	}
	report_lost (publisher);
	return done;
}

gboolean
ks_publisher_recover (KsPublisher *publisher, GError **error)
{
	gboolean done;

	g_mutex_lock (&publisher->lock);
	done = recover_locked (publisher, error);
	/* They show the catalogue, whatever the token says. */
	restore_folders (publisher);
	g_mutex_unlock (&publisher->lock);
	return done;
}
