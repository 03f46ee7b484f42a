/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The strict JSON reader: recursive descent over bytes, at most 16 levels, each member name once.
 */
#include <config.h>

#include "tests/sim/json.h"

#include "tests/sim/refusal.h"

#include <string.h>

#define DEPTH_MAX 16

typedef struct {
	const char *at;
	const char *end;
	guint depth;
} Reader;

static JsonNode *read_value (Reader *reader, GError **error);

static gpointer
wrong (Reader *reader, const char *what, GError **error)
{
	g_set_error (error, SIM_REFUSAL, SIM_RSC_BAD_REQUEST,
		     "R-TS4-8.4.2-1: JSON: %s, %u bytes before the end", what,
		     (guint)(reader->end - reader->at));
	return NULL;
}

static void
skip_space (Reader *reader)
{
	while (reader->at < reader->end && strchr (" \t\r\n", *reader->at) != NULL &&
	       *reader->at != '\0')
		reader->at++;
}

static gboolean
take (Reader *reader, char wanted)
{
	skip_space (reader);
	if (reader->at == reader->end || *reader->at != wanted)
		return FALSE;
	reader->at++;
	return TRUE;
}

static gboolean
read_unit (Reader *reader, gunichar *unit)
{
	*unit = 0;
	if (reader->end - reader->at < 4)
		return FALSE;
	for (guint i = 0; i < 4; i++) {
		if (!g_ascii_isxdigit (reader->at[i]))
			return FALSE;
		*unit = *unit << 4 | (gunichar)g_ascii_xdigit_value (reader->at[i]);
	}
	reader->at += 4;
	return TRUE;
}

static gboolean
read_escape (Reader *reader, GString *text)
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	const char *found = reader->at < reader->end && *reader->at != '\0'
				    ? strchr (letters, *reader->at)
				    : NULL;
	gunichar unit, low;

	if (found != NULL) {
		reader->at++;
		g_string_append_c (text, meant[found - letters]);
		return TRUE;
	}
	if (reader->at == reader->end || *reader->at++ != 'u' || !read_unit (reader, &unit))
		return FALSE;
	if (unit >= 0xd800 && unit < 0xdc00) {
		if (reader->end - reader->at < 6 || memcmp (reader->at, "\\u", 2) != 0)
			return FALSE;
		reader->at += 2;
		if (!read_unit (reader, &low) || low < 0xdc00 || low > 0xdfff)
			return FALSE;
		unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
	} else if (unit == 0 || (unit >= 0xdc00 && unit <= 0xdfff)) {
		return FALSE;
	}
	g_string_append_unichar (text, unit);
	return TRUE;
}

static char *
read_string (Reader *reader, GError **error)
{
	g_autoptr (GString) text = g_string_new (NULL);

	if (!take (reader, '"'))
		return wrong (reader, "a string was due", error);
	while (reader->at < reader->end && *reader->at != '"') {
		if ((guchar)*reader->at < 0x20)
			return wrong (reader, "a control character in a string", error);
		if (*reader->at != '\\') {
			g_string_append_c (text, *reader->at++);
			continue;
		}
		reader->at++;
		if (!read_escape (reader, text))
			return wrong (reader, "a bad escape", error);
	}
	if (reader->at == reader->end)
		return wrong (reader, "a string without end", error);
	reader->at++;
	if (!g_utf8_validate (text->str, (gssize)text->len, NULL))
		return wrong (reader, "a string that is not UTF-8", error);
	return g_string_free (g_steal_pointer (&text), FALSE);
}

static JsonNode *
read_object (Reader *reader, GError **error)
{
	g_autoptr (JsonObject) object = json_object_new ();

	if (take (reader, '}'))
		return json_node_init_object (json_node_alloc (), object);
	do {
		g_autofree char *name = read_string (reader, error);
		JsonNode *value;

		if (name == NULL)
			return NULL;
		if (json_object_has_member (object, name))
			return wrong (reader, "a member twice", error);
		if (!take (reader, ':'))
			return wrong (reader, "a colon was due", error);
		value = read_value (reader, error);
		if (value == NULL)
			return NULL;
		json_object_set_member (object, name, value);
	} while (take (reader, ','));
	if (!take (reader, '}'))
		return wrong (reader, "an object without end", error);
	return json_node_init_object (json_node_alloc (), object);
}

