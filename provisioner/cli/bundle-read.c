/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys and certificates out of files; see bundle.h. */
#include <config.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <string.h>

#include "provisioner/cli/bundle.h"
#include "provisioner/error.h"

CliBundle *
cli_bundle_new (void)
{
	CliBundle *bundle = g_new0 (CliBundle, 1);

	bundle->certificates = g_ptr_array_new_with_free_func ((GDestroyNotify) X509_free);
	bundle->chain = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	bundle->warnings = g_ptr_array_new_with_free_func (g_free);
	return bundle;
}

void
cli_bundle_free (CliBundle *bundle)
{
	if (bundle == NULL)
		return;
	EVP_PKEY_free (bundle->key);
	g_ptr_array_unref (bundle->certificates);
	g_ptr_array_unref (bundle->chain);
	g_ptr_array_unref (bundle->warnings);
	g_free (bundle);
}

static gboolean
fail (const CliSecret *file, const char *why, GError **error)
{
	ERR_clear_error ();
	g_set_error (error, PV_ERROR, PV_ERROR_JOB, "%s: %s", file->path, why);
	return FALSE;
}

/* Takes @key over. An unencrypted key must come from a file that nobody else can read. */
static gboolean
take_key (CliBundle *bundle, CliSecret *file, EVP_PKEY *key, gboolean encrypted, GError **error)
{
	if (bundle->key != NULL) {
		EVP_PKEY_free (key);
		return fail (file, "a second private key; one credential has one", error);
	}
	bundle->key = key;
	return encrypted || cli_secret_check_private (file, error);
}

/* What OpenSSL's callback needs and brings back. */
typedef struct {
	CliPassphrase *passphrase;
	const char *what;
	GError **error;
} Ask;

static int
ask_passphrase (char *buffer, int size, int for_writing, void *data)
{
	Ask *ask = data;
	const char *text = cli_passphrase_get (ask->passphrase, ask->what, ask->error);

	if (text == NULL || strlen (text) > (gsize) size)
		return -1;
	memcpy (buffer, text, strlen (text));
	return strlen (text);
}

static gboolean
take_encrypted_pkcs8 (CliBundle *bundle,
		      CliSecret *file,
		      const guint8 *der,
		      gsize len,
		      CliPassphrase *passphrase,
		      GError **error)
{
	g_autoptr (BIO) bio = BIO_new_mem_buf (der, len);
	g_autoptr (GError) local = NULL;
	Ask ask = {passphrase, file->path, &local};
	EVP_PKEY *key = d2i_PKCS8PrivateKey_bio (bio, NULL, ask_passphrase, &ask);

	if (key != NULL)
		return take_key (bundle, file, key, TRUE, error);
	ERR_clear_error ();
	if (local == NULL)
		return fail (file, "the passphrase does not open the private key", error);
	g_propagate_error (error, g_steal_pointer (&local));
	return FALSE;
}

static gboolean
take_certificate (CliBundle *bundle, CliSecret *file, const guint8 *der, gsize len, GError **error)
{
	X509 *certificate = d2i_X509 (NULL, &der, len);

	if (certificate == NULL)
		return fail (file, "a certificate that cannot be read", error);
	g_ptr_array_add (bundle->certificates, certificate);
	return TRUE;
}

static gboolean
take_plain_key (CliBundle *bundle, CliSecret *file, const guint8 *der, gsize len, GError **error)
{
	EVP_PKEY *key = d2i_AutoPrivateKey (NULL, &der, len);

	if (key == NULL)
		return fail (file, "a private key that cannot be read", error);
	return take_key (bundle, file, key, FALSE, error);
}

/* Keys of OpenSSL's old form may be encrypted by a PEM header. Decrypts in place. */
static gboolean
take_old_key (CliBundle *bundle,
	      CliSecret *file,
	      char *header,
	      guint8 *der,
	      long len,
	      CliPassphrase *passphrase,
	      GError **error)
{
	g_autoptr (GError) local = NULL;
	Ask ask = {passphrase, file->path, &local};
	EVP_CIPHER_INFO cipher;
	const guint8 *at = der;
	EVP_PKEY *key;

	if (header[0] == '\0')
		return take_plain_key (bundle, file, der, len, error);
	if (!PEM_get_EVP_CIPHER_INFO (header, &cipher) ||
	    !PEM_do_header (&cipher, der, &len, ask_passphrase, &ask)) {
		if (local == NULL)
			return fail (file, "the passphrase does not open the private key", error);
		ERR_clear_error ();
		g_propagate_error (error, g_steal_pointer (&local));
		return FALSE;
	}
	key = d2i_AutoPrivateKey (NULL, &at, len);
	if (key == NULL)
		return fail (file, "the passphrase does not open the private key", error);
	return take_key (bundle, file, key, TRUE, error);
}

