/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whose key derivations a program gets: ours, whatever the order of the providers, beside one or
 * two others that have the same (pkcs11-provider has HKDF and TLS 1.3's), and whatever the program
 * asks for by itself; but not where a program wants a provider and no other.
 */
#include <config.h>

#include <glib.h>
#include <glib/gstdio.h>
#include <openssl/conf.h>
#include <openssl/core_dispatch.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/provider.h>

/* ---- a rival: all that matters of it is that it is there ---- */

static void *
rival_new (void *provider)
{
	return NULL;
}

static void
rival_free (void *context)
{
}

static int
rival_derive (void *context, unsigned char *key, size_t len, const OSSL_PARAM params[])
{
	return 0;
}

static const OSSL_DISPATCH rival_kdf[] = {
	{OSSL_FUNC_KDF_NEWCTX, (void (*) (void))rival_new},
	{OSSL_FUNC_KDF_FREECTX, (void (*) (void))rival_free},
	{OSSL_FUNC_KDF_DERIVE, (void (*) (void))rival_derive},
	{0, NULL},
};

static const OSSL_ALGORITHM *
rival_query (void *provider, int operation, int *no_cache)
{
	static const OSSL_ALGORITHM kdfs[] = {
		{"HKDF", "provider=pkcs11", rival_kdf, NULL},
		{"TLS1-PRF", "provider=pkcs11", rival_kdf, NULL},
		{"TLS13-KDF", "provider=pkcs11", rival_kdf, NULL},
		{NULL, NULL, NULL, NULL},
	};

	*no_cache = 0;
	return operation == OSSL_OP_KDF ? kdfs : NULL;
}

static int
rival_init (const OSSL_CORE_HANDLE *handle,
	    const OSSL_DISPATCH *in,
	    const OSSL_DISPATCH **out,
	    void **provider)
{
	static const OSSL_DISPATCH functions[] = {
		{OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*) (void))rival_query},
		{0, NULL},
	};

	*out = functions;
	*provider = (void *)handle;
	return 1;
}

/* ---- a program's library context ---- */

/* @order: names of sections, in their order. */
static OSSL_LIB_CTX *
context_new (const char *order)
{
	g_autofree char *module =
		g_build_filename (g_getenv ("top_builddir"), ".libs", "enrolee.so", NULL);
	g_autoptr (GString) text =
		g_string_new ("openssl_conf = init\n[init]\nproviders = providers\n"
			      "alg_section = algorithms\n[providers]\n");
	g_auto (GStrv) names = g_strsplit (order, " ", -1);
	g_autofree char *file = NULL;
	OSSL_LIB_CTX *libctx = OSSL_LIB_CTX_new ();
	int fd = g_file_open_tmp ("enrolee-XXXXXX", &file, NULL);

	g_assert_cmpint (fd, >=, 0);
	g_close (fd, NULL);
	for (gsize i = 0; names[i] != NULL; i++)
		g_string_append_printf (text, "%s = %s_sect\n", names[i], names[i]);
	g_string_append_printf (text,
				"[default_sect]\nactivate = 1\n[rival_sect]\nactivate = 1\n"
				"[enrolee_sect]\nmodule = %s\nactivate = 1\n[algorithms]\n"
				"default_properties = ?enrolee.pskref=yes,?enrolee.first=yes\n",
				module);
	g_assert_true (g_file_set_contents (file, text->str, -1, NULL));
	g_assert_true (OSSL_PROVIDER_add_builtin (libctx, "rival", rival_init));
	g_assert_cmpint (OSSL_LIB_CTX_load_config (libctx, file), ==, 1);
	g_unlink (file);
	return libctx;
}

/* NULL: nobody has it. */
static const char *
winner (OSSL_LIB_CTX *libctx, const char *algorithm, const char *query)
{
	EVP_KDF *kdf = EVP_KDF_fetch (libctx, algorithm, query);
	const char *name =
		kdf != NULL ? OSSL_PROVIDER_get0_name (EVP_KDF_get0_provider (kdf)) : NULL;

	EVP_KDF_free (kdf); /* the context keeps the provider */
	ERR_clear_error ();
	return name;
}

static void
test_wins (void)
{
	static const char *const orders[] = {
		"enrolee default",       "default enrolee",       "enrolee default rival",
		"enrolee rival default", "default enrolee rival", "default rival enrolee",
		"rival enrolee default", "rival default enrolee", "rival enrolee",
	};
	static const char *const algorithms[] = {"TLS1-PRF", "TLS13-KDF"};
	static const struct {
		const char *query, *winner;
	} cases[] = {
		{NULL, "enrolee"},
		{"provider!=fips", "enrolee"},
		{"?provider=pkcs11", "enrolee"},
		{"?provider=default", "enrolee"},
		{"?provider!=default", "enrolee"},
		{"fips!=yes", "enrolee"},
		{"?fips=yes", "enrolee"},
		{"provider=enrolee", "enrolee"},
		{"provider=default", "default"},
		{"provider=pkcs11", "rival"},
		{"fips=yes", NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS (orders); i++) {
		OSSL_LIB_CTX *libctx = context_new (orders[i]);

		for (gsize j = 0; j < 2 * G_N_ELEMENTS (cases); j++) {
			const char *wanted = cases[j / 2].winner;
			const char *got = winner (libctx, algorithms[j & 1], cases[j / 2].query);

			if (wanted != NULL && !OSSL_PROVIDER_available (libctx, wanted))
				wanted = NULL;
			if (g_strcmp0 (got, wanted) != 0)
				g_error ("%s, %s, query %s: %s", orders[i], algorithms[j & 1],
					 cases[j / 2].query, got);
		}
		OSSL_LIB_CTX_free (libctx);
	}
}

/* A program with a context of its own, and no configuration for it, has not heard of us. */
static void
test_own_context (void)
{
	OSSL_LIB_CTX *libctx = OSSL_LIB_CTX_new ();

	g_assert_cmpstr (winner (libctx, "TLS13-KDF", NULL), ==, "default");
	g_assert_null (winner (libctx, "TLS13-KDF", "enrolee.pskref=yes"));
	OSSL_LIB_CTX_free (libctx);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/provider/wins/matrix", test_wins);
	g_test_add_func ("/provider/wins/own-context", test_own_context);
	return g_test_run ();
}
