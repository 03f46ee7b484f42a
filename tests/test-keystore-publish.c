/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order of writes: a process that ends at any step leaves two stores that recovery brings
 * together; roll-over, sets, removal, refusals.
 */
#include <config.h>

#include "keystore/wire/limits.h"
#include "tests/store-fixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- a process that ends at a step ---- */

static void
end_at_step (KsStep step, gpointer user_data)
{
	if (step == (KsStep)GPOINTER_TO_INT (user_data))
		_exit (7);
}

static void
roll_over (Store *store)
{
	g_autoptr (KsGeneration) generation = store_add_pair (store, "one", KS_KEY_P256, 0);
}

static void
remove_it (Store *store)
{
	g_autoptr (GError) error = NULL;

	g_assert_true (ks_publisher_remove (store->publisher, "one", &error));
}

static void
run_until (const char *dir, int step, void (*act) (Store *store))
{
	pid_t child = fork ();
	int status;

	if (child == 0) {
		Store *store = store_open (dir, KS_RESIDENCY_AUTO);

		ks_publisher_set_hook (store->publisher, end_at_step, GINT_TO_POINTER (step));
		act (store);
		_exit (0);
	}
	g_assert_cmpint (waitpid (child, &status, 0), ==, child);
	g_assert_true (WIFEXITED (status));
	g_assert_cmpint (WEXITSTATUS (status), ==, 7);
}

/* Each key row has a key, each key a row, nothing is half done. */
static guint
check_consistent (Store *store)
{
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (store->catalogue);
	const GPtrArray *credentials = ks_catalogue_state_credentials (state);
	g_autoptr (GPtrArray) keys = ks_token_list (store->token);
	guint count = 0;

	for (guint i = 0; i < credentials->len; i++) {
		const KsCredential *credential = g_ptr_array_index (credentials, i);

		for (guint j = 0; j < credential->generations->len; j++) {
			const KsGeneration *generation =
				g_ptr_array_index (credential->generations, j);

			g_assert_cmpint (generation->state, !=, KS_STATE_INTENT);
			g_assert_cmpint (generation->state, !=, KS_STATE_REVOKED);
			g_assert_true (store_key_works (store, generation));
			count++;
		}
	}
	g_assert_cmpuint (keys->len, ==, count);
	return count;
}

static void
check_folder (Store *store, const char *name, gboolean expected)
{
	g_autofree char *path = g_build_filename (store->folders_path, name, "cert.pem", NULL);

	g_assert_cmpint (g_file_test (path, G_FILE_TEST_EXISTS), ==, expected);
	g_assert_cmpuint (store_file_count (store->folders_path), ==, expected ? 1 : 0);
}

static void
test_crash_publishing (gconstpointer data)
{
	int step = GPOINTER_TO_INT (data);
	g_autoptr (GError) error = NULL;
	g_autoptr (KsGeneration) first = NULL;
	g_autoptr (KsCatalogueState) state = NULL;
	g_autofree char *dir = NULL;
	KsCredential *credential;
	Store *store;
	gboolean published = step >= KS_STEP_PUBLISH;

	if (!store_has_token ())
		return;
	dir = store_temp_dir ();
	store = store_open (dir, KS_RESIDENCY_AUTO);
	first = store_add_pair (store, "one", KS_KEY_P256, 0);
	store_close (store);
	run_until (dir, step, roll_over);

	store = store_open (dir, KS_RESIDENCY_AUTO);
	g_assert_true (ks_publisher_check (store->publisher, &error));
	g_assert_true (ks_publisher_recover (store->publisher, &error));
	g_assert_no_error (error);
	/* The first generation survives every crash, as current or as retained. */
	g_assert_cmpuint (check_consistent (store), ==, step < KS_STEP_STAGED ? 1 : 2);
	credential = store_find (store, "one", &state);
	g_assert_cmpuint (ks_credential_current (credential)->number, ==, published ? 2 : 1);
	g_assert_true (store_key_works (store, first));
	check_folder (store, "one", TRUE);
	store_close (store);
	store_remove_dir (dir);
}

