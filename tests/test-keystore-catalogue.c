/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The catalogue without a token: what is written is read again, what cannot be read is refused with
 * nothing lost, and thousands of credentials load fast.
 */
#include <config.h>

#include "keystore/catalogue-schema.h"
#include "tests/store-fixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
	char *dir;
	char *path;
	KsCatalogue *catalogue;
} Fixture;

static void
open_it (Fixture *fixture)
{
	g_autoptr (GError) error = NULL;

	fixture->catalogue = ks_catalogue_open (fixture->path, &error);
	g_assert_no_error (error);
}

static void
close_it (Fixture *fixture)
{
	g_clear_pointer (&fixture->catalogue, ks_catalogue_close);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
	fixture->dir = store_temp_dir ();
	fixture->path = g_build_filename (fixture->dir, "catalogue.db", NULL);
	open_it (fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
	close_it (fixture);
	store_remove_dir (fixture->dir);
	g_free (fixture->dir);
	g_free (fixture->path);
}

static void
expect_open_error (Fixture *fixture, KsError code, const char *text)
{
	g_autoptr (GError) error = NULL;

	g_assert_null (ks_catalogue_open (fixture->path, &error));
	g_assert_error (error, KS_ERROR, (int)code);
	g_assert_nonnull (strstr (error->message, text));
}

static KsGeneration *
add_secret (Fixture *fixture, const char *name, const char *identifier)
{
	g_autoptr (GError) error = NULL;
	static const char *const users[] = {"www-data", "mosquitto", NULL};
	static const char *const groups[] = {"mqtt", NULL};
	KsIntent intent = store_secret_intent (name, identifier);
	KsGeneration *generation = NULL;
	KsPublication publication = {.name = name};

	intent.users = users;
	intent.groups = groups;
	intent.admin_fqdn = "admin.example.com";
	intent.client_id = "//sp.example.com/gw";
	g_assert_true (ks_catalogue_add_intent (fixture->catalogue, &intent, KS_KEY_SECRET, 256,
						&generation, &error));
	publication.generation = generation->number;
	g_assert_true (ks_catalogue_set_staged (fixture->catalogue, name, generation->number, NULL,
						&error));
	g_assert_true (ks_catalogue_publish (fixture->catalogue, &publication, 1, 1000, &error));
	g_assert_no_error (error);
	return generation;
}

static void
check_secret (Fixture *fixture)
{
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (fixture->catalogue);
	KsCredential *credential = ks_catalogue_state_find (state, "psk");
	KsGeneration *generation = ks_credential_current (credential);
	KsReference *reference;
	KsReferencePlace place;
	KsPlace object;

	g_assert_cmpstr (credential->mef_fqdn, ==, "mef.example.com");
	g_assert_cmpstr (credential->admin_fqdn, ==, "admin.example.com");
	g_assert_cmpstr (credential->client_id, ==, "//sp.example.com/gw");
	g_assert_cmpuint (credential->suid, ==, 22);
	g_assert_cmpstr (credential->users[0], ==, "mosquitto");
	g_assert_cmpstr (credential->users[1], ==, "www-data");
	g_assert_null (credential->users[2]);
	g_assert_cmpstr (credential->groups[0], ==, "mqtt");
	g_assert_cmpstr (generation->identifier, ==, "AB01@mef.example.com");
	g_assert_cmpstr (ks_credential_label (credential, generation), ==, "AB01@mef.example.com");
	g_assert_cmpint (generation->published_s, ==, 1000);
	g_assert_cmpuint (generation->references->len, ==, 3);
	reference = g_ptr_array_index (generation->references, 0);
	g_assert_cmpstr (reference->consumer, ==, "@mqtt");
	g_assert_cmpuint (strlen (reference->handle), ==, 32);
	g_assert_true (ks_catalogue_state_find_reference (state, reference->handle, &place));
	g_assert_true (place.generation == generation && place.reference == reference);
	g_assert_false (ks_catalogue_state_find_reference (state, "pskref1:", &place));
	g_assert_true (ks_catalogue_state_find_identifier (state, "AB01@mef.example.com", NULL) ==
		       credential);
	g_assert_true (ks_catalogue_state_find_object (state, generation->key_object, &object));
	g_assert_true (object.generation == generation && object.role == KS_ROLE_KEY);
	g_assert_false (ks_catalogue_state_find_object (state, 0x80000001, &object));
}

static void
test_round_trip (Fixture *fixture, gconstpointer data)
{
	g_autoptr (KsGeneration) generation = add_secret (fixture, "psk", "AB01@mef.example.com");

	check_secret (fixture);
	close_it (fixture);
	open_it (fixture);
	check_secret (fixture);
}

static void
test_policy (Fixture *fixture, gconstpointer data)
{
	g_autoptr (KsGeneration) generation = add_secret (fixture, "psk", "AB01@mef.example.com");
	g_autoptr (KsCatalogueState) before = ks_catalogue_ref_state (fixture->catalogue);
	g_autoptr (KsCatalogueState) after = NULL;
	g_autoptr (GError) error = NULL;
	static const char *const users[] = {"stunnel4", "www-data", NULL};
	static const char *const none[] = {NULL};
	static const char *const bad[] = {"root:x", NULL};
	KsGeneration *old = ks_credential_current (ks_catalogue_state_find (before, "psk"));
	KsGeneration *new;

	g_assert_true (ks_catalogue_set_policy (fixture->catalogue, "psk", users, none, &error));
	after = ks_catalogue_ref_state (fixture->catalogue);
	g_assert_cmpuint (ks_catalogue_state_serial (after), ==,
			  ks_catalogue_state_serial (before) + 1);
	new = ks_credential_current (ks_catalogue_state_find (after, "psk"));
	g_assert_cmpuint (new->references->len, ==, 2);
	/* www-data's stays what it was; the state before is as it was. */
	g_assert_cmpstr (((KsReference *)g_ptr_array_index (new->references, 1))->handle, ==,
			 ((KsReference *)g_ptr_array_index (old->references, 2))->handle);
	g_assert_cmpuint (old->references->len, ==, 3);
	g_assert_false (ks_catalogue_set_policy (fixture->catalogue, "psk", bad, NULL, &error));
	g_assert_error (error, KS_ERROR, KS_ERROR_INVALID);
	g_clear_error (&error);
	g_assert_false (ks_catalogue_set_policy (fixture->catalogue, "other", users, NULL, &error));
	g_assert_error (error, KS_ERROR, KS_ERROR_NOT_FOUND);
}

/* Numbers and generations are never used again. */
static void
test_numbers (Fixture *fixture, gconstpointer data)
{
	g_autoptr (KsGeneration) first = add_secret (fixture, "psk", "AB01@mef.example.com");
	g_autoptr (KsGeneration) second = NULL;
	g_autoptr (GError) error = NULL;

	g_assert_true (
		ks_catalogue_drop_generation (fixture->catalogue, "psk", first->number, &error));
	close_it (fixture);
	open_it (fixture);
	second = add_secret (fixture, "psk", "AB01@mef.example.com");
	g_assert_cmpuint (second->key_object, >, first->key_object);
}

/* ---- damage ---- */

static void
test_garbage (Fixture *fixture, gconstpointer data)
{
	static const char garbage[] = "this is no database, whatever its name may say";
	guint files;

	close_it (fixture);
	g_assert_true (g_file_set_contents (fixture->path, garbage, -1, NULL));
	files = store_file_count (fixture->dir);
	expect_open_error (fixture, KS_ERROR_CORRUPT, "catalogue.db.corrupt-");
	g_assert_cmpuint (store_file_count (fixture->dir), ==, files + 1);
	/* Again: refused again, no second copy. */
	expect_open_error (fixture, KS_ERROR_CORRUPT, "catalogue.db.corrupt-");
	g_assert_cmpuint (store_file_count (fixture->dir), ==, files + 1);
}

static void
test_damaged_page (Fixture *fixture, gconstpointer data)
{
	g_autoptr (KsGeneration) generation = add_secret (fixture, "psk", "AB01@mef.example.com");
	g_autofree char *text = NULL;
	gsize len;

	close_it (fixture);
	g_assert_true (g_file_get_contents (fixture->path, &text, &len, NULL));
	g_assert_cmpuint (len, >, 3 * 4096);
	for (gsize page = 4096; page < len; page += 4096)
		memset (text + page, 0xa5, 512);
	g_assert_true (g_file_set_contents (fixture->path, text, (gssize)len, NULL));
	expect_open_error (fixture, KS_ERROR_CORRUPT, "catalogue.db.corrupt-");
}

static void
run_sql (Fixture *fixture, const char *sql)
{
	sqlite3 *db = NULL;

	g_assert_cmpint (sqlite3_open (fixture->path, &db), ==, SQLITE_OK);
	if (sqlite3_exec (db, sql, NULL, NULL, NULL) != SQLITE_OK)
		g_error ("%s", sqlite3_errmsg (db));
	sqlite3_close (db);
}

static void
test_senseless_row (Fixture *fixture, gconstpointer data)
{
	g_autoptr (KsGeneration) generation = add_secret (fixture, "psk", "AB01@mef.example.com");

	close_it (fixture);
	run_sql (fixture, "UPDATE generation SET state = 99");
	expect_open_error (fixture, KS_ERROR_CORRUPT, "makes no sense");
}

static void
test_newer (Fixture *fixture, gconstpointer data)
{
	guint files;

	close_it (fixture);
	run_sql (fixture, "PRAGMA user_version = 900");
	files = store_file_count (fixture->dir);
	expect_open_error (fixture, KS_ERROR_NEWER, "900");
	g_assert_cmpuint (store_file_count (fixture->dir), ==, files);
}

static void
test_in_use (Fixture *fixture, gconstpointer data)
{
	expect_open_error (fixture, KS_ERROR_IN_USE, "another process");
}

/* ---- migrations ---- */

static void
test_migrate (Fixture *fixture, gconstpointer data)
{
	static const char *const steps[] = {"CREATE TABLE a (x)", "ALTER TABLE a ADD COLUMN y",
					    "INSERT INTO no_such_table VALUES (1)"};
	g_autoptr (GError) error = NULL;
	sqlite3 *db = NULL;
	gint64 version = 0;

	g_assert_cmpint (sqlite3_open (":memory:", &db), ==, SQLITE_OK);
	g_assert_true (ks_schema_migrate (db, steps, 1, &error));
	g_assert_true (ks_schema_migrate (db, steps, 2, &error));
	g_assert_true (ks_sql_run (db, &error, "INSERT INTO a (x, y) VALUES (1, 2)", ""));
	g_assert_false (ks_schema_migrate (db, steps, 3, &error));
	g_assert_nonnull (error);
	g_clear_error (&error);
	/* The failed step changed nothing. */
	g_assert_true (ks_sql_number (db, &error, "PRAGMA user_version", &version));
	g_assert_cmpint (version, ==, 2);
	g_assert_false (ks_schema_migrate (db, steps, 1, &error));
	g_assert_error (error, KS_ERROR, KS_ERROR_NEWER);
	sqlite3_close (db);
}

static const KsPskPolicy *
psk_of (Fixture *fixture, KsCatalogueState **state)
{
	*state = ks_catalogue_ref_state (fixture->catalogue);
	return &ks_catalogue_state_find (*state, "psk")->psk;
}

/* What TLS may do with a key: kept, told when it changed, and everything in a catalogue that is older
 * than the question. */
static void
test_psk (Fixture *fixture, gconstpointer data)
{
	static const KsPskPolicy everything = {.versions = KS_PSK_TLS_ALL};
	static const KsPskPolicy little = {KS_PSK_TLS13, KS_PSK_HASH_SHA384, TRUE, TRUE};
	g_autoptr (KsGeneration) generation = add_secret (fixture, "psk", "AB01@mef.example.com");
	g_autoptr (KsCatalogueState) first = NULL, second = NULL, third = NULL;
	g_autoptr (GError) error = NULL;
	gboolean changed = FALSE;

	g_assert_true (ks_psk_policy_equal (psk_of (fixture, &first), &everything));
	g_assert_true (ks_catalogue_set_psk (fixture->catalogue, "psk", &little, &changed, &error));
	g_assert_true (changed);
	g_assert_true (ks_catalogue_set_psk (fixture->catalogue, "psk", &little, &changed, &error));
	g_assert_false (changed);
	g_assert_false (
		ks_catalogue_set_psk (fixture->catalogue, "nothing", &little, &changed, &error));
	g_assert_error (error, KS_ERROR, KS_ERROR_NOT_FOUND);
	close_it (fixture);
	open_it (fixture);
	g_assert_true (ks_psk_policy_equal (psk_of (fixture, &second), &little));
	close_it (fixture);
	run_sql (fixture, "ALTER TABLE credential DROP COLUMN psk_versions;"
			  "ALTER TABLE credential DROP COLUMN psk_hash;"
			  "ALTER TABLE credential DROP COLUMN psk_ephemeral;"
			  "ALTER TABLE credential DROP COLUMN psk_reveal;"
			  "PRAGMA user_version = 1");
	open_it (fixture);
	check_secret (fixture);
	g_assert_true (ks_psk_policy_equal (psk_of (fixture, &third), &everything));
	close_it (fixture);
	run_sql (fixture, "UPDATE credential SET psk_hash = 7");
	expect_open_error (fixture, KS_ERROR_CORRUPT, "makes no sense");
}

/* ---- storage that refuses ---- */

/* A file size limit is a full disk that needs no privilege; in a child, as it cannot be raised
 * again. */
static int
fill_disk (Fixture *fixture)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *big = g_strnfill (200000, 'x');
	struct rlimit limit = {64 * 1024, 64 * 1024};
	g_autoptr (KsCatalogueState) before = NULL;
	g_autoptr (KsCatalogueState) after = NULL;

	open_it (fixture);
	before = ks_catalogue_ref_state (fixture->catalogue);
	signal (SIGXFSZ, SIG_IGN);
	setrlimit (RLIMIT_FSIZE, &limit);
	if (ks_catalogue_set_fact (fixture->catalogue, "big", big, &error))
		return 2;
	if (!g_error_matches (error, KS_ERROR, KS_ERROR_STORAGE))
		return 3;
	after = ks_catalogue_ref_state (fixture->catalogue);
	return before == after ? 0 : 4;
}

