/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enrolee.so as libcrypto loads it: a library context with the provider and a fake keystore, beside
 * one with the default provider alone that has the real key. Equal master secrets by reference,
 * equal output for all other input, an error for every misuse, bounded time without a keystore.
 */
#include <config.h>

#include "tests/provider-fake.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ID "abcdefghijklmnopqrstuv-_"
#define REFERENCE "pskref1:" ID
#define MASTER_LEN 48

static char *folder;
static OSSL_LIB_CTX *ours;  /* with enrolee.so */
static OSSL_LIB_CTX *plain; /* without */

typedef struct {
	const char *hash;
	const guint8 *secret;
	gsize secret_len;
	const char *label;
	const guint8 *seed;
	gsize seed_len;
} Input;

static guint8 randoms[64];

static GBytes *
premaster_new (const guint8 *other, gsize other_len, const void *key, gsize key_len)
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
static gsize
fill_params (OSSL_PARAM *params, const Input *input, guint part)
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

static EVP_KDF_CTX *
kdf_new (OSSL_LIB_CTX *libctx, const char *name)
{
	EVP_KDF *kdf = EVP_KDF_fetch (libctx, name, NULL);
	EVP_KDF_CTX *context;

	g_assert_nonnull (kdf);
	context = EVP_KDF_CTX_new (kdf);
	EVP_KDF_free (kdf);
	g_assert_nonnull (context);
	return context;
}

static gboolean
prf (OSSL_LIB_CTX *libctx, const Input *input, guint8 *out, gsize out_len)
{
	EVP_KDF_CTX *context = kdf_new (libctx, "TLS1-PRF");
	OSSL_PARAM params[8];
	gboolean derived;

	fill_params (params, input, 7);
	derived = EVP_KDF_derive (context, out, out_len, params) > 0;
	EVP_KDF_CTX_free (context);
	return derived;
}

static Input
input_new (const char *hash, GBytes *premaster, gboolean extended)
{
	Input input = {
		.hash = hash,
		.label = extended ? "extended master secret" : "master secret",
		.seed = randoms,
		.seed_len = !extended              ? 64
			    : strstr (hash, "384") ? 48
						   : 32,
	};

	input.secret = g_bytes_get_data (premaster, &input.secret_len);
	return input;
}

static FakeKeystore *
start_with_key (const guint8 *key, gsize key_len)
{
	FakeKeystore *fake = fake_keystore_start (folder);
	g_autoptr (GBytes) bytes = g_bytes_new (key, key_len);

	fake_keystore_add (fake, ID, bytes);
	return fake;
}

/* A good request, to be spoilt by the tests of refusals. */
static GBytes *
good_premaster (void)
{
	guint8 zeros[32] = {0};

	return premaster_new (zeros, sizeof zeros, REFERENCE, 32);
}

static void
assert_refused (const Input *input, gsize out_len, const char *reason)
{
	guint8 out[128] = {0}, zeros[128] = {0};
	const char *text;

	ERR_clear_error ();
	g_assert_false (prf (ours, input, out, out_len));
	g_assert_cmpmem (out, sizeof out, zeros, sizeof zeros);
	text = ERR_reason_error_string (ERR_peek_last_error ());
	g_assert_nonnull (text);
	if (!strstr (text, reason))
		g_error ("refused with \"%s\", wanted \"%s\"", text, reason);
	ERR_clear_error ();
}

