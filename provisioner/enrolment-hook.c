/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See enrolment-hook.h. Work goes in rounds: each credential that is marked once, one after the other; when
 * some are left, a pause. A mark is "NAME:GENERATION", so that a publication under way of its hook is not
 * taken for done.
 */
#include <config.h>

#include "provisioner/enrolment-hook.h"

#include <string.h>

#include "provisioner/backoff.h"
#include "provisioner/enrolment-private.h"
#include "provisioner/error.h"
#include "provisioner/journal.h"

#define SEPARATOR " "

struct _PvHook {
	PvEnrolment *enrolment;
	PvAlarm *alarm;
	gint64 retry_s, retry_steady_s; /* 0: no pause */
	guint attempts;                 /* rounds in a row that left something */
	GCancellable *running;          /* (nullable) */
	GStrv round;                    /* (nullable): marks */
	guint at;                       /* the one under way */
	gboolean more;                  /* woken meanwhile */
	char *left;                     /* (nullable): marks after the last round */
};

static char *
mark_name (const char *mark)
{
	return g_strndup (mark, strcspn (mark, ":"));
}

/* Without @mark, or without any of the credential @name. */
static void
unmark (PvProgress *progress, const char *mark, const char *name)
{
	g_auto (GStrv) marks = g_strsplit (
		progress->hooks_pending != NULL ? progress->hooks_pending : "", SEPARATOR, -1);
	g_autoptr (GString) kept = g_string_new (NULL);

	for (guint i = 0; marks[i] != NULL; i++) {
		g_autofree char *marked = mark_name (marks[i]);

		if (g_strcmp0 (marks[i], mark) == 0 || g_strcmp0 (marked, name) == 0)
			continue;
		g_string_append_printf (kept, "%s%s", kept->len > 0 ? SEPARATOR : "", marks[i]);
	}
	pv_progress_set (&progress->hooks_pending, kept->str);
}

void
pv_hook_mark (const PvContext *context,
	      PvProgress *progress,
	      const char *credential,
	      gint64 generation)
{
	g_autoptr (GPtrArray) actions = pv_settings_on_renew (context->settings, credential);
	g_autofree char *marks = NULL;

	if (actions->len == 0)
		return;
	unmark (progress, NULL, credential);
	marks = g_strdup_printf ("%s%s%s:%" G_GINT64_FORMAT,
				 progress->hooks_pending != NULL ? progress->hooks_pending : "",
				 progress->hooks_pending != NULL ? SEPARATOR : "",
				 credential,
				 generation);
	pv_progress_set (&progress->hooks_pending, marks);
}

static void
plan_retry (PvHook *hook)
{
	const PvContext *context = hook->enrolment->context;
	guint delay_s;

	hook->attempts = MIN (hook->attempts + 1, G_MAXINT);
	delay_s = pv_backoff_delay (
		context->clock,
		hook->attempts,
		pv_settings_get_seconds (context->settings, "provisioner", NULL, "RetryMinSec"),
		pv_settings_get_seconds (context->settings, "provisioner", NULL, "RetryMaxSec"),
		0);
	hook->retry_s = pv_clock_now (context->clock) + delay_s;
	hook->retry_steady_s = pv_clock_steady (context->clock) + delay_s;
	pv_alarm_set (hook->alarm, hook->retry_s);
}

static void start_round (PvHook *hook);

static void
end_round (PvHook *hook)
{
	PvProgress *progress = hook->enrolment->progress;

	g_clear_pointer (&hook->round, g_strfreev);
	pv_progress_set (&hook->left, progress->hooks_pending);
	if (progress->hooks_pending == NULL)
		hook->attempts = 0;
	else if (hook->more)
		start_round (hook);
	else
		plan_retry (hook);
}

static void next (PvHook *hook);

