/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a trace shows, and what it does not: every secret of the table, what is not known in a key's
 * resource, echoes in other encodings; a descriptor that takes nothing.
 */
#include <config.h>

#include "provisioner/cms.h"
#include "provisioner/exchange/trace-mask.h"
#include "provisioner/exchange/trace.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define SECRET "6b2dfaebc6f843e9cbe505bf6d368dd6"
#define SECRET_BASE64 "ay3668b4Q+nL5QW/bTaN1g=="

static char *
show (PvMask *mask, const char *type, const char *body, gboolean refusal)
{
	g_autoptr (GBytes) bytes = g_bytes_new (body, strlen (body));

	return pv_mask_body (mask, type, bytes, refusal);
}

/* Bodies with a secret in them, and a text that is shown nevertheless. */
static const struct {
	const char *type, *body, *shown;
	gboolean refusal;
} bodies[] = {
	{"application/json", "{\"sec:skr\":{\"suid\":22,\"kv\":\"" SECRET "\"}}", "\"suid\" : 22"},
	{"application/json", "{\"skr\":{\"suid\":22,\"keyValue\":\"" SECRET "\"}}", "\"suid\" : 22"},
	{"application/json", "{\"sec:skr\":{\"ri\":\"r1\",\"skv\":\"" SECRET "\"}}", "r1"},
	{"application/json", "{\"sec:skr\":{\"ri\":\"r1\",\"x\":\"" SECRET "\"}}", "\"x\" : \"[masked: text of 32 octets]\""},
	{"application/json", "{\"sec:skr\":{\"ri\":\"r1\",\"x\":[\"" SECRET "\"]}}", "[masked: array of 1]"},
	{"application/json", "{\"sec:skr\":{\"ri\":\"r1\",\"x\":{\"val\":\"" SECRET "\"}}}", "[masked: object of 1]"},
	{"application/json", "{\"foreign\":{\"ri\":\"r1\",\"x\":\"" SECRET "\"}}", "r1"},
	{"application/json", "{\"mefb\":{\"rn\":\"b1\",\"skr\":{\"x\":\"" SECRET "\"}}}", "b1"},
	{"application/json", "{\"mefb\":{\"rn\":\"b1\",\"more\":{\"val\":\"" SECRET "\"}}}", "b1"},
	{"application/json", "{\"mecr\":{\"rn\":\"c1\",\"myPassword\":\"" SECRET "\"}}", "c1"},
	{"application/json", "{\"mecc\":{\"cmde\":{\"cmar\":{\"mnca\":{\"obpa\":\"/a\",\"otsa\":{\"v\":\"" SECRET "\"}}}}}}", "/a"},
	{"application/vnd.onem2m-res+json", "{\"skr\":{\"rn\":\"k1\",\"kv\":\"" SECRET "\"}}", "k1"},
	{NULL, "{\"skr\":{\"rn\":\"k1\",\"kv\":\"" SECRET "\"}}", "k1"},
	{"application/json", "{\"skr\":{\"rn\":\"k1\",\"kv\":\"" SECRET "\"}", "not shown"},
	{"text/plain", SECRET, "not shown"},
	{"application/pkcs8", SECRET, "not shown"},
	{"application/pkcs7-mime; smime-type=server-generated-key", SECRET_BASE64 SECRET, "not shown"},
	{"application/pkcs10", SECRET_BASE64, "not shown"},
	{"text/html", "-----BEGIN PRIVATE KEY-----\n" SECRET "\n-----END PRIVATE KEY-----", "[masked]", TRUE},
};

static void
test_masked (void)
{
	g_autoptr (PvDialect) dialect = pv_dialect_new ();

	for (gsize i = 0; i < G_N_ELEMENTS (bodies); i++) {
		g_autoptr (PvMask) mask = pv_mask_new (dialect);
		g_autofree char *text = show (mask, bodies[i].type, bodies[i].body, bodies[i].refusal);

		g_test_message ("%s: %s", bodies[i].body, text);
		g_assert_nonnull (strstr (bodies[i].body, SECRET_BASE64) != NULL
					  ? bodies[i].body
					  : strstr (bodies[i].body, SECRET));
		g_assert_null (strstr (text, SECRET));
		g_assert_null (strstr (text, SECRET_BASE64));
		g_assert_nonnull (strstr (text, bodies[i].shown));
	}
}