static void
check_equal (
	const char *hash, gboolean extended, const guint8 *other, gsize other_len, gsize key_len)
{
	guint8 key[512], zeros[512] = {0}, got[MASTER_LEN], expected[MASTER_LEN];
	g_autoptr (GBytes) by_reference = premaster_new (
		other ? other : zeros, other ? other_len : 32, REFERENCE, strlen (REFERENCE));
	g_autoptr (GBytes) real = NULL;
	FakeKeystore *fake;
	Input input;

	for (gsize i = 0; i < key_len; i++)
		key[i] = (guint8)g_random_int ();
	real = premaster_new (other ? other : zeros, other ? other_len : key_len, key, key_len);
	fake = start_with_key (key, key_len);
	input = input_new (hash, by_reference, extended);
	g_assert_true (prf (ours, &input, got, MASTER_LEN));
	g_assert_cmpuint (fake_keystore_requests (fake), ==, 1);
	input.secret = g_bytes_get_data (real, &input.secret_len);
	g_assert_true (prf (plain, &input, expected, MASTER_LEN));
	g_assert_cmpmem (got, MASTER_LEN, expected, MASTER_LEN);
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
	guint8 key[16] = "0123456789abcdef", got[MASTER_LEN], expected[MASTER_LEN];
	g_autoptr (GBytes) premaster = good_premaster ();
	FakeKeystore *fake = start_with_key (key, sizeof key);
	Input input = input_new ("SHA256", premaster, FALSE);
	EVP_KDF_CTX *context = kdf_new (ours, "TLS1-PRF");
	OSSL_PARAM params[8];

	g_assert_true (prf (ours, &input, expected, MASTER_LEN));
	for (gsize i = 0; i < G_N_ELEMENTS (orders); i++) {
		for (gsize j = 0; j < 4 && orders[i][j]; j++) {
			fill_params (params, &input, orders[i][j]);
			g_assert_cmpint (EVP_KDF_CTX_set_params (context, params), >, 0);
		}
		g_assert_cmpint (EVP_KDF_derive (context, got, MASTER_LEN, NULL), >, 0);
		g_assert_cmpmem (got, MASTER_LEN, expected, MASTER_LEN);
		EVP_KDF_CTX_reset (context);
		g_assert_cmpint (EVP_KDF_derive (context, got, MASTER_LEN, NULL), <=, 0);
	}
	EVP_KDF_CTX_free (context);
	fake_keystore_stop (fake);
}

/* A reference gives way to an ordinary secret in the same context; the seeds stay. */
static void
test_secret_replaced (void)
{
	guint8 got[MASTER_LEN], expected[MASTER_LEN];
	g_autoptr (GBytes) premaster = good_premaster ();
	Input input = input_new ("SHA256", premaster, FALSE);
	EVP_KDF_CTX *context = kdf_new (ours, "TLS1-PRF");
	OSSL_PARAM params[8];

	fill_params (params, &input, 7);
	g_assert_cmpint (EVP_KDF_CTX_set_params (context, params), >, 0);
	input.secret = (const guint8 *)"ordinary";
	input.secret_len = 8;
	fill_params (params, &input, 2);
	g_assert_cmpint (EVP_KDF_derive (context, got, MASTER_LEN, params), >, 0);
	g_assert_true (prf (plain, &input, expected, MASTER_LEN));
	g_assert_cmpmem (got, MASTER_LEN, expected, MASTER_LEN);
	EVP_KDF_CTX_free (context);
}

static void
check_fall_through (const char *hash)
{
	static const char *const labels[] = {"master secret", "extended master secret",
					     "key expansion", "client finished", "x"};
	guint8 secret[1600], seed[200], got[400], expected[400];
	Input input = {.hash = hash, .secret = secret, .seed = seed};
	gsize out_len = (gsize)g_random_int_range (1, sizeof got);
	gboolean derived;

	for (gsize i = 0; i < sizeof secret; i++)
		secret[i] = (guint8)g_random_int ();
	for (gsize i = 0; i < sizeof seed; i++)
		seed[i] = (guint8)g_random_int ();
	input.secret_len = (gsize)g_random_int_range (0, sizeof secret);
	input.seed_len = (gsize)g_random_int_range (0, sizeof seed);
	input.label = labels[g_random_int_range (0, G_N_ELEMENTS (labels))];
	derived = prf (plain, &input, expected, out_len);
	g_assert_cmpint (prf (ours, &input, got, out_len), ==, derived);
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
	guint8 zeros[32] = {0}, got[MASTER_LEN], expected[MASTER_LEN];
	g_autoptr (GBytes) premaster =
		premaster_new (zeros, sizeof zeros, "a real key of thirty-two bytes!!", 32);
	Input input = input_new ("SHA256", premaster, TRUE);

	g_assert_true (prf (ours, &input, got, MASTER_LEN));
	g_assert_true (prf (plain, &input, expected, MASTER_LEN));
	g_assert_cmpmem (got, MASTER_LEN, expected, MASTER_LEN);
}

