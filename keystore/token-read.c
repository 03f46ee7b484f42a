/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys out of SoftHSM, for their residency: each becomes a libcrypto key or a #KsSecret, and every
 * buffer on the way is wiped. Also symmetric keys out of any token (see token-key.c).
 */
#include <config.h>

#include "keystore/crypto.h"
#include "keystore/curve.h"
#include "keystore/token-private.h"

const KsRsaNumber ks_rsa_numbers[KS_RSA_NUMBERS] = {
	{OSSL_PKEY_PARAM_RSA_N, CKA_MODULUS},
	{OSSL_PKEY_PARAM_RSA_E, CKA_PUBLIC_EXPONENT},
	{OSSL_PKEY_PARAM_RSA_D, CKA_PRIVATE_EXPONENT},
	{OSSL_PKEY_PARAM_RSA_FACTOR1, CKA_PRIME_1},
	{OSSL_PKEY_PARAM_RSA_FACTOR2, CKA_PRIME_2},
	{OSSL_PKEY_PARAM_RSA_EXPONENT1, CKA_EXPONENT_1},
	{OSSL_PKEY_PARAM_RSA_EXPONENT2, CKA_EXPONENT_2},
	{OSSL_PKEY_PARAM_RSA_COEFFICIENT1, CKA_COEFFICIENT},
};

static KsSecret *
read_value (KsToken *token, const guint8 *key_id, GError **error)
{
	g_autoptr (KsSecret) room = ks_secret_new (NULL, KS_NUMBER_MAX);
	CK_ATTRIBUTE value = {CKA_VALUE, ks_secret_reveal_mutable (room), KS_NUMBER_MAX};
	CK_OBJECT_HANDLE handle;
	CK_SESSION_HANDLE session;
	CK_RV rv = CKR_KEY_HANDLE_INVALID;

	if (!ks_token_enter (token, FALSE, error))
		return NULL;
	if (ks_token_handle (token, key_id, &handle)) {
		rv = ks_token_take_session (token, &session);
		if (rv == CKR_OK) {
			rv = token->p11->C_GetAttributeValue (session, handle, &value, 1);
			ks_token_give_session (token, session, rv);
		}
	}
	ks_token_leave (token, FALSE);
	if (rv == CKR_OK)
		return ks_secret_new (ks_secret_reveal (room), value.ulValueLen);
	ks_token_fail (error, "cannot read the key", rv);
	return NULL;
}

KsSecret *
ks_token_read_secret (KsToken *token, const guint8 *key_id, GError **error)
{
	return read_value (token, key_id, error);
}

static EVP_PKEY *
from_params (const char *type, OSSL_PARAM_BLD *build)
{
	g_autoptr (OSSL_PARAM) params = OSSL_PARAM_BLD_to_param (build);
	g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name (NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (params == NULL || context == NULL || EVP_PKEY_fromdata_init (context) != 1 ||
	    EVP_PKEY_fromdata (context, &key, EVP_PKEY_KEYPAIR, params) != 1)
		return NULL;
	return key;
}

static CK_RV
read_rsa_numbers (KsToken *token, const guint8 *key_id, CK_ATTRIBUTE *list)
{
	CK_OBJECT_HANDLE handle;
	CK_SESSION_HANDLE session;
	CK_RV rv;

	if (!ks_token_handle (token, key_id, &handle))
		return CKR_KEY_HANDLE_INVALID;
	rv = ks_token_take_session (token, &session);
	if (rv != CKR_OK)
		return rv;
	rv = token->p11->C_GetAttributeValue (session, handle, list, KS_RSA_NUMBERS);
	ks_token_give_session (token, session, rv);
	return rv;
}

static EVP_PKEY *
build_rsa (const CK_ATTRIBUTE *list)
{
	g_autoptr (OSSL_PARAM_BLD) build = OSSL_PARAM_BLD_new ();
	g_autoptr (GPtrArray) numbers =
		g_ptr_array_new_with_free_func ((GDestroyNotify)BN_clear_free);

	for (guint i = 0; i < KS_RSA_NUMBERS; i++) {
		BIGNUM *number = BN_secure_new ();

		g_ptr_array_add (numbers, number);
		if (number == NULL ||
		    BN_bin2bn (list[i].pValue, (int)list[i].ulValueLen, number) == NULL ||
		    OSSL_PARAM_BLD_push_BN (build, ks_rsa_numbers[i].param, number) != 1)
			return NULL;
	}
	return from_params ("RSA", build);
}

static EVP_PKEY *
read_rsa (KsToken *token, const guint8 *key_id, GError **error)
{
	g_autoptr (KsSecret) scratch = ks_secret_new (NULL, sizeof (KsRsaNumbers));
	guint8 (*numbers)[KS_NUMBER_MAX] = (void *)ks_secret_reveal_mutable (scratch);
	CK_ATTRIBUTE list[KS_RSA_NUMBERS];
	CK_RV rv;

	for (guint i = 0; i < KS_RSA_NUMBERS; i++)
		list[i] = (CK_ATTRIBUTE){ks_rsa_numbers[i].attribute, numbers[i], KS_NUMBER_MAX};
	if (!ks_token_enter (token, FALSE, error))
		return NULL;
	rv = read_rsa_numbers (token, key_id, list);
	ks_token_leave (token, FALSE);
	if (rv == CKR_OK)
		return build_rsa (list);
	ks_token_fail (error, "cannot read the key", rv);
	return NULL;
}

static EVP_PKEY *
build_ec (const KsCurve *curve, const KsSecret *scalar, GBytes *spki)
{
	g_autoptr (OSSL_PARAM_BLD) build = OSSL_PARAM_BLD_new ();
	g_autoptr (BIGNUM) number = BN_secure_new ();
	gsize len;
	const guint8 *data = g_bytes_get_data (spki, &len);

	/* The point is the end of a SubjectPublicKeyInfo. */
	if (number == NULL || len < curve->point_len ||
	    BN_bin2bn (ks_secret_reveal (scalar), (int)ks_secret_len (scalar), number) == NULL ||
	    OSSL_PARAM_BLD_push_utf8_string (build, OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0) !=
		    1 ||
	    OSSL_PARAM_BLD_push_octet_string (build, OSSL_PKEY_PARAM_PUB_KEY,
					      data + len - curve->point_len,
					      curve->point_len) != 1 ||
	    OSSL_PARAM_BLD_push_BN (build, OSSL_PKEY_PARAM_PRIV_KEY, number) != 1)
		return NULL;
	return from_params ("EC", build);
}

EVP_PKEY *
ks_token_read_key (
	KsToken *token, KsKeyType type, const guint8 *key_id, GBytes *spki, GError **error)
{
	const KsCurve *curve = ks_curve_of_type (type);
	g_autoptr (KsSecret) value = NULL;
	EVP_PKEY *key;

	if (curve == NULL) {
		key = read_rsa (token, key_id, error);
	} else {
		value = read_value (token, key_id, error);
		if (value == NULL)
			return NULL;
		key = type == KS_KEY_ED25519
			      ? EVP_PKEY_new_raw_private_key (EVP_PKEY_ED25519, NULL,
							      ks_secret_reveal (value),
							      ks_secret_len (value))
			      : build_ec (curve, value, spki);
	}
	if (key == NULL && error != NULL && *error == NULL)
		g_set_error (error, KS_ERROR, KS_ERROR_TOKEN, "the token's key makes no sense");
	return key;
}
