/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PKCS#10 requests: OpenSSL assembles, the keystore signs the encoded inner part.
 */
#include <config.h>

#include "provisioner/csr.h"

#include "provisioner/crypto.h"
#include "provisioner/limits.h"

#include <string.h>

typedef STACK_OF (X509_EXTENSION) Extensions;

static void
extensions_free (Extensions *extensions)
{
	sk_X509_EXTENSION_pop_free (extensions, X509_EXTENSION_free);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Extensions, extensions_free)

static GENERAL_NAME *
general_name (const PvSubjectName *name)
{
	static const int types[] = {
		[PV_NAME_TYPE_AUTO] = GEN_URI,
		[PV_NAME_TYPE_URI] = GEN_URI,
		[PV_NAME_TYPE_DNS] = GEN_DNS,
		[PV_NAME_TYPE_REGISTERED_ID] = GEN_RID,
	};

	/* a2i_GENERAL_NAME does not interpret the text of a URI or dNSName. */
	return a2i_GENERAL_NAME (NULL, NULL, NULL, types[name->type], name->text, 0);
}

static GENERAL_NAMES *
general_names (const PvSubjectName *name)
{
	g_autoptr (GENERAL_NAMES) names = sk_GENERAL_NAME_new_null ();
	GENERAL_NAME *entry = general_name (name);

	if (entry == NULL || names == NULL)
		return NULL;
	if (sk_GENERAL_NAME_push (names, entry) > 0)
		return g_steal_pointer (&names);
	GENERAL_NAME_free (entry);
	return NULL;
}

GBytes *
pv_subject_alt_name_der (const PvSubjectName *name)
{
	g_autoptr (GENERAL_NAMES) names = general_names (name);
	guint8 *der = NULL;
	int length = names != NULL ? i2d_GENERAL_NAMES (names, &der) : -1;
	GBytes *bytes = length > 0 ? g_bytes_new (der, length) : NULL;

	OPENSSL_free (der);
	return bytes;
}

/* Decision with csrattrs: an extension whose value contradicts our identity is refused. */
static gboolean
name_fits (const PvCsrRequest *request, GError **error)
{
	g_autoptr (GBytes) ours = pv_subject_alt_name_der (request->name);

	if (ours == NULL)
		return pv_crypto_fail (error, PV_ERROR_LOCAL, "cannot encode the subject's name");
	if (request->attributes->subject_alt_name == NULL ||
	    g_bytes_equal (ours, request->attributes->subject_alt_name))
		return TRUE;
	g_set_error (error, PV_ERROR, PV_ERROR_UNSUPPORTED,
		     "the server asks for another subjectAltName than “%s”", request->name->text);
	return FALSE;
}

static gboolean
has_extension (const Extensions *extensions, int nid)
{
	return X509v3_get_ext_by_NID (extensions, nid, -1) >= 0;
}

static gboolean
add_extensions (X509_REQ *req, const PvCsrRequest *request)
{
	g_autoptr (Extensions) extensions = NULL;
	g_autoptr (GENERAL_NAMES) names =
		request->renewed != NULL
			? X509_get_ext_d2i (request->renewed, NID_subject_alt_name, NULL, NULL)
			: general_names (request->name);
	const PvCsrAttributes *wanted = request->attributes;

	if (names == NULL || X509V3_add1_i2d (&extensions, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) != 1)
		return FALSE;
	for (guint i = 0; i < wanted->extensions->len; i++)
		if (X509v3_add_ext (&extensions, g_ptr_array_index (wanted->extensions, i), -1) ==
		    NULL)
			return FALSE;
	if (wanted->key_usage && !has_extension (extensions, NID_key_usage)) {
		X509_EXTENSION *usage = X509V3_EXT_conf_nid (NULL, NULL, NID_key_usage,
							     "critical,digitalSignature");
		gboolean added = X509v3_add_ext (&extensions, usage, -1) != NULL;

		X509_EXTENSION_free (usage);
		if (!added)
			return FALSE;
	}
	return X509_REQ_add_extensions (req, extensions) == 1;
}

static gboolean
set_common_name (X509_REQ *req, const char *common_name)
{
	g_autofree char *cut = g_utf8_substring (
		common_name, 0, MIN (g_utf8_strlen (common_name, -1), PV_COMMON_NAME_MAX));
	X509_NAME *subject = X509_REQ_get_subject_name (req);

	return X509_NAME_add_entry_by_NID (subject, NID_commonName, MBSTRING_UTF8,
					   (const guint8 *)cut, -1, -1, 0) == 1;
}

