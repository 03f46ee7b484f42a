/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One Enrolment Exchange: the order of its steps.
 */
#include <config.h>

#include "provisioner/exchange/exchange.h"

#include "provisioner/exchange-protocol.h"
#include "provisioner/exchange/certificate.h"
#include "provisioner/exchange/mef-command.h"
#include "provisioner/exchange/mef-key.h"
#include "provisioner/exchange/mef-register.h"

gint64
pv_exchange_now (void)
{
	return g_get_real_time () / G_USEC_PER_SEC;
}

static gboolean
provision_certificate (PvExchange *exchange, GError **error)
{
	const PvJob *job = exchange->job;

	if (exchange->has_certificate)
		return TRUE; /* the MEF's command did it */
	return pv_certificate_provision (exchange, job->est_uri, job->client_kind, job->client_id,
					 error);
}

static gboolean
publish (PvExchange *exchange, GError **error)
{
	JsonObject *event;
	JsonArray *staged;

	if (exchange->staged->len == 0)
		return TRUE;
	pv_phase_begin (exchange->events, PV_PHASE_PUBLICATION, "");
	if (!exchange->ops->publish (exchange->keystore, exchange->job->credential,
				     (const guint32 *)exchange->staged->data, exchange->staged->len,
				     error))
		return FALSE;
	event = pv_event_new ("published");
	staged = json_array_new ();
	for (guint i = 0; i < exchange->staged->len; i++)
		json_array_add_int_element (staged, g_array_index (exchange->staged, guint32, i));
	json_object_set_string_member (event, "credential", exchange->job->credential);
	json_object_set_array_member (event, "staged", staged);
	pv_event_send (exchange->events, event);
	pv_phase_end (exchange->events, PV_PHASE_PUBLICATION, "done");
	return TRUE;
}

static const struct {
	PvSteps step;
	gboolean (*run) (PvExchange *exchange, GError **error);
} steps[] = {
	{PV_DO_REGISTER, pv_mef_register},
	{PV_DO_COMMANDS, pv_mef_commands},
	{PV_DO_CERTIFICATE, provision_certificate},
	{PV_DO_KEY, pv_mef_key_register},
	{PV_DO_PUBLISH, publish},
};

static gboolean
run_steps (PvExchange *exchange, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
		if ((exchange->job->steps & steps[i].step) && !steps[i].run (exchange, error))
			return FALSE;
	return TRUE;
}

gboolean
pv_exchange_run (const PvJob *job,
		 PvEvents *events,
		 const PvKeystoreOps *ops,
		 gpointer keystore,
		 GError **error)
{
	PvExchange exchange = {
		.job = job, .events = events, .ops = ops, .keystore = keystore};
	gboolean done;

	exchange.release = g_strdup (job->dialect->release);
	exchange.staged = g_array_copy (job->staged);
	pv_auth_init (&exchange.auth, events, job->credentials);
	exchange.session = pv_session_open (job, &exchange.auth, job->mef_port, NULL);
	done = run_steps (&exchange, error);
	pv_session_free (exchange.session);
	pv_auth_clear (&exchange.auth);
	pv_mef_client_reg_free (exchange.registration);
	g_array_unref (exchange.staged);
	g_free (exchange.release);
	return done;
}
