/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The certificate profile of TS-0003. OpenSSL builds and verifies the path; the names that it
 * cannot put under a URI name constraint (scheme-less AE-IDs, A13) are checked here.
 */
#include <config.h>

#include "provisioner/x509-profile.h"

#include "provisioner/crypto.h"
#include "provisioner/csr.h"
#include "provisioner/limits.h"

#include <string.h>

#define AUTH_LEVEL 2 /* 112 bits: no SHA-1, no RSA-1024 anywhere in the path */

static gboolean
reject (GError **error, const char *why)
{
	g_set_error (error, PV_ERROR, PV_ERROR_CERTIFICATE, "certificate: %s", why);
	return FALSE;
}

/*
 * A copy of @leaf whose URI names "//authority/..." read "https://authority/...": RFC 5280 wants a
 * scheme, TS-0003 10.1.1.5 has none. NAME_CONSTRAINTS_check() then judges all of its names. A URI
 * without an authority stays as it is and fails under a URI constraint, as RFC 5280 4.2.1.10
 * demands.
 */
static X509 *
copy_with_schemes (X509 *leaf)
{
	g_autoptr (X509) copy = X509_dup (leaf);
	g_autoptr (GENERAL_NAMES) names = X509_get_ext_d2i (leaf, NID_subject_alt_name, NULL, NULL);
	int at = copy != NULL ? X509_get_ext_by_NID (copy, NID_subject_alt_name, -1) : -1;

	if (at < 0 || names == NULL)
		return NULL;
	X509_EXTENSION_free (X509_delete_ext (copy, at));
	for (int i = 0; i < sk_GENERAL_NAME_num (names); i++) {
		GENERAL_NAME *name = sk_GENERAL_NAME_value (names, i);
		ASN1_STRING *uri = name->type == GEN_URI ? name->d.uniformResourceIdentifier : NULL;
		g_autofree char *with = NULL;

		if (uri == NULL || ASN1_STRING_length (uri) < 2 ||
		    memcmp (ASN1_STRING_get0_data (uri), "//", 2) != 0)
			continue;
		with = g_strdup_printf ("https:%.*s", ASN1_STRING_length (uri),
					(const char *)ASN1_STRING_get0_data (uri));
		if (ASN1_STRING_set (uri, with, -1) != 1)
			return NULL;
	}
	if (X509_add1_ext_i2d (copy, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) != 1 ||
	    X509_check_purpose (copy, -1, 0) != 1)
		return NULL;
	return g_steal_pointer (&copy);
}

static gboolean
names_are_permitted (X509_STORE_CTX *context)
{
	STACK_OF (X509) *chain = X509_STORE_CTX_get0_chain (context);
	g_autoptr (X509) copy = copy_with_schemes (sk_X509_value (chain, 0));

	if (copy == NULL)
		return FALSE;
	for (int i = 1; i < sk_X509_num (chain); i++) {
		X509 *issuer = sk_X509_value (chain, i);
		NAME_CONSTRAINTS *constraints =
			X509_get_ext_d2i (issuer, NID_name_constraints, NULL, NULL);
		int verdict = constraints != NULL ? NAME_CONSTRAINTS_check (copy, constraints)
						  : X509_V_OK;

		NAME_CONSTRAINTS_free (constraints);
		if (verdict != X509_V_OK)
			return FALSE;
	}
	return TRUE;
}

/* Error 53 on the leaf alone is judged again. */
static int
on_verify (int ok, X509_STORE_CTX *context)
{
	if (ok || X509_STORE_CTX_get_error (context) != X509_V_ERR_UNSUPPORTED_NAME_SYNTAX ||
	    X509_STORE_CTX_get_error_depth (context) != 0 || !names_are_permitted (context))
		return ok;
	X509_STORE_CTX_set_error (context, X509_V_OK);
	return 1;
}

static STACK_OF (X509) * to_stack (GPtrArray *first, GPtrArray *second)
{
	STACK_OF (X509) *stack = sk_X509_new_null ();

	for (guint i = 0; first != NULL && i < first->len; i++)
		X509_add_cert (stack, g_ptr_array_index (first, i), X509_ADD_FLAG_UP_REF);
	for (guint i = 0; second != NULL && i < second->len; i++)
		X509_add_cert (stack, g_ptr_array_index (second, i), X509_ADD_FLAG_UP_REF);
	return stack;
}