static void
test_disk_full (Fixture *fixture, gconstpointer data)
{
	g_autoptr (KsGeneration) generation = add_secret (fixture, "psk", "AB01@mef.example.com");
	int status;
	pid_t child;

	close_it (fixture);
	child = fork ();
	if (child == 0)
		_exit (fill_disk (fixture));
	g_assert_cmpint (waitpid (child, &status, 0), ==, child);
	g_assert_true (WIFEXITED (status));
	g_assert_cmpint (WEXITSTATUS (status), ==, 0);
	open_it (fixture);
	check_secret (fixture);
}

static int
read_only (Fixture *fixture)
{
	g_autoptr (GError) error = NULL;

	if (setgid (65534) != 0 || setuid (65534) != 0)
		return 2;
	if (ks_catalogue_open (fixture->path, &error) != NULL)
		return 3;
	return g_error_matches (error, KS_ERROR, KS_ERROR_STORAGE) ? 0 : 4;
}

static void
test_read_only (Fixture *fixture, gconstpointer data)
{
	int status;
	pid_t child;

	if (geteuid () != 0) {
		g_test_skip ("needs root, to become nobody");
		return;
	}
	close_it (fixture);
	g_assert_cmpint (g_chmod (fixture->dir, 0755), ==, 0);
	g_assert_cmpint (g_chmod (fixture->path, 0444), ==, 0);
	child = fork ();
	if (child == 0)
		_exit (read_only (fixture));
	g_assert_cmpint (waitpid (child, &status, 0), ==, child);
	g_assert_true (WIFEXITED (status));
	g_assert_cmpint (WEXITSTATUS (status), ==, 0);
	g_assert_cmpint (g_chmod (fixture->path, 0600), ==, 0);
	open_it (fixture);
}

