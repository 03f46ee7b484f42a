/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The child of doctor: an application like any other. Reads key.pem and cert.pem of a credential's
 * folder, signs through whatever OpenSSL's configuration names, and verifies with the certificate;
 * for a symmetric key it reads its user's reference and derives a secret of a TLS session.
 */
#include <config.h>

#include "provisioner/cli/doctor.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Of a reference to a symmetric key, in bytes: pskref1: and 24 characters. */
#define REFERENCE_LEN 32

static const char *
last_error (const char *otherwise)
{
	static char text[256];
	unsigned long code = ERR_peek_last_error ();
	const char *reason = code != 0 ? ERR_reason_error_string (code) : NULL;

	g_strlcpy (text, reason != NULL ? reason : otherwise, sizeof text);
	ERR_clear_error ();
	return text;
}

static EVP_PKEY *
load_key (const char *path)
{
	OSSL_STORE_CTX *store = OSSL_STORE_open (path, NULL, NULL, NULL, NULL);
	EVP_PKEY *key = NULL;

	while (store != NULL && key == NULL && !OSSL_STORE_eof (store)) {
		OSSL_STORE_INFO *info = OSSL_STORE_load (store);

		if (info == NULL)
			break;
		if (OSSL_STORE_INFO_get_type (info) == OSSL_STORE_INFO_PKEY)
			key = OSSL_STORE_INFO_get1_PKEY (info);
		OSSL_STORE_INFO_free (info);
	}
	OSSL_STORE_close (store);
	return key;
}

static X509 *
load_certificate (const char *path)
{
	FILE *file = fopen (path, "re");
	X509 *certificate = file != NULL ? PEM_read_X509 (file, NULL, NULL, NULL) : NULL;

	if (file != NULL)
		fclose (file);
	return certificate;
}

/* Ed25519 brings its own hash. */
static const char *
hash_of (EVP_PKEY *key)
{
	return EVP_PKEY_is_a (key, "ED25519") ? NULL : "SHA256";
}

static gboolean
sign_and_verify (EVP_PKEY *private_key, EVP_PKEY *public_key)
{
	static const guint8 data[] = "enrolee doctor";
	EVP_MD_CTX *signing = EVP_MD_CTX_new ();
	EVP_MD_CTX *verifying = EVP_MD_CTX_new ();
	guint8 signature[WIRE_SIGNATURE_MAX];
	gsize len = sizeof signature;
	gboolean done =
		EVP_DigestSignInit_ex (
			signing, NULL, hash_of (public_key), NULL, NULL, private_key, NULL) == 1 &&
		EVP_DigestSign (signing, signature, &len, data, sizeof data) == 1 &&
		EVP_DigestVerifyInit_ex (
			verifying, NULL, hash_of (public_key), NULL, NULL, public_key, NULL) == 1 &&
		EVP_DigestVerify (verifying, signature, len, data, sizeof data) == 1;

	EVP_MD_CTX_free (signing);
	EVP_MD_CTX_free (verifying);
	return done;
}

static void
try_key_pair (const char *folder, const char *name)
{
	g_autofree char *key_path = g_build_filename (folder, name, "key.pem", NULL);
	g_autofree char *certificate_path = g_build_filename (folder, name, "cert.pem", NULL);
	X509 *certificate = load_certificate (certificate_path);
	EVP_PKEY *key;

	if (certificate == NULL) {
		printf ("failed %s %s cannot be read\n", name, certificate_path);
		return;
	}
	key = load_key (key_path);
	if (key == NULL)
		printf ("failed %s the key is not found (%s)\n", name, last_error ("not granted?"));
	else if (!sign_and_verify (key, X509_get0_pubkey (certificate)))
		printf ("failed %s %s\n", name, last_error ("the signature is wrong"));
	else
		printf ("ok %s\n", name);
	EVP_PKEY_free (key);
	X509_free (certificate);
}

/* The hex behind the identity in this user's file; there may be colons in an identity. */
static gboolean
read_reference (const char *path, guint8 reference[REFERENCE_LEN])
{
	g_autofree char *text = NULL;
	const char *hex;

	if (!g_file_get_contents (path, &text, NULL, NULL))
		return FALSE;
	g_strchomp (text);
	hex = strrchr (text, ':');
	if (hex == NULL || strlen (hex + 1) != 2 * REFERENCE_LEN)
		return FALSE;
	for (gsize i = 0; i < REFERENCE_LEN; i++) {
		int high = g_ascii_xdigit_value (hex[1 + 2 * i]);
		int low = g_ascii_xdigit_value (hex[2 + 2 * i]);

		if (high < 0 || low < 0)
			return FALSE;
		reference[i] = high << 4 | low;
	}
	return TRUE;
}

static gboolean
run_kdf (const char *name, const OSSL_PARAM *params, guint8 *result, gsize len)
{
	EVP_KDF *kdf = EVP_KDF_fetch (NULL, name, NULL);
	EVP_KDF_CTX *context = kdf != NULL ? EVP_KDF_CTX_new (kdf) : NULL;
	gboolean done = context != NULL && EVP_KDF_derive (context, result, len, params) == 1;

	EVP_KDF_CTX_free (context);
	EVP_KDF_free (kdf);
	return done;
}

