/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Certificate requests signed elsewhere, and what the server wants to see in them.
 */
#include <config.h>

#include "provisioner/csr.h"
#include "tests/exchange-fake.h"

/* A TS-0003 style answer: challengePassword{"9f3c-Zq71"}, extensionRequest{subjectAltName},
 * ecPublicKey{prime256v1}, ecdsa-with-SHA256. */
#define TS3_ATTRIBUTES                                                                             \
	"ME8wGAYJKoZIhvcNAQkHMQsMCTlmM2MtWnE3MTASBgkqhkiG9w0BCQ4xBQYDVR0RMBUGByqGSM49AgExCgYIKoZI" \
	"zj"                                                                                       \
	"0DAQcGCCqGSM49BAMC"
/* RFC 7030 4.5.2: bare challengePassword, P-384, an unknown extension, ecdsa-with-SHA384. */
#define RFC_ATTRIBUTES                                                                             \
	"MEEGCSqGSIb3DQEJBzASBgcqhkjOPQIBMQcGBSuBBAAiMBYGCSqGSIb3DQEJDjEJBgcrBgEBAQEWBggqhkjOPQQD" \
	"Aw=="

static GBytes *
from_base64 (const char *text)
{
	gsize length = 0;
	guchar *bytes = g_base64_decode (text, &length);

	return g_bytes_new_take (bytes, length);
}

static PvCsrAttributes *
attributes (const char *base64, GError **error)
{
	g_autoptr (GBytes) der = from_base64 (base64);

	return pv_csr_attributes_parse (der, error);
}

static void
test_attributes (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PvCsrAttributes) ts3 = attributes (TS3_ATTRIBUTES, &error);
	g_autoptr (PvCsrAttributes) rfc = attributes (RFC_ATTRIBUTES, &error);
	g_autoptr (PvCsrAttributes) nothing = attributes ("MAA=", &error);
	g_autoptr (PvCsrAttributes) empty = attributes ("", &error);

	g_assert_no_error (error);
	g_assert_cmpstr (ts3->challenge, ==, "9f3c-Zq71");
	g_assert_false (ts3->link_tls_unique);
	g_assert_true (ts3->has_key_type);
	g_assert_cmpint (ts3->key_type, ==, PV_KEY_TYPE_P256);
	g_assert_null (rfc->challenge);
	g_assert_true (rfc->link_tls_unique);
	g_assert_cmpint (rfc->key_type, ==, PV_KEY_TYPE_P384);
	g_assert_false (nothing->has_key_type);
	g_assert_false (empty->has_key_type);
}

static void
test_bad_attributes (void)
{
	g_autoptr (GError) garbage = NULL;
	g_autoptr (GError) trailing = NULL;
	g_autoptr (GError) curve = NULL;

	g_assert_null (attributes ("AAAA", &garbage));
	g_assert_error (garbage, PV_ERROR, PV_ERROR_MALFORMED);
	g_assert_null (attributes ("MAAA", &trailing));
	g_assert_error (trailing, PV_ERROR, PV_ERROR_MALFORMED);
	/* ecPublicKey{secp521r1} */
	g_assert_null (attributes ("MBQwEgYHKoZIzj0CATEHBgUrgQQAIw==", &curve));
	g_assert_error (curve, PV_ERROR, PV_ERROR_UNSUPPORTED);
}

static GBytes *
build_for (FakeKeystore *keystore,
	   PvKeyType type,
	   PvCsrAttributes *wanted,
	   X509 *renewed,
	   GError **error)
{
	PvSubjectName name = {PV_NAME_TYPE_URI, (char *)"//sp.example.com/Sgw01"};
	g_autoptr (GBytes) spki = NULL;
	guint32 staged;
	PvCsrRequest request = {NULL, &name, "//sp.example.com/Sgw01", wanted->challenge, wanted,
				renewed};

	g_assert_true (
		fake_keystore_ops.stage_key_pair (keystore, "gw1", type, &staged, &spki, error));
	request.spki = spki;
	return pv_csr_build (&request, &fake_keystore_ops, keystore, staged, error);
}

static GBytes *
build (FakeKeystore *keystore, PvKeyType type, PvCsrAttributes *wanted, GError **error)
{
	return build_for (keystore, type, wanted, NULL, error);
}

static void
assert_request (GBytes *der)
{
	const guint8 *at = g_bytes_get_data (der, NULL);
	g_autoptr (X509_REQ) req = d2i_X509_REQ (NULL, &at, g_bytes_get_size (der));
	STACK_OF (X509_EXTENSION) * extensions;
	g_autoptr (GENERAL_NAMES) names = NULL;
	GENERAL_NAME *name;

	g_assert_nonnull (req);
	g_assert_cmpint (X509_REQ_verify (req, X509_REQ_get0_pubkey (req)), ==, 1);
	extensions = X509_REQ_get_extensions (req);
	names = X509V3_get_d2i (extensions, NID_subject_alt_name, NULL, NULL);
	g_assert_cmpint (sk_GENERAL_NAME_num (names), ==, 1);
	name = sk_GENERAL_NAME_value (names, 0);
	g_assert_cmpint (name->type, ==, GEN_URI);
	g_assert_cmpmem (ASN1_STRING_get0_data (name->d.ia5), ASN1_STRING_length (name->d.ia5),
			 "//sp.example.com/Sgw01", 22);
	g_assert_cmpint (X509_REQ_get_attr_by_NID (req, NID_pkcs9_challengePassword, -1), >=, 0);
	sk_X509_EXTENSION_pop_free (extensions, X509_EXTENSION_free);
}

