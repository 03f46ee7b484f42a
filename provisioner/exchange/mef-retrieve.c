/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys of others. The key passes through this process's memory once, from the answer to the keystore.
 */
#include <config.h>

#include "provisioner/exchange/mef-retrieve.h"

#include "provisioner/error.h"
#include "provisioner/exchange-protocol.h"
#include "provisioner/exchange/mef.h"
#include "provisioner/identity.h"
#include "provisioner/resource-symm-key-reg.h"

static void
tell_staged (PvExchange *exchange,
	     const PvStagedSecret *secret,
	     const char *source_id,
	     guint32 staged)
{
	JsonObject *event = pv_event_new ("staged");

	json_object_set_string_member (event, "kind", "retrieved");
	json_object_set_string_member (event, "credential", secret->credential);
	json_object_set_int_member (event, "staged", staged);
	json_object_set_string_member (event, "identifier", secret->identifier);
	json_object_set_int_member (event, "suid", secret->suid);
	json_object_set_int_member (event, "not_after", secret->not_after);
	if (source_id != NULL)
		json_object_set_string_member (event, "source", source_id);
	pv_event_send (exchange->events, event);
}

/* The identifier stays as the security protocol will use it: as the source's peers know it (A06). */
static gboolean
stage (PvExchange *exchange,
       const PvSymmKeyReg *key,
       const char *identifier,
       const char *relative_id,
       GError **error)
{
	const PvJob *job = exchange->job;
	g_autofree char *name = g_strdup_printf ("%s-%s", job->credential, relative_id);
	const PvStagedSecret secret = {
		.credential = name,
		.identifier = identifier,
		.bytes = key->value,
		.length = key->value_length,
		.suid = key->suid,
		.not_before = pv_exchange_now (),
		.not_after = key->granted.expires,
		.mef_fqdn = job->mef_fqdn,
		.admin_fqdn = key->granted.admin_fqdn,
	};
	guint32 staged;

	if (!exchange->ops->stage_secret (exchange->keystore, &secret, &staged, error))
		return FALSE;
	g_array_append_val (exchange->staged, staged);
	tell_staged (exchange, &secret, key->granted.client_id, staged);
	return TRUE;
}

static gboolean
retrieve (PvExchange *exchange, const char *identifier, GError **error)
{
	const PvJob *job = exchange->job;
	g_autofree char *relative_id = NULL;
	g_autoptr (JsonNode) content = NULL;
	g_autoptr (PvSymmKeyReg) key = NULL;

	if (!pv_key_identifier_split (identifier, &relative_id, NULL)) {
		g_set_error (error, PV_ERROR, PV_ERROR_JOB, "not a key identifier");
		return FALSE;
	}
	if (!pv_mef_child (exchange, exchange->session->transport, PV_RETRIEVE, relative_id, NULL,
			   &content, error))
		return FALSE;
	key = pv_symm_key_reg_parse (job->dialect, content, error);
	return key != NULL &&
	       pv_symm_key_reg_check_retrieved (key, relative_id, pv_exchange_now (), error) &&
	       stage (exchange, key, identifier, relative_id, error);
}

static void
tell_missing (PvExchange *exchange, const char *identifier, const GError *error)
{
	JsonObject *event = pv_event_new ("not-retrieved");

	json_object_set_string_member (event, "identifier", identifier);
	json_object_set_string_member (event, "code", pv_error_name (error));
	json_object_set_string_member (event, "message", error->message);
	pv_event_send (exchange->events, event);
}

gboolean
pv_mef_keys_retrieve (PvExchange *exchange, GError **error)
{
	const PvJob *job = exchange->job;

	pv_phase_begin (exchange->events, PV_PHASE_RETRIEVAL, "8.3.5.2.8");
	for (guint i = 0; job->retrieve != NULL && job->retrieve[i] != NULL; i++) {
		g_autoptr (GError) cause = NULL;

		if (retrieve (exchange, job->retrieve[i], &cause))
			continue;
		if (!pv_mef_is_answer (cause)) {
			g_propagate_error (error, g_steal_pointer (&cause));
			return FALSE;
		}
		tell_missing (exchange, job->retrieve[i], cause);
	}
	pv_phase_end (exchange->events, PV_PHASE_RETRIEVAL, "done");
	return TRUE;
}
