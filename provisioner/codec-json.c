/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON of primitives. json-glib parses recursively and without bounds: size, depth, UTF-8 and NUL
 * are checked before it sees a byte.
 */
#include <config.h>

#include "provisioner/codec-json.h"

#include "provisioner/error.h"
#include "provisioner/limits.h"
#include "provisioner/timestamp.h"

#include <string.h>

/* Whether json-glib may see it: PV_ERROR_LIMIT for the depth; PV_ERROR_MALFORMED for what its
 * scanner knows besides JSON, comments and 'strings', in which a quote would blind this count. */
static gboolean
structure_is_safe (const char *bytes, gsize length, PvErrorCode *code)
{
	gsize depth = 0;
	gboolean in_string = FALSE;

	for (gsize i = 0; i < length; i++) {
		if (bytes[i] == '"')
			in_string = !in_string;
		else if (in_string)
			i += bytes[i] == '\\';
		else if (bytes[i] == '[' || bytes[i] == '{')
			depth++;
		else if ((bytes[i] == ']' || bytes[i] == '}') && depth > 0)
			depth--;
		else if (memchr ("/'#", bytes[i], 3) != NULL) {
			*code = PV_ERROR_MALFORMED;
			return FALSE;
		}
		if (depth > PV_JSON_DEPTH_MAX) {
			*code = PV_ERROR_LIMIT;
			return FALSE;
		}
	}
	return TRUE;
}

JsonNode *
pv_json_parse (const char *bytes, gsize length, gsize length_max, GError **error)
{
	g_autoptr (JsonParser) parser = json_parser_new_immutable ();
	g_autoptr (GError) cause = NULL;
	PvErrorCode code;
	JsonNode *root;

	if (length > length_max) {
		g_set_error (error, PV_ERROR, PV_ERROR_LIMIT,
			     "JSON of %" G_GSIZE_FORMAT " bytes is larger than %" G_GSIZE_FORMAT,
			     length, length_max);
		return NULL;
	}
	if (!g_utf8_validate_len (bytes, length, NULL)) {
		g_set_error (error, PV_ERROR, PV_ERROR_MALFORMED, "JSON is not valid UTF-8");
		return NULL;
	}
	if (!structure_is_safe (bytes, length, &code)) {
		g_set_error (error, PV_ERROR, code, "not JSON, or nested deeper than %d levels",
			     PV_JSON_DEPTH_MAX);
		return NULL;
	}
	if (!json_parser_load_from_data (parser, bytes, length, &cause)) {
		g_set_error (error, PV_ERROR, PV_ERROR_MALFORMED, "not JSON: %.200s",
			     cause->message);
		return NULL;
	}
	root = json_parser_get_root (parser);
	if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root)) {
		g_set_error (error, PV_ERROR, PV_ERROR_MALFORMED,
			     "JSON whose root is not an object");
		return NULL;
	}
	return json_node_ref (root);
}

char *
pv_json_write (JsonNode *node)
{
	return json_to_string (node, FALSE);
}

JsonNode *
pv_json_member (const PvDialect *dialect, JsonObject *object, PvName name)
{
	const char *sent = pv_dialect_sent (dialect, name);
	JsonObjectIter iter;
	const char *member;
	JsonNode *value;

	if (json_object_has_member (object, sent))
		return json_object_get_member (object, sent);
	json_object_iter_init_ordered (&iter, object);
	while (json_object_iter_next_ordered (&iter, &member, &value))
		if (pv_dialect_matches (dialect, name, member))
			return value;
	return NULL;
}

static void
fault (PvJsonReader *reader, PvName name, const char *why)
{
	if (reader->error == NULL)
		g_set_error (&reader->error, PV_ERROR, PV_ERROR_MALFORMED, "%s: %s (%s) %s",
			     reader->what, pv_name_entry (name)->long_name,
			     pv_dialect_sent (reader->dialect, name), why);
}

