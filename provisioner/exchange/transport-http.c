/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The transport over HTTP/1.1 by libcurl.
 */
#include <config.h>

#include "provisioner/exchange/transport-http.h"

#include "provisioner/error.h"
#include "provisioner/limits.h"

#include <curl/curl.h>
#include <string.h>

/* How OpenSSL's text of an error names our provider, as raised by it in this process. */
#define OWN_PROVIDER ":enrolee::"

typedef struct {
	PvTransport base;
	CURL *curl;
	PvTls *tls;
	struct curl_slist *connect_to;
	char *origin; /* https://fqdn:port */
	guint stall_s;
	gint64 heard_us; /* when the MEF was last heard, while a request is out; 0 before that */
	curl_off_t sent; /* octets of the request, when that was last looked at */
	gboolean stalled;
	char error_text[CURL_ERROR_SIZE];
} HttpTransport;

/* What one request collects. */
typedef struct {
	PvHttpResponse *response;
	GByteArray *body;
	gsize body_max;
	guint header_lines;
	gsize header_bytes;
	gboolean too_large;
	HttpTransport *http;
} Collector;

static CURLcode
on_ssl_context (CURL *curl, void *context, void *data)
{
	return pv_tls_prepare (data, context) ? CURLE_OK : CURLE_SSL_CIPHER;
}

