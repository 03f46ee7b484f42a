/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One enrolment: events of its exchange, its timer and its instructions go through the machine; the
 * actions are below. Progress is on the disk before anything follows from it.
 */
#include <config.h>

#include "provisioner/enrolment-private.h"

#include <fcntl.h>
#include <unistd.h>

#include "provisioner/backoff.h"
#include "provisioner/control-names.h"
#include "provisioner/enrolment-job-keys.h"
#include "provisioner/enrolment-job.h"
#include "provisioner/error.h"
#include "provisioner/exchange-protocol.h"
#include "provisioner/journal.h"
#include "provisioner/schedule.h"

static void
clear_trace (PvEnrolment *enrolment)
{
	if (enrolment->trace_fd >= 0)
		close (enrolment->trace_fd);
	enrolment->trace_fd = -1;
}

gboolean
pv_enrolment_save (PvEnrolment *enrolment)
{
	g_autoptr (GError) error = NULL;

	if (pv_progress_save (enrolment->progress, enrolment->context->state_dir, enrolment->name, &error))
		return TRUE;
	pv_journal (PV_JOURNAL_NOT_KEPT,
		    enrolment->name,
		    NULL,
		    "%s: progress cannot be kept: %s",
		    enrolment->name,
		    error->message);
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

void
pv_enrolment_end_child (PvEnrolment *enrolment)
{
	g_clear_pointer (&enrolment->supervisor, pv_supervisor_free);
	g_clear_pointer (&enrolment->ticket, pv_ticket_free);
}

static void
tell_end (const PvEnrolment *enrolment, const char *outcome, gboolean good)
{
	const char *message = enrolment->progress->error_message;
	PvJournal kind = g_str_equal (outcome, PV_OUTCOME_DECOMMISSIONED) ? PV_JOURNAL_DECOMMISSIONED
			 : g_str_equal (outcome, PV_OUTCOME_REFUSED)      ? PV_JOURNAL_REFUSED
			 : good                                           ? PV_JOURNAL_PROVISIONED
									  : PV_JOURNAL_WAITING;

	if (good)
		pv_journal (kind, enrolment->name, NULL, "%s: %s", enrolment->name, outcome);
	else
		pv_journal (kind, enrolment->name, NULL, "%s: %s (%s)", enrolment->name, message, outcome);
}

/* The attempt is over: says so, and arms the timer for what comes next. */
static void
end_attempt (PvEnrolment *enrolment, const char *outcome)
{
	PvProgress *progress = enrolment->progress;
	gint64 now = pv_clock_now (enrolment->context->clock);
	gboolean good = g_str_equal (outcome, PV_OUTCOME_PROVISIONED) ||
			g_str_equal (outcome, PV_OUTCOME_DECOMMISSIONED);
	gboolean saved;

	saved = pv_enrolment_save (enrolment);
	tell_end (enrolment, outcome, good && saved);
	pv_enrolment_end_child (enrolment);
	clear_trace (enrolment);
	pv_enrolment_arm (enrolment);
	enrolment->calls.finished (
		enrolment->data,
		enrolment->name,
		outcome,
		good || progress->error_code == NULL ? "" : progress->error_code,
		good || progress->error_message == NULL ? "" : progress->error_message,
		good ? 0 : CLAMP (progress->next_s - now, 0, G_MAXUINT32));
	pv_retire_answer (enrolment);
}

static void
act_finish (PvEnrolment *enrolment)
{
	PvProgress *progress = enrolment->progress;

	progress->attempts = progress->failing_s = 0;
	enrolment->alerted_s = 0;
	pv_enrolment_note_error (enrolment, NULL, NULL);
	pv_job_postpone_looks (enrolment->context, progress);
	progress->next_s = pv_schedule_next (progress);
	end_attempt (enrolment, PV_OUTCOME_PROVISIONED);
}

static void
act_retry (PvEnrolment *enrolment, gboolean slow)
{
	const PvContext *context = enrolment->context;
	PvProgress *progress = enrolment->progress;
	guint min_s = pv_settings_get_seconds (context->settings, "provisioner", NULL, "RetryMinSec");
	guint max_s = pv_settings_get_seconds (context->settings, "provisioner", NULL, "RetryMaxSec");
	guint refused_s =
		pv_settings_get_seconds (context->settings, "provisioner", NULL, "RetryRefusedSec");
	guint delay_s;

	progress->attempts = MIN (progress->attempts + 1, G_MAXINT32);
	delay_s = pv_backoff_delay (context->clock,
				    progress->attempts,
				    min_s,
				    max_s,
				    slow ? refused_s : enrolment->retry_after_s);
	pv_enrolment_plan_retry (enrolment, delay_s);
	pv_enrolment_alert (enrolment);
	end_attempt (enrolment, slow ? PV_OUTCOME_REFUSED : PV_OUTCOME_WAITING);
}

static void
fail_start (PvEnrolment *enrolment, const GError *error)
{
	pv_enrolment_note_error (enrolment, pv_error_name (error), error->message);
	if (enrolment->progress->state == PV_STATE_DECOMMISSIONING)
		pv_retire_ended (enrolment, FALSE);
	else
		pv_enrolment_step (enrolment,
				   pv_error_is_permanent (error) ? PV_EVENT_DENIED : PV_EVENT_FAILED);
}

static void
start_child (PvEnrolment *enrolment, const char *purpose)
{
	const PvContext *context = enrolment->context;
	const PvJobOrder order = {purpose, enrolment->trace_fd >= 0};
	g_autoptr (GError) error = NULL;
	g_auto (PvScope) scope = {NULL, NULL};
	g_autofree char *job = pv_job_build (
		context, enrolment->name, &order, enrolment->progress, &scope, &error);

	if (job != NULL)
		enrolment->supervisor = pv_supervisor_start (&context->exchange,
							     job,
							     &scope,
							     enrolment->trace_fd,
							     &pv_enrolment_supervisor_calls,
							     enrolment,
							     &error);
	clear_trace (enrolment);
	g_free (enrolment->key_wish);
	enrolment->key_wish = pv_job_key_wish (context, enrolment->name);
	if (enrolment->supervisor == NULL)
		fail_start (enrolment, error);
}

/* Records what the progress belongs to; another MEF, stakeholder or client starts anew. FALSE: it does. */
static gboolean
check_identity (PvEnrolment *enrolment)
{
	const PvSettings *settings = enrolment->context->settings;
	PvProgress *progress = enrolment->progress;
	g_autofree char *mef = pv_settings_get (settings, "enrolment", enrolment->name, "MEF");
	g_autofree char *fqdn = pv_settings_get (settings, "mef", mef, "FQDN");
	g_autofree char *admin = pv_settings_get (settings, "mef", mef, "AdminFQDN");
	g_autofree char *client = pv_settings_get (settings, "enrolment", enrolment->name, "Client");
	gboolean same = TRUE;

	if (progress->mef != NULL &&
	    (g_strcmp0 (progress->mef, fqdn) != 0 || g_strcmp0 (progress->admin, admin) != 0 ||
	     g_strcmp0 (progress->client, client) != 0)) {
		g_message ("%s: another MEF, stakeholder or client than before: starts anew",
			   enrolment->name);
		same = FALSE;
		progress = pv_progress_new ();
		if (enrolment->progress->state == PV_STATE_DECOMMISSIONED)
			progress->state = PV_STATE_DECOMMISSIONED; /* until an instruction */
		progress->hooks_pending = g_steal_pointer (&enrolment->progress->hooks_pending);
		pv_progress_free (enrolment->progress);
		enrolment->progress = progress;
	}
	pv_progress_set (&progress->mef, fqdn);
	pv_progress_set (&progress->admin, admin);
	pv_progress_set (&progress->client, client);
	return same;
}

/* What is asked for lies in the future, and certificates are judged: both need the time. */
static gboolean
check_clock (const PvClock *clock, GError **error)
{
	g_autofree char *now = pv_journal_time (pv_clock_now (clock));

	if (pv_clock_now (clock) >= PV_CLOCK_MIN_S)
		return TRUE;
	g_set_error (error,
		     PV_ERROR,
		     PV_ERROR_LOCAL,
		     "the clock is not set: it says %s",
		     now);
	return FALSE;
}

/* A slot is free: the exchange, with what is missing now. */
static void
on_turn (gpointer data)
{
	PvEnrolment *enrolment = data;
	PvProgress *progress = enrolment->progress;
	g_autoptr (GError) error = NULL;

	if (progress->state == PV_STATE_DECOMMISSIONING)
		start_child (enrolment, PV_PURPOSE_DECOMMISSION);
	else if (!check_clock (enrolment->context->clock, &error) ||
		 !pv_job_reconcile (enrolment->context, enrolment->name, progress, &error))
		fail_start (enrolment, error);
	else if (!pv_enrolment_save (enrolment))
		pv_enrolment_step (enrolment, PV_EVENT_DIED);
	else
		start_child (enrolment, PV_PURPOSE_ENROL);
	pv_hook_wake (enrolment->hook, FALSE); /* of a publication that was not noted before */
}

static void
act_start (PvEnrolment *enrolment)
{
	PvProgress *progress = enrolment->progress;

	pv_enrolment_end_child (enrolment);
	pv_alarm_set (enrolment->alarm, 0);
	enrolment->retry_steady_s = 0;
	enrolment->said = PV_SAID_NOTHING;
	enrolment->retry_after_s = 0;
	progress->next_s = 0;
	pv_progress_set (&progress->refused, NULL);
	pv_enrolment_note_error (enrolment, NULL, NULL);
	if (!pv_enrolment_save (enrolment))
		pv_enrolment_step (enrolment, PV_EVENT_DIED);
	else if (progress->state == PV_STATE_DECOMMISSIONING && progress->registration_id == NULL &&
		 !pv_job_has_own_keys (progress))
		pv_retire_ended (enrolment, TRUE); /* nothing to tell the MEF */
	else
		enrolment->ticket = pv_slots_ask (enrolment->context->slots, on_turn, enrolment);
}

/* A decommissioning that was refused: what was due stays so. */
static void
act_keep (PvEnrolment *enrolment)
{
	enrolment->progress->force = 0;
	if (enrolment->progress->state == PV_STATE_WAITING) {
		act_retry (enrolment, FALSE);
		return;
	}
	enrolment->progress->next_s = pv_schedule_next (enrolment->progress);
	end_attempt (enrolment, PV_OUTCOME_REFUSED);
}

static void
act_forget (PvEnrolment *enrolment)
{
	pv_retire_forget (enrolment);
	end_attempt (enrolment, PV_OUTCOME_DECOMMISSIONED);
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
		pv_enrolment_rearm (enrolment);
		return;
	case PV_ACTION_KEEP:
		act_keep (enrolment);
		return;
	case PV_ACTION_FORGET:
		act_forget (enrolment);
		return;
	}
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
	enrolment->trace_fd = -1;
	enrolment->alarm = pv_alarm_new (context->alarms, &pv_enrolment_alarm_calls, enrolment);
	enrolment->hook = pv_hook_new (enrolment);
	enrolment->progress = pv_progress_load (context->state_dir, name);
	(void) check_identity (enrolment);
	return enrolment;
}

