/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OnRenew= of an enrolment with a runner and a clock of the test's own: marks, rounds, pauses, and what comes
 * while a round is under way.
 */
#include <config.h>

#include <glib/gstdio.h>

#include "provisioner/enrolment-private.h"
#include "provisioner/error.h"

typedef struct {
	gint64 now_s, steady_s;
	char *dir;
	PvClock clock;
	PvHookRunner runner;
	PvContext context;
	PvEnrolment *enrolment;
	GString *asked; /* names, each with a blank behind */
	PvHookDone done; /* (nullable): of what is under way */
	gpointer done_data;
	GCancellable *cancellable; /* (nullable) */
} Fixture;

static gint64
now (gpointer data)
{
	return ((Fixture *) data)->now_s;
}

static gint64
steady (gpointer data)
{
	return ((Fixture *) data)->steady_s;
}

static double
most (gpointer data)
{
	return 0.999999;
}

static void
run (gpointer data,
     const char *credential,
     GCancellable *cancellable,
     PvHookDone done,
     gpointer done_data)
{
	Fixture *fixture = data;

	g_assert_null (fixture->done);
	g_string_append_printf (fixture->asked, "%s ", credential);
	fixture->done = done;
	fixture->done_data = done_data;
	g_set_object (&fixture->cancellable, cancellable);
}

static void
on_phase (gpointer data,
	  const char *name,
	  const char *phase,
	  const char *state,
	  guint ms,
	  const char *clause)
{
}

static void
on_finished (gpointer data,
	     const char *name,
	     const char *outcome,
	     const char *code,
	     const char *message,
	     guint retry_s)
{
}

static const PvEnrolmentCalls calls = {on_phase, on_finished};

