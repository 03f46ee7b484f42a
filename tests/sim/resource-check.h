/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The checks that several resources share: members, times, labels, identifiers. */
#pragma once

#include <json-glib/json-glib.h>

/* Only members of the list, each between bars, may be there. */
gboolean sim_check_known (JsonObject *body, const char *known, const char *rule, GError **error);

/* expirationTime, in the future; absent only when optional: then 0. */
gboolean sim_check_expiry (
	JsonObject *body, gboolean optional, const char *rule, gint64 *expires, GError **error);

/* An optional list of strings; NULL when absent. */
gboolean sim_check_list (
	JsonObject *body, const char *name, const char *rule, JsonArray **list, GError **error);

/* adminFQDN: there and a lower-case FQDN. */
const char *sim_check_admin (JsonObject *body, const char *name, const char *rule, GError **error);

gboolean sim_is_fqdn (const char *text);
gboolean sim_is_absolute_id (const char *text);

/* R-8.3.5.2.7-2, A03: the number and kind of targets that a SUID allows. */
gboolean sim_check_targets (JsonArray *targets, gint64 suid, GError **error);

/* keyValue, in the dialect's text form, of a plausible length. */
GBytes *sim_check_key_value (JsonObject *body, const char *name, gboolean hex, GError **error);
