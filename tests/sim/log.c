/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The JSON-lines log. */
#include <config.h>

#include "tests/sim/log.h"

#include "tests/sim/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct SimLog {
	GMutex lock;
	FILE *file;
};

SimLog *
sim_log_open (const char *path, GError **error)
{
	FILE *file = fopen (path, "ae");
	SimLog *log;

	if (file == NULL) {
		g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s", path,
			     g_strerror (errno));
		return NULL;
	}
	log = g_new0 (SimLog, 1);
	g_mutex_init (&log->lock);
	log->file = file;
	return log;
}

void
sim_log_close (SimLog *log)
{
	if (log == NULL)
		return;
	fclose (log->file);
	g_mutex_clear (&log->lock);
	g_free (log);
}

void
sim_log_write (SimLog *log, JsonObject *line)
{
	g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
	g_autofree char *time = g_date_time_format (now, "%Y-%m-%dT%H:%M:%S.%fZ");
	g_autofree char *text = NULL;

	json_object_set_string_member (line, "time", time);
	text = sim_json_text (line);
	json_object_unref (line);
	g_mutex_lock (&log->lock);
	fprintf (log->file, "%s\n", text);
	fflush (log->file);
	g_mutex_unlock (&log->lock);
}

void
sim_log_verdict (JsonObject *line, const GError *refusal)
{
	const char *colon;

	json_object_set_string_member (line, "verdict", refusal == NULL ? "ok" : "refused");
	if (refusal == NULL)
		return;
	colon = strstr (refusal->message, ": ");
	if (colon != NULL) {
		g_autofree char *rule =
			g_strndup (refusal->message, (gsize)(colon - refusal->message));

		json_object_set_string_member (line, "rule", rule);
	}
	json_object_set_string_member (line, "why", colon != NULL ? colon + 2 : refusal->message);
}
