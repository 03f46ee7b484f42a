/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys into the backing token (token-read.c: out of it). In SoftHSM keys are private, extractable
 * and not sensitive (a container encrypted at rest that only the keystore opens, read once into
 * locked memory); in every other token sensitive and not extractable. Symmetric keys are readable
 * in both: TLS-PSK puts the key inside a longer premaster, which no token's mechanism does.
 */
#include <config.h>

#include "keystore/crypto.h"
#include "keystore/curve.h"
#include "keystore/der.h"
#include "keystore/token-private.h"

#include <string.h>

#define ATTRIBUTES_MAX 24

static const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

typedef struct {
	CK_ATTRIBUTE list[ATTRIBUTES_MAX];
	CK_ULONG count;
} Template;

static void
add (Template *template, CK_ATTRIBUTE_TYPE type, const void *value, gsize len)
{
	template->list[template->count++] = (CK_ATTRIBUTE){type, (void *)value, len};
}

static void
add_protection (Template *template, gboolean readable)
{
	add (template, CKA_TOKEN, &yes, sizeof yes);
	add (template, CKA_PRIVATE, &yes, sizeof yes);
	add (template, CKA_SENSITIVE, readable ? &no : &yes, sizeof no);
	add (template, CKA_EXTRACTABLE, readable ? &yes : &no, sizeof no);
}

static void
add_private (Template *template, const KsToken *token, KsKeyType type)
{
	add_protection (template, ks_token_is_softhsm (token));
	add (template, CKA_SIGN, &yes, sizeof yes);
	if (type == KS_KEY_RSA)
		add (template, CKA_DECRYPT, &yes, sizeof yes);
	else if (type != KS_KEY_ED25519)
		add (template, CKA_DERIVE, &yes, sizeof yes);
}

static void
add_name (Template *template, const guint8 *key_id, const char *label)
{
	add (template, CKA_ID, key_id, KS_KEY_ID_LEN);
	add (template, CKA_LABEL, label, strlen (label));
}

static char *
token_label (const char *label)
{
	return g_strconcat (KS_TOKEN_LABEL_PREFIX, label, NULL);
}

/* ---- generation ---- */

static CK_RV
read_point (KsToken *token,
	    CK_SESSION_HANDLE session,
	    CK_OBJECT_HANDLE handle,
	    const KsCurve *curve,
	    GBytes **spki)
{
	guint8 point[KS_NUMBER_MAX];
	CK_ATTRIBUTE attribute = {CKA_EC_POINT, point, sizeof point};
	CK_RV rv = token->p11->C_GetAttributeValue (session, handle, &attribute, 1);
	KsSlice cursor, bare;

	if (rv != CKR_OK)
		return rv;
	bare = cursor = (KsSlice){point, attribute.ulValueLen};
	/* Some tokens give the bare point: its length tells. */
	if (cursor.len != curve->point_len &&
	    !ks_der_take (&cursor, KS_DER_OCTET_STRING, &bare, NULL))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (bare.len != curve->point_len)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	*spki = ks_spki_from_point (curve, bare.data, bare.len);
	return CKR_OK;
}

static CK_RV
read_modulus (KsToken *token,
	      CK_SESSION_HANDLE session,
	      CK_OBJECT_HANDLE handle,
	      GBytes **spki)
{
	guint8 modulus[KS_NUMBER_MAX], exponent[8];
	CK_ATTRIBUTE list[] = {
		{CKA_MODULUS, modulus, sizeof modulus},
		{CKA_PUBLIC_EXPONENT, exponent, sizeof exponent},
	};
	CK_RV rv =
		token->p11->C_GetAttributeValue (session, handle, list, G_N_ELEMENTS (list));

	if (rv == CKR_OK)
		*spki = ks_spki_from_rsa (modulus, list[0].ulValueLen, exponent,
					  list[1].ulValueLen);
	return rv;
}

