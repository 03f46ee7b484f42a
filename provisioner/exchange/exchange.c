/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One Enrolment Exchange: the order of its steps.
 */
#include <config.h>

#include "provisioner/exchange/exchange.h"

#include "provisioner/error.h"
#include "provisioner/exchange-protocol.h"
#include "provisioner/exchange/certificate.h"
#include "provisioner/exchange/mef-command.h"
#include "provisioner/exchange/mef-decommission.h"
#include "provisioner/exchange/mef-key.h"
#include "provisioner/exchange/mef-probe.h"
#include "provisioner/exchange/mef-register.h"
#include "provisioner/exchange/mef-retrieve.h"

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

static JsonObject *
publication (const PvExchange *exchange, const char *name, gboolean more)
{
	JsonObject *event = pv_event_new (name);
	JsonArray *staged = json_array_new ();

	for (guint i = 0; i < exchange->staged->len; i++)
		json_array_add_int_element (staged, g_array_index (exchange->staged, guint32, i));
	json_object_set_array_member (event, "staged", staged);
	json_object_set_boolean_member (event, "more", more);
	return event;
}

static gboolean
publish_here (PvExchange *exchange, GError **error)
{
	return exchange->ops->publish (exchange->keystore, exchange->job->credential,
				       (const guint32 *)exchange->staged->data,
				       exchange->staged->len, error);
}

gboolean
pv_exchange_publish (PvExchange *exchange, gboolean more, GError **error)
{
	if (exchange->staged->len == 0)
		return TRUE;
	pv_phase_begin (exchange->events, PV_PHASE_PUBLICATION, "8.3.1.2");
	if (!pv_event_ask (exchange->events, publication (exchange, "publish", more), error) ||
	    (!exchange->events->answered && !publish_here (exchange, error)))
		return FALSE;
	pv_event_send (exchange->events, publication (exchange, "published", more));
	g_array_set_size (exchange->staged, 0);
	if (exchange->issued != NULL)
		pv_auth_prefer (&exchange->auth, g_steal_pointer (&exchange->issued));
	pv_phase_end (exchange->events, PV_PHASE_PUBLICATION, "done");
	return TRUE;
}

static gboolean
publish_all (PvExchange *exchange, GError **error)
{
	return pv_exchange_publish (exchange, FALSE, error);
}

/* A key's handshake is authenticated with the latest certificate (R-8.3.1.2-1), which is not in use before
 * it is published. */
static gboolean
provision_key (PvExchange *exchange, GError **error)
{
	return (!exchange->events->answered || pv_exchange_publish (exchange, TRUE, error)) &&
	       pv_mef_key (exchange, error);
}

typedef gboolean (*StepRun) (PvExchange *exchange, GError **error);

static const struct {
	PvSteps step;
	StepRun run;
} steps[] = {
	{PV_DO_REGISTER, pv_mef_register},     {PV_DO_COMMANDS, pv_mef_commands},
	{PV_DO_CERTIFICATE, provision_certificate}, {PV_DO_KEY, provision_key},
	{PV_DO_RETRIEVE, pv_mef_keys_retrieve}, {PV_DO_PUBLISH, publish_all},
	{PV_DO_RETIRE, pv_mef_keys_retire},
};

/* 4004 in mid-life: the MEF has forgotten the registration. A new one is made, its commands are asked
 * for, and the step is done with it; once. */
static gboolean
start_anew (PvExchange *exchange, PvSteps step, StepRun run, GError **error)
{
	exchange->made_anew = TRUE;
	pv_event_warn (exchange->events, "the MEF has lost our registration: registering anew");
	if (!pv_mef_register_anew (exchange, error))
		return FALSE;
	if (step != PV_DO_COMMANDS && (exchange->job->steps & PV_DO_COMMANDS) &&
	    !pv_mef_commands (exchange, error))
		return FALSE;
	return run (exchange, error);
}

static gboolean
run_step (PvExchange *exchange, PvSteps step, StepRun run, GError **error)
{
	g_autoptr (GError) cause = NULL;
	guint depth = exchange->events->depth;

	if (run (exchange, &cause))
		return TRUE;
	if (!exchange->made_anew && (step == PV_DO_COMMANDS || step == PV_DO_KEY) &&
	    (exchange->job->steps & PV_DO_REGISTER) &&
	    g_error_matches (cause, PV_ERROR, PV_ERROR_NOT_FOUND)) {
		pv_phase_unwind (exchange->events, depth);
		return start_anew (exchange, step, run, error);
	}
	g_propagate_error (error, g_steal_pointer (&cause));
	return FALSE;
}

/* A key that the MEF refuses, or a status that it does not hear, must not keep a renewed certificate from
 * those who use it. */
static void
publish_the_rest (PvExchange *exchange)
{
	guint depth = exchange->events->depth;
	g_autoptr (GError) cause = NULL;

	if (!(exchange->job->steps & PV_DO_PUBLISH) || pv_exchange_publish (exchange, TRUE, &cause))
		return;
	pv_phase_unwind (exchange->events, depth);
	pv_event_warn (exchange->events, cause->message);
}

static gboolean
run_steps (PvExchange *exchange, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS (steps); i++) {
		if (!(exchange->job->steps & steps[i].step) ||
		    run_step (exchange, steps[i].step, steps[i].run, error))
			continue;
		if (steps[i].step == PV_DO_COMMANDS || steps[i].step == PV_DO_KEY ||
		    steps[i].step == PV_DO_RETRIEVE)
			publish_the_rest (exchange);
		return FALSE;
	}
	return TRUE;
}

static const StepRun purposes[] = {
	[PV_JOB_ENROL] = run_steps,
	[PV_JOB_PROBE] = pv_mef_probe,
	[PV_JOB_DECOMMISSION] = pv_mef_decommission,
};

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

	events->answered = job->acknowledge;
	exchange.release = g_strdup (job->dialect->release);
	exchange.staged = g_array_copy (job->staged);
	exchange.has_certificate = exchange.has_spare = job->has_staged_certificate;
	pv_auth_init (&exchange.auth, events, job->credentials);
	exchange.session = pv_session_open (job, &exchange.auth, job->mef_port, NULL);
	done = purposes[job->purpose](&exchange, error);
	pv_session_free (exchange.session);
	pv_auth_clear (&exchange.auth);
	pv_auth_credential_free (exchange.issued);
	pv_mef_client_reg_free (exchange.registration);
	g_array_unref (exchange.staged);
	g_free (exchange.release);
	return done;
}
