/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The typed TLS operations with a pre-shared key by reference, nothing else: for TLS 1.2 the master
 * secret and the extended master secret, for TLS 1.3 the binder's key and the handshake secret.
 * Labels, lengths and framing are fixed here, because a general PRF under a key that somebody else
 * frames gives the key away. Nothing for early data: its secrets, and what a key exchange without
 * Diffie-Hellman (psk_ke) needs, are the same for ever and as good as the key. Pure: no socket, no
 * store.
 */
#pragma once

#include "keystore/credential.h"
#include "keystore/wire/message.h"

#include <glib.h>
#include <p11-kit/pkcs11.h>

#define KS_PSK_MASTER_SECRET_LEN 48
#define KS_PSK_HASH_LEN_MAX 48 /* SHA-384: the longest output of TLS 1.3's two */

/* A pre-shared key, and what it may be used for. Borrowed. */
typedef struct {
	const guint8 *bytes;
	gsize len; /* 1 to %WIRE_SECRET_MAX */
	const KsPskPolicy *policy;
} KsPsk;

/**
 * ks_operate_psk_master_secret:
 * @request: as it came from the wire; its reference was resolved by the caller
 * @master: (out): %KS_PSK_MASTER_SECRET_LEN bytes, written on CKR_OK only; the caller wipes them
 *
 * P_hash (u16 len other || other || u16 len psk || psk, label || seed). SHA-256 and SHA-384 alone;
 * the hash of TLS 1.0 and 1.1 would tell the key piece by piece. An other of zeros is refused: it
 * is plain PSK in disguise. Any thread.
 *
 * Spec: RFC 4279 2, RFC 5246 8.1, RFC 7627 4
 *
 * Returns: CKR_OK, CKR_MECHANISM_PARAM_INVALID (hash, flags), CKR_DATA_LEN_RANGE and
 *     CKR_DATA_INVALID (other, seed), CKR_KEY_SIZE_RANGE (the key), CKR_ACTION_PROHIBITED (its
 *     policy), CKR_FUNCTION_FAILED (libcrypto)
 */
CK_RV
ks_operate_psk_master_secret (const WirePskMasterSecret *request,
			      const KsPsk *psk,
			      guint8 master[KS_PSK_MASTER_SECRET_LEN]) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_operate_psk_binder_key:
 * @output: (out): as many bytes as the hash has, written on CKR_OK only; the caller wipes them
 * @len: (out): how many
 *
 * The key of the HMAC that binds a ClientHello to the pre-shared key: Expand-Label (Expand-Label
 * (Extract (0, psk), "ext binder", H ("")), "finished", ""). It never changes, and forges nothing
 * but binders. Any thread.
 *
 * Spec: RFC 8446 4.2.11.2, 7.1
 *
 * Returns: as ks_operate_psk_master_secret()
 */
CK_RV
ks_operate_psk_binder_key (const WirePskBinderKey *request,
			   const KsPsk *psk,
			   guint8 output[KS_PSK_HASH_LEN_MAX],
			   gsize *len) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_operate_psk_handshake_secret:
 * @output: (out): as many bytes as the hash has, written on CKR_OK only; the caller wipes them
 * @len: (out): how many
 *
 * Extract (Derive-Secret (Extract (0, psk), "derived", ""), dhe). An empty dhe, or one of zeros,
 * is refused: the answer would be that of every handshake without Diffie-Hellman. Any thread.
 *
 * Spec: RFC 8446 7.1
 *
 * Returns: as ks_operate_psk_master_secret()
 */
CK_RV
ks_operate_psk_handshake_secret (const WirePskHandshakeSecret *request,
				 const KsPsk *psk,
				 guint8 output[KS_PSK_HASH_LEN_MAX],
				 gsize *len) G_GNUC_WARN_UNUSED_RESULT;
