/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See trace.h. What may be shown is trace-mask.c's to say. */
#include <config.h>

#include "provisioner/exchange/trace.h"

#include "provisioner/error.h"
#include "provisioner/exchange-protocol.h"
#include "provisioner/exchange/trace-mask.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_MS 1000 /* with a reader that does not read */

struct _PvTrace {
	int descriptor;
	PvMask *mask;
	char *problem; /* (nullable): not told yet */
	gboolean ended;
};

PvTrace *
pv_trace_new (int descriptor, const PvDialect *dialect)
{
	PvTrace *trace = g_new0 (PvTrace, 1);

	trace->descriptor = descriptor;
	trace->mask = pv_mask_new (dialect);
	return trace;
}

void
pv_trace_free (PvTrace *trace)
{
	if (trace == NULL)
		return;
	pv_trace_line (trace, "--", PV_TRACE_END);
	pv_mask_free (trace->mask);
	g_free (trace->problem);
	g_free (trace);
}

static void
end (PvTrace *trace, const char *why)
{
	trace->problem = g_strdup_printf ("the trace is incomplete: %s", why);
	trace->ended = TRUE;
}

/* In pieces that a pipe takes at once when it is ready at all: a full one must not stop the exchange. */
static void
put (PvTrace *trace, const char *text)
{
	gsize length = strlen (text);

	for (gsize sent = 0; sent < length && !trace->ended;) {
		struct pollfd writable = {.fd = trace->descriptor, .events = POLLOUT};
		int ready = poll (&writable, 1, PATIENCE_MS);
		gssize step;

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0) {
			end (trace, ready == 0 ? "nobody reads it" : g_strerror (errno));
			return;
		}
		step = write (trace->descriptor, text + sent, MIN (length - sent, PIPE_BUF));
		if (step > 0)
			sent += step;
		else if (step == 0 || (errno != EINTR && errno != EAGAIN))
			end (trace, step == 0 ? "nothing can be written" : g_strerror (errno));
	}
}

void
pv_trace_line (PvTrace *trace, const char *mark, const char *format, ...)
{
	g_autoptr (GDateTime) now = NULL;
	g_autofree char *time = NULL;
	g_autofree char *text = NULL;
	g_autofree char *shown = NULL;
	g_autofree char *line = NULL;
	va_list arguments;

	if (trace == NULL)
		return;
	va_start (arguments, format);
	text = g_strdup_vprintf (format, arguments);
	va_end (arguments);
	now = g_date_time_new_now_utc ();
	time = g_date_time_format (now, "%H:%M:%S");
	shown = pv_mask_text (trace->mask, text);
	line = g_strdup_printf ("%s.%03d %s %s\n",
				time,
				g_date_time_get_microsecond (now) / 1000,
				mark,
				g_strdelimit (shown, "\n", ' '));
	put (trace, line);
}

/* Every line of a text behind the mark of its direction. */
static void
put_lines (PvTrace *trace, const char *mark, const char *text)
{
	gsize length = strlen (text);
	g_autofree char *whole = g_strndup (
		text, length > 1 && text[length - 1] == '\n' ? length - 1 : length);
	g_auto (GStrv) lines = g_strsplit (whole, "\n", -1);

	for (gsize i = 0; lines[i] != NULL; i++) {
		g_autofree char *line = g_strconcat (mark, " ", lines[i], "\n", NULL);
		put (trace, line);
	}
}

static void
put_header (PvTrace *trace, const char *mark, const char *name, const char *value)
{
	g_autofree char *shown = pv_mask_header (trace->mask, name, value);
	g_autofree char *line = g_strconcat (name, ": ", shown, NULL);

	put_lines (trace, mark, line);
}

static void
put_body (PvTrace *trace, const char *mark, const char *type, GBytes *body, gboolean refusal)
{
	g_autofree char *shown = NULL;

	if (g_bytes_get_size (body) == 0)
		return;
	shown = pv_mask_body (trace->mask, type, body, refusal);
	put (trace, mark);
	put (trace, "\n");
	put_lines (trace, mark, shown);
}

void
pv_trace_request (PvTrace *trace, const PvHttpRequest *request)
{
	const char *type = NULL;

	if (trace == NULL)
		return;
	pv_trace_line (trace, ">>", "%s %s", request->method, request->path);
	for (guint i = 0; request->headers != NULL && request->headers[i] != NULL; i++) {
		g_auto (GStrv) parts = g_strsplit (request->headers[i], ":", 2);

		if (parts[0] == NULL || parts[1] == NULL)
			continue;
		if (g_ascii_strcasecmp (parts[0], "Content-Type") == 0)
			type = strchr (request->headers[i], ':') + 1;
		put_header (trace, ">", parts[0], g_strchug (parts[1]));
	}
	if (request->body != NULL) {
		g_autoptr (GBytes) body = g_bytes_new_static (request->body, strlen (request->body));
		g_autofree char *media = g_strdup (type);

		put_body (trace, ">", media != NULL ? g_strstrip (media) : NULL, body, FALSE);
	}
}

void
pv_trace_answer (PvTrace *trace, const PvHttpResponse *response, const GError *error, gint64 start_us)
{
	gint64 passed_ms = (g_get_monotonic_time () - start_us) / 1000;
	g_autoptr (GList) names = NULL;

	if (trace == NULL)
		return;
	if (response == NULL) {
		pv_trace_line (trace, "<<", "no answer after %" G_GINT64_FORMAT " ms: %s (%s)",
			       passed_ms, error->message, pv_error_name (error));
		return;
	}
	pv_trace_line (trace, "<<", "%u after %" G_GINT64_FORMAT " ms", response->status, passed_ms);
	names = g_list_sort (g_hash_table_get_keys (response->headers), (GCompareFunc)strcmp);
	for (GList *name = names; name != NULL; name = name->next)
		put_header (trace, "<", name->data,
			    g_hash_table_lookup (response->headers, name->data));
	put_body (trace, "<", pv_http_response_header (response, "content-type"), response->body,
		  response->status >= 400);
}

static void
add_member (GString *text, const char *member, JsonNode *node)
{
	g_autofree char *value = NULL;

	/* the request has its own place, without its attributes */
	if (g_str_equal (member, "event") || g_str_equal (member, "time") || g_str_equal (member, "csr"))
		return;
	value = json_to_string (node, FALSE);
	g_string_append_printf (text, " %s=%s", member, value);
}

void
pv_trace_event (PvTrace *trace, JsonObject *event)
{
	g_autoptr (GString) text = g_string_new (NULL);
	JsonObjectIter iter;
	const char *member;
	JsonNode *node;

	if (trace == NULL)
		return;
	g_string_append (text, json_object_get_string_member (event, "event"));
	json_object_iter_init_ordered (&iter, event);
	while (json_object_iter_next_ordered (&iter, &member, &node))
		add_member (text, member, node);
	pv_trace_line (trace, "==", "%s", text->str);
}

char *
pv_trace_take_problem (PvTrace *trace)
{
	return trace != NULL ? g_steal_pointer (&trace->problem) : NULL;
}