/* The member, NULL when absent (JSON null is absence) or when there was a fault before. */
static JsonNode *
lookup (PvJsonReader *reader, PvName name, PvPresence presence)
{
	JsonNode *node;

	if (reader->error != NULL)
		return NULL;
	node = pv_json_member (reader->dialect, reader->object, name);
	if (node != NULL && !JSON_NODE_HOLDS_NULL (node))
		return node;
	if (presence == PV_REQUIRED)
		fault (reader, name, "is missing");
	return NULL;
}

static const char *
text_of (JsonNode *node, gsize length_max)
{
	const char *text;

	if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
		return NULL;
	text = json_node_get_string (node);
	return text != NULL && strlen (text) <= length_max ? text : NULL;
}

const char *
pv_json_read_string (PvJsonReader *reader, PvName name, PvPresence presence, gsize length_max)
{
	JsonNode *node = lookup (reader, name, presence);
	const char *text = node != NULL ? text_of (node, length_max) : NULL;

	if (node != NULL && text == NULL)
		fault (reader, name, "is not a text of acceptable length");
	return text;
}

gint64
pv_json_read_int (PvJsonReader *reader,
		  PvName name,
		  PvPresence presence,
		  gint64 min,
		  gint64 max,
		  gint64 absent)
{
	JsonNode *node = lookup (reader, name, presence);
	gint64 value;

	if (node == NULL)
		return absent;
	if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_INT64) {
		fault (reader, name, "is not a whole number");
		return absent;
	}
	value = json_node_get_int (node);
	if (value >= min && value <= max)
		return value;
	fault (reader, name, "is out of range");
	return absent;
}

gint64
pv_json_read_time (PvJsonReader *reader, PvName name, PvPresence presence)
{
	const char *text = pv_json_read_string (reader, name, presence, 32);
	gint64 seconds = 0;

	if (text != NULL && !pv_timestamp_parse (text, &seconds, NULL))
		fault (reader, name, "is not a timestamp");
	return seconds;
}

GStrv
pv_json_read_strings (PvJsonReader *reader, PvName name, PvPresence presence, guint count_max)
{
	JsonNode *node = lookup (reader, name, presence);
	g_autoptr (GStrvBuilder) texts = g_strv_builder_new ();
	JsonArray *array;

	if (node == NULL)
		return NULL;
	if (text_of (node, PV_ID_MAX) != NULL) {
		g_strv_builder_add (texts, json_node_get_string (node));
		return g_strv_builder_end (texts);
	}
	if (!JSON_NODE_HOLDS_ARRAY (node) ||
	    json_array_get_length (json_node_get_array (node)) > count_max) {
		fault (reader, name, "is not a list of acceptable length");
		return NULL;
	}
	array = json_node_get_array (node);
	for (guint i = 0; i < json_array_get_length (array); i++) {
		const char *text = text_of (json_array_get_element (array, i), PV_ID_MAX);
		if (text == NULL) {
			fault (reader, name, "is not a list of texts");
			return NULL;
		}
		g_strv_builder_add (texts, text);
	}
	return g_strv_builder_end (texts);
}

JsonObject *
pv_json_read_object (PvJsonReader *reader, PvName name, PvPresence presence)
{
	JsonNode *node = lookup (reader, name, presence);

	if (node == NULL)
		return NULL;
	if (JSON_NODE_HOLDS_OBJECT (node))
		return json_node_get_object (node);
	fault (reader, name, "is not an object");
	return NULL;
}

gboolean
pv_json_reader_finish (PvJsonReader *reader, GError **error)
{
	if (reader->error == NULL)
		return TRUE;
	g_propagate_error (error, g_steal_pointer (&reader->error));
	return FALSE;
}

void
pv_json_set_strings (JsonObject *object, const char *member, const char *const *texts)
{
	JsonArray *array;

	if (texts == NULL)
		return;
	array = json_array_new ();
	for (; *texts != NULL; texts++)
		json_array_add_string_element (array, *texts);
	json_object_set_array_member (object, member, array);
}
