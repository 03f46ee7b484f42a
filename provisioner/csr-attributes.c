/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CsrAttrs ::= SEQUENCE OF CHOICE { oid, Attribute }. Unknown entries are passed over (RFC 7894,
 * RFC 9908 and what comes after).
 */
#include <config.h>

#include "provisioner/csr-attributes.h"

#include "provisioner/crypto.h"
#include "provisioner/limits.h"

typedef STACK_OF (ASN1_TYPE) AsnTypes;

static void
asn_types_free (AsnTypes *types)
{
	sk_ASN1_TYPE_pop_free (types, ASN1_TYPE_free);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AsnTypes, asn_types_free)

static void
free_extension (gpointer extension)
{
	X509_EXTENSION_free (extension);
}

PvCsrAttributes *
pv_csr_attributes_new (void)
{
	PvCsrAttributes *attributes = g_new0 (PvCsrAttributes, 1);

	attributes->extensions = g_ptr_array_new_with_free_func (free_extension);
	return attributes;
}

void
pv_csr_attributes_free (PvCsrAttributes *attributes)
{
	if (attributes == NULL)
		return;
	g_free (attributes->challenge);
	g_clear_pointer (&attributes->subject_alt_name, g_bytes_unref);
	g_ptr_array_unref (attributes->extensions);
	g_free (attributes);
}

static gboolean
set_challenge (PvCsrAttributes *attributes, ASN1_TYPE *value, GError **error)
{
	guint8 *text = NULL;
	int length = -1;

	if (value->type == V_ASN1_PRINTABLESTRING || value->type == V_ASN1_UTF8STRING ||
	    value->type == V_ASN1_IA5STRING)
		length = ASN1_STRING_to_UTF8 (&text, value->value.asn1_string);
	if (length < 1 || length > PV_CHALLENGE_MAX ||
	    !g_utf8_validate_len ((char *)text, length, NULL)) {
		OPENSSL_free (text);
		g_set_error (error, PV_ERROR, PV_ERROR_MALFORMED,
			     "csrattrs: challengePassword is not a text of acceptable length");
		return FALSE;
	}
	g_free (attributes->challenge);
	attributes->challenge = g_strndup ((char *)text, length);
	OPENSSL_free (text);
	return TRUE;
}

static gboolean
set_key_type (PvCsrAttributes *attributes, int algorithm, ASN1_TYPE *value, GError **error)
{
	attributes->has_key_type = TRUE;
	if (algorithm == NID_X9_62_id_ecPublicKey && value->type == V_ASN1_OBJECT) {
		int curve = OBJ_obj2nid (value->value.object);

		attributes->key_type = curve == NID_secp384r1 ? PV_KEY_TYPE_P384 : PV_KEY_TYPE_P256;
		if (curve == NID_secp384r1 || curve == NID_X9_62_prime256v1)
			return TRUE;
	}
	if (algorithm == NID_rsaEncryption && value->type == V_ASN1_INTEGER &&
	    ASN1_INTEGER_get (value->value.integer) == 2048) {
		attributes->key_type = PV_KEY_TYPE_RSA_2048;
		return TRUE;
	}
	g_set_error (error, PV_ERROR, PV_ERROR_UNSUPPORTED,
		     "csrattrs: the server wants a key that is neither P-256, P-384 nor RSA-2048");
	return FALSE;
}

static void
add_extension (PvCsrAttributes *attributes, X509_EXTENSION *extension)
{
	ASN1_OCTET_STRING *data = X509_EXTENSION_get_data (extension);

	switch (OBJ_obj2nid (X509_EXTENSION_get_object (extension))) {
	case NID_subject_alt_name:
		g_clear_pointer (&attributes->subject_alt_name, g_bytes_unref);
		attributes->subject_alt_name =
			g_bytes_new (ASN1_STRING_get0_data (data), ASN1_STRING_length (data));
		break;
	case NID_key_usage:
	case NID_ext_key_usage:
		g_ptr_array_add (attributes->extensions, X509_EXTENSION_dup (extension));
		break;
	}
}

