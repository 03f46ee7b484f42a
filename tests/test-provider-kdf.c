/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TLS1-PRF of enrolee.so as libcrypto calls it: equal master secrets by reference, equal
 * output for all other input, an error for every misuse.
 */
#include <config.h>

#include "tests/provider-prf.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <string.h>

static void
check_equal (
	const char *hash, gboolean extended, const guint8 *other, gsize other_len, gsize key_len)
{
	guint8 key[512], zeros[512] = {0}, got[PRF_MASTER_LEN], expected[PRF_MASTER_LEN];
	g_autoptr (GBytes) by_reference =
		prf_premaster_new (other ? other : zeros, other ? other_len : 32, PRF_REFERENCE,
				   strlen (PRF_REFERENCE));
	g_autoptr (GBytes) real = NULL;
	FakeKeystore *fake;
	PrfInput input;

	for (gsize i = 0; i < key_len; i++)
		key[i] = (guint8)g_random_int ();
	real = prf_premaster_new (other ? other : zeros, other ? other_len : key_len, key, key_len);
	fake = prf_start_keystore (key, key_len);
	input = prf_input_new (hash, by_reference, extended);
	g_assert_true (prf_derive (prf_ours, &input, got, PRF_MASTER_LEN));
	g_assert_cmpuint (fake_keystore_requests (fake), ==, 1);
	input.secret = g_bytes_get_data (real, &input.secret_len);
	g_assert_true (prf_derive (prf_plain, &input, expected, PRF_MASTER_LEN));
	g_assert_cmpmem (got, PRF_MASTER_LEN, expected, PRF_MASTER_LEN);
	fake_keystore_stop (fake);
}

static void
test_master_secret (void)
{
	static const char *const names[] = {"SHA256", "SHA2-256", "sha-256",
					    "SHA384", "SHA2-384", "SHA-384"};
	static const gsize key_lens[] = {1, 16, 31, 32, 33, 48, 64, 128, 129, 511, 512};
	guint8 other[1024];

	memset (other, 0xa5, sizeof other);
	for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
		for (gsize j = 0; j < G_N_ELEMENTS (key_lens); j++) {
			gboolean extended = (i + j) & 1;

			check_equal (names[i], extended, NULL, 0, key_lens[j]);
			check_equal (names[i], !extended, other, 32 + j * 64, key_lens[j]);
		}
	}
	check_equal ("SHA256", TRUE, other, sizeof other, 32);
}

/* Parameters in any portions, and with a context used before for something else. */
static void
test_set_params (void)
{
	static const guint orders[][4] = {{7}, {1, 2, 4}, {4, 2, 1}, {2, 5}, {4, 1, 2}, {6, 1}};
	guint8 key[16] = "0123456789abcdef", got[PRF_MASTER_LEN], expected[PRF_MASTER_LEN];
	g_autoptr (GBytes) premaster = prf_good_premaster ();
	FakeKeystore *fake = prf_start_keystore (key, sizeof key);
	PrfInput input = prf_input_new ("SHA256", premaster, FALSE);
	EVP_KDF_CTX *context = prf_kdf_new (prf_ours, "TLS1-PRF");
	OSSL_PARAM params[8];

	g_assert_true (prf_derive (prf_ours, &input, expected, PRF_MASTER_LEN));
	for (gsize i = 0; i < G_N_ELEMENTS (orders); i++) {
		for (gsize j = 0; j < 4 && orders[i][j]; j++) {
			prf_fill_params (params, &input, orders[i][j]);
			g_assert_cmpint (EVP_KDF_CTX_set_params (context, params), >, 0);
		}
		g_assert_cmpint (EVP_KDF_derive (context, got, PRF_MASTER_LEN, NULL), >, 0);
		g_assert_cmpmem (got, PRF_MASTER_LEN, expected, PRF_MASTER_LEN);
		EVP_KDF_CTX_reset (context);
		g_assert_cmpint (EVP_KDF_derive (context, got, PRF_MASTER_LEN, NULL), <=, 0);
	}
	EVP_KDF_CTX_free (context);
	fake_keystore_stop (fake);
}

/* A reference gives way to an ordinary secret in the same context; the seeds stay. */
static void
test_secret_replaced (void)
{
	guint8 got[PRF_MASTER_LEN], expected[PRF_MASTER_LEN];
	g_autoptr (GBytes) premaster = prf_good_premaster ();
	PrfInput input = prf_input_new ("SHA256", premaster, FALSE);
	EVP_KDF_CTX *context = prf_kdf_new (prf_ours, "TLS1-PRF");
	OSSL_PARAM params[8];

	prf_fill_params (params, &input, 7);
	g_assert_cmpint (EVP_KDF_CTX_set_params (context, params), >, 0);
	input.secret = (const guint8 *)"ordinary";
	input.secret_len = 8;
	prf_fill_params (params, &input, 2);
	g_assert_cmpint (EVP_KDF_derive (context, got, PRF_MASTER_LEN, params), >, 0);
	g_assert_true (prf_derive (prf_plain, &input, expected, PRF_MASTER_LEN));
	g_assert_cmpmem (got, PRF_MASTER_LEN, expected, PRF_MASTER_LEN);
	EVP_KDF_CTX_free (context);
}

