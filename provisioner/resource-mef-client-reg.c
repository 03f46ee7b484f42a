/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * <mefClientReg>: built and parsed.
 */
#include <config.h>

#include "provisioner/resource-mef-client-reg.h"

#include "provisioner/codec-json.h"
#include "provisioner/error.h"
#include "provisioner/limits.h"
#include "provisioner/primitive.h"
#include "provisioner/timestamp.h"

void
pv_mef_client_reg_free (PvMefClientReg *registration)
{
	if (registration == NULL)
		return;
	g_free (registration->id);
	g_free (registration->admin_fqdn);
	g_free (registration->client_id);
	g_free (registration->assigned_identity);
	g_free (registration->command_id);
	g_strfreev (registration->labels);
	g_free (registration);
}

JsonNode *
pv_mef_client_reg_build (const PvDialect *dialect, const PvMefClientRegRequest *request)
{
	g_autofree char *expires = pv_timestamp_format (request->expires);
	JsonObject *object = json_object_new ();

	json_object_set_string_member (object, pv_dialect_sent (dialect, PV_NAME_EXPIRATION_TIME),
				       expires);
	json_object_set_string_member (object, pv_dialect_sent (dialect, PV_NAME_ADMIN_FQDN),
				       request->admin_fqdn);
	pv_json_set_strings (object, pv_dialect_sent (dialect, PV_NAME_LABELS), request->labels);
	return pv_content_wrap (dialect, PV_NAME_MEF_CLIENT_REG, object);
}

static gboolean
is_command (const PvDialect *dialect, JsonObject *child)
{
	JsonNode *type = pv_json_member (dialect, child, PV_NAME_CHILD_TYPE);

	return type != NULL && JSON_NODE_HOLDS_VALUE (type) &&
	       json_node_get_value_type (type) == G_TYPE_INT64 &&
	       json_node_get_int (type) == dialect->mef_client_cmd_type;
}

/* The value of the childResource reference whose type is <mefClientCmd>. */
static char *
find_command (const PvDialect *dialect, JsonObject *object)
{
	JsonNode *children = pv_json_member (dialect, object, PV_NAME_CHILD_RESOURCE);
	JsonArray *array;

	if (children == NULL || !JSON_NODE_HOLDS_ARRAY (children))
		return NULL;
	array = json_node_get_array (children);
	for (guint i = 0; i < json_array_get_length (array); i++) {
		JsonNode *child = json_array_get_element (array, i);
		PvJsonReader reader;
		const char *value;

		if (!JSON_NODE_HOLDS_OBJECT (child) ||
		    !is_command (dialect, json_node_get_object (child)))
			continue;
		reader = PV_JSON_READER (dialect, json_node_get_object (child), "childResource");
		value = pv_json_read_string (&reader, PV_NAME_CHILD_VALUE, PV_REQUIRED, PV_ID_MAX);
		g_clear_error (&reader.error);
		if (value != NULL)
			return g_strdup (value);
	}
	return NULL;
}

PvMefClientReg *
pv_mef_client_reg_parse (const PvDialect *dialect, JsonNode *content, GError **error)
{
	g_autoptr (PvMefClientReg) registration = g_new0 (PvMefClientReg, 1);
	JsonObject *object = pv_content_unwrap (dialect, PV_NAME_MEF_CLIENT_REG, content, error);
	PvJsonReader reader = PV_JSON_READER (dialect, object, "mefClientReg");

	if (object == NULL)
		return NULL;
	registration->id = g_strdup (
		pv_json_read_string (&reader, PV_NAME_RESOURCE_ID, PV_REQUIRED, PV_ID_MAX));
	registration->expires = pv_json_read_time (&reader, PV_NAME_EXPIRATION_TIME, PV_REQUIRED);
	registration->admin_fqdn = g_strdup (
		pv_json_read_string (&reader, PV_NAME_ADMIN_FQDN, PV_REQUIRED, PV_FQDN_MAX));
	registration->client_id =
		g_strdup (pv_json_read_string (&reader, PV_NAME_CREATOR, PV_OPTIONAL, PV_ID_MAX));
	registration->assigned_identity = g_strdup (pv_json_read_string (
		&reader, PV_NAME_ASSIGNED_SYMM_KEY_ID, PV_OPTIONAL, PV_PSK_IDENTITY_MAX));
	registration->labels =
		pv_json_read_strings (&reader, PV_NAME_LABELS, PV_OPTIONAL, PV_LABELS_MAX);
	if (!pv_json_reader_finish (&reader, error))
		return NULL;
	registration->command_id = find_command (dialect, object);
	return g_steal_pointer (&registration);
}

gboolean
pv_mef_client_reg_check (const PvMefClientReg *registration,
			 const char *client_id,
			 const char *admin_fqdn,
			 gint64 now,
			 GError **error)
{
	if (registration->expires <= now) {
		g_set_error (error, PV_ERROR, PV_ERROR_MISMATCH,
			     "the MEF granted a registration that is over already "
			     "(is the clock right?)");
		return FALSE;
	}
	if (registration->client_id != NULL && !g_str_equal (registration->client_id, client_id)) {
		g_set_error (error, PV_ERROR, PV_ERROR_MISMATCH,
			     "the MEF registered “%s” instead of “%s”", registration->client_id,
			     client_id);
		return FALSE;
	}
	if (!g_str_equal (registration->admin_fqdn, admin_fqdn)) {
		g_set_error (error, PV_ERROR, PV_ERROR_MISMATCH,
			     "the MEF registered us with “%s” instead of “%s”",
			     registration->admin_fqdn, admin_fqdn);
		return FALSE;
	}
	return TRUE;
}
