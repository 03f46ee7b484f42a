/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A probe: a child that does a handshake and looks at the registration. Beside the machine: whatever
 * it finds, the enrolment stays as it is.
 */
#include <config.h>

#include "provisioner/enrolment-private.h"

#include <string.h>

#include "provisioner/enrolment-job.h"
#include "provisioner/error.h"
#include "provisioner/exchange-protocol.h"
#include "provisioner/limits.h"

struct _PvProbe {
	PvEnrolment *enrolment;
	PvTicket *ticket;
	PvSupervisor *supervisor; /* (nullable): its turn has not come */
	GVariantDict facts;
	gboolean done;
	PvEnrolmentAnswer answer;
	gpointer data;
};

void
pv_probe_free (PvProbe *probe)
{
	g_autoptr (GError) error = NULL;

	if (probe == NULL)
		return;
	pv_supervisor_free (probe->supervisor);
	pv_ticket_free (probe->ticket);
	g_variant_dict_clear (&probe->facts);
	if (probe->answer != NULL) {
		g_set_error (&error, PV_ERROR, PV_ERROR_FAILED, "enroleed ended the probe");
		probe->answer (probe->data, NULL, error);
	}
	g_free (probe);
}

static void
finish (PvProbe *probe, const char *code, const char *problem)
{
	PvEnrolmentAnswer answer = g_steal_pointer (&probe->answer);

	if (problem != NULL)
		pv_enrolment_take_failure (&probe->facts, code, problem);
	g_variant_dict_insert (&probe->facts, "ok", "b", probe->done && problem == NULL);
	answer (probe->data, g_variant_dict_end (&probe->facts), NULL);
	g_clear_pointer (&probe->enrolment->probe, pv_probe_free);
}

static const char *
text (JsonObject *event, const char *member)
{
	const char *value = json_object_get_string_member_with_default (event, member, "");

	return strlen (value) <= PV_BODY_MAX ? value : "";
}

static void
take_authenticated (GVariantDict *facts, JsonObject *event)
{
	g_variant_dict_insert (facts, "authenticated_by", "s", text (event, "kind"));
	g_variant_dict_insert (facts, "authenticated_with", "s", text (event, "credential"));
}

/* As in the progress: which made way for another one, and why. */
static void
take_refused (GVariantDict *facts, JsonObject *event)
{
	const char *before = "";
	g_autofree char *all = NULL;

	(void) g_variant_dict_lookup (facts, "refused", "&s", &before);
	all = g_strdup_printf ("%s%s%s: %s",
			       before,
			       before[0] != '\0' ? "; " : "",
			       text (event, "credential"),
			       text (event, "message"));
	g_variant_dict_insert (facts, "refused", "s", all);
}

static void
on_event (gpointer data, JsonObject *event)
{
	PvProbe *probe = data;
	const char *name = text (event, "event");

	if (g_str_equal (name, "probe"))
		pv_enrolment_take_facts (&probe->facts, event);
	else if (g_str_equal (name, "authenticated"))
		take_authenticated (&probe->facts, event);
	else if (g_str_equal (name, "refused"))
		take_refused (&probe->facts, event);
	else if (g_str_equal (name, "failed"))
		pv_enrolment_take_failure (
			&probe->facts, text (event, "code"), text (event, "message"));
	else if (g_str_equal (name, "done"))
		probe->done = TRUE;
}

static void
on_ended (gpointer data, const char *problem)
{
	finish (data, "local", problem);
}

static void
on_turn (gpointer data)
{
	static const PvSupervisorCalls calls = {on_event, on_ended};
	static const PvJobOrder order = {PV_PURPOSE_PROBE, FALSE};
	PvProbe *probe = data;
	const PvContext *context = probe->enrolment->context;
	g_autoptr (GError) error = NULL;
	g_auto (PvScope) scope = {NULL, NULL};
	g_autofree char *job = pv_job_build (
		context, probe->enrolment->name, &order, probe->enrolment->progress, &scope, &error);

	if (job != NULL)
		probe->supervisor = pv_supervisor_start (
			&context->exchange, job, &scope, -1, &calls, probe, &error);
	if (probe->supervisor == NULL)
		finish (probe, pv_error_name (error), error->message);
}

void
pv_enrolment_probe (PvEnrolment *enrolment, PvEnrolmentAnswer answer, gpointer data)
{
	g_autoptr (GError) error = NULL;
	PvProbe *probe;

	if (enrolment->probe != NULL) {
		g_set_error (&error, PV_ERROR, PV_ERROR_CONFLICT, "%s: a probe is under way", enrolment->name);
		answer (data, NULL, error);
		return;
	}
	probe = enrolment->probe = g_new0 (PvProbe, 1);
	probe->enrolment = enrolment;
	probe->answer = answer;
	probe->data = data;
	g_variant_dict_init (&probe->facts, NULL);
	probe->ticket = pv_slots_ask (enrolment->context->slots, on_turn, probe);
}
