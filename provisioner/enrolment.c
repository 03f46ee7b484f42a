/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One enrolment: events of its exchange, its timer and its instructions go through the machine; the
 * actions are below. Progress is on the disk before anything follows from it.
 */
#include <config.h>

#include "provisioner/enrolment-private.h"

#include "provisioner/backoff.h"
#include "provisioner/control-names.h"
#include "provisioner/enrolment-job.h"
#include "provisioner/error.h"

/* A step of the wall clock is seen within this time. */
#define TIMER_MAX_S 3600

static void arm (PvEnrolment *enrolment);

gboolean
pv_enrolment_save (PvEnrolment *enrolment)
{
	g_autoptr (GError) error = NULL;

	if (pv_progress_save (enrolment->progress, enrolment->context->state_dir, enrolment->name, &error))
		return TRUE;
	g_warning ("%s: progress cannot be kept: %s", enrolment->name, error->message);
	pv_progress_set (&enrolment->progress->error_code, "local");
	pv_progress_set (&enrolment->progress->error_message, error->message);
	return FALSE;
}

void
pv_enrolment_note_error (PvEnrolment *enrolment, const char *code, const char *message)
{
	pv_progress_set (&enrolment->progress->error_code, code);
	pv_progress_set (&enrolment->progress->error_message, message);
}

/* The attempt is over: says so, and arms the timer for what comes next. */
static void
end_attempt (PvEnrolment *enrolment, const char *outcome)
{
	PvProgress *progress = enrolment->progress;
	gint64 now = pv_clock_now (enrolment->context->clock);
	gboolean good = g_str_equal (outcome, PV_OUTCOME_PROVISIONED);
	gboolean saved;

	saved = pv_enrolment_save (enrolment);
	if (good && saved)
		g_message ("%s: provisioned", enrolment->name);
	else
		g_message ("%s: %s (%s)", enrolment->name, progress->error_message, outcome);
	enrolment->calls.finished (
		enrolment->data,
		enrolment->name,
		outcome,
		good || progress->error_code == NULL ? "" : progress->error_code,
		good || progress->error_message == NULL ? "" : progress->error_message,
		good ? 0 : MAX (progress->next_s - now, 0));
	arm (enrolment);
}

static void
act_finish (PvEnrolment *enrolment)
{
	PvProgress *progress = enrolment->progress;

	progress->attempts = 0;
	pv_enrolment_note_error (enrolment, NULL, NULL);
	progress->next_s = progress->renew_s;
	if (progress->commands_due_s != 0 &&
	    (progress->next_s == 0 || progress->commands_due_s < progress->next_s))
		progress->next_s = progress->commands_due_s;
	end_attempt (enrolment, PV_OUTCOME_PROVISIONED);
}

static void
act_retry (PvEnrolment *enrolment, gboolean slow)
{
	const PvContext *context = enrolment->context;
	PvProgress *progress = enrolment->progress;
	guint min_s = pv_settings_get_seconds (context->settings, "provisioner", NULL, "RetryMinSec");
	guint max_s = pv_settings_get_seconds (context->settings, "provisioner", NULL, "RetryMaxSec");

	progress->attempts++;
	progress->next_s =
		pv_clock_now (context->clock) +
		pv_backoff_delay (context->clock,
				  MIN (progress->attempts, G_MAXINT),
				  min_s,
				  max_s,
				  slow ? PV_BACKOFF_REFUSED_S : enrolment->retry_after_s);
	end_attempt (enrolment, slow ? PV_OUTCOME_REFUSED : PV_OUTCOME_WAITING);
}

static void
fail_start (PvEnrolment *enrolment, const GError *error)
{
	pv_enrolment_note_error (enrolment, pv_error_name (error), error->message);
	pv_enrolment_step (enrolment,
			   pv_error_is_permanent (error) ? PV_EVENT_DENIED : PV_EVENT_FAILED);
}

/* Records what the progress belongs to; another MEF, stakeholder or client starts anew. */
static void
check_identity (PvEnrolment *enrolment)
{
	const PvSettings *settings = enrolment->context->settings;
	PvProgress *progress = enrolment->progress;
	g_autofree char *mef = pv_settings_get (settings, "enrolment", enrolment->name, "MEF");
	g_autofree char *fqdn = pv_settings_get (settings, "mef", mef, "FQDN");
	g_autofree char *admin = pv_settings_get (settings, "mef", mef, "AdminFQDN");
	g_autofree char *client = pv_settings_get (settings, "enrolment", enrolment->name, "Client");

	if (progress->mef != NULL &&
	    (g_strcmp0 (progress->mef, fqdn) != 0 || g_strcmp0 (progress->admin, admin) != 0 ||
	     g_strcmp0 (progress->client, client) != 0)) {
		g_message ("%s: another MEF, stakeholder or client than before: starts anew",
			   enrolment->name);
		pv_progress_free (progress);
		progress = enrolment->progress = pv_progress_new ();
	}
	pv_progress_set (&progress->mef, fqdn);
	pv_progress_set (&progress->admin, admin);
	pv_progress_set (&progress->client, client);
}

static void
act_start (PvEnrolment *enrolment)
{
	const PvContext *context = enrolment->context;
	g_autoptr (GError) error = NULL;
	g_autofree char *job = NULL;

	g_clear_pointer (&enrolment->supervisor, pv_supervisor_free);
	enrolment->said = PV_SAID_NOTHING;
	enrolment->retry_after_s = 0;
	enrolment->progress->next_s = 0;
	pv_enrolment_note_error (enrolment, NULL, NULL);
	if (!pv_job_reconcile (context, enrolment->name, enrolment->progress, &error)) {
		fail_start (enrolment, error);
		return;
	}
	if (!pv_enrolment_save (enrolment)) {
		pv_enrolment_step (enrolment, PV_EVENT_DIED);
		return;
	}
	job = pv_job_build (context, enrolment->name, enrolment->progress, &error);
	if (job != NULL)
		enrolment->supervisor = pv_supervisor_start (
			&context->exchange, job, &pv_enrolment_supervisor_calls, enrolment, &error);
	if (enrolment->supervisor == NULL)
		fail_start (enrolment, error);
}

