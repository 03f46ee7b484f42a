/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MEF Client Command. Carried out here: NO_MORE_COMMANDS, CERT_PROV by EST; MO_NODE finds no node, for
 * no object tree is configured; every other class is answered with its status code.
 */
#include <config.h>

#include "provisioner/exchange/mef-command.h"

#include "provisioner/error.h"
#include "provisioner/exchange-protocol.h"
#include "provisioner/exchange/certificate.h"
#include "provisioner/exchange/est.h"
#include "provisioner/exchange/mef-register.h"
#include "provisioner/exchange/mef.h"
#include "provisioner/identity.h"
#include "provisioner/limits.h"
#include "provisioner/resource-mef-client-cmd.h"

/* What this exchange reported last, or the job's memory of it. */
typedef struct {
	JsonNode *id; /* (nullable) */
	guint status;
} Reported;

/* @command: (nullable): none at all was announced; then enroleed asks as often as it is set to */
static void
tell_no_more (PvExchange *exchange, const PvMefClientCmd *command)
{
	JsonObject *event = pv_event_new ("no-more-commands");

	if (command != NULL)
		json_object_set_int_member (event, "retry_s", command->retry_s);
	pv_event_send (exchange->events, event);
}

/* For an MEF that may be itself again soon. */
static void
pause_before (guint attempt)
{
	g_usleep (attempt * G_USEC_PER_SEC);
}

/* R-8.3.9.7-1 to -4; decision with A36: only for the identity that this client holds. */
static gboolean
is_acceptable (const PvExchange *exchange, const PvMefClientCmd *command)
{
	const PvJob *job = exchange->job;
	const PvCertProvArgs *args = &command->cert_prov;
	g_autofree char *path = NULL;
	guint port;

	return args->protocol == PV_CERT_PROV_EST && args->subject_kind == job->client_kind &&
	       pv_identifier_is_same (job->client_id, args->subject_id) &&
	       pv_est_parse_uri (args->uri, job->mef_fqdn, &port, &path, NULL);
}

static guint
status_of_failure (const GError *error)
{
	switch ((PvErrorCode)error->code) {
	case PV_ERROR_JOB:
	case PV_ERROR_KEYSTORE:
	case PV_ERROR_LOCAL:
	case PV_ERROR_UNSUPPORTED:
		return PV_CMD_CERT_PROV_CLIENT_ERROR;
	case PV_ERROR_FAILED:
	case PV_ERROR_UNREACHABLE:
	case PV_ERROR_TIMEOUT:
	case PV_ERROR_HANDSHAKE:
	case PV_ERROR_CREDENTIAL:
	case PV_ERROR_PEER:
	case PV_ERROR_LIMIT:
	case PV_ERROR_MALFORMED:
	case PV_ERROR_MISMATCH:
	case PV_ERROR_REQUEST:
	case PV_ERROR_NOT_FOUND:
	case PV_ERROR_NOT_AUTHORISED:
	case PV_ERROR_CONFLICT:
	case PV_ERROR_RELEASE:
	case PV_ERROR_SERVER:
	case PV_ERROR_PENDING:
	case PV_ERROR_CERTIFICATE:
		break;
	}
	return PV_CMD_CERT_PROV_SERVER_ERROR;
}

/* What an exchange that was ended staged for such a command; the next command wants another one. */
static gboolean
take_spare (PvExchange *exchange)
{
	gboolean has_spare = exchange->has_spare;

	exchange->has_spare = FALSE;
	return has_spare;
}