static gboolean
take_pem_block (CliBundle *bundle,
		CliSecret *file,
		const char *name,
		char *header,
		guint8 *der,
		long len,
		CliPassphrase *passphrase,
		GError **error)
{
	static const char *const certificates[] = {
		PEM_STRING_X509, PEM_STRING_X509_OLD, PEM_STRING_X509_TRUSTED, NULL};

	if (g_strv_contains (certificates, name))
		return take_certificate (bundle, file, der, len, error);
	if (g_str_equal (name, PEM_STRING_PKCS8))
		return take_encrypted_pkcs8 (bundle, file, der, len, passphrase, error);
	if (g_str_equal (name, "OPENSSH PRIVATE KEY"))
		return fail (file, "OpenSSH's own form: convert it by ssh-keygen -p -m PKCS8", error);
	if (g_str_has_suffix (name, "PRIVATE KEY"))
		return take_old_key (bundle, file, header, der, len, passphrase, error);
	return TRUE; /* parameters and other things that are not asked for */
}

static gboolean
add_pem (CliBundle *bundle, CliSecret *file, CliPassphrase *passphrase, GError **error)
{
	g_autoptr (BIO) bio = BIO_new_mem_buf (file->data, file->len);
	guint before = bundle->certificates->len;
	gboolean had_key = bundle->key != NULL;
	char *name, *header;
	guint8 *der;
	long len;

	while (PEM_read_bio (bio, &name, &header, &der, &len)) {
		long allocated = len;
		gboolean taken =
			take_pem_block (bundle, file, name, header, der, len, passphrase, error);

		OPENSSL_clear_free (der, allocated);
		OPENSSL_free (name);
		OPENSSL_free (header);
		if (!taken)
			return FALSE;
	}
	ERR_clear_error ();
	if (bundle->certificates->len == before && (had_key || bundle->key == NULL))
		return fail (file, "holds no certificate and no private key that can be read", error);
	return TRUE;
}

/* With no passphrase where that opens it, else with the operator's. */
static gboolean
open_pkcs12 (CliSecret *file, PKCS12 *pkcs12, CliPassphrase *passphrase, const char **text, GError **error)
{
	if (PKCS12_verify_mac (pkcs12, NULL, 0)) {
		*text = NULL;
		return TRUE;
	}
	if (PKCS12_verify_mac (pkcs12, "", 0)) {
		*text = "";
		return TRUE;
	}
	*text = cli_passphrase_get (passphrase, file->path, error);
	if (*text == NULL)
		return FALSE;
	if (!PKCS12_verify_mac (pkcs12, *text, -1))
		return fail (file, "the passphrase does not open the PKCS#12 file", error);
	return TRUE;
}

static gboolean
add_pkcs12 (CliBundle *bundle,
	    CliSecret *file,
	    PKCS12 *pkcs12,
	    CliPassphrase *passphrase,
	    GError **error)
{
	const char *text = NULL;
	EVP_PKEY *key = NULL;
	X509 *leaf = NULL;
	STACK_OF (X509) *others = NULL;

	if (!open_pkcs12 (file, pkcs12, passphrase, &text, error))
		return FALSE;
	if (!PKCS12_parse (pkcs12, text, &key, &leaf, &others))
		return fail (file,
			     "cannot be opened by this OpenSSL: an old cipher (RC2)? Export it again",
			     error);
	if (leaf != NULL)
		g_ptr_array_add (bundle->certificates, leaf);
	while (others != NULL && sk_X509_num (others) > 0)
		g_ptr_array_add (bundle->certificates, sk_X509_shift (others));
	sk_X509_free (others);
	if (key == NULL)
		return TRUE;
	return take_key (bundle, file, key, text != NULL && text[0] != '\0', error);
}

static gboolean
add_der (CliBundle *bundle, CliSecret *file, CliPassphrase *passphrase, GError **error)
{
	const guint8 *at = file->data;
	PKCS12 *pkcs12 = d2i_PKCS12 (NULL, &at, file->len);
	X509_SIG *encrypted;
	X509 *certificate;
	gboolean added;

	if (pkcs12 != NULL) {
		added = add_pkcs12 (bundle, file, pkcs12, passphrase, error);
		PKCS12_free (pkcs12);
		return added;
	}
	at = file->data;
	certificate = d2i_X509 (NULL, &at, file->len);
	if (certificate != NULL) {
		g_ptr_array_add (bundle->certificates, certificate);
		return TRUE;
	}
	at = file->data;
	encrypted = d2i_X509_SIG (NULL, &at, file->len);
	if (encrypted != NULL) {
		X509_SIG_free (encrypted);
		return take_encrypted_pkcs8 (
			bundle, file, file->data, file->len, passphrase, error);
	}
	return take_plain_key (bundle, file, file->data, file->len, error);
}

gboolean
cli_bundle_add_file (CliBundle *bundle, const char *path, CliPassphrase *passphrase, GError **error)
{
	g_autoptr (CliSecret) file = cli_secret_read (path, error);

	if (file == NULL)
		return FALSE;
	if (file->len == 0)
		return fail (file, "empty", error);
	if (strstr ((const char *) file->data, "-----BEGIN ") != NULL)
		return add_pem (bundle, file, passphrase, error);
	return add_der (bundle, file, passphrase, error);
}
