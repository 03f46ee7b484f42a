/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TLS1-PRF, see kdf.h: keeps a copy of what a derivation by reference needs (seeds, premaster). */
#include <config.h>

#include "module/provider/kdf-private.h"
#include "module/provider/reference.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <string.h>

typedef struct {
	ModKdf base;
	ModSecretKind secret_kind;
	size_t seed_len; /* above MOD_REFERENCE_SEED_MAX: too long for a master secret */
	uint8_t seed[MOD_REFERENCE_SEED_MAX];
	size_t premaster_len;
	uint8_t premaster[MOD_REFERENCE_PREMASTER_MAX]; /* valid for MOD_SECRET_REFERENCE */
} PrfContext;

static void *
context_new (void *provider)
{
	return mod_kdf_new (provider, MOD_KDF_TLS1_PRF, sizeof (PrfContext));
}

static void
context_reset (void *data)
{
	PrfContext *context = data;

	mod_kdf_reset (&context->base);
	context->secret_kind = MOD_SECRET_ORDINARY;
	context->seed_len = 0;
	explicit_bzero (context->premaster, sizeof context->premaster);
}

/* Seeds add up over parameters and calls, as in the default implementation. */
static void
note_seed (PrfContext *context, const OSSL_PARAM *param)
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
note_premaster (PrfContext *context, const OSSL_PARAM *param)
{
	ModPremaster ignored;

	context->secret_kind =
		param->data && param->data_type == OSSL_PARAM_OCTET_STRING
			? mod_reference_parse_premaster (param->data, param->data_size, &ignored)
			: MOD_SECRET_ORDINARY;
	if (context->secret_kind == MOD_SECRET_MALFORMED)
		return mod_provider_raise (context->base.provider, MOD_REASON_MALFORMED_REFERENCE,
					   "");
	if (context->secret_kind == MOD_SECRET_REFERENCE) {
		memcpy (context->premaster, param->data, param->data_size);
		context->premaster_len = param->data_size;
	}
	return 1;
}

static int
note_params (PrfContext *context, const OSSL_PARAM params[])
{
	const OSSL_PARAM *param;

	if (!params)
		return 1;
	mod_kdf_note_hash (&context->base, params);
	for (param = OSSL_PARAM_locate_const (params, OSSL_KDF_PARAM_SEED); param;
	     param = OSSL_PARAM_locate_const (param + 1, OSSL_KDF_PARAM_SEED))
		note_seed (context, param);
	param = OSSL_PARAM_locate_const (params, OSSL_KDF_PARAM_SECRET);
	return !param || note_premaster (context, param);
}

static int
context_set_params (void *data, const OSSL_PARAM params[])
{
	PrfContext *context = data;

	if (!note_params (context, params))
		return 0;
	return context->secret_kind == MOD_SECRET_REFERENCE
		       ? mod_kdf_forward (&context->base, params, OSSL_KDF_PARAM_SECRET, NULL)
		       : EVP_KDF_CTX_set_params (context->base.inner, params);
}

static int
derive_by_reference (PrfContext *context, unsigned char *key, size_t key_len)
{
	ModProvider *provider = context->base.provider;
	const ModKeystoreHash *hash;
	ModPremaster premaster;
	ModSeed seed;
	const char *detail;
	ModKeystoreResult result;

	if (mod_reference_parse_premaster (context->premaster, context->premaster_len,
					   &premaster) != MOD_SECRET_REFERENCE)
		return mod_provider_raise (provider, MOD_REASON_MALFORMED_REFERENCE, "");
	hash = mod_kdf_hash (&context->base);
	if (!hash)
		return 0;
	if (context->seed_len > sizeof context->seed ||
	    !mod_reference_parse_seed (context->seed, context->seed_len,
				       mod_keystore_hash_len (*hash), &seed))
		return mod_provider_raise (provider, MOD_REASON_LABEL, "");
	if (!key || key_len != MOD_KEYSTORE_MASTER_LEN)
		return mod_provider_raise (provider, MOD_REASON_OUTPUT_LENGTH, "");
	result = mod_keystore_master_secret (&premaster, *hash, &seed, key, &detail);
	return mod_kdf_finish (&context->base, result, detail);
}

static int
context_derive (void *data, unsigned char *key, size_t key_len, const OSSL_PARAM params[])
{
	PrfContext *context = data;

	if (!note_params (context, params))
		return 0;
	switch (context->secret_kind) {
	case MOD_SECRET_ORDINARY:
		return EVP_KDF_derive (context->base.inner, key, key_len, params);
	case MOD_SECRET_REFERENCE:
		return mod_kdf_forward (&context->base, params, OSSL_KDF_PARAM_SECRET, NULL) &&
		       derive_by_reference (context, key, key_len);
	case MOD_SECRET_MALFORMED:
		return mod_provider_raise (context->base.provider, MOD_REASON_MALFORMED_REFERENCE,
					   "");
	}
	return 0;
}

static const OSSL_PARAM *
settable (void *context, void *provider)
{
	return mod_kdf_settable (provider, MOD_KDF_TLS1_PRF);
}

static const OSSL_PARAM *
gettable (void *context, void *provider)
{
	return mod_kdf_gettable (provider, MOD_KDF_TLS1_PRF);
}

const OSSL_DISPATCH mod_kdf_tls1_prf[] = {
	{OSSL_FUNC_KDF_NEWCTX, (void (*) (void))context_new},
	{OSSL_FUNC_KDF_DUPCTX, (void (*) (void))mod_kdf_dup},
	{OSSL_FUNC_KDF_FREECTX, (void (*) (void))mod_kdf_free},
	{OSSL_FUNC_KDF_RESET, (void (*) (void))context_reset},
	{OSSL_FUNC_KDF_DERIVE, (void (*) (void))context_derive},
	{OSSL_FUNC_KDF_SET_CTX_PARAMS, (void (*) (void))context_set_params},
	{OSSL_FUNC_KDF_GET_CTX_PARAMS, (void (*) (void))mod_kdf_get_params},
	{OSSL_FUNC_KDF_SETTABLE_CTX_PARAMS, (void (*) (void))settable},
	{OSSL_FUNC_KDF_GETTABLE_CTX_PARAMS, (void (*) (void))gettable},
	{0, NULL},
};
