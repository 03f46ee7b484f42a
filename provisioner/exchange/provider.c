/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The OpenSSL providers of this process. The system's OpenSSL
 * configuration is not read: it may load our own module, or others that want a PIN. OpenSSL's first
 * use reads it, and so does libcurl whatever OpenSSL was told: main.c leaves none to be found.
 */
#include <config.h>

#include "provisioner/exchange/provider.h"

#include "provisioner/crypto.h"

#include <openssl/conf.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/provider.h>

#define PROVIDER "enrolee"
/* Two names of our own: a program may negate the name "provider", or one of these. */
#define PROPERTIES "?enrolee.pskref=yes,?enrolee.first=yes"

/* Held until they are unloaded: OpenSSL does not free what it lent. */
static OSSL_PROVIDER *held[2];

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
	    (held[0] = OSSL_PROVIDER_load (NULL, "default")) == NULL ||
	    (held[1] = OSSL_PROVIDER_load (NULL, PROVIDER)) == NULL ||
	    EVP_set_default_properties (NULL, PROPERTIES) != 1 || !prf_is_ours ())
		return pv_crypto_fail (error, PV_ERROR_LOCAL,
				       "the OpenSSL provider for pre-shared keys does not load");
	return TRUE;
}

void
pv_provider_unload (void)
{
	for (gsize i = G_N_ELEMENTS (held); i-- > 0;) {
		if (held[i] != NULL)
			OSSL_PROVIDER_unload (held[i]);
		held[i] = NULL;
	}
}

/* As pkg/openssl/openssl.cnf.in has it: peers' signatures are verified by OpenSSL itself. */
#define PKCS11_SETTINGS                                                                            \
	"openssl_conf = main_sect\n"                                                               \
	"[main_sect]\nproviders = provider_sect\n"                                                 \
	"[provider_sect]\npkcs11 = pkcs11_sect\n"                                                  \
	"[pkcs11_sect]\npkcs11-module-path = %s\n"                                                 \
	"pkcs11-module-load-behavior = early\n"                                                    \
	"pkcs11-module-block-operations = digest kdf random\n"                                     \
	"activate = 1\n"

/* In config(5) a backslash takes any meaning from the character behind it. */
static char *
escape (const char *path)
{
	GString *text = g_string_new (NULL);

	for (const char *at = path; *at != '\0'; at++) {
		if (!g_ascii_isalnum (*at))
			g_string_append_c (text, '\\');
		g_string_append_c (text, *at);
	}
	return g_string_free (text, FALSE);
}

static gboolean
load_pkcs11 (const char *module)
{
	g_autofree char *path = escape (module);
	g_autofree char *text = g_strdup_printf (PKCS11_SETTINGS, path);
	g_autoptr (BIO) bio = BIO_new_mem_buf (text, -1);
	CONF *conf = NCONF_new (NULL);
	gboolean loaded;

	g_unsetenv ("PKCS11_PROVIDER_MODULE"); /* would win over the path above */
	g_unsetenv ("PKCS11_PROVIDER_DEBUG");
	OPENSSL_load_builtin_modules ();
	/* It is OpenSSL's own folder that has pkcs11.so, not that of our provider. */
	loaded = bio != NULL && conf != NULL &&
		 OSSL_PROVIDER_set_default_search_path (NULL, NULL) == 1 &&
		 NCONF_load_bio (conf, bio, NULL) == 1 && CONF_modules_load (conf, NULL, 0) == 1 &&
		 OSSL_PROVIDER_available (NULL, "pkcs11") == 1;
	NCONF_free (conf);
	return loaded;
}

gboolean
pv_provider_load_pkcs11 (const char *module, GError **error)
{
	if (OSSL_PROVIDER_available (NULL, "pkcs11") == 1 || (*module != '\0' && load_pkcs11 (module)))
		return TRUE;
	return pv_crypto_fail (error, PV_ERROR_LOCAL,
			       "no certificate can be used: pkcs11-provider (the package of that name) "
			       "does not load with our module");
}
