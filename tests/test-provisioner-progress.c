/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Progress over a restart, damaged files, a folder that cannot be written; back-off.
 */
#include <config.h>

#include <glib/gstdio.h>
#include <unistd.h>

#include "provisioner/backoff.h"
#include "provisioner/limits.h"
#include "provisioner/progress.h"

typedef struct {
	char *dir;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
	fixture->dir = g_dir_make_tmp ("enrolee-test-XXXXXX", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
	g_autoptr (GDir) dir = g_dir_open (fixture->dir, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
		g_autofree char *path = g_build_filename (fixture->dir, name, NULL);

		g_unlink (path);
	}
	g_rmdir (fixture->dir);
	g_free (fixture->dir);
}

static void
test_round_trip (Fixture *fixture, gconstpointer data)
{
	g_autoptr (PvProgress) written = pv_progress_new ();
	g_autoptr (PvProgress) read = NULL;
	g_autoptr (GError) error = NULL;
	PvKeyRecord *key;

	written->state = PV_STATE_KEY;
	written->attempts = 3;
	written->staged_certificate = 4294967295;
	written->registration_expires_s = 1795000000;
	pv_progress_set (&written->last_command_id, "{\"a\":[1,\"\\n\"]}");
	pv_progress_set (&written->est_uri, "https://mef.example.com/est/x");
	pv_progress_set (&written->error_message, " spaces = [and]\nlines ");
	key = pv_keys_ensure (written->keys, "0A@mef.example.com", PV_KEY_STAGED);
	key->expires_s = 1795000001;
	pv_progress_set (&key->targets, "//a/b //c/d");
	key = pv_keys_ensure (written->keys, "0B@mef.example.com", PV_KEY_OF_OTHERS);
	key->staged = 4294967295;
	g_assert_true (pv_progress_save (written, fixture->dir, "gw1", &error));
	g_assert_no_error (error);
	read = pv_progress_load (fixture->dir, "gw1");
	g_assert_cmpuint (read->state, ==, PV_STATE_KEY);
	g_assert_cmpint (read->attempts, ==, 3);
	g_assert_cmpint (read->staged_certificate, ==, 4294967295);
	g_assert_cmpint (read->registration_expires_s, ==, 1795000000);
	g_assert_cmpstr (read->last_command_id, ==, written->last_command_id);
	g_assert_cmpstr (read->est_uri, ==, written->est_uri);
	g_assert_cmpstr (read->error_message, ==, written->error_message);
	g_assert_null (read->pending_csr);
	g_assert_cmpuint (read->keys->len, ==, 2);
	key = pv_keys_in_role (read->keys, PV_KEY_STAGED);
	g_assert_cmpstr (key->identifier, ==, "0A@mef.example.com");
	g_assert_cmpint (key->expires_s, ==, 1795000001);
	g_assert_cmpstr (key->targets, ==, "//a/b //c/d");
	g_assert_null (key->message);
	key = pv_keys_find (read->keys, "0B@mef.example.com");
	g_assert_cmpuint (key->role, ==, PV_KEY_OF_OTHERS);
	g_assert_cmpint (key->staged, ==, 4294967295);
	pv_keys_drop (read->keys, key);
	g_assert_null (pv_keys_find (read->keys, "0B@mef.example.com"));
	g_assert_null (pv_keys_in_role (read->keys, PV_KEY_CURRENT));
}

static void
test_missing (Fixture *fixture, gconstpointer data)
{
	g_autoptr (PvProgress) read = pv_progress_load (fixture->dir, "gw1");

	g_assert_cmpuint (read->state, ==, PV_STATE_CONFIGURED);
}

static void
test_damaged (Fixture *fixture, gconstpointer data)
{
	static const char *const texts[] = {
		"nonsense",
		"[progress]\nVersion=1\nState=dancing\n",
		"[progress]\nVersion=2\nState=key\n",
		"[progress]\nVersion=1\nState=key\nAttempts=many\n",
		"[progress]\nVersion=1\nState=key\n[key 0A@mef.example.com]\nRole=king\n",
		"[progress]\nVersion=1\nState=key\n[key 0A@mef.example.com]\nExpires=1\n",
		"",
	};
	g_autofree char *path = g_build_filename (fixture->dir, "gw1.progress", NULL);
	g_autofree char *kept = g_build_filename (fixture->dir, "gw1.damaged", NULL);

	for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
		g_autoptr (PvProgress) read = NULL;
		g_autofree char *text = NULL;

		g_assert_true (g_file_set_contents (path, texts[i], -1, NULL));
		g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "*starts anew*");
		read = pv_progress_load (fixture->dir, "gw1");
		g_test_assert_expected_messages ();
		g_assert_cmpuint (read->state, ==, PV_STATE_CONFIGURED);
		g_assert_true (g_file_get_contents (kept, &text, NULL, NULL));
		g_assert_cmpstr (text, ==, texts[i]);
	}
}

static void
test_unwritable (Fixture *fixture, gconstpointer data)
{
	g_autoptr (PvProgress) progress = pv_progress_new ();
	g_autoptr (GError) error = NULL;
	g_autofree char *nowhere = g_build_filename (fixture->dir, "gone", NULL);

	g_assert_false (pv_progress_save (progress, nowhere, "gw1", &error));
	g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

static gint64
fixed_now (gpointer data)
{
	return 1000;
}

static double
fixed_random (gpointer data)
{
	return *(double *) data;
}

static void
test_backoff (void)
{
	double part = 0.999;
	const PvClock clock = {.now_s = fixed_now, .random = fixed_random, .data = &part};

	g_assert_cmpuint (pv_backoff_delay (&clock, 1, 5, 3600, 0), ==, 5);
	g_assert_cmpuint (pv_backoff_delay (&clock, 3, 5, 3600, 0), ==, 20);
	g_assert_cmpuint (pv_backoff_delay (&clock, G_MAXINT, 5, 3600, 0), ==, 3597);
	g_assert_cmpuint (pv_backoff_delay (&clock, 1, 5, 3600, 600), >=, 600);
	g_assert_cmpuint (
		pv_backoff_delay (&clock, 1, 5, 3600, G_MAXUINT), <=, PV_RETRY_AFTER_MAX_S + 5);
	part = 0;
	g_assert_cmpuint (pv_backoff_delay (&clock, 9, 5, 3600, 0), ==, 1);
	g_assert_cmpuint (pv_backoff_delay (&clock, 9, 5, 3600, 600), ==, 600);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add ("/progress/round-trip", Fixture, NULL, set_up, test_round_trip, tear_down);
	g_test_add ("/progress/missing", Fixture, NULL, set_up, test_missing, tear_down);
	g_test_add ("/progress/damaged", Fixture, NULL, set_up, test_damaged, tear_down);
	g_test_add ("/progress/unwritable", Fixture, NULL, set_up, test_unwritable, tear_down);
	g_test_add_func ("/backoff/delay", test_backoff);
	return g_test_run ();
}