static void
test_refuses_hash (void)
{
	static const char *const hashes[] = {"MD5-SHA1", "SHA1", "SHA512", "SHA224", "SM3"};
	g_autoptr (GBytes) premaster = good_premaster ();
	FakeKeystore *fake = start_with_key (randoms, 32);

	for (gsize i = 0; i < G_N_ELEMENTS (hashes); i++) {
		Input input = input_new ("SHA256", premaster, FALSE);

		input.hash = hashes[i];
		assert_refused (&input, MASTER_LEN, "SHA-256 or SHA-384");
	}
	g_assert_cmpuint (fake_keystore_requests (fake), ==, 0);
	fake_keystore_stop (fake);
}

static void
test_refuses_label (void)
{
	static const char *const labels[] = {"key expansion", "client finished", "server finished",
					     "Master secret", ""};
	g_autoptr (GBytes) premaster = good_premaster ();
	FakeKeystore *fake = start_with_key (randoms, 32);
	Input input = input_new ("SHA256", premaster, FALSE);

	for (gsize i = 0; i < G_N_ELEMENTS (labels); i++) {
		input.label = labels[i];
		assert_refused (&input, MASTER_LEN, "master secret only");
	}
	for (gsize len = 0; len < 64; len++) {
		input = input_new ("SHA256", premaster, FALSE);
		input.seed_len = len;
		assert_refused (&input, MASTER_LEN, "master secret only");
	}
	input = input_new ("SHA256", premaster, TRUE);
	input.seed_len = 48;
	assert_refused (&input, MASTER_LEN, "master secret only");
	g_assert_cmpuint (fake_keystore_requests (fake), ==, 0);
	fake_keystore_stop (fake);
}

static void
test_refuses_output_length (void)
{
	g_autoptr (GBytes) premaster = good_premaster ();
	FakeKeystore *fake = start_with_key (randoms, 32);
	Input input = input_new ("SHA256", premaster, FALSE);

	for (gsize len = 1; len < 128; len++)
		if (len != MASTER_LEN)
			assert_refused (&input, len, "48 bytes");
	g_assert_cmpuint (fake_keystore_requests (fake), ==, 0);
	fake_keystore_stop (fake);
}

