/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The EST client and the HTTP binding over a transport that answers from a script.
 */
#include <config.h>

#include "provisioner/error.h"
#include "provisioner/exchange/bind-http.h"
#include "provisioner/exchange/est.h"
#include "provisioner/limits.h"
#include "tests/exchange-fake.h"

#include <string.h>

/* One canned answer; what was asked is kept. */
typedef struct {
	PvTransport base;
	guint status;
	guint retry_after_s;
	GBytes *body;
	const char *header, *value;
	char *asked;   /* "METHOD path" */
	char *headers; /* joined by "\n" */
	char *sent;
} Canned;

static PvHttpResponse *
canned_request (PvTransport *transport, const PvHttpRequest *request, GError **error)
{
	Canned *canned = (Canned *)transport;
	PvHttpResponse *response = g_new0 (PvHttpResponse, 1);

	g_free (canned->asked);
	g_free (canned->headers);
	g_free (canned->sent);
	canned->asked = g_strdup_printf ("%s %s", request->method, request->path);
	canned->headers = g_strjoinv ("\n", (char **)request->headers);
	canned->sent = g_strdup (request->body);
	response->status = canned->status;
	response->retry_after_s = canned->retry_after_s;
	response->headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
	if (canned->header != NULL)
		g_hash_table_insert (response->headers, g_strdup (canned->header),
				     g_strdup (canned->value));
	response->body = canned->body != NULL ? g_bytes_ref (canned->body) : g_bytes_new ("", 0);
	return response;
}

static void
canned_clear (Canned *canned)
{
	g_clear_pointer (&canned->body, g_bytes_unref);
	g_clear_pointer (&canned->asked, g_free);
	g_clear_pointer (&canned->headers, g_free);
	g_clear_pointer (&canned->sent, g_free);
}

static Canned
canned (guint status, const char *body)
{
	return (Canned){.base = {.request = canned_request},
			.status = status,
			.body = body != NULL ? g_bytes_new (body, strlen (body)) : NULL};
}

/* A26, decision 2. */
static void
test_uri (void)
{
	static const struct {
		const char *uri, *path;
		guint port;
	} good[] = {
		{"https://mef.example.com", "/.well-known/est", 443},
		{"https://mef.example.com/", "/.well-known/est", 443},
		{"https://MEF.example.com:8443/.well-known/est", "/.well-known/est", 8443},
		{"https://mef.example.com/.well-known/est/gw/", "/.well-known/est/gw", 443},
		{"https://mef.example.com/ca", "/ca", 443},
	};
	static const char *const bad[] = {
		"",
		"mef.example.com",
		"http://mef.example.com/",
		"coaps://mef.example.com/",
		"https://other.example.com/",
		"https://mef.example.com.evil.example/",
		"https://u@mef.example.com/",
		"https://mef.example.com/?x=1",
	};

	for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
		g_autoptr (GError) error = NULL;
		g_autofree char *path = NULL;
		guint port = 0;

		g_assert_true (
			pv_est_parse_uri (good[i].uri, "mef.example.com", &port, &path, &error));
		g_assert_cmpstr (path, ==, good[i].path);
		g_assert_cmpuint (port, ==, good[i].port);
	}
	for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;
		char *path = NULL;
		guint port = 0;

		g_assert_false (pv_est_parse_uri (bad[i], "mef.example.com", &port, &path, &error));
		g_assert_error (error, PV_ERROR, PV_ERROR_JOB);
		g_assert_null (path);
	}
}

static void
test_cacerts (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (EVP_PKEY) key = fake_key ("P-256");
	g_autoptr (X509) certificate = fake_certificate ("CA", key, NULL, NULL, 0, 3600, NULL);
	X509 *one[] = {certificate};
	g_autoptr (GBytes) der = fake_certs_only (one, 1);
	g_autofree char *text =
		g_base64_encode (g_bytes_get_data (der, NULL), g_bytes_get_size (der));
	Canned transport = canned (200, text);
	g_autoptr (GPtrArray) certificates = pv_est_cacerts (&transport.base, "/est", &error);

	g_assert_no_error (error);
	g_assert_cmpuint (certificates->len, ==, 1);
	g_assert_cmpstr (transport.asked, ==, "GET /est/cacerts");
	g_assert_null (transport.sent);
	canned_clear (&transport);
}

static void
test_csrattrs (void)
{
	static const guint none[] = {204, 404};
	g_autoptr (GError) error = NULL;
	Canned broken = canned (200, "AAAA");
	Canned refused = canned (500, "no");

	for (guint i = 0; i < G_N_ELEMENTS (none); i++) {
		Canned transport = canned (none[i], NULL);
		g_autoptr (PvCsrAttributes) wanted =
			pv_est_csrattrs (&transport.base, "/est", &error);

		g_assert_no_error (error);
		g_assert_nonnull (wanted);
		canned_clear (&transport);
	}
	g_assert_null (pv_est_csrattrs (&broken.base, "/est", &error));
	g_assert_error (error, PV_ERROR, PV_ERROR_MALFORMED);
	g_clear_error (&error);
	g_assert_null (pv_est_csrattrs (&refused.base, "/est", &error));
	g_assert_error (error, PV_ERROR, PV_ERROR_SERVER);
	canned_clear (&broken);
	canned_clear (&refused);
}

