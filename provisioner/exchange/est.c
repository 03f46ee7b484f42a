/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * EST client.
 */
#include <config.h>

#include "provisioner/exchange/est.h"

#include "provisioner/cms.h"
#include "provisioner/error.h"
#include "provisioner/limits.h"

#include <string.h>

#define WELL_KNOWN "/.well-known/est"
#define PENDING_DEFAULT_S 60

gboolean
pv_est_parse_uri (const char *uri, const char *mef_fqdn, guint *port, char **path, GError **error)
{
	g_autoptr (GUri) parsed = g_uri_parse (uri, G_URI_FLAGS_ENCODED, NULL);
	const char *given;

	if (parsed == NULL || !g_str_equal (g_uri_get_scheme (parsed), "https") ||
	    g_uri_get_host (parsed) == NULL || g_uri_get_query (parsed) != NULL ||
	    g_uri_get_userinfo (parsed) != NULL) {
		g_set_error (error, PV_ERROR, PV_ERROR_JOB, "the EST URI is not an https URI");
		return FALSE;
	}
	if (g_ascii_strcasecmp (g_uri_get_host (parsed), mef_fqdn) != 0) {
		g_set_error (error, PV_ERROR, PV_ERROR_JOB,
			     "the EST URI's host “%.80s” is not the MEF", g_uri_get_host (parsed));
		return FALSE;
	}
	given = g_uri_get_path (parsed);
	*port = g_uri_get_port (parsed) > 0 ? (guint)g_uri_get_port (parsed) : 443;
	/* A26 and decision 2: an empty path means the well-known one, any other is used as given.
	 */
	*path = g_strdup (*given == '\0' || g_str_equal (given, "/") ? WELL_KNOWN : given);
	if (g_str_has_suffix (*path, "/"))
		(*path)[strlen (*path) - 1] = '\0';
	return TRUE;
}

/* The server's own words, printable and short. */
static char *
words_of (const PvHttpResponse *response)
{
	gsize length = MIN (g_bytes_get_size (response->body), PV_MESSAGE_MAX);
	g_autofree char *text = g_strndup (g_bytes_get_data (response->body, NULL), length);

	if (length == 0 || text[0] == '<')
		return g_strdup ("");
	for (char *at = text; *at != '\0'; at++)
		if (!g_ascii_isprint (*at))
			*at = ' ';
	g_strchomp (text);
	return g_strconcat (": ", text, NULL);
}

#define RENEWAL "simplereenroll"

static PvErrorCode
error_of_status (guint status, const char *operation)
{
	if (g_str_equal (operation, RENEWAL) && (status == 404 || status == 405 || status == 501))
		return PV_ERROR_UNSUPPORTED;
	switch (status) {
	case 202:
		return PV_ERROR_PENDING;
	case 401:
	case 403:
		return PV_ERROR_NOT_AUTHORISED;
	case 404:
		return PV_ERROR_NOT_FOUND;
	}
	return status >= 500   ? PV_ERROR_SERVER
	       : status >= 400 ? PV_ERROR_REQUEST
			       : PV_ERROR_MISMATCH;
}

static void
fail (const PvHttpResponse *response, const char *operation, GError **error)
{
	g_autofree char *words = words_of (response);
	g_autoptr (GError) cause = g_error_new (PV_ERROR, error_of_status (response->status, operation),
						"EST %s: the server answered %u%s", operation,
						response->status, words);
	guint retry_after_s = response->retry_after_s;

	if (!pv_http_response_check_redirect (response, error)) {
		g_prefix_error (error, "EST %s: ", operation);
		return;
	}
	/* R: 202 must carry Retry-After; without it a minute is waited (the caller doubles it). */
	if (response->status == 202 && retry_after_s == 0)
		retry_after_s = PENDING_DEFAULT_S;
	pv_error_set_retry_after (cause, retry_after_s);
	g_propagate_error (error, g_steal_pointer (&cause));
}

static PvHttpResponse *
perform (PvTransport *transport,
	 const char *path,
	 const char *operation,
	 const char *body,
	 GError **error)
{
	static const char *const get_headers[] = {"Accept: */*", NULL};
	static const char *const post_headers[] = {"Content-Type: application/pkcs10",
						   "Content-Transfer-Encoding: base64",
						   "Accept: application/pkcs7-mime", NULL};
	g_autofree char *whole = g_strdup_printf ("%s/%s", path, operation);
	const PvHttpRequest request = {
		.method = body != NULL ? "POST" : "GET",
		.path = whole,
		.headers = body != NULL ? post_headers : get_headers,
		.body = body,
		.answer_max = PV_EST_BODY_MAX,
	};

	return transport->request (transport, &request, error);
}

static GPtrArray *
read_certificates (const PvHttpResponse *response, const char *operation, GError **error)
{
	g_autoptr (GBytes) der = NULL;
	GPtrArray *certificates;

	if (response->status != 200) {
		fail (response, operation, error);
		return NULL;
	}
	der = pv_cms_decode_body (response->body, error);
	certificates = der != NULL ? pv_cms_certificates (der, error) : NULL;
	if (certificates == NULL)
		g_prefix_error (error, "EST %s: ", operation);
	return certificates;
}

GPtrArray *
pv_est_cacerts (PvTransport *transport, const char *path, GError **error)
{
	g_autoptr (PvHttpResponse) response = perform (transport, path, "cacerts", NULL, error);

	return response != NULL ? read_certificates (response, "cacerts", error) : NULL;
}

PvCsrAttributes *
pv_est_csrattrs (PvTransport *transport, const char *path, GError **error)
{
	g_autoptr (PvHttpResponse) response = perform (transport, path, "csrattrs", NULL, error);
	g_autoptr (GBytes) der = NULL;

	if (response == NULL)
		return NULL;
	if (response->status == 204 || response->status == 404)
		return pv_csr_attributes_new ();
	if (response->status != 200) {
		fail (response, "csrattrs", error);
		return NULL;
	}
	der = pv_cms_decode_body (response->body, error);
	return der != NULL ? pv_csr_attributes_parse (der, error) : NULL;
}

GPtrArray *
pv_est_enrol (PvTransport *transport,
	      const char *path,
	      GBytes *csr,
	      gboolean renewal,
	      GError **error)
{
	const char *operation = renewal ? RENEWAL : "simpleenroll";
	g_autofree char *body = pv_cms_encode_body (csr);
	g_autoptr (PvHttpResponse) response = perform (transport, path, operation, body, error);

	return response != NULL ? read_certificates (response, operation, error) : NULL;
}
