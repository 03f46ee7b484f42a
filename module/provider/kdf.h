/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The overridden key derivations: TLS1-PRF, which asks the keystore when its secret is a premaster
 * with a reference, and TLS13-KDF, which does when its key or salt stands for a secret of one. All
 * other input goes to the implementation of another provider, parameters and all.
 */
#pragma once

#include <openssl/core_dispatch.h>

extern const OSSL_DISPATCH mod_kdf_tls1_prf[];
extern const OSSL_DISPATCH mod_kdf_tls13[];
