/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A look at the MEF. That it answers within the session is the proof that it knows us.
 */
#include <config.h>

#include "provisioner/exchange/mef-probe.h"

#include "provisioner/error.h"
#include "provisioner/exchange-protocol.h"
#include "provisioner/exchange/mef-register.h"
#include "provisioner/exchange/mef.h"

typedef struct {
	PvMefClientReg *registration; /* (nullable) */
	const char *outcome;
	GError *refusal; /* (nullable): what the MEF said instead */
} Look;

static void
look_clear (Look *look)
{
	pv_mef_client_reg_free (look->registration);
	g_clear_error (&look->refusal);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Look, look_clear)

/* Whether the MEF answered, whatever it was. */
static gboolean
look_at (PvExchange *exchange, Look *look)
{
	const PvJob *job = exchange->job;

	if (job->registration_id == NULL) {
		gboolean listed = pv_mef_registration_find (exchange, &look->registration,
							    &look->refusal);

		look->outcome = look->registration != NULL ? "found" : listed ? "none" : "unknown";
		return listed || pv_mef_is_answer (look->refusal);
	}
	look->registration =
		pv_mef_registration_retrieve (exchange, job->registration_id, &look->refusal);
	look->outcome = look->registration != NULL ? "found"
			: g_error_matches (look->refusal, PV_ERROR, PV_ERROR_NOT_FOUND)
				? "none"
				: "refused";
	return look->registration != NULL || pv_mef_is_answer (look->refusal);
}

static void
set_session (PvExchange *exchange, JsonObject *event)
{
	const PvTlsFacts *facts = pv_tls_facts (exchange->session->tls);
	const PvAuthCredential *credential = exchange->session->credential;

	json_object_set_string_member (event, "authenticated_by",
				       pv_auth_kind_word (credential->kind));
	json_object_set_string_member (event, "identity",
				       credential->kind == PV_AUTH_PPSK ? credential->ppsk.identity
									: credential->name);
	json_object_set_string_member (event, "tls", facts->version);
	json_object_set_string_member (event, "suite", facts->suite);
	json_object_set_int_member (event, "handshake_ms", facts->handshake_ms);
}

static void
set_registration (const PvMefClientReg *registration, JsonObject *event)
{
	json_object_set_string_member (event, "id", registration->granted.id);
	json_object_set_int_member (event, "expires", registration->granted.expires);
	json_object_set_string_member (event, "admin_fqdn", registration->granted.admin_fqdn);
	if (registration->command_id != NULL)
		json_object_set_string_member (event, "command", registration->command_id);
}

gboolean
pv_mef_probe (PvExchange *exchange, GError **error)
{
	g_auto (Look) look = {0};
	gint64 start_us = g_get_monotonic_time ();
	gint64 passed_ms;
	JsonObject *event;

	pv_phase_begin (exchange->events, PV_PHASE_PROBE, "8.3.5.2.4");
	if (!look_at (exchange, &look)) {
		g_propagate_error (error, g_steal_pointer (&look.refusal));
		return FALSE;
	}
	passed_ms = (g_get_monotonic_time () - start_us) / 1000;
	event = pv_event_new ("probe");
	set_session (exchange, event);
	json_object_set_int_member (
		event, "answer_ms",
		MAX (passed_ms - pv_tls_facts (exchange->session->tls)->handshake_ms, 0));
	json_object_set_string_member (event, "registration", look.outcome);
	json_object_set_string_member (event, "message",
				       look.refusal != NULL ? look.refusal->message : "");
	if (look.registration != NULL)
		set_registration (look.registration, event);
	pv_event_send (exchange->events, event);
	pv_phase_end (exchange->events, PV_PHASE_PROBE, "done");
	return TRUE;
}