/* Between the handshake and the first byte of a request. */
static int
on_before_request (void *data, char *ip, char *local_ip, int port, int local_port)
{
	HttpTransport *http = data;

	http->heard_us = g_get_monotonic_time ();
	return pv_tls_is_acceptable (http->tls) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* libcurl's own watch for slowness counts from the handshake's octets, and takes drops of a header line
 * for progress. Before the request the time to connect is what counts. */
static int
on_progress (void *data, curl_off_t to_come, curl_off_t come, curl_off_t to_go, curl_off_t gone)
{
	HttpTransport *http = data;
	gint64 now_us = g_get_monotonic_time ();

	if (http->heard_us == 0)
		return 0;
	if (gone != http->sent)
		http->heard_us = now_us;
	http->sent = gone;
	http->stalled = now_us - http->heard_us > http->stall_s * G_USEC_PER_SEC;
	return http->stalled;
}

static size_t
on_body (char *bytes, size_t size, size_t count, void *data)
{
	Collector *collector = data;
	gsize length = size * count;

	collector->http->heard_us = g_get_monotonic_time ();
	if (length > collector->body_max - collector->body->len) {
		collector->too_large = TRUE;
		return 0;
	}
	g_byte_array_append (collector->body, (const guint8 *)bytes, length);
	return length;
}

static size_t
on_header (char *bytes, size_t size, size_t count, void *data)
{
	Collector *collector = data;
	gsize length = size * count;
	const char *colon = memchr (bytes, ':', length);
	g_autofree char *name = NULL;
	char *value;

	collector->http->heard_us = g_get_monotonic_time ();
	collector->header_bytes += length;
	if (length > PV_HEADER_MAX || ++collector->header_lines > PV_HEADERS_MAX ||
	    collector->header_bytes > PV_HEADERS_BYTES_MAX) {
		collector->too_large = TRUE;
		return 0;
	}
	/* A 100 Continue, or trailers, must not leave headers behind. */
	if (length >= 5 && memcmp (bytes, "HTTP/", 5) == 0)
		g_hash_table_remove_all (collector->response->headers);
	else if (colon != NULL) {
		name = g_ascii_strdown (bytes, colon - bytes);
		value = g_strndup (colon + 1, bytes + length - colon - 1);
		g_hash_table_replace (collector->response->headers, g_steal_pointer (&name),
				      g_strstrip (value));
	}
	return length;
}

static const struct {
	CURLcode curl;
	PvErrorCode code;
} reasons[] = {
	{CURLE_COULDNT_RESOLVE_HOST, PV_ERROR_UNREACHABLE},
	{CURLE_COULDNT_RESOLVE_PROXY, PV_ERROR_UNREACHABLE},
	{CURLE_COULDNT_CONNECT, PV_ERROR_UNREACHABLE},
	{CURLE_INTERFACE_FAILED, PV_ERROR_UNREACHABLE},
	{CURLE_SEND_ERROR, PV_ERROR_UNREACHABLE},
	{CURLE_RECV_ERROR, PV_ERROR_UNREACHABLE},
	{CURLE_GOT_NOTHING, PV_ERROR_UNREACHABLE},
	{CURLE_PARTIAL_FILE, PV_ERROR_UNREACHABLE},
	{CURLE_OPERATION_TIMEDOUT, PV_ERROR_TIMEOUT},
	{CURLE_SSL_CONNECT_ERROR, PV_ERROR_HANDSHAKE},
	{CURLE_PEER_FAILED_VERIFICATION, PV_ERROR_PEER},
	{CURLE_SSL_CIPHER, PV_ERROR_LOCAL},
	{CURLE_WEIRD_SERVER_REPLY, PV_ERROR_MALFORMED},
	{CURLE_UNSUPPORTED_PROTOCOL, PV_ERROR_MALFORMED},
	{CURLE_BAD_CONTENT_ENCODING, PV_ERROR_MALFORMED},
	{CURLE_FILESIZE_EXCEEDED, PV_ERROR_LIMIT},
};

static void
explain (const HttpTransport *http, const Collector *collector, CURLcode result, GError **error)
{
	PvErrorCode code = PV_ERROR_FAILED;
	const char *own = strstr (http->error_text, OWN_PROVIDER);

	if (collector->too_large) {
		g_set_error (error, PV_ERROR, PV_ERROR_LIMIT,
			     "the answer is larger than %" G_GSIZE_FORMAT
			     " bytes, or its header is",
			     collector->body_max);
		return;
	}
	if (http->stalled) {
		g_set_error (error, PV_ERROR, PV_ERROR_TIMEOUT,
			     "%s: not a word for %u s in the middle of a request (StallTimeSec)",
			     http->origin, http->stall_s);
		return;
	}
	if (result == CURLE_ABORTED_BY_CALLBACK) {
		if (!pv_tls_explain (http->tls, error))
			g_set_error (error, PV_ERROR, PV_ERROR_PEER,
				     "the session is not authenticated by our credential");
		return;
	}
	if (own != NULL) {
		g_set_error (error, PV_ERROR, PV_ERROR_KEYSTORE,
			     "the pre-shared key cannot be used: %s", own + strlen (OWN_PROVIDER));
		return;
	}
	if ((result == CURLE_SSL_CONNECT_ERROR || result == CURLE_PEER_FAILED_VERIFICATION) &&
	    pv_tls_explain (http->tls, error))
		return;
	for (guint i = 0; i < G_N_ELEMENTS (reasons); i++)
		if (reasons[i].curl == result)
			code = reasons[i].code;
	g_set_error (error, PV_ERROR, code, "%s: %s", http->origin,
		     http->error_text[0] != '\0' ? http->error_text : curl_easy_strerror (result));
}

static struct curl_slist *
header_list (const PvHttpRequest *request)
{
	struct curl_slist *list = curl_slist_append (NULL, "Expect:");

	for (guint i = 0; request->headers != NULL && request->headers[i] != NULL; i++)
		list = curl_slist_append (list, request->headers[i]);
	return list;
}

static void
set_request (HttpTransport *http, const PvHttpRequest *request, Collector *collector)
{
	g_autofree char *url = g_strconcat (http->origin, request->path, NULL);

	curl_easy_setopt (http->curl, CURLOPT_URL, url);
	if (request->body != NULL) {
		curl_easy_setopt (http->curl, CURLOPT_POST, 1l);
		curl_easy_setopt (http->curl, CURLOPT_POSTFIELDSIZE, (long)strlen (request->body));
		curl_easy_setopt (http->curl, CURLOPT_POSTFIELDS, request->body);
	} else {
		curl_easy_setopt (http->curl, CURLOPT_HTTPGET, 1l);
	}
	curl_easy_setopt (http->curl, CURLOPT_CUSTOMREQUEST, request->method);
	curl_easy_setopt (http->curl, CURLOPT_WRITEDATA, collector);
	curl_easy_setopt (http->curl, CURLOPT_HEADERDATA, collector);
	http->error_text[0] = '\0';
}

/* Seconds, or a date: that one is counted from the MEF's own clock where it tells (RFC 9110 10.2.3). */
static guint
retry_after (const PvHttpResponse *response)
{
	const char *text = pv_http_response_header (response, "retry-after");
	const char *date = pv_http_response_header (response, "date");
	gint64 until, now;
	guint64 seconds;

	if (text == NULL)
		return 0;
	if (g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, &seconds, NULL))
		return MIN (seconds, PV_RETRY_AFTER_MAX_S);
	until = curl_getdate (text, NULL);
	now = date != NULL ? curl_getdate (date, NULL) : -1;
	if (until == -1)
		return 0;
	if (now == -1)
		now = g_get_real_time () / G_USEC_PER_SEC;
	return CLAMP (until - now, 0, PV_RETRY_AFTER_MAX_S);
}

static void
finish_response (HttpTransport *http, Collector *collector)
{
	PvHttpResponse *response = collector->response;
	long status = 0;

	curl_easy_getinfo (http->curl, CURLINFO_RESPONSE_CODE, &status);
	response->status = status;
	response->retry_after_s = retry_after (response);
	response->body = g_byte_array_free_to_bytes (g_steal_pointer (&collector->body));
}