/* What is not secret is shown: a trace of masks would help nobody. */
static void
test_shown (void)
{
	static const struct {
		const char *type, *body, *shown;
		gboolean refusal;
	} clear[] = {
		{"application/json", "{\"mecr\":{\"et\":\"20271125T092835\"}}", "20271125T092835"},
		{"application/json", "{\"mecr\":{\"colour\":\"green\"}}", "green"},
		{"application/json", "{\"skr\":{\"tgis\":[\"//sp/in\"],\"suid\":22}}", "//sp/in"},
		{"application/json", "{\"mecc\":{\"cmde\":{\"cmar\":{\"cpca\":{\"uri\":\"https://x\"}}}}}", "https://x"},
		{"text/plain", "no such path", "no such path", TRUE},
	};
	g_autoptr (PvDialect) dialect = pv_dialect_new ();
	g_autoptr (PvMask) mask = pv_mask_new (dialect);

	for (gsize i = 0; i < G_N_ELEMENTS (clear); i++) {
		g_autofree char *text = show (mask, clear[i].type, clear[i].body, clear[i].refusal);

		g_assert_nonnull (strstr (text, clear[i].shown));
	}
}

static void
test_dialect (void)
{
	g_autoptr (PvDialect) dialect = pv_dialect_new ();
	g_autoptr (PvMask) mask = pv_mask_new (dialect);
	g_autofree char *text = NULL;

	dialect->sent[PV_NAME_SYMM_KEY_REG] = g_strdup ("theirs");
	dialect->sent[PV_NAME_KEY_VALUE] = g_strdup ("colour");
	text = show (mask, "application/json", "{\"mecr\":{\"colour\":\"" SECRET "\"}}", FALSE);
	g_assert_null (strstr (text, SECRET));
}

/* What was masked once does not come in by another door. */
static void
test_echo (void)
{
	static const char *const echoes[] = {SECRET, "6B2DFAEBC6F843E9CBE505BF6D368DD6", SECRET_BASE64};
	g_autoptr (PvDialect) dialect = pv_dialect_new ();

	for (gsize i = 0; i < G_N_ELEMENTS (echoes); i++) {
		g_autoptr (PvMask) mask = pv_mask_new (dialect);
		g_autofree char *body = g_strdup_printf ("{\"dbg\":\"not good: %s\"}", echoes[i]);
		g_autofree char *before = show (mask, "application/json", body, TRUE);
		g_autofree char *request =
			show (mask, "application/json", "{\"skr\":{\"kv\":\"" SECRET "\"}}", FALSE);
		g_autofree char *after = show (mask, "application/json", body, TRUE);
		g_autofree char *path = g_strconcat ("/_/x/", echoes[i], NULL);
		g_autofree char *shown_path = pv_mask_text (mask, path);

		g_assert_nonnull (strstr (before, echoes[i])); /* the control: it would be there */
		g_assert_null (strstr (after, echoes[i]));
		g_assert_nonnull (strstr (after, "not good: [masked]"));
		g_assert_cmpstr (shown_path, ==, "/_/x/[masked]");
	}
}

static void
test_headers (void)
{
	static const struct {
		const char *name, *value, *shown;
	} headers[] = {
		{"Authorization", "Basic c2VjcmV0", "[masked]"},
		{"proxy-authorization", "x", "[masked]"},
		{"set-cookie", "s=1", "[masked]"},
		{"X-My-Token", "t", "[masked]"},
		{"x-m2m-rsc", "2001", "2001"},
		{"location", "pskref1:0123456789abcdefghijklmn", "pskref1:[masked]"},
		{"server", "a\033[2Jb", "a\xef\xbf\xbd[2Jb"},
	};
	g_autoptr (PvDialect) dialect = pv_dialect_new ();
	g_autoptr (PvMask) mask = pv_mask_new (dialect);

	for (gsize i = 0; i < G_N_ELEMENTS (headers); i++) {
		g_autofree char *shown = pv_mask_header (mask, headers[i].name, headers[i].value);

		g_assert_cmpstr (shown, ==, headers[i].shown);
	}
}

static char *
make_request (const char *challenge)
{
	EVP_PKEY *key = EVP_EC_gen ("P-256");
	X509_REQ *request = X509_REQ_new ();
	guint8 *der = NULL;
	g_autoptr (GBytes) bytes = NULL;
	int length;

	X509_NAME_add_entry_by_txt (X509_REQ_get_subject_name (request), "CN", MBSTRING_ASC,
				    (const guint8 *)"gw-17", -1, -1, 0);
	X509_REQ_set_pubkey (request, key);
	X509_REQ_add1_attr_by_NID (request, NID_pkcs9_challengePassword, MBSTRING_ASC,
				   (const guint8 *)challenge, -1);
	X509_REQ_sign (request, key, EVP_sha256 ());
	length = i2d_X509_REQ (request, &der);
	g_assert_cmpint (length, >, 0);
	bytes = g_bytes_new (der, length);
	OPENSSL_free (der);
	X509_REQ_free (request);
	EVP_PKEY_free (key);
	return pv_cms_encode_body (bytes);
}

