/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of members. */
#include <config.h>

#include "tests/sim/resource-check.h"

#include "tests/sim/json.h"
#include "tests/sim/refusal.h"
#include "tests/sim/store.h"

#include <string.h>

static gboolean
bad (GError **error, const char *rule, const char *what, const char *name)
{
	g_set_error (error, SIM_REFUSAL, SIM_RSC_BAD_REQUEST, "%s: %s %s", rule, name, what);
	return FALSE;
}

gboolean
sim_check_known (JsonObject *body, const char *known, const char *rule, GError **error)
{
	g_autoptr (GList) names = json_object_get_members (body);

	for (GList *name = names; name != NULL; name = name->next) {
		g_autofree char *word = g_strdup_printf ("|%s|", (const char *)name->data);

		if (strstr (known, word) == NULL)
			return bad (error, rule, "may not be in this request", name->data);
	}
	return TRUE;
}

gboolean
sim_check_expiry (
	JsonObject *body, gboolean optional, const char *rule, gint64 *expires, GError **error)
{
	const char *text = sim_json_string (body, "et");
	gint64 seconds = 0;

	if (!json_object_has_member (body, "et") && !optional)
		return bad (error, rule, "is missing", "expirationTime");
	if (json_object_has_member (body, "et") &&
	    (text == NULL || !sim_time_parse (text, &seconds)))
		return bad (error, "R-TS4-6.3.3-1", "is no m2m:timestamp", "expirationTime");
	if (json_object_has_member (body, "et") && seconds <= sim_now ())
		return bad (error, rule, "lies in the past", "expirationTime");
	*expires = seconds;
	return TRUE;
}

gboolean
sim_check_list (
	JsonObject *body, const char *name, const char *rule, JsonArray **list, GError **error)
{
	JsonArray *array = sim_json_strings (body, name);

	if (json_object_has_member (body, name) && array == NULL)
		return bad (error, rule, "is no list of strings", name);
	*list = array;
	return TRUE;
}

gboolean
sim_is_fqdn (const char *text)
{
	return strlen (text) <= 253 &&
	       g_regex_match_simple (
		       "^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$", text,
		       G_REGEX_DOLLAR_ENDONLY, 0);
}

/* "//FQDN/" and one or two names (TS-0004 6.2.3). */
gboolean
sim_is_absolute_id (const char *text)
{
	g_auto (GStrv) parts = g_strsplit (text, "/", -1);
	guint n = g_strv_length (parts);

	if ((n != 4 && n != 5) || parts[0][0] != '\0' || parts[1][0] != '\0' ||
	    !sim_is_fqdn (parts[2]))
		return FALSE;
	for (guint i = 3; i < n; i++)
		if (!g_regex_match_simple ("^[A-Za-z0-9._~-]+$", parts[i], G_REGEX_DOLLAR_ENDONLY,
					   0))
			return FALSE;
	return TRUE;
}

const char *
sim_check_admin (JsonObject *body, const char *name, const char *rule, GError **error)
{
	const char *admin = sim_json_string (body, name);

	if (admin != NULL && sim_is_fqdn (admin))
		return admin;
	bad (error, rule, "is missing or no FQDN", "adminFQDN");
	return NULL;
}

gboolean
sim_check_targets (JsonArray *targets, gint64 suid, GError **error)
{
	guint n = json_array_get_length (targets);

	if (n == 0 || (n > 1 && suid <= 23))
		return bad (error, "R-8.3.5.2.7-2", "has the wrong number of entries for this SUID",
			    "targetIDs");
	for (guint i = 0; i < n; i++) {
		const char *target = json_array_get_string_element (targets, i);

		if (suid == 21 ? !sim_is_fqdn (target) : !sim_is_absolute_id (target))
			return bad (error, "R-8.3.5.2.7-2 A03", "is no target for this SUID",
				    target);
	}
	return TRUE;
}

static GBytes *
from_hex (const char *text)
{
	g_autoptr (GByteArray) octets = g_byte_array_new ();
	gsize length = strlen (text);

	for (gsize i = 0; i < length; i += 2) {
		guint8 octet;

		if (!g_ascii_isxdigit (text[i]) || !g_ascii_isxdigit (text[i + 1]))
			return NULL;
		octet = (guint8)(g_ascii_xdigit_value (text[i]) << 4 |
				 g_ascii_xdigit_value (text[i + 1]));
		g_byte_array_append (octets, &octet, 1);
	}
	return g_byte_array_free_to_bytes (g_steal_pointer (&octets));
}

GBytes *
sim_check_key_value (JsonObject *body, const char *name, gboolean hex, GError **error)
{
	const char *text = sim_json_string (body, name);
	g_autoptr (GBytes) value = NULL;
	gsize length = 0;

	if (text != NULL && hex) {
		value = from_hex (text);
	} else if (text != NULL) {
		guchar *octets = g_base64_decode (text, &length);

		value = g_bytes_new_take (octets, length);
	}
	length = value != NULL ? g_bytes_get_size (value) : 0;
	if (length == 16 || length == 24 || length == 32 || length == 48 || length == 64)
		return g_steal_pointer (&value);
	bad (error, "R-8.3.5.2.7-3 A23", "is no key in this dialect's text form", "keyValue");
	return NULL;
}
