/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What enrolee.so costs a program that holds no reference: handshakes in memory with an ordinary
 * pre-shared key (TLS 1.2 and 1.3), with the provider against without, interleaved. CPU time: one thread
 * computes.
 *
 *   bench-psk MODULES-FOLDER ROUNDS BATCH
 */
#include <config.h>

#include "tests/bench/bench.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	int version;
} suites[] = {
	{"PSK-AES128-GCM-SHA256", TLS1_2_VERSION},
	{"ECDHE-PSK-AES128-CBC-SHA256", TLS1_2_VERSION},
	{"TLS_AES_128_GCM_SHA256", TLS1_3_VERSION},
};

static void
check (const char *what, int done)
{
	if (done == 1)
		return;
	fprintf (stderr, "bench-psk: %s\n", what);
	ERR_print_errors_fp (stderr);
	exit (1);
}

static unsigned int
give_key (unsigned char *key, unsigned int max)
{
	memset (key, 0x42, 32);
	return 32;
}

static unsigned int
client_key (SSL *ssl,
	    const char *hint,
	    char *identity,
	    unsigned int max_identity,
	    unsigned char *key,
	    unsigned int max_key)
{
	strcpy (identity, "me");
	return give_key (key, max_key);
}

static unsigned int
server_key (SSL *ssl, const char *identity, unsigned char *key, unsigned int max_key)
{
	return give_key (key, max_key);
}

static OSSL_LIB_CTX *
library_new (const char *modules)
{
	OSSL_LIB_CTX *library = OSSL_LIB_CTX_new ();

	check ("default", OSSL_PROVIDER_load (library, "default") != NULL);
	if (!modules)
		return library;
	check (modules, OSSL_PROVIDER_set_default_search_path (library, modules));
	check ("enrolee", OSSL_PROVIDER_load (library, "enrolee") != NULL);
	check ("properties",
	       EVP_set_default_properties (library, "?enrolee.pskref=yes,?enrolee.first=yes"));
	return library;
}

static SSL_CTX *
ssl_new (OSSL_LIB_CTX *library, const SSL_METHOD *method, const char *suite, int version)
{
	SSL_CTX *context = SSL_CTX_new_ex (library, NULL, method);

	check ("SSL_CTX_new_ex", context != NULL);
	check (suite, version == TLS1_3_VERSION ? SSL_CTX_set_ciphersuites (context, suite)
						: SSL_CTX_set_cipher_list (context, suite));
	check ("minimum", SSL_CTX_set_min_proto_version (context, version));
	check ("maximum", SSL_CTX_set_max_proto_version (context, version));
	SSL_CTX_set_session_cache_mode (context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options (context, SSL_OP_NO_TICKET);
	SSL_CTX_set_psk_client_callback (context, client_key);
	SSL_CTX_set_psk_server_callback (context, server_key);
	return context;
}

static void
handshake (SSL_CTX *server_context, SSL_CTX *client_context)
{
	SSL *server = SSL_new (server_context), *client = SSL_new (client_context);
	BIO *left, *right;
	int done = 0;

	check ("BIO_new_bio_pair", BIO_new_bio_pair (&left, 0, &right, 0));
	SSL_set_bio (server, left, left);
	SSL_set_bio (client, right, right);
	SSL_set_accept_state (server);
	SSL_set_connect_state (client);
	for (int i = 0; i < 10 && done < 2; i++)
		done = (SSL_do_handshake (client) == 1) + (SSL_do_handshake (server) == 1);
	check ("handshake", done == 2);
	SSL_free (server);
	SSL_free (client);
}

static void
measure (const char *suite,
	 int version,
	 OSSL_LIB_CTX *const libraries[2],
	 size_t n_rounds,
	 size_t n_batch)
{
	static double time_us[2][BENCH_ROUNDS_MAX];
	SSL_CTX *servers[2], *clients[2];
	char name[64];

	for (size_t i = 0; i < 2; i++) {
		servers[i] = ssl_new (libraries[i], TLS_server_method (), suite, version);
		clients[i] = ssl_new (libraries[i], TLS_client_method (), suite, version);
		handshake (servers[i], clients[i]);
	}
	for (size_t round = 0; round < n_rounds; round++) {
		for (size_t i = 0; i < 2; i++) {
			uint64_t start_ns = bench_cpu_ns (0);

			for (size_t j = 0; j < n_batch; j++)
				handshake (servers[i], clients[i]);
			time_us[i][round] =
				(double)(bench_cpu_ns (0) - start_ns) / 1e3 / (double)n_batch;
		}
	}
	snprintf (name, sizeof name, "provider-beside-%s", suite);
	bench_print (name, "us", bench_median (time_us[0], n_rounds),
		     bench_median (time_us[1], n_rounds));
	for (size_t i = 0; i < 2; i++) {
		SSL_CTX_free (servers[i]);
		SSL_CTX_free (clients[i]);
	}
}

int
main (int argc, char **argv)
{
	size_t n_rounds = argc > 2 ? (size_t)atoi (argv[2]) : 0;
	size_t n_batch = argc > 3 ? (size_t)atoi (argv[3]) : 0;
	OSSL_LIB_CTX *libraries[2];

	if (n_rounds == 0 || n_rounds > BENCH_ROUNDS_MAX || n_batch == 0)
		return 2;
	libraries[0] = library_new (argv[1]);
	libraries[1] = library_new (NULL);
	for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
		measure (suites[i].name, suites[i].version, libraries, n_rounds, n_batch);
	for (size_t i = 0; i < 2; i++)
		OSSL_LIB_CTX_free (libraries[i]);
	return 0;
}
