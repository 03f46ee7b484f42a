/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whole handshakes of libssl with references, in memory: every kind of suite of TLS 1.2, with and
 * without extended master secret, and TLS 1.3 with both hashes, HelloRetryRequest, tickets; either
 * side by reference and both; keys of every length; and what must not work.
 */
#include <config.h>

#include "tests/provider-tls.h"

#include <openssl/err.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static FakeKeystore *
keystore_new (gsize key_len)
{
	return prf_start_keystore (tls_real_key, key_len);
}

/* Who is by reference: the client, the server, both. */
static const TlsEnd *const sides[][2] = {{&tls_by_reference, &tls_by_key},
					 {&tls_by_key, &tls_by_reference},
					 {&tls_by_reference, &tls_by_reference}};

/* ---- TLS 1.2 ---- */

static const char *const suites12[] = {
	"PSK-AES128-CBC-SHA",
	"PSK-AES128-CBC-SHA256",
	"PSK-AES256-CBC-SHA384",
	"PSK-AES128-GCM-SHA256",
	"PSK-AES256-GCM-SHA384",
	"PSK-AES128-CCM",
	"PSK-AES256-CCM",
	"PSK-AES128-CCM8",
	"PSK-AES256-CCM8",
	"PSK-CHACHA20-POLY1305",
	"DHE-PSK-AES128-CBC-SHA256",
	"DHE-PSK-AES128-GCM-SHA256",
	"DHE-PSK-AES256-GCM-SHA384",
	"DHE-PSK-AES128-CCM",
	"DHE-PSK-AES128-CCM8",
	"DHE-PSK-CHACHA20-POLY1305",
	"ECDHE-PSK-AES128-CBC-SHA256",
	"ECDHE-PSK-AES256-CBC-SHA384",
	"ECDHE-PSK-CHACHA20-POLY1305",
	"RSA-PSK-AES128-CBC-SHA256",
	"RSA-PSK-AES128-GCM-SHA256",
	"RSA-PSK-AES256-GCM-SHA384",
	"RSA-PSK-CHACHA20-POLY1305",
};

static void
test_tls12 (void)
{
	FakeKeystore *fake = keystore_new (32);

	for (gsize i = 0; i < G_N_ELEMENTS (suites12); i++) {
		for (gsize j = 0; j < 2 * G_N_ELEMENTS (sides); j++) {
			TlsSetup setup = {.version = TLS1_2_VERSION,
					  .suite = suites12[i],
					  .no_ems = j & 1,
					  .ends = {sides[j / 2][0], sides[j / 2][1]}};

			if (!tls_connects (&setup))
				g_error ("%s, sides %zu", suites12[i], j);
		}
	}
	fake_keystore_stop (fake);
}

/* ---- TLS 1.3 ---- */

static const char *const suites13[] = {"TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256",
				       "TLS_AES_128_CCM_8_SHA256", "TLS_AES_256_GCM_SHA384"};

static void
check_tls13 (TlsSetup setup, gboolean retry)
{
	FakeKeystore *fake = keystore_new (32);
	guint ends = setup.ends[0]->by_reference + setup.ends[1]->by_reference;
	TlsConnection connection;

	setup.version = TLS1_3_VERSION;
	setup.client_groups = retry ? "X25519:P-384" : NULL;
	setup.server_groups = retry ? "P-384" : NULL;
	tls_open (&connection, &setup, NULL);
	if (!tls_shake_hands (&connection))
		g_error ("%s retry %d old %d", setup.suite, retry, setup.old_callbacks);
	tls_check_connected (&connection);
	g_assert_cmpuint (connection.hellos, ==, retry ? 2 : 1);
	g_assert_true (SSL_session_reused (connection.ssl[0]));
	/* a binder and a handshake secret at each end, and another binder after a retry */
	g_assert_cmpuint (fake_keystore_requests (fake), >=, 2 * ends);
	g_assert_cmpuint (fake_keystore_requests (fake), <=, (retry ? 4 : 2) * ends);
	tls_close (&connection);
	fake_keystore_stop (fake);
}

