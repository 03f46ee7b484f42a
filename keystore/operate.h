/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Use of keys: PKCS#11 mechanisms on resident keys by libcrypto, or on the backing token. Hashing
 * is always libcrypto's. Every function returns what PKCS#11 3.0 names and writes its output on
 * CKR_OK only. Any thread. Policy and usage constraints were checked before (policy.c, usage.c).
 */
#pragma once

#include "keystore/pubkey.h"
#include "keystore/resident.h"

/* A mechanism with its parameters, as the wire brings it; unused members are zero. */
typedef struct {
	CK_MECHANISM_TYPE type;
	CK_MECHANISM_TYPE hash;   /* PSS, OAEP: CKM_SHA_1, CKM_SHA256, ... */
	CK_RSA_PKCS_MGF_TYPE mgf; /* PSS, OAEP: CKG_MGF1_* */
	gulong salt_len;          /* PSS */
	const guint8 *label;      /* OAEP: source data */
	gsize label_len;
	gulong kdf;                 /* ECDH1: CKD_NULL */
	const guint8 *public_point; /* ECDH1: the peer's point, raw or DER OCTET STRING */
	gsize public_point_len;
} KsMechanism;

/* Input: bytes, or, with @fd >= 0, the first @len bytes of a file that is read with pread(2). */
typedef struct {
	const guint8 *data;
	gsize len;
	int fd; /* -1 for none */
} KsInput;

/**
 * ks_operate_init:
 *
 * Starts libcrypto without its configuration file, which might load our own module into the
 * keystore. Call first thing in main(), before a token is loaded. Idempotent.
 */
void ks_operate_init (void);

/**
 * ks_operate_sign:
 * @signature: room for %WIRE_SIGNATURE_MAX bytes
 * @signature_len: (out): ECDSA signatures are r || s
 *
 * Returns: CKR_OK, CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_KEY_TYPE_INCONSISTENT,
 *     CKR_DATA_LEN_RANGE, CKR_FUNCTION_FAILED, or the backing token's answer
 */
CK_RV ks_operate_sign (KsKey *key,
		       const KsMechanism *mechanism,
		       const KsInput *input,
		       guint8 *signature,
		       gsize *signature_len);

/**
 * ks_operate_verify:
 *
 * Returns: as ks_operate_sign(), and CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE
 */
CK_RV ks_operate_verify (const KsPubkey *pubkey,
			 const KsMechanism *mechanism,
			 const KsInput *input,
			 const guint8 *signature,
			 gsize signature_len);

/**
 * ks_operate_decrypt:
 * @plain: room for %WIRE_SIGNATURE_MAX bytes; zeros after a bad padding
 * @plain_len: (out)
 *
 * CKM_RSA_PKCS (a bad padding costs what a good one does, and answers CKR_ENCRYPTED_DATA_INVALID)
 * and CKM_RSA_PKCS_OAEP.
 *
 * Returns: also CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE
 */
CK_RV ks_operate_decrypt (KsKey *key,
			  const KsMechanism *mechanism,
			  const guint8 *cipher,
			  gsize cipher_len,
			  guint8 *plain,
			  gsize *plain_len);
CK_RV ks_operate_encrypt (const KsPubkey *pubkey,
			  const KsMechanism *mechanism,
			  const guint8 *plain,
			  gsize plain_len,
			  guint8 *cipher,
			  gsize *cipher_len);

/**
 * ks_operate_derive:
 * @secret: (out) (transfer full): the shared x coordinate
 *
 * CKM_ECDH1_DERIVE with CKD_NULL.
 */
CK_RV ks_operate_derive (KsKey *key, const KsMechanism *mechanism, KsSecret **secret);
