/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The events of an exchange's child (exchange-protocol.h), each to its place in the progress and to
 * the machine. The child parses what the network sends: nothing it says is believed without a look.
 */
#include <config.h>

#include <string.h>

#include "provisioner/enrolment-job.h"
#include "provisioner/enrolment-private.h"
#include "provisioner/error.h"
#include "provisioner/exchange-protocol.h"
#include "provisioner/journal.h"
#include "provisioner/limits.h"
#include "provisioner/schedule.h"

/* An MEF that does not extend a registration is not asked all the time. */
#define REGISTRATION_PAUSE_S 60

const char *
pv_take_text (JsonObject *event, const char *member)
{
	JsonNode *node = json_object_get_member (event, member);
	const char *text = node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
					   json_node_get_value_type (node) == G_TYPE_STRING
				   ? json_node_get_string (node)
				   : "";

	return strlen (text) <= PV_BODY_MAX ? text : "";
}

gint64
pv_take_number (JsonObject *event, const char *member, gint64 max)
{
	JsonNode *node = json_object_get_member (event, member);
	gint64 value = 0;

	if (node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
	    json_node_get_value_type (node) == G_TYPE_INT64)
		value = json_node_get_int (node);
	return CLAMP (value, 0, max);
}

gboolean
pv_take_boolean (JsonObject *event, const char *member)
{
	JsonNode *node = json_object_get_member (event, member);

	return node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
	       json_node_get_value_type (node) == G_TYPE_BOOLEAN && json_node_get_boolean (node);
}

void
pv_enrolment_take_facts (GVariantDict *facts, JsonObject *event)
{
	JsonObjectIter iter;
	const char *member;
	JsonNode *node;

	json_object_iter_init (&iter, event);
	while (json_object_iter_next (&iter, &member, &node)) {
		if (g_str_equal (member, "event") || g_str_equal (member, "time") ||
		    !JSON_NODE_HOLDS_VALUE (node))
			continue;
		if (json_node_get_value_type (node) == G_TYPE_STRING)
			g_variant_dict_insert (facts, member, "s", pv_take_text (event, member));
		else if (json_node_get_value_type (node) == G_TYPE_BOOLEAN)
			g_variant_dict_insert (facts, member, "b", json_node_get_boolean (node));
		else if (json_node_get_value_type (node) == G_TYPE_INT64)
			g_variant_dict_insert (facts, member, "x", json_node_get_int (node));
	}
}

void
pv_enrolment_take_failure (GVariantDict *facts, const char *code, const char *message)
{
	g_variant_dict_insert (facts, "error_code", "s", code != NULL ? code : "local");
	g_variant_dict_insert (facts, "error", "s", message != NULL ? message : "");
}

/* Phases that are milestones when they are done, or not wanted. */
static const struct {
	const char *phase;
	PvEvent event;
} milestones[] = {
	{PV_PHASE_HANDSHAKE, PV_EVENT_HANDSHAKE_DONE},
	{PV_PHASE_COMMANDS, PV_EVENT_COMMANDS_DONE},
	{PV_PHASE_CERTIFICATE, PV_EVENT_CERTIFICATE_STAGED},
	{PV_PHASE_KEY, PV_EVENT_KEY_STAGED},
};

static void
on_phase (PvEnrolment *enrolment, JsonObject *event)
{
	const char *phase = pv_take_text (event, "phase");
	const char *state = pv_take_text (event, "state");

	enrolment->calls.phase (enrolment->data,
				enrolment->name,
				phase,
				state,
				pv_take_number (event, "ms", G_MAXUINT32),
				pv_take_text (event, "clause"));
	if (!g_str_equal (state, "done") && !g_str_equal (state, "skipped"))
		return;
	for (gsize i = 0; i < G_N_ELEMENTS (milestones); i++) {
		if (g_str_equal (milestones[i].phase, phase))
			pv_enrolment_step (enrolment, milestones[i].event);
	}
}

/* A look at a registration that did not change is no new beginning; an update that brought nothing is tried
 * again after two thirds of what is left. */
static void
plan_registration (PvEnrolment *enrolment, gint64 expires_s)
{
	const PvContext *context = enrolment->context;
	gint64 now_s = pv_clock_now (context->clock);
	const PvLife life = {now_s,
			     expires_s,
			     pv_settings_get_seconds (context->settings,
						      "enrolment",
						      enrolment->name,
						      "RegistrationTimeSec")};
	gint64 due_s = pv_schedule_renewal (
		&life,
		now_s,
		pv_schedule_spread (context->machine, enrolment->name, "registration"));

	enrolment->progress->registration_renew_s =
		due_s == 0 ? 0 : MAX (due_s, now_s + REGISTRATION_PAUSE_S);
}

