/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The typed TLS 1.2 operations with a pre-shared key by reference: master secret and extended
 * master secret, nothing else. Labels, lengths and the premaster's framing are fixed here, because
 * a general PRF under a key that somebody else frames gives the key away. Pure: no socket, no
 * store, no policy.
 */
#pragma once

#include "keystore/wire/message.h"

#include <glib.h>
#include <p11-kit/pkcs11.h>

#define KS_PSK_MASTER_SECRET_LEN 48

/**
 * ks_operate_psk_master_secret:
 * @request: as it came from the wire; its reference was resolved by the caller
 * @psk: the pre-shared key
 * @psk_len: 1 to %WIRE_SECRET_MAX bytes
 * @master: (out): %KS_PSK_MASTER_SECRET_LEN bytes, written on CKR_OK only; the caller wipes them
 *
 * P_hash (u16 len other || other || u16 len psk || psk, label || seed). SHA-256 and SHA-384 alone;
 * the hash of TLS 1.0 and 1.1 would tell the key piece by piece. Any thread.
 *
 * Spec: RFC 4279 2, RFC 5246 8.1, RFC 7627 4
 *
 * Returns: CKR_OK, CKR_MECHANISM_PARAM_INVALID (hash, flags), CKR_DATA_LEN_RANGE (other, seed),
 *     CKR_KEY_SIZE_RANGE (@psk_len), CKR_FUNCTION_FAILED (libcrypto)
 */
CK_RV
ks_operate_psk_master_secret (const WirePskMasterSecret *request,
			      const guint8 *psk,
			      gsize psk_len,
			      guint8 master[KS_PSK_MASTER_SECRET_LEN]) G_GNUC_WARN_UNUSED_RESULT;