/* What libssl does in a handshake of TLS 1.2 (RFC 4279 2): u16 n || other || u16 n || key. */
static gboolean
derive_tls12 (const guint8 reference[REFERENCE_LEN], const char *hash)
{
	guint8 premaster[2 * (2 + REFERENCE_LEN)] = {0, REFERENCE_LEN, 1};
	guint8 seed[] = "master secret0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	guint8 master[48];
	const OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string (OSSL_KDF_PARAM_DIGEST, (char *) hash, strlen (hash)),
		OSSL_PARAM_octet_string (OSSL_KDF_PARAM_SECRET, premaster, sizeof premaster),
		OSSL_PARAM_octet_string (OSSL_KDF_PARAM_SEED, seed, sizeof seed - 1),
		OSSL_PARAM_END,
	};
	gboolean done;

	premaster[2 + REFERENCE_LEN + 1] = REFERENCE_LEN;
	memcpy (premaster + 2 + REFERENCE_LEN + 2, reference, REFERENCE_LEN);
	done = run_kdf ("TLS1-PRF", params, master, sizeof master);
	explicit_bzero (master, sizeof master);
	return done;
}

/* And of TLS 1.3 (RFC 8446 7.1), to the handshake secret. */
static gboolean
derive_tls13 (const guint8 reference[REFERENCE_LEN], const char *hash, gsize hash_len)
{
	int mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY;
	guint8 early[EVP_MAX_MD_SIZE], dhe[32] = {1}, secret[EVP_MAX_MD_SIZE];
	OSSL_PARAM params[] = {
		OSSL_PARAM_int (OSSL_KDF_PARAM_MODE, &mode),
		OSSL_PARAM_utf8_string (OSSL_KDF_PARAM_DIGEST, (char *) hash, strlen (hash)),
		OSSL_PARAM_octet_string (OSSL_KDF_PARAM_PREFIX, (char *) "tls13 ", 6),
		OSSL_PARAM_octet_string (OSSL_KDF_PARAM_LABEL, (char *) "derived", 7),
		OSSL_PARAM_octet_string (OSSL_KDF_PARAM_KEY, (guint8 *) reference, REFERENCE_LEN),
		OSSL_PARAM_END,
		OSSL_PARAM_END,
	};
	gboolean done;

	if (!run_kdf ("TLS13-KDF", params, early, hash_len))
		return FALSE;
	params[4] = OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_KEY, dhe, sizeof dhe);
	params[5] = OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_SALT, early, hash_len);
	done = run_kdf ("TLS13-KDF", params, secret, hash_len);
	explicit_bzero (secret, sizeof secret);
	return done;
}

/* In whatever version and with whatever hash its settings allow. */
static gboolean
derive (const guint8 reference[REFERENCE_LEN])
{
	return derive_tls12 (reference, "SHA256") || derive_tls13 (reference, "SHA256", 32) ||
	       derive_tls12 (reference, "SHA384") || derive_tls13 (reference, "SHA384", 48);
}

static void
try_symmetric_key (const char *folder, const char *name)
{
	const struct passwd *user = getpwuid (geteuid ());
	g_autofree char *file = g_strdup_printf ("psk-%s.txt", user != NULL ? user->pw_name : "");
	g_autofree char *path = g_build_filename (folder, name, file, NULL);
	guint8 reference[REFERENCE_LEN];

	if (!read_reference (path, reference))
		printf ("failed %s there is no reference for this user (%s)\n", name, path);
	else if (!derive (reference))
		printf ("failed %s the reference does not open the key (%s)\n",
			name,
			last_error ("not granted?"));
	else
		printf ("ok %s\n", name);
}

static void
try_credential (const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename (folder, name, NULL);
	g_autofree char *key_path = g_build_filename (path, "key.pem", NULL);

	if (!g_file_test (path, G_FILE_TEST_IS_DIR))
		printf ("failed %s there is no published credential of that name\n", name);
	else if (g_file_test (key_path, G_FILE_TEST_EXISTS))
		try_key_pair (folder, name);
	else
		try_symmetric_key (folder, name);
}

/* Who computes TLS's secrets: "enrolee" when it is us for every version. */
static char *
find_deriver (void)
{
	static const char *const names[] = {"TLS1-PRF", "TLS13-KDF"};
	char *deriver = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
		EVP_KDF *kdf = EVP_KDF_fetch (NULL, names[i], NULL);

		if (deriver == NULL || g_str_equal (deriver, "enrolee")) {
			g_free (deriver);
			deriver = g_strdup (
				kdf != NULL ? OSSL_PROVIDER_get0_name (EVP_KDF_get0_provider (kdf))
					    : "none");
		}
		EVP_KDF_free (kdf);
	}
	return deriver;
}

void
doctor_try_openssl (const char *folder, char **names)
{
	g_autofree char *deriver = find_deriver ();

	printf ("psk %s\n", deriver);
	for (gsize i = 0; names[i] != NULL; i++)
		try_credential (folder, names[i]);
	fflush (stdout);
}