static void
test_crash_removing (gconstpointer data)
{
	int step = GPOINTER_TO_INT (data);
	g_autoptr (GError) error = NULL;
	g_autofree char *dir = NULL;
	Store *store;

	if (!store_has_token ())
		return;
	dir = store_temp_dir ();
	store = store_open (dir, KS_RESIDENCY_AUTO);
	roll_over (store);
	store_close (store);
	run_until (dir, step, remove_it);

	store = store_open (dir, KS_RESIDENCY_AUTO);
	g_assert_true (ks_publisher_recover (store->publisher, &error));
	g_assert_cmpuint (check_consistent (store), ==, 0);
	check_folder (store, "one", FALSE);
	store_close (store);
	store_remove_dir (dir);
}

/* ---- roll-over ---- */

static void
test_roll_over (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (KsGeneration) first = NULL;
	g_autoptr (KsGeneration) second = NULL;
	g_autoptr (KsCatalogueState) state = NULL;
	KsPlace place;
	gint64 now_s = g_get_real_time () / G_USEC_PER_SEC;
	Store *store;

	if (!store_has_token ())
		return;
	store = store_new (KS_RESIDENCY_AUTO);
	first = store_add_pair (store, "one", KS_KEY_P256, 0);
	second = store_add_pair (store, "one", KS_KEY_P256, 0);
	g_assert_cmpint (memcmp (first->key_id, second->key_id, KS_KEY_ID_LEN), !=, 0);
	g_assert_cmpuint (second->key_object, >, first->key_object);
	store_find (store, "one", &state);
	g_assert_true (ks_catalogue_state_find_object (state, first->key_object, &place));
	g_assert_cmpint (place.generation->state, ==, KS_STATE_RETAINED);
	/* Until the old certificate's notAfter, which is a day away. */
	g_assert_cmpint (place.generation->retained_until_s, ==, first->not_after_s);
	g_assert_cmpint (ks_publisher_sweep (store->publisher, now_s), ==, first->not_after_s);
	g_assert_true (store_key_works (store, first));
	g_assert_cmpint (ks_publisher_sweep (store->publisher, first->not_after_s), ==, G_MAXINT64);
	g_assert_false (store_key_works (store, first));
	g_assert_true (store_key_works (store, second));
	g_assert_cmpuint (check_consistent (store), ==, 1);
	g_assert_true (ks_publisher_revoke (store->publisher, "one", second->number, &error));
	g_assert_false (store_key_works (store, second));
	g_assert_null (store_find (store, "one", &state));
	store_free (store);
}

/* A rule of its own: the old key goes at once. */
static void
test_retain_nothing (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (KsGeneration) first = NULL;
	g_autoptr (KsGeneration) staged = NULL;
	g_autoptr (GBytes) leaf = NULL;
	KsIntent intent = store_intent ("one");
	KsPublication publication = {.name = "one"};
	Store *store;

	if (!store_has_token ())
		return;
	store = store_new (KS_RESIDENCY_AUTO);
	first = store_add_pair (store, "one", KS_KEY_P256, 0);
	intent.retain_s = 0;
	g_assert_true (
		ks_publisher_generate (store->publisher, &intent, KS_KEY_P384, 0, &staged, &error));
	leaf = store_certificate (staged->spki, "one", 3600);
	publication.generation = staged->number;
	publication.leaf = leaf;
	g_assert_true (ks_publisher_publish (store->publisher, &publication, 1, &error));
	g_assert_false (store_key_works (store, first));
	g_assert_cmpuint (check_consistent (store), ==, 1);
	store_free (store);
}

/* ---- sets: all or nothing ---- */

