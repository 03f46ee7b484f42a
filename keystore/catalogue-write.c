/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of a generation in the catalogue: intent, staged, current, retained, revoked, gone. What
 * a publication must fulfil is checked here, inside its transaction.
 */
#include <config.h>

#include "keystore/catalogue-mutate.h"
#include "keystore/certificate.h"
#include "keystore/usage.h"
#include "keystore/wire/limits.h"

#include <sys/random.h>

#define GENERATIONS_MAX 64 /* of one credential that have, or may get, a key in use */

static gboolean
fail (GError **error, KsError code, const char *name, const char *reason)
{
	g_set_error (error, KS_ERROR, code, "credential %s: %s", name, reason);
	return FALSE;
}

/* ---- intent ---- */

typedef struct {
	const KsIntent *intent;
	KsKeyType key_type;
	guint key_bits;
	guint32 number;
} Intent;

static gboolean
kind_fits (KsKind kind, KsKeyType type)
{
	if (type == KS_KEY_NONE)
		return kind == KS_KIND_ANCHORS;
	return kind == (type == KS_KEY_SECRET ? KS_KIND_SECRET : KS_KIND_KEY_PAIR);
}

static gboolean
check_intent (const Intent *new, KsCredential *known, GError **error)
{
	const KsIntent *intent = new->intent;

	if (!ks_name_is_valid (intent->name)) {
		g_set_error (error, KS_ERROR, KS_ERROR_INVALID, "not a credential's name");
		return FALSE;
	}
	if (!kind_fits (intent->kind, new->key_type))
		return fail (error, KS_ERROR_INVALID, intent->name, "kind and key do not fit");
	if (new->key_type == KS_KEY_SECRET && !ks_identifier_is_valid (intent->identifier))
		return fail (error, KS_ERROR_INVALID, intent->name, "not a key identifier");
	if (new->key_type != KS_KEY_NONE && ks_usage_uses (intent->suid, new->key_type) == 0)
		return fail (error, KS_ERROR_INVALID, intent->name,
			     "the usage constraint (SUID) does not fit the key");
	if (known == NULL)
		return TRUE;
	if (known->kind != intent->kind || known->suid != intent->suid)
		return fail (error, KS_ERROR_STATE, intent->name,
			     "exists with another kind or usage constraint: remove it first");
	return TRUE;
}

/* At the limit the oldest superseded key ends before its time: a device that renews more often than
 * its certificates expire must be able to go on. Who watches for revoked keys destroys it. */
static gboolean
make_room (KsMutation *mutation, const KsCredential *known, GError **error)
{
	const KsGeneration *oldest = NULL;
	guint count = 0;

	for (guint i = 0; known != NULL && i < known->generations->len; i++) {
		const KsGeneration *generation = g_ptr_array_index (known->generations, i);

		count += generation->state != KS_STATE_REVOKED;
		if (generation->state == KS_STATE_RETAINED &&
		    (oldest == NULL || generation->number < oldest->number))
			oldest = generation;
	}
	if (count < GENERATIONS_MAX)
		return TRUE;
	if (oldest == NULL || known->generations->len >= 2 * GENERATIONS_MAX)
		return fail (error, KS_ERROR_LIMIT, known->name, "too many generations");
	return ks_sql_run (mutation->db, error, "UPDATE generation SET state = 5 WHERE id = ?1",
			   "i", oldest->row);
}

static gboolean
write_credential (KsMutation *mutation, const KsIntent *intent, KsCredential *known, GError **error)
{
	gint64 now_s = g_get_real_time () / G_USEC_PER_SEC;
	gint64 row;

	if (known != NULL)
		return ks_sql_run (mutation->db, error,
				   "UPDATE credential SET origin = ?2, mef_fqdn = ?3, "
				   "admin_fqdn = ?4, client_id = ?5, retain_s = ?6, "
				   "last_generation = last_generation + 1 WHERE id = ?1",
				   "iittti", known->row, (gint64)intent->origin, intent->mef_fqdn,
				   intent->admin_fqdn, intent->client_id, intent->retain_s);
	if (!ks_sql_run (
		    mutation->db, error,
		    "INSERT INTO credential (name, kind, origin, mef_fqdn, admin_fqdn, client_id, suid, "
		    "retain_s, created_s, last_generation) "
		    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1)",
		    "tiitttiii", intent->name, (gint64)intent->kind, (gint64)intent->origin,
		    intent->mef_fqdn, intent->admin_fqdn, intent->client_id, (gint64)intent->suid,
		    intent->retain_s, now_s))
		return FALSE;
	row = sqlite3_last_insert_rowid (mutation->db);
	return ks_mutation_set_principals (mutation, row, FALSE, intent->users, error) &&
	       ks_mutation_set_principals (mutation, row, TRUE, intent->groups, error);
}

static GBytes *
new_key_id (void)
{
	guint8 key_id[KS_KEY_ID_LEN];

	/* Random, not a hash of the public key: a key imported twice is two generations. */
	if (getrandom (key_id, sizeof key_id, 0) != (gssize)sizeof key_id)
		return NULL;
	return g_bytes_new (key_id, sizeof key_id);
}