static void
on_done (gpointer data, const GError *error)
{
	PvHook *hook = data;
	PvEnrolment *enrolment = hook->enrolment;
	PvProgress *progress = enrolment->progress;
	const char *mark = hook->round[hook->at++];
	g_autofree char *name = mark_name (mark);

	g_clear_object (&hook->running);
	if (error == NULL || g_error_matches (error, PV_ERROR, PV_ERROR_NOT_FOUND)) {
		g_message ("%s: OnRenew= of %s: %s",
			   enrolment->name,
			   name,
			   error != NULL ? error->message : "done");
		unmark (progress, mark, NULL);
	} else {
		g_autofree char *text = g_strdup_printf ("%s: %s", name, error->message);

		pv_journal (PV_JOURNAL_HOOK_FAILED,
			    enrolment->name,
			    name,
			    "%s: OnRenew= of %s",
			    enrolment->name,
			    text);
		pv_progress_set (&progress->hooks_error, text);
	}
	if (progress->hooks_pending == NULL)
		pv_progress_set (&progress->hooks_error, NULL);
	if (!pv_enrolment_save (enrolment))
		g_debug ("%s: what was done will be done again after a restart", enrolment->name);
	next (hook);
}

static void
next (PvHook *hook)
{
	const PvHookRunner *runner = hook->enrolment->context->hooks;
	g_autofree char *name = NULL;

	if (hook->round[hook->at] == NULL) {
		end_round (hook);
		return;
	}
	name = mark_name (hook->round[hook->at]);
	hook->running = g_cancellable_new ();
	runner->run (runner->data, name, hook->running, on_done, hook);
}

static void
start_round (PvHook *hook)
{
	pv_alarm_set (hook->alarm, 0);
	hook->retry_s = hook->retry_steady_s = 0;
	hook->more = FALSE;
	hook->at = 0;
	hook->round = g_strsplit (hook->enrolment->progress->hooks_pending, SEPARATOR, -1);
	next (hook);
}

void
pv_hook_wake (PvHook *hook, gboolean at_once)
{
	const PvProgress *progress = hook->enrolment->progress;

	if (hook->enrolment->context->hooks == NULL || progress->hooks_pending == NULL)
		return;
	if (hook->round != NULL) {
		hook->more = TRUE;
		return;
	}
	if (!at_once && hook->retry_s != 0 && g_strcmp0 (progress->hooks_pending, hook->left) == 0)
		return;
	hook->attempts = 0;
	start_round (hook);
}

static void
on_due (gpointer data)
{
	PvHook *hook = data;

	hook->retry_s = 0;
	if (hook->enrolment->progress->hooks_pending != NULL)
		start_round (hook);
}

/* A pause stays as long as it was. */
static void
on_stepped (gpointer data, gint64 by_s)
{
	PvHook *hook = data;
	const PvClock *clock = hook->enrolment->context->clock;

	if (hook->retry_s == 0)
		return;
	hook->retry_s =
		MAX (pv_clock_now (clock) + hook->retry_steady_s - pv_clock_steady (clock), 1);
	pv_alarm_set (hook->alarm, hook->retry_s);
}

PvHook *
pv_hook_new (PvEnrolment *enrolment)
{
	static const PvAlarmCalls calls = {on_due, on_stepped};
	PvHook *hook = g_new0 (PvHook, 1);

	hook->enrolment = enrolment;
	hook->alarm = pv_alarm_new (enrolment->context->alarms, &calls, hook);
	return hook;
}

void
pv_hook_free (PvHook *hook)
{
	if (hook == NULL)
		return;
	if (hook->running != NULL) {
		g_cancellable_cancel (hook->running);
		g_object_unref (hook->running);
	}
	pv_alarm_free (hook->alarm);
	g_strfreev (hook->round);
	g_free (hook->left);
	g_free (hook);
}

void
pv_hook_add_status (const PvHook *hook, GVariantDict *status)
{
	const PvProgress *progress = hook->enrolment->progress;
	g_auto (GStrv) names = g_strsplit (
		progress->hooks_pending != NULL ? progress->hooks_pending : "", SEPARATOR, -1);

	for (guint i = 0; names[i] != NULL; i++)
		names[i][strcspn (names[i], ":")] = '\0';
	g_variant_dict_insert (status, "hooks", "^as", names);
	g_variant_dict_insert (
		status, "hook_error", "s", progress->hooks_error != NULL ? progress->hooks_error : "");
	g_variant_dict_insert (status, "hook_next", "x", hook->retry_s);
}
