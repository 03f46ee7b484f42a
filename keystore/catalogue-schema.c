/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The catalogue's schema and its migrations.
 */
#include <config.h>

#include "keystore/catalogue-schema.h"

/* Numbers in kind, origin, state, key_type and role are the enums of credential.h and catalogue.h.
 */
static const char *const scripts[] = {
	"CREATE TABLE fact ("
	"  key TEXT PRIMARY KEY,"
	"  value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
	/* Object numbers are never used again, so the next one is remembered, not computed. */
	"CREATE TABLE counter ("
	"  next_object INTEGER NOT NULL) STRICT;"
	"INSERT INTO counter VALUES (1);"
	"CREATE TABLE credential ("
	"  id INTEGER PRIMARY KEY,"
	"  name TEXT NOT NULL UNIQUE,"
	"  kind INTEGER NOT NULL,"
	"  origin INTEGER NOT NULL,"
	"  mef_fqdn TEXT, admin_fqdn TEXT, client_id TEXT,"
	"  suid INTEGER NOT NULL,"
	"  retain_s INTEGER NOT NULL,"
	"  created_s INTEGER NOT NULL,"
	"  last_generation INTEGER NOT NULL) STRICT;"
	"CREATE TABLE principal ("
	"  credential INTEGER NOT NULL REFERENCES credential ON DELETE CASCADE,"
	"  is_group INTEGER NOT NULL,"
	"  name TEXT NOT NULL,"
	"  PRIMARY KEY (credential, is_group, name)) STRICT, WITHOUT ROWID;"
	/* The wire names a generation by its row: a number must not come back. */
	"CREATE TABLE generation ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  credential INTEGER NOT NULL REFERENCES credential ON DELETE CASCADE,"
	"  number INTEGER NOT NULL,"
	"  state INTEGER NOT NULL,"
	"  key_type INTEGER NOT NULL,"
	"  key_bits INTEGER NOT NULL,"
	"  key_id BLOB NOT NULL UNIQUE,"
	"  key_object INTEGER NOT NULL,"
	"  public_object INTEGER NOT NULL,"
	"  spki BLOB,"
	"  identifier TEXT,"
	"  not_before_s INTEGER NOT NULL,"
	"  not_after_s INTEGER NOT NULL,"
	"  created_s INTEGER NOT NULL,"
	"  published_s INTEGER NOT NULL,"
	"  retained_until_s INTEGER NOT NULL,"
	"  UNIQUE (credential, number)) STRICT;"
	"CREATE UNIQUE INDEX generation_current ON generation (credential) WHERE state = 3;"
	"CREATE UNIQUE INDEX generation_identifier ON generation (identifier) WHERE state = 3;"
	"CREATE TABLE certificate ("
	"  object INTEGER PRIMARY KEY,"
	"  generation INTEGER NOT NULL REFERENCES generation ON DELETE CASCADE,"
	"  role INTEGER NOT NULL,"
	"  position INTEGER NOT NULL,"
	"  der BLOB NOT NULL,"
	"  UNIQUE (generation, role, position)) STRICT;"
	"CREATE TABLE reference ("
	"  handle TEXT PRIMARY KEY,"
	"  generation INTEGER NOT NULL REFERENCES generation ON DELETE CASCADE,"
	"  consumer TEXT NOT NULL,"
	"  UNIQUE (generation, consumer)) STRICT, WITHOUT ROWID;",

	/* What TLS may do with a symmetric key: everything, until the settings say otherwise. */
	"ALTER TABLE credential ADD COLUMN psk_versions INTEGER NOT NULL DEFAULT 3;"
	"ALTER TABLE credential ADD COLUMN psk_hash INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE credential ADD COLUMN psk_ephemeral INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE credential ADD COLUMN psk_reveal INTEGER NOT NULL DEFAULT 0;",
};

static gboolean
run_script (sqlite3 *db, const char *script, guint version, GError **error)
{
	g_autofree char *all = g_strdup_printf (
		"BEGIN IMMEDIATE; %s; PRAGMA user_version = %u; COMMIT;", script, version);

	if (sqlite3_exec (db, all, NULL, NULL, NULL) == SQLITE_OK)
		return TRUE;
	ks_sql_fail (db, error);
	if (sqlite3_get_autocommit (db) == 0)
		sqlite3_exec (db, "ROLLBACK", NULL, NULL, NULL);
	return FALSE;
}

gboolean
ks_schema_migrate (sqlite3 *db, const char *const *steps, guint count, GError **error)
{
	gint64 version = 0;

	if (!ks_sql_number (db, error, "PRAGMA user_version", &version))
		return FALSE;
	if (version < 0 || version > count) {
		g_set_error (error, KS_ERROR, KS_ERROR_NEWER,
			     "the catalogue has schema version %" G_GINT64_FORMAT
			     ", this enrolee knows up to %u: install the newer enrolee again",
			     version, count);
		return FALSE;
	}
	for (guint next = (guint)version; next < count; next++)
		if (!run_script (db, steps[next], next + 1, error))
			return FALSE;
	return TRUE;
}

static gboolean
check_pages (sqlite3 *db, GError **error)
{
	g_autoptr (KsStatement) check = ks_sql_prepare (db, error, "PRAGMA quick_check(1)", "");
	gboolean row;

	if (check == NULL || !ks_sql_next (db, check, &row, error))
		return FALSE;
	if (row && g_strcmp0 ((const char *)sqlite3_column_text (check, 0), "ok") == 0)
		return TRUE;
	g_set_error (error, KS_ERROR, KS_ERROR_CORRUPT, "catalogue: %s",
		     row ? (const char *)sqlite3_column_text (check, 0) : "no answer to the check");
	return FALSE;
}

gboolean
ks_schema_open (sqlite3 *db, GError **error)
{
	/* A rollback journal needs no shared memory file and leaves one file to copy; writes are
	 * rare. */
	static const char setup[] = "PRAGMA locking_mode = EXCLUSIVE;"
				    "PRAGMA journal_mode = TRUNCATE;"
				    "PRAGMA synchronous = EXTRA;"
				    "PRAGMA foreign_keys = ON;"
				    "PRAGMA trusted_schema = OFF;"
				    "PRAGMA secure_delete = ON;"
				    "BEGIN IMMEDIATE; COMMIT;";

	if (sqlite3_exec (db, setup, NULL, NULL, NULL) != SQLITE_OK)
		return ks_sql_fail (db, error);
	return check_pages (db, error) &&
	       ks_schema_migrate (db, scripts, G_N_ELEMENTS (scripts), error);
}