/* ---- the machine ---- */

static void
test_binding (Fixture *fixture, gconstpointer data)
{
	g_autofree char *path = g_build_filename (fixture->dir, "machine-id", NULL);
	g_autoptr (GError) error = NULL;

	/* Without a machine-id nothing is bound. */
	g_assert_true (ks_binding_check (fixture->catalogue, path, &error));
	g_assert_true (g_file_set_contents (path, "uninitialized\n", -1, NULL));
	g_assert_true (ks_binding_check (fixture->catalogue, path, &error));
	g_assert_false (ks_binding_adopt (fixture->catalogue, path, &error));
	g_clear_error (&error);
	g_assert_true (g_file_set_contents (path, "0123456789abcdef0123456789abcdef\n", -1, NULL));
	g_assert_true (ks_binding_check (fixture->catalogue, path, &error));
	g_assert_true (ks_binding_check (fixture->catalogue, path, &error));
	g_assert_true (g_file_set_contents (path, "1123456789abcdef0123456789abcdef\n", -1, NULL));
	g_assert_false (ks_binding_check (fixture->catalogue, path, &error));
	g_assert_error (error, KS_ERROR, KS_ERROR_FOREIGN);
	g_clear_error (&error);
	g_assert_true (ks_binding_adopt (fixture->catalogue, path, &error));
	g_assert_true (ks_binding_check (fixture->catalogue, path, &error));
}

