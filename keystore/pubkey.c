/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Public keys of peers: the DER is taken apart by our own cursor and every number checked before
 * libcrypto sees it; no DER of a peer goes to it.
 */
#include <config.h>

#include "keystore/pubkey.h"

#include "keystore/crypto.h"
#include "keystore/curve.h"
#include "keystore/der.h"
#include "keystore/wire/limits.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <string.h>

struct _KsPubkey {
	KsKeyType type;
	guint bits;
	EVP_PKEY *pkey;
};

void
ks_pubkey_free (KsPubkey *pubkey)
{
	if (pubkey == NULL)
		return;
	EVP_PKEY_free (pubkey->pkey);
	g_free (pubkey);
}

KsKeyType
ks_pubkey_type (const KsPubkey *pubkey)
{
	return pubkey->type;
}

guint
ks_pubkey_bits (const KsPubkey *pubkey)
{
	return pubkey->bits;
}

EVP_PKEY *
ks_pubkey_peek (const KsPubkey *pubkey)
{
	return pubkey->pkey;
}

/* libcrypto's decoders take ten times as long as a verification: the numbers go to it as they are. */
static EVP_PKEY *
from_params (const char *type, OSSL_PARAM *params)
{
	g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name (NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (context == NULL || EVP_PKEY_fromdata_init (context) != 1 ||
	    EVP_PKEY_fromdata (context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return NULL;
	return key;
}

/* Takes @pkey. */
static CK_RV
finish (KsKeyType type, guint bits, EVP_PKEY *pkey, KsPubkey **pubkey)
{
	if (pkey == NULL) {
		ERR_clear_error ();
		return CKR_ATTRIBUTE_VALUE_INVALID;
	}
	*pubkey = g_new0 (KsPubkey, 1);
	(*pubkey)->type = type;
	(*pubkey)->bits = bits;
	(*pubkey)->pkey = pkey;
	return CKR_OK;
}

static gboolean
point_is_plausible (const KsCurve *curve, const guint8 *point, gsize len)
{
	if (curve->type == KS_KEY_ED25519)
		return len == curve->point_len;
	return len == curve->point_len && point[0] == 0x04;
}

/* Reading an EC point checks that it is on the curve; infinity has no encoding of this length. */
static CK_RV
from_bare_point (const KsCurve *curve, const guint8 *point, gsize len, KsPubkey **pubkey)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string (OSSL_PKEY_PARAM_GROUP_NAME, (char *)curve->group, 0),
		OSSL_PARAM_construct_octet_string (OSSL_PKEY_PARAM_PUB_KEY, (void *)point, len),
		OSSL_PARAM_construct_end (),
	};
	EVP_PKEY *pkey;

	if (!point_is_plausible (curve, point, len))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	pkey = curve->type == KS_KEY_ED25519
		       ? EVP_PKEY_new_raw_public_key_ex (NULL, "ED25519", NULL, point, len)
		       : from_params ("EC", params);
	return finish (curve->type, curve->bits, pkey, pubkey);
}

CK_RV
ks_pubkey_from_point (CK_KEY_TYPE key_type,
		      const guint8 *params,
		      gsize params_len,
		      const guint8 *point,
		      gsize point_len,
		      KsPubkey **pubkey)
{
	const KsCurve *curve = ks_curve_of_params (params, params_len);
	KsSlice cursor = {point, point_len}, bare;

	if (key_type != CKK_EC && key_type != CKK_EC_EDWARDS)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (curve == NULL)
		return CKR_CURVE_NOT_SUPPORTED;
	if ((curve->type == KS_KEY_ED25519) != (key_type == CKK_EC_EDWARDS))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (point_is_plausible (curve, point, point_len))
		return from_bare_point (curve, point, point_len, pubkey);
	if (!ks_der_take (&cursor, KS_DER_OCTET_STRING, &bare, NULL) || cursor.len != 0)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return from_bare_point (curve, bare.data, bare.len, pubkey);
}

static KsSlice
without_zeros (KsSlice number)
{
	while (number.len > 0 && number.data[0] == 0) {
		number.data++;
		number.len--;
	}
	return number;
}

/* OSSL_PARAM has numbers in the machine's order of bytes. */
static EVP_PKEY *
rsa_from_numbers (KsSlice modulus, KsSlice exponent)
{
	g_autoptr (BIGNUM) n = BN_bin2bn (modulus.data, (int)modulus.len, NULL);
	g_autoptr (BIGNUM) e = BN_bin2bn (exponent.data, (int)exponent.len, NULL);
	g_autoptr (OSSL_PARAM_BLD) build = OSSL_PARAM_BLD_new ();
	g_autoptr (OSSL_PARAM) params = NULL;

	if (n == NULL || e == NULL || build == NULL ||
	    OSSL_PARAM_BLD_push_BN (build, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
	    OSSL_PARAM_BLD_push_BN (build, OSSL_PKEY_PARAM_RSA_E, e) != 1)
		return NULL;
	params = OSSL_PARAM_BLD_to_param (build);
	return params != NULL ? from_params ("RSA", params) : NULL;
}

CK_RV
ks_pubkey_from_rsa (const guint8 *modulus,
		    gsize modulus_len,
		    const guint8 *exponent,
		    gsize exponent_len,
		    KsPubkey **pubkey)
{
	KsSlice n = without_zeros ((KsSlice){modulus, modulus_len});
	KsSlice e = without_zeros ((KsSlice){exponent, exponent_len});
	guint bits;

	if (n.len == 0 || n.len > KS_PUBKEY_RSA_BITS_MAX / 8)
		return n.len == 0 ? CKR_ATTRIBUTE_VALUE_INVALID : CKR_KEY_SIZE_RANGE;
	bits = (guint)(n.len - 1) * 8 + g_bit_storage (n.data[0]);
	if (bits < KS_PUBKEY_RSA_BITS_MIN)
		return CKR_KEY_SIZE_RANGE;
	/* A big exponent makes a verification as dear as a signature. */
	if (e.len == 0 || e.len > 4 || (e.data[e.len - 1] & 1) == 0 ||
	    (e.len == 1 && e.data[0] < 3) || (n.data[n.len - 1] & 1) == 0)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return finish (KS_KEY_RSA, bits, rsa_from_numbers (n, e), pubkey);
}

/* ---- SubjectPublicKeyInfo apart ---- */

typedef struct {
	const KsCurve *curve; /* %NULL for RSA */
	KsSlice point, modulus, exponent;
} Parts;

static const guint8 oid_ec[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1};
static const guint8 oid_rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1};

static gboolean
is (KsSlice slice, const guint8 *expected, gsize len)
{
	return slice.len == len && memcmp (slice.data, expected, len) == 0;
}

static CK_RV
take_rsa (KsSlice bits, Parts *parts)
{
	KsSlice key;

	if (!ks_der_take (&bits, KS_DER_SEQUENCE, &key, NULL) || bits.len != 0 ||
	    !ks_der_take (&key, KS_DER_INTEGER, &parts->modulus, NULL) ||
	    !ks_der_take (&key, KS_DER_INTEGER, &parts->exponent, NULL) || key.len != 0 ||
	    parts->modulus.len == 0 || (parts->modulus.data[0] & 0x80) != 0)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return CKR_OK;
}

static CK_RV
take_apart (KsSlice cursor, Parts *parts)
{
	KsSlice spki, algorithm, oid, oid_whole, bits, params;

	*parts = (Parts){.curve = NULL};
	if (!ks_der_take (&cursor, KS_DER_SEQUENCE, &spki, NULL) || cursor.len != 0 ||
	    !ks_der_take (&spki, KS_DER_SEQUENCE, &algorithm, NULL) ||
	    !ks_der_take (&algorithm, KS_DER_OID, &oid, &oid_whole) ||
	    !ks_der_take (&spki, KS_DER_BIT_STRING, &bits, NULL) || spki.len != 0 || bits.len < 2 ||
	    bits.data[0] != 0)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	bits.data++;
	bits.len--;
	if (is (oid, oid_rsa, sizeof oid_rsa))
		return take_rsa (bits, parts);
	params = is (oid, oid_ec, sizeof oid_ec) ? algorithm : oid_whole;
	parts->curve = ks_curve_of_params (params.data, params.len);
	if (parts->curve == NULL ||
	    (parts->curve->type == KS_KEY_ED25519) != (params.data == oid_whole.data))
		return CKR_CURVE_NOT_SUPPORTED;
	parts->point = bits;
	return CKR_OK;
}

CK_RV
ks_pubkey_from_spki (const guint8 *der, gsize der_len, KsPubkey **pubkey)
{
	Parts parts;
	CK_RV rv;

	if (der_len > WIRE_PUBLIC_KEY_MAX)
		return CKR_KEY_SIZE_RANGE;
	rv = take_apart ((KsSlice){der, der_len}, &parts);
	if (rv != CKR_OK)
		return rv;
	if (parts.curve != NULL)
		return from_bare_point (parts.curve, parts.point.data, parts.point.len, pubkey);
	return ks_pubkey_from_rsa (parts.modulus.data, parts.modulus.len, parts.exponent.data,
				   parts.exponent.len, pubkey);
}

gboolean
ks_pubkey_parts (GBytes *spki, KsPubkeyParts *out)
{
	g_autoptr (GByteArray) point = NULL;
	Parts parts;
	KsSlice cursor;

	cursor.data = g_bytes_get_data (spki, &cursor.len);
	if (take_apart (cursor, &parts) != CKR_OK)
		return FALSE;
	*out = (KsPubkeyParts){.modulus = NULL};
	if (parts.curve == NULL) {
		KsSlice modulus = without_zeros (parts.modulus);

		out->modulus = g_bytes_new (modulus.data, modulus.len);
		out->exponent = g_bytes_new (parts.exponent.data, parts.exponent.len);
		return TRUE;
	}
	point = g_byte_array_new ();
	ks_der_append (point, KS_DER_OCTET_STRING, parts.point.data, parts.point.len);
	out->ec_point = g_byte_array_free_to_bytes (g_steal_pointer (&point));
	out->ec_params = g_bytes_new_static (parts.curve->params, parts.curve->params_len);
	return TRUE;
}

void
ks_pubkey_parts_clear (KsPubkeyParts *parts)
{
	g_clear_pointer (&parts->modulus, g_bytes_unref);
	g_clear_pointer (&parts->exponent, g_bytes_unref);
	g_clear_pointer (&parts->ec_params, g_bytes_unref);
	g_clear_pointer (&parts->ec_point, g_bytes_unref);
}
