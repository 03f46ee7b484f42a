/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Symmetric keys of ours at the MEF. A key passes through this process's memory once, from libssl's
 * callback or from the random generator to the keystore, and is wiped.
 */
#include <config.h>

#include "provisioner/exchange/mef-key.h"

#include "provisioner/error.h"
#include "provisioner/exchange-protocol.h"
#include "provisioner/exchange/mef.h"
#include "provisioner/identity.h"
#include "provisioner/resource-symm-key-reg.h"

#include <openssl/rand.h>
#include <string.h>

#define GENERATED_LENGTH 32 /* A23 */

static void
set_targets (JsonObject *event, const char *const *targets)
{
	JsonArray *array = json_array_new ();

	for (guint i = 0; targets != NULL && targets[i] != NULL; i++)
		json_array_add_string_element (array, targets[i]);
	json_object_set_array_member (event, "targets", array);
}

/* @exported: (nullable): 16 octets of identifier that were exported with the key */
static void
tell (PvExchange *exchange, const PvStagedSecret *secret, const guint8 *exported, guint32 staged)
{
	JsonObject *event = pv_event_new ("staged");

	json_object_set_string_member (event, "kind", "key");
	json_object_set_string_member (event, "credential", secret->credential);
	json_object_set_int_member (event, "staged", staged);
	json_object_set_string_member (event, "identifier", secret->identifier);
	json_object_set_int_member (event, "suid", secret->suid);
	json_object_set_int_member (event, "not_after", secret->not_after);
	set_targets (event, secret->target_ids);
	/* The MEF may select the identifier (R-8.3.5.2.7-6); when it did not and they differ, its
	 * exporter label is another than ours. */
	if (exported != NULL) {
		g_autofree char *derived =
			pv_relative_key_id_from_bytes (exported, PV_TLS_EXPORT_ID_LENGTH);
		gsize length = strlen (derived);

		json_object_set_boolean_member (
			event, "identifier_is_exported",
			g_ascii_strncasecmp (derived, secret->identifier, length) == 0 &&
				secret->identifier[length] == '@');
	}
	pv_event_send (exchange->events, event);
}