void
pv_enrolment_free (PvEnrolment *enrolment)
{
	if (enrolment == NULL)
		return;
	pv_hook_free (enrolment->hook);
	pv_alarm_free (enrolment->alarm);
	pv_enrolment_end_child (enrolment);
	pv_probe_free (enrolment->probe);
	pv_retire_free (enrolment->retire);
	clear_trace (enrolment);
	pv_progress_free (enrolment->progress);
	g_free (enrolment->key_wish);
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
	pv_hook_wake (enrolment->hook, TRUE);
}

void
pv_enrolment_reload (PvEnrolment *enrolment)
{
	pv_hook_wake (enrolment->hook, TRUE);
	if (!check_identity (enrolment)) {
		pv_enrolment_end_child (enrolment);
		pv_retire_answer (enrolment);
		pv_alarm_set (enrolment->alarm, 0);
		pv_enrolment_resume (enrolment);
	} else if (enrolment->progress->next_s != 0) {
		pv_enrolment_rearm (enrolment);
	} else if (enrolment->ticket == NULL) {
		pv_enrolment_resume (enrolment); /* now with an implicit instruction, perhaps */
	}
}

static gboolean
refuse_busy (const PvEnrolment *enrolment, const char *what, GError **error)
{
	g_set_error (error, PV_ERROR, PV_ERROR_CONFLICT, "%s: %s", enrolment->name, what);
	return FALSE;
}

