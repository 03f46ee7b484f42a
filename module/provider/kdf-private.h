/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For the derivations' own files: a context that stands in front of one of the default
 * implementation, and hands on all parameters but a secret that is a reference, so that both ends
 * agree whatever comes next.
 */
#pragma once

#include "module/provider/kdf.h"
#include "module/provider/keystore.h"
#include "module/provider/provider.h"

#include <openssl/core_dispatch.h>
#include <openssl/kdf.h>

/* The first member of both derivations' contexts. */
typedef struct {
	ModProvider *provider;
	EVP_KDF_CTX *inner;
	size_t size;   /* of the whole context */
	char hash[24]; /* its name, "" for none or one that is too long to be ours */
} ModKdf;

/** A context of @size bytes, zeros behind its ModKdf; NULL with an error raised. */
void *mod_kdf_new (ModProvider *provider, ModKdfKind kind, size_t size);

/* Of both dispatch tables. */
void mod_kdf_free (void *kdf);
void *mod_kdf_dup (void *kdf);
int mod_kdf_get_params (void *kdf, OSSL_PARAM params[]);

/** The parameters of the implementation behind ours; NULL with an error raised. */
const OSSL_PARAM *mod_kdf_settable (void *provider, ModKdfKind kind);
const OSSL_PARAM *mod_kdf_gettable (void *provider, ModKdfKind kind);

/** Resets what ModKdf has. */
void mod_kdf_reset (ModKdf *kdf);

/** Takes the hash's name from @params, when there is one. */
void mod_kdf_note_hash (ModKdf *kdf, const OSSL_PARAM params[]);

/** The hash, or NULL (raised) when it is none that references are good for. */
const ModKeystoreHash *mod_kdf_hash (const ModKdf *kdf);

/**
 * mod_kdf_forward:
 * @withheld: (nullable): a name not to hand on: its value is of no use to anybody else
 * @withheld_too: (nullable): another
 */
int mod_kdf_forward (ModKdf *kdf,
		     const OSSL_PARAM params[],
		     const char *withheld,
		     const char *withheld_too);

/** 1 when the keystore answered, else raises why not. */
int mod_kdf_finish (const ModKdf *kdf, ModKeystoreResult result, const char *detail);
