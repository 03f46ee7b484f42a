/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Public keys of peers: the DER is taken apart by our own cursor and every number checked before
 * libcrypto sees it, and only SubjectPublicKeyInfo that we built ourselves goes to it.
 */
#include <config.h>

#include "keystore/pubkey.h"

#include "keystore/crypto.h"
#include "keystore/curve.h"
#include "keystore/der.h"
#include "keystore/wire/limits.h"

#include <openssl/err.h>
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

static CK_RV
decode (KsKeyType type, guint bits, GBytes *spki, KsPubkey **pubkey)
{
	gsize len;
	const guint8 *data = g_bytes_get_data (spki, &len);
	g_autoptr (EVP_PKEY) pkey = d2i_PUBKEY (NULL, &data, (long)len);
	g_autoptr (KsPubkey) made = NULL;

	/* Decoding an EC point checks that it is on the curve; infinity has no encoding of this
	 * length. */
	if (pkey == NULL) {
		ERR_clear_error ();
		return CKR_ATTRIBUTE_VALUE_INVALID;
	}
	made = g_new0 (KsPubkey, 1);
	made->type = type;
	made->bits = bits;
	made->pkey = g_steal_pointer (&pkey);
	*pubkey = g_steal_pointer (&made);
	return CKR_OK;
}

static gboolean
point_is_plausible (const KsCurve *curve, const guint8 *point, gsize len)
{
	if (curve->type == KS_KEY_ED25519)
		return len == curve->point_len;
	return len == curve->point_len && point[0] == 0x04;
}

static CK_RV
from_bare_point (const KsCurve *curve, const guint8 *point, gsize len, KsPubkey **pubkey)
{
	g_autoptr (GBytes) spki = NULL;

	if (!point_is_plausible (curve, point, len))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	spki = ks_spki_from_point (curve, point, len);
	return decode (curve->type, curve->bits, spki, pubkey);
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

CK_RV
ks_pubkey_from_rsa (const guint8 *modulus,
		    gsize modulus_len,
		    const guint8 *exponent,
		    gsize exponent_len,
		    KsPubkey **pubkey)
{
	KsSlice n = without_zeros ((KsSlice){modulus, modulus_len});
	KsSlice e = without_zeros ((KsSlice){exponent, exponent_len});
	g_autoptr (GBytes) spki = NULL;
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
	spki = ks_spki_from_rsa (n.data, n.len, e.data, e.len);
	return decode (KS_KEY_RSA, bits, spki, pubkey);
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
