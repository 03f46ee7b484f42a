/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enrolee.so, the OpenSSL provider that lets unmodified programs do TLS-PSK with a key that stays
 * in the keystore: the program holds a reference where it expects the key. This file is the
 * provider's entry, its algorithms and errors; kdf-tls12.c and kdf-tls13.c are what they do.
 */
#include <config.h>

#include "module/provider/provider.h"

#include "module/provider/kdf.h"
#include "module/provider/keystore.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <stdarg.h>
#include <stdlib.h>

/*
 * Two property names of our own: a program's own query on another name neither selects nor excludes
 * us, and two terms win beside one `?provider=...`. Never fips.
 */
#define PROPERTIES "provider=enrolee,enrolee.pskref=yes,enrolee.first=yes"
#define OTHERS "provider!=enrolee"

static const OSSL_ALGORITHM kdfs[] = {
	{"TLS1-PRF", PROPERTIES, mod_kdf_tls1_prf, "TLS 1.2 PRF, pre-shared keys by reference"},
	{"TLS13-KDF", PROPERTIES, mod_kdf_tls13, "TLS 1.3 KDF, pre-shared keys by reference"},
	{NULL, NULL, NULL, NULL},
};

static const OSSL_ITEM reasons[] = {
	{MOD_REASON_NO_DEFAULT, "no other provider has this key derivation"},
	{MOD_REASON_MALFORMED_REFERENCE, "malformed reference to a pre-shared key"},
	{MOD_REASON_HASH, "references need TLS 1.2 or 1.3 with SHA-256 or SHA-384"},
	{MOD_REASON_LABEL, "a reference is good for a master secret only"},
	{MOD_REASON_OUTPUT_LENGTH, "a master secret has 48 bytes"},
	{MOD_REASON_TOO_MANY_PARAMETERS, "too many parameters beside a reference"},
	{MOD_REASON_STEP, "a reference is not good for this derivation of TLS 1.3"},
	{MOD_REASON_SECRET_LENGTH, "a secret of TLS 1.3 is as long as its hash"},
	{MOD_REASON_EARLY_DATA, "a reference is not good for early data"},
	{MOD_REASON_NO_DHE, "a reference needs Diffie-Hellman in TLS 1.3 (psk_dhe_ke)"},
	{MOD_REASON_UNAVAILABLE, "the keystore does not answer"},
	{MOD_REASON_REFUSED, "the keystore refused"},
	{0, NULL},
};

static void
raise_format (ModProvider *provider, ModReason reason, const char *format, ...)
{
	va_list arguments;

	va_start (arguments, format);
	provider->vset_error (provider->handle, (uint32_t)reason, format, arguments);
	va_end (arguments);
}

int
mod_provider_raise (ModProvider *provider, ModReason reason, const char *detail)
{
	if (!provider->new_error || !provider->vset_error)
		return 0;
	provider->new_error (provider->handle);
	if (provider->set_error_debug)
		provider->set_error_debug (provider->handle, "enrolee", 0, "");
	raise_format (provider, reason, *detail ? "%s" : NULL, detail);
	return 0;
}

