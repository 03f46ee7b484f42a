/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See kdf-private.h. */
#include <config.h>

#include "module/provider/kdf-private.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FORWARDED_MAX 16 /* parameters beside a reference; libssl passes seven */

/* Names of the hashes of TLS cipher suites; what libssl passes is the first of each. */
static const struct {
	const char *name;
	ModKeystoreHash hash;
} hash_names[] = {
	{"SHA2-256", MOD_KEYSTORE_SHA256}, {"SHA256", MOD_KEYSTORE_SHA256},
	{"SHA-256", MOD_KEYSTORE_SHA256},  {"SHA2-384", MOD_KEYSTORE_SHA384},
	{"SHA384", MOD_KEYSTORE_SHA384},   {"SHA-384", MOD_KEYSTORE_SHA384},
};

void *
mod_kdf_new (ModProvider *provider, ModKdfKind kind, size_t size)
{
	EVP_KDF *inner = mod_provider_inner (provider, kind);
	ModKdf *kdf = inner ? calloc (1, size) : NULL;

	if (!kdf)
		return NULL;
	kdf->provider = provider;
	kdf->size = size;
	kdf->inner = EVP_KDF_CTX_new (inner);
	if (kdf->inner)
		return kdf;
	free (kdf);
	return NULL;
}

void
mod_kdf_free (void *data)
{
	ModKdf *kdf = data;

	if (!kdf)
		return;
	EVP_KDF_CTX_free (kdf->inner);
	explicit_bzero (kdf, kdf->size);
	free (kdf);
}

void *
mod_kdf_dup (void *data)
{
	ModKdf *kdf = data;
	EVP_KDF_CTX *inner = EVP_KDF_CTX_dup (kdf->inner);
	ModKdf *copy = inner ? malloc (kdf->size) : NULL;

	if (!copy) {
		EVP_KDF_CTX_free (inner);
		return NULL;
	}
	memcpy (copy, kdf, kdf->size);
	copy->inner = inner;
	return copy;
}

void
mod_kdf_reset (ModKdf *kdf)
{
	EVP_KDF_CTX_reset (kdf->inner);
	kdf->hash[0] = '\0';
}

int
mod_kdf_get_params (void *data, OSSL_PARAM params[])
{
	ModKdf *kdf = data;

	return EVP_KDF_CTX_get_params (kdf->inner, params);
}

const OSSL_PARAM *
mod_kdf_settable (void *provider, ModKdfKind kind)
{
	EVP_KDF *inner = mod_provider_inner (provider, kind);

	return inner ? EVP_KDF_settable_ctx_params (inner) : NULL;
}

const OSSL_PARAM *
mod_kdf_gettable (void *provider, ModKdfKind kind)
{
	EVP_KDF *inner = mod_provider_inner (provider, kind);

	return inner ? EVP_KDF_gettable_ctx_params (inner) : NULL;
}

void
mod_kdf_note_hash (ModKdf *kdf, const OSSL_PARAM params[])
{
	const OSSL_PARAM *param = OSSL_PARAM_locate_const (params, OSSL_KDF_PARAM_DIGEST);
	size_t len = param && param->data ? strnlen (param->data, param->data_size) : 0;

	if (!param)
		return;
	kdf->hash[0] = '\0';
	if (len == 0 || len >= sizeof kdf->hash)
		return;
	memcpy (kdf->hash, param->data, len);
	kdf->hash[len] = '\0';
}

const ModKeystoreHash *
mod_kdf_hash (const ModKdf *kdf)
{
	for (size_t i = 0; i < sizeof hash_names / sizeof *hash_names; i++)
		if (strcasecmp (hash_names[i].name, kdf->hash) == 0)
			return &hash_names[i].hash;
	mod_provider_raise (kdf->provider, MOD_REASON_HASH, kdf->hash);
	return NULL;
}

static bool
is_named (const OSSL_PARAM *param, const char *name)
{
	return name && strcmp (param->key, name) == 0;
}

int
mod_kdf_forward (ModKdf *kdf,
		 const OSSL_PARAM params[],
		 const char *withheld,
		 const char *withheld_too)
{
	OSSL_PARAM forwarded[FORWARDED_MAX + 1];
	size_t n = 0;

	for (; params && params->key; params++) {
		if (is_named (params, withheld) || is_named (params, withheld_too))
			continue;
		if (n == FORWARDED_MAX)
			return mod_provider_raise (kdf->provider, MOD_REASON_TOO_MANY_PARAMETERS,
						   "");
		forwarded[n++] = *params;
	}
	forwarded[n] = OSSL_PARAM_construct_end ();
	return EVP_KDF_CTX_set_params (kdf->inner, forwarded);
}

int
mod_kdf_finish (const ModKdf *kdf, ModKeystoreResult result, const char *detail)
{
	if (result == MOD_KEYSTORE_OK)
		return 1;
	return mod_provider_raise (kdf->provider,
				   result == MOD_KEYSTORE_REFUSED ? MOD_REASON_REFUSED
								  : MOD_REASON_UNAVAILABLE,
				   detail);
}