static void
test_tls13 (void)
{
	for (gsize i = 0; i < G_N_ELEMENTS (suites13); i++) {
		for (gsize j = 0; j < 4 * G_N_ELEMENTS (sides); j++) {
			const TlsSetup setup = {.suite = suites13[i],
						.old_callbacks = j & 2,
						.ends = {sides[j / 4][0], sides[j / 4][1]}};

			if (!(j & 2 && strstr (suites13[i], "384"))) /* those know SHA-256 only */
				check_tls13 (setup, j & 1);
		}
	}
}

static const char *const groups13[] = {"X25519", "P-256",     "P-384",    "P-521",
				       "X448",   "ffdhe2048", "ffdhe8192"};

/* Diffie-Hellman's secret has 32 to 1024 bytes. */
static void
test_groups (void)
{
	FakeKeystore *fake = keystore_new (32);

	for (gsize i = 0; i < G_N_ELEMENTS (groups13); i++) {
		const TlsSetup setup = {.version = TLS1_3_VERSION,
					.suite = "TLS_AES_128_GCM_SHA256",
					.client_groups = groups13[i],
					.server_groups = groups13[i],
					.ends = {&tls_by_reference, &tls_by_key}};

		if (!tls_connects (&setup))
			g_error ("%s", groups13[i]);
	}
	fake_keystore_stop (fake);
}

/* Behind a reference of 32 bytes. */
static void
test_lengths (void)
{
	for (gsize len = 1; len <= TLS_KEY_MAX; len += len < 70 ? 1 : 17) {
		FakeKeystore *fake = keystore_new (len);
		const TlsEnd key = {FALSE, tls_real_key, len};
		TlsSetup setup = {.version = TLS1_3_VERSION,
				  .suite = suites13[len % G_N_ELEMENTS (suites13)],
				  .ends = {&tls_by_reference, &key}};

		g_assert_true (tls_connects (&setup));
		setup.version = TLS1_2_VERSION;
		setup.suite = len & 1 ? "PSK-AES128-CCM8" : "ECDHE-PSK-AES256-CBC-SHA384";
		setup.ends[0] = &key;
		setup.ends[1] = &tls_by_reference;
		g_assert_true (tls_connects (&setup));
		fake_keystore_stop (fake);
	}
}

/* A ticket stands for a secret of its own session: the keystore is asked no more, nor needed. */
static void
test_tickets (void)
{
	FakeKeystore *fake = keystore_new (32);
	const TlsSetup setup = {.version = TLS1_3_VERSION,
				.suite = "TLS_AES_256_GCM_SHA384",
				.ends = {&tls_by_reference, &tls_by_reference}};
	TlsConnection first, second;
	SSL_SESSION *session;
	BIO *bios[2];

	tls_open (&first, &setup, NULL);
	g_assert_true (tls_shake_hands (&first));
	tls_check_connected (&first); /* reads the tickets as well */
	session = SSL_get1_session (first.ssl[0]);
	g_assert_true (SSL_SESSION_is_resumable (session));
	fake_keystore_stop (fake);
	/* the same contexts: theirs is the key of the tickets */
	g_assert_true (BIO_new_bio_pair (&bios[0], 0, &bios[1], 0));
	SSL_CTX_set_psk_use_session_callback (first.contexts[0], NULL);
	for (int i = 0; i < 2; i++) {
		second.ssl[i] = SSL_new (first.contexts[i]);
		SSL_set_bio (second.ssl[i], bios[i], bios[i]);
	}
	SSL_set_connect_state (second.ssl[0]);
	SSL_set_accept_state (second.ssl[1]);
	g_assert_true (SSL_set_session (second.ssl[0], session));
	g_assert_true (tls_shake_hands (&second));
	tls_check_connected (&second);
	g_assert_true (SSL_session_reused (second.ssl[0]));
	SSL_SESSION_free (session);
	SSL_free (second.ssl[0]);
	SSL_free (second.ssl[1]);
	tls_close (&first);
}

