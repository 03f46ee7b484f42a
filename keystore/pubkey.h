/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Public keys of peers reach the process that owns all keys: everything about them is checked here
 * before libcrypto computes with them. Named curves P-256, P-384, P-521 and Ed25519 by OID; points
 * on the curve; RSA 1024 to 8192 bits for verification, odd exponent 3 to 2^32 - 1.
 */
#pragma once

#include "keystore/credential.h"
#include "keystore/error.h"

#include <openssl/evp.h>
#include <p11-kit/pkcs11.h>

#define KS_PUBKEY_RSA_BITS_MIN 1024
#define KS_PUBKEY_RSA_BITS_MAX 8192

typedef struct _KsPubkey KsPubkey;

/**
 * ks_pubkey_from_spki:
 * @der: SubjectPublicKeyInfo, nothing behind it
 * @pubkey: (out) (transfer full): the checked key
 *
 * Returns: CKR_OK; CKR_ATTRIBUTE_VALUE_INVALID for anything malformed, CKR_CURVE_NOT_SUPPORTED for
 *     other or explicit curves, CKR_KEY_SIZE_RANGE for RSA sizes
 */
CK_RV ks_pubkey_from_spki (const guint8 *der, gsize der_len, KsPubkey **pubkey);

/**
 * ks_pubkey_from_point:
 * @key_type: CKK_EC or CKK_EC_EDWARDS
 * @params: CKA_EC_PARAMS: the DER of a curve's OID (or of a PrintableString for Ed25519)
 * @point: CKA_EC_POINT: DER OCTET STRING of the point, or the bare point
 */
CK_RV ks_pubkey_from_point (CK_KEY_TYPE key_type,
			    const guint8 *params,
			    gsize params_len,
			    const guint8 *point,
			    gsize point_len,
			    KsPubkey **pubkey);

/**
 * ks_pubkey_from_rsa:
 * @modulus: CKA_MODULUS, big-endian
 * @exponent: CKA_PUBLIC_EXPONENT, big-endian
 */
CK_RV ks_pubkey_from_rsa (const guint8 *modulus,
			  gsize modulus_len,
			  const guint8 *exponent,
			  gsize exponent_len,
			  KsPubkey **pubkey);

void ks_pubkey_free (KsPubkey *pubkey);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KsPubkey, ks_pubkey_free)

KsKeyType ks_pubkey_type (const KsPubkey *pubkey);

/**
 * ks_pubkey_bits:
 *
 * Returns: RSA modulus length or curve size
 */
guint ks_pubkey_bits (const KsPubkey *pubkey);

/**
 * ks_pubkey_peek:
 *
 * Returns: (transfer none): libcrypto's key
 */
EVP_PKEY *ks_pubkey_peek (const KsPubkey *pubkey);

/* What the views show as attributes of a public (and private) key; (transfer full) (nullable). */
typedef struct {
	GBytes *modulus;   /* RSA */
	GBytes *exponent;  /* RSA */
	GBytes *ec_params; /* EC, Ed25519: DER of the OID */
	GBytes *ec_point;  /* EC, Ed25519: DER OCTET STRING */
} KsPubkeyParts;

/**
 * ks_pubkey_parts:
 * @spki: of a key of ours (checked when it was stored)
 * @parts: (out caller-allocated): filled on success; ks_pubkey_parts_clear() it
 *
 * Takes the attributes out of the DER without libcrypto: cheap enough for thousands of keys.
 */
gboolean ks_pubkey_parts (GBytes *spki, KsPubkeyParts *parts);
void ks_pubkey_parts_clear (KsPubkeyParts *parts);