static void
on_registered (PvEnrolment *enrolment, JsonObject *event)
{
	PvProgress *progress = enrolment->progress;
	gint64 now_s = pv_clock_now (enrolment->context->clock);
	gint64 expires_s = pv_take_number (event, "expires", PV_TIME_MAX_S);

	/* a cmdID tells commands of one registration apart (8.3.9.1) */
	if (g_strcmp0 (progress->registration_id, pv_take_text (event, "id")) != 0) {
		pv_progress_set (&progress->last_command_id, NULL);
		progress->last_command_status = 0;
	}
	if (g_strcmp0 (progress->registration_id, pv_take_text (event, "id")) != 0 ||
	    progress->registration_expires_s != expires_s || progress->registration_renew_s <= now_s)
		plan_registration (enrolment, expires_s);
	pv_progress_set (&progress->registration_id, pv_take_text (event, "id"));
	progress->registration_expires_s = expires_s;
	if (pv_take_text (event, "assigned_identity")[0] != '\0')
		pv_progress_set (&progress->assigned_identity, pv_take_text (event, "assigned_identity"));
	progress->commands_due_s = 0;
	pv_enrolment_step (enrolment, PV_EVENT_REGISTERED);
}

/* Kept before the child sends the status, so that no command runs twice (R-8.3.9.1-2); what cannot be kept
 * the MEF does not hear. */
static void
on_command (PvEnrolment *enrolment, JsonObject *event)
{
	JsonNode *id = json_object_get_member (event, "id");
	g_autofree char *text = id != NULL ? json_to_string (id, FALSE) : NULL;

	pv_progress_set (&enrolment->progress->last_command_id, text);
	enrolment->progress->last_command_status = pv_take_number (event, "status", 999);
	if (pv_take_text (event, "est_uri")[0] != '\0')
		pv_progress_set (&enrolment->progress->est_uri, pv_take_text (event, "est_uri"));
	pv_supervisor_answer (enrolment->supervisor,
			      pv_enrolment_save (enrolment) ? NULL : enrolment->progress->error_message);
}

static void
on_no_more_commands (PvEnrolment *enrolment, JsonObject *event)
{
	if (json_object_has_member (event, "retry_s"))
		pv_enrolment_plan_commands (
			enrolment, MAX (pv_take_number (event, "retry_s", PV_LIFETIME_MAX_S), 1));
}

static void
on_staged (PvEnrolment *enrolment, JsonObject *event)
{
	PvProgress *progress = enrolment->progress;

	if (!g_str_equal (pv_take_text (event, "kind"), "certificate")) {
		pv_keys_on_staged (enrolment, event);
		return;
	}
	progress->staged_certificate = pv_take_number (event, "staged", G_MAXUINT32);
	progress->staged_not_after_s = pv_take_number (event, "not_after", PV_TIME_MAX_S);
	progress->pending_staged = 0;
	pv_progress_set (&progress->pending_csr, NULL);
	pv_enrolment_step (enrolment, PV_EVENT_CERTIFICATE_STAGED);
}

static void
on_pending (PvEnrolment *enrolment, JsonObject *event)
{
	enrolment->progress->pending_staged = pv_take_number (event, "staged", G_MAXUINT32);
	pv_progress_set (&enrolment->progress->pending_csr, pv_take_text (event, "csr"));
	enrolment->retry_after_s = pv_take_number (event, "retry_after_s", PV_RETRY_AFTER_MAX_S);
	enrolment->said = PV_SAID_PENDING;
	pv_enrolment_note_error (
		enrolment, "pending", "the MEF has not issued the certificate yet");
}

static void
on_warning (PvEnrolment *enrolment, JsonObject *event)
{
	g_warning ("%s: %s", enrolment->name, pv_take_text (event, "message"));
}

static void
on_authenticated (PvEnrolment *enrolment, JsonObject *event)
{
	pv_progress_set (&enrolment->progress->authenticated_by, pv_take_text (event, "kind"));
	pv_progress_set (&enrolment->progress->authenticated_with, pv_take_text (event, "credential"));
}

/* An MEF that refuses the certificate it issued is asked for another one, at most once in the longest pause. */
static void
renew_refused (PvEnrolment *enrolment)
{
	PvProgress *progress = enrolment->progress;
	const PvContext *context = enrolment->context;
	gint64 earliest_s =
		progress->certificate_published_s +
		pv_settings_get_seconds (context->settings, "provisioner", NULL, "RetryMaxSec");

	if (progress->certificate_published_s != 0)
		progress->certificate_renew_s = MAX (pv_clock_now (context->clock), earliest_s);
}