static void
test_refuses_malformed (void)
{
	static const char *const keys[] = {"pskref1:", "pskref1:" ID "x", "pskref2:" ID,
					   "pskref1:short"};
	guint8 zeros[32] = {0};

	for (gsize i = 0; i < G_N_ELEMENTS (keys); i++) {
		g_autoptr (GBytes) premaster =
			premaster_new (zeros, sizeof zeros, keys[i], strlen (keys[i]));
		Input input = input_new ("SHA256", premaster, FALSE);
		EVP_KDF_CTX *context = kdf_new (ours, "TLS1-PRF");
		OSSL_PARAM params[8];
		guint8 out[MASTER_LEN];

		assert_refused (&input, MASTER_LEN, "malformed reference");
		/* a caller that ignores the first refusal meets another */
		fill_params (params, &input, 7);
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
		premaster_new (zeros, sizeof zeros, "pskref1:unknown_reference_000000", 32);
	FakeKeystore *fake = start_with_key (randoms, 32);
	Input input = input_new ("SHA256", premaster, FALSE);

	assert_refused (&input, MASTER_LEN, "keystore refused");
	g_assert_cmpuint (fake_keystore_requests (fake), ==, 1);
	fake_keystore_stop (fake);
}

/* A good call first, so that no time-out of an earlier test is remembered. */
static void
check_bounded (FakeConduct conduct, const char *reason)
{
	g_autoptr (GBytes) premaster = good_premaster ();
	FakeKeystore *fake = start_with_key (randoms, 32);
	Input input = input_new ("SHA256", premaster, FALSE);
	guint8 out[MASTER_LEN];
	gint64 start;

	g_assert_true (prf (ours, &input, out, MASTER_LEN));
	fake_keystore_set_conduct (fake, conduct);
	start = g_get_monotonic_time ();
	assert_refused (&input, MASTER_LEN, reason);
	g_assert_cmpint (g_get_monotonic_time () - start, <, 4 * G_USEC_PER_SEC);
	fake_keystore_stop (fake);
}

static void
test_short_answer (void)
{
	check_bounded (FAKE_SHORT, "");
}

static void
test_silent (void)
{
	check_bounded (FAKE_SILENT, "does not answer");
}

static void
test_hangup (void)
{
	check_bounded (FAKE_HANGUP, "does not answer");
}

static void
test_no_keystore (void)
{
	g_autoptr (GBytes) premaster = good_premaster ();
	Input input = input_new ("SHA256", premaster, FALSE);
	gint64 start = g_get_monotonic_time ();

	assert_refused (&input, MASTER_LEN, "does not answer");
	g_assert_cmpint (g_get_monotonic_time () - start, <, 4 * G_USEC_PER_SEC);
	/* not multiplied */
	start = g_get_monotonic_time ();
	for (int i = 0; i < 20; i++)
		assert_refused (&input, MASTER_LEN, "does not answer");
	g_assert_cmpint (g_get_monotonic_time () - start, <, 4 * G_USEC_PER_SEC);
}

static gpointer
derive_many (gpointer data)
{
	g_autoptr (GBytes) premaster = good_premaster ();
	Input input = input_new ("SHA256", premaster, TRUE);
	guint8 out[MASTER_LEN];

	for (int i = 0; i < 200; i++) {
		g_assert_true (prf (ours, &input, out, MASTER_LEN));
		g_assert_cmpmem (out, MASTER_LEN, data, MASTER_LEN);
	}
	return NULL;
}

static void
test_threads (void)
{
	FakeKeystore *fake = start_with_key (randoms, 32);
	g_autoptr (GBytes) premaster = good_premaster ();
	Input input = input_new ("SHA256", premaster, TRUE);
	guint8 expected[MASTER_LEN];
	GThread *threads[4];

	g_assert_true (prf (ours, &input, expected, MASTER_LEN));
	for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
		threads[i] = g_thread_new (NULL, derive_many, expected);
	for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
		g_thread_join (threads[i]);
	fake_keystore_stop (fake);
}

/* The child derives by a connection of its own and leaves through libcrypto's exit handler. */
static void
test_fork (void)
{
	FakeKeystore *fake = start_with_key (randoms, 32);
	g_autoptr (GBytes) premaster = good_premaster ();
	Input input = input_new ("SHA256", premaster, TRUE);
	guint8 expected[MASTER_LEN], out[MASTER_LEN];

	g_assert_true (prf (ours, &input, expected, MASTER_LEN));
	for (int i = 0; i < 3; i++) {
		pid_t pid = fork ();
		int status;

		if (pid == 0) {
			if (!prf (ours, &input, out, MASTER_LEN) ||
			    memcmp (out, expected, MASTER_LEN) != 0)
				_exit (1);
			OPENSSL_cleanup ();
			_exit (0);
		}
		g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
		g_assert_cmpint (status, ==, 0);
		g_assert_true (prf (ours, &input, out, MASTER_LEN));
	}
	fake_keystore_stop (fake);
}

static void
test_dup (void)
{
	guint8 got[MASTER_LEN], expected[MASTER_LEN];
	g_autoptr (GBytes) premaster = good_premaster ();
	FakeKeystore *fake = start_with_key (randoms, 32);
	Input input = input_new ("SHA256", premaster, FALSE);
	EVP_KDF_CTX *context = kdf_new (ours, "TLS1-PRF");
	EVP_KDF_CTX *reference = kdf_new (plain, "TLS1-PRF");
	EVP_KDF_CTX *possible = EVP_KDF_CTX_dup (reference);
	EVP_KDF_CTX *copy;
	OSSL_PARAM params[8];

	fill_params (params, &input, 7);
	g_assert_cmpint (EVP_KDF_CTX_set_params (context, params), >, 0);
	copy = EVP_KDF_CTX_dup (context);
	g_assert_cmpint (copy != NULL, ==, possible != NULL); /* since OpenSSL 3.1 */
	if (copy) {
		g_assert_cmpint (EVP_KDF_derive (context, expected, MASTER_LEN, NULL), >, 0);
		g_assert_cmpint (EVP_KDF_derive (copy, got, MASTER_LEN, NULL), >, 0);
		g_assert_cmpmem (got, MASTER_LEN, expected, MASTER_LEN);
	}
	EVP_KDF_CTX_free (copy);
	EVP_KDF_CTX_free (possible);
	EVP_KDF_CTX_free (reference);
	EVP_KDF_CTX_free (context);
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
		EVP_KDF *mine = EVP_KDF_fetch (ours, names[i], NULL);
		EVP_KDF *theirs = EVP_KDF_fetch (plain, names[i], NULL);
		EVP_KDF_CTX *context = kdf_new (ours, names[i]);
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

static gboolean
tls13_extract (OSSL_LIB_CTX *libctx, const char *key, guint8 *out)
{
	int mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY;
	EVP_KDF_CTX *context = kdf_new (libctx, "TLS13-KDF");
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int (OSSL_KDF_PARAM_MODE, &mode),
		OSSL_PARAM_construct_utf8_string (OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_KEY, (char *)key, strlen (key)),
		OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_PREFIX, (char *)"tls13 ", 6),
		OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_LABEL, (char *)"derived", 7),
		OSSL_PARAM_construct_end (),
	};
	gboolean derived = EVP_KDF_derive (context, out, 32, params) > 0;

	EVP_KDF_CTX_free (context);
	return derived;
}

