/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The catalogue: opening (and what to do with a damaged file), the newest state, the frame of every
 * mutation.
 */
#include <config.h>

#include "keystore/catalogue.h"

#include "keystore/catalogue-load.h"
#include "keystore/catalogue-mutate.h"
#include "keystore/catalogue-schema.h"
#include "keystore/catalogue-state.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

#define OBJECT_MAX 0x7fffffff /* the high bit is the module's own: session objects */

struct _KsCatalogue {
	GMutex writing; /* one mutation at a time; also the database connection */
	GMutex reading; /* the pointer below */
	KsCatalogueState *state;
	sqlite3 *db;
	KsCatalogueChanged changed;
	gpointer changed_data;
};

/* The copy's name has the damaged file's own time, so that restarts make no further copies. */
static void
keep_copy (const char *path, GError **error)
{
	g_autofree char *copy = NULL, *contents = NULL;
	g_autoptr (GError) failure = NULL;
	GStatBuf status;
	gsize len;

	if (g_stat (path, &status) != 0)
		return;
	copy = g_strdup_printf ("%s.corrupt-%" G_GINT64_FORMAT, path,
				(gint64)status.st_mtim.tv_sec);
	if (g_file_test (copy, G_FILE_TEST_EXISTS) ||
	    (g_file_get_contents (path, &contents, &len, &failure) &&
	     g_file_set_contents_full (copy, contents, (gssize)len,
				       G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
				       0600, &failure)))
		g_prefix_error (error,
				"%s is damaged, a copy is kept as %s; restore a backup of it: ",
				path, copy);
	else
		g_prefix_error (error, "%s is damaged (no copy: %s): ", path, failure->message);
}

static gboolean
open_database (KsCatalogue *catalogue, const char *path, GError **error)
{
	int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		g_set_error (error, KS_ERROR, KS_ERROR_STORAGE, "%s: %s", path, g_strerror (errno));
		return FALSE;
	}
	close (fd);
	if (sqlite3_open_v2 (path, &catalogue->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX,
			     NULL) != SQLITE_OK)
		return ks_sql_fail (catalogue->db, error);
	sqlite3_extended_result_codes (catalogue->db, 1);
	return ks_schema_open (catalogue->db, error);
}

static gboolean
load_state (KsCatalogue *catalogue, GError **error)
{
	GPtrArray *credentials = ks_catalogue_load (catalogue->db, 0, error);

	if (credentials == NULL)
		return FALSE;
	catalogue->state = ks_catalogue_state_new (credentials, 1);
	return TRUE;
}

KsCatalogue *
ks_catalogue_open (const char *path, GError **error)
{
	g_autoptr (KsCatalogue) catalogue = g_new0 (KsCatalogue, 1);
	g_autoptr (GError) failure = NULL;

	g_mutex_init (&catalogue->writing);
	g_mutex_init (&catalogue->reading);
	if (open_database (catalogue, path, &failure) && load_state (catalogue, &failure))
		return g_steal_pointer (&catalogue);
	if (g_error_matches (failure, KS_ERROR, KS_ERROR_CORRUPT))
		keep_copy (path, &failure);
	else if (g_error_matches (failure, KS_ERROR, KS_ERROR_IN_USE))
		g_prefix_error (&failure, "%s is open in another process: ", path);
	else
		g_prefix_error (&failure, "%s: ", path);
	g_propagate_error (error, g_steal_pointer (&failure));
	return NULL;
}

void
ks_catalogue_close (KsCatalogue *catalogue)
{
	if (catalogue == NULL)
		return;
	g_clear_pointer (&catalogue->state, ks_catalogue_state_unref);
	sqlite3_close_v2 (catalogue->db);
	g_mutex_clear (&catalogue->writing);
	g_mutex_clear (&catalogue->reading);
	g_free (catalogue);
}

void
ks_catalogue_set_changed (KsCatalogue *catalogue, KsCatalogueChanged changed, gpointer user_data)
{
	catalogue->changed = changed;
	catalogue->changed_data = user_data;
}

KsCatalogueState *
ks_catalogue_ref_state (KsCatalogue *catalogue)
{
	KsCatalogueState *state;

	g_mutex_lock (&catalogue->reading);
	state = ks_catalogue_state_ref (catalogue->state);
	g_mutex_unlock (&catalogue->reading);
	return state;
}

static void
replace_state (KsCatalogue *catalogue, KsCatalogueState *state)
{
	KsCatalogueState *former;

	g_mutex_lock (&catalogue->reading);
	former = catalogue->state;
	catalogue->state = state;
	g_mutex_unlock (&catalogue->reading);
	ks_catalogue_state_unref (former);
}