static void
on_refused (PvEnrolment *enrolment, JsonObject *event)
{
	const char *credential = pv_take_text (event, "credential");
	const char *code = pv_take_text (event, "code");
	PvProgress *progress = enrolment->progress;
	const char *before = progress->refused != NULL ? progress->refused : "";
	g_autofree char *all = g_strdup_printf ("%s%s%s: %s", before, before[0] != '\0' ? "; " : "",
						credential, pv_take_text (event, "message"));

	pv_journal (PV_JOURNAL_PASSED_OVER,
		    enrolment->name,
		    credential,
		    "%s: the next credential takes the place of %s: %s (%s)",
		    enrolment->name,
		    credential,
		    pv_take_text (event, "message"),
		    code);
	pv_progress_set (&progress->refused, all);
	if (g_str_equal (credential, enrolment->name) && g_str_equal (code, "credential"))
		renew_refused (enrolment);
}

void
pv_enrolment_forget_registration (PvProgress *progress)
{
	pv_progress_set (&progress->registration_id, NULL);
	progress->registration_expires_s = progress->registration_renew_s = 0;
}

static void
on_failed (PvEnrolment *enrolment, JsonObject *event)
{
	const char *code = pv_take_text (event, "code");
	const char *phase = pv_take_text (event, "phase");

	/* the registration is gone: forgotten, and made anew (section 8 of the digest, 4004); an EST server that
	 * is not there says nothing about it */
	if (g_str_equal (code, "not-found") && (g_str_equal (phase, PV_PHASE_REGISTRATION) ||
						g_str_equal (phase, PV_PHASE_COMMANDS)))
		pv_enrolment_forget_registration (enrolment->progress);
	pv_enrolment_note_error (enrolment, code, pv_take_text (event, "message"));
	enrolment->retry_after_s = pv_take_number (event, "retry_after_s", PV_RETRY_AFTER_MAX_S);
	if (enrolment->said != PV_SAID_PENDING)
		enrolment->said = pv_take_boolean (event, "permanent") ? PV_SAID_DENIED : PV_SAID_FAILED;
}

static void
on_done (PvEnrolment *enrolment, JsonObject *event)
{
	enrolment->said = PV_SAID_DONE;
}

static const struct {
	const char *name;
	void (*take) (PvEnrolment *enrolment, JsonObject *event);
} kinds[] = {
	{"phase", on_phase},
	{"authenticated", on_authenticated},
	{"refused", on_refused},
	{"registered", on_registered},
	{"command", on_command},
	{"no-more-commands", on_no_more_commands},
	{"staged", on_staged},
	{"key", pv_keys_on_key},
	{"key-lost", pv_keys_on_lost},
	{"not-retrieved", pv_keys_on_not_retrieved},
	{"retired", pv_keys_on_retired},
	{"publish", pv_enrolment_on_publish},
	{"pending", on_pending},
	{"warning", on_warning},
	{"failed", on_failed},
	{"decommission", pv_retire_take},
	{"done", on_done},
};

static void
on_event (gpointer data, JsonObject *event)
{
	const char *name = pv_take_text (event, "event");

	for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
		if (g_str_equal (kinds[i].name, name))
			kinds[i].take (data, event);
	}
}

static void
on_ended (gpointer data, const char *problem)
{
	static const PvEvent events[] = {
		[PV_SAID_NOTHING] = PV_EVENT_DIED,  [PV_SAID_DONE] = PV_EVENT_DONE,
		[PV_SAID_PENDING] = PV_EVENT_PENDING, [PV_SAID_FAILED] = PV_EVENT_FAILED,
		[PV_SAID_DENIED] = PV_EVENT_DENIED,
	};
	PvEnrolment *enrolment = data;
	PvEvent event = problem != NULL ? PV_EVENT_DIED : events[enrolment->said];

	if (event == PV_EVENT_DIED)
		pv_enrolment_note_error (
			enrolment,
			"local",
			problem != NULL ? problem : "the exchange's process ended without a word");
	pv_enrolment_end_child (enrolment);
	if (enrolment->progress->state == PV_STATE_DECOMMISSIONING) {
		pv_retire_ended (enrolment, event == PV_EVENT_DONE);
		return;
	}
	if (event == PV_EVENT_DONE || enrolment->progress->state == PV_STATE_PROVISIONED)
		pv_enrolment_plan_poll (enrolment);
	pv_enrolment_step (enrolment, event);
}

const PvSupervisorCalls pv_enrolment_supervisor_calls = {on_event, on_ended};