/* ---- many ---- */

#define MANY 10000

static void
test_many (Fixture *fixture, gconstpointer data)
{
	g_autoptr (GString) sql = g_string_new ("BEGIN;");
	g_autoptr (KsCatalogueState) state = NULL;
	g_autoptr (KsGeneration) generation = NULL;
	g_autofree char *der = g_strnfill (1400, 'a');
	KsPlace place;
	double opened_s, indexed_s, changed_s;

	close_it (fixture);
	for (guint i = 1; i <= MANY; i++)
		g_string_append_printf (
			sql,
			"INSERT INTO credential VALUES (%u, 'c%05u', 1, 1, NULL, NULL, NULL, 0, "
			"-1, 0, 1, 3, 0, 0, 0);"
			"INSERT INTO principal VALUES (%u, 0, 'www-data');"
			"INSERT INTO generation VALUES (%u, %u, 1, 3, 1, 0, randomblob (20), %u, "
			"%u, x'00', NULL, 0, 0, 0, 0, 0);"
			"INSERT INTO certificate VALUES (%u, %u, 3, 0, x'%s');",
			i, i, i, i, i, 3 * i, 3 * i + 1, 3 * i + 2, i, der);
	g_string_append (sql, "UPDATE counter SET next_object = 40000; COMMIT;");
	run_sql (fixture, sql->str);
	g_test_timer_start ();
	open_it (fixture);
	opened_s = g_test_timer_elapsed ();
	state = ks_catalogue_ref_state (fixture->catalogue);
	g_assert_cmpuint (ks_catalogue_state_credentials (state)->len, ==, MANY);
	g_test_timer_start ();
	g_assert_true (ks_catalogue_state_find_object (state, 3 * MANY + 2, &place));
	indexed_s = g_test_timer_elapsed ();
	g_assert_cmpint (place.role, ==, KS_ROLE_LEAF);
	g_test_timer_start ();
	generation = add_secret (fixture, "psk", "AB01@mef.example.com");
	changed_s = g_test_timer_elapsed ();
	g_test_message ("open %.3f s, index %.3f s, three mutations %.3f s", opened_s, indexed_s,
			changed_s);
	/* Generous: slow machines and sanitizers; measured 0.1 s. */
	g_assert_cmpfloat (opened_s, <, 3.0);
}