static void
set_up (Fixture *fixture, gconstpointer data)
{
	static const char settings[] =
		"[provisioner]\nRetryMinSec=10\nRetryMaxSec=30\n"
		"[mef m]\nFQDN=mef.example.com\nAdminFQDN=sp.example.com\n"
		"[enrolment gw]\nMEF=m\nClient=//sp.example.com/gw\nBootstrapKey=kpm\n"
		"[credential gw]\nOnRenew=reload x\n[credential gw-key]\nOnRenew=reload y\n";
	g_autofree char *file = NULL;

	fixture->dir = g_dir_make_tmp ("enrolee-test-XXXXXX", NULL);
	file = g_build_filename (fixture->dir, "enrolee.conf", NULL);
	g_assert_true (g_file_set_contents (file, settings, -1, NULL));
	fixture->now_s = 1000000;
	fixture->clock = (PvClock){now, steady, most, fixture, TRUE};
	fixture->runner = (PvHookRunner){run, fixture};
	fixture->asked = g_string_new (NULL);
	fixture->context = (PvContext){
		.settings = pv_settings_load (fixture->dir, NULL),
		.clock = &fixture->clock,
		.alarms = pv_alarms_new (&fixture->clock),
		.slots = pv_slots_new (1),
		.state_dir = fixture->dir,
		.hooks = &fixture->runner,
	};
	g_assert_nonnull (fixture->context.settings);
	fixture->enrolment = pv_enrolment_new (&fixture->context, "gw", &calls, fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
	g_autoptr (GDir) dir = g_dir_open (fixture->dir, 0, NULL);
	const char *name;

	pv_enrolment_free (fixture->enrolment);
	pv_alarms_free (fixture->context.alarms);
	pv_slots_free (fixture->context.slots);
	pv_settings_free ((PvSettings *) fixture->context.settings);
	g_clear_object (&fixture->cancellable);
	g_string_free (fixture->asked, TRUE);
	while ((name = g_dir_read_name (dir)) != NULL) {
		g_autofree char *path = g_build_filename (fixture->dir, name, NULL);

		g_unlink (path);
	}
	g_rmdir (fixture->dir);
	g_free (fixture->dir);
}

static void
mark (Fixture *fixture, const char *credential, gint64 generation)
{
	pv_hook_mark (&fixture->context, fixture->enrolment->progress, credential, generation);
}

/* What is under way ends. */
static void
end (Fixture *fixture, PvErrorCode code)
{
	PvHookDone done = fixture->done;
	g_autoptr (GError) error =
		code == 0 ? NULL : g_error_new (PV_ERROR, code, "because of %d", code);

	g_assert_nonnull (done);
	fixture->done = NULL;
	done (fixture->done_data, error);
}

static void
fail_end (Fixture *fixture)
{
	end (fixture, PV_ERROR_KEYSTORE);
}

static void
pass (Fixture *fixture, gint64 seconds)
{
	fixture->now_s += seconds;
	fixture->steady_s += seconds;
	pv_alarms_look (fixture->context.alarms);
}

static void
assert_asked (Fixture *fixture, const char *wanted)
{
	g_assert_cmpstr (fixture->asked->str, ==, wanted);
	g_string_truncate (fixture->asked, 0);
}

/* As a restart would read it. */
static void
assert_kept (Fixture *fixture, const char *pending)
{
	g_autoptr (PvProgress) kept = pv_progress_load (fixture->dir, "gw");

	g_assert_cmpstr (kept->hooks_pending, ==, pending);
	g_assert_cmpint (kept->hooks_error == NULL, ==, pending == NULL);
}

static void
test_done (Fixture *fixture, gconstpointer data)
{
	pv_hook_wake (fixture->enrolment->hook, TRUE);
	mark (fixture, "other", 1); /* has no OnRenew= */
	g_assert_null (fixture->enrolment->progress->hooks_pending);
	mark (fixture, "gw", 1);
	mark (fixture, "gw-key", 2);
	mark (fixture, "gw", 3);
	g_assert_cmpstr (fixture->enrolment->progress->hooks_pending, ==, "gw-key:2 gw:3");
	pv_hook_wake (fixture->enrolment->hook, FALSE);
	assert_asked (fixture, "gw-key ");
	end (fixture, 0);
	g_assert_cmpstr (fixture->enrolment->progress->hooks_pending, ==, "gw:3");
	assert_asked (fixture, "gw ");
	end (fixture, PV_ERROR_NOT_FOUND); /* not wanted any more is done as well */
	assert_asked (fixture, "");
	assert_kept (fixture, NULL);
	pass (fixture, 100000);
	assert_asked (fixture, "");
}

static void
test_pauses (Fixture *fixture, gconstpointer data)
{
	static const guint pauses_s[] = {10, 20, 30, 30}; /* the longest that chance allows */

	mark (fixture, "gw", 1);
	mark (fixture, "gw-key", 2);
	pv_hook_wake (fixture->enrolment->hook, FALSE);
	for (gsize i = 0; i < G_N_ELEMENTS (pauses_s); i++) {
		assert_asked (fixture, "gw ");
		fail_end (fixture);
		assert_asked (fixture, "gw-key "); /* one that fails does not keep others from being done */
		fail_end (fixture);
		assert_kept (fixture, "gw:1 gw-key:2");
		pv_hook_wake (fixture->enrolment->hook, FALSE); /* an exchange without publication */
		pass (fixture, pauses_s[i] - 1);
		assert_asked (fixture, "");
		pass (fixture, 1);
	}
	end (fixture, 0);
	fail_end (fixture);
	assert_kept (fixture, "gw-key:2");
	g_string_truncate (fixture->asked, 0);
	mark (fixture, "gw", 4);
	pv_hook_wake (fixture->enrolment->hook, FALSE); /* something new: now, and both */
	end (fixture, 0);
	end (fixture, 0);
	assert_asked (fixture, "gw-key gw ");
	assert_kept (fixture, NULL);
}

static void
test_meanwhile (Fixture *fixture, gconstpointer data)
{
	mark (fixture, "gw", 1);
	pv_hook_wake (fixture->enrolment->hook, FALSE);
	mark (fixture, "gw", 2);
	pv_hook_wake (fixture->enrolment->hook, FALSE);
	assert_asked (fixture, "gw ");
	end (fixture, 0);
	assert_asked (fixture, "gw "); /* the later one, at once */
	g_assert_cmpstr (fixture->enrolment->progress->hooks_pending, ==, "gw:2");
	end (fixture, 0);
	assert_asked (fixture, "");
	assert_kept (fixture, NULL);
}

static void
test_clock (Fixture *fixture, gconstpointer data)
{
	mark (fixture, "gw", 1);
	pv_hook_wake (fixture->enrolment->hook, FALSE);
	fail_end (fixture);
	assert_asked (fixture, "gw ");
	fixture->now_s -= 900000; /* stepped: the pause stays 10 s */
	pv_alarms_look (fixture->context.alarms);
	pass (fixture, 9);
	assert_asked (fixture, "");
	pass (fixture, 1);
	assert_asked (fixture, "gw ");
	fail_end (fixture);
	pv_hook_wake (fixture->enrolment->hook, TRUE); /* other settings: at once */
	assert_asked (fixture, "gw ");
	end (fixture, 0);
}

static void
test_end (Fixture *fixture, gconstpointer data)
{
	mark (fixture, "gw", 1);
	g_assert_true (pv_enrolment_save (fixture->enrolment));
	pv_hook_wake (fixture->enrolment->hook, FALSE);
	assert_asked (fixture, "gw ");
	pv_enrolment_free (fixture->enrolment);
	g_assert_true (g_cancellable_is_cancelled (fixture->cancellable));
	fixture->done = NULL;
	fixture->enrolment = pv_enrolment_new (&fixture->context, "gw", &calls, fixture);
	pv_enrolment_resume (fixture->enrolment);
	assert_asked (fixture, "gw ");
	end (fixture, 0);
	assert_kept (fixture, NULL);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL); /* failures are warnings */
	g_test_add ("/hook/done", Fixture, NULL, set_up, test_done, tear_down);
	g_test_add ("/hook/pauses", Fixture, NULL, set_up, test_pauses, tear_down);
	g_test_add ("/hook/meanwhile", Fixture, NULL, set_up, test_meanwhile, tear_down);
	g_test_add ("/hook/clock", Fixture, NULL, set_up, test_clock, tear_down);
	g_test_add ("/hook/end", Fixture, NULL, set_up, test_end, tear_down);
	return g_test_run ();
}
