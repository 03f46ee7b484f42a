/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * <mefClientCmd>: parsed, and its status built.
 */
#include <config.h>

#include "provisioner/resource-mef-client-cmd.h"

#include "provisioner/codec-json.h"
#include "provisioner/error.h"
#include "provisioner/limits.h"
#include "provisioner/primitive.h"
#include "provisioner/timestamp.h"

#include <string.h>

void
pv_mef_client_cmd_free (PvMefClientCmd *command)
{
	if (command == NULL)
		return;
	g_clear_pointer (&command->id, json_node_unref);
	g_free (command->target);
	g_free (command->cert_prov.uri);
	g_free (command->cert_prov.subject_id);
	g_free (command);
}

static gboolean
parse_retry (const PvDialect *dialect, JsonObject *args, PvMefClientCmd *command)
{
	PvJsonReader reader = PV_JSON_READER (dialect, args, "noMoreCmdArgs");
	const char *text = pv_json_read_string (&reader, PV_NAME_RETRY_DURATION, PV_REQUIRED, 64);
	gboolean valid = text != NULL && pv_duration_parse (text, &command->retry_s, NULL);

	g_clear_error (&reader.error);
	return valid;
}

static gboolean
parse_cert_prov (const PvDialect *dialect, JsonObject *args, PvMefClientCmd *command)
{
	PvJsonReader reader = PV_JSON_READER (dialect, args, "certProvCmdArgs");
	PvCertProvArgs *cert_prov = &command->cert_prov;

	cert_prov->protocol =
		pv_json_read_int (&reader, PV_NAME_CERT_PROV_PROTOCOL_ID, PV_REQUIRED, 0, 9999, 0);
	cert_prov->uri =
		g_strdup (pv_json_read_string (&reader, PV_NAME_URI, PV_REQUIRED, PV_ID_MAX));
	cert_prov->subject_kind =
		pv_json_read_int (&reader, PV_NAME_CERT_SUBJECT_TYPE, PV_REQUIRED, 0, 9999, 0);
	cert_prov->subject_id = g_strdup (
		pv_json_read_string (&reader, PV_NAME_CERT_SUBJECT_ID, PV_REQUIRED, PV_ID_MAX));
	if (reader.error == NULL)
		return TRUE;
	g_clear_error (&reader.error);
	return FALSE;
}

/* Nothing is kept of it: no object tree is configured here, so nothing is at any path. */
static gboolean
parse_mo_node (const PvDialect *dialect, JsonObject *args, PvMefClientCmd *command)
{
	PvJsonReader reader = PV_JSON_READER (dialect, args, "MONodeCmdArgs");

	pv_json_read_string (&reader, PV_NAME_OBJECT_PATH, PV_REQUIRED, PV_ID_MAX);
	pv_json_read_int (&reader, PV_NAME_OBJECT_TYPE_ID, PV_REQUIRED, 0, G_MAXINT32, 0);
	if (reader.error == NULL)
		return TRUE;
	g_clear_error (&reader.error);
	return FALSE;
}

/* The classes whose arguments are read. */
static const struct {
	PvCmdClass class;
	PvName args;
	gboolean (*parse) (const PvDialect *dialect, JsonObject *args, PvMefClientCmd *command);
} classes[] = {
	{PV_CMD_NO_MORE_COMMANDS, PV_NAME_NO_MORE_CMD_ARGS, parse_retry},
	{PV_CMD_CERT_PROV, PV_NAME_CERT_PROV_CMD_ARGS, parse_cert_prov},
	{PV_CMD_MO_NODE, PV_NAME_MO_NODE_CMD_ARGS, parse_mo_node},
};

static gboolean
parse_args (const PvDialect *dialect, JsonObject *description, PvMefClientCmd *command)
{
	PvJsonReader reader = PV_JSON_READER (dialect, description, "cmdDescription");
	JsonObject *args = pv_json_read_object (&reader, PV_NAME_CMD_ARGS, PV_REQUIRED);

	g_clear_error (&reader.error);
	for (guint i = 0; args != NULL && i < G_N_ELEMENTS (classes); i++) {
		JsonNode *own = NULL;

		if (classes[i].class == command->class)
			own = pv_json_member (dialect, args, classes[i].args);
		if (own != NULL && JSON_NODE_HOLDS_OBJECT (own))
			return classes[i].parse (dialect, json_node_get_object (own), command);
	}
	return FALSE;
}

static gboolean
parse_id (const PvDialect *dialect, JsonObject *object, PvMefClientCmd *command, GError **error)
{
	JsonNode *id = pv_json_member (dialect, object, PV_NAME_CMD_ID);
	GType type = id != NULL && JSON_NODE_HOLDS_VALUE (id) ? json_node_get_value_type (id)
							      : G_TYPE_NONE;

	if ((type != G_TYPE_STRING && type != G_TYPE_INT64 && type != G_TYPE_DOUBLE) ||
	    (type == G_TYPE_STRING && strlen (json_node_get_string (id)) > PV_ID_MAX)) {
		g_set_error (error, PV_ERROR, PV_ERROR_MALFORMED,
			     "mefClientCmd: cmdID (%s) is missing, or neither number nor short text",
			     pv_dialect_sent (dialect, PV_NAME_CMD_ID));
		return FALSE;
	}
	command->id = json_node_copy (id);
	return TRUE;
}

PvMefClientCmd *
pv_mef_client_cmd_parse (const PvDialect *dialect, JsonNode *content, GError **error)
{
	g_autoptr (PvMefClientCmd) command = g_new0 (PvMefClientCmd, 1);
	JsonObject *object = pv_content_unwrap (dialect, PV_NAME_MEF_CLIENT_CMD, content, error);
	PvJsonReader reader = PV_JSON_READER (dialect, object, "mefClientCmd");
	PvJsonReader inner;
	JsonObject *description;

	if (object == NULL || !parse_id (dialect, object, command, error))
		return NULL;
	command->status = pv_json_read_int (&reader, PV_NAME_CMD_STATUS_CODE, PV_REQUIRED,
					    PV_CMD_ISSUED, PV_CMD_REISSUED, 0);
	description = pv_json_read_object (&reader, PV_NAME_CMD_DESCRIPTION, PV_REQUIRED);
	if (!pv_json_reader_finish (&reader, error))
		return NULL;
	inner = PV_JSON_READER (dialect, description, "cmdDescription");
	command->class = pv_json_read_int (&inner, PV_NAME_CMD_CLASS_ID, PV_REQUIRED, G_MININT64,
					   G_MAXINT64, 0);
	command->target =
		g_strdup (pv_json_read_string (&inner, PV_NAME_TARGET_ID, PV_OPTIONAL, PV_ID_MAX));
	if (!pv_json_reader_finish (&inner, error))
		return NULL;
	command->args_valid = parse_args (dialect, description, command);
	return g_steal_pointer (&command);
}

JsonNode *
pv_mef_client_cmd_build_status (const PvDialect *dialect, JsonNode *id, guint status)
{
	JsonObject *object = json_object_new ();

	json_object_set_member (object, pv_dialect_sent (dialect, PV_NAME_CMD_ID),
				json_node_copy (id));
	json_object_set_int_member (object, pv_dialect_sent (dialect, PV_NAME_CMD_STATUS_CODE),
				    status);
	return pv_content_wrap (dialect, PV_NAME_MEF_CLIENT_CMD, object);
}