static void
test_tls13_refuses (void)
{
	guint8 got[32], expected[32];

	g_assert_true (tls13_extract (ours, "an ordinary key", got));
	g_assert_true (tls13_extract (plain, "an ordinary key", expected));
	g_assert_cmpmem (got, 32, expected, 32);
	ERR_clear_error ();
	g_assert_false (tls13_extract (ours, REFERENCE, got));
	g_assert_nonnull (
		strstr (ERR_reason_error_string (ERR_peek_last_error ()), "need TLS 1.2"));
	g_assert_false (tls13_extract (ours, "pskref1:anything", got));
	ERR_clear_error ();
}

/* Loading, using and unloading again and again leaves nothing open. */
static guint
count_descriptors (void)
{
	g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
	guint n = 0;

	while (g_dir_read_name (dir))
		n++;
	return n;
}

static OSSL_LIB_CTX *
context_with_provider (const char *properties)
{
	g_autofree char *modules = g_build_filename (g_getenv ("top_builddir"), ".libs", NULL);
	OSSL_LIB_CTX *libctx = OSSL_LIB_CTX_new ();

	g_assert_cmpint (OSSL_PROVIDER_set_default_search_path (libctx, modules), ==, 1);
	g_assert_nonnull (OSSL_PROVIDER_load (libctx, "enrolee"));
	g_assert_nonnull (OSSL_PROVIDER_load (libctx, "default"));
	g_assert_cmpint (EVP_set_default_properties (libctx, properties), ==, 1);
	return libctx;
}

static void
test_load_and_unload (void)
{
	FakeKeystore *fake = start_with_key (randoms, 32);
	g_autoptr (GBytes) premaster = good_premaster ();
	Input input = input_new ("SHA256", premaster, TRUE);
	guint8 out[MASTER_LEN];
	guint before = 0;

	for (int i = 0; i < 20; i++) {
		OSSL_LIB_CTX *libctx =
			context_with_provider ("?enrolee.pskref=yes,?enrolee.first=yes");

		g_assert_true (prf (libctx, &input, out, MASTER_LEN));
		OSSL_LIB_CTX_free (libctx);
		if (i == 0)
			before = count_descriptors ();
	}
	g_assert_cmpuint (count_descriptors (), ==, before);
	fake_keystore_stop (fake);
}