/* RFC 7030 4.2.2: the same subject, octet by octet. */
static gboolean
set_subject (X509_REQ *req, const PvCsrRequest *request)
{
	if (request->renewed == NULL)
		return set_common_name (req, request->common_name);
	return X509_REQ_set_subject_name (req, X509_get_subject_name (request->renewed)) == 1;
}

/* PrintableString if possible (RFC 2985 5.4.1). */
static gboolean
add_challenge (X509_REQ *req, const char *challenge)
{
	gsize printable = strspn (challenge, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					     "0123456789 '()+,-./:=?");
	int type = challenge[printable] == '\0' ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING;

	return X509_REQ_add1_attr_by_NID (req, NID_pkcs9_challengePassword, type,
					  (const guint8 *)challenge, strlen (challenge)) == 1;
}

static X509_REQ *
assemble (const PvCsrRequest *request, EVP_PKEY *key, GError **error)
{
	g_autoptr (X509_REQ) req = X509_REQ_new ();

	if (req != NULL && X509_REQ_set_version (req, X509_REQ_VERSION_1) == 1 &&
	    set_subject (req, request) && X509_REQ_set_pubkey (req, key) == 1 &&
	    add_extensions (req, request) &&
	    (request->challenge == NULL || add_challenge (req, request->challenge)))
		return g_steal_pointer (&req);
	pv_crypto_fail (error, PV_ERROR_LOCAL, "cannot assemble the certificate request");
	return NULL;
}

/* What the keystore's sign function does with a key of that type. */
static int
signature_nid (EVP_PKEY *key)
{
	if (EVP_PKEY_is_a (key, "RSA"))
		return NID_sha256WithRSAEncryption;
	return EVP_PKEY_get_bits (key) > 256 ? NID_ecdsa_with_SHA384 : NID_ecdsa_with_SHA256;
}

static gboolean
insert_signature (X509_REQ *req, EVP_PKEY *key, GBytes *signature)
{
	gsize length;
	const guint8 *bytes = g_bytes_get_data (signature, &length);
	int nid = signature_nid (key);
	g_autoptr (X509_ALGOR) algorithm = X509_ALGOR_new ();
	g_autoptr (ASN1_BIT_STRING) bits = ASN1_BIT_STRING_new ();

	if (algorithm == NULL || bits == NULL ||
	    X509_ALGOR_set0 (algorithm, OBJ_nid2obj (nid),
			     nid == NID_sha256WithRSAEncryption ? V_ASN1_NULL : V_ASN1_UNDEF,
			     NULL) != 1 ||
	    X509_REQ_set1_signature_algo (req, algorithm) != 1 ||
	    ASN1_BIT_STRING_set (bits, (guint8 *)bytes, length) != 1)
		return FALSE;
	bits->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07);
	bits->flags |= ASN1_STRING_FLAG_BITS_LEFT; /* no unused bits, whatever the last octet is */
	X509_REQ_set0_signature (req, g_steal_pointer (&bits));
	return TRUE;
}

static GBytes *
encode (X509_REQ *req, int (*encoder) (X509_REQ *req, guint8 **der))
{
	guint8 *der = NULL;
	int length = encoder (req, &der);
	GBytes *bytes = length > 0 ? g_bytes_new (der, length) : NULL;

	OPENSSL_free (der);
	return bytes;
}

static int
encode_whole (X509_REQ *req, guint8 **der)
{
	return i2d_X509_REQ (req, der);
}

GBytes *
pv_csr_build (const PvCsrRequest *request,
	      const PvKeystoreOps *ops,
	      gpointer keystore,
	      guint32 staged,
	      GError **error)
{
	gsize length;
	const guint8 *spki = g_bytes_get_data (request->spki, &length);
	g_autoptr (EVP_PKEY) key = d2i_PUBKEY (NULL, &spki, length);
	g_autoptr (X509_REQ) req = NULL;
	g_autoptr (GBytes) tbs = NULL;
	g_autoptr (GBytes) signature = NULL;

	if (key == NULL) {
		pv_crypto_fail (error, PV_ERROR_KEYSTORE, "the keystore's public key");
		return NULL;
	}
	if (!name_fits (request, error))
		return NULL;
	req = assemble (request, key, error);
	if (req == NULL)
		return NULL;
	tbs = encode (req, i2d_re_X509_REQ_tbs);
	if (tbs == NULL || !ops->sign (keystore, staged, tbs, &signature, error)) {
		if (tbs == NULL)
			pv_crypto_fail (error, PV_ERROR_LOCAL, "cannot encode the request");
		return NULL;
	}
	if (!insert_signature (req, key, signature) || X509_REQ_verify (req, key) != 1) {
		pv_crypto_fail (error, PV_ERROR_KEYSTORE,
				"the keystore's signature of the request is not valid");
		return NULL;
	}
	return encode (req, encode_whole);
}
