/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The child of doctor: an application like any other. Reads key.pem and cert.pem of a credential's
 * folder, signs through whatever OpenSSL's configuration names, and verifies with the certificate.
 */
#include <config.h>

#include "provisioner/cli/doctor.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <stdio.h>
#include <string.h>

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
try_credential (const char *folder, const char *name)
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

void
doctor_try_openssl (const char *folder, char **names)
{
	EVP_KDF *prf = EVP_KDF_fetch (NULL, "TLS1-PRF", NULL);

	printf ("psk %s\n",
		prf != NULL ? OSSL_PROVIDER_get0_name (EVP_KDF_get0_provider (prf)) : "none");
	EVP_KDF_free (prf);
	for (gsize i = 0; names[i] != NULL; i++)
		try_credential (folder, names[i]);
	fflush (stdout);
}
