/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Use of symmetric keys by reference: HMAC, AES in authenticated modes, AES key wrap, HKDF and
 * oneM2M's derivations, all by libcrypto. The key's bytes go no further; what is derived or
 * unwrapped is another key, and the caller's. Pure, any thread. Policy and usage constraints were
 * checked before (policy.c, usage.c).
 */
#pragma once

#include "keystore/operate.h"
#include "keystore/wire/message.h"

/** Whether it is a mechanism of ks_secret_mac(). */
gboolean ks_secret_is_mac (CK_MECHANISM_TYPE mechanism);

/**
 * ks_secret_mac:
 * @mac: room for EVP_MAX_MD_SIZE bytes
 * @mac_len: (out)
 *
 * CKM_SHA256_HMAC, CKM_SHA384_HMAC, CKM_SHA512_HMAC.
 *
 * Returns: CKR_OK, CKR_MECHANISM_INVALID, CKR_DATA_LEN_RANGE, CKR_FUNCTION_FAILED
 */
CK_RV ks_secret_mac (const KsSecret *key,
		     CK_MECHANISM_TYPE mechanism,
		     const KsInput *input,
		     guint8 *mac,
		     gsize *mac_len);

/**
 * ks_secret_verify:
 *
 * In constant time.
 *
 * Returns: as ks_secret_mac(), and CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE
 */
CK_RV ks_secret_verify (const KsSecret *key,
			CK_MECHANISM_TYPE mechanism,
			const KsInput *input,
			const WireBytes *mac);

/**
 * ks_secret_use:
 * @request: its use, mechanism, parameters and input
 * @output: (out) (transfer full): cipher text and tag; plain text; a wrapped, unwrapped or derived
 *     key
 *
 * HKDF never extracts with a salt of zeros, or none: that step is TLS 1.3's own, and its result
 * would do for the pre-shared key. Where TS-0003 takes that step (Ke2e_master), its result stays
 * here.
 *
 * Returns: CKR_OK, CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_KEY_SIZE_RANGE,
 *     CKR_DATA_LEN_RANGE, CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE,
 *     CKR_WRAPPED_KEY_INVALID, CKR_WRAPPED_KEY_LEN_RANGE, CKR_FUNCTION_FAILED
 */
CK_RV ks_secret_use (const KsSecret *key, const WireSecretUse *request, KsSecret **output);
