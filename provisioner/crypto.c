/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the units that use OpenSSL share.
 */
#include <config.h>

#include "provisioner/crypto.h"

#include "provisioner/limits.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

gboolean
pv_crypto_fail (GError **error, PvErrorCode code, const char *what)
{
	unsigned long reason = ERR_peek_error ();
	const char *text = reason != 0 ? ERR_reason_error_string (reason) : NULL;

	g_set_error (error, PV_ERROR, code, "%s%s%s", what, text != NULL ? ": " : "",
		     text != NULL ? text : "");
	ERR_clear_error ();
	return FALSE;
}

static void
free_certificate (gpointer certificate)
{
	X509_free (certificate);
}

GPtrArray *
pv_crypto_certificates_new (void)
{
	return g_ptr_array_new_with_free_func (free_certificate);
}

static GBytes *
take_der (guint8 *der, int length)
{
	GBytes *bytes = length > 0 ? g_bytes_new (der, length) : NULL;

	OPENSSL_free (der);
	return bytes;
}

GBytes *
pv_crypto_certificate_der (X509 *certificate)
{
	guint8 *der = NULL;
	int length = i2d_X509 (certificate, &der);

	return take_der (der, length);
}

GBytes *
pv_crypto_public_key_der (X509 *certificate)
{
	guint8 *der = NULL;
	int length = i2d_X509_PUBKEY (X509_get_X509_PUBKEY (certificate), &der);

	return take_der (der, length);
}

static void
print_fingerprint (BIO *bio, X509 *certificate)
{
	guint8 digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	if (X509_digest (certificate, EVP_sha256 (), digest, &length) != 1)
		return;
	BIO_puts (bio, "; SHA-256 ");
	for (unsigned i = 0; i < length; i++)
		BIO_printf (bio, "%s%02X", i > 0 ? ":" : "", digest[i]);
}

char *
pv_crypto_describe (X509 *certificate)
{
	g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
	const unsigned long flags = XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB;
	char *text;
	long length;

	BIO_puts (bio, "subject ");
	X509_NAME_print_ex (bio, X509_get_subject_name (certificate), 0, flags);
	BIO_puts (bio, "; issuer ");
	X509_NAME_print_ex (bio, X509_get_issuer_name (certificate), 0, flags);
	BIO_puts (bio, "; until ");
	ASN1_TIME_print (bio, X509_get0_notAfter (certificate));
	print_fingerprint (bio, certificate);
	ERR_clear_error ();
	length = BIO_get_mem_data (bio, &text);
	return g_strndup (text, (gsize)length);
}

GPtrArray *
pv_crypto_certificates_from_pem (const char *pem, GError **error)
{
	g_autoptr (GPtrArray) certificates = pv_crypto_certificates_new ();
	g_autoptr (BIO) bio = BIO_new_mem_buf (pem, -1);
	X509 *certificate;

	while ((certificate = PEM_read_bio_X509 (bio, NULL, NULL, NULL)) != NULL) {
		g_ptr_array_add (certificates, certificate);
		if (certificates->len > PV_CERTIFICATES_MAX) {
			g_set_error (error, PV_ERROR, PV_ERROR_LIMIT, "more than %d certificates",
				     PV_CERTIFICATES_MAX);
			return NULL;
		}
	}
	if (certificates->len == 0 ||
	    ERR_GET_REASON (ERR_peek_last_error ()) != PEM_R_NO_START_LINE) {
		pv_crypto_fail (error, PV_ERROR_MALFORMED, "no certificates in PEM form");
		return NULL;
	}
	ERR_clear_error ();
	return g_steal_pointer (&certificates);
}

X509 *
pv_crypto_certificate_from_base64 (const char *text)
{
	gsize length;
	g_autofree guchar *der = g_base64_decode (text, &length);
	const guint8 *at = der;
	g_autoptr (X509) certificate = d2i_X509 (NULL, &at, (long)length);

	if (certificate == NULL)
		ERR_clear_error ();
	return certificate != NULL && at == der + length ? g_steal_pointer (&certificate) : NULL;
}