static void
test_build (void)
{
	static const PvKeyType types[] = {PV_KEY_TYPE_P256, PV_KEY_TYPE_P384, PV_KEY_TYPE_RSA_2048};
	g_autoptr (GError) error = NULL;
	g_autoptr (PvCsrAttributes) wanted = attributes (TS3_ATTRIBUTES, &error);

	for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
		FakeKeystore keystore = {0};
		g_autoptr (GBytes) der = build (&keystore, types[i], wanted, &error);

		g_assert_no_error (error);
		g_assert_cmpuint (keystore.signatures, ==, 1);
		assert_request (der);
		fake_keystore_clear (&keystore);
	}
}

/* RFC 7030 4.2.2: the subject and the names of the certificate, whatever a new request would have. */
static void
test_renewal (void)
{
	static const char *const extensions[] = {
		"subjectAltName", "URI:https://sp.example.com/Sgw01,DNS:gw.example.com", NULL};
	FakeKeystore keystore = {0};
	g_autoptr (EVP_PKEY) key = fake_key ("P-256");
	g_autoptr (X509) renewed =
		fake_certificate ("another subject", key, NULL, NULL, -60, 3600, extensions);
	g_autoptr (X509) nameless = fake_certificate ("x", key, NULL, NULL, -60, 3600, extensions + 2);
	g_autoptr (GError) error = NULL;
	g_autoptr (PvCsrAttributes) wanted = pv_csr_attributes_new ();
	g_autoptr (GBytes) der = build_for (&keystore, PV_KEY_TYPE_P256, wanted, renewed, &error);
	const guint8 *at;
	g_autoptr (X509_REQ) req = NULL;
	g_autoptr (GENERAL_NAMES) names = NULL;
	STACK_OF (X509_EXTENSION) * asked;

	g_assert_no_error (error);
	at = g_bytes_get_data (der, NULL);
	req = d2i_X509_REQ (NULL, &at, g_bytes_get_size (der));
	g_assert_cmpint (X509_NAME_cmp (X509_REQ_get_subject_name (req),
					X509_get_subject_name (renewed)),
			 ==, 0);
	asked = X509_REQ_get_extensions (req);
	names = X509V3_get_d2i (asked, NID_subject_alt_name, NULL, NULL);
	g_assert_cmpint (sk_GENERAL_NAME_num (names), ==, 2);
	sk_X509_EXTENSION_pop_free (asked, X509_EXTENSION_free);
	g_assert_null (build_for (&keystore, PV_KEY_TYPE_P256, wanted, nameless, &error));
	g_assert_error (error, PV_ERROR, PV_ERROR_LOCAL);
	fake_keystore_clear (&keystore);
}

static void
test_broken_signature (void)
{
	FakeKeystore keystore = {.break_signatures = TRUE};
	g_autoptr (GError) error = NULL;
	g_autoptr (PvCsrAttributes) wanted = pv_csr_attributes_new ();

	g_assert_null (build (&keystore, PV_KEY_TYPE_P256, wanted, &error));
	g_assert_error (error, PV_ERROR, PV_ERROR_KEYSTORE);
	fake_keystore_clear (&keystore);
}

/* The server names somebody else. */
static void
test_foreign_name (void)
{
	FakeKeystore keystore = {0};
	PvSubjectName other = {PV_NAME_TYPE_URI, (char *)"//sp.example.com/Sother"};
	g_autoptr (GError) error = NULL;
	g_autoptr (PvCsrAttributes) wanted = pv_csr_attributes_new ();

	wanted->subject_alt_name = pv_subject_alt_name_der (&other);
	g_assert_null (build (&keystore, PV_KEY_TYPE_P256, wanted, &error));
	g_assert_error (error, PV_ERROR, PV_ERROR_UNSUPPORTED);
	g_assert_cmpuint (keystore.signatures, ==, 0);
	fake_keystore_clear (&keystore);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/provisioner/csr/attributes", test_attributes);
	g_test_add_func ("/provisioner/csr/bad-attributes", test_bad_attributes);
	g_test_add_func ("/provisioner/csr/build", test_build);
	g_test_add_func ("/provisioner/csr/renewal", test_renewal);
	g_test_add_func ("/provisioner/csr/broken-signature", test_broken_signature);
	g_test_add_func ("/provisioner/csr/foreign-name", test_foreign_name);
	return g_test_run ();
}