/* Programs that ask for providers themselves, as stunnel does. */
static void
test_queries (void)
{
	static const char *const queries[] = {"provider!=fips", "?provider=pkcs11",
					      "?provider=default", "fips!=yes", "?fips=yes"};
	FakeKeystore *fake = keystore_new (32);

	for (gsize i = 0; i < 2 * G_N_ELEMENTS (queries); i++) {
		const TlsSetup setup = {.version = i & 1 ? TLS1_3_VERSION : TLS1_2_VERSION,
					.suite = i & 1 ? "TLS_AES_128_GCM_SHA256"
						       : "PSK-AES128-CCM8",
					.query = queries[i / 2],
					.ends = {&tls_by_reference, &tls_by_reference}};
		guint before = fake_keystore_requests (fake);

		g_assert_true (tls_connects (&setup));
		g_assert_cmpuint (fake_keystore_requests (fake), >, before);
	}
	fake_keystore_stop (fake);
}

/* A child has connections of its own, and leaves its parent's alone. */
static void
test_fork (void)
{
	FakeKeystore *fake = keystore_new (32);
	const TlsSetup setup = {.version = TLS1_3_VERSION,
				.suite = "TLS_AES_128_GCM_SHA256",
				.ends = {&tls_by_reference, &tls_by_reference}};

	g_assert_true (tls_connects (&setup));
	for (int i = 0; i < 3; i++) {
		pid_t pid = fork ();
		int status;

		if (pid == 0)
			_exit (tls_connects (&setup) ? 0 : 1);
		g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
		g_assert_cmpint (status, ==, 0);
		g_assert_true (tls_connects (&setup));
	}
	fake_keystore_stop (fake);
}

/* An answer that takes its time is waited for. */
static void
test_slow (void)
{
	FakeKeystore *fake = keystore_new (32);
	const TlsSetup setup = {.version = TLS1_3_VERSION,
				.suite = "TLS_AES_128_GCM_SHA256",
				.ends = {&tls_by_reference, &tls_by_key}};

	fake_keystore_set_conduct (fake, FAKE_SLOW);
	g_assert_true (tls_connects (&setup));
	fake_keystore_stop (fake);
}

/* ---- what must not work ---- */

static void
test_refuses_early_data (void)
{
	FakeKeystore *fake = keystore_new (32);
	const TlsSetup setup = {.version = TLS1_3_VERSION,
				.suite = "TLS_AES_128_GCM_SHA256",
				.early_data = 1024,
				.ends = {&tls_by_reference, &tls_by_key}};
	const TlsSetup control = {.version = TLS1_3_VERSION,
				  .suite = "TLS_AES_128_GCM_SHA256",
				  .early_data = 1024,
				  .ends = {&tls_by_key, &tls_by_key}};
	TlsConnection connection;
	size_t written = 0;

	tls_open (&connection, &control, NULL);
	g_assert_true (SSL_write_early_data (connection.ssl[0], "hi", 2, &written));
	tls_close (&connection);
	tls_open (&connection, &setup, NULL);
	ERR_clear_error ();
	g_assert_false (SSL_write_early_data (connection.ssl[0], "hi", 2, &written));
	tls_assert_reason ("not good for early data");
	tls_close (&connection);
	fake_keystore_stop (fake);
}

/* A server by reference meets a client that sends early data with the real key. */
static void
test_server_without_early_data (void)
{
	FakeKeystore *fake = keystore_new (32);
	const TlsSetup setup = {.version = TLS1_3_VERSION,
				.suite = "TLS_AES_128_GCM_SHA256",
				.early_data = 1024,
				.ends = {&tls_by_key, &tls_by_reference}};
	TlsConnection connection;
	size_t n = 0;
	char data[8];

	tls_open (&connection, &setup, NULL);
	g_assert_true (SSL_write_early_data (connection.ssl[0], "hi", 2, &n));
	ERR_clear_error ();
	g_assert_cmpint (SSL_read_early_data (connection.ssl[1], data, sizeof data, &n), ==,
			 SSL_READ_EARLY_DATA_ERROR);
	tls_assert_reason ("not good for early data");
	tls_close (&connection);
	fake_keystore_stop (fake);
}

