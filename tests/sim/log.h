/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The log that tests read: one JSON object a line, written at once, never a secret. Any thread. */
#pragma once

#include <json-glib/json-glib.h>

typedef struct SimLog SimLog;

SimLog *sim_log_open (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void sim_log_close (SimLog *log);

/* Writes the line and takes the object; the time is added. */
void sim_log_write (SimLog *log, JsonObject *line);

/* Adds verdict, rule and why to a line: "ok", or what the refusal says. */
void sim_log_verdict (JsonObject *line, const GError *refusal);
