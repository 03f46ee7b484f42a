/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See kdf.h. A context stands in front of one of the default implementation. It keeps a copy of
 * what a derivation by reference needs (hash, seeds, premaster) and hands on all parameters but a
 * secret that holds a reference, so that both ends of a context agree whatever comes next.
 */
#include <config.h>

#include "module/provider/kdf.h"

#include "module/provider/keystore.h"
#include "module/provider/provider.h"
#include "module/provider/reference.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FORWARDED_MAX 16 /* parameters beside a reference; libssl passes seven */

typedef struct {
	ModProvider *provider;
	EVP_KDF_CTX *inner;
	ModKdfKind algorithm;
	ModSecretKind secret_kind;
	char hash[24];   /* name, "" for none or one that is too long to be ours */
	size_t seed_len; /* above MOD_REFERENCE_SEED_MAX: too long for a master secret */
	uint8_t seed[MOD_REFERENCE_SEED_MAX];
	size_t premaster_len;
	uint8_t premaster[MOD_REFERENCE_PREMASTER_MAX]; /* valid for MOD_SECRET_REFERENCE */
} KdfContext;

/* Names of the hashes of TLS 1.2 cipher suites; what libssl passes is the first of each. */
static const struct {
	const char *name;
	ModKeystoreHash hash;
} hash_names[] = {
	{"SHA2-256", MOD_KEYSTORE_SHA256}, {"SHA256", MOD_KEYSTORE_SHA256},
	{"SHA-256", MOD_KEYSTORE_SHA256},  {"SHA2-384", MOD_KEYSTORE_SHA384},
	{"SHA384", MOD_KEYSTORE_SHA384},   {"SHA-384", MOD_KEYSTORE_SHA384},
};

static KdfContext *
context_new (ModProvider *provider, ModKdfKind algorithm)
{
	EVP_KDF *inner = mod_provider_inner (provider, algorithm);
	KdfContext *context = inner ? calloc (1, sizeof *context) : NULL;

	if (!context)
		return NULL;
	context->provider = provider;
	context->algorithm = algorithm;
	context->inner = EVP_KDF_CTX_new (inner);
	if (context->inner)
		return context;
	free (context);
	return NULL;
}

static void *
tls1_prf_new (void *provider)
{
	return context_new (provider, MOD_KDF_TLS1_PRF);
}

static void *
tls13_new (void *provider)
{
	return context_new (provider, MOD_KDF_TLS13);
}

static void
context_free (void *data)
{
	KdfContext *context = data;

	if (!context)
		return;
	EVP_KDF_CTX_free (context->inner);
	explicit_bzero (context, sizeof *context);
	free (context);
}

static void *
context_dup (void *data)
{
	KdfContext *context = data;
	EVP_KDF_CTX *inner = EVP_KDF_CTX_dup (context->inner);
	KdfContext *copy = inner ? malloc (sizeof *copy) : NULL;

	if (!copy) {
		EVP_KDF_CTX_free (inner);
		return NULL;
	}
	*copy = *context;
	copy->inner = inner;
	return copy;
}

static void
context_reset (void *data)
{
	KdfContext *context = data;

	EVP_KDF_CTX_reset (context->inner);
	context->secret_kind = MOD_SECRET_ORDINARY;
	context->hash[0] = '\0';
	context->seed_len = 0;
	explicit_bzero (context->premaster, sizeof context->premaster);
}

static void
note_hash (KdfContext *context, const OSSL_PARAM *param)
{
	size_t len = param->data ? strnlen (param->data, param->data_size) : 0;

	context->hash[0] = '\0';
	if (len >= sizeof context->hash)
		return;
	memcpy (context->hash, param->data, len);
	context->hash[len] = '\0';
}

/* Seeds add up over parameters and calls, as in the default implementation. */
static void
note_seed (KdfContext *context, const OSSL_PARAM *param)
{
	if (!param->data || param->data_size == 0)
		return;
	if (context->seed_len > sizeof context->seed ||
	    param->data_size > sizeof context->seed - context->seed_len) {
		context->seed_len = sizeof context->seed + 1;
		return;
	}
	memcpy (context->seed + context->seed_len, param->data, param->data_size);
	context->seed_len += param->data_size;
}