/* Who wins: our properties beside what programs ask for. */
static void
test_wins (void)
{
	static const struct {
		const char *properties, *query, *winner;
	} cases[] = {
		{"?enrolee.pskref=yes,?enrolee.first=yes", NULL, "enrolee"},
		{"?enrolee.pskref=yes,?enrolee.first=yes", "provider!=fips", "enrolee"},
		{"?enrolee.pskref=yes,?enrolee.first=yes", "?provider=pkcs11", "enrolee"},
		{"?enrolee.pskref=yes,?enrolee.first=yes", "?provider=default", "enrolee"},
		{"?enrolee.pskref=yes,?enrolee.first=yes", "provider=default", "default"},
		{"?enrolee.pskref=yes,?enrolee.first=yes", "fips!=yes", "enrolee"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		OSSL_LIB_CTX *libctx = context_with_provider (cases[i].properties);
		EVP_KDF *kdf = EVP_KDF_fetch (libctx, "TLS1-PRF", cases[i].query);

		g_assert_nonnull (kdf);
		g_assert_cmpstr (OSSL_PROVIDER_get0_name (EVP_KDF_get0_provider (kdf)), ==,
				 cases[i].winner);
		EVP_KDF_free (kdf);
		kdf = EVP_KDF_fetch (libctx, "TLS1-PRF", "fips=yes");
		g_assert_null (kdf);
		OSSL_LIB_CTX_free (libctx);
	}
	ERR_clear_error ();
}

static void
test_without_default (void)
{
	g_autofree char *modules = g_build_filename (g_getenv ("top_builddir"), ".libs", NULL);
	OSSL_LIB_CTX *libctx = OSSL_LIB_CTX_new ();
	EVP_KDF *kdf;

	OSSL_PROVIDER_set_default_search_path (libctx, modules);
	g_assert_nonnull (OSSL_PROVIDER_load (libctx, "enrolee"));
	kdf = EVP_KDF_fetch (libctx, "TLS1-PRF", NULL);
	g_assert_nonnull (kdf);
	ERR_clear_error ();
	g_assert_null (EVP_KDF_CTX_new (kdf));
	g_assert_cmpuint (ERR_peek_error (), !=, 0);
	ERR_clear_error ();
	EVP_KDF_free (kdf);
	OSSL_LIB_CTX_free (libctx);
}

static const struct {
	const char *path;
	void (*run) (void);
} tests[] = {
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
	{"/provider/kdf/threads", test_threads},
	{"/provider/kdf/fork", test_fork},
	{"/provider/kdf/dup", test_dup},
	{"/provider/kdf/parameters-delegated", test_parameters_delegated},
	{"/provider/kdf/tls13-refuses", test_tls13_refuses},
	{"/provider/kdf/load-and-unload", test_load_and_unload},
	{"/provider/kdf/wins", test_wins},
	{"/provider/kdf/without-default", test_without_default},
	{"/provider/kdf/short-answer", test_short_answer},
	{"/provider/kdf/hangup", test_hangup},
	{"/provider/kdf/silent", test_silent},
	{"/provider/kdf/no-keystore", test_no_keystore},
};

int
main (int argc, char **argv)
{
	int status;

	g_test_init (&argc, &argv, NULL);
	folder = g_dir_make_tmp ("enrolee-provider-XXXXXX", NULL);
	g_setenv ("ENROLEE_RUNTIME_DIR", folder, TRUE);
	for (gsize i = 0; i < sizeof randoms; i++)
		randoms[i] = (guint8)(i * 5 + 1);
	ours = context_with_provider ("?enrolee.pskref=yes,?enrolee.first=yes");
	plain = OSSL_LIB_CTX_new ();
	g_assert_nonnull (OSSL_PROVIDER_load (plain, "default"));
	for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
		g_test_add_func (tests[i].path, tests[i].run);
	status = g_test_run ();
	OSSL_LIB_CTX_free (ours);
	OSSL_LIB_CTX_free (plain);
	g_rmdir (folder);
	g_free (folder);
	return status;
}