static gboolean
write_generation (KsMutation *mutation, Intent *new, GError **error)
{
	g_autoptr (GBytes) key_id = new_key_id ();
	gboolean pair = new->key_type != KS_KEY_SECRET &&new->key_type != KS_KEY_NONE;
	guint count = new->key_type == KS_KEY_NONE ? 0 : pair ? 2 : 1;
	gboolean secret = new->key_type == KS_KEY_SECRET;
	guint32 first = 0;

	if (key_id == NULL)
		return fail (error, KS_ERROR_FAILED, new->intent->name, "no random numbers");
	if (count > 0 && !ks_mutation_take_objects (mutation, count, &first, error))
		return FALSE;
	return ks_sql_run (
		mutation->db, error,
		"INSERT INTO generation SELECT NULL, id, last_generation, 1, ?2, ?3, ?4, "
		"?5, ?6, NULL, ?7, 0, ?8, ?9, 0, 0 FROM credential WHERE name = ?1",
		"tiibiitii", new->intent->name, (gint64) new->key_type, (gint64) new->key_bits,
		key_id, (gint64)first, (gint64)(pair ? first + 1 : 0),
		secret ? new->intent->identifier : NULL,
		secret ? new->intent->expires_s : (gint64)0, g_get_real_time () / G_USEC_PER_SEC);
}

static gboolean
add_intent (KsMutation *mutation, gpointer arguments, GError **error)
{
	Intent *new = arguments;
	KsCredential *known = new->intent->name != NULL
				      ? ks_catalogue_state_find (mutation->state, new->intent->name)
				      : NULL;
	g_autoptr (KsStatement) number = NULL;
	gboolean row;

	if (!check_intent (new, known, error) || !make_room (mutation, known, error) ||
	    !write_credential (mutation, new->intent, known, error) ||
	    !write_generation (mutation, new, error))
		return FALSE;
	ks_mutation_touch (mutation, new->intent->name);
	number = ks_sql_prepare (mutation->db, error,
				 "SELECT last_generation FROM credential WHERE name = ?1", "t",
				 new->intent->name);
	if (number == NULL || !ks_sql_next (mutation->db, number, &row, error))
		return FALSE;
	new->number = (guint32)sqlite3_column_int64 (number, 0);
	return TRUE;
}

gboolean
ks_catalogue_add_intent (KsCatalogue *catalogue,
			 const KsIntent *intent,
			 KsKeyType key_type,
			 guint key_bits,
			 KsGeneration **generation,
			 GError **error)
{
	Intent new = {intent, key_type, key_bits, 0};
	g_autoptr (KsCatalogueState) state = NULL;
	KsCredential *credential;

	if (!ks_catalogue_mutate (catalogue, add_intent, &new, error))
		return FALSE;
	state = ks_catalogue_ref_state (catalogue);
	credential = ks_catalogue_state_find (state, intent->name);
	*generation = ks_generation_ref (ks_credential_generation (credential, new.number));
	return TRUE;
}

/* ---- states ---- */

typedef struct {
	const char *name;
	guint32 number;
	GBytes *spki;
} Step;

static gboolean
set_staged (KsMutation *mutation, gpointer arguments, GError **error)
{
	const Step *step = arguments;
	KsCredential *credential;
	KsGeneration *generation =
		ks_mutation_find (mutation, step->name, step->number, &credential, error);

	if (generation == NULL)
		return FALSE;
	if (generation->state != KS_STATE_INTENT)
		return fail (error, KS_ERROR_STATE, step->name, "the generation is not new");
	return ks_sql_run (mutation->db, error,
			   "UPDATE generation SET state = 2, spki = ?2 WHERE id = ?1", "ib",
			   generation->row, step->spki);
}

gboolean
ks_catalogue_set_staged (
	KsCatalogue *catalogue, const char *name, guint32 generation, GBytes *spki, GError **error)
{
	Step step = {name, generation, spki};

	return ks_catalogue_mutate (catalogue, set_staged, &step, error);
}

static gboolean
set_revoked (KsMutation *mutation, gpointer arguments, GError **error)
{
	const Step *step = arguments;
	KsCredential *credential;
	KsGeneration *generation =
		ks_mutation_find (mutation, step->name, step->number, &credential, error);

	return generation != NULL &&
	       ks_sql_run (mutation->db, error, "UPDATE generation SET state = 5 WHERE id = ?1",
			   "i", generation->row);
}

gboolean
ks_catalogue_set_revoked (KsCatalogue *catalogue,
			  const char *name,
			  guint32 generation,
			  GError **error)
{
	Step step = {name, generation, NULL};

	return ks_catalogue_mutate (catalogue, set_revoked, &step, error);
}

static gboolean
drop_generation (KsMutation *mutation, gpointer arguments, GError **error)
{
	const Step *step = arguments;
	KsCredential *credential;
	KsGeneration *generation =
		ks_mutation_find (mutation, step->name, step->number, &credential, error);

	return generation != NULL &&
	       ks_sql_run (mutation->db, error, "DELETE FROM generation WHERE id = ?1", "i",
			   generation->row) &&
	       ks_sql_run (mutation->db, error,
			   "DELETE FROM credential WHERE id = ?1 AND NOT EXISTS "
			   "(SELECT 1 FROM generation WHERE credential = ?1)",
			   "i", credential->row);
}

gboolean
ks_catalogue_drop_generation (KsCatalogue *catalogue,
			      const char *name,
			      guint32 generation,
			      GError **error)
{
	Step step = {name, generation, NULL};

	return ks_catalogue_mutate (catalogue, drop_generation, &step, error);
}
