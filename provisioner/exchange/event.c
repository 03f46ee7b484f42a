/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events for enroleed, one JSON line each. A line that cannot be written is lost: the parent is gone, and this process
 * ends with it.
 */
#include <config.h>

#include "provisioner/exchange/event.h"

#include "provisioner/codec-json.h"
#include "provisioner/error.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_MAX 4096

JsonObject *
pv_event_new (const char *name)
{
	JsonObject *event = json_object_new ();

	json_object_set_string_member (event, "event", name);
	json_object_set_double_member (event, "time", g_get_real_time () / 1e6);
	return event;
}

static void
send_event (PvEvents *events, JsonObject *event)
{
	g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), event);
	g_autofree char *text = json_to_string (node, FALSE);
	g_autofree char *line = g_strconcat (text, "\n", NULL);
	gsize length = strlen (line);

	json_object_unref (event);
	for (gsize sent = 0; sent < length;) {
		gssize step = write (events->descriptor, line + sent, length - sent);

		if (step <= 0)
			return;
		sent += step;
	}
}

void
pv_event_send (PvEvents *events, JsonObject *event)
{
	g_autofree char *problem = NULL;

	pv_trace_event (events->trace, event);
	problem = pv_trace_take_problem (events->trace);
	if (problem != NULL)
		pv_event_warn (events, problem);
	send_event (events, event);
}

/* One line, octet by octet: nothing of a later answer may be taken with it. */
static gboolean
read_answer (PvEvents *events, char *line, GError **error)
{
	gsize length = 0;

	while (length < ANSWER_MAX) {
		gssize step = read (events->descriptor, line + length, 1);

		if (step < 0 && errno == EINTR)
			continue;
		if (step <= 0)
			break;
		if (line[length] == '\n') {
			line[length] = '\0';
			return TRUE;
		}
		length++;
	}
	g_set_error (error, PV_ERROR, PV_ERROR_LOCAL, "enroleed does not answer");
	return FALSE;
}

gboolean
pv_event_ask (PvEvents *events, JsonObject *event, GError **error)
{
	char line[ANSWER_MAX + 1];
	g_autoptr (JsonNode) answer = NULL;
	JsonObject *object;

	pv_event_send (events, event);
	if (!events->answered)
		return TRUE;
	if (!read_answer (events, line, error))
		return FALSE;
	answer = pv_json_parse (line, strlen (line), ANSWER_MAX, error);
	if (answer == NULL)
		return FALSE;
	object = json_node_get_object (answer);
	if (json_object_get_boolean_member_with_default (object, "ok", FALSE))
		return TRUE;
	g_set_error (error, PV_ERROR, PV_ERROR_LOCAL, "%s",
		     json_object_get_string_member_with_default (object, "message",
								 "enroleed could not do it"));
	return FALSE;
}

void
pv_event_warn (PvEvents *events, const char *message)
{
	JsonObject *event = pv_event_new ("warning");

	json_object_set_string_member (event, "message", message);
	pv_event_send (events, event);
}

static void
tell (PvEvents *events, guint index, const char *state)
{
	JsonObject *event = pv_event_new ("phase");
	gint64 passed_us = g_get_monotonic_time () - events->phases[index].start_us;

	json_object_set_string_member (event, "phase", events->phases[index].phase);
	json_object_set_string_member (event, "state", state);
	json_object_set_string_member (event, "clause", events->phases[index].clause);
	json_object_set_int_member (event, "ms", passed_us / 1000);
	pv_event_send (events, event);
}

void
pv_phase_begin (PvEvents *events, const char *phase, const char *clause)
{
	g_return_if_fail (events->depth < PV_PHASES_NESTED_MAX);
	events->phases[events->depth].phase = phase;
	events->phases[events->depth].clause = clause;
	events->phases[events->depth].start_us = g_get_monotonic_time ();
	tell (events, events->depth++, "started");
}

void
pv_phase_unwind (PvEvents *events, guint depth)
{
	while (events->depth > depth)
		tell (events, --events->depth, "failed");
}

void
pv_phase_end (PvEvents *events, const char *phase, const char *state)
{
	guint index = events->depth;

	while (index > 0 && !g_str_equal (events->phases[index - 1].phase, phase))
		index--;
	if (index == 0)
		return;
	pv_phase_unwind (events, index);
	tell (events, --events->depth, state);
}

void
pv_event_fail (PvEvents *events, const GError *error)
{
	JsonObject *event = pv_event_new ("failed");
	const char *phase = events->depth > 0 ? events->phases[events->depth - 1].phase : "start";

	json_object_set_string_member (event, "phase", phase);
	json_object_set_string_member (event, "code", pv_error_name (error));
	json_object_set_string_member (event, "message", error->message);
	json_object_set_int_member (event, "retry_after_s", pv_error_get_retry_after (error));
	json_object_set_boolean_member (event, "permanent", pv_error_is_permanent (error));
	pv_phase_unwind (events, 0);
	pv_event_send (events, event);
}