void
pv_enrolment_step (PvEnrolment *enrolment, PvEvent event)
{
	PvProgress *progress = enrolment->progress;
	PvAction action;
	PvState next = pv_machine_step (progress->state, event, &action);

	g_debug ("%s: %s, %s: %s %s",
		 enrolment->name,
		 pv_state_name (progress->state),
		 pv_event_word (event),
		 pv_state_name (next),
		 pv_action_name (action));
	if (next != progress->state)
		progress->since_s = pv_clock_now (enrolment->context->clock);
	progress->state = next;
	switch (action) {
	case PV_ACTION_NONE:
		return;
	case PV_ACTION_START:
		act_start (enrolment);
		return;
	case PV_ACTION_SAVE:
		if (!pv_enrolment_save (enrolment) && enrolment->supervisor != NULL)
			pv_supervisor_end (enrolment->supervisor, progress->error_message);
		return;
	case PV_ACTION_FINISH:
		act_finish (enrolment);
		return;
	case PV_ACTION_RETRY:
		act_retry (enrolment, FALSE);
		return;
	case PV_ACTION_RETRY_SLOW:
		act_retry (enrolment, TRUE);
		return;
	case PV_ACTION_REARM:
		arm (enrolment);
		return;
	}
}

static gboolean
on_timer (gpointer data)
{
	PvEnrolment *enrolment = data;

	enrolment->timer = 0;
	if (enrolment->progress->next_s <= pv_clock_now (enrolment->context->clock))
		pv_enrolment_step (enrolment, PV_EVENT_DUE);
	else
		arm (enrolment);
	return G_SOURCE_REMOVE;
}

static void
arm (PvEnrolment *enrolment)
{
	gint64 wait_s = enrolment->progress->next_s - pv_clock_now (enrolment->context->clock);

	g_clear_handle_id (&enrolment->timer, g_source_remove);
	if (enrolment->progress->next_s != 0)
		enrolment->timer =
			g_timeout_add_seconds (CLAMP (wait_s, 0, TIMER_MAX_S), on_timer, enrolment);
}

PvEnrolment *
pv_enrolment_new (const PvContext *context,
		  const char *name,
		  const PvEnrolmentCalls *calls,
		  gpointer data)
{
	PvEnrolment *enrolment = g_new0 (PvEnrolment, 1);

	enrolment->context = context;
	enrolment->name = g_strdup (name);
	enrolment->calls = *calls;
	enrolment->data = data;
	enrolment->progress = pv_progress_load (context->state_dir, name);
	check_identity (enrolment);
	return enrolment;
}

void
pv_enrolment_free (PvEnrolment *enrolment)
{
	if (enrolment == NULL)
		return;
	g_clear_handle_id (&enrolment->timer, g_source_remove);
	pv_supervisor_free (enrolment->supervisor);
	pv_progress_free (enrolment->progress);
	g_free (enrolment->name);
	g_free (enrolment);
}

void
pv_enrolment_resume (PvEnrolment *enrolment)
{
	g_autofree char *start = pv_settings_get (
		enrolment->context->settings, "enrolment", enrolment->name, "Start");

	pv_enrolment_step (enrolment, PV_EVENT_RESUMED);
	if (enrolment->progress->state == PV_STATE_CONFIGURED && g_strcmp0 (start, "implicit") == 0)
		pv_enrolment_step (enrolment, PV_EVENT_INSTRUCTED);
}

void
pv_enrolment_instruct (PvEnrolment *enrolment)
{
	/* also anew what is provisioned, and over a restart */
	if (!pv_state_is_exchange (enrolment->progress->state) && enrolment->progress->published_s != 0)
		enrolment->progress->renew_s = pv_clock_now (enrolment->context->clock);
	pv_enrolment_step (enrolment, PV_EVENT_INSTRUCTED);
}

const char *
pv_enrolment_name (const PvEnrolment *enrolment)
{
	return enrolment->name;
}

GVariant *
pv_enrolment_status (const PvEnrolment *enrolment)
{
	const PvProgress *progress = enrolment->progress;
	GVariantDict dict;

	g_variant_dict_init (&dict, NULL);
	g_variant_dict_insert (&dict, "state", "s", pv_state_name (progress->state));
	g_variant_dict_insert (&dict, "since", "x", progress->since_s);
	g_variant_dict_insert (&dict, "attempts", "u", (guint32) progress->attempts);
	g_variant_dict_insert (&dict, "next", "x", progress->next_s);
	g_variant_dict_insert (&dict, "mef", "s", progress->mef != NULL ? progress->mef : "");
	g_variant_dict_insert (&dict, "client", "s", progress->client != NULL ? progress->client : "");
	g_variant_dict_insert (&dict,
			       "registration",
			       "s",
			       progress->registration_id != NULL ? progress->registration_id : "");
	g_variant_dict_insert (&dict, "not_after", "x", progress->not_after_s);
	g_variant_dict_insert (
		&dict, "error", "s", progress->error_message != NULL ? progress->error_message : "");
	g_variant_dict_insert (
		&dict, "error_code", "s", progress->error_code != NULL ? progress->error_code : "");
	return g_variant_dict_end (&dict);
}