static void
test_set (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (KsGeneration) pair = NULL;
	g_autoptr (KsGeneration) key = NULL;
	g_autoptr (GBytes) leaf = NULL;
	g_autoptr (KsCatalogueState) state = NULL;
	g_autoptr (KsSecret) secret = ks_secret_new ("0123456789abcdef", 16);
	KsIntent pair_intent = store_intent ("certificate");
	KsIntent key_intent = store_secret_intent ("key", "AB01@mef.example.com");
	KsPublication set[2] = {{.name = "key"}, {.name = "certificate"}};
	Store *store;

	if (!store_has_token ())
		return;
	store = store_new (KS_RESIDENCY_AUTO);
	g_assert_true (ks_publisher_generate (store->publisher, &pair_intent, KS_KEY_P256, 0, &pair,
					      &error));
	g_assert_true (
		ks_publisher_import_secret (store->publisher, &key_intent, secret, &key, &error));
	set[0].generation = key->number;
	set[1].generation = pair->number;
	/* No certificate: neither is published. */
	g_assert_false (ks_publisher_publish (store->publisher, set, 2, &error));
	g_assert_error (error, KS_ERROR, KS_ERROR_INVALID);
	g_clear_error (&error);
	g_assert_null (ks_credential_current (store_find (store, "key", &state)));
	leaf = store_certificate (pair->spki, "certificate", 3600);
	set[1].leaf = leaf;
	g_assert_true (ks_publisher_publish (store->publisher, set, 2, &error));
	g_assert_nonnull (ks_credential_current (store_find (store, "key", &state)));
	g_assert_nonnull (ks_credential_current (store_find (store, "certificate", &state)));
	store_free (store);
}

static void
expect_refusal (Store *store, const KsPublication *publication, KsError code)
{
	g_autoptr (GError) error = NULL;

	g_assert_false (ks_publisher_publish (store->publisher, publication, 1, &error));
	g_assert_error (error, KS_ERROR, (int)code);
}

static void
test_refusals (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (KsGeneration) first = NULL;
	g_autoptr (KsGeneration) staged = NULL;
	g_autoptr (GBytes) foreign = NULL;
	g_autoptr (GBytes) expired = NULL;
	g_autoptr (GBytes) garbage = g_bytes_new_static ("0\003\002\001", 4);
	g_autoptr (GPtrArray) chain = g_ptr_array_new ();
	KsIntent intent = store_intent ("one");
	KsPublication publication = {.name = "one"};
	Store *store;

	if (!store_has_token ())
		return;
	store = store_new (KS_RESIDENCY_AUTO);
	first = store_add_pair (store, "one", KS_KEY_P256, 0);
	g_assert_true (
		ks_publisher_generate (store->publisher, &intent, KS_KEY_P256, 0, &staged, &error));
	foreign = store_certificate (first->spki, "one", 3600);
	expired = store_certificate (staged->spki, "one", -3600);
	publication.generation = 77;
	expect_refusal (store, &publication, KS_ERROR_NOT_FOUND);
	publication.generation = first->number;
	publication.leaf = foreign;
	expect_refusal (store, &publication, KS_ERROR_STATE);
	publication.generation = staged->number;
	expect_refusal (store, &publication, KS_ERROR_MISMATCH);
	publication.leaf = garbage;
	expect_refusal (store, &publication, KS_ERROR_INVALID);
	publication.leaf = expired;
	expect_refusal (store, &publication, KS_ERROR_EXPIRED);
	g_ptr_array_add (chain, garbage);
	publication.chain = chain;
	publication.allow_expired = TRUE;
	expect_refusal (store, &publication, KS_ERROR_INVALID);
	publication.chain = NULL;
	g_assert_true (store_key_works (store, first));
	g_assert_true (ks_publisher_publish (store->publisher, &publication, 1, &error));
	g_assert_no_error (error);
	g_assert_false (ks_publisher_discard (store->publisher, "one", staged->number, &error));
	g_assert_error (error, KS_ERROR, KS_ERROR_STATE);
	g_clear_error (&error);
	g_assert_false (ks_publisher_remove (store->publisher, "other", &error));
	g_assert_error (error, KS_ERROR, KS_ERROR_NOT_FOUND);
	store_free (store);
}

