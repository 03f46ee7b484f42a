/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The curves of the keystore, the one table; and SubjectPublicKeyInfo built from PKCS#11
 * attributes.
 */
#pragma once

#include "keystore/credential.h"

typedef struct {
	KsKeyType type;
	const char *group; /* libcrypto's name */
	guint bits;
	gsize field_len;      /* bytes of a scalar and of half a signature */
	gsize point_len;      /* bytes of an uncompressed point; of the Ed25519 key */
	const guint8 *params; /* CKA_EC_PARAMS: DER of the OID */
	gsize params_len;
} KsCurve;

/**
 * ks_curve_of_type:
 *
 * Returns: (transfer none) (nullable): %NULL for keys that have no curve
 */
const KsCurve *ks_curve_of_type (KsKeyType type);

/**
 * ks_curve_of_params:
 * @params: CKA_EC_PARAMS: an OID, or "edwards25519" as a PrintableString
 *
 * Returns: (transfer none) (nullable): %NULL for all other curves, and for explicit parameters
 */
const KsCurve *ks_curve_of_params (const guint8 *params, gsize params_len);

/**
 * ks_spki_from_point:
 * @point: the bare point, uncompressed or compressed
 *
 * Returns: (transfer full): SubjectPublicKeyInfo; RFC 5480, RFC 8410
 */
GBytes *ks_spki_from_point (const KsCurve *curve, const guint8 *point, gsize point_len);

/**
 * ks_spki_from_rsa:
 * @modulus: big-endian
 * @exponent: big-endian
 *
 * Returns: (transfer full): SubjectPublicKeyInfo; RFC 3279
 */
GBytes *ks_spki_from_rsa (const guint8 *modulus,
			  gsize modulus_len,
			  const guint8 *exponent,
			  gsize exponent_len);