/* Fails only for 202: there is no status for "in progress", so nothing is reported. */
static gboolean
provision (PvExchange *exchange, const PvMefClientCmd *command, guint *status, GError **error)
{
	const PvJob *job = exchange->job;
	guint depth = exchange->events->depth;
	g_autoptr (GError) cause = NULL;

	*status = PV_CMD_UNACCEPTABLE_ARGUMENTS;
	if (!is_acceptable (exchange, command))
		return TRUE;
	*status = PV_CMD_OK;
	/* OK is said of what holds: where enroleed answers, the certificate is published first */
	if ((take_spare (exchange) ||
	     pv_certificate_provision (exchange, command->cert_prov.uri, job->client_kind,
				       job->client_id, &cause)) &&
	    (!exchange->events->answered || pv_exchange_publish (exchange, TRUE, &cause)))
		return TRUE;
	if (g_error_matches (cause, PV_ERROR, PV_ERROR_PENDING)) {
		g_propagate_error (error, g_steal_pointer (&cause));
		return FALSE;
	}
	*status = status_of_failure (cause);
	pv_phase_unwind (exchange->events, depth);
	pv_event_warn (exchange->events, cause->message);
	return TRUE;
}

/* R-8.3.9.2-3, in its order; decision 8 for what was reported before. */
static gboolean
carry_out (PvExchange *exchange,
	   const PvMefClientCmd *command,
	   const Reported *reported,
	   guint *status,
	   GError **error)
{
	if (reported->id != NULL && json_node_equal (reported->id, command->id)) {
		*status =
			command->status == PV_CMD_REISSUED ? reported->status : PV_CMD_REPEATED_ID;
		return TRUE;
	}
	*status = PV_CMD_CLASS_NOT_SUPPORTED;
	if (command->class != PV_CMD_NO_MORE_COMMANDS && command->class != PV_CMD_CERT_PROV &&
	    command->class != PV_CMD_MO_NODE)
		return TRUE;
	*status = PV_CMD_BAD_ARGUMENTS;
	if (!command->args_valid)
		return TRUE;
	*status = PV_CMD_UNACCEPTABLE_ARGUMENTS;
	if (command->target != NULL &&
	    !pv_identifier_is_same (exchange->job->client_id, command->target))
		return TRUE;
	*status = PV_CMD_MO_NODE_NOT_FOUND; /* R-8.3.9.9.1-1 */
	if (command->class == PV_CMD_MO_NODE)
		return TRUE;
	return provision (exchange, command, status, error);
}

/* R-8.3.9.1-2: written down by enroleed before the MEF hears it, where enroleed answers. */
static gboolean
remember (PvExchange *exchange,
	  Reported *reported,
	  const PvMefClientCmd *command,
	  guint status,
	  GError **error)
{
	JsonObject *event = pv_event_new ("command");

	g_clear_pointer (&reported->id, json_node_unref);
	reported->id = json_node_copy (command->id);
	reported->status = status;
	json_object_set_member (event, "id", json_node_copy (command->id));
	json_object_set_int_member (event, "class", command->class);
	json_object_set_int_member (event, "status", status);
	if (command->class == PV_CMD_CERT_PROV && status == PV_CMD_OK)
		json_object_set_string_member (event, "est_uri", command->cert_prov.uri);
	return pv_event_ask (exchange->events, event, error);
}

static gboolean
is_the_end (const PvMefClientCmd *command)
{
	return command->class == PV_CMD_NO_MORE_COMMANDS && command->args_valid;
}

/* Section 6.3 of the digest: an Update without answer is repeated as it was. An MEF that got it the first
 * time has gone on, and discards a status that is not of its latest command. */
static gboolean
report (PvExchange *exchange,
	const char *id,
	const PvMefClientCmd *command,
	guint status,
	JsonNode **next,
	GError **error)
{
	g_autoptr (JsonNode) update = pv_mef_client_cmd_build_status (exchange->job->dialect,
								      command->id, status);

	for (guint attempt = 1;; attempt++) {
		g_autoptr (GError) cause = NULL;

		if (pv_mef_child (exchange, exchange->session->transport, PV_UPDATE, id, update,
				  next, &cause))
			return TRUE;
		if (attempt == PV_COMMAND_TRIES ||
		    (!g_error_matches (cause, PV_ERROR, PV_ERROR_TIMEOUT) &&
		     !g_error_matches (cause, PV_ERROR, PV_ERROR_UNREACHABLE))) {
			g_propagate_error (error, g_steal_pointer (&cause));
			return FALSE;
		}
		pause_before (attempt);
	}
}