static void
check_fall_through (const char *hash)
{
	static const char *const labels[] = {"master secret", "extended master secret",
					     "key expansion", "client finished", "x"};
	guint8 secret[1600], seed[200], got[400], expected[400];
	PrfInput input = {.hash = hash, .secret = secret, .seed = seed};
	gsize out_len = (gsize)g_random_int_range (1, sizeof got);
	gboolean derived;

	for (gsize i = 0; i < sizeof secret; i++)
		secret[i] = (guint8)g_random_int ();
	for (gsize i = 0; i < sizeof seed; i++)
		seed[i] = (guint8)g_random_int ();
	input.secret_len = (gsize)g_random_int_range (0, sizeof secret);
	input.seed_len = (gsize)g_random_int_range (0, sizeof seed);
	input.label = labels[g_random_int_range (0, G_N_ELEMENTS (labels))];
	derived = prf_derive (prf_plain, &input, expected, out_len);
	g_assert_cmpint (prf_derive (prf_ours, &input, got, out_len), ==, derived);
	if (derived)
		g_assert_cmpmem (got, out_len, expected, out_len);
	ERR_clear_error ();
}

static void
test_fall_through (void)
{
	static const char *const hashes[] = {"MD5-SHA1", "SHA256", "SHA384",
					     "SHA512",   "SHA1",   "no-such-hash"};

	for (guint round = 0; round < 600; round++)
		check_fall_through (hashes[round % G_N_ELEMENTS (hashes)]);
}

static void
test_real_premaster_falls_through (void)
{
	guint8 zeros[32] = {0}, got[PRF_MASTER_LEN], expected[PRF_MASTER_LEN];
	g_autoptr (GBytes) premaster =
		prf_premaster_new (zeros, sizeof zeros, "a real key of thirty-two bytes!!", 32);
	PrfInput input = prf_input_new ("SHA256", premaster, TRUE);

	g_assert_true (prf_derive (prf_ours, &input, got, PRF_MASTER_LEN));
	g_assert_true (prf_derive (prf_plain, &input, expected, PRF_MASTER_LEN));
	g_assert_cmpmem (got, PRF_MASTER_LEN, expected, PRF_MASTER_LEN);
}

static void
test_refuses_hash (void)
{
	static const char *const hashes[] = {"MD5-SHA1", "SHA1", "SHA512", "SHA224", "SM3"};
	g_autoptr (GBytes) premaster = prf_good_premaster ();
	FakeKeystore *fake = prf_start_keystore (prf_randoms, 32);

	for (gsize i = 0; i < G_N_ELEMENTS (hashes); i++) {
		PrfInput input = prf_input_new ("SHA256", premaster, FALSE);

		input.hash = hashes[i];
		prf_assert_refused (&input, PRF_MASTER_LEN, "SHA-256 or SHA-384");
	}
	g_assert_cmpuint (fake_keystore_requests (fake), ==, 0);
	fake_keystore_stop (fake);
}

static void
test_refuses_label (void)
{
	static const char *const labels[] = {"key expansion", "client finished", "server finished",
					     "Master secret", ""};
	g_autoptr (GBytes) premaster = prf_good_premaster ();
	FakeKeystore *fake = prf_start_keystore (prf_randoms, 32);
	PrfInput input = prf_input_new ("SHA256", premaster, FALSE);

	for (gsize i = 0; i < G_N_ELEMENTS (labels); i++) {
		input.label = labels[i];
		prf_assert_refused (&input, PRF_MASTER_LEN, "master secret only");
	}
	for (gsize len = 0; len < 64; len++) {
		input = prf_input_new ("SHA256", premaster, FALSE);
		input.seed_len = len;
		prf_assert_refused (&input, PRF_MASTER_LEN, "master secret only");
	}
	input = prf_input_new ("SHA256", premaster, TRUE);
	input.seed_len = 48;
	prf_assert_refused (&input, PRF_MASTER_LEN, "master secret only");
	g_assert_cmpuint (fake_keystore_requests (fake), ==, 0);
	fake_keystore_stop (fake);
}

