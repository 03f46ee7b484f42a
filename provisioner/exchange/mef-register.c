/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MEF Client Registration.
 */
#include <config.h>

#include "provisioner/exchange/mef-register.h"

#include "provisioner/error.h"
#include "provisioner/exchange-protocol.h"
#include "provisioner/exchange/mef.h"

static PvMefClientReg *
checked (PvExchange *exchange, JsonNode *content, GError **error)
{
	const PvJob *job = exchange->job;
	g_autoptr (PvMefClientReg) registration =
		pv_mef_client_reg_parse (job->dialect, content, error);

	if (registration == NULL ||
	    !pv_mef_client_reg_check (registration, job->client_id, job->admin_fqdn,
				      pv_exchange_now (), error))
		return NULL;
	return g_steal_pointer (&registration);
}

PvMefClientReg *
pv_mef_registration_retrieve (PvExchange *exchange, const char *id, GError **error)
{
	g_autoptr (JsonNode) content = NULL;

	if (!pv_mef_child (exchange, exchange->session->transport, PV_RETRIEVE, id, NULL, &content,
			   error))
		return NULL;
	return checked (exchange, content, error);
}

static PvMefClientReg *
create (PvExchange *exchange, GError **error)
{
	const PvJob *job = exchange->job;
	const PvMefClientRegRequest request = {
		.expires = pv_exchange_now () + job->registration_lifetime_s,
		.admin_fqdn = job->admin_fqdn,
		.labels = (const char *const *)job->registration_labels,
	};
	g_autoptr (JsonNode) content = NULL;

	if (!pv_mef_create (exchange, exchange->session->transport,
			    job->dialect->mef_client_reg_type,
			    pv_mef_client_reg_build (job->dialect, &request), &content, error))
		return NULL;
	return checked (exchange, content, error);
}

/* What the job names, unless it is over or the MEF no longer has it (4004: register anew). */
static gboolean
adopt (PvExchange *exchange, GError **error)
{
	const PvJob *job = exchange->job;
	g_autoptr (GError) cause = NULL;

	if (job->registration_id == NULL || job->registration_expires <= pv_exchange_now ())
		return TRUE;
	exchange->registration =
		pv_mef_registration_retrieve (exchange, job->registration_id, &cause);
	if (exchange->registration != NULL || g_error_matches (cause, PV_ERROR, PV_ERROR_NOT_FOUND))
		return TRUE;
	g_propagate_error (error, g_steal_pointer (&cause));
	return FALSE;
}

static void
tell (PvExchange *exchange)
{
	const PvMefClientReg *registration = exchange->registration;
	JsonObject *event = pv_event_new ("registered");

	json_object_set_string_member (event, "id", registration->id);
	json_object_set_int_member (event, "expires", registration->expires);
	json_object_set_string_member (event, "admin_fqdn", registration->admin_fqdn);
	if (registration->client_id != NULL)
		json_object_set_string_member (event, "client_id", registration->client_id);
	if (registration->assigned_identity != NULL)
		json_object_set_string_member (event, "assigned_identity",
					       registration->assigned_identity);
	pv_event_send (exchange->events, event);
}

gboolean
pv_mef_register (PvExchange *exchange, GError **error)
{
	pv_phase_begin (exchange->events, PV_PHASE_REGISTRATION, "8.3.5.2.3");
	if (!adopt (exchange, error))
		return FALSE;
	if (exchange->registration == NULL)
		exchange->registration = create (exchange, error);
	if (exchange->registration == NULL)
		return FALSE;
	tell (exchange);
	pv_phase_end (exchange->events, PV_PHASE_REGISTRATION, "done");
	return TRUE;
}
