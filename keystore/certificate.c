/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the keystore reads from a certificate. RFC 5280 4.1.
 */
#include <config.h>

#include "keystore/certificate.h"

#include "keystore/crypto.h"
#include "keystore/wire/limits.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

static int
digits (const guint8 *text, guint count)
{
	int value = 0;

	for (guint i = 0; i < count; i++) {
		if (!g_ascii_isdigit (text[i]))
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

/* YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ: RFC 5280 allows no other form. */
static gboolean
take_time (KsSlice *cursor, gint64 *time_s)
{
	g_autoptr (GDateTime) date = NULL;
	KsSlice text;
	gboolean utc = ks_der_take (cursor, KS_DER_UTC_TIME, &text, NULL);
	guint at = utc ? 2 : 4;
	int year;

	if (!utc && !ks_der_take (cursor, KS_DER_GENERALIZED_TIME, &text, NULL))
		return FALSE;
	if (text.len != at + 11u || text.data[at + 10] != 'Z')
		return FALSE;
	year = digits (text.data, at);
	if (utc && year >= 0)
		year += year < 50 ? 2000 : 1900;
	date = g_date_time_new_utc (year, digits (text.data + at, 2),
				    digits (text.data + at + 2, 2), digits (text.data + at + 4, 2),
				    digits (text.data + at + 6, 2), digits (text.data + at + 8, 2));
	if (date == NULL)
		return FALSE;
	*time_s = g_date_time_to_unix (date);
	return TRUE;
}

static gboolean
walk (KsSlice cursor, KsCertificateFields *fields)
{
	KsSlice certificate, tbs, validity;

	if (!ks_der_take (&cursor, KS_DER_SEQUENCE, &certificate, NULL) || cursor.len != 0 ||
	    !ks_der_take (&certificate, KS_DER_SEQUENCE, &tbs, NULL) ||
	    !ks_der_take (&certificate, KS_DER_SEQUENCE, NULL, NULL) ||
	    !ks_der_take (&certificate, KS_DER_BIT_STRING, NULL, NULL) || certificate.len != 0)
		return FALSE;
	ks_der_skip (&tbs, KS_DER_CONTEXT_0);
	return ks_der_take (&tbs, KS_DER_INTEGER, NULL, &fields->serial) &&
	       ks_der_take (&tbs, KS_DER_SEQUENCE, NULL, NULL) &&
	       ks_der_take (&tbs, KS_DER_SEQUENCE, NULL, &fields->issuer) &&
	       ks_der_take (&tbs, KS_DER_SEQUENCE, &validity, NULL) &&
	       take_time (&validity, &fields->not_before_s) &&
	       take_time (&validity, &fields->not_after_s) &&
	       ks_der_take (&tbs, KS_DER_SEQUENCE, NULL, &fields->subject) &&
	       ks_der_take (&tbs, KS_DER_SEQUENCE, NULL, &fields->spki);
}

gboolean
ks_certificate_parse (GBytes *der, KsCertificateFields *fields, GError **error)
{
	KsCertificateFields parsed = {.not_before_s = 0};
	KsSlice cursor;

	cursor.data = g_bytes_get_data (der, &cursor.len);
	if (cursor.len > WIRE_CERTIFICATE_MAX || !walk (cursor, &parsed)) {
		g_set_error (error, KS_ERROR, KS_ERROR_INVALID,
			     "a certificate is malformed or too big");
		return FALSE;
	}
	*fields = parsed;
	return TRUE;
}

gboolean
ks_certificate_is_for (const KsCertificateFields *fields, GBytes *spki)
{
	gsize len;
	const guint8 *own = g_bytes_get_data (spki, &len), *other = fields->spki.data;
	g_autoptr (EVP_PKEY) left = NULL;
	g_autoptr (EVP_PKEY) right = NULL;

	if (len == fields->spki.len && memcmp (own, other, len) == 0)
		return TRUE;
	/* A compressed point, or an RSA key without its NULL: the same key all the same. */
	left = d2i_PUBKEY (NULL, &own, (long)len);
	right = d2i_PUBKEY (NULL, &other, (long)fields->spki.len);
	ERR_clear_error ();
	return left != NULL && right != NULL && EVP_PKEY_eq (left, right) == 1;
}

static X509 *
decode (GBytes *der)
{
	gsize len;
	const guint8 *data = g_bytes_get_data (der, &len);

	return d2i_X509 (NULL, &data, (long)len);
}

static gboolean
is_signed_by (GBytes *subject, GBytes *issuer)
{
	g_autoptr (X509) child = decode (subject);
	g_autoptr (X509) parent = decode (issuer);
	EVP_PKEY *key = parent != NULL ? X509_get0_pubkey (parent) : NULL;

	return child != NULL && key != NULL && X509_check_issued (parent, child) == X509_V_OK &&
	       X509_verify (child, key) == 1;
}

gboolean
ks_certificate_check_chain (GBytes *leaf, GPtrArray *chain, GError **error)
{
	GBytes *subject = leaf;

	for (guint i = 0; chain != NULL && i < chain->len; i++) {
		GBytes *issuer = g_ptr_array_index (chain, i);

		if (!is_signed_by (subject, issuer)) {
			g_set_error (error, KS_ERROR, KS_ERROR_MISMATCH,
				     "certificate %u of the chain did not issue the one before it",
				     i + 1);
			return FALSE;
		}
		subject = issuer;
	}
	return TRUE;
}
