/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys derived of symmetric keys: HKDF (RFC 5869) and TS-0003 clause 10.3; and the HMAC below them.
 */
#pragma once

#include "keystore/operate-secret.h"

#include <openssl/evp.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_MAC_CTX, EVP_MAC_CTX_free)

/**
 * ks_hmac_new:
 *
 * Returns: (transfer full) (nullable): an HMAC with its key, to be fed; %NULL when libcrypto fails
 */
EVP_MAC_CTX *ks_hmac_new (const EVP_MD *md, const guint8 *key, gsize len);

/** ks_secret_use() for WIRE_USE_DERIVE. */
CK_RV ks_derive (const KsSecret *key, const WireSecretUse *request, KsSecret **output);
