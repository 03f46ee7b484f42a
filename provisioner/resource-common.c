/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What registrations have in common: built, parsed, checked.
 */
#include <config.h>

#include "provisioner/resource-common.h"

#include "provisioner/identity.h"
#include "provisioner/limits.h"
#include "provisioner/primitive.h"
#include "provisioner/timestamp.h"

void
pv_granted_clear (PvGranted *granted)
{
	g_free (granted->id);
	g_free (granted->admin_fqdn);
	g_free (granted->client_id);
	g_strfreev (granted->labels);
}

void
pv_granted_read (PvJsonReader *reader, gsize id_max, PvGranted *granted)
{
	granted->id =
		g_strdup (pv_json_read_string (reader, PV_NAME_RESOURCE_ID, PV_REQUIRED, id_max));
	if (granted->id != NULL && !pv_resource_id_is_valid (granted->id))
		pv_json_reader_fault (reader, PV_NAME_RESOURCE_ID, "is not a resource identifier");
	granted->expires = pv_json_read_time (reader, PV_NAME_EXPIRATION_TIME, PV_REQUIRED);
	granted->admin_fqdn = g_strdup (
		pv_json_read_string (reader, PV_NAME_ADMIN_FQDN, PV_REQUIRED, PV_FQDN_MAX));
	granted->client_id =
		g_strdup (pv_json_read_string (reader, PV_NAME_CREATOR, PV_OPTIONAL, PV_ID_MAX));
	granted->labels = pv_json_read_strings (reader, PV_NAME_LABELS, PV_OPTIONAL, PV_LABELS_MAX);
}

const char *
pv_granted_refusal (const PvGranted *granted,
		    const char *client_id,
		    const char *admin_fqdn,
		    gint64 now)
{
	if (granted->expires <= now)
		return "it is over already (is the clock right?)";
	if (granted->client_id != NULL && !pv_identifier_is_same (client_id, granted->client_id))
		return "it is another client's";
	if (g_ascii_strcasecmp (granted->admin_fqdn, admin_fqdn) != 0)
		return "it belongs to another stakeholder";
	return NULL;
}

JsonObject *
pv_proposal_new (const PvDialect *dialect,
		 gint64 expires,
		 const char *admin_fqdn,
		 const char *const *labels)
{
	JsonObject *object = json_object_new ();
	g_autofree char *text = expires != 0 ? pv_timestamp_format (expires) : NULL;

	if (text != NULL)
		json_object_set_string_member (
			object, pv_dialect_sent (dialect, PV_NAME_EXPIRATION_TIME), text);
	if (admin_fqdn != NULL)
		json_object_set_string_member (
			object, pv_dialect_sent (dialect, PV_NAME_ADMIN_FQDN), admin_fqdn);
	pv_json_set_strings (object, pv_dialect_sent (dialect, PV_NAME_LABELS), labels);
	return object;
}

gboolean
pv_update_parse (const PvDialect *dialect,
		 PvName type,
		 JsonNode *content,
		 gint64 *expires,
		 GStrv *targets,
		 GError **error)
{
	JsonObject *object;
	PvJsonReader reader;
	gint64 until;
	g_auto (GStrv) list = NULL;

	*expires = 0;
	if (targets != NULL)
		*targets = NULL;
	if (content == NULL)
		return TRUE; /* updated, and nothing said about it */
	object = pv_content_unwrap (dialect, type, content, error);
	if (object == NULL)
		return FALSE;
	reader = PV_JSON_READER (dialect, object, pv_name_entry (type)->long_name);
	until = pv_json_read_time (&reader, PV_NAME_EXPIRATION_TIME, PV_OPTIONAL);
	list = pv_json_read_strings (&reader, PV_NAME_TARGET_IDS, PV_OPTIONAL, PV_TARGETS_MAX);
	if (!pv_json_reader_finish (&reader, error))
		return FALSE;
	*expires = until;
	if (targets != NULL)
		*targets = g_steal_pointer (&list);
	return TRUE;
}

static gboolean
is_of_type (const PvDialect *dialect, JsonObject *child, guint type)
{
	PvJsonReader reader = PV_JSON_READER (dialect, child, "childResource");
	gint64 value =
		pv_json_read_int (&reader, PV_NAME_CHILD_TYPE, PV_REQUIRED, 0, G_MAXINT32, -1);

	g_clear_error (&reader.error);
	return value == type;
}

GStrv
pv_children_of_type (const PvDialect *dialect, JsonObject *object, guint type)
{
	JsonNode *children = pv_json_member (dialect, object, PV_NAME_CHILD_RESOURCE);
	g_autoptr (GStrvBuilder) found = g_strv_builder_new ();
	JsonArray *array = children != NULL && JSON_NODE_HOLDS_ARRAY (children)
				   ? json_node_get_array (children)
				   : NULL;

	for (guint i = 0; array != NULL && i < json_array_get_length (array); i++) {
		JsonNode *child = json_array_get_element (array, i);
		PvJsonReader reader;
		const char *value;

		if (!JSON_NODE_HOLDS_OBJECT (child) ||
		    !is_of_type (dialect, json_node_get_object (child), type))
			continue;
		reader = PV_JSON_READER (dialect, json_node_get_object (child), "childResource");
		value = pv_json_read_string (&reader, PV_NAME_CHILD_VALUE, PV_REQUIRED, PV_ID_MAX);
		g_clear_error (&reader.error);
		if (value != NULL)
			g_strv_builder_add (found, value);
	}
	return g_strv_builder_end (found);
}