/* psk_ke: a handshake without Diffie-Hellman. */
static void
test_refuses_psk_ke (void)
{
	FakeKeystore *fake = keystore_new (32);
	TlsSetup setup = {.version = TLS1_3_VERSION,
			  .suite = "TLS_AES_128_GCM_SHA256",
			  .client_groups = "X25519",
			  .server_groups = "P-256",
			  .options = SSL_OP_ALLOW_NO_DHE_KEX,
			  .ends = {&tls_by_key, &tls_by_key}};

	g_assert_true (tls_connects (&setup)); /* the control */
	for (gsize i = 0; i < G_N_ELEMENTS (sides); i++) {
		setup.ends[0] = sides[i][0];
		setup.ends[1] = sides[i][1];
		tls_refused (&setup, "needs Diffie-Hellman");
	}
	fake_keystore_stop (fake);
}

/* A wrong key, and a reference that is taken for one: by the ends that have it, or by both. */
static void
test_refuses_keys (void)
{
	static const TlsEnd literal = {FALSE, NULL, 0};
	static const guint8 unknown[] = "pskref1:unknown_reference_000000";
	static const TlsEnd stranger = {TRUE, unknown, 32};
	static const TlsEnd *const pairs[][2] = {
		{&tls_by_reference, &tls_other_key},
		{&tls_other_key, &tls_by_reference},
		{&tls_by_reference, &literal},
		{&literal, &tls_by_reference},
		{&literal, &tls_by_key},
		{&tls_by_key, &literal},
		{&stranger, &tls_by_key},
		{&tls_by_key, &stranger},
	};
	FakeKeystore *fake = keystore_new (32);

	for (gsize i = 0; i < 2 * G_N_ELEMENTS (pairs); i++) {
		TlsSetup setup = {.version = i & 1 ? TLS1_3_VERSION : TLS1_2_VERSION,
				  .suite = i & 1 ? "TLS_AES_128_GCM_SHA256" : "PSK-AES128-CCM8",
				  .ends = {pairs[i / 2][0], pairs[i / 2][1]}};

		tls_refused (&setup, i / 2 >= 6 ? "keystore refused" : NULL);
	}
	fake_keystore_stop (fake);
}

static void
test_refuses_without_keystore (void)
{
	for (gsize i = 0; i < 2 * G_N_ELEMENTS (sides); i++) {
		TlsSetup setup = {.version = i & 1 ? TLS1_3_VERSION : TLS1_2_VERSION,
				  .suite = i & 1 ? "TLS_AES_128_GCM_SHA256" : "PSK-AES128-CCM8",
				  .ends = {sides[i / 2][0], sides[i / 2][1]}};

		tls_refused (&setup, "does not answer");
	}
}

static gpointer
connect_many (gpointer data)
{
	for (int i = 0; i < 20; i++)
		g_assert_true (tls_connects (data));
	return NULL;
}

static void
test_threads (void)
{
	FakeKeystore *fake = keystore_new (32);
	TlsSetup setup = {.version = TLS1_3_VERSION,
			  .suite = "TLS_AES_256_GCM_SHA384",
			  .ends = {&tls_by_reference, &tls_by_reference}};
	GThread *threads[4];

	for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
		threads[i] = g_thread_new (NULL, connect_many, &setup);
	for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
		g_thread_join (threads[i]);
	fake_keystore_stop (fake);
}

static const PrfTest tests[] = {
	{"/provider/tls/tls12", test_tls12},
	{"/provider/tls/tls13", test_tls13},
	{"/provider/tls/groups", test_groups},
	{"/provider/tls/lengths", test_lengths},
	{"/provider/tls/tickets", test_tickets},
	{"/provider/tls/queries", test_queries},
	{"/provider/tls/fork", test_fork},
	{"/provider/tls/slow", test_slow},
	{"/provider/tls/refuses-early-data", test_refuses_early_data},
	{"/provider/tls/server-without-early-data", test_server_without_early_data},
	{"/provider/tls/refuses-psk-ke", test_refuses_psk_ke},
	{"/provider/tls/refuses-keys", test_refuses_keys},
	{"/provider/tls/threads", test_threads},
	{"/provider/tls/refuses-without-keystore", test_refuses_without_keystore},
};

int
main (int argc, char **argv)
{
	int status;

	tls_init ();
	status = prf_run_tests (&argc, &argv, tests, G_N_ELEMENTS (tests));
	tls_end ();
	return status;
}
