/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For operate.c (what a mechanism means), operate-memory.c (libcrypto) and operate-token.c (the
 * backing token).
 */
#pragma once

#include "keystore/operate.h"
#include "keystore/resident-private.h"

typedef enum {
	KS_FAMILY_ECDSA,
	KS_FAMILY_EDDSA,
	KS_FAMILY_PKCS, /* RSASSA-PKCS1-v1_5 over data that holds its DigestInfo */
	KS_FAMILY_PSS,
	KS_FAMILY_OAEP,
} KsFamily;

/* A mechanism taken apart, its input hashed: what is left is one raw operation. */
typedef struct {
	KsFamily family;
	const KsMechanism *mechanism;
	const EVP_MD *md;     /* PSS, OAEP */
	const EVP_MD *mgf_md; /* PSS, OAEP */
	const guint8 *data;
	gsize len;
} KsRaw;

CK_RV
ks_memory_sign (KsKey *key, const KsRaw *raw, guint8 *signature, gsize *signature_len);
CK_RV ks_memory_verify (const KsPubkey *pubkey,
			const KsRaw *raw,
			const guint8 *signature,
			gsize signature_len);
CK_RV ks_memory_decrypt (KsKey *key, const KsRaw *raw, guint8 *plain, gsize *plain_len);
CK_RV
ks_memory_encrypt (const KsPubkey *pubkey, const KsRaw *raw, guint8 *cipher, gsize *cipher_len);
CK_RV ks_memory_derive (KsKey *key, const KsPubkey *peer, KsSecret **secret);

CK_RV
ks_remote_sign (KsKey *key, const KsRaw *raw, guint8 *signature, gsize *signature_len);
CK_RV ks_remote_decrypt (KsKey *key, const KsRaw *raw, guint8 *plain, gsize *plain_len);
CK_RV ks_remote_derive (KsKey *key, const guint8 *point, gsize point_len, KsSecret **secret);