/* What is published is made anew, also over a restart. */
static void
make_due (PvEnrolment *enrolment)
{
	PvProgress *progress = enrolment->progress;
	gint64 now = pv_clock_now (enrolment->context->clock);

	if (progress->certificate_published_s != 0)
		progress->certificate_renew_s = now;
	if (progress->key_published_s != 0)
		progress->key_renew_s = now;
}

gboolean
pv_enrolment_instruct (PvEnrolment *enrolment, int trace_fd, GError **error)
{
	gboolean under_way = pv_state_is_exchange (enrolment->progress->state);

	if (enrolment->progress->state == PV_STATE_DECOMMISSIONING)
		return refuse_busy (enrolment, "it is being decommissioned", error);
	if (under_way && trace_fd >= 0)
		return refuse_busy (enrolment, "an attempt without trace is under way", error);
	if (under_way)
		return TRUE;
	if (trace_fd >= 0)
		enrolment->trace_fd = fcntl (trace_fd, F_DUPFD_CLOEXEC, 3);
	make_due (enrolment);
	pv_enrolment_step (enrolment, PV_EVENT_INSTRUCTED);
	return TRUE;
}

gboolean
pv_enrolment_renew (PvEnrolment *enrolment, GError **error)
{
	const PvProgress *progress = enrolment->progress;

	if (progress->state == PV_STATE_DECOMMISSIONING)
		return refuse_busy (enrolment, "it is being decommissioned", error);
	if (progress->certificate_published_s == 0 && progress->key_published_s == 0) {
		g_set_error (error,
			     PV_ERROR,
			     PV_ERROR_NOT_FOUND,
			     "%s: nothing was provisioned yet",
			     enrolment->name);
		return FALSE;
	}
	make_due (enrolment); /* and after what is under way, if that does not do it */
	pv_enrolment_step (enrolment, PV_EVENT_INSTRUCTED);
	return TRUE;
}