static void
set_parameters (X509_STORE_CTX *context, gint64 now)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param (context);

	X509_VERIFY_PARAM_set_depth (param, PV_CHAIN_MAX);
	X509_VERIFY_PARAM_set_auth_level (param, AUTH_LEVEL);
	X509_VERIFY_PARAM_set_time (param, now);
	X509_STORE_CTX_set_verify_cb (context, on_verify);
}

/* The verified path, leaf first and anchor last. */
static GPtrArray *
verify (X509 *leaf,
	GPtrArray *anchors,
	GPtrArray *first,
	GPtrArray *second,
	gint64 now,
	GError **error)
{
	g_autoptr (X509_STORE) store = X509_STORE_new ();
	g_autoptr (X509_STORE_CTX) context = X509_STORE_CTX_new ();
	g_autoptr (GPtrArray) path = pv_crypto_certificates_new ();
	STACK_OF (X509) *untrusted = to_stack (first, second);
	gboolean verified = FALSE;

	for (guint i = 0; i < anchors->len; i++)
		X509_STORE_add_cert (store, g_ptr_array_index (anchors, i));
	if (X509_STORE_CTX_init (context, store, leaf, untrusted) == 1) {
		set_parameters (context, now);
		verified = X509_verify_cert (context) == 1;
	}
	if (verified) {
		STACK_OF (X509) *chain = X509_STORE_CTX_get0_chain (context);
		for (int i = 0; i < sk_X509_num (chain); i++) {
			X509_up_ref (sk_X509_value (chain, i));
			g_ptr_array_add (path, sk_X509_value (chain, i));
		}
	} else {
		reject (error, X509_verify_cert_error_string (X509_STORE_CTX_get_error (context)));
	}
	sk_X509_pop_free (untrusted, X509_free);
	return verified ? g_steal_pointer (&path) : NULL;
}

static gboolean
is_self_signed (X509 *certificate)
{
	return X509_self_signed (certificate, 1) == 1;
}

static gboolean
contains (GPtrArray *certificates, X509 *certificate)
{
	for (guint i = 0; certificates != NULL && i < certificates->len; i++)
		if (X509_cmp (g_ptr_array_index (certificates, i), certificate) == 0)
			return TRUE;
	return FALSE;
}

static gboolean
is_current (X509 *certificate, gint64 now)
{
	time_t at = now;

	return X509_cmp_time (X509_get0_notAfter (certificate), &at) > 0;
}

/* NewWithOld: a certificate for the same name and key as @anchor that verifies under a known one.
 */
static gboolean
is_vouched_for (X509 *anchor, GPtrArray *answer, GPtrArray *known, gint64 now)
{
	for (guint i = 0; i < answer->len; i++) {
		X509 *other = g_ptr_array_index (answer, i);
		g_autoptr (GPtrArray) path = NULL;

		if (other == anchor ||
		    X509_NAME_cmp (X509_get_subject_name (other), X509_get_subject_name (anchor)) ||
		    EVP_PKEY_eq (X509_get0_pubkey (other), X509_get0_pubkey (anchor)) != 1)
			continue;
		path = verify (other, known, answer, NULL, now, NULL);
		if (path != NULL)
			return TRUE;
	}
	return FALSE;
}

static void
add (GPtrArray *certificates, X509 *certificate)
{
	if (contains (certificates, certificate))
		return;
	X509_up_ref (certificate);
	g_ptr_array_add (certificates, certificate);
}

