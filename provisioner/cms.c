/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bodies of EST answers. Lenient in what the digest lists, strict in everything else.
 */
#include <config.h>

#include "provisioner/cms.h"

#include "provisioner/crypto.h"
#include "provisioner/limits.h"

#include <string.h>

#define DER_SEQUENCE 0x30
#define DER_INDEFINITE 0x80

/* PEM armour: what stands between the first "-----\n" after BEGIN and the "-----END". */
static void
strip_armour (const char **text, gsize *length)
{
	const char *begin = g_strstr_len (*text, *length, "-----BEGIN ");
	const char *end = g_strstr_len (*text, *length, "-----END ");
	const char *line;

	if (begin == NULL || end == NULL || end < begin)
		return;
	line = memchr (begin, '\n', end - begin);
	if (line == NULL)
		return;
	*text = line + 1;
	*length = end - *text;
}

static GBytes *
decode_base64 (const char *text, gsize length, GError **error)
{
	g_autofree char *packed = g_malloc (length + 1);
	gsize used = 0;
	gsize padding = 0;
	gsize decoded_length = 0;
	guchar *decoded;

	for (gsize i = 0; i < length; i++) {
		if (g_ascii_isspace (text[i]))
			continue;
		padding += text[i] == '=';
		if (!(g_ascii_isalnum (text[i]) || text[i] == '+' || text[i] == '/' ||
		      text[i] == '=') ||
		    (padding > 0 && text[i] != '=') || padding > 2) {
			g_set_error (error, PV_ERROR, PV_ERROR_MALFORMED,
				     text[i] == '<' ? "a web page, not an EST answer"
						    : "the answer's base64 is broken");
			return NULL;
		}
		packed[used++] = text[i];
	}
	packed[used] = '\0';
	if (used % 4 != 0) {
		g_set_error (error, PV_ERROR, PV_ERROR_MALFORMED, "the answer's base64 is cut off");
		return NULL;
	}
	decoded = g_base64_decode (packed, &decoded_length);
	return g_bytes_new_take (decoded, decoded_length);
}

GBytes *
pv_cms_decode_body (GBytes *body, GError **error)
{
	gsize length;
	const char *text = g_bytes_get_data (body, &length);

	if (length == 0) {
		g_set_error (error, PV_ERROR, PV_ERROR_MALFORMED, "the answer has no body");
		return NULL;
	}
	/* base64 of a SEQUENCE starts with 'M' (0x4d), so 0x30 ('0') can only be raw DER. */
	if (text[0] == DER_SEQUENCE)
		return g_bytes_ref (body);
	strip_armour (&text, &length);
	return decode_base64 (text, length, error);
}

char *
pv_cms_encode_body (GBytes *der)
{
	gsize length;
	const guint8 *bytes = g_bytes_get_data (der, &length);
	g_autofree char *text = g_base64_encode (bytes, length);
	GString *lines = g_string_new (NULL);

	for (const char *at = text; *at != '\0'; at += MIN (strlen (at), 64))
		g_string_append_printf (lines, "%.64s\n", at);
	return g_string_free (lines, FALSE);
}

GPtrArray *
pv_cms_certificates (GBytes *der, GError **error)
{
	gsize length;
	const guint8 *bytes = g_bytes_get_data (der, &length);
	const guint8 *at = bytes;
	gboolean definite = length >= 2 && bytes[0] == DER_SEQUENCE && bytes[1] != DER_INDEFINITE;
	g_autoptr (GPtrArray) certificates = pv_crypto_certificates_new ();
	g_autoptr (CMS_ContentInfo) cms = definite ? d2i_CMS_ContentInfo (NULL, &at, length) : NULL;
	STACK_OF (X509) * stack;

	if (cms == NULL || (gsize)(at - bytes) != length || OBJ_obj2nid (CMS_get0_type (cms)) != NID_pkcs7_signed) {
		pv_crypto_fail (error, PV_ERROR_MALFORMED, "the answer is not a certs-only PKCS#7");
		return NULL;
	}
	stack = CMS_get1_certs (cms);
	for (int i = 0; i < sk_X509_num (stack); i++)
		g_ptr_array_add (certificates, X509_dup (sk_X509_value (stack, i)));
	sk_X509_pop_free (stack, X509_free);
	if (certificates->len == 0) {
		g_set_error (error, PV_ERROR, PV_ERROR_MALFORMED,
			     "the PKCS#7 holds no certificate");
		return NULL;
	}
	if (certificates->len > PV_CERTIFICATES_MAX) {
		g_set_error (error, PV_ERROR, PV_ERROR_LIMIT, "the PKCS#7 holds %u certificates",
			     certificates->len);
		return NULL;
	}
	return g_steal_pointer (&certificates);
}
