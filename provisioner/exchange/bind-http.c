/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Primitives over HTTP.
 */
#include <config.h>

#include "provisioner/exchange/bind-http.h"

#include "provisioner/codec-json.h"
#include "provisioner/error.h"
#include "provisioner/limits.h"

#include <string.h>

static const char *const methods[] = {
	[PV_CREATE] = "POST",
	[PV_RETRIEVE] = "GET",
	[PV_UPDATE] = "PUT",
	[PV_DELETE] = "DELETE",
};

/* A missing X-M2M-RSC is derived from the HTTP status (TS-0009 6.3.2). */
static const struct {
	guint http, status;
} derived[] = {
	{201, 2001}, {400, 4000}, {403, 4103}, {404, 4004}, {405, 4005}, {406, 5207},
	{409, 4105}, {415, 4015}, {500, 5000}, {501, 5001}, {504, 4008},
};

char *
pv_bind_http_path (const PvDialect *dialect, const PvRequest *request)
{
	const char *rest = request->to + 2; /* after "//" */
	g_autofree char *query = request->result_content != PV_RESULT_CONTENT_DEFAULT
					 ? g_strdup_printf ("?rcn=%u", request->result_content)
					 : g_strdup ("");

	if (dialect->path_form == PV_PATH_ABSOLUTE)
		return g_strconcat ("/_/", rest, query, NULL);
	return g_strconcat (rest + strcspn (rest, "/"), query, NULL);
}

static GStrv
headers_of (const PvDialect *dialect, const PvRequest *request)
{
	g_autoptr (GStrvBuilder) headers = g_strv_builder_new ();
	g_autofree char *from = g_strdup_printf ("X-M2M-Origin: %s", request->from);
	g_autofree char *id = g_strdup_printf ("X-M2M-RI: %s", request->request_id);
	g_autofree char *release = g_strdup_printf ("X-M2M-RVI: %s", request->release);
	g_autofree char *accept = g_strdup_printf ("Accept: %s", dialect->media_type);
	g_autofree char *type =
		request->operation == PV_CREATE
			? g_strdup_printf ("Content-Type: %s;ty=%u", dialect->media_type,
					   request->resource_type)
			: g_strdup_printf ("Content-Type: %s", dialect->media_type);

	g_strv_builder_add_many (headers, from, id, release, accept, NULL);
	if (request->content != NULL)
		g_strv_builder_add (headers, type);
	return g_strv_builder_end (headers);
}

static guint
derive_status (PvOperation operation, guint http)
{
	for (guint i = 0; i < G_N_ELEMENTS (derived); i++)
		if (derived[i].http == http)
			return derived[i].status;
	if (http == 200 || http == 204)
		return operation == PV_UPDATE   ? PV_RSC_UPDATED
		       : operation == PV_DELETE ? PV_RSC_DELETED
						: PV_RSC_OK;
	return http >= 500 ? 5000 : http >= 400 ? 4000 : 0;
}

static gboolean
read_status (const PvHttpResponse *http, PvOperation operation, guint *status, GError **error)
{
	const char *header = pv_http_response_header (http, "x-m2m-rsc");
	guint64 value;

	if (!pv_http_response_check_redirect (http, error))
		return FALSE;
	if (header == NULL) {
		*status = derive_status (operation, http->status);
		if (*status != 0)
			return TRUE;
		g_set_error (error, PV_ERROR, PV_ERROR_MISMATCH,
			     "the MEF answered with HTTP status %u and no X-M2M-RSC", http->status);
		return FALSE;
	}
	if (!g_ascii_string_to_unsigned (header, 10, 1000, 9999, &value, NULL)) {
		g_set_error (error, PV_ERROR, PV_ERROR_MALFORMED, "X-M2M-RSC is not a status code");
		return FALSE;
	}
	/* X-M2M-RSC decides, but a success that the status line denies is none. */
	if (value < 4000 && http->status >= 300) {
		g_set_error (error, PV_ERROR, PV_ERROR_MISMATCH,
			     "HTTP status %u contradicts X-M2M-RSC %u", http->status, (guint)value);
		return FALSE;
	}
	*status = value;
	return TRUE;
}

/* The body is the value of pc. What accompanies an error is only shown, so it need not be JSON. */
static gboolean
read_content (const PvHttpResponse *http, PvResponse *response, GError **error)
{
	gsize length;
	const char *bytes = g_bytes_get_data (http->body, &length);
	const char *type = pv_http_response_header (http, "content-type");
	g_autoptr (GError) cause = NULL;

	if (length == 0)
		return TRUE;
	response->content = pv_json_parse (bytes, length, PV_BODY_MAX, &cause);
	if (response->content != NULL || response->status >= 3000)
		return TRUE;
	if (type != NULL && strstr (type, "json") == NULL) {
		g_autofree char *shown = g_strescape (type, NULL);

		g_prefix_error (&cause, "content of type %.60s: ", shown);
	}
	g_propagate_error (error, g_steal_pointer (&cause));
	return FALSE;
}

PvResponse *
pv_bind_http_exchange (PvTransport *transport,
		       const PvDialect *dialect,
		       const PvRequest *request,
		       GError **error)
{
	g_autofree char *path = pv_bind_http_path (dialect, request);
	g_autofree char *body = request->content != NULL ? pv_json_write (request->content) : NULL;
	g_auto (GStrv) headers = headers_of (dialect, request);
	const PvHttpRequest http_request = {methods[request->operation], path,
					    (const char *const *)headers, body, PV_BODY_MAX};
	g_autoptr (PvHttpResponse) http = transport->request (transport, &http_request, error);
	g_autoptr (PvResponse) response = g_new0 (PvResponse, 1);

	if (http == NULL)
		return NULL;
	if (!read_status (http, request->operation, &response->status, error) ||
	    !read_content (http, response, error))
		return NULL;
	response->retry_after_s = http->retry_after_s;
	response->request_id = g_strdup (pv_http_response_header (http, "x-m2m-ri"));
	return g_steal_pointer (&response);
}
