/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See trace-mask.h. What it fears: a key value, a password or private data that is written down
 * because its name was not foreseen.
 */
#include <config.h>

#include "provisioner/exchange/trace-mask.h"

#include "provisioner/codec-json.h"
#include "provisioner/exchange/trace-est.h"
#include "provisioner/limits.h"

#include <string.h>

/* A shorter text is masked in its place only: it would be found in too many others. */
#define REMEMBERED_MIN 8
#define REFERENCE "pskref1:"
#define PRIVATE_KEY "PRIVATE KEY-----"
#define MASKED "[masked]"

typedef enum {
	SECRET_MEMBER, /* a name of the Mmef interface */
	SECRET_HEADER, /* a header in lower case */
	SECRET_WORD,   /* within any name that is not known, in lower case */
} Where;

/* What is never shown. */
static const struct {
	Where where;
	PvName name;
	const char *text;
} secrets[] = {
	{SECRET_MEMBER, PV_NAME_KEY_VALUE, NULL},
	{SECRET_MEMBER, PV_NAME_OBJECT_TYPE_SPECIFIC_ARGS, NULL}, /* configuration of a device */
	{SECRET_HEADER, PV_N_NAMES, "cookie"},
	{SECRET_HEADER, PV_N_NAMES, "set-cookie"},
	{SECRET_WORD, PV_N_NAMES, "auth"},
	{SECRET_WORD, PV_N_NAMES, "cred"},
	{SECRET_WORD, PV_N_NAMES, "key"},
	{SECRET_WORD, PV_N_NAMES, "nonce"},
	{SECRET_WORD, PV_N_NAMES, "pass"},
	{SECRET_WORD, PV_N_NAMES, "pin"},
	{SECRET_WORD, PV_N_NAMES, "priv"},
	{SECRET_WORD, PV_N_NAMES, "psk"},
	{SECRET_WORD, PV_N_NAMES, "pwd"},
	{SECRET_WORD, PV_N_NAMES, "secret"},
	{SECRET_WORD, PV_N_NAMES, "token"},
};

struct _PvMask {
	const PvDialect *dialect;
	GPtrArray *seen; /* texts that were masked */
};

static void
free_secret (gpointer data)
{
	explicit_bzero (data, strlen (data));
	g_free (data);
}

PvMask *
pv_mask_new (const PvDialect *dialect)
{
	PvMask *mask = g_new0 (PvMask, 1);

	mask->dialect = dialect;
	mask->seen = g_ptr_array_new_with_free_func (free_secret);
	return mask;
}

void
pv_mask_free (PvMask *mask)
{
	if (mask == NULL)
		return;
	g_ptr_array_unref (mask->seen);
	g_free (mask);
}

static void
add (PvMask *mask, char *secret)
{
	if (strlen (secret) >= REMEMBERED_MIN &&
	    !g_ptr_array_find_with_equal_func (mask->seen, secret, g_str_equal, NULL))
		g_ptr_array_add (mask->seen, secret);
	else
		free_secret (secret);
}

static void
add_encodings (PvMask *mask, const guint8 *bytes, gsize length)
{
	GString *lower = g_string_new (NULL);

	for (gsize i = 0; i < length; i++)
		g_string_append_printf (lower, "%02x", bytes[i]);
	add (mask, g_ascii_strup (lower->str, -1));
	add (mask, g_string_free (lower, FALSE));
	add (mask, g_base64_encode (bytes, length));
}

static gsize
read_hex (const char *text, guint8 *bytes)
{
	gsize length = strlen (text) / 2;

	if (strlen (text) % 2 != 0 || length > PV_KEY_VALUE_MAX)
		return 0;
	for (gsize i = 0; i < length; i++) {
		if (!g_ascii_isxdigit (text[2 * i]) || !g_ascii_isxdigit (text[2 * i + 1]))
			return 0;
		bytes[i] = g_ascii_xdigit_value (text[2 * i]) << 4 |
			   g_ascii_xdigit_value (text[2 * i + 1]);
	}
	return length;
}

