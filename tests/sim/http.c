/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading of requests and rendering of answers (RFC 9112, the part that TS-0009 and RFC 7030 use).
 */
#include <config.h>

#include "tests/sim/http.h"

#include <stdarg.h>
#include <string.h>

#define HEAD_MAX (32 * 1024)
#define BODY_MAX (1024 * 1024)

/* Returns FALSE, so that the caller can return its answer. */
static gboolean
malformed (const char *what, GError **error)
{
	g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "RFC 9112: %s", what);
	return FALSE;
}

/* Fetches more bytes: 1 some, 0 the end, -1 an error. */
static int
receive_more (SimStream *stream, GError **error)
{
	guint8 buffer[4096];
	gssize n = stream->receive (stream->peer, buffer, sizeof buffer, error);

	if (n > 0)
		g_byte_array_append (stream->ahead, buffer, (guint)n);
	return n > 0 ? 1 : (int)n;
}

/* The head up to and without the empty line, taken out of the stream. */
static char *
receive_head (SimStream *stream, GError **error)
{
	for (;;) {
		const guint8 *end =
			stream->ahead->len > 0
				? memmem (stream->ahead->data, stream->ahead->len, "\r\n\r\n", 4)
				: NULL;
		int more;

		if (end != NULL) {
			gsize length = (gsize)(end - stream->ahead->data);
			char *head = g_strndup ((const char *)stream->ahead->data, length);

			g_byte_array_remove_range (stream->ahead, 0, (guint)length + 4);
			return head;
		}
		more = stream->ahead->len <= HEAD_MAX ? receive_more (stream, error) : 0;
		if (more == 0 && stream->ahead->len > 0)
			malformed ("a head without end", error);
		if (more <= 0)
			return NULL;
	}
}

static gboolean
receive_body (SimStream *stream, SimRequest *request, GError **error)
{
	const char *text = sim_request_header (request, "content-length");
	guint64 length = 0;

	if (sim_request_header (request, "transfer-encoding") != NULL)
		return malformed ("a chunked request is not supported", error);
	if (text == NULL)
		return TRUE;
	if (!g_ascii_string_to_unsigned (text, 10, 0, BODY_MAX, &length, error))
		return FALSE;
	while (stream->ahead->len < length) {
		int more = receive_more (stream, error);

		if (more == 0)
			return malformed ("closed inside a body", error);
		if (more < 0)
			return FALSE;
	}
	g_byte_array_append (request->body, stream->ahead->data, (guint)length);
	if (length > 0)
		g_byte_array_remove_range (stream->ahead, 0, (guint)length);
	return TRUE;
}

static gboolean
parse_target (SimRequest *request, const char *target, GError **error)
{
	g_auto (GStrv) parts = g_strsplit (target, "?", 2);
	g_auto (GStrv) pairs =
		g_strsplit (parts[0] != NULL && parts[1] != NULL ? parts[1] : "", "&", -1);

	request->path = parts[0] != NULL ? g_uri_unescape_string (parts[0], "/") : NULL;
	if (request->path == NULL || request->path[0] != '/')
		return malformed ("a request target that is no path", error);
	for (char **pair = pairs; *pair != NULL; pair++) {
		char *equals = strchr (*pair, '=');
		g_autofree char *name = NULL;
		g_autofree char *value = NULL;

		if (equals == NULL)
			continue;
		g_strdelimit (equals + 1, "+", ' ');
		name = g_uri_unescape_segment (*pair, equals, NULL);
		value = g_uri_unescape_string (equals + 1, NULL);
		if (name == NULL || value == NULL)
			return malformed ("a bad escape in the query", error);
		g_hash_table_insert (request->query, g_steal_pointer (&name),
				     g_steal_pointer (&value));
	}
	return TRUE;
}

static gboolean
parse_line (SimRequest *request, const char *line, GError **error)
{
	const char *colon = strchr (line, ':');
	g_autofree char *name = NULL;

	if (colon == NULL || colon == line || g_ascii_isspace (line[0]) ||
	    g_ascii_isspace (colon[-1]))
		return malformed ("a header line without a name", error);
	name = g_ascii_strdown (line, colon - line);
	if (g_hash_table_contains (request->headers, name))
		return malformed ("a header twice", error);
	g_hash_table_insert (request->headers, g_steal_pointer (&name),
			     g_strstrip (g_strdup (colon + 1)));
	return TRUE;
}

static gboolean
parse_head (SimRequest *request, const char *head, GError **error)
{
	g_auto (GStrv) lines = g_strsplit (head, "\r\n", -1);
	g_auto (GStrv) words = g_strsplit (lines[0] != NULL ? lines[0] : "", " ", -1);

	if (g_strv_length (words) != 3 || strcmp (words[2], "HTTP/1.1") != 0)
		return malformed ("no HTTP/1.1 request line", error);
	request->method = g_strdup (words[0]);
	if (!parse_target (request, words[1], error))
		return FALSE;
	for (guint i = 1; lines[i] != NULL; i++)
		if (!parse_line (request, lines[i], error))
			return FALSE;
	return sim_request_header (request, "host") != NULL || malformed ("no Host", error);
}

