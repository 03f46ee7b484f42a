/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one request that the provider makes of the keystore, over the module's connections. libc
 * only. */
#pragma once

#include "module/provider/reference.h"

#define MOD_KEYSTORE_MASTER_LEN 48

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