void
pv_mask_remember (PvMask *mask, const char *secret)
{
	guint8 bytes[PV_KEY_VALUE_MAX];
	gsize length = read_hex (secret, bytes);
	g_autofree guint8 *decoded = NULL;

	add (mask, g_strdup (secret));
	if (length == 0 && strlen (secret) <= 2 * PV_KEY_VALUE_MAX) {
		decoded = g_base64_decode (secret, &length);
		length = MIN (length, sizeof bytes);
		memcpy (bytes, decoded, length);
		explicit_bzero (decoded, length);
	}
	if (length > 0)
		add_encodings (mask, bytes, length);
	explicit_bzero (bytes, sizeof bytes);
}

/* The part of a reference behind its prefix. */
static void
mask_references (GString *text)
{
	for (char *at = strstr (text->str, REFERENCE); at != NULL;) {
		gsize from = at - text->str + strlen (REFERENCE);
		gsize length = strspn (text->str + from,
				       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

		g_string_erase (text, from, length);
		g_string_insert (text, from, MASKED);
		at = strstr (text->str + from, REFERENCE);
	}
}

char *
pv_mask_text (const PvMask *mask, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid (text, -1);
	g_autoptr (GString) clean = g_string_new (NULL);

	for (const char *at = valid; *at != '\0'; at = g_utf8_next_char (at)) {
		gunichar c = g_utf8_get_char (at);

		if (c != '\r')
			g_string_append_unichar (
				clean, g_unichar_iscntrl (c) && c != '\n' && c != '\t' ? 0xfffd : c);
	}
	if (strstr (clean->str, PRIVATE_KEY) != NULL)
		return g_strdup (MASKED);
	for (guint i = 0; i < mask->seen->len; i++)
		g_string_replace (clean, mask->seen->pdata[i], MASKED, 0);
	mask_references (clean);
	return g_string_free (g_steal_pointer (&clean), FALSE);
}

static gboolean
has_secret_word (const char *name)
{
	g_autofree char *lower = g_ascii_strdown (name, -1);

	for (guint i = 0; i < G_N_ELEMENTS (secrets); i++)
		if (secrets[i].where == SECRET_WORD && strstr (lower, secrets[i].text) != NULL)
			return TRUE;
	return FALSE;
}

char *
pv_mask_header (PvMask *mask, const char *name, const char *value)
{
	gboolean secret = has_secret_word (name);

	for (guint i = 0; i < G_N_ELEMENTS (secrets); i++)
		if (secrets[i].where == SECRET_HEADER &&
		    g_ascii_strcasecmp (secrets[i].text, name) == 0)
			secret = TRUE;
	if (!secret)
		return pv_mask_text (mask, value);
	pv_mask_remember (mask, value);
	return g_strdup (MASKED);
}

static PvName
find_name (const PvMask *mask, const char *member)
{
	for (guint i = 0; i < PV_N_NAMES; i++)
		if (pv_dialect_matches (mask->dialect, i, member))
			return i;
	return PV_N_NAMES;
}

/* A name that a dialect or an alias shares with a secret one is secret. */
static gboolean
is_secret_member (const PvMask *mask, const char *member)
{
	for (guint i = 0; i < G_N_ELEMENTS (secrets); i++)
		if (secrets[i].where == SECRET_MEMBER &&
		    pv_dialect_matches (mask->dialect, secrets[i].name, member))
			return TRUE;
	return FALSE;
}

static void
remember_all (PvMask *mask, JsonNode *node)
{
	g_autoptr (GList) values = NULL;

	if (JSON_NODE_HOLDS_VALUE (node)) {
		if (json_node_get_value_type (node) == G_TYPE_STRING)
			pv_mask_remember (mask, json_node_get_string (node));
		return;
	}
	if (JSON_NODE_HOLDS_OBJECT (node))
		values = json_object_get_values (json_node_get_object (node));
	else if (JSON_NODE_HOLDS_ARRAY (node))
		values = json_array_get_elements (json_node_get_array (node));
	for (GList *value = values; value != NULL; value = value->next)
		remember_all (mask, value->data);
}

/* Of what is masked its form is told. */
static JsonNode *
mask_node (PvMask *mask, JsonNode *node)
{
	g_autofree char *text = NULL;
	JsonNode *masked = json_node_alloc ();

	remember_all (mask, node);
	if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
		text = g_strdup_printf ("[masked: text of %" G_GSIZE_FORMAT " octets]",
					strlen (json_node_get_string (node)));
	else if (JSON_NODE_HOLDS_OBJECT (node))
		text = g_strdup_printf ("[masked: object of %u]",
					json_object_get_size (json_node_get_object (node)));
	else if (JSON_NODE_HOLDS_ARRAY (node))
		text = g_strdup_printf ("[masked: array of %u]",
					json_array_get_length (json_node_get_array (node)));
	return json_node_init_string (masked, text != NULL ? text : MASKED);
}

static JsonNode *show_node (PvMask *mask, JsonNode *node, gboolean in_key);

/* A resource of a kind that is not known may be a key's: @in_key. What else is not known is shown where it is a
 * plain value with a harmless name. */
static JsonNode *
show_member (PvMask *mask, const char *member, JsonNode *node, gboolean in_key, gboolean root)
{
	PvName name = find_name (mask, member);
	gboolean plain = JSON_NODE_HOLDS_VALUE (node) || JSON_NODE_HOLDS_NULL (node);

	if (is_secret_member (mask, member))
		return mask_node (mask, node);
	if (name != PV_N_NAMES)
		return show_node (mask, node, in_key || name == PV_NAME_SYMM_KEY_REG);
	if (root && !plain)
		return show_node (mask, node, TRUE);
	if (in_key || !plain || has_secret_word (member))
		return mask_node (mask, node);
	return show_node (mask, node, FALSE);
}

static JsonNode *
show_object (PvMask *mask, JsonObject *object, gboolean in_key, gboolean root)
{
	JsonObject *shown = json_object_new ();
	JsonObjectIter iter;
	const char *member;
	JsonNode *node;

	json_object_iter_init_ordered (&iter, object);
	while (json_object_iter_next_ordered (&iter, &member, &node))
		json_object_set_member (
			shown, member, show_member (mask, member, node, in_key, root));
	return json_node_init_object (json_node_alloc (), shown);
}

static JsonNode *
show_node (PvMask *mask, JsonNode *node, gboolean in_key)
{
	JsonArray *array;

	if (JSON_NODE_HOLDS_OBJECT (node))
		return show_object (mask, json_node_get_object (node), in_key, FALSE);
	if (!JSON_NODE_HOLDS_ARRAY (node))
		return json_node_copy (node);
	array = json_array_new ();
	for (guint i = 0; i < json_array_get_length (json_node_get_array (node)); i++)
		json_array_add_element (
			array,
			show_node (mask,
				   json_array_get_element (json_node_get_array (node), i),
				   in_key));
	return json_node_init_array (json_node_alloc (), array);
}

static char *
show_json (PvMask *mask, const char *bytes, gsize length)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (JsonNode) root = pv_json_parse (bytes, length, PV_BODY_MAX, &error);
	g_autoptr (JsonNode) shown = NULL;
	g_autofree char *text = NULL;

	if (root == NULL)
		return g_strdup_printf ("[not shown: %" G_GSIZE_FORMAT " octets, %s]",
					length,
					error->message);
	shown = show_object (mask, json_node_get_object (root), FALSE, TRUE);
	text = json_to_string (shown, TRUE);
	return pv_mask_text (mask, text);
}

static gboolean
is_json (const PvMask *mask, const char *type, const char *bytes, gsize length)
{
	return strstr (type, "json") != NULL || g_str_has_prefix (type, mask->dialect->media_type) ||
	       (length > 0 && (bytes[0] == '{' || bytes[0] == '['));
}

char *
pv_mask_body (PvMask *mask, const char *type, GBytes *body, gboolean refusal)
{
	g_autofree char *lower = g_ascii_strdown (type != NULL ? type : "", -1);
	g_autofree char *text = NULL;
	gsize length;
	const char *bytes = g_bytes_get_data (body, &length);

	if (is_json (mask, lower, bytes, length))
		return show_json (mask, bytes, length);
	text = pv_trace_est_body (mask, lower, body);
	if (text != NULL)
		return g_steal_pointer (&text);
	if (refusal && g_str_has_prefix (lower, "text/")) {
		text = g_strndup (bytes, MIN (length, PV_MESSAGE_MAX));
		return pv_mask_text (mask, text);
	}
	return g_strdup_printf ("[not shown: %" G_GSIZE_FORMAT " octets of type %s]",
				length,
				lower[0] != '\0' ? lower : "unknown");
}