gboolean
pv_x509_select_anchors (GPtrArray *answer,
			GPtrArray *known,
			gint64 now,
			GPtrArray **anchors,
			GPtrArray **intermediates,
			GError **error)
{
	g_autoptr (GPtrArray) trusted = pv_crypto_certificates_new ();
	g_autoptr (GPtrArray) others = pv_crypto_certificates_new ();
	gboolean bootstrap = known == NULL || known->len == 0;

	for (guint i = 0; !bootstrap && i < known->len; i++)
		if (is_current (g_ptr_array_index (known, i), now))
			add (trusted, g_ptr_array_index (known, i));
	for (guint i = 0; i < answer->len; i++) {
		X509 *certificate = g_ptr_array_index (answer, i);

		if (!is_self_signed (certificate))
			add (others, certificate);
		else if (is_current (certificate, now) && X509_check_ca (certificate) > 0 &&
			 (bootstrap || is_vouched_for (certificate, answer, known, now)))
			add (trusted, certificate);
	}
	if (trusted->len == 0)
		return reject (error, "no usable trust anchor among the CA certificates");
	*anchors = g_steal_pointer (&trusted);
	*intermediates = g_steal_pointer (&others);
	return TRUE;
}

static X509 *
find_leaf (GPtrArray *answer, GBytes *spki)
{
	for (guint i = 0; i < answer->len; i++) {
		X509 *certificate = g_ptr_array_index (answer, i);
		g_autoptr (GBytes) own = pv_crypto_public_key_der (certificate);

		if (own != NULL && g_bytes_equal (own, spki))
			return certificate;
	}
	return NULL;
}

static gboolean
has_wildcard (GENERAL_NAMES *names)
{
	for (int i = 0; i < sk_GENERAL_NAME_num (names); i++) {
		const GENERAL_NAME *entry = sk_GENERAL_NAME_value (names, i);

		if (entry->type == GEN_DNS &&
		    memchr (ASN1_STRING_get0_data (entry->d.dNSName), '*',
			    ASN1_STRING_length (entry->d.dNSName)) != NULL)
			return TRUE;
	}
	return FALSE;
}

static gboolean
holds (GENERAL_NAMES *names, const PvSubjectName *name)
{
	g_autoptr (GBytes) wanted_der = pv_subject_alt_name_der (name);
	const guint8 *at = wanted_der != NULL ? g_bytes_get_data (wanted_der, NULL) : NULL;
	g_autoptr (GENERAL_NAMES) wanted =
		at != NULL ? d2i_GENERAL_NAMES (NULL, &at, g_bytes_get_size (wanted_der)) : NULL;

	for (int i = 0; wanted != NULL && i < sk_GENERAL_NAME_num (names); i++)
		if (GENERAL_NAME_cmp (sk_GENERAL_NAME_value (names, i),
				      sk_GENERAL_NAME_value (wanted, 0)) == 0)
			return TRUE;
	return FALSE;
}

gboolean
pv_x509_has_name (X509 *certificate, const PvSubjectName *name)
{
	g_autoptr (GENERAL_NAMES) names =
		X509_get_ext_d2i (certificate, NID_subject_alt_name, NULL, NULL);

	return names != NULL && holds (names, name);
}

/* R-8.1.2.5-1: an exact match in the subjectAltName, never the CN; and no wildcard beside it. */
static gboolean
name_is_ours (X509 *leaf, const PvSubjectName *name, GError **error)
{
	g_autoptr (GENERAL_NAMES) names = X509_get_ext_d2i (leaf, NID_subject_alt_name, NULL, NULL);

	if (has_wildcard (names))
		return reject (error, "its subjectAltName holds a wildcard");
	if (holds (names, name))
		return TRUE;
	g_set_error (error, PV_ERROR, PV_ERROR_CERTIFICATE,
		     "certificate: its subjectAltName does not hold “%s”", name->text);
	return FALSE;
}

/* R-10.1.1.1-5: present, with at least digitalSignature. */
static gboolean
may_sign (X509 *leaf, GError **error)
{
	if ((X509_get_extension_flags (leaf) & EXFLAG_KUSAGE) != 0 &&
	    (X509_get_key_usage (leaf) & KU_DIGITAL_SIGNATURE) != 0)
		return TRUE;
	return reject (error, "its keyUsage lacks digitalSignature");
}

