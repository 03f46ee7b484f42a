/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The requests that the provider makes of the keystore, over the module's connections. libc only.
 */
#pragma once

#include "module/provider/reference.h"

#define MOD_KEYSTORE_MASTER_LEN 48
#define MOD_KEYSTORE_HASH_LEN_MAX 48

typedef enum { MOD_KEYSTORE_SHA256, MOD_KEYSTORE_SHA384 } ModKeystoreHash;

typedef enum {
	MOD_KEYSTORE_OK,
	MOD_KEYSTORE_REFUSED,     /* unknown reference, or not this program's */
	MOD_KEYSTORE_UNAVAILABLE, /* not running, or no answer within its time */
} ModKeystoreResult;

/** Notes where the keystore's socket is, before a program wipes its environment. Opens nothing. */
void mod_keystore_init (void);

size_t mod_keystore_hash_len (ModKeystoreHash hash);

/**
 * mod_keystore_master_secret:
 * @master: MOD_KEYSTORE_MASTER_LEN bytes, written on MOD_KEYSTORE_OK only
 * @detail: (out): static text, "" on MOD_KEYSTORE_OK
 *
 * Asks and waits, bounded by the times in keystore/wire/limits.h. Any thread.
 */
ModKeystoreResult mod_keystore_master_secret (const ModPremaster *premaster,
					      ModKeystoreHash hash,
					      const ModSeed *seed,
					      uint8_t *master,
					      const char **detail);

/**
 * mod_keystore_binder_key:
 * @stand_in: whose
 * @output: mod_keystore_hash_len() bytes, written on MOD_KEYSTORE_OK only
 *
 * The key of the HMAC in a binder of TLS 1.3. Otherwise as mod_keystore_master_secret().
 */
ModKeystoreResult mod_keystore_binder_key (const ModStandIn *stand_in,
					   ModKeystoreHash hash,
					   uint8_t *output,
					   const char **detail);

/**
 * mod_keystore_handshake_secret:
 * @dhe: what Diffie-Hellman yields
 * @output: mod_keystore_hash_len() bytes, written on MOD_KEYSTORE_OK only
 *
 * TLS 1.3's. Otherwise as mod_keystore_master_secret().
 */
ModKeystoreResult mod_keystore_handshake_secret (const ModStandIn *stand_in,
						 ModKeystoreHash hash,
						 const uint8_t *dhe,
						 size_t dhe_len,
						 uint8_t *output,
						 const char **detail);