static JsonNode *
read_array (Reader *reader, GError **error)
{
	g_autoptr (JsonArray) array = json_array_new ();

	if (take (reader, ']'))
		return json_node_init_array (json_node_alloc (), array);
	do {
		JsonNode *value = read_value (reader, error);

		if (value == NULL)
			return NULL;
		json_array_add_element (array, value);
	} while (take (reader, ','));
	if (!take (reader, ']'))
		return wrong (reader, "an array without end", error);
	return json_node_init_array (json_node_alloc (), array);
}

/* Numbers of this interface are integers; a fraction or an exponent is refused by whoever wants an
 * integer. */
static JsonNode *
read_scalar (Reader *reader, GError **error)
{
	const char *start = reader->at;
	g_autofree char *word = NULL;
	gint64 number;

	while (reader->at < reader->end &&
	       (g_ascii_isalnum (*reader->at) || strchr ("+-.", *reader->at) != NULL) &&
	       *reader->at != '\0')
		reader->at++;
	word = g_strndup (start, (gsize)(reader->at - start));
	if (strcmp (word, "null") == 0)
		return json_node_init_null (json_node_alloc ());
	if (strcmp (word, "true") == 0 || strcmp (word, "false") == 0)
		return json_node_init_boolean (json_node_alloc (), word[0] == 't');
	if (g_regex_match_simple ("^-?(0|[1-9][0-9]{0,17})$", word, 0, 0)) {
		number = g_ascii_strtoll (word, NULL, 10);
		return json_node_init_int (json_node_alloc (), number);
	}
	if (g_regex_match_simple ("^-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?$", word, 0, 0))
		return json_node_init_double (json_node_alloc (), g_ascii_strtod (word, NULL));
	return wrong (reader, "neither a value nor a number", error);
}

static JsonNode *
read_nested (Reader *reader, GError **error)
{
	if (take (reader, '{'))
		return read_object (reader, error);
	if (take (reader, '['))
		return read_array (reader, error);
	if (reader->at < reader->end && *reader->at == '"') {
		g_autofree char *text = read_string (reader, error);

		return text != NULL ? json_node_init_string (json_node_alloc (), text) : NULL;
	}
	return read_scalar (reader, error);
}

static JsonNode *
read_value (Reader *reader, GError **error)
{
	JsonNode *value;

	if (reader->depth == DEPTH_MAX)
		return wrong (reader, "too deep", error);
	skip_space (reader);
	reader->depth++;
	value = read_nested (reader, error);
	reader->depth--;
	return value;
}

JsonNode *
sim_json_parse (const char *text, gsize length, GError **error)
{
	Reader reader = {text, text + length, 0};
	g_autoptr (JsonNode) value = read_value (&reader, error);

	if (value == NULL)
		return NULL;
	skip_space (&reader);
	if (reader.at != reader.end)
		return wrong (&reader, "something behind the value", error);
	return g_steal_pointer (&value);
}

char *
sim_json_text (JsonObject *object)
{
	g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);

	return json_to_string (node, FALSE);
}

static gboolean
is_value (JsonNode *node, GType type)
{
	return node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
	       json_node_get_value_type (node) == type;
}

const char *
sim_json_string (JsonObject *object, const char *name)
{
	JsonNode *node = json_object_get_member (object, name);

	return is_value (node, G_TYPE_STRING) ? json_node_get_string (node) : NULL;
}

gint64
sim_json_number (JsonObject *object, const char *name)
{
	JsonNode *node = json_object_get_member (object, name);

	return is_value (node, G_TYPE_INT64) ? json_node_get_int (node) : -1;
}

JsonObject *
sim_json_object (JsonObject *object, const char *name)
{
	JsonNode *node = json_object_get_member (object, name);

	return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

JsonArray *
sim_json_strings (JsonObject *object, const char *name)
{
	JsonNode *node = json_object_get_member (object, name);
	JsonArray *array;

	if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
		return NULL;
	array = json_node_get_array (node);
	for (guint i = 0; i < json_array_get_length (array); i++)
		if (!is_value (json_array_get_element (array, i), G_TYPE_STRING))
			return NULL;
	return array;
}