const char *
pv_enrolment_name (const PvEnrolment *enrolment)
{
	return enrolment->name;
}

static void
add_keys_status (const PvProgress *progress, GVariantDict *dict)
{
	static const struct {
		const char *key;
		PvKeyRole role;
	} lists[] = {
		{"keys", PV_KEY_CURRENT},
		{"keys_retiring", PV_KEY_RETIRING},
		{"keys_retrieved", PV_KEY_OF_OTHERS},
	};

	for (gsize i = 0; i < G_N_ELEMENTS (lists); i++) {
		g_auto (GStrv) identifiers = pv_keys_identifiers (progress->keys, lists[i].role);

		g_variant_dict_insert (dict, lists[i].key, "^as", identifiers);
	}
}

GVariant *
pv_enrolment_status (const PvEnrolment *enrolment)
{
	const PvProgress *progress = enrolment->progress;
	g_autofree char *mef_name =
		pv_settings_get (enrolment->context->settings, "enrolment", enrolment->name, "MEF");
	const struct {
		const char *key, *text;
	} texts[] = {
		{"state", pv_state_name (progress->state)},
		{"error", progress->error_message},
		{"error_code", progress->error_code},
		{"mef", progress->mef},
		{"mef_name", mef_name},
		{"admin", progress->admin},
		{"client", progress->client},
		{"authenticated_by", progress->authenticated_by},
		{"authenticated_with", progress->authenticated_with},
		{"refused", progress->refused},
		{"registration", progress->registration_id},
	};
	const struct {
		const char *key;
		gint64 time_s;
	} times[] = {
		{"since", progress->since_s},
		{"next", progress->next_s},
		{"registration_expires", progress->registration_expires_s},
		{"published", MAX (progress->certificate_published_s, progress->key_published_s)},
		{"not_after", progress->not_after_s},
		{"key_not_after", progress->key_not_after_s},
		{"renew", pv_schedule_next_renewal (progress)},
		{"certificate_renew", progress->certificate_renew_s},
		{"key_renew", progress->key_renew_s},
		{"registration_renew", progress->registration_renew_s},
		{"commands", progress->commands_due_s},
	};
	GVariantDict dict;

	g_variant_dict_init (&dict, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
		g_variant_dict_insert (
			&dict, texts[i].key, "s", texts[i].text != NULL ? texts[i].text : "");
	for (gsize i = 0; i < G_N_ELEMENTS (times); i++)
		g_variant_dict_insert (&dict, times[i].key, "x", times[i].time_s);
	g_variant_dict_insert (&dict, "attempts", "u", (guint32) progress->attempts);
	add_keys_status (progress, &dict);
	pv_hook_add_status (enrolment->hook, &dict);
	return g_variant_dict_end (&dict);
}
