/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the provider's parts share: its instance, one per library context that loaded it, and its
 * errors. Lives inside other people's programs: silent, no threads, no signal or exit handlers.
 */
#pragma once

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/kdf.h>
#include <pthread.h>

/** The two derivations that are overridden. */
typedef enum { MOD_KDF_TLS1_PRF, MOD_KDF_TLS13, MOD_N_KDFS } ModKdfKind;

typedef struct {
	const OSSL_CORE_HANDLE *handle;
	OSSL_FUNC_core_new_error_fn *new_error;
	OSSL_FUNC_core_set_error_debug_fn *set_error_debug;
	OSSL_FUNC_core_vset_error_fn *vset_error;
	OSSL_LIB_CTX *libctx;       /* child of the program's: its other providers are found here */
	pthread_mutex_t lock;       /* guards the first fetch of @inner */
	EVP_KDF *inner[MOD_N_KDFS]; /* the implementations that we stand in front of */
} ModProvider;

typedef enum {
	MOD_REASON_NO_DEFAULT = 1,
	MOD_REASON_MALFORMED_REFERENCE,
	MOD_REASON_HASH,
	MOD_REASON_LABEL,
	MOD_REASON_OUTPUT_LENGTH,
	MOD_REASON_TOO_MANY_PARAMETERS,
	MOD_REASON_STEP,
	MOD_REASON_SECRET_LENGTH,
	MOD_REASON_EARLY_DATA,
	MOD_REASON_NO_DHE,
	MOD_REASON_UNAVAILABLE,
	MOD_REASON_REFUSED,
} ModReason;

/**
 * mod_provider_raise:
 * @detail: text added to the reason, or ""; the keystore's words, never a key's bytes
 *
 * Puts an error on the calling thread's queue of the program's libcrypto. Always returns 0.
 */
int mod_provider_raise (ModProvider *provider, ModReason reason, const char *detail);

/** The implementation behind ours, or NULL (raised) when no other provider has one. Any thread. */
EVP_KDF *mod_provider_inner (ModProvider *provider, ModKdfKind kind);
