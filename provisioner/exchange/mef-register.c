/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MEF Client Registration.
 */
#include <config.h>

#include "provisioner/exchange/mef-register.h"

#include "provisioner/error.h"
#include "provisioner/exchange-protocol.h"
#include "provisioner/exchange/mef.h"
#include "provisioner/limits.h"

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

gboolean
pv_mef_registration_find (PvExchange *exchange, PvMefClientReg **registration, GError **error)
{
	g_autoptr (JsonNode) content = NULL;
	g_auto (GStrv) ids = NULL;

	if (!pv_mef_base (exchange, &content, error))
		return FALSE;
	ids = pv_mef_base_registrations (exchange->job->dialect, content, error);
	if (ids == NULL)
		return FALSE;
	*registration = NULL;
	/* one for each stakeholder: those of others do not pass the check */
	for (guint i = 0; ids[i] != NULL && i < PV_CHILDREN_TRIED_MAX && *registration == NULL; i++)
		*registration = pv_mef_registration_retrieve (exchange, ids[i], NULL);
	return TRUE;
}

static PvMefClientReg *
create_once (PvExchange *exchange, GError **error)
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

/* A client that lost its state meets its former registration (4117): that one is adopted. */
static PvMefClientReg *
create (PvExchange *exchange, GError **error)
{
	g_autoptr (GError) cause = NULL;
	PvMefClientReg *registration = create_once (exchange, &cause);

	if (registration != NULL ||
	    (g_error_matches (cause, PV_ERROR, PV_ERROR_CONFLICT) &&
	     pv_mef_registration_find (exchange, &registration, NULL) && registration != NULL))
		return registration;
	g_propagate_error (error, g_steal_pointer (&cause));
	return NULL;
}

/* What the job names, unless it is over, or the MEF no longer has it (4004) or calls it another's
 * (4103): then a new one is made. */
static gboolean
adopt (PvExchange *exchange, GError **error)
{
	const PvJob *job = exchange->job;
	g_autoptr (GError) cause = NULL;

	if (job->registration_id == NULL || job->registration_expires <= pv_exchange_now ())
		return TRUE;
	exchange->registration =
		pv_mef_registration_retrieve (exchange, job->registration_id, &cause);
	if (exchange->registration != NULL ||
	    g_error_matches (cause, PV_ERROR, PV_ERROR_NOT_FOUND) ||
	    g_error_matches (cause, PV_ERROR, PV_ERROR_NOT_AUTHORISED))
		return TRUE;
	g_propagate_error (error, g_steal_pointer (&cause));
	return FALSE;
}

/* R-8.3.5.2.5: expirationTime alone. What the MEF grants counts, be it earlier or later than asked. */
static gboolean
put_off (PvExchange *exchange, GError **error)
{
	const PvJob *job = exchange->job;
	PvMefClientReg *registration = exchange->registration;
	gint64 now = pv_exchange_now ();
	JsonObject *members =
		pv_proposal_new (job->dialect, now + job->registration_lifetime_s, NULL, NULL);
	g_autoptr (JsonNode) update =
		pv_content_wrap (job->dialect, PV_NAME_MEF_CLIENT_REG, members);
	g_autoptr (JsonNode) content = NULL;
	gint64 expires;

	if (!pv_mef_child (exchange, exchange->session->transport, PV_UPDATE,
			   registration->granted.id, update, &content, error) ||
	    !pv_update_parse (job->dialect, PV_NAME_MEF_CLIENT_REG, content, &expires, NULL, error))
		return FALSE;
	if (expires != 0 && expires <= now) {
		g_set_error (error, PV_ERROR, PV_ERROR_MISMATCH,
			     "the MEF put the registration's end into the past");
		return FALSE;
	}
	if (expires != 0) {
		registration->granted.expires = expires;
		return TRUE;
	}
	/* nothing said about it */
	pv_mef_client_reg_free (registration);
	exchange->registration =
		pv_mef_registration_retrieve (exchange, job->registration_id, error);
	return exchange->registration != NULL;
}

/* An MEF that does not prolong does not end what holds: that is told, and tried again next time. */
static gboolean
renew (PvExchange *exchange, GError **error)
{
	const PvJob *job = exchange->job;
	g_autoptr (GError) cause = NULL;

	if (exchange->registration == NULL || job->registration_renew_from == 0 ||
	    pv_exchange_now () < job->registration_renew_from || put_off (exchange, &cause))
		return TRUE;
	if (g_error_matches (cause, PV_ERROR, PV_ERROR_NOT_FOUND)) {
		g_clear_pointer (&exchange->registration, pv_mef_client_reg_free);
		return TRUE;
	}
	if (exchange->registration != NULL && pv_mef_is_answer (cause)) {
		g_prefix_error (&cause, "the registration is not prolonged: ");
		pv_event_warn (exchange->events, cause->message);
		return TRUE;
	}
	g_propagate_error (error, g_steal_pointer (&cause));
	return FALSE;
}

static void
tell (PvExchange *exchange)
{
	const PvMefClientReg *registration = exchange->registration;
	const PvGranted *granted = &registration->granted;
	JsonObject *event = pv_event_new ("registered");

	json_object_set_string_member (event, "id", granted->id);
	json_object_set_int_member (event, "expires", granted->expires);
	json_object_set_string_member (event, "admin_fqdn", granted->admin_fqdn);
	if (granted->client_id != NULL)
		json_object_set_string_member (event, "client_id", granted->client_id);
	if (registration->assigned_identity != NULL)
		json_object_set_string_member (event, "assigned_identity",
					       registration->assigned_identity);
	pv_event_send (exchange->events, event);
}

static gboolean
ensure (PvExchange *exchange, GError **error)
{
	if (exchange->registration == NULL)
		exchange->registration = create (exchange, error);
	if (exchange->registration == NULL)
		return FALSE;
	tell (exchange);
	return TRUE;
}

gboolean
pv_mef_register (PvExchange *exchange, GError **error)
{
	pv_phase_begin (exchange->events, PV_PHASE_REGISTRATION, "8.3.5.2.3");
	if (!adopt (exchange, error) || !renew (exchange, error) || !ensure (exchange, error))
		return FALSE;
	pv_phase_end (exchange->events, PV_PHASE_REGISTRATION, "done");
	return TRUE;
}

gboolean
pv_mef_register_anew (PvExchange *exchange, GError **error)
{
	g_clear_pointer (&exchange->registration, pv_mef_client_reg_free);
	pv_phase_begin (exchange->events, PV_PHASE_REGISTRATION, "8.3.5.2.3");
	if (!ensure (exchange, error))
		return FALSE;
	pv_phase_end (exchange->events, PV_PHASE_REGISTRATION, "done");
	return TRUE;
}
