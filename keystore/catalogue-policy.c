/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who may use a credential, and the references by which its consumers name a symmetric key: one
 * random handle per consumer, so that two programs with the provider missing never connect to each
 * other with the reference as a literal key.
 */
#include <config.h>

#include "keystore/catalogue-mutate.h"
#include "keystore/wire/limits.h"

#include <string.h>
#include <sys/random.h>

#define HANDLE_PREFIX "pskref1:"
#define HANDLE_RANDOM_LEN 18 /* 24 base64url characters */
#define PRINCIPAL_LEN_MAX 64

static gboolean
principal_is_valid (const char *name)
{
	gsize len = strlen (name);

	if (len == 0 || len > PRINCIPAL_LEN_MAX || name[0] == '-')
		return FALSE;
	for (gsize i = 0; i < len; i++)
		if (!g_ascii_isalnum (name[i]) && strchr ("._-", name[i]) == NULL)
			return FALSE;
	return TRUE;
}

gboolean
ks_mutation_set_principals (KsMutation *mutation,
			    gint64 credential,
			    gboolean groups,
			    const char *const *names,
			    GError **error)
{
	if (names == NULL)
		return TRUE;
	if (g_strv_length ((GStrv)names) > WIRE_PRINCIPALS_MAX) {
		g_set_error (error, KS_ERROR, KS_ERROR_LIMIT, "too many users or groups");
		return FALSE;
	}
	if (!ks_sql_run (mutation->db, error,
			 "DELETE FROM principal WHERE credential = ?1 AND is_group = ?2", "ii",
			 credential, (gint64)groups))
		return FALSE;
	for (guint i = 0; names[i] != NULL; i++) {
		if (!principal_is_valid (names[i])) {
			g_set_error (error, KS_ERROR, KS_ERROR_INVALID,
				     "not a user's or group's name");
			return FALSE;
		}
		if (!ks_sql_run (mutation->db, error,
				 "INSERT OR IGNORE INTO principal VALUES (?1, ?2, ?3)", "iit",
				 credential, (gint64)groups, names[i]))
			return FALSE;
	}
	return TRUE;
}

static char *
new_handle (void)
{
	guint8 random[HANDLE_RANDOM_LEN];
	g_autofree char *text = NULL;

	if (getrandom (random, sizeof random, 0) != (gssize)sizeof random)
		return NULL;
	text = g_base64_encode (random, sizeof random);
	g_strdelimit (text, "+", '-');
	g_strdelimit (text, "/", '_');
	return g_strconcat (HANDLE_PREFIX, text, NULL);
}

static gboolean
add_reference (sqlite3 *db, gint64 generation, const char *consumer, GError **error)
{
	g_autofree char *handle = new_handle ();

	if (handle == NULL) {
		g_set_error (error, KS_ERROR, KS_ERROR_FAILED, "no random numbers");
		return FALSE;
	}
	return ks_sql_run (db, error, "INSERT INTO reference VALUES (?1, ?2, ?3)", "tit", handle,
			   generation, consumer);
}

/* A consumer is a principal's name, with @ before a group's. */
#define CONSUMER "(CASE WHEN is_group THEN '@' ELSE '' END) || name"

gboolean
ks_mutation_sync_references (KsMutation *mutation, gint64 credential, GError **error)
{
	g_autoptr (KsStatement) missing = NULL;
	gboolean row;

	if (!ks_sql_run (mutation->db, error,
			 "DELETE FROM reference WHERE generation IN "
			 "(SELECT id FROM generation WHERE credential = ?1) AND consumer NOT IN "
			 "(SELECT " CONSUMER " FROM principal WHERE credential = ?1)",
			 "i", credential))
		return FALSE;
	missing = ks_sql_prepare (mutation->db, error,
				  "SELECT g.id, " CONSUMER " AS consumer FROM generation g "
				  "JOIN principal p ON p.credential = g.credential "
				  "WHERE g.credential = ?1 AND g.state IN (3, 4) AND NOT EXISTS "
				  "(SELECT 1 FROM reference r WHERE r.generation = g.id "
				  "AND r.consumer = (" CONSUMER ")) ORDER BY 1, 2",
				  "i", credential);
	if (missing == NULL || !ks_sql_next (mutation->db, missing, &row, error))
		return FALSE;
	while (row) {
		g_autofree char *consumer = ks_sql_text (missing, 1);

		if (!add_reference (mutation->db, sqlite3_column_int64 (missing, 0), consumer,
				    error) ||
		    !ks_sql_next (mutation->db, missing, &row, error))
			return FALSE;
	}
	return TRUE;
}

typedef struct {
	const char *name;
	const char *const *users;
	const char *const *groups;
} Policy;

static gboolean
set_policy (KsMutation *mutation, gpointer arguments, GError **error)
{
	const Policy *policy = arguments;
	KsCredential *credential = ks_catalogue_state_find (mutation->state, policy->name);

	if (credential == NULL) {
		g_set_error (error, KS_ERROR, KS_ERROR_NOT_FOUND, "there is no credential %s",
			     policy->name);
		return FALSE;
	}
	ks_mutation_touch (mutation, policy->name);
	return ks_mutation_set_principals (mutation, credential->row, FALSE, policy->users,
					   error) &&
	       ks_mutation_set_principals (mutation, credential->row, TRUE, policy->groups,
					   error) &&
	       (credential->kind != KS_KIND_SECRET ||
		ks_mutation_sync_references (mutation, credential->row, error));
}

gboolean
ks_catalogue_set_policy (KsCatalogue *catalogue,
			 const char *name,
			 const char *const *users,
			 const char *const *groups,
			 GError **error)
{
	Policy policy = {name, users, groups};

	return ks_catalogue_mutate (catalogue, set_policy, &policy, error);
}

typedef struct {
	const char *name;
	const KsPskPolicy *psk;
} Psk;

static gboolean
set_psk (KsMutation *mutation, gpointer arguments, GError **error)
{
	const Psk *wanted = arguments;
	const KsPskPolicy *psk = wanted->psk;
	const KsCredential *credential = ks_catalogue_state_find (mutation->state, wanted->name);

	if (credential == NULL || credential->kind != KS_KIND_SECRET) {
		g_set_error (error, KS_ERROR, KS_ERROR_NOT_FOUND, "there is no symmetric key %s",
			     wanted->name);
		return FALSE;
	}
	ks_mutation_touch (mutation, wanted->name);
	return ks_sql_run (mutation->db, error,
			   "UPDATE credential SET psk_versions = ?2, psk_hash = ?3, "
			   "psk_ephemeral = ?4, psk_reveal = ?5 WHERE id = ?1",
			   "iiiii", credential->row, (gint64)psk->versions, (gint64)psk->hash,
			   (gint64)psk->ephemeral, (gint64)psk->reveal);
}

gboolean
ks_catalogue_set_psk (KsCatalogue *catalogue,
		      const char *name,
		      const KsPskPolicy *psk,
		      gboolean *changed,
		      GError **error)
{
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (catalogue);
	const KsCredential *credential = ks_catalogue_state_find (state, name);
	Psk wanted = {name, psk};

	*changed = credential == NULL || !ks_psk_policy_equal (&credential->psk, psk);
	return !*changed || ks_catalogue_mutate (catalogue, set_psk, &wanted, error);
}
