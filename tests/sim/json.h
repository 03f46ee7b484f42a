/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A strict reader of RFC 8259 JSON (TS-0004 8.4.2) with its own scanner, because json-glib's takes
 * comments, single quotes and repeated members. Answers are json-glib's values.
 */
#pragma once

#include <json-glib/json-glib.h>

JsonNode *sim_json_parse (const char *text, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *sim_json_text (JsonObject *object);

/* A member that is there and of the type named; else NULL or -1. */
const char *sim_json_string (JsonObject *object, const char *name);
gint64 sim_json_number (JsonObject *object, const char *name);
JsonObject *sim_json_object (JsonObject *object, const char *name);
JsonArray *sim_json_strings (JsonObject *object, const char *name);