static void
test_challenge (void)
{
	/* SEQUENCE OF Attribute: challengePassword with the value "open sesame" */
	static const guint8 attributes[] = {0x30, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
					    0xf7, 0x0d, 0x01, 0x09, 0x07, 0x31, 0x0d, 0x0c, 0x0b, 'o',
					    'p',  'e',	'n',  ' ',  's',  'e',  's',  'a',  'm',  'e'};
	g_autoptr (PvDialect) dialect = pv_dialect_new ();
	g_autoptr (PvMask) mask = pv_mask_new (dialect);
	g_autoptr (GBytes) wanted = g_bytes_new_static (attributes, sizeof attributes);
	g_autofree char *body = pv_cms_encode_body (wanted);
	g_autofree char *attributes_shown = show (mask, "application/csrattrs", body, FALSE);
	g_autofree char *request = make_request ("open sesame");
	g_autofree char *request_shown = show (mask, "application/pkcs10", request, FALSE);
	g_autofree char *echo = pv_mask_text (mask, "not open sesame");

	g_assert_nonnull (strstr (attributes_shown, "this challenge password [masked]"));
	g_assert_nonnull (strstr (request_shown, "CN = gw-17"));
	g_assert_null (strstr (request_shown, "sesame"));
	g_assert_cmpstr (echo, ==, "not [masked]");
}

static void
test_failing (void)
{
	g_autoptr (PvDialect) dialect = pv_dialect_new ();
	g_autoptr (PvTrace) full = NULL;
	g_autoptr (PvTrace) closed = NULL;
	g_autoptr (PvTrace) stuck = NULL;
	g_autofree char *problem = NULL;
	int device = open ("/dev/full", O_WRONLY | O_CLOEXEC);
	int pipes[2];

	signal (SIGPIPE, SIG_IGN);
	full = pv_trace_new (device, dialect);
	pv_trace_line (full, "--", "x");
	problem = pv_trace_take_problem (full);
	g_assert_cmpstr (problem, ==, "the trace is incomplete: No space left on device");
	pv_trace_line (full, "--", "x");
	g_assert_null (pv_trace_take_problem (full)); /* told once */

	g_assert_cmpint (pipe (pipes), ==, 0);
	close (pipes[0]);
	closed = pv_trace_new (pipes[1], dialect);
	pv_trace_line (closed, "--", "x");
	g_free (problem);
	problem = pv_trace_take_problem (closed);
	g_assert_cmpstr (problem, ==, "the trace is incomplete: Broken pipe");
	close (pipes[1]);

	g_assert_cmpint (pipe (pipes), ==, 0);
	stuck = pv_trace_new (pipes[1], dialect);
	g_free (problem);
	for (problem = NULL; problem == NULL; problem = pv_trace_take_problem (stuck))
		pv_trace_line (stuck, "--", "a line that nobody reads");
	g_assert_cmpstr (problem, ==, "the trace is incomplete: nobody reads it");
	close (pipes[0]);
	close (pipes[1]);
	close (device);
}

static void
test_written (void)
{
	static const char *const request_headers[] = {"Content-Type: application/json", "X-Auth: abc", NULL};
	const PvHttpRequest request = {"POST", "/_/mef/-", request_headers,
				       "{\"sec:skr\":{\"suid\":22,\"kv\":\"" SECRET "\"}}", 1000};
	g_autoptr (PvDialect) dialect = pv_dialect_new ();
	g_autoptr (GError) error = NULL;
	g_autofree char *path = NULL;
	g_autofree char *text = NULL;
	int file = g_file_open_tmp ("trace-XXXXXX", &path, &error);
	PvTrace *trace = pv_trace_new (file, dialect);

	g_assert_no_error (error);
	pv_trace_request (trace, &request);
	pv_trace_free (trace);
	close (file);
	g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
	unlink (path);
	g_assert_nonnull (strstr (text, " >> POST /_/mef/-\n> Content-Type: application/json\n> X-Auth: [masked]\n>\n> {\n"));
	g_assert_nonnull (strstr (text, ">     \"suid\" : 22,\n>     \"kv\" : \"[masked: text of 32 octets]\"\n"));
	g_assert_true (g_str_has_suffix (text, " -- end of the trace\n"));
	g_assert_null (strstr (text, SECRET));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/trace/masked", test_masked);
	g_test_add_func ("/trace/shown", test_shown);
	g_test_add_func ("/trace/dialect", test_dialect);
	g_test_add_func ("/trace/echo", test_echo);
	g_test_add_func ("/trace/headers", test_headers);
	g_test_add_func ("/trace/challenge", test_challenge);
	g_test_add_func ("/trace/failing", test_failing);
	g_test_add_func ("/trace/written", test_written);
	return g_test_run ();
}
