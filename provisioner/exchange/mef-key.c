/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MEF Key Registration with the TLS exporter. The key passes through this process's memory once,
 * from libssl's callback to the keystore, and is wiped with the session.
 */
#include <config.h>

#include "provisioner/exchange/mef-key.h"

#include "provisioner/error.h"
#include "provisioner/exchange-protocol.h"
#include "provisioner/exchange/mef.h"
#include "provisioner/identity.h"
#include "provisioner/resource-symm-key-reg.h"

#include <string.h>

static void
tell (PvExchange *exchange,
      const PvSymmKeyReg *key,
      const PvStagedSecret *secret,
      const guint8 *exported,
      guint32 staged)
{
	g_autofree char *derived =
		pv_relative_key_id_from_bytes (exported, PV_TLS_EXPORT_ID_LENGTH);
	JsonObject *event = pv_event_new ("staged");
	JsonArray *targets = json_array_new ();

	for (guint i = 0; secret->target_ids != NULL && secret->target_ids[i] != NULL; i++)
		json_array_add_string_element (targets, secret->target_ids[i]);
	json_object_set_string_member (event, "kind", "key");
	json_object_set_int_member (event, "staged", staged);
	json_object_set_string_member (event, "identifier", secret->identifier);
	json_object_set_int_member (event, "suid", secret->suid);
	json_object_set_int_member (event, "not_after", secret->not_after);
	json_object_set_array_member (event, "targets", targets);
	/* The MEF may select the identifier (R-8.3.5.2.7-6); when it did not and they differ, its
	 * exporter label is another than ours. */
	json_object_set_boolean_member (event, "identifier_is_exported",
					g_ascii_strcasecmp (derived, key->relative_id) == 0);
	pv_event_send (exchange->events, event);
}

/* R-8.3.5.2.7-5: Key Identifier = RelativeKeyID@MEF-FQDN, as the MEF gave it. */
static gboolean
stage (PvExchange *exchange, const PvSymmKeyReg *key, const guint8 *exported, GError **error)
{
	const PvJob *job = exchange->job;
	g_autofree char *identifier =
		pv_key_identifier_new (key->relative_id, job->mef_fqdn, error);
	const PvStagedSecret secret = {
		.credential = job->credential,
		.identifier = identifier,
		.bytes = exported + PV_TLS_EXPORT_ID_LENGTH,
		.length = PV_TLS_EXPORT_LENGTH - PV_TLS_EXPORT_ID_LENGTH,
		.suid = key->suid,
		.not_before = pv_exchange_now (),
		.not_after = key->expires,
		.mef_fqdn = job->mef_fqdn,
		.admin_fqdn = key->admin_fqdn,
		.target_ids = (const char *const *)(key->targets != NULL ? key->targets
									 : job->key_targets),
	};
	guint32 staged;

	if (identifier == NULL ||
	    !exchange->ops->stage_secret (exchange->keystore, &secret, &staged, error))
		return FALSE;
	g_array_append_val (exchange->staged, staged);
	tell (exchange, key, &secret, exported, staged);
	return TRUE;
}

/* A registration that is not usable is given back; that it could not be is no second error. */
static void
give_back (PvExchange *exchange, PvTransport *transport, const char *relative_id)
{
	g_autoptr (GError) ignored = NULL;

	if (!pv_mef_child (exchange, transport, PV_DELETE, relative_id, NULL, NULL, &ignored))
		pv_event_warn (exchange->events, "a key registration could not be taken back");
}

static gboolean
register_on (PvExchange *exchange, PvSession *session, GError **error)
{
	const PvJob *job = exchange->job;
	const PvSymmKeyRegRequest request = {
		.expires = pv_exchange_now () + job->key_lifetime_s,
		.admin_fqdn = job->admin_fqdn,
		.suid = job->key_suid,
		.targets = (const char *const *)job->key_targets,
		.labels = (const char *const *)job->key_labels,
	};
	g_autoptr (JsonNode) content = NULL;
	g_autoptr (PvSymmKeyReg) key = NULL;
	const guint8 *exported;

	if (!pv_mef_create (exchange, session->transport, job->dialect->symm_key_reg_type,
			    pv_symm_key_reg_build (job->dialect, &request), &content, error))
		return FALSE;
	key = pv_symm_key_reg_parse (job->dialect, content, error);
	if (key == NULL)
		return FALSE;
	exported = pv_session_reveal_exported (session);
	if (exported == NULL)
		g_set_error (error, PV_ERROR, PV_ERROR_HANDSHAKE,
			     "the session was remade: which key the MEF means is not known");
	if (exported != NULL &&
	    pv_symm_key_reg_check (key, &request, job->client_id, pv_exchange_now (), error) &&
	    stage (exchange, key, exported, error))
		return TRUE;
	give_back (exchange, session->transport, key->relative_id);
	return FALSE;
}

gboolean
pv_mef_key_register (PvExchange *exchange, GError **error)
{
	g_autoptr (PvSession) session = NULL;

	pv_phase_begin (exchange->events, PV_PHASE_KEY, "8.3.5.2.7");
	/* R-8.3.5.2.7-7: two exports of one session are the same key. */
	session = pv_session_open (exchange->job, &exchange->auth, exchange->job->mef_port,
				   exchange->job->dialect->exporter_label);
	if (!register_on (exchange, session, error))
		return FALSE;
	pv_phase_end (exchange->events, PV_PHASE_KEY, "done");
	return TRUE;
}