static void
test_enrol_status (void)
{
	static const struct {
		guint status;
		int code;
		guint retry_after_s, expected_s;
	} cases[] = {
		{202, PV_ERROR_PENDING, 7, 7},        {202, PV_ERROR_PENDING, 0, 60},
		{204, PV_ERROR_MISMATCH, 0, 0},       {302, PV_ERROR_MISMATCH, 0, 0},
		{400, PV_ERROR_REQUEST, 0, 0},        {401, PV_ERROR_NOT_AUTHORISED, 0, 0},
		{403, PV_ERROR_NOT_AUTHORISED, 0, 0}, {404, PV_ERROR_NOT_FOUND, 0, 0},
		{503, PV_ERROR_SERVER, 120, 120},
	};
	g_autoptr (GBytes) csr = g_bytes_new ("0123", 4);

	for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autoptr (GError) error = NULL;
		Canned transport = canned (cases[i].status, "bad\r\nname");

		transport.retry_after_s = cases[i].retry_after_s;
		g_assert_null (pv_est_enrol (&transport.base, "/est", csr, FALSE, &error));
		g_assert_error (error, PV_ERROR, cases[i].code);
		g_assert_cmpuint (pv_error_get_retry_after (error), ==, cases[i].expected_s);
		g_assert_nonnull (strstr (error->message, cases[i].status == 302
								 ? "redirects are not followed"
								 : "bad  name"));
		g_assert_cmpstr (transport.asked, ==, "POST /est/simpleenroll");
		g_assert_cmpstr (transport.sent, ==, "MDEyMw==\n");
		g_assert_nonnull (strstr (transport.headers, "Content-Type: application/pkcs10"));
		g_assert_null (strstr (transport.headers, "Authorization"));
		canned_clear (&transport);
	}
}

static PvRequest *
sample_request (PvOperation operation, const char *to)
{
	PvRequest *request = pv_request_new (operation, to);

	request->from = g_strdup ("//sp.example.org/gw1");
	request->request_id = g_strdup ("r1");
	request->release = g_strdup ("3");
	return request;
}

static void
test_binding (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PvDialect) dialect = pv_dialect_new ();
	g_autoptr (PvRequest) create = sample_request (PV_CREATE, "//mef.example.com/-");
	g_autoptr (PvRequest) retrieve = sample_request (PV_RETRIEVE, "//mef.example.com/r7");
	g_autoptr (PvResponse) response = NULL;
	g_autofree char *relative = NULL;
	Canned transport = canned (201, "{\"sec:mecr\":{}}");

	create->resource_type = 4;
	create->content = pv_content_wrap (dialect, PV_NAME_MEF_CLIENT_REG, json_object_new ());
	transport.header = "x-m2m-rsc";
	transport.value = "2001";
	response = pv_bind_http_exchange (&transport.base, dialect, create, &error);
	g_assert_no_error (error);
	g_assert_cmpuint (response->status, ==, 2001);
	g_assert_cmpstr (transport.asked, ==, "POST /_/mef.example.com/-");
	g_assert_cmpstr (transport.sent, ==, "{\"sec:mecr\":{}}");
	g_assert_cmpstr (transport.headers, ==,
			 "X-M2M-Origin: //sp.example.org/gw1\nX-M2M-RI: r1\nX-M2M-RVI: 3\n"
			 "Accept: application/json\nContent-Type: application/json;ty=4");
	retrieve->result_content = PV_RESULT_CONTENT_CHILD_REFERENCES;
	relative = pv_bind_http_path (dialect, retrieve);
	g_assert_cmpstr (relative, ==, "/_/mef.example.com/r7?rcn=5");
	dialect->path_form = PV_PATH_RELATIVE;
	g_free (relative);
	relative = pv_bind_http_path (dialect, retrieve);
	g_assert_cmpstr (relative, ==, "/r7?rcn=5");
	canned_clear (&transport);
}

static void
test_binding_status (void)
{
	static const struct {
		guint http;
		const char *rsc, *body;
		guint status; /* 0: an error */
		int code;
	} cases[] = {
		{200, NULL, "", 2000, 0},
		{404, NULL, "not json", 4004, 0},
		{503, NULL, "", 5000, 0},
		{200, "4103", "{\"m2m:dbg\":\"no\"}", 4103, 0},
		{500, "2001", "", 0, PV_ERROR_MISMATCH},
		{200, "abc", "", 0, PV_ERROR_MALFORMED},
		{200, "20011", "", 0, PV_ERROR_MALFORMED},
		{200, "2000", "not json", 0, PV_ERROR_MALFORMED},
	};
	g_autoptr (PvDialect) dialect = pv_dialect_new ();
	g_autoptr (PvRequest) request = sample_request (PV_RETRIEVE, "//mef.example.com/r7");

	for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autoptr (GError) error = NULL;
		g_autoptr (PvResponse) response = NULL;
		Canned transport = canned (cases[i].http, cases[i].body);

		transport.header = cases[i].rsc != NULL ? "x-m2m-rsc" : NULL;
		transport.value = cases[i].rsc;
		response = pv_bind_http_exchange (&transport.base, dialect, request, &error);
		if (cases[i].status != 0)
			g_assert_cmpuint (response->status, ==, cases[i].status);
		else
			g_assert_error (error, PV_ERROR, cases[i].code);
		canned_clear (&transport);
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/provisioner/est/uri", test_uri);
	g_test_add_func ("/provisioner/est/cacerts", test_cacerts);
	g_test_add_func ("/provisioner/est/csrattrs", test_csrattrs);
	g_test_add_func ("/provisioner/est/enrol-status", test_enrol_status);
	g_test_add_func ("/provisioner/bind-http/request", test_binding);
	g_test_add_func ("/provisioner/bind-http/status", test_binding_status);
	return g_test_run ();
}
