/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TLS 1.3 mutual handshakes in memory, both ends with one key and certificate, each contestant in a
 * library context of its own with its own configuration file; interleaved. Prints the time of a
 * handshake of the first contestant against each other.
 *
 *   bench-tls ROUNDS BATCH CERT CA CONTESTANT...     CONTESTANT  NAME=OPENSSL.CNF,KEY (file or URI)
 */
#include <config.h>

#include "tests/bench/bench.h"

#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/store.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTESTANTS_MAX 6

typedef struct {
	const char *name;
	OSSL_LIB_CTX *library;
	SSL_CTX *server, *client;
	double time_us[BENCH_ROUNDS_MAX];
} Contestant;

static void
check (const char *what, int done)
{
	if (done == 1)
		return;
	fprintf (stderr, "bench-tls: %s\n", what);
	ERR_print_errors_fp (stderr);
	exit (1);
}

static EVP_PKEY *
load_key (OSSL_LIB_CTX *library, const char *uri)
{
	OSSL_STORE_CTX *store = OSSL_STORE_open_ex (uri, library, NULL, NULL, NULL, NULL, NULL, NULL);
	EVP_PKEY *key = NULL;

	check (uri, store != NULL);
	while (key == NULL && !OSSL_STORE_eof (store)) {
		OSSL_STORE_INFO *info = OSSL_STORE_load (store);

		if (info != NULL && OSSL_STORE_INFO_get_type (info) == OSSL_STORE_INFO_PKEY)
			key = OSSL_STORE_INFO_get1_PKEY (info);
		OSSL_STORE_INFO_free (info);
	}
	OSSL_STORE_close (store);
	check (uri, key != NULL);
	return key;
}

static SSL_CTX *
new_context (OSSL_LIB_CTX *library, const SSL_METHOD *method, const char *key, const char *cert, const char *ca)
{
	SSL_CTX *context = SSL_CTX_new_ex (library, NULL, method);
	EVP_PKEY *pkey = load_key (library, key);

	check ("SSL_CTX_new", context != NULL);
	check (cert, SSL_CTX_use_certificate_chain_file (context, cert));
	check (key, SSL_CTX_use_PrivateKey (context, pkey));
	check (ca, SSL_CTX_load_verify_locations (context, ca, NULL));
	EVP_PKEY_free (pkey);
	SSL_CTX_set_verify (context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_min_proto_version (context, TLS1_3_VERSION);
	SSL_CTX_set_session_cache_mode (context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets (context, 0);
	return context;
}

static void
open_contestant (Contestant *contestant, char *argument, const char *cert, const char *ca)
{
	char *config = strchr (argument, '='), *key = strchr (argument, ',');

	check (argument, config != NULL && key != NULL);
	*config++ = '\0';
	*key++ = '\0';
	contestant->name = argument;
	contestant->library = OSSL_LIB_CTX_new ();
	check (config, OSSL_LIB_CTX_load_config (contestant->library, config));
	contestant->server = new_context (contestant->library, TLS_server_method (), key, cert, ca);
	contestant->client = new_context (contestant->library, TLS_client_method (), key, cert, ca);
}

static void
handshake (const Contestant *contestant)
{
	SSL *server = SSL_new (contestant->server), *client = SSL_new (contestant->client);
	BIO *server_bio = NULL, *client_bio = NULL;
	int client_done = 0, server_done = 0;

	check ("BIO_new_bio_pair", BIO_new_bio_pair (&server_bio, 0, &client_bio, 0));
	SSL_set_bio (server, server_bio, server_bio);
	SSL_set_bio (client, client_bio, client_bio);
	SSL_set_accept_state (server);
	SSL_set_connect_state (client);
	for (int i = 0; i < 20 && (client_done != 1 || server_done != 1); i++) {
		client_done = SSL_do_handshake (client);
		server_done = SSL_do_handshake (server);
	}
	check (contestant->name, client_done == 1 && server_done == 1);
	SSL_free (server);
	SSL_free (client);
}

static void
run_round (Contestant *contestant, int round, int batch)
{
	uint64_t start = bench_now_ns ();

	for (int i = 0; i < batch; i++)
		handshake (contestant);
	contestant->time_us[round] = (double) (bench_now_ns () - start) / 1000 / batch;
}

int
main (int argc, char *argv[])
{
	static Contestant contestants[CONTESTANTS_MAX];
	int n_contestants = argc - 5, rounds, batch;
	char name[128];

	if (n_contestants < 2 || n_contestants > CONTESTANTS_MAX) {
		fprintf (stderr, "usage: bench-tls ROUNDS BATCH CERT CA CONTESTANT...\n");
		return 2;
	}
	rounds = atoi (argv[1]) < BENCH_ROUNDS_MAX ? atoi (argv[1]) : BENCH_ROUNDS_MAX;
	batch = atoi (argv[2]);
	for (int i = 0; i < n_contestants; i++)
		open_contestant (&contestants[i], argv[5 + i], argv[3], argv[4]);
	for (int round = -1; round < rounds; round++)
		for (int i = 0; i < n_contestants; i++)
			run_round (&contestants[i], round < 0 ? 0 : round, batch);
	for (int i = 0; i < n_contestants; i++)
		contestants[i].time_us[0] = bench_median (contestants[i].time_us, (size_t) rounds);
	for (int i = 1; i < n_contestants; i++) {
		snprintf (name, sizeof name, "TLS 1.3 mutual handshake %s / %s", contestants[0].name, contestants[i].name);
		bench_print (name, "us", contestants[0].time_us[0], contestants[i].time_us[0]);
	}
	return 0;
}