#define ADD(path, function)                                                                        \
	g_test_add ("/catalogue/" path, Fixture, NULL, set_up, function, tear_down)

/* A credential that is renewed for ever: the oldest superseded keys go. */
static void
test_many_generations (Fixture *fixture, gconstpointer data)
{
	g_autoptr (KsCatalogueState) state = NULL;
	guint revoked = 0, retained = 0;
	KsCredential *credential;

	for (guint i = 0; i < 66; i++) {
		g_autoptr (KsGeneration) generation =
			add_secret (fixture, "key", "AB01@mef.example.com");

		g_assert_cmpuint (generation->number, ==, i + 1);
	}
	state = ks_catalogue_ref_state (fixture->catalogue);
	credential = ks_catalogue_state_find (state, "key");
	for (guint i = 0; i < credential->generations->len; i++) {
		const KsGeneration *generation = credential->generations->pdata[i];

		g_assert_cmpint (generation->state == KS_STATE_REVOKED, ==, generation->number <= 2);
		revoked += generation->state == KS_STATE_REVOKED;
		retained += generation->state == KS_STATE_RETAINED;
	}
	g_assert_cmpuint (revoked, ==, 2);
	g_assert_cmpuint (retained, ==, 63);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	ADD ("round-trip", test_round_trip);
	ADD ("policy", test_policy);
	ADD ("numbers", test_numbers);
	ADD ("garbage", test_garbage);
	ADD ("damaged-page", test_damaged_page);
	ADD ("senseless-row", test_senseless_row);
	ADD ("newer", test_newer);
	ADD ("in-use", test_in_use);
	ADD ("migrate", test_migrate);
	ADD ("psk", test_psk);
	ADD ("disk-full", test_disk_full);
	ADD ("read-only", test_read_only);
	ADD ("binding", test_binding);
	ADD ("many", test_many);
	ADD ("many-generations", test_many_generations);
	return g_test_run ();
}
