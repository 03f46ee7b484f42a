/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For unit tests: a keystore whose keys are in this process, and a small CA.
 */
#include <config.h>

#include "tests/exchange-fake.h"

EVP_PKEY *
fake_key (const char *curve)
{
	EVP_PKEY *key = EVP_EC_gen (curve);

	g_assert_nonnull (key);
	return key;
}

GBytes *
fake_spki (EVP_PKEY *key)
{
	guint8 *der = NULL;
	int length = i2d_PUBKEY (key, &der);
	GBytes *bytes = g_bytes_new (der, length);

	g_assert_cmpint (length, >, 0);
	OPENSSL_free (der);
	return bytes;
}

static gboolean
stage_key_pair (gpointer data,
		const char *credential,
		PvKeyType type,
		guint32 *staged,
		GBytes **spki,
		GError **error)
{
	FakeKeystore *keystore = data;

	if (keystore->key == NULL)
		keystore->key = type == PV_KEY_TYPE_RSA_2048
					? EVP_RSA_gen (2048)
					: fake_key (type == PV_KEY_TYPE_P384 ? "P-384" : "P-256");
	keystore->staged_pairs++;
	*staged = 7 + 10 * (keystore->staged_pairs - 1);
	*spki = fake_spki (keystore->key);
	return TRUE;
}

static gboolean
staged_public_key (
	gpointer data, const char *credential, guint32 staged, GBytes **spki, GError **error)
{
	FakeKeystore *keystore = data;

	if (keystore->key == NULL) {
		g_set_error (error, PV_ERROR, PV_ERROR_KEYSTORE, "no such key");
		return FALSE;
	}
	*spki = fake_spki (keystore->key);
	return TRUE;
}

static gboolean
sign (gpointer data, guint32 staged, GBytes *tbs, GBytes **signature, GError **error)
{
	FakeKeystore *keystore = data;
	EVP_MD_CTX *context = EVP_MD_CTX_new ();
	const EVP_MD *digest =
		EVP_PKEY_get_bits (keystore->key) == 384 ? EVP_sha384 () : EVP_sha256 ();
	guint8 bytes[512];
	gsize length = sizeof bytes;

	g_assert_cmpuint (staged % 10, ==, 7);
	g_assert_cmpint (EVP_DigestSignInit (context, NULL, digest, NULL, keystore->key), ==, 1);
	g_assert_cmpint (EVP_DigestSign (context, bytes, &length, g_bytes_get_data (tbs, NULL),
					 g_bytes_get_size (tbs)),
			 ==, 1);
	EVP_MD_CTX_free (context);
	if (keystore->break_signatures)
		bytes[length - 1] ^= 1;
	keystore->signatures++;
	*signature = g_bytes_new (bytes, length);
	return TRUE;
}

static gboolean
attach_certificates (
	gpointer data, guint32 staged, GPtrArray *chain, GPtrArray *anchors, GError **error)
{
	FakeKeystore *keystore = data;

	g_clear_pointer (&keystore->chain, g_ptr_array_unref);
	g_clear_pointer (&keystore->anchors, g_ptr_array_unref);
	keystore->chain = g_ptr_array_ref (chain);
	keystore->anchors = g_ptr_array_ref (anchors);
	return TRUE;
}

static gboolean
stage_secret (gpointer data, const PvStagedSecret *secret, guint32 *staged, GError **error)
{
	FakeKeystore *keystore = data;

	keystore->secret = g_bytes_new (secret->bytes, secret->length);
	keystore->identifier = g_strdup (secret->identifier);
	*staged = 8;
	return TRUE;
}

static gboolean
publish (gpointer data,
	 const char *credential,
	 const guint32 *staged,
	 gsize n_staged,
	 GError **error)
{
	FakeKeystore *keystore = data;

	keystore->published += n_staged;
	return TRUE;
}

static void
discard (gpointer data, guint32 staged)
{
	FakeKeystore *keystore = data;

	keystore->discarded++;
}

const PvKeystoreOps fake_keystore_ops = {
	stage_key_pair, staged_public_key, sign,    attach_certificates,
	stage_secret,   publish,           discard,
};

void
fake_keystore_clear (FakeKeystore *keystore)
{
	EVP_PKEY_free (keystore->key);
	g_clear_pointer (&keystore->chain, g_ptr_array_unref);
	g_clear_pointer (&keystore->anchors, g_ptr_array_unref);
	g_clear_pointer (&keystore->secret, g_bytes_unref);
	g_clear_pointer (&keystore->identifier, g_free);
}

static void
add_extensions (X509 *certificate, X509 *issuer, const char *const *extensions)
{
	X509V3_CTX context;

	X509V3_set_ctx (&context, issuer != NULL ? issuer : certificate, certificate, NULL, NULL,
			0);
	for (guint i = 0; extensions != NULL && extensions[i] != NULL; i += 2) {
		X509_EXTENSION *extension = X509V3_EXT_conf (NULL, &context, (char *)extensions[i],
							     (char *)extensions[i + 1]);

		g_assert_nonnull (extension);
		g_assert_cmpint (X509_add_ext (certificate, extension, -1), ==, 1);
		X509_EXTENSION_free (extension);
	}
}

X509 *
fake_certificate (const char *name,
		  EVP_PKEY *key,
		  X509 *issuer,
		  EVP_PKEY *issuer_key,
		  long not_before_s,
		  long not_after_s,
		  const char *const *extensions)
{
	static long serial;
	X509 *certificate = X509_new ();
	X509_NAME *subject = X509_get_subject_name (certificate);

	X509_set_version (certificate, X509_VERSION_3);
	ASN1_INTEGER_set (X509_get_serialNumber (certificate), ++serial);
	X509_NAME_add_entry_by_txt (subject, "CN", MBSTRING_UTF8, (const guint8 *)name, -1, -1, 0);
	X509_set_issuer_name (certificate,
			      issuer != NULL ? X509_get_subject_name (issuer) : subject);
	X509_gmtime_adj (X509_getm_notBefore (certificate), not_before_s);
	X509_gmtime_adj (X509_getm_notAfter (certificate), not_after_s);
	X509_set_pubkey (certificate, key);
	add_extensions (certificate, issuer, extensions);
	g_assert_cmpint (
		X509_sign (certificate, issuer_key != NULL ? issuer_key : key, EVP_sha256 ()), >,
		0);
	return certificate;
}

GBytes *
fake_certs_only (X509 *const *certificates, guint count)
{
	PKCS7 *p7 = PKCS7_new ();
	guint8 *der = NULL;
	int length;
	GBytes *bytes;

	PKCS7_set_type (p7, NID_pkcs7_signed);
	PKCS7_content_new (p7, NID_pkcs7_data);
	PKCS7_set_detached (p7, 1);
	for (guint i = 0; i < count; i++)
		PKCS7_add_certificate (p7, certificates[i]);
	length = i2d_PKCS7 (p7, &der);
	g_assert_cmpint (length, >, 0);
	bytes = g_bytes_new (der, length);
	OPENSSL_free (der);
	PKCS7_free (p7);
	return bytes;
}