static int
note_premaster (KdfContext *context, const OSSL_PARAM *param)
{
	ModPremaster ignored;

	context->secret_kind =
		param->data && param->data_type == OSSL_PARAM_OCTET_STRING
			? mod_reference_parse_premaster (param->data, param->data_size, &ignored)
			: MOD_SECRET_ORDINARY;
	if (context->secret_kind == MOD_SECRET_MALFORMED)
		return mod_provider_raise (context->provider, MOD_REASON_MALFORMED_REFERENCE, "");
	if (context->secret_kind == MOD_SECRET_REFERENCE) {
		memcpy (context->premaster, param->data, param->data_size);
		context->premaster_len = param->data_size;
	}
	return 1;
}

/* TLS 1.3 gives the pre-shared key itself as input keying material. */
static int
note_key (KdfContext *context, const OSSL_PARAM *param)
{
	context->secret_kind = MOD_SECRET_ORDINARY;
	if (!param->data || !mod_reference_is_key (param->data, param->data_size))
		return 1;
	context->secret_kind = MOD_SECRET_MALFORMED;
	return mod_provider_raise (context->provider, MOD_REASON_TLS13, "");
}

static int
note_params (KdfContext *context, const OSSL_PARAM params[])
{
	const OSSL_PARAM *param;

	if (!params)
		return 1;
	if (context->algorithm == MOD_KDF_TLS13) {
		param = OSSL_PARAM_locate_const (params, OSSL_KDF_PARAM_KEY);
		return !param || note_key (context, param);
	}
	if ((param = OSSL_PARAM_locate_const (params, OSSL_KDF_PARAM_DIGEST)))
		note_hash (context, param);
	for (param = OSSL_PARAM_locate_const (params, OSSL_KDF_PARAM_SEED); param;
	     param = OSSL_PARAM_locate_const (param + 1, OSSL_KDF_PARAM_SEED))
		note_seed (context, param);
	param = OSSL_PARAM_locate_const (params, OSSL_KDF_PARAM_SECRET);
	return !param || note_premaster (context, param);
}

/* Hands on everything but the secret, which is of no use to anybody else. */
static int
forward_without_secret (KdfContext *context, const OSSL_PARAM params[])
{
	OSSL_PARAM forwarded[FORWARDED_MAX + 1];
	size_t n = 0;

	for (; params && params->key; params++) {
		if (strcmp (params->key, OSSL_KDF_PARAM_SECRET) == 0)
			continue;
		if (n == FORWARDED_MAX)
			return mod_provider_raise (context->provider,
						   MOD_REASON_TOO_MANY_PARAMETERS, "");
		forwarded[n++] = *params;
	}
	forwarded[n] = OSSL_PARAM_construct_end ();
	return EVP_KDF_CTX_set_params (context->inner, forwarded);
}

static int
context_set_params (void *data, const OSSL_PARAM params[])
{
	KdfContext *context = data;

	if (!note_params (context, params))
		return 0;
	return context->secret_kind == MOD_SECRET_REFERENCE
		       ? forward_without_secret (context, params)
		       : EVP_KDF_CTX_set_params (context->inner, params);
}

static const ModKeystoreHash *
find_hash (const char *name)
{
	for (size_t i = 0; i < sizeof hash_names / sizeof *hash_names; i++)
		if (strcasecmp (hash_names[i].name, name) == 0)
			return &hash_names[i].hash;
	return NULL;
}

static int
derive_by_reference (KdfContext *context, unsigned char *key, size_t key_len)
{
	ModProvider *provider = context->provider;
	const ModKeystoreHash *hash = find_hash (context->hash);
	ModPremaster premaster;
	ModSeed seed;
	const char *detail;
	ModKeystoreResult result;

	if (mod_reference_parse_premaster (context->premaster, context->premaster_len,
					   &premaster) != MOD_SECRET_REFERENCE)
		return mod_provider_raise (provider, MOD_REASON_MALFORMED_REFERENCE, "");
	if (!hash)
		return mod_provider_raise (provider, MOD_REASON_HASH, context->hash);
	if (context->seed_len > sizeof context->seed ||
	    !mod_reference_parse_seed (context->seed, context->seed_len,
				       mod_keystore_hash_len (*hash), &seed))
		return mod_provider_raise (provider, MOD_REASON_LABEL, "");
	if (!key || key_len != MOD_KEYSTORE_MASTER_LEN)
		return mod_provider_raise (provider, MOD_REASON_OUTPUT_LENGTH, "");
	result = mod_keystore_master_secret (&premaster, *hash, &seed, key, &detail);
	if (result == MOD_KEYSTORE_OK)
		return 1;
	return mod_provider_raise (provider,
				   result == MOD_KEYSTORE_REFUSED ? MOD_REASON_REFUSED
								  : MOD_REASON_UNAVAILABLE,
				   detail);
}

