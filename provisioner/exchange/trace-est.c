/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See trace-est.h. What cannot be read as what it should be is not shown: it may be a key. */
#include <config.h>

#include "provisioner/exchange/trace-est.h"

#include "provisioner/cms.h"
#include "provisioner/csr-attributes.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#define NAME_FLAGS (XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB)

static char *
take_text (BIO *bio)
{
	char *bytes;
	long length = BIO_get_mem_data (bio, &bytes);
	char *text = length > 0 ? g_strndup (bytes, length) : g_strdup ("[not shown]");

	BIO_free (bio);
	return text;
}

static void
print_certificate (BIO *bio, X509 *certificate)
{
	BIO_puts (bio, "subject: ");
	X509_NAME_print_ex (bio, X509_get_subject_name (certificate), 0, NAME_FLAGS);
	BIO_puts (bio, "\nissuer: ");
	X509_NAME_print_ex (bio, X509_get_issuer_name (certificate), 0, NAME_FLAGS);
	BIO_puts (bio, "\nnot after: ");
	ASN1_TIME_print (bio, X509_get0_notAfter (certificate));
	BIO_puts (bio, "\n");
	PEM_write_bio_X509 (bio, certificate);
}

static char *
show_certificates (PvMask *mask, GBytes *der, GError **error)
{
	g_autoptr (GPtrArray) certificates = pv_cms_certificates (der, error);
	BIO *bio;

	if (certificates == NULL)
		return NULL;
	bio = BIO_new (BIO_s_mem ());
	for (guint i = 0; bio != NULL && i < certificates->len; i++)
		print_certificate (bio, certificates->pdata[i]);
	return bio != NULL ? take_text (bio) : NULL;
}

/* Without its attributes: one of them is the challenge password. */
static char *
show_request (PvMask *mask, GBytes *der, GError **error)
{
	gsize length;
	const guint8 *bytes = g_bytes_get_data (der, &length);
	X509_REQ *request = d2i_X509_REQ (NULL, &bytes, length);
	BIO *bio = request != NULL ? BIO_new (BIO_s_mem ()) : NULL;

	if (bio != NULL)
		X509_REQ_print_ex (bio, request, NAME_FLAGS, X509_FLAG_NO_ATTRIBUTES);
	X509_REQ_free (request);
	return bio != NULL ? take_text (bio) : NULL;
}

static char *
show_attributes (PvMask *mask, GBytes *der, GError **error)
{
	g_autoptr (PvCsrAttributes) wanted = pv_csr_attributes_parse (der, error);
	GString *text;

	if (wanted == NULL)
		return NULL;
	text = g_string_new ("wanted in a request:");
	if (wanted->challenge != NULL) {
		pv_mask_remember (mask, wanted->challenge);
		g_string_append (text, " this challenge password [masked];");
	}
	if (wanted->link_tls_unique)
		g_string_append (text, " tls-unique as challenge password;");
	if (wanted->key_usage)
		g_string_append (text, " keyUsage;");
	if (wanted->has_key_type)
		g_string_append (text, " a key of a certain type;");
	if (wanted->subject_alt_name != NULL)
		g_string_append (text, " this subjectAltName;");
	g_string_append_printf (text, " %u extensions with their values", wanted->extensions->len);
	return g_string_free (text, FALSE);
}

static const struct {
	const char *type;
	char *(*show) (PvMask *mask, GBytes *der, GError **error);
} types[] = {
	{"application/pkcs7-mime", show_certificates},
	{"application/pkcs10", show_request},
	{"application/csrattrs", show_attributes},
};

char *
pv_trace_est_body (PvMask *mask, const char *type, GBytes *body)
{
	g_autoptr (GError) error = NULL;

	for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
		g_autoptr (GBytes) der = NULL;
		char *text;

		if (!g_str_has_prefix (type, types[i].type))
			continue;
		der = pv_cms_decode_body (body, &error);
		text = der != NULL ? types[i].show (mask, der, &error) : NULL;
		return text != NULL ? text
				    : g_strdup_printf ("[not shown: %" G_GSIZE_FORMAT " octets, %s]",
						       g_bytes_get_size (body),
						       error != NULL ? error->message
								     : "not what the type says");
	}
	return NULL;
}
