/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON of primitives. Size, UTF-8 and grammar are checked before json-glib sees a byte.
 */
#include <config.h>

#include "provisioner/codec-json.h"

#include "provisioner/error.h"
#include "provisioner/json-check.h"
#include "provisioner/limits.h"
#include "provisioner/timestamp.h"

#include <string.h>

/* json-glib keeps the last of two members with one name: whoever else reads it might keep the first. */
static guint
count_members (JsonNode *node)
{
	guint count = 0;

	if (JSON_NODE_HOLDS_OBJECT (node)) {
		g_autoptr (GList) values = json_object_get_values (json_node_get_object (node));

		for (GList *value = values; value != NULL; value = value->next)
			count += 1 + count_members (value->data);
	} else if (JSON_NODE_HOLDS_ARRAY (node)) {
		g_autoptr (GList) values = json_array_get_elements (json_node_get_array (node));

		for (GList *value = values; value != NULL; value = value->next)
			count += count_members (value->data);
	}
	return count;
}

JsonNode *
pv_json_parse (const char *bytes, gsize length, gsize length_max, GError **error)
{
	g_autoptr (JsonParser) parser = json_parser_new_immutable ();
	JsonNode *root;
	guint members;

	if (length >= 3 && memcmp (bytes, "\xef\xbb\xbf", 3) == 0) { /* RFC 8259 8.1: may be passed over */
		bytes += 3;
		length -= 3;
	}
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
	if (!pv_json_check (bytes, length, &members, error))
		return NULL;
	/* its own words would repeat texts, and a text may be a key */
	if (!json_parser_load_from_data (parser, bytes, length, NULL)) {
		g_set_error (error, PV_ERROR, PV_ERROR_MALFORMED, "not JSON that we understand");
		return NULL;
	}
	root = json_parser_get_root (parser);
	if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root)) {
		g_set_error (error, PV_ERROR, PV_ERROR_MALFORMED,
			     "JSON whose root is not an object");
		return NULL;
	}
	if (count_members (root) != members) {
		g_set_error (error, PV_ERROR, PV_ERROR_MALFORMED,
			     "JSON in which an object has a member twice");
		return NULL;
	}
	return json_node_ref (root);
}

char *
pv_json_write (JsonNode *node)
{
	return json_to_string (node, FALSE);
}

const char *
pv_json_spelled (const PvDialect *dialect, JsonObject *object, PvName name)
{
	const char *sent = pv_dialect_sent (dialect, name);
	JsonObjectIter iter;
	const char *member;

	if (json_object_has_member (object, sent))
		return sent;
	json_object_iter_init_ordered (&iter, object);
	while (json_object_iter_next_ordered (&iter, &member, NULL))
		if (pv_dialect_matches (dialect, name, member))
			return member;
	return NULL;
}

JsonNode *
pv_json_member (const PvDialect *dialect, JsonObject *object, PvName name)
{
	const char *member = pv_json_spelled (dialect, object, name);

	if (member == NULL)
		return NULL;
	pv_dialect_hear (dialect, name, member);
	return json_object_get_member (object, member);
}

void
pv_json_reader_fault (PvJsonReader *reader, PvName name, const char *why)
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
		pv_json_reader_fault (reader, name, "is missing");
	return NULL;
}

static gboolean
has_control_characters (const char *text)
{
	for (; *text != '\0'; text++)
		if (g_ascii_iscntrl (*text))
			return TRUE;
	return FALSE;
}

/* Nothing that is read here may change a line of a log, or a terminal. */
static const char *
text_of (JsonNode *node, gsize length_max)
{
	const char *text;

	if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
		return NULL;
	text = json_node_get_string (node);
	return text != NULL && strlen (text) <= length_max && !has_control_characters (text) ? text
											      : NULL;
}

const char *
pv_json_read_string (PvJsonReader *reader, PvName name, PvPresence presence, gsize length_max)
{
	JsonNode *node = lookup (reader, name, presence);
	const char *text = node != NULL ? text_of (node, length_max) : NULL;

	if (node != NULL && text == NULL)
		pv_json_reader_fault (reader, name, "is not a text, too long, or holds control characters");
	return text;
}

/* Also as the text that some serialisers make of every number: nothing else can be meant by it. */
static gboolean
whole_number (JsonNode *node, gint64 *value)
{
	const char *text = text_of (node, 20);

	if (text != NULL)
		return g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, value, NULL);
	if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_INT64)
		return FALSE;
	*value = json_node_get_int (node);
	return TRUE;
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
	if (!whole_number (node, &value)) {
		pv_json_reader_fault (reader, name, "is not a whole number");
		return absent;
	}
	if (value >= min && value <= max)
		return value;
	pv_json_reader_fault (reader, name, "is out of range");
	return absent;
}

gint64
pv_json_read_time (PvJsonReader *reader, PvName name, PvPresence presence)
{
	const char *text = pv_json_read_string (reader, name, presence, 32);
	gint64 seconds = 0;

	if (text != NULL && !pv_timestamp_parse (text, &seconds, NULL))
		pv_json_reader_fault (reader, name, "is not a timestamp");
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
		pv_json_reader_fault (reader, name, "is not a list of acceptable length");
		return NULL;
	}
	array = json_node_get_array (node);
	for (guint i = 0; i < json_array_get_length (array); i++) {
		const char *text = text_of (json_array_get_element (array, i), PV_ID_MAX);
		if (text == NULL) {
			pv_json_reader_fault (reader, name, "is not a list of texts");
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
	pv_json_reader_fault (reader, name, "is not an object");
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
