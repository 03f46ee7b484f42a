/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tests of the provider's derivations share: a library context with enrolee.so, one with
 * the default provider alone, and a TLS PRF computed in either as libssl does it.
 */
#pragma once

#include "tests/provider-fake.h"

#include <glib.h>
#include <openssl/kdf.h>
#include <openssl/types.h>

#define PRF_ID "abcdefghijklmnopqrstuv-_"
#define PRF_REFERENCE "pskref1:" PRF_ID
#define PRF_MASTER_LEN 48

extern OSSL_LIB_CTX *prf_ours;  /* with enrolee.so */
extern OSSL_LIB_CTX *prf_plain; /* without */
extern guint8 prf_randoms[64];

typedef struct {
	const char *hash;
	const guint8 *secret;
	gsize secret_len;
	const char *label;
	const guint8 *seed;
	gsize seed_len;
} PrfInput;

typedef struct {
	const char *path;
	void (*run) (void);
} PrfTest;

/** Makes the contexts and a folder for the keystore's socket, runs the tests. */
int prf_run_tests (int *argc, char ***argv, const PrfTest *tests, gsize n_tests);

OSSL_LIB_CTX *prf_context_new (const char *properties);
EVP_KDF_CTX *prf_kdf_new (OSSL_LIB_CTX *libctx, const char *name);

GBytes *prf_premaster_new (const guint8 *other, gsize other_len, const void *key, gsize key_len);

/** A plain premaster with the reference; to be spoilt by the tests of refusals. */
GBytes *prf_good_premaster (void);

/** A good input for @premaster, which it borrows. */
PrfInput prf_input_new (const char *hash, GBytes *premaster, gboolean extended);

/** The parameters that libssl passes, in its order; @part selects: 1 hash, 2 secret, 4 seeds. */
gsize prf_fill_params (OSSL_PARAM *params, const PrfInput *input, guint part);

gboolean prf_derive (OSSL_LIB_CTX *libctx, const PrfInput *input, guint8 *out, gsize out_len);

/** Derives with the provider: refused, nothing written, @reason in the error. */
void prf_assert_refused (const PrfInput *input, gsize out_len, const char *reason);

/** A keystore that has the key behind PRF_REFERENCE. */
FakeKeystore *prf_start_keystore (const guint8 *key, gsize key_len);