EVP_KDF *
mod_provider_inner (ModProvider *provider, ModKdfKind kind)
{
	EVP_KDF *inner = __atomic_load_n (&provider->inner[kind], __ATOMIC_ACQUIRE);

	if (inner)
		return inner;
	/* Not at load time: the other providers may be activated after this one. */
	pthread_mutex_lock (&provider->lock);
	inner = provider->inner[kind];
	if (!inner) {
		inner = EVP_KDF_fetch (provider->libctx, kdfs[kind].algorithm_names, OTHERS);
		__atomic_store_n (&provider->inner[kind], inner, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock (&provider->lock);
	if (!inner)
		mod_provider_raise (provider, MOD_REASON_NO_DEFAULT, kdfs[kind].algorithm_names);
	return inner;
}

static const OSSL_ALGORITHM *
query (void *provider, int operation, int *no_cache)
{
	*no_cache = 0;
	return operation == OSSL_OP_KDF ? kdfs : NULL;
}

static const OSSL_ITEM *
get_reason_strings (void *provider)
{
	return reasons;
}

static const OSSL_PARAM *
gettable_params (void *provider)
{
	static const OSSL_PARAM gettable[] = {
		OSSL_PARAM_utf8_ptr (OSSL_PROV_PARAM_NAME, NULL, 0),
		OSSL_PARAM_utf8_ptr (OSSL_PROV_PARAM_VERSION, NULL, 0),
		OSSL_PARAM_utf8_ptr (OSSL_PROV_PARAM_BUILDINFO, NULL, 0),
		OSSL_PARAM_int (OSSL_PROV_PARAM_STATUS, NULL),
		OSSL_PARAM_END,
	};

	return gettable;
}

static int
get_params (void *provider, OSSL_PARAM params[])
{
	OSSL_PARAM *name = OSSL_PARAM_locate (params, OSSL_PROV_PARAM_NAME);
	OSSL_PARAM *version = OSSL_PARAM_locate (params, OSSL_PROV_PARAM_VERSION);
	OSSL_PARAM *build = OSSL_PARAM_locate (params, OSSL_PROV_PARAM_BUILDINFO);
	OSSL_PARAM *status = OSSL_PARAM_locate (params, OSSL_PROV_PARAM_STATUS);

	return (!name || OSSL_PARAM_set_utf8_ptr (name, "enrolee: pre-shared keys by reference")) &&
	       (!version || OSSL_PARAM_set_utf8_ptr (version, PACKAGE_VERSION)) &&
	       (!build || OSSL_PARAM_set_utf8_ptr (build, PACKAGE_STRING)) &&
	       (!status || OSSL_PARAM_set_int (status, 1));
}

static void
teardown (void *data)
{
	ModProvider *provider = data;

	for (size_t i = 0; i < MOD_N_KDFS; i++)
		EVP_KDF_free (provider->inner[i]);
	OSSL_LIB_CTX_free (provider->libctx);
	pthread_mutex_destroy (&provider->lock);
	free (provider);
}

static const OSSL_DISPATCH dispatch[] = {
	{OSSL_FUNC_PROVIDER_TEARDOWN, (void (*) (void))teardown},
	{OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, (void (*) (void))gettable_params},
	{OSSL_FUNC_PROVIDER_GET_PARAMS, (void (*) (void))get_params},
	{OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*) (void))query},
	{OSSL_FUNC_PROVIDER_GET_REASON_STRINGS, (void (*) (void))get_reason_strings},
	{0, NULL},
};

static void
take_core_functions (ModProvider *provider, const OSSL_DISPATCH *in)
{
	for (; in->function_id != 0; in++) {
		if (in->function_id == OSSL_FUNC_CORE_NEW_ERROR)
			provider->new_error = OSSL_FUNC_core_new_error (in);
		else if (in->function_id == OSSL_FUNC_CORE_SET_ERROR_DEBUG)
			provider->set_error_debug = OSSL_FUNC_core_set_error_debug (in);
		else if (in->function_id == OSSL_FUNC_CORE_VSET_ERROR)
			provider->vset_error = OSSL_FUNC_core_vset_error (in);
	}
}

OSSL_provider_init_fn OSSL_provider_init;

__attribute__ ((visibility ("default"))) int
OSSL_provider_init (const OSSL_CORE_HANDLE *handle,
		    const OSSL_DISPATCH *in,
		    const OSSL_DISPATCH **out,
		    void **context)
{
	ModProvider *provider = calloc (1, sizeof *provider);

	if (!provider)
		return 0;
	provider->handle = handle;
	take_core_functions (provider, in);
	provider->libctx = OSSL_LIB_CTX_new_child (handle, in);
	if (!provider->libctx) {
		free (provider);
		return 0;
	}
	pthread_mutex_init (&provider->lock, NULL);
	mod_keystore_init ();
	*out = dispatch;
	*context = provider;
	return 1;
}