static CK_RV
generate (KsToken *token,
	  CK_SESSION_HANDLE session,
	  KsKeyType type,
	  guint bits,
	  const guint8 *key_id,
	  const char *label,
	  GBytes **spki)
{
	static const guint8 exponent[] = {1, 0, 1};
	const KsCurve *curve = ks_curve_of_type (type);
	CK_ULONG modulus_bits = bits;
	CK_MECHANISM mechanism = {type == KS_KEY_RSA       ? CKM_RSA_PKCS_KEY_PAIR_GEN
				  : type == KS_KEY_ED25519 ? CKM_EC_EDWARDS_KEY_PAIR_GEN
							   : CKM_EC_KEY_PAIR_GEN,
				  NULL, 0};
	Template public = {.count = 0}, private = {.count = 0};
	CK_OBJECT_HANDLE public_handle, private_handle;
	CK_RV rv;

	add (&public, CKA_TOKEN, &no, sizeof no);
	add (&public, CKA_VERIFY, &yes, sizeof yes);
	if (curve != NULL) {
		add (&public, CKA_EC_PARAMS, curve->params, curve->params_len);
	} else {
		add (&public, CKA_MODULUS_BITS, &modulus_bits, sizeof modulus_bits);
		add (&public, CKA_PUBLIC_EXPONENT, exponent, sizeof exponent);
	}
	add_private (&private, token, type);
	add_name (&private, key_id, label);
	rv = token->p11->C_GenerateKeyPair (session, &mechanism, public.list, public.count,
					    private.list, private.count, &public_handle,
					    &private_handle);
	if (rv != CKR_OK)
		return rv;
	rv = curve != NULL ? read_point (token, session, public_handle, curve, spki)
			   : read_modulus (token, session, public_handle, spki);
	token->p11->C_DestroyObject (session, public_handle);
	if (rv == CKR_OK)
		ks_token_remember (token, key_id, private_handle);
	else
		token->p11->C_DestroyObject (session, private_handle);
	return rv;
}

gboolean
ks_token_generate (KsToken *token,
		   KsKeyType type,
		   guint bits,
		   const guint8 *key_id,
		   const char *label,
		   GBytes **spki,
		   GError **error)
{
	g_autofree char *full = token_label (label);
	CK_SESSION_HANDLE session;
	CK_RV rv;

	if (!ks_token_enter (token, FALSE, error))
		return FALSE;
	rv = ks_token_take_session (token, &session);
	if (rv == CKR_OK) {
		rv = generate (token, session, type, bits, key_id, full, spki);
		ks_token_give_session (token, session, rv);
	}
	ks_token_leave (token, FALSE);
	return rv == CKR_OK || ks_token_fail (error, "C_GenerateKeyPair", rv);
}

/* ---- import ---- */

static gboolean
create (KsToken *token, Template *template, const guint8 *key_id, GError **error)
{
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE handle;
	CK_RV rv;

	if (!ks_token_enter (token, FALSE, error))
		return FALSE;
	rv = ks_token_take_session (token, &session);
	if (rv == CKR_OK) {
		rv = token->p11->C_CreateObject (session, template->list, template->count, &handle);
		if (rv == CKR_OK)
			ks_token_remember (token, key_id, handle);
		ks_token_give_session (token, session, rv);
	}
	ks_token_leave (token, FALSE);
	return rv == CKR_OK || ks_token_fail (error, "C_CreateObject", rv);
}

static gboolean
add_rsa (Template *template, EVP_PKEY *key, KsSecret *scratch)
{
	guint8 (*numbers)[KS_NUMBER_MAX] = (void *)ks_secret_reveal_mutable (scratch);

	for (guint i = 0; i < KS_RSA_NUMBERS; i++) {
		g_autoptr (BIGNUM) number = NULL;
		int len;

		if (EVP_PKEY_get_bn_param (key, ks_rsa_numbers[i].param, &number) != 1 ||
		    BN_num_bytes (number) > KS_NUMBER_MAX)
			return FALSE;
		len = BN_bn2bin (number, numbers[i]);
		add (template, ks_rsa_numbers[i].attribute, numbers[i], (gsize)len);
	}
	return TRUE;
}

