/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bodies of EST answers: every dress that occurs, and what is refused.
 */
#include <config.h>

#include "provisioner/cms.h"
#include "tests/exchange-fake.h"

#include <string.h>

static GBytes *
sample (void)
{
	g_autoptr (EVP_PKEY) key = fake_key ("P-256");
	g_autoptr (X509) one = fake_certificate ("one", key, NULL, NULL, 0, 3600, NULL);
	g_autoptr (X509) two = fake_certificate ("two", key, NULL, NULL, 0, 3600, NULL);
	X509 *both[] = {one, two};

	return fake_certs_only (both, 2);
}

static GString *
wrap (const char *base64, guint column, const char *line_end)
{
	GString *text = g_string_new (NULL);

	for (gsize at = 0; at < strlen (base64); at += column)
		g_string_append_printf (text, "%.*s%s", (int)column, base64 + at, line_end);
	return text;
}

static void
assert_decodes (const char *text, gsize length, GBytes *expected)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) body = g_bytes_new (text, length);
	g_autoptr (GBytes) der = pv_cms_decode_body (body, &error);

	g_assert_no_error (error);
	g_assert_true (g_bytes_equal (der, expected));
}

static void
test_dresses (void)
{
	g_autoptr (GBytes) der = sample ();
	g_autofree char *line =
		g_base64_encode (g_bytes_get_data (der, NULL), g_bytes_get_size (der));
	g_autofree char *ours = pv_cms_encode_body (der);
	g_autofree char *pem =
		g_strdup_printf ("text\n-----BEGIN PKCS7-----\n%s\n-----END PKCS7-----\n", line);
	GString *crlf = wrap (line, 76, "\r\n");
	GString *narrow = wrap (line, 5, " \t\n\n");

	assert_decodes (line, strlen (line), der);
	assert_decodes (ours, strlen (ours), der);
	assert_decodes (crlf->str, crlf->len, der);
	assert_decodes (narrow->str, narrow->len, der);
	assert_decodes (pem, strlen (pem), der);
	assert_decodes (g_bytes_get_data (der, NULL), g_bytes_get_size (der), der);
	g_assert_cmpuint (strcspn (ours, "\n"), ==, 64);
	g_string_free (crlf, TRUE);
	g_string_free (narrow, TRUE);
}

static void
test_bad_bodies (void)
{
	static const char *const bad[] = {
		"MAA", "M AA", "MA==A", "MA===", "M*A=", "<html>", "\xff\xfe"};

	for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;
		g_autoptr (GBytes) body = g_bytes_new (bad[i], strlen (bad[i]));

		g_assert_null (pv_cms_decode_body (body, &error));
		g_assert_error (error, PV_ERROR, PV_ERROR_MALFORMED);
	}
}

static void
test_certificates (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) der = sample ();
	g_autoptr (GPtrArray) certificates = pv_cms_certificates (der, &error);

	g_assert_no_error (error);
	g_assert_cmpuint (certificates->len, ==, 2);
}

static void
assert_refused (GBytes *der, int code)
{
	g_autoptr (GError) error = NULL;

	g_assert_null (pv_cms_certificates (der, &error));
	g_assert_error (error, PV_ERROR, code);
}

static void
test_bad_certificates (void)
{
	g_autoptr (GBytes) der = sample ();
	gsize length = g_bytes_get_size (der);
	g_autofree guint8 *copy = g_malloc0 (length + 1);
	g_autoptr (GBytes) none = fake_certs_only (NULL, 0);
	g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);
	g_autoptr (GBytes) trailing = NULL;
	g_autoptr (GBytes) indefinite = g_bytes_new_static ("\x30\x80\x06\x09", 4);

	memcpy (copy, g_bytes_get_data (der, NULL), length);
	trailing = g_bytes_new (copy, length + 1);
	assert_refused (none, PV_ERROR_MALFORMED);
	assert_refused (nothing, PV_ERROR_MALFORMED);
	assert_refused (trailing, PV_ERROR_MALFORMED);
	assert_refused (indefinite, PV_ERROR_MALFORMED);
	for (gsize cut = 0; cut < length; cut += 7) {
		g_autoptr (GBytes) part = g_bytes_new (copy, cut);
		assert_refused (part, PV_ERROR_MALFORMED);
	}
}

static void
test_too_many (void)
{
	g_autoptr (EVP_PKEY) key = fake_key ("P-256");
	X509 *many[65];
	g_autoptr (GBytes) der = NULL;

	for (guint i = 0; i < G_N_ELEMENTS (many); i++)
		many[i] = fake_certificate ("x", key, NULL, NULL, 0, 3600, NULL);
	der = fake_certs_only (many, G_N_ELEMENTS (many));
	assert_refused (der, PV_ERROR_LIMIT);
	for (guint i = 0; i < G_N_ELEMENTS (many); i++)
		X509_free (many[i]);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/provisioner/cms/dresses", test_dresses);
	g_test_add_func ("/provisioner/cms/bad-bodies", test_bad_bodies);
	g_test_add_func ("/provisioner/cms/certificates", test_certificates);
	g_test_add_func ("/provisioner/cms/bad-certificates", test_bad_certificates);
	g_test_add_func ("/provisioner/cms/too-many", test_too_many);
	return g_test_run ();
}