static gboolean
read_touched (KsMutation *mutation, KsCatalogueState *next, const char *name, GError **error)
{
	g_autoptr (KsStatement) find = ks_sql_prepare (
		mutation->db, error, "SELECT id FROM credential WHERE name = ?1", "t", name);
	g_autoptr (GPtrArray) loaded = NULL;
	gboolean row;

	if (find == NULL || !ks_sql_next (mutation->db, find, &row, error))
		return FALSE;
	if (row) {
		loaded = ks_catalogue_load (mutation->db, sqlite3_column_int64 (find, 0), error);
		if (loaded == NULL)
			return FALSE;
	}
	ks_catalogue_state_replace (next, name, row ? g_ptr_array_steal_index (loaded, 0) : NULL);
	return TRUE;
}

/* The new state is read before the commit: after it nothing can fail. */
static KsCatalogueState *
read_next (KsMutation *mutation, GError **error)
{
	g_autoptr (KsCatalogueState) next = ks_catalogue_state_copy (mutation->state);

	for (guint i = 0; i < mutation->touched->len; i++)
		if (!read_touched (mutation, next, g_ptr_array_index (mutation->touched, i), error))
			return NULL;
	return g_steal_pointer (&next);
}

static KsCatalogueState *
run_transaction (KsMutation *mutation, KsMutate mutate, gpointer arguments, GError **error)
{
	g_autoptr (KsCatalogueState) next = NULL;

	if (!ks_sql_run (mutation->db, error, "BEGIN IMMEDIATE", ""))
		return NULL;
	if (mutate (mutation, arguments, error))
		next = read_next (mutation, error);
	if (next != NULL && ks_sql_run (mutation->db, error, "COMMIT", ""))
		return g_steal_pointer (&next);
	/* After some errors SQLite has rolled back by itself. */
	if (sqlite3_get_autocommit (mutation->db) == 0)
		sqlite3_exec (mutation->db, "ROLLBACK", NULL, NULL, NULL);
	return NULL;
}

gboolean
ks_catalogue_mutate (KsCatalogue *catalogue, KsMutate mutate, gpointer arguments, GError **error)
{
	g_autoptr (GPtrArray) touched = g_ptr_array_new_with_free_func (g_free);
	g_autoptr (KsCatalogueState) state = NULL;
	KsMutation mutation = {.db = catalogue->db, .touched = touched};
	KsCatalogueState *next;

	g_mutex_lock (&catalogue->writing);
	mutation.state = state = ks_catalogue_ref_state (catalogue);
	next = run_transaction (&mutation, mutate, arguments, error);
	if (next != NULL)
		replace_state (catalogue, next);
	g_mutex_unlock (&catalogue->writing);
	if (next != NULL && catalogue->changed != NULL)
		catalogue->changed (catalogue->changed_data);
	return next != NULL;
}

void
ks_mutation_touch (KsMutation *mutation, const char *name)
{
	g_ptr_array_add (mutation->touched, g_strdup (name));
}

KsGeneration *
ks_mutation_find (KsMutation *mutation,
		  const char *name,
		  guint32 number,
		  KsCredential **credential,
		  GError **error)
{
	KsCredential *found = ks_catalogue_state_find (mutation->state, name);
	KsGeneration *generation = found != NULL ? ks_credential_generation (found, number) : NULL;

	if (generation == NULL) {
		g_set_error (error, KS_ERROR, KS_ERROR_NOT_FOUND,
			     "credential %s has no generation %u", name, number);
		return NULL;
	}
	ks_mutation_touch (mutation, name);
	*credential = found;
	return generation;
}

gboolean
ks_mutation_take_objects (KsMutation *mutation, guint count, guint32 *first, GError **error)
{
	gint64 next = 0;

	if (!ks_sql_number (mutation->db, error, "SELECT next_object FROM counter", &next))
		return FALSE;
	if (next < 1 || next > OBJECT_MAX - (gint64)count) {
		g_set_error (error, KS_ERROR, KS_ERROR_LIMIT, "no object numbers are left");
		return FALSE;
	}
	*first = (guint32)next;
	return ks_sql_run (mutation->db, error, "UPDATE counter SET next_object = next_object + ?1",
			   "i", (gint64)count);
}

char *
ks_catalogue_get_fact (KsCatalogue *catalogue, const char *key)
{
	g_autoptr (KsStatement) find = NULL;
	gboolean row = FALSE;
	char *value = NULL;

	g_mutex_lock (&catalogue->writing);
	find = ks_sql_prepare (catalogue->db, NULL, "SELECT value FROM fact WHERE key = ?1", "t",
			       key);
	if (find != NULL && ks_sql_next (catalogue->db, find, &row, NULL) && row)
		value = ks_sql_text (find, 0);
	g_mutex_unlock (&catalogue->writing);
	return value;
}

gboolean
ks_catalogue_set_fact (KsCatalogue *catalogue, const char *key, const char *value, GError **error)
{
	gboolean done;

	g_mutex_lock (&catalogue->writing);
	done = ks_sql_run (catalogue->db, error,
			   "INSERT INTO fact VALUES (?1, ?2) ON CONFLICT (key) "
			   "DO UPDATE SET value = excluded.value",
			   "tt", key, value);
	g_mutex_unlock (&catalogue->writing);
	return done;
}
