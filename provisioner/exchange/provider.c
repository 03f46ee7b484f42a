/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The OpenSSL provider that resolves references to pre-shared keys. The system's OpenSSL
 * configuration is not read: it may load our own module, or others that want a PIN.
 */
#include <config.h>

#include "provisioner/exchange/provider.h"

#include "provisioner/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/provider.h>

#define PROVIDER "enrolee"
/* Two names of our own: a program may negate the name "provider", or one of these. */
#define PROPERTIES "?enrolee.pskref=yes,?enrolee.first=yes"

static gboolean
prf_is_ours (void)
{
	EVP_KDF *prf = EVP_KDF_fetch (NULL, "TLS1-PRF", NULL);
	gboolean ours =
		prf != NULL &&
		g_str_equal (OSSL_PROVIDER_get0_name (EVP_KDF_get0_provider (prf)), PROVIDER);

	EVP_KDF_free (prf);
	return ours;
}

gboolean
pv_provider_load (const char *directory, const char *runtime_dir, GError **error)
{
	if (OPENSSL_init_crypto (OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1 ||
	    !g_setenv ("ENROLEE_RUNTIME_DIR", runtime_dir, TRUE) ||
	    OSSL_PROVIDER_set_default_search_path (NULL, directory) != 1 ||
	    OSSL_PROVIDER_load (NULL, "default") == NULL ||
	    OSSL_PROVIDER_load (NULL, PROVIDER) == NULL ||
	    EVP_set_default_properties (NULL, PROPERTIES) != 1 || !prf_is_ours ())
		return pv_crypto_fail (error, PV_ERROR_LOCAL,
				       "the OpenSSL provider for pre-shared keys does not load");
	return TRUE;
}
