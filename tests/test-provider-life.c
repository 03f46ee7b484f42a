/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of enrolee.so in a program: threads, forked children, loading and unloading, other
 * providers beside it, and a keystore that is away or misbehaves: bounded time, never a literal
 * key.
 */
#include <config.h>

#include "tests/provider-prf.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A good call first, so that no time-out of an earlier test is remembered. */
static void
check_bounded (FakeConduct conduct, const char *reason)
{
	g_autoptr (GBytes) premaster = prf_good_premaster ();
	FakeKeystore *fake = prf_start_keystore (prf_randoms, 32);
	PrfInput input = prf_input_new ("SHA256", premaster, FALSE);
	guint8 out[PRF_MASTER_LEN];
	gint64 start;

	g_assert_true (prf_derive (prf_ours, &input, out, PRF_MASTER_LEN));
	fake_keystore_set_conduct (fake, conduct);
	start = g_get_monotonic_time ();
	prf_assert_refused (&input, PRF_MASTER_LEN, reason);
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

/* An answer that takes its time is waited for. */
static void
test_slow (void)
{
	g_autoptr (GBytes) premaster = prf_good_premaster ();
	FakeKeystore *fake = prf_start_keystore (prf_randoms, 32);
	PrfInput input = prf_input_new ("SHA256", premaster, FALSE);
	guint8 out[PRF_MASTER_LEN];

	fake_keystore_set_conduct (fake, FAKE_SLOW);
	g_assert_true (prf_derive (prf_ours, &input, out, PRF_MASTER_LEN));
	fake_keystore_stop (fake);
}

static void
test_hangup (void)
{
	check_bounded (FAKE_HANGUP, "does not answer");
}

static void
test_no_keystore (void)
{
	g_autoptr (GBytes) premaster = prf_good_premaster ();
	PrfInput input = prf_input_new ("SHA256", premaster, FALSE);
	gint64 start = g_get_monotonic_time ();

	prf_assert_refused (&input, PRF_MASTER_LEN, "does not answer");
	g_assert_cmpint (g_get_monotonic_time () - start, <, 4 * G_USEC_PER_SEC);
	/* not multiplied */
	start = g_get_monotonic_time ();
	for (int i = 0; i < 20; i++)
		prf_assert_refused (&input, PRF_MASTER_LEN, "does not answer");
	g_assert_cmpint (g_get_monotonic_time () - start, <, 4 * G_USEC_PER_SEC);
}

static gpointer
derive_many (gpointer data)
{
	g_autoptr (GBytes) premaster = prf_good_premaster ();
	PrfInput input = prf_input_new ("SHA256", premaster, TRUE);
	guint8 out[PRF_MASTER_LEN];

	for (int i = 0; i < 200; i++) {
		g_assert_true (prf_derive (prf_ours, &input, out, PRF_MASTER_LEN));
		g_assert_cmpmem (out, PRF_MASTER_LEN, data, PRF_MASTER_LEN);
	}
	return NULL;
}

static void
test_threads (void)
{
	FakeKeystore *fake = prf_start_keystore (prf_randoms, 32);
	g_autoptr (GBytes) premaster = prf_good_premaster ();
	PrfInput input = prf_input_new ("SHA256", premaster, TRUE);
	guint8 expected[PRF_MASTER_LEN];
	GThread *threads[4];

	g_assert_true (prf_derive (prf_ours, &input, expected, PRF_MASTER_LEN));
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
	FakeKeystore *fake = prf_start_keystore (prf_randoms, 32);
	g_autoptr (GBytes) premaster = prf_good_premaster ();
	PrfInput input = prf_input_new ("SHA256", premaster, TRUE);
	guint8 expected[PRF_MASTER_LEN], out[PRF_MASTER_LEN];

	g_assert_true (prf_derive (prf_ours, &input, expected, PRF_MASTER_LEN));
	for (int i = 0; i < 3; i++) {
		pid_t pid = fork ();
		int status;

		if (pid == 0) {
			if (!prf_derive (prf_ours, &input, out, PRF_MASTER_LEN) ||
			    memcmp (out, expected, PRF_MASTER_LEN) != 0)
				_exit (1);
			OPENSSL_cleanup ();
			_exit (0);
		}
		g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
		g_assert_cmpint (status, ==, 0);
		g_assert_true (prf_derive (prf_ours, &input, out, PRF_MASTER_LEN));
	}
	fake_keystore_stop (fake);
}

static void
test_dup (void)
{
	guint8 got[PRF_MASTER_LEN], expected[PRF_MASTER_LEN];
	g_autoptr (GBytes) premaster = prf_good_premaster ();
	FakeKeystore *fake = prf_start_keystore (prf_randoms, 32);
	PrfInput input = prf_input_new ("SHA256", premaster, FALSE);
	EVP_KDF_CTX *context = prf_kdf_new (prf_ours, "TLS1-PRF");
	EVP_KDF_CTX *reference = prf_kdf_new (prf_plain, "TLS1-PRF");
	EVP_KDF_CTX *possible = EVP_KDF_CTX_dup (reference);
	EVP_KDF_CTX *copy;
	OSSL_PARAM params[8];

	prf_fill_params (params, &input, 7);
	g_assert_cmpint (EVP_KDF_CTX_set_params (context, params), >, 0);
	copy = EVP_KDF_CTX_dup (context);
	g_assert_cmpint (copy != NULL, ==, possible != NULL); /* since OpenSSL 3.1 */
	if (copy) {
		g_assert_cmpint (EVP_KDF_derive (context, expected, PRF_MASTER_LEN, NULL), >, 0);
		g_assert_cmpint (EVP_KDF_derive (copy, got, PRF_MASTER_LEN, NULL), >, 0);
		g_assert_cmpmem (got, PRF_MASTER_LEN, expected, PRF_MASTER_LEN);
	}
	EVP_KDF_CTX_free (copy);
	EVP_KDF_CTX_free (possible);
	EVP_KDF_CTX_free (reference);
	EVP_KDF_CTX_free (context);
	fake_keystore_stop (fake);
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

static void
test_load_and_unload (void)
{
	FakeKeystore *fake = prf_start_keystore (prf_randoms, 32);
	g_autoptr (GBytes) premaster = prf_good_premaster ();
	PrfInput input = prf_input_new ("SHA256", premaster, TRUE);
	guint8 out[PRF_MASTER_LEN];
	guint before = 0;

	for (int i = 0; i < 20; i++) {
		OSSL_LIB_CTX *libctx = prf_context_new ("?enrolee.pskref=yes,?enrolee.first=yes");

		g_assert_true (prf_derive (libctx, &input, out, PRF_MASTER_LEN));
		OSSL_LIB_CTX_free (libctx);
		if (i == 0)
			before = count_descriptors ();
	}
	g_assert_cmpuint (count_descriptors (), ==, before);
	fake_keystore_stop (fake);
}

static void
test_without_default (void)
{
	g_autofree char *modules = g_build_filename (g_getenv ("top_builddir"), ".libs", NULL);
	OSSL_LIB_CTX *libctx = OSSL_LIB_CTX_new ();
	OSSL_PROVIDER *provider;
	EVP_KDF *kdf;

	OSSL_PROVIDER_set_default_search_path (libctx, modules);
	provider = OSSL_PROVIDER_load (libctx, "enrolee");
	g_assert_nonnull (provider);
	kdf = EVP_KDF_fetch (libctx, "TLS1-PRF", NULL);
	g_assert_nonnull (kdf);
	ERR_clear_error ();
	g_assert_null (EVP_KDF_CTX_new (kdf));
	g_assert_cmpuint (ERR_peek_error (), !=, 0);
	ERR_clear_error ();
	EVP_KDF_free (kdf);
	OSSL_PROVIDER_unload (provider);
	OSSL_LIB_CTX_free (libctx);
}

static const PrfTest tests[] = {
	{"/provider/life/threads", test_threads},
	{"/provider/life/fork", test_fork},
	{"/provider/life/dup", test_dup},
	{"/provider/life/load-and-unload", test_load_and_unload},
	{"/provider/life/slow", test_slow},
	{"/provider/life/without-default", test_without_default},
	{"/provider/life/short-answer", test_short_answer},
	{"/provider/life/hangup", test_hangup},
	{"/provider/life/silent", test_silent},
	{"/provider/life/no-keystore", test_no_keystore},
};

int
main (int argc, char **argv)
{
	return prf_run_tests (&argc, &argv, tests, G_N_ELEMENTS (tests));
}