/* One command: carried out and reported. @content is replaced by the next one. */
static gboolean
handle (PvExchange *exchange,
	const char *id,
	const PvMefClientCmd *command,
	JsonNode **content,
	Reported *reported,
	GError **error)
{
	g_autoptr (JsonNode) next = NULL;
	guint status;

	if (!carry_out (exchange, command, reported, &status, error) ||
	    !remember (exchange, reported, command, status, error) ||
	    !report (exchange, id, command, status, &next, error))
		return FALSE;
	g_clear_pointer (content, json_node_unref);
	*content = g_steal_pointer (&next);
	return TRUE;
}

/* The command that the MEF has now: out of @content, the answer to an Update, or retrieved; again where it
 * cannot be understood (section 6.2 a of the digest). */
static PvMefClientCmd *
fetch (PvExchange *exchange, const char *id, JsonNode **content, GError **error)
{
	for (guint attempt = 1;; attempt++) {
		g_autoptr (GError) cause = NULL;
		PvMefClientCmd *command = NULL;

		if (*content != NULL || pv_mef_child (exchange, exchange->session->transport,
						      PV_RETRIEVE, id, NULL, content, &cause))
			command = pv_mef_client_cmd_parse (exchange->job->dialect, *content, &cause);
		if (command != NULL)
			return command;
		g_clear_pointer (content, json_node_unref);
		if (attempt == PV_COMMAND_TRIES ||
		    !g_error_matches (cause, PV_ERROR, PV_ERROR_MALFORMED)) {
			g_propagate_error (error, g_steal_pointer (&cause));
			return NULL;
		}
		pause_before (attempt);
	}
}

static gboolean
loop (PvExchange *exchange, const char *id, Reported *reported, GError **error)
{
	g_autoptr (JsonNode) content = NULL;

	for (guint i = 0; i < PV_COMMANDS_MAX; i++) {
		g_autoptr (PvMefClientCmd) command = fetch (exchange, id, &content, error);

		if (command == NULL)
			return FALSE;
		if (is_the_end (command)) {
			tell_no_more (exchange, command);
			return TRUE;
		}
		if (!handle (exchange, id, command, &content, reported, error))
			return FALSE;
	}
	g_set_error (error, PV_ERROR, PV_ERROR_LIMIT, "the MEF issues commands without end");
	return FALSE;
}

/* A18: no child reference in the answer: look once. */
static gboolean
find_command (PvExchange *exchange, char **id, GError **error)
{
	g_autoptr (PvMefClientReg) looked = NULL;

	*id = g_strdup (exchange->registration->command_id);
	if (*id != NULL)
		return TRUE;
	looked = pv_mef_registration_retrieve (exchange, exchange->registration->granted.id, error);
	if (looked == NULL)
		return FALSE;
	*id = g_strdup (looked->command_id);
	return TRUE;
}

gboolean
pv_mef_commands (PvExchange *exchange, GError **error)
{
	const PvJob *job = exchange->job;
	Reported reported = {NULL, job->last_command_status};
	g_autofree char *id = NULL;
	gboolean done = TRUE;

	if (exchange->registration == NULL) {
		g_set_error (error, PV_ERROR, PV_ERROR_JOB,
			     "commands need the step that registers (R-8.3.9.1-1)");
		return FALSE;
	}
	pv_phase_begin (exchange->events, PV_PHASE_COMMANDS, "8.3.9");
	if (!find_command (exchange, &id, error))
		return FALSE;
	if (id == NULL)
		tell_no_more (exchange, NULL);
	/* a cmdID tells commands of one registration apart (8.3.9.1) */
	if (job->last_command_id != NULL &&
	    g_strcmp0 (job->registration_id, exchange->registration->granted.id) == 0)
		reported.id = json_node_copy (job->last_command_id);
	if (id != NULL)
		done = loop (exchange, id, &reported, error);
	g_clear_pointer (&reported.id, json_node_unref);
	if (done)
		pv_phase_end (exchange->events, PV_PHASE_COMMANDS, "done");
	return done;
}