static void
test_refuses_output_length (void)
{
	g_autoptr (GBytes) premaster = prf_good_premaster ();
	FakeKeystore *fake = prf_start_keystore (prf_randoms, 32);
	PrfInput input = prf_input_new ("SHA256", premaster, FALSE);

	for (gsize len = 1; len < 128; len++)
		if (len != PRF_MASTER_LEN)
			prf_assert_refused (&input, len, "48 bytes");
	g_assert_cmpuint (fake_keystore_requests (fake), ==, 0);
	fake_keystore_stop (fake);
}

static void
test_refuses_malformed (void)
{
	static const char *const keys[] = {"pskref1:", "pskref1:" PRF_ID "x", "pskref2:" PRF_ID,
					   "pskref1:short"};
	guint8 zeros[32] = {0};

	for (gsize i = 0; i < G_N_ELEMENTS (keys); i++) {
		g_autoptr (GBytes) premaster =
			prf_premaster_new (zeros, sizeof zeros, keys[i], strlen (keys[i]));
		PrfInput input = prf_input_new ("SHA256", premaster, FALSE);
		EVP_KDF_CTX *context = prf_kdf_new (prf_ours, "TLS1-PRF");
		OSSL_PARAM params[8];
		guint8 out[PRF_MASTER_LEN];

		prf_assert_refused (&input, PRF_MASTER_LEN, "malformed reference");
		/* a caller that ignores the first refusal meets another */
		prf_fill_params (params, &input, 7);
		g_assert_cmpint (EVP_KDF_CTX_set_params (context, params), <=, 0);
		g_assert_cmpint (EVP_KDF_derive (context, out, sizeof out, NULL), <=, 0);
		EVP_KDF_CTX_free (context);
	}
}

static void
test_refused_by_keystore (void)
{
	guint8 zeros[32] = {0};
	g_autoptr (GBytes) premaster =
		prf_premaster_new (zeros, sizeof zeros, "pskref1:unknown_reference_000000", 32);
	FakeKeystore *fake = prf_start_keystore (prf_randoms, 32);
	PrfInput input = prf_input_new ("SHA256", premaster, FALSE);

	prf_assert_refused (&input, PRF_MASTER_LEN, "keystore refused");
	g_assert_cmpuint (fake_keystore_requests (fake), ==, 1);
	fake_keystore_stop (fake);
}

static void
count_params (const OSSL_PARAM *params, gsize *n)
{
	for (*n = 0; params && params[*n].key; (*n)++)
		;
}

/* What a caller may set and get is what the default implementation has. */
static void
test_parameters_delegated (void)
{
	static const char *const names[] = {"TLS1-PRF", "TLS13-KDF"};

	for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
		EVP_KDF *mine = EVP_KDF_fetch (prf_ours, names[i], NULL);
		EVP_KDF *theirs = EVP_KDF_fetch (prf_plain, names[i], NULL);
		EVP_KDF_CTX *context = prf_kdf_new (prf_ours, names[i]);
		gsize n_mine, n_theirs;

		count_params (EVP_KDF_settable_ctx_params (mine), &n_mine);
		count_params (EVP_KDF_settable_ctx_params (theirs), &n_theirs);
		g_assert_cmpuint (n_mine, ==, n_theirs);
		count_params (EVP_KDF_gettable_ctx_params (mine), &n_mine);
		count_params (EVP_KDF_gettable_ctx_params (theirs), &n_theirs);
		g_assert_cmpuint (n_mine, ==, n_theirs);
		g_assert_cmpuint (EVP_KDF_CTX_get_kdf_size (context), ==, SIZE_MAX);
		g_assert_cmpstr (OSSL_PROVIDER_get0_name (EVP_KDF_get0_provider (mine)), ==,
				 "enrolee");
		EVP_KDF_CTX_free (context);
		EVP_KDF_free (mine);
		EVP_KDF_free (theirs);
	}
}

static const PrfTest tests[] = {
	{"/provider/kdf/master-secret", test_master_secret},
	{"/provider/kdf/set-params", test_set_params},
	{"/provider/kdf/secret-replaced", test_secret_replaced},
	{"/provider/kdf/fall-through", test_fall_through},
	{"/provider/kdf/real-premaster-falls-through", test_real_premaster_falls_through},
	{"/provider/kdf/refuses-hash", test_refuses_hash},
	{"/provider/kdf/refuses-label", test_refuses_label},
	{"/provider/kdf/refuses-output-length", test_refuses_output_length},
	{"/provider/kdf/refuses-malformed", test_refuses_malformed},
	{"/provider/kdf/refused-by-keystore", test_refused_by_keystore},
	{"/provider/kdf/parameters-delegated", test_parameters_delegated},
};

int
main (int argc, char **argv)
{
	return prf_run_tests (&argc, &argv, tests, G_N_ELEMENTS (tests));
}