static PvHttpResponse *
http_request (PvTransport *transport, const PvHttpRequest *request, GError **error)
{
	HttpTransport *http = (HttpTransport *)transport;
	g_autoptr (PvHttpResponse) response = g_new0 (PvHttpResponse, 1);
	Collector collector = {.response = response,
			       .body = g_byte_array_new (),
			       .body_max = request->answer_max,
			       .http = http};
	struct curl_slist *headers = header_list (request);
	CURLcode result;

	response->headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
	set_request (http, request, &collector);
	http->heard_us = http->sent = 0;
	http->stalled = FALSE;
	curl_easy_setopt (http->curl, CURLOPT_HTTPHEADER, headers);
	result = curl_easy_perform (http->curl);
	curl_easy_setopt (http->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all (headers);
	if (result == CURLE_OK) {
		finish_response (http, &collector);
		return g_steal_pointer (&response);
	}
	g_byte_array_unref (collector.body);
	explain (http, &collector, result, error);
	return NULL;
}

static guint
http_handshakes (PvTransport *transport)
{
	return pv_tls_handshakes (((HttpTransport *)transport)->tls);
}

static char *
http_tls_unique (PvTransport *transport)
{
	return pv_tls_unique (((HttpTransport *)transport)->tls);
}

static void
http_free (PvTransport *transport)
{
	HttpTransport *http = (HttpTransport *)transport;

	curl_easy_cleanup (http->curl);
	curl_slist_free_all (http->connect_to);
	g_free (http->origin);
	g_free (http);
}

static void
set_tls (HttpTransport *http)
{
	CURL *curl = http->curl;

	curl_easy_setopt (curl, CURLOPT_SSLVERSION,
			  (long)(CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_2));
	/* Who the server is, is not libcurl's to judge: of pre-shared keys it knows nothing, and of
	 * TS-0003's profile of certificates neither. pv_tls_is_acceptable() does. */
	curl_easy_setopt (curl, CURLOPT_SSL_VERIFYPEER, 0l);
	curl_easy_setopt (curl, CURLOPT_SSL_VERIFYHOST, 0l);
	curl_easy_setopt (curl, CURLOPT_CAINFO, NULL);
	curl_easy_setopt (curl, CURLOPT_CAPATH, NULL);
	curl_easy_setopt (curl, CURLOPT_SSL_ENABLE_ALPN, 0l);
	curl_easy_setopt (curl, CURLOPT_SSL_SESSIONID_CACHE, 0l);
	curl_easy_setopt (curl, CURLOPT_SSL_CTX_FUNCTION, on_ssl_context);
	curl_easy_setopt (curl, CURLOPT_SSL_CTX_DATA, http->tls);
	curl_easy_setopt (curl, CURLOPT_PREREQFUNCTION, on_before_request);
	curl_easy_setopt (curl, CURLOPT_PREREQDATA, http);
}

static void
set_http (HttpTransport *http, const PvHttpTarget *target)
{
	CURL *curl = http->curl;

	curl_easy_setopt (curl, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt (curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt (curl, CURLOPT_FOLLOWLOCATION, 0l);
	curl_easy_setopt (curl, CURLOPT_PATH_AS_IS, 1l);
	curl_easy_setopt (curl, CURLOPT_NOSIGNAL, 1l);
	curl_easy_setopt (curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	/* R-8.3.6-4: HTTP authentication is never used. */
	curl_easy_setopt (curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_NONE);
	curl_easy_setopt (curl, CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION);
	curl_easy_setopt (curl, CURLOPT_PROXY, target->proxy != NULL ? target->proxy : "");
	curl_easy_setopt (curl, CURLOPT_INTERFACE, target->interface);
	curl_easy_setopt (curl, CURLOPT_CONNECTTIMEOUT, (long)target->connect_s);
	curl_easy_setopt (curl, CURLOPT_TIMEOUT, (long)target->total_s);
	curl_easy_setopt (curl, CURLOPT_NOPROGRESS, 0l);
	curl_easy_setopt (curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt (curl, CURLOPT_XFERINFODATA, http);
	curl_easy_setopt (curl, CURLOPT_MAXCONNECTS, 1l);
	curl_easy_setopt (curl, CURLOPT_ERRORBUFFER, http->error_text);
	curl_easy_setopt (curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt (curl, CURLOPT_HEADERFUNCTION, on_header);
}

PvTransport *
pv_transport_http_new (const PvHttpTarget *target, PvTls *tls, GError **error)
{
	CURL *curl = curl_easy_init ();
	HttpTransport *http;

	if (curl == NULL) {
		g_set_error (error, PV_ERROR, PV_ERROR_LOCAL, "libcurl does not start");
		return NULL;
	}
	http = g_new0 (HttpTransport, 1);
	http->base = (PvTransport){http_request, http_handshakes, http_tls_unique, NULL, http_free};
	http->curl = curl;
	http->tls = tls;
	http->stall_s = target->stall_s;
	http->origin = target->port == 443
			       ? g_strdup_printf ("https://%s", target->fqdn)
			       : g_strdup_printf ("https://%s:%u", target->fqdn, target->port);
	if (target->connect_host != NULL) {
		gboolean bare_ipv6 = strchr (target->connect_host, ':') != NULL &&
				     target->connect_host[0] != '[';
		g_autofree char *entry =
			g_strdup_printf (bare_ipv6 ? "::[%s]:" : "::%s:", target->connect_host);
		http->connect_to = curl_slist_append (NULL, entry);
		curl_easy_setopt (curl, CURLOPT_CONNECT_TO, http->connect_to);
	}
	set_tls (http);
	set_http (http, target);
	return &http->base;
}
