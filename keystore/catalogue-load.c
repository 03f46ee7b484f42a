/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows of the catalogue to values: five queries, each one pass. A row that breaks the rules of
 * credential.h is damage (the schema's constraints let none in).
 */
#include <config.h>

#include "keystore/catalogue-load.h"

#include "keystore/catalogue.h"

#include <string.h>

typedef struct {
	GPtrArray *credentials;
	GHashTable *by_row;         /* id -> KsCredential, borrowed */
	GHashTable *generations;    /* id -> KsGeneration, borrowed */
	GHashTable *users, *groups; /* KsCredential -> GPtrArray of names */
} Loader;

typedef gboolean (*TakeRow) (Loader *loader, KsStatement *row);

static gpointer
key_of (gint64 row)
{
	return GSIZE_TO_POINTER ((gsize)row);
}

static gboolean
in (gint64 value, gint64 low, gint64 high)
{
	return value >= low && value <= high;
}

static gboolean
take_credential (Loader *loader, KsStatement *row)
{
	KsCredential *credential = ks_credential_new ();

	g_ptr_array_add (loader->credentials, credential);
	credential->row = sqlite3_column_int64 (row, 0);
	credential->name = ks_sql_text (row, 1);
	credential->kind = (KsKind)sqlite3_column_int (row, 2);
	credential->origin = (KsOrigin)sqlite3_column_int (row, 3);
	credential->mef_fqdn = ks_sql_text (row, 4);
	credential->admin_fqdn = ks_sql_text (row, 5);
	credential->client_id = ks_sql_text (row, 6);
	credential->suid = (guint)sqlite3_column_int (row, 7);
	credential->retain_s = sqlite3_column_int64 (row, 8);
	credential->created_s = sqlite3_column_int64 (row, 9);
	credential->psk = (KsPskPolicy){
		.versions = (guint)sqlite3_column_int (row, 10),
		.hash = (KsPskHash)sqlite3_column_int (row, 11),
		.ephemeral = sqlite3_column_int (row, 12) != 0,
		.reveal = sqlite3_column_int (row, 13) != 0,
	};
	g_hash_table_insert (loader->by_row, key_of (credential->row), credential);
	return ks_name_is_valid (credential->name) &&
	       in (credential->kind, KS_KIND_KEY_PAIR, KS_KIND_ANCHORS) &&
	       in (credential->origin, KS_ORIGIN_IMPORTED, KS_ORIGIN_ENROLLED) &&
	       in (credential->psk.versions, 0, KS_PSK_TLS_ALL) &&
	       in (credential->psk.hash, KS_PSK_HASH_ANY, KS_PSK_HASH_SHA384);
}

static gboolean
take_principal (Loader *loader, KsStatement *row)
{
	KsCredential *credential =
		g_hash_table_lookup (loader->by_row, key_of (sqlite3_column_int64 (row, 0)));
	GHashTable *table = sqlite3_column_int (row, 1) != 0 ? loader->groups : loader->users;
	GPtrArray *names;

	if (credential == NULL)
		return FALSE;
	names = g_hash_table_lookup (table, credential);
	if (names == NULL) {
		names = g_ptr_array_new ();
		g_hash_table_insert (table, credential, names);
	}
	g_ptr_array_add (names, ks_sql_text (row, 2));
	return TRUE;
}

static gboolean
take_generation (Loader *loader, KsStatement *row)
{
	KsCredential *credential =
		g_hash_table_lookup (loader->by_row, key_of (sqlite3_column_int64 (row, 1)));
	KsGeneration *generation;

	if (credential == NULL)
		return FALSE;
	generation = ks_generation_new ();
	g_ptr_array_add (credential->generations, generation);
	generation->row = sqlite3_column_int64 (row, 0);
	generation->number = (guint32)sqlite3_column_int64 (row, 2);
	generation->state = (KsState)sqlite3_column_int (row, 3);
	generation->key_type = (KsKeyType)sqlite3_column_int (row, 4);
	generation->key_bits = (guint)sqlite3_column_int (row, 5);
	if (sqlite3_column_bytes (row, 6) != KS_KEY_ID_LEN)
		return FALSE;
	memcpy (generation->key_id, sqlite3_column_blob (row, 6), KS_KEY_ID_LEN);
	generation->key_object = (guint32)sqlite3_column_int64 (row, 7);
	generation->public_object = (guint32)sqlite3_column_int64 (row, 8);
	generation->spki = ks_sql_bytes (row, 9);
	generation->identifier = ks_sql_text (row, 10);
	generation->not_before_s = sqlite3_column_int64 (row, 11);
	generation->not_after_s = sqlite3_column_int64 (row, 12);
	generation->created_s = sqlite3_column_int64 (row, 13);
	generation->published_s = sqlite3_column_int64 (row, 14);
	generation->retained_until_s = sqlite3_column_int64 (row, 15);
	g_hash_table_insert (loader->generations, key_of (generation->row), generation);
	return in (generation->state, KS_STATE_INTENT, KS_STATE_REVOKED) &&
	       in (generation->key_type, KS_KEY_NONE, KS_KEY_SECRET);
}

static gboolean
take_certificate (Loader *loader, KsStatement *row)
{
	KsGeneration *generation =
		g_hash_table_lookup (loader->generations, key_of (sqlite3_column_int64 (row, 1)));
	KsCertificate *certificate;
	int role = sqlite3_column_int (row, 2);

	if (generation == NULL || !in (role, KS_ROLE_LEAF, KS_ROLE_ANCHOR))
		return FALSE;
	if (role == KS_ROLE_LEAF && generation->leaf != NULL)
		return FALSE;
	certificate = g_new0 (KsCertificate, 1);
	certificate->object = (guint32)sqlite3_column_int64 (row, 0);
	certificate->der = ks_sql_bytes (row, 3);
	if (role == KS_ROLE_LEAF)
		generation->leaf = certificate;
	else
		g_ptr_array_add (role == KS_ROLE_CHAIN ? generation->chain : generation->anchors,
				 certificate);
	return TRUE;
}

static gboolean
take_reference (Loader *loader, KsStatement *row)
{
	KsGeneration *generation =
		g_hash_table_lookup (loader->generations, key_of (sqlite3_column_int64 (row, 1)));
	KsReference *reference;

	if (generation == NULL)
		return FALSE;
	reference = g_new0 (KsReference, 1);
	reference->handle = ks_sql_text (row, 0);
	reference->consumer = ks_sql_text (row, 2);
	g_ptr_array_add (generation->references, reference);
	return TRUE;
}

#define OF_ONE " WHERE generation IN (SELECT id FROM generation WHERE credential = ?1)"

static const struct {
	const char *all;
	const char *one; /* the condition that keeps one credential's rows */
	const char *order;
	TakeRow take;
} queries[] = {
	{"SELECT id, name, kind, origin, mef_fqdn, admin_fqdn, client_id, suid, retain_s, "
	 "created_s, psk_versions, psk_hash, psk_ephemeral, psk_reveal "
	 "FROM credential",
	 " WHERE id = ?1", " ORDER BY id", take_credential},
	{"SELECT credential, is_group, name FROM principal", " WHERE credential = ?1",
	 " ORDER BY credential, is_group, name", take_principal},
	{"SELECT id, credential, number, state, key_type, key_bits, key_id, key_object, "
	 "public_object, spki, identifier, not_before_s, not_after_s, created_s, published_s, "
	 "retained_until_s FROM generation",
	 " WHERE credential = ?1", " ORDER BY credential, number DESC", take_generation},
	{"SELECT object, generation, role, der FROM certificate", OF_ONE,
	 " ORDER BY generation, role, position", take_certificate},
	{"SELECT handle, generation, consumer FROM reference", OF_ONE,
	 " ORDER BY generation, consumer", take_reference},
};

static gboolean
run_query (Loader *loader, sqlite3 *db, guint index, gint64 row, GError **error)
{
	g_autofree char *sql = g_strconcat (queries[index].all, row != 0 ? queries[index].one : "",
					    queries[index].order, NULL);
	g_autoptr (KsStatement) statement = row != 0 ? ks_sql_prepare (db, error, sql, "i", row)
						     : ks_sql_prepare (db, error, sql, "");
	gboolean more;

	if (statement == NULL || !ks_sql_next (db, statement, &more, error))
		return FALSE;
	while (more) {
		if (!queries[index].take (loader, statement)) {
			g_set_error (error, KS_ERROR, KS_ERROR_CORRUPT,
				     "catalogue: a row makes no sense (query %u, first column %s)",
				     index, sqlite3_column_text (statement, 0));
			return FALSE;
		}
		if (!ks_sql_next (db, statement, &more, error))
			return FALSE;
	}
	return TRUE;
}

static GStrv
names_of (GHashTable *table, KsCredential *credential)
{
	GPtrArray *names = g_hash_table_lookup (table, credential);

	if (names == NULL)
		return g_new0 (char *, 1);
	g_ptr_array_add (names, NULL);
	return (GStrv)g_ptr_array_free (names, FALSE);
}

GPtrArray *
ks_catalogue_load (sqlite3 *db, gint64 row, GError **error)
{
	g_autoptr (GPtrArray) credentials =
		g_ptr_array_new_with_free_func ((GDestroyNotify)ks_credential_unref);
	g_autoptr (GHashTable) by_row = g_hash_table_new (NULL, NULL);
	g_autoptr (GHashTable) generations = g_hash_table_new (NULL, NULL);
	g_autoptr (GHashTable) users = g_hash_table_new (NULL, NULL);
	g_autoptr (GHashTable) groups = g_hash_table_new (NULL, NULL);
	Loader loader = {credentials, by_row, generations, users, groups};
	gboolean complete = TRUE;

	for (guint i = 0; i < G_N_ELEMENTS (queries) && complete; i++)
		complete = run_query (&loader, db, i, row, error);
	for (guint i = 0; i < credentials->len; i++) {
		KsCredential *credential = g_ptr_array_index (credentials, i);

		credential->users = names_of (users, credential);
		credential->groups = names_of (groups, credential);
	}
	return complete ? g_steal_pointer (&credentials) : NULL;
}