/* R-10.1.1.1-2, -4: told, not enforced; foreign CAs sign with what they have. */
static void
add_warnings (X509 *leaf, GStrvBuilder *warnings)
{
	EVP_PKEY *key = X509_get0_pubkey (leaf);
	char group[32] = "";

	if (warnings == NULL)
		return;
	if (!EVP_PKEY_is_a (key, "EC") ||
	    EVP_PKEY_get_group_name (key, group, sizeof group, NULL) != 1 ||
	    !g_str_equal (group, "prime256v1"))
		g_strv_builder_add (warnings, "the issued certificate's key is not P-256");
	if (X509_get_signature_nid (leaf) != NID_ecdsa_with_SHA256)
		g_strv_builder_add (warnings,
				    "the issued certificate is not signed by ECDSA with SHA-256");
}

GPtrArray *
pv_x509_check_issued (GPtrArray *answer,
		      const PvX509Expectation *expected,
		      GStrvBuilder *warnings,
		      GError **error)
{
	X509 *leaf = find_leaf (answer, expected->spki);
	g_autoptr (GPtrArray) path = NULL;

	if (leaf == NULL) {
		reject (error, "none of the answer is for the key that we asked for");
		return NULL;
	}
	if (!name_is_ours (leaf, expected->name, error) || !may_sign (leaf, error))
		return NULL;
	path = verify (leaf, expected->anchors, answer, expected->intermediates, expected->now,
		       error);
	if (path == NULL)
		return NULL;
	if (path->len < 2) {
		reject (error, "the issued certificate is an anchor itself");
		return NULL;
	}
	g_ptr_array_set_size (path, path->len - 1);
	add_warnings (leaf, warnings);
	return g_steal_pointer (&path);
}

/* "a URI, FQDN or dNSName": a URI names the MEF with nothing but its host. */
static gboolean
names_mef (const GENERAL_NAME *entry, const char *fqdn)
{
	const ASN1_STRING *value = entry->type == GEN_DNS   ? entry->d.dNSName
				   : entry->type == GEN_URI ? entry->d.uniformResourceIdentifier
							    : NULL;
	g_autofree char *text =
		value != NULL ? g_strndup ((const char *)ASN1_STRING_get0_data (value),
					   ASN1_STRING_length (value))
			      : NULL;
	const char *host = text;

	/* an embedded NUL shortens the copy */
	if (text == NULL || strlen (text) != (gsize)ASN1_STRING_length (value))
		return FALSE;
	if (entry->type == GEN_URI && strstr (text, "//") != NULL)
		host = strstr (text, "//") + 2;
	return g_ascii_strcasecmp (host, fqdn) == 0;
}

static gboolean
is_named_so (X509 *leaf, const char *fqdn, GError **error)
{
	g_autoptr (GENERAL_NAMES) names = X509_get_ext_d2i (leaf, NID_subject_alt_name, NULL, NULL);

	if (has_wildcard (names))
		return reject (error, "its subjectAltName holds a wildcard");
	for (int i = 0; i < sk_GENERAL_NAME_num (names); i++)
		if (names_mef (sk_GENERAL_NAME_value (names, i), fqdn))
			return TRUE;
	g_set_error (error, PV_ERROR, PV_ERROR_CERTIFICATE,
		     "certificate: its subjectAltName does not hold “%s”", fqdn);
	return FALSE;
}

static gboolean
may_serve (X509 *leaf, GError **error)
{
	if ((X509_get_extension_flags (leaf) & EXFLAG_XKUSAGE) == 0 ||
	    (X509_get_extended_key_usage (leaf) & (XKU_SSL_SERVER | XKU_ANYEKU)) != 0)
		return TRUE;
	return reject (error, "its extendedKeyUsage lacks serverAuth");
}

gboolean
pv_x509_check_mef (X509 *leaf,
		   GPtrArray *sent,
		   GPtrArray *anchors,
		   const char *fqdn,
		   gint64 now,
		   GError **error)
{
	g_autoptr (GError) cause = NULL;
	g_autoptr (GPtrArray) path = NULL;

	if (is_named_so (leaf, fqdn, &cause) && may_sign (leaf, &cause) && may_serve (leaf, &cause))
		path = verify (leaf, anchors, sent, NULL, now, &cause);
	if (path != NULL)
		return TRUE;
	g_set_error (error, PV_ERROR, PV_ERROR_PEER, "the MEF's %s", cause->message);
	return FALSE;
}