/* R-8.3.5.2.7-5: Key Identifier = RelativeKeyID@MEF-FQDN, as the MEF gave it. */
static gboolean
stage (PvExchange *exchange,
       const PvSymmKeyReg *key,
       const PvSymmKeyRegRequest *request,
       const guint8 *exported,
       GError **error)
{
	const PvJob *job = exchange->job;
	g_autofree char *name = g_strconcat (job->credential, PV_KEYSTORE_SECRET_SUFFIX, NULL);
	g_autofree char *identifier = pv_key_identifier_new (key->granted.id, job->mef_fqdn, error);
	PvStagedSecret secret = {
		.credential = name,
		.identifier = identifier,
		.bytes = request->value,
		.length = request->value_length,
		.suid = key->suid,
		.not_before = pv_exchange_now (),
		.not_after = key->granted.expires,
		.mef_fqdn = job->mef_fqdn,
		.admin_fqdn = key->granted.admin_fqdn,
		.target_ids = (const char *const *)(key->targets != NULL ? key->targets
									 : job->key_targets),
	};
	guint32 staged;

	if (exported != NULL) {
		secret.bytes = exported + PV_TLS_EXPORT_ID_LENGTH;
		secret.length = PV_TLS_EXPORT_LENGTH - PV_TLS_EXPORT_ID_LENGTH;
	}
	if (identifier == NULL ||
	    !exchange->ops->stage_secret (exchange->keystore, &secret, &staged, error))
		return FALSE;
	g_array_append_val (exchange->staged, staged);
	tell (exchange, &secret, exported, staged);
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

/* @value: (nullable): the key; %NULL: both ends export it from @session. */
static gboolean
register_on (PvExchange *exchange, PvSession *session, const guint8 *value, GError **error)
{
	const PvJob *job = exchange->job;
	const PvSymmKeyRegRequest request = {
		.expires = pv_exchange_now () + job->key_lifetime_s,
		.admin_fqdn = job->admin_fqdn,
		.suid = job->key_suid,
		.targets = (const char *const *)job->key_targets,
		.labels = (const char *const *)job->key_labels,
		.value = value,
		.value_length = value != NULL ? GENERATED_LENGTH : 0,
	};
	g_autoptr (JsonNode) content = NULL;
	g_autoptr (PvSymmKeyReg) key = NULL;
	const guint8 *exported = NULL;

	if (!pv_mef_create (exchange, session->transport, job->dialect->symm_key_reg_type,
			    pv_symm_key_reg_build (job->dialect, &request), &content, error))
		return FALSE;
	key = pv_symm_key_reg_parse (job->dialect, content, error);
	if (key == NULL)
		return FALSE;
	if (value == NULL)
		exported = pv_session_reveal_exported (session);
	if (value == NULL && exported == NULL)
		g_set_error (error, PV_ERROR, PV_ERROR_HANDSHAKE,
			     "the session was remade: which key the MEF means is not known");
	else if (pv_symm_key_reg_check (key, &request, job->client_id, pv_exchange_now (), error) &&
		 stage (exchange, key, &request, exported, error))
		return TRUE;
	give_back (exchange, session->transport, key->granted.id);
	return FALSE;
}

/* R-8.3.5.2.7-7: two exports of one session are the same key. */
static gboolean
register_exported (PvExchange *exchange, GError **error)
{
	g_autoptr (PvSession) session =
		pv_session_open (exchange->job, &exchange->auth, exchange->job->mef_port,
				 exchange->job->dialect->exporter_label);

	return register_on (exchange, session, NULL, error);
}

/* The keystore makes no key that it would hand out, and the MEF must be given this one: so it is made
 * here. */
static gboolean
register_generated (PvExchange *exchange, GError **error)
{
	guint8 value[GENERATED_LENGTH];
	gboolean done;

	if (RAND_priv_bytes (value, sizeof value) != 1) {
		g_set_error (error, PV_ERROR, PV_ERROR_LOCAL, "no random numbers");
		return FALSE;
	}
	done = register_on (exchange, exchange->session, value, error);
	explicit_bzero (value, sizeof value);
	return done;
}

static gboolean
update (PvExchange *exchange, const char *relative_id, PvSymmKeyReg *key, GError **error)
{
	const PvJob *job = exchange->job;
	g_autoptr (JsonNode) wanted = pv_symm_key_reg_build_update (
		job->dialect, 0, (const char *const *)job->key_targets,
		(const char *const *)job->key_labels);
	g_autoptr (JsonNode) content = NULL;
	GStrv targets = NULL;
	gint64 expires;

	if (!pv_mef_child (exchange, exchange->session->transport, PV_UPDATE, relative_id, wanted,
			   &content, error) ||
	    !pv_update_parse (job->dialect, PV_NAME_SYMM_KEY_REG, content, &expires, &targets,
			      error))
		return FALSE;
	/* decision 4: the MEF's list is accepted */
	g_strfreev (key->targets);
	key->targets = targets != NULL ? targets : g_strdupv (job->key_targets);
	if (expires != 0)
		key->granted.expires = expires;
	return TRUE;
}

static void
tell_current (PvExchange *exchange, const PvSymmKeyReg *key)
{
	JsonObject *event = pv_event_new ("key");

	json_object_set_string_member (event, "identifier", exchange->job->key_current);
	json_object_set_int_member (event, "expires", key->granted.expires);
	set_targets (event, (const char *const *)key->targets);
	pv_event_send (exchange->events, event);
}

/* An MEF may keep even its source from reading a key's registration; what nobody has to know then is no failure. */
static gboolean
is_refused (const GError *cause)
{
	return g_error_matches (cause, PV_ERROR, PV_ERROR_NOT_AUTHORISED) ||
	       g_error_matches (cause, PV_ERROR, PV_ERROR_REQUEST);
}

static gboolean
retrieve_current (PvExchange *exchange, const char *relative_id, JsonNode **content, GError **error)
{
	g_autoptr (GError) cause = NULL;

	if (pv_mef_child (exchange, exchange->session->transport, PV_RETRIEVE, relative_id, NULL,
			  content, &cause))
		return TRUE;
	if (is_refused (cause) && !exchange->job->key_update) {
		pv_event_warn (exchange->events, cause->message);
		return TRUE;
	}
	g_propagate_error (error, g_steal_pointer (&cause));
	return FALSE;
}

/* The key that is in use, as its source. @lost: the MEF has it no more, or not as ours. */
static gboolean
look_at_current (PvExchange *exchange, gboolean *lost, GError **error)
{
	const PvJob *job = exchange->job;
	const PvSymmKeyRegRequest request = {.admin_fqdn = job->admin_fqdn, .suid = job->key_suid};
	g_autofree char *relative_id = NULL;
	g_autoptr (JsonNode) content = NULL;
	g_autoptr (PvSymmKeyReg) key = NULL;

	*lost = !pv_key_identifier_split (job->key_current, &relative_id, NULL);
	if (*lost || !retrieve_current (exchange, relative_id, &content, error))
		return FALSE;
	if (content == NULL)
		return TRUE; /* it could not be looked at */
	key = pv_symm_key_reg_parse (job->dialect, content, error);
	if (key == NULL)
		return FALSE;
	*lost = !pv_symm_key_reg_check (key, &request, job->client_id, pv_exchange_now (), error);
	if (*lost || (job->key_update && !update (exchange, relative_id, key, error)))
		return FALSE;
	tell_current (exchange, key);
	return TRUE;
}

/* Whether a key is to be registered. */
static gboolean
decide (PvExchange *exchange, gboolean *wanted, GError **error)
{
	g_autoptr (GError) cause = NULL;
	JsonObject *event;
	gboolean lost = FALSE;

	*wanted = exchange->job->key_current == NULL;
	if (*wanted || look_at_current (exchange, &lost, &cause))
		return TRUE;
	if (!lost && !g_error_matches (cause, PV_ERROR, PV_ERROR_NOT_FOUND)) {
		g_propagate_error (error, g_steal_pointer (&cause));
		return FALSE;
	}
	event = pv_event_new ("key-lost");
	json_object_set_string_member (event, "identifier", exchange->job->key_current);
	json_object_set_string_member (event, "message", cause != NULL ? cause->message : "");
	pv_event_send (exchange->events, event);
	*wanted = TRUE;
	return TRUE;
}

gboolean
pv_mef_key (PvExchange *exchange, GError **error)
{
	gboolean wanted;

	pv_phase_begin (exchange->events, PV_PHASE_KEY, "8.3.5.2.7");
	if (!decide (exchange, &wanted, error))
		return FALSE;
	if (wanted && !(exchange->job->key_is_generated ? register_generated (exchange, error)
							: register_exported (exchange, error)))
		return FALSE;
	pv_phase_end (exchange->events, PV_PHASE_KEY, wanted ? "done" : "skipped");
	return TRUE;
}

/* Returns: whether the MEF answers at all. */
static gboolean
retire (PvExchange *exchange, const char *identifier)
{
	g_autofree char *relative_id = NULL;
	g_autoptr (GError) cause = NULL;
	PvMefRemoval removal;
	JsonObject *event;
	gboolean answered;

	if (!pv_key_identifier_split (identifier, &relative_id, NULL))
		return TRUE;
	answered = pv_mef_remove (exchange, relative_id, &removal, &cause);
	event = pv_event_new ("retired");
	json_object_set_string_member (event, "identifier", identifier);
	json_object_set_string_member (event, "result", pv_mef_removal_word (removal));
	json_object_set_string_member (event, "message", cause != NULL ? cause->message : "");
	pv_event_send (exchange->events, event);
	return answered;
}

gboolean
pv_mef_keys_retire (PvExchange *exchange, GError **error)
{
	const PvJob *job = exchange->job;
	gboolean answered = TRUE;

	if (exchange->staged->len != 0)
		return TRUE; /* what takes their place is not in use yet */
	pv_phase_begin (exchange->events, PV_PHASE_RETIREMENT, "8.3.5.2.10");
	for (guint i = 0; answered && job->retire != NULL && job->retire[i] != NULL; i++)
		answered = retire (exchange, job->retire[i]);
	pv_phase_end (exchange->events, PV_PHASE_RETIREMENT, answered ? "done" : "failed");
	return TRUE;
}
