/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hashes by their PKCS#11 names; fetched from libcrypto once.
 */
#pragma once

#include "keystore/operate.h"

/**
 * ks_digest_find:
 * @hash: CKM_SHA_1, CKM_SHA224, CKM_SHA256, CKM_SHA384 or CKM_SHA512
 *
 * Returns: (transfer none) (nullable): libcrypto's hash; %NULL for all others
 */
const EVP_MD *ks_digest_find (CK_MECHANISM_TYPE hash);

/**
 * ks_digest_find_mgf:
 * @mgf: CKG_MGF1_*
 */
const EVP_MD *ks_digest_find_mgf (CK_RSA_PKCS_MGF_TYPE mgf);

/**
 * ks_digest_info:
 * @len: (out): its length
 *
 * Returns: (transfer none): what stands before a hash in RSASSA-PKCS1-v1_5. RFC 8017 9.2
 */
const guint8 *ks_digest_info (CK_MECHANISM_TYPE hash, gsize *len);

/**
 * ks_digest_input:
 * @digest: room for EVP_MAX_MD_SIZE bytes
 *
 * Returns: CKR_OK; CKR_DATA_LEN_RANGE when a descriptor yields less than it promised
 */
CK_RV
ks_digest_input (const EVP_MD *md, const KsInput *input, guint8 *digest, gsize *digest_len);

/** EVP_DigestUpdate() and its like: 1 when done. */
typedef int (*KsFeed) (gpointer to, const guint8 *data, gsize len);

/**
 * ks_digest_feed:
 *
 * Gives all of @input to @to, a file in pieces.
 *
 * Returns: CKR_OK; CKR_DATA_LEN_RANGE as ks_digest_input(); CKR_FUNCTION_FAILED
 */
CK_RV ks_digest_feed (const KsInput *input, KsFeed feed, gpointer to);