static void
test_intents_refused (void)
{
	static const char *const names[] = {"", ".", "..", ".hidden", "a/b", "a b", NULL};
	g_autofree char *long_name = g_strnfill (WIRE_NAME_MAX + 1, 'a');
	g_autoptr (KsGeneration) generation = NULL;
	g_autoptr (GError) error = NULL;
	KsIntent intent = store_intent (long_name);
	Store *store;

	if (!store_has_token ())
		return;
	store = store_new (KS_RESIDENCY_AUTO);
	for (guint i = 0; i <= G_N_ELEMENTS (names); i++) {
		g_assert_false (ks_publisher_generate (store->publisher, &intent, KS_KEY_P256, 0,
						       &generation, &error));
		g_assert_error (error, KS_ERROR, KS_ERROR_INVALID);
		g_clear_error (&error);
		intent.name = i < G_N_ELEMENTS (names) ? names[i] : NULL;
	}
	intent = store_intent ("good");
	intent.suid = 22; /* a symmetric key's */
	g_assert_false (ks_publisher_generate (store->publisher, &intent, KS_KEY_P256, 0,
					       &generation, &error));
	g_assert_error (error, KS_ERROR, KS_ERROR_INVALID);
	g_clear_error (&error);
	intent.suid = 0;
	g_assert_false (ks_publisher_generate (store->publisher, &intent, KS_KEY_RSA, 1024,
					       &generation, &error));
	g_assert_error (error, KS_ERROR, KS_ERROR_UNSUPPORTED);
	store_free (store);
}

static void
test_identifier_taken (void)
{
	g_autoptr (KsGeneration) first = NULL;
	g_autoptr (KsGeneration) staged = NULL;
	g_autoptr (GError) error = NULL;
	g_autoptr (KsSecret) secret = ks_secret_new ("0123456789abcdef", 16);
	KsIntent intent = store_secret_intent ("second", "AB01@mef.example.com");
	KsPublication publication = {.name = "second"};
	Store *store;

	if (!store_has_token ())
		return;
	store = store_new (KS_RESIDENCY_AUTO);
	first = store_add_secret (store, "first", "AB01@mef.example.com");
	g_assert_true (
		ks_publisher_import_secret (store->publisher, &intent, secret, &staged, &error));
	publication.generation = staged->number;
	expect_refusal (store, &publication, KS_ERROR_EXISTS);
	g_assert_true (ks_publisher_discard (store->publisher, "second", staged->number, &error));
	g_assert_cmpuint (ks_token_list (store->token)->len, ==, 1);
	store_free (store);
}

static void
test_anchors (void)
{
	g_autoptr (KsGeneration) staged = NULL;
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) authority = store_authority ("Root");
	g_autoptr (GPtrArray) anchors = g_ptr_array_new ();
	g_autoptr (KsCatalogueState) state = NULL;
	KsIntent intent = store_intent ("roots");
	KsPublication publication = {.name = "roots", .anchors = anchors};
	Store *store = store_new (KS_RESIDENCY_AUTO);

	intent.kind = KS_KIND_ANCHORS;
	g_assert_true (ks_publisher_stage_anchors (store->publisher, &intent, &staged, &error));
	publication.generation = staged->number;
	expect_refusal (store, &publication, KS_ERROR_INVALID);
	g_ptr_array_add (anchors, authority);
	g_assert_true (ks_publisher_publish (store->publisher, &publication, 1, &error));
	g_assert_cmpuint (ks_credential_current (store_find (store, "roots", &state))->anchors->len,
			  ==, 1);
	/* No key was needed, so no token was made. */
	g_assert_false (ks_token_exists (store->token));
	store_free (store);
}

/* ---- lost and foreign stores ---- */

