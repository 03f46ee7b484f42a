/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which certificate is the key's, and which of the others lead to its anchor; see bundle.h. */
#include <config.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "provisioner/cli/bundle.h"
#include "provisioner/error.h"

static char *
subject_of (X509 *certificate)
{
	BIO *bio = BIO_new (BIO_s_mem ());
	char *data = NULL;
	char *text;
	long len;

	X509_NAME_print_ex (bio, X509_get_subject_name (certificate), 0, XN_FLAG_RFC2253);
	len = BIO_get_mem_data (bio, &data);
	text = g_strndup (data, len);
	BIO_free (bio);
	return text;
}

static void
warn (CliBundle *bundle, X509 *certificate, const char *what)
{
	g_autofree char *subject = subject_of (certificate);

	g_ptr_array_add (bundle->warnings, g_strdup_printf ("%s: %s", subject, what));
}

GBytes *
cli_certificate_der (X509 *certificate)
{
	unsigned char *der = NULL;
	int len = i2d_X509 (certificate, &der);
	GBytes *bytes = g_bytes_new (der, len > 0 ? len : 0);

	OPENSSL_free (der);
	return bytes;
}

static gboolean
is_self_signed (X509 *certificate)
{
	return X509_self_signed (certificate, 0) == 1;
}

static gboolean
has_issued (X509 *issuer, X509 *subject)
{
	gboolean issued = X509_check_issued (issuer, subject) == X509_V_OK &&
			  X509_verify (subject, X509_get0_pubkey (issuer)) == 1;

	ERR_clear_error ();
	return issued;
}

/* The newest of those that fit: files may hold the former one as well. */
static X509 *
find_leaf (const CliBundle *bundle)
{
	X509 *leaf = NULL;

	for (guint i = 0; i < bundle->certificates->len; i++) {
		X509 *certificate = bundle->certificates->pdata[i];

		if (X509_check_private_key (certificate, bundle->key) != 1)
			continue;
		if (leaf == NULL || ASN1_TIME_compare (X509_get0_notAfter (certificate),
						       X509_get0_notAfter (leaf)) > 0)
			leaf = certificate;
	}
	ERR_clear_error ();
	return leaf;
}

static gboolean
check_times (CliBundle *bundle, gint64 now_s, GError **error)
{
	time_t now = now_s;

	if (X509_cmp_time (X509_get0_notAfter (bundle->leaf), &now) < 0) {
		g_set_error (error,
			     PV_ERROR,
			     PV_ERROR_CERTIFICATE,
			     "the certificate is expired; nothing was imported");
		return FALSE;
	}
	if (X509_cmp_time (X509_get0_notBefore (bundle->leaf), &now) > 0)
		warn (bundle, bundle->leaf, "not valid yet (or this machine's clock is behind)");
	return TRUE;
}

/* Moves the issuers of @leaf, one after the other, from @rest to the chain. */
static void
follow_chain (CliBundle *bundle, GPtrArray *rest)
{
	X509 *last = bundle->leaf;

	for (guint i = 0; i < rest->len;) {
		X509 *candidate = rest->pdata[i];

		if (is_self_signed (candidate) || !has_issued (candidate, last)) {
			i++;
			continue;
		}
		g_ptr_array_add (bundle->chain, cli_certificate_der (candidate));
		g_ptr_array_remove_index (rest, i);
		last = candidate;
		i = 0;
	}
}

gboolean
cli_bundle_sort (CliBundle *bundle, gint64 now_s, GError **error)
{
	g_autoptr (GPtrArray) rest = g_ptr_array_new ();

	bundle->leaf = find_leaf (bundle);
	if (bundle->leaf == NULL) {
		g_set_error (error,
			     PV_ERROR,
			     PV_ERROR_CERTIFICATE,
			     "the private key and the certificate do not belong together; nothing was "
			     "imported");
		return FALSE;
	}
	if (!check_times (bundle, now_s, error))
		return FALSE;
	g_ptr_array_add (bundle->chain, cli_certificate_der (bundle->leaf));
	for (guint i = 0; i < bundle->certificates->len; i++) {
		if (bundle->certificates->pdata[i] != bundle->leaf)
			g_ptr_array_add (rest, bundle->certificates->pdata[i]);
	}
	follow_chain (bundle, rest);
	for (guint i = 0; i < rest->len; i++) {
		X509 *certificate = rest->pdata[i];

		if (is_self_signed (certificate)) {
			warn (bundle, certificate, "self-signed, not taken; give it by --anchors to trust it");
			continue;
		}
		warn (bundle, certificate, "does not belong to the certificate's chain; imported with it");
		g_ptr_array_add (bundle->chain, cli_certificate_der (certificate));
	}
	return TRUE;
}

CliSecret *
cli_bundle_pkcs8 (const CliBundle *bundle, GError **error)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8 (bundle->key);
	g_autoptr (CliSecret) secret = NULL;
	unsigned char *at;
	int len = info != NULL ? i2d_PKCS8_PRIV_KEY_INFO (info, NULL) : -1;

	if (len > 0 && len <= CLI_SECRET_FILE_MAX) {
		secret = g_new0 (CliSecret, 1);
		secret->data = g_malloc0 (CLI_SECRET_FILE_MAX + 2);
		at = secret->data;
		secret->len = i2d_PKCS8_PRIV_KEY_INFO (info, &at);
	}
	PKCS8_PRIV_KEY_INFO_free (info);
	if (secret == NULL)
		g_set_error (error, PV_ERROR, PV_ERROR_JOB, "a private key of a kind that cannot be stored");
	return g_steal_pointer (&secret);
}