static gboolean
add_scalar (Template *template, EVP_PKEY *key, const KsCurve *curve, KsSecret *scratch)
{
	guint8 *value = ks_secret_reveal_mutable (scratch);
	gsize len = curve->field_len;
	g_autoptr (BIGNUM) number = NULL;

	if (curve->type == KS_KEY_ED25519) {
		if (EVP_PKEY_get_raw_private_key (key, value, &len) != 1)
			return FALSE;
	} else if (EVP_PKEY_get_bn_param (key, OSSL_PKEY_PARAM_PRIV_KEY, &number) != 1 ||
		   BN_bn2binpad (number, value, (int)len) != (int)len) {
		return FALSE;
	}
	add (template, CKA_EC_PARAMS, curve->params, curve->params_len);
	add (template, CKA_VALUE, value, len);
	return TRUE;
}

static KsKeyType
type_of (EVP_PKEY *key)
{
	char group[32];
	static const KsKeyType types[] = {KS_KEY_P256, KS_KEY_P384, KS_KEY_P521};
	static const char *const names[] = {"prime256v1", "secp384r1", "secp521r1"};

	if (EVP_PKEY_is_a (key, "RSA"))
		return KS_KEY_RSA;
	if (EVP_PKEY_is_a (key, "ED25519"))
		return KS_KEY_ED25519;
	if (EVP_PKEY_is_a (key, "EC") &&
	    EVP_PKEY_get_group_name (key, group, sizeof group, NULL) == 1)
		for (guint i = 0; i < G_N_ELEMENTS (types); i++)
			if (g_str_equal (group, names[i]))
				return types[i];
	return KS_KEY_NONE;
}

KsKeyType
ks_token_key_type (EVP_PKEY *key)
{
	return type_of (key);
}

gboolean
ks_token_import_key (
	KsToken *token, EVP_PKEY *key, const guint8 *key_id, const char *label, GError **error)
{
	g_autofree char *full = token_label (label);
	g_autoptr (KsSecret) scratch = ks_secret_new (NULL, sizeof (KsRsaNumbers));
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	KsKeyType type = type_of (key);
	const KsCurve *curve = ks_curve_of_type (type);
	CK_KEY_TYPE key_type = type == KS_KEY_RSA       ? CKK_RSA
			       : type == KS_KEY_ED25519 ? CKK_EC_EDWARDS
							: CKK_EC;
	Template template = {.count = 0};
	gboolean complete;

	add (&template, CKA_CLASS, &class, sizeof class);
	add (&template, CKA_KEY_TYPE, &key_type, sizeof key_type);
	add_private (&template, token, type);
	add_name (&template, key_id, full);
	complete = curve != NULL ? add_scalar (&template, key, curve, scratch)
				 : type == KS_KEY_RSA && add_rsa (&template, key, scratch);
	if (!complete) {
		g_set_error (
			error, KS_ERROR, KS_ERROR_UNSUPPORTED,
			"the private key is incomplete or of a type the keystore does not have");
		return FALSE;
	}
	return create (token, &template, key_id, error);
}

gboolean
ks_token_import_secret (KsToken *token,
			const KsSecret *secret,
			const guint8 *key_id,
			const char *label,
			GError **error)
{
	g_autofree char *full = token_label (label);
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE key_type = CKK_GENERIC_SECRET;
	Template template = {.count = 0};

	add (&template, CKA_CLASS, &class, sizeof class);
	add (&template, CKA_KEY_TYPE, &key_type, sizeof key_type);
	add_protection (&template, TRUE);
	add (&template, CKA_VALUE, ks_secret_reveal (secret), ks_secret_len (secret));
	add_name (&template, key_id, full);
	return create (token, &template, key_id, error);
}