static int
refuse (const KdfContext *context)
{
	return mod_provider_raise (context->provider,
				   context->algorithm == MOD_KDF_TLS13
					   ? MOD_REASON_TLS13
					   : MOD_REASON_MALFORMED_REFERENCE,
				   "");
}

static int
context_derive (void *data, unsigned char *key, size_t key_len, const OSSL_PARAM params[])
{
	KdfContext *context = data;

	if (!note_params (context, params))
		return 0;
	switch (context->secret_kind) {
	case MOD_SECRET_ORDINARY:
		return EVP_KDF_derive (context->inner, key, key_len, params);
	case MOD_SECRET_REFERENCE:
		return forward_without_secret (context, params) &&
		       derive_by_reference (context, key, key_len);
	case MOD_SECRET_MALFORMED:
		return refuse (context);
	}
	return 0;
}

static int
context_get_params (void *data, OSSL_PARAM params[])
{
	KdfContext *context = data;

	return EVP_KDF_CTX_get_params (context->inner, params);
}

static const OSSL_PARAM *
inner_params (void *provider, ModKdfKind algorithm, bool settable)
{
	EVP_KDF *inner = mod_provider_inner (provider, algorithm);

	if (!inner)
		return NULL;
	return settable ? EVP_KDF_settable_ctx_params (inner) : EVP_KDF_gettable_ctx_params (inner);
}

static const OSSL_PARAM *
tls1_prf_settable (void *context, void *provider)
{
	return inner_params (provider, MOD_KDF_TLS1_PRF, true);
}

static const OSSL_PARAM *
tls1_prf_gettable (void *context, void *provider)
{
	return inner_params (provider, MOD_KDF_TLS1_PRF, false);
}

static const OSSL_PARAM *
tls13_settable (void *context, void *provider)
{
	return inner_params (provider, MOD_KDF_TLS13, true);
}

static const OSSL_PARAM *
tls13_gettable (void *context, void *provider)
{
	return inner_params (provider, MOD_KDF_TLS13, false);
}

#define COMMON_FUNCTIONS                                                                           \
	{OSSL_FUNC_KDF_DUPCTX, (void (*) (void))context_dup},                                      \
		{OSSL_FUNC_KDF_FREECTX, (void (*) (void))context_free},                            \
		{OSSL_FUNC_KDF_RESET, (void (*) (void))context_reset},                             \
		{OSSL_FUNC_KDF_DERIVE, (void (*) (void))context_derive},                           \
		{OSSL_FUNC_KDF_SET_CTX_PARAMS, (void (*) (void))context_set_params},               \
	{                                                                                          \
		OSSL_FUNC_KDF_GET_CTX_PARAMS, (void (*) (void))context_get_params                  \
	}

const OSSL_DISPATCH mod_kdf_tls1_prf[] = {
	{OSSL_FUNC_KDF_NEWCTX, (void (*) (void))tls1_prf_new},
	COMMON_FUNCTIONS,
	{OSSL_FUNC_KDF_SETTABLE_CTX_PARAMS, (void (*) (void))tls1_prf_settable},
	{OSSL_FUNC_KDF_GETTABLE_CTX_PARAMS, (void (*) (void))tls1_prf_gettable},
	{0, NULL},
};

const OSSL_DISPATCH mod_kdf_tls13[] = {
	{OSSL_FUNC_KDF_NEWCTX, (void (*) (void))tls13_new},
	COMMON_FUNCTIONS,
	{OSSL_FUNC_KDF_SETTABLE_CTX_PARAMS, (void (*) (void))tls13_settable},
	{OSSL_FUNC_KDF_GETTABLE_CTX_PARAMS, (void (*) (void))tls13_gettable},
	{0, NULL},
};