/* The SET holds OIDs of wanted extensions, or a full Extensions: both occur. */
static gboolean
set_extensions (PvCsrAttributes *attributes, ASN1_TYPE *value, GError **error)
{
	const guint8 *der;
	X509_EXTENSIONS *extensions;

	if (value->type == V_ASN1_OBJECT) {
		attributes->key_usage |= OBJ_obj2nid (value->value.object) == NID_key_usage;
		return TRUE;
	}
	if (value->type != V_ASN1_SEQUENCE)
		return TRUE;
	der = ASN1_STRING_get0_data (value->value.sequence);
	extensions = d2i_X509_EXTENSIONS (NULL, &der, ASN1_STRING_length (value->value.sequence));
	if (extensions == NULL)
		return pv_crypto_fail (error, PV_ERROR_MALFORMED, "csrattrs: extensionRequest");
	for (int i = 0; i < sk_X509_EXTENSION_num (extensions); i++)
		add_extension (attributes, sk_X509_EXTENSION_value (extensions, i));
	sk_X509_EXTENSION_pop_free (extensions, X509_EXTENSION_free);
	return TRUE;
}

static gboolean
take_attribute (PvCsrAttributes *attributes, const ASN1_STRING *sequence, GError **error)
{
	const guint8 *der = ASN1_STRING_get0_data (sequence);
	g_autoptr (X509_ATTRIBUTE) attribute =
		d2i_X509_ATTRIBUTE (NULL, &der, ASN1_STRING_length (sequence));
	int nid;

	if (attribute == NULL)
		return pv_crypto_fail (error, PV_ERROR_MALFORMED, "csrattrs: attribute");
	nid = OBJ_obj2nid (X509_ATTRIBUTE_get0_object (attribute));
	for (int i = 0; i < X509_ATTRIBUTE_count (attribute); i++) {
		ASN1_TYPE *value = X509_ATTRIBUTE_get0_type (attribute, i);
		gboolean taken = TRUE;

		if (nid == NID_pkcs9_challengePassword)
			taken = set_challenge (attributes, value, error);
		else if (nid == NID_X9_62_id_ecPublicKey || nid == NID_rsaEncryption)
			taken = set_key_type (attributes, nid, value, error);
		else if (nid == NID_ext_req)
			taken = set_extensions (attributes, value, error);
		if (!taken)
			return FALSE;
	}
	return TRUE;
}

PvCsrAttributes *
pv_csr_attributes_parse (GBytes *der, GError **error)
{
	g_autoptr (PvCsrAttributes) attributes = pv_csr_attributes_new ();
	gsize length;
	const guint8 *bytes = g_bytes_get_data (der, &length);
	const guint8 *at = bytes;
	g_autoptr (AsnTypes) entries = NULL;

	if (length == 0)
		return g_steal_pointer (&attributes);
	entries = d2i_ASN1_SEQUENCE_ANY (NULL, &at, length);
	if (entries == NULL || (gsize)(at - bytes) != length) {
		pv_crypto_fail (error, PV_ERROR_MALFORMED, "csrattrs: not a CsrAttrs");
		return NULL;
	}
	if (sk_ASN1_TYPE_num (entries) > PV_CSR_ATTRIBUTES_MAX) {
		g_set_error (error, PV_ERROR, PV_ERROR_LIMIT, "csrattrs: too many entries");
		return NULL;
	}
	for (int i = 0; i < sk_ASN1_TYPE_num (entries); i++) {
		ASN1_TYPE *entry = sk_ASN1_TYPE_value (entries, i);

		if (entry->type == V_ASN1_OBJECT)
			attributes->link_tls_unique |=
				OBJ_obj2nid (entry->value.object) == NID_pkcs9_challengePassword;
		else if (entry->type == V_ASN1_SEQUENCE &&
			 !take_attribute (attributes, entry->value.sequence, error))
			return NULL;
	}
	return g_steal_pointer (&attributes);
}