static void
test_token_lost (void)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *dir = NULL;
	g_autofree char *tokens = NULL;
	gboolean found;
	Store *store;

	if (!store_has_token ())
		return;
	dir = store_temp_dir ();
	tokens = g_build_filename (dir, "tokens", NULL);
	store = store_open (dir, KS_RESIDENCY_AUTO);
	roll_over (store);
	store_close (store);
	store_remove_dir (tokens);
	store = store_open (dir, KS_RESIDENCY_AUTO);
	g_assert_false (ks_publisher_check (store->publisher, &error));
	g_assert_error (error, KS_ERROR, KS_ERROR_TOKEN_MISSING);
	g_clear_error (&error);
	g_assert_false (ks_publisher_recover (store->publisher, &error));
	g_assert_error (error, KS_ERROR, KS_ERROR_TOKEN_MISSING);
	g_assert_false (ks_publisher_is_ready (store->publisher));
	g_clear_error (&error);
	/* "Not there" is no answer of a token that is not there. */
	g_assert_false (ks_token_contains (store->token, (const guint8 *)"01234567890123456789", &found,
					   &error));
	g_assert_error (error, KS_ERROR, KS_ERROR_TOKEN_MISSING);
	store_close (store);
	store_remove_dir (dir);
}

/* A lost catalogue must not look like a new one whose token is full of orphans. */
static void
test_catalogue_lost (void)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *dir = NULL;
	g_autofree char *path = NULL;
	Store *store;

	if (!store_has_token ())
		return;
	dir = store_temp_dir ();
	path = g_build_filename (dir, "catalogue.db", NULL);
	store = store_open (dir, KS_RESIDENCY_AUTO);
	roll_over (store);
	store_close (store);
	g_assert_cmpint (g_unlink (path), ==, 0);
	store = store_open (dir, KS_RESIDENCY_AUTO);
	g_assert_false (ks_publisher_recover (store->publisher, &error));
	g_assert_error (error, KS_ERROR, KS_ERROR_FOREIGN);
	g_assert_cmpuint (ks_token_list (store->token)->len, ==, 1);
	store_close (store);
	store_remove_dir (dir);
}

/* ---- the system calls ---- */

static void
mark_step (KsStep step, gpointer user_data)
{
	g_autofree char *text = g_strdup_printf ("step-%d.", step);

	/* Fails, and shows in the trace. */
	g_assert_cmpint (write (-1, text, strlen (text)), <, 0);
}

static int
traced_child (const char *dir)
{
	Store *store = store_open (dir, KS_RESIDENCY_AUTO);

	if (!ks_token_open (store->token, FALSE, NULL))
		return 1;
	ks_publisher_set_hook (store->publisher, mark_step, NULL);
	roll_over (store);
	remove_it (store);
	store_close (store);
	return 0;
}

/* Whether a line with both texts stands between two marks. */
static gboolean
between (char **lines, int from, int to, const char *call, const char *path)
{
	g_autofree char *start = g_strdup_printf ("\"step-%d.\"", from);
	g_autofree char *end = g_strdup_printf ("\"step-%d.\"", to);
	gboolean inside = from < 0;

	for (guint i = 0; lines[i] != NULL; i++) {
		if (strstr (lines[i], end) != NULL)
			return FALSE;
		inside = inside || strstr (lines[i], start) != NULL;
		if (inside && strstr (lines[i], call) != NULL && strstr (lines[i], path) != NULL)
			return TRUE;
	}
	return FALSE;
}

