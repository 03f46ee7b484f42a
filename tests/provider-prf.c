/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See provider-prf.h. */
#include <config.h>

#include "tests/provider-prf.h"

#include <glib/gstdio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <string.h>

OSSL_LIB_CTX *prf_ours;
OSSL_LIB_CTX *prf_plain;
guint8 prf_randoms[64];
static char *prf_folder;

GBytes *
prf_premaster_new (const guint8 *other, gsize other_len, const void *key, gsize key_len)
{
	GByteArray *bytes = g_byte_array_new ();
	guint8 lengths[4] = {(guint8)(other_len >> 8), (guint8)other_len, (guint8)(key_len >> 8),
			     (guint8)key_len};

	g_byte_array_append (bytes, lengths, 2);
	g_byte_array_append (bytes, other, (guint)other_len);
	g_byte_array_append (bytes, lengths + 2, 2);
	g_byte_array_append (bytes, key, (guint)key_len);
	return g_byte_array_free_to_bytes (bytes);
}

/* The parameters that libssl passes, in its order; @part selects: 1 hash, 2 secret, 4 seeds. */
gsize
prf_fill_params (OSSL_PARAM *params, const PrfInput *input, guint part)
{
	gsize n = 0;

	if (part & 1)
		params[n++] = OSSL_PARAM_construct_utf8_string (OSSL_KDF_PARAM_DIGEST,
								(char *)input->hash, 0);
	if (part & 2)
		params[n++] = OSSL_PARAM_construct_octet_string (
			OSSL_KDF_PARAM_SECRET, (guint8 *)input->secret, input->secret_len);
	if (part & 4) {
		params[n++] = OSSL_PARAM_construct_octet_string (
			OSSL_KDF_PARAM_SEED, (char *)input->label, strlen (input->label));
		params[n++] = OSSL_PARAM_construct_octet_string (
			OSSL_KDF_PARAM_SEED, (guint8 *)input->seed, input->seed_len / 2);
		params[n++] = OSSL_PARAM_construct_octet_string (
			OSSL_KDF_PARAM_SEED, (guint8 *)input->seed + input->seed_len / 2,
			input->seed_len - input->seed_len / 2);
		params[n++] = OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_SEED, NULL, 0);
	}
	params[n] = OSSL_PARAM_construct_end ();
	return n;
}

EVP_KDF_CTX *
prf_kdf_new (OSSL_LIB_CTX *libctx, const char *name)
{
	EVP_KDF *kdf = EVP_KDF_fetch (libctx, name, NULL);
	EVP_KDF_CTX *context;

	g_assert_nonnull (kdf);
	context = EVP_KDF_CTX_new (kdf);
	EVP_KDF_free (kdf);
	g_assert_nonnull (context);
	return context;
}

gboolean
prf_derive (OSSL_LIB_CTX *libctx, const PrfInput *input, guint8 *out, gsize out_len)
{
	EVP_KDF_CTX *context = prf_kdf_new (libctx, "TLS1-PRF");
	OSSL_PARAM params[8];
	gboolean derived;

	prf_fill_params (params, input, 7);
	derived = EVP_KDF_derive (context, out, out_len, params) > 0;
	EVP_KDF_CTX_free (context);
	return derived;
}

PrfInput
prf_input_new (const char *hash, GBytes *premaster, gboolean extended)
{
	PrfInput input = {
		.hash = hash,
		.label = extended ? "extended master secret" : "master secret",
		.seed = prf_randoms,
		.seed_len = !extended              ? 64
			    : strstr (hash, "384") ? 48
						   : 32,
	};

	input.secret = g_bytes_get_data (premaster, &input.secret_len);
	return input;
}

FakeKeystore *
prf_start_keystore (const guint8 *key, gsize key_len)
{
	FakeKeystore *fake = fake_keystore_start (prf_folder);
	g_autoptr (GBytes) bytes = g_bytes_new (key, key_len);

	fake_keystore_add (fake, PRF_ID, bytes);
	return fake;
}

/* A good request, to be spoilt by the tests of refusals. */
GBytes *
prf_good_premaster (void)
{
	guint8 zeros[32] = {0};

	return prf_premaster_new (zeros, sizeof zeros, PRF_REFERENCE, 32);
}

void
prf_assert_refused (const PrfInput *input, gsize out_len, const char *reason)
{
	guint8 out[128] = {0}, zeros[128] = {0};
	const char *text;

	ERR_clear_error ();
	g_assert_false (prf_derive (prf_ours, input, out, out_len));
	g_assert_cmpmem (out, sizeof out, zeros, sizeof zeros);
	text = ERR_reason_error_string (ERR_peek_last_error ());
	g_assert_nonnull (text);
	if (!strstr (text, reason))
		g_error ("refused with \"%s\", wanted \"%s\"", text, reason);
	ERR_clear_error ();
}

/* By configuration, as programs get it: a provider loaded by hand would have to be unloaded by
 * hand. */
OSSL_LIB_CTX *
prf_context_new (const char *properties)
{
	g_autofree char *module =
		g_build_filename (g_getenv ("top_builddir"), ".libs", "enrolee.so", NULL);
	g_autofree char *file = g_build_filename (prf_folder, "openssl.cnf", NULL);
	g_autofree char *text = g_strdup_printf ("openssl_conf = init\n"
						 "[init]\n"
						 "providers = providers\n"
						 "alg_section = algorithms\n"
						 "[providers]\n"
						 "enrolee = enrolee_sect\n"
						 "default = default_sect\n"
						 "[enrolee_sect]\n"
						 "module = %s\n"
						 "activate = 1\n"
						 "[default_sect]\n"
						 "activate = 1\n"
						 "[algorithms]\n"
						 "default_properties = %s\n",
						 module, properties);
	OSSL_LIB_CTX *libctx = OSSL_LIB_CTX_new ();

	g_assert_true (g_file_set_contents (file, text, -1, NULL));
	g_assert_cmpint (OSSL_LIB_CTX_load_config (libctx, file), ==, 1);
	g_assert_true (OSSL_PROVIDER_available (libctx, "enrolee"));
	g_unlink (file);
	return libctx;
}

int
prf_run_tests (int *argc, char ***argv, const PrfTest *tests, gsize n_tests)
{
	int status;

	g_test_init (argc, argv, NULL);
	prf_folder = g_dir_make_tmp ("enrolee-provider-XXXXXX", NULL);
	g_setenv ("ENROLEE_RUNTIME_DIR", prf_folder, TRUE);
	for (gsize i = 0; i < sizeof prf_randoms; i++)
		prf_randoms[i] = (guint8)(i * 5 + 1);
	prf_ours = prf_context_new ("?enrolee.pskref=yes,?enrolee.first=yes");
	prf_plain = OSSL_LIB_CTX_new ();
	for (gsize i = 0; i < n_tests; i++)
		g_test_add_func (tests[i].path, tests[i].run);
	status = g_test_run ();
	OSSL_LIB_CTX_free (prf_ours);
	OSSL_LIB_CTX_free (prf_plain);
	g_rmdir (prf_folder);
	g_free (prf_folder);
	return status;
}