static SimRequest *
request_new (void)
{
	SimRequest *request = g_new0 (SimRequest, 1);

	request->query = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
	request->headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
	request->body = g_byte_array_new ();
	return request;
}

SimRequest *
sim_http_receive (SimStream *stream, GError **error)
{
	g_autoptr (SimRequest) request = request_new ();
	g_autofree char *head = receive_head (stream, error);

	if (head == NULL)
		return NULL;
	if (!parse_head (request, head, error) || !receive_body (stream, request, error))
		return NULL;
	return g_steal_pointer (&request);
}

void
sim_request_free (SimRequest *request)
{
	if (request == NULL)
		return;
	g_free (request->method);
	g_free (request->path);
	g_hash_table_unref (request->query);
	g_hash_table_unref (request->headers);
	g_byte_array_unref (request->body);
	g_free (request);
}

const char *
sim_request_header (const SimRequest *request, const char *name)
{
	return g_hash_table_lookup (request->headers, name);
}

const char *
sim_request_query (const SimRequest *request, const char *name)
{
	return g_hash_table_lookup (request->query, name);
}

SimResponse *
sim_response_new (int status)
{
	SimResponse *response = g_new0 (SimResponse, 1);

	response->status = status;
	response->headers = g_ptr_array_new_with_free_func (g_free);
	response->body = g_byte_array_new ();
	response->announced = -1;
	return response;
}

void
sim_response_free (SimResponse *response)
{
	if (response == NULL)
		return;
	g_free (response->content_type);
	g_ptr_array_unref (response->headers);
	g_byte_array_unref (response->body);
	g_free (response);
}

void
sim_response_add (SimResponse *response, const char *format, ...)
{
	va_list arguments;

	va_start (arguments, format);
	g_ptr_array_add (response->headers, g_strdup_vprintf (format, arguments));
	va_end (arguments);
}

void
sim_response_drop (SimResponse *response, const char *name)
{
	for (guint i = response->headers->len; i > 0; i--)
		if (g_str_has_prefix (g_ptr_array_index (response->headers, i - 1), name))
			g_ptr_array_remove_index (response->headers, i - 1);
}

void
sim_response_set_text (SimResponse *response, const char *content_type, const char *text)
{
	g_free (response->content_type);
	response->content_type = g_strdup (content_type);
	g_byte_array_set_size (response->body, 0);
	g_byte_array_append (response->body, (const guint8 *)text, (guint)strlen (text));
}

/* The Reason-Phrase stays empty, as oneM2M servers do it (TS-0009 6.3). */
static GString *
render_head (const SimResponse *response)
{
	GString *head = g_string_new (NULL);

	g_string_append_printf (head, "HTTP/1.1 %d \r\n", response->status);
	for (guint i = 0; i < response->headers->len; i++)
		g_string_append_printf (head, "%s\r\n",
					(const char *)g_ptr_array_index (response->headers, i));
	if (response->content_type != NULL)
		g_string_append_printf (head, "Content-Type: %s\r\n", response->content_type);
	if (response->announced == -3)
		g_string_append (head, "Transfer-Encoding: chunked\r\n");
	else if (response->announced != -2)
		g_string_append_printf (head, "Content-Length: %" G_GINT64_FORMAT "\r\n",
					response->announced >= 0 ? response->announced
								 : response->body->len);
	if (response->close || response->announced == -2)
		g_string_append (head, "Connection: close\r\n");
	g_string_append (head, "\r\n");
	return head;
}

/* Chunks of seven bytes: small enough to split every token. */
static void
append_chunks (GByteArray *bytes, const GByteArray *body)
{
	for (guint at = 0; at < body->len; at += 7) {
		guint size = MIN (7, body->len - at);
		g_autofree char *head = g_strdup_printf ("%x\r\n", size);

		g_byte_array_append (bytes, (const guint8 *)head, (guint)strlen (head));
		g_byte_array_append (bytes, body->data + at, size);
		g_byte_array_append (bytes, (const guint8 *)"\r\n", 2);
	}
	g_byte_array_append (bytes, (const guint8 *)"0\r\n\r\n", 5);
}

GByteArray *
sim_http_render (const SimResponse *response)
{
	g_autoptr (GString) head = render_head (response);
	GByteArray *bytes = g_byte_array_new ();

	g_byte_array_append (bytes, (const guint8 *)head->str, (guint)head->len);
	if (response->announced == -3)
		append_chunks (bytes, response->body);
	else
		g_byte_array_append (bytes, response->body->data, response->body->len);
	return bytes;
}