static void
test_system_calls (void)
{
	g_autofree char *dir = NULL;
	g_autofree char *trace = NULL;
	g_autofree char *text = NULL;
	g_autofree char *strace = g_find_program_in_path ("strace");
	g_autofree char *self = NULL;
	g_auto (GStrv) lines = NULL;
	int status;

	if (!store_has_token ())
		return;
	dir = store_temp_dir ();
	trace = g_build_filename (dir, "trace", NULL);
	self = g_file_read_link ("/proc/self/exe", NULL);
	const char *argv[] = {strace,
			      "-f",
			      "-y",
			      "-e",
			      "trace=write,pwrite64,fsync,fdatasync,syncfs,unlink,renameat2",
			      "-o",
			      trace,
			      self,
			      "--traced",
			      dir,
			      NULL};

	/* LeakSanitizer does not work under ptrace. */
	if (strace == NULL ||
	    !g_spawn_sync (NULL, (char **)argv, NULL, 0, NULL, NULL, NULL, NULL, &status, NULL) ||
	    !g_spawn_check_wait_status (status, NULL)) {
		g_test_skip ("strace does not work here");
		store_remove_dir (dir);
		return;
	}
	g_assert_true (g_file_get_contents (trace, &text, NULL, NULL));
	lines = g_strsplit (text, "\n", -1);
	/* The intent is durable before the key is made. */
	g_assert_true (between (lines, -1, KS_STEP_INTENT, "sync(", "catalogue.db>"));
	g_assert_false (between (lines, KS_STEP_INTENT, KS_STEP_KEY, "sync(", "catalogue.db>"));
	g_assert_true (between (lines, KS_STEP_INTENT, KS_STEP_KEY, "write", ".object>"));
	/* SoftHSM syncs nothing; we do, before the key is read back. */
	g_assert_false (between (lines, KS_STEP_INTENT, KS_STEP_KEY, "sync", "tokens"));
	g_assert_true (between (lines, KS_STEP_KEY, KS_STEP_SYNC, "syncfs(", "/tokens>"));
	g_assert_true (between (lines, KS_STEP_KEY, KS_STEP_SYNC, "fsync(", "/tokens/"));
	/* Then the catalogue, twice, then the folders. */
	g_assert_false (between (lines, KS_STEP_SYNC, KS_STEP_READ, "sync", "/"));
	g_assert_true (between (lines, KS_STEP_READ, KS_STEP_STAGED, "sync(", "catalogue.db>"));
	g_assert_true (between (lines, KS_STEP_STAGED, KS_STEP_PUBLISH, "sync(", "catalogue.db>"));
	g_assert_false (between (lines, KS_STEP_STAGED, KS_STEP_PUBLISH, "fsync(", "credentials"));
	g_assert_true (between (lines, KS_STEP_PUBLISH, KS_STEP_FOLDER, "fsync(", "credentials"));
	g_assert_true (between (lines, KS_STEP_PUBLISH, KS_STEP_FOLDER, "renameat2(", "one"));
	/* The way out: mark, destroy and sync, drop. */
	g_assert_true (between (lines, KS_STEP_FOLDER, KS_STEP_REVOKED, "sync(", "catalogue.db>"));
	g_assert_true (between (lines, KS_STEP_REVOKED, KS_STEP_DESTROYED, "unlink", ".object"));
	g_assert_true (between (lines, KS_STEP_REVOKED, KS_STEP_DESTROYED, "syncfs(", "/tokens>"));
	g_assert_true (
		between (lines, KS_STEP_DESTROYED, KS_STEP_DROPPED, "sync(", "catalogue.db>"));
	store_remove_dir (dir);
}

int
main (int argc, char **argv)
{
	if (argc == 3 && g_str_equal (argv[1], "--traced"))
		return traced_child (argv[2]);
	g_test_init (&argc, &argv, NULL);
	for (int step = KS_STEP_INTENT; step <= KS_STEP_FOLDER; step++) {
		g_autofree char *name = g_strdup_printf ("/publish/crash/publishing/%d", step);

		g_test_add_data_func (name, GINT_TO_POINTER (step), test_crash_publishing);
	}
	for (int step = KS_STEP_REVOKED; step <= KS_STEP_DROPPED; step++) {
		g_autofree char *name = g_strdup_printf ("/publish/crash/removing/%d", step);

		g_test_add_data_func (name, GINT_TO_POINTER (step), test_crash_removing);
	}
	g_test_add_func ("/publish/system-calls", test_system_calls);
	g_test_add_func ("/publish/roll-over", test_roll_over);
	g_test_add_func ("/publish/retain-nothing", test_retain_nothing);
	g_test_add_func ("/publish/set", test_set);
	g_test_add_func ("/publish/refusals", test_refusals);
	g_test_add_func ("/publish/intents-refused", test_intents_refused);
	g_test_add_func ("/publish/identifier-taken", test_identifier_taken);
	g_test_add_func ("/publish/anchors", test_anchors);
	g_test_add_func ("/publish/token-lost", test_token_lost);
	g_test_add_func ("/publish/catalogue-lost", test_catalogue_lost);
	return g_test_run ();
}
