/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Raw operations on keys that stay on the backing token: parameters translated, nothing computed
 * here.
 */
#include <config.h>

#include "keystore/curve.h"
#include "keystore/operate-private.h"
#include "keystore/wire/limits.h"

CK_RV
ks_remote_sign (KsKey *key, const KsRaw *raw, guint8 *signature, gsize *signature_len)
{
	CK_RSA_PKCS_PSS_PARAMS pss = {raw->mechanism->hash, raw->mechanism->mgf,
				      raw->mechanism->salt_len};
	CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
	gsize len = WIRE_SIGNATURE_MAX;
	CK_RV rv;

	if (raw->family == KS_FAMILY_EDDSA)
		mechanism.mechanism = CKM_EDDSA;
	else if (raw->family == KS_FAMILY_PKCS)
		mechanism.mechanism = CKM_RSA_PKCS;
	else if (raw->family == KS_FAMILY_PSS)
		mechanism = (CK_MECHANISM){CKM_RSA_PKCS_PSS, &pss, sizeof pss};
	rv = ks_token_sign (key->token, key->key_id, &mechanism, raw->data, raw->len, signature,
			    &len);
	if (rv == CKR_OK)
		*signature_len = len;
	return rv;
}

CK_RV
ks_remote_decrypt (KsKey *key, const KsRaw *raw, guint8 *plain, gsize *plain_len)
{
	CK_RSA_PKCS_OAEP_PARAMS oaep = {
		.hash_alg = raw->mechanism->hash,
		.mgf = raw->mechanism->mgf,
		.source = CKZ_DATA_SPECIFIED,
		.source_data = (void *)raw->mechanism->label,
		.source_data_len = raw->mechanism->label_len,
	};
	CK_MECHANISM mechanism = {CKM_RSA_PKCS, NULL, 0};
	gsize len = WIRE_SIGNATURE_MAX;
	CK_RV rv;

	if (raw->family == KS_FAMILY_OAEP)
		mechanism = (CK_MECHANISM){CKM_RSA_PKCS_OAEP, &oaep, sizeof oaep};
	rv = ks_token_decrypt (key->token, key->key_id, &mechanism, raw->data, raw->len, plain,
			       &len);
	if (rv == CKR_OK)
		*plain_len = len;
	/* Tokens name a bad padding in several ways; one answer for all. */
	if (rv == CKR_GENERAL_ERROR || rv == CKR_FUNCTION_FAILED || rv == CKR_DATA_INVALID ||
	    rv == CKR_ENCRYPTED_DATA_LEN_RANGE)
		rv = CKR_ENCRYPTED_DATA_INVALID;
	return rv;
}

CK_RV
ks_remote_derive (KsKey *key, const guint8 *point, gsize point_len, KsSecret **secret)
{
	CK_ECDH1_DERIVE_PARAMS params = {
		.kdf = CKD_NULL,
		.public_data_len = point_len,
		.public_data = (guint8 *)point,
	};
	CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &params, sizeof params};

	return ks_token_derive (key->token, key->key_id, &mechanism,
				ks_curve_of_type (key->type)->field_len, secret);
}
