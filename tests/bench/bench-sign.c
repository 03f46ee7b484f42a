/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Time and CPU of one signature through several PKCS#11 modules and libcrypto, interleaved: each
 * round runs one batch with each contestant. Prints the first contestant against each other.
 *
 *   bench-sign LABEL MECHANISM THREADS BUSY ROUNDS BATCH CONTESTANT...
 *   LABEL       of the private key, the same in each token
 *   MECHANISM   ecdsa | rsa | ed25519
 *   BUSY        1: beside one program that computes all the time
 *   CONTESTANT  NAME=MODULE[,PIN[,PID of its server]] or libcrypto=KEY.pem
 */
#include <config.h>

#include "tests/bench/bench.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CKM_EDDSA
#define CKM_EDDSA 0x1057UL
#endif

#define THREADS_MAX 8
#define CONTESTANTS_MAX 6

typedef struct {
	const char *name;
	pid_t server;
	CK_FUNCTION_LIST *module; /* NULL: libcrypto */
	CK_SESSION_HANDLE sessions[THREADS_MAX];
	CK_OBJECT_HANDLE key;
	EVP_PKEY *pkey;
	double time_us[BENCH_ROUNDS_MAX], cpu_us[BENCH_ROUNDS_MAX];
} Contestant;

typedef struct {
	Contestant *contestant;
	int thread;
	int batch;
	const char *mechanism;
} Work;

static void
fail (const char *what, unsigned long code)
{
	fprintf (stderr, "bench-sign: %s: 0x%lx\n", what, code);
	exit (1);
}

static void
check (const char *what, CK_RV rv)
{
	if (rv != CKR_OK)
		fail (what, rv);
}

static CK_SLOT_ID
find_slot (CK_FUNCTION_LIST *module, const char *label)
{
	CK_SLOT_ID slots[16];
	CK_ULONG n_slots = 16;
	CK_TOKEN_INFO info;

	check ("C_GetSlotList", module->C_GetSlotList (CK_TRUE, slots, &n_slots));
	for (CK_ULONG i = 0; i < n_slots; i++) {
		if (module->C_GetTokenInfo (slots[i], &info) == CKR_OK &&
		    (info.flags & CKF_TOKEN_INITIALIZED) != 0 &&
		    (label == NULL || strncmp ((char *) info.label, label, strlen (label)) == 0))
			return slots[i];
	}
	fail ("no token", n_slots);
	return 0;
}

static CK_OBJECT_HANDLE
find_key (Contestant *contestant, const char *label)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class, sizeof class},
		{CKA_LABEL, (void *) label, strlen (label)},
	};
	CK_OBJECT_HANDLE key = 0;
	CK_ULONG n_keys = 0;
	CK_FUNCTION_LIST *module = contestant->module;

	check ("C_FindObjectsInit", module->C_FindObjectsInit (contestant->sessions[0], template, 2));
	check ("C_FindObjects", module->C_FindObjects (contestant->sessions[0], &key, 1, &n_keys));
	check ("C_FindObjectsFinal", module->C_FindObjectsFinal (contestant->sessions[0]));
	if (n_keys != 1)
		fail (contestant->name, 0);
	return key;
}

static void
open_module (Contestant *contestant, const char *path, const char *pin, const char *label, int n_threads)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	CK_C_GetFunctionList get_list = NULL;
	void *library = dlopen (path, RTLD_NOW | RTLD_LOCAL);
	CK_SLOT_ID slot;

	if (library != NULL)
		get_list = (CK_C_GetFunctionList) dlsym (library, "C_GetFunctionList");
	if (get_list == NULL) {
		fprintf (stderr, "bench-sign: %s: %s\n", path, dlerror ());
		exit (1);
	}
	check ("C_GetFunctionList", get_list (&contestant->module));
	check ("C_Initialize", contestant->module->C_Initialize (&args));
	slot = find_slot (contestant->module, getenv ("BENCH_TOKEN"));
	for (int i = 0; i < n_threads; i++)
		check ("C_OpenSession", contestant->module->C_OpenSession (slot, CKF_SERIAL_SESSION, NULL, NULL,
		                                                           &contestant->sessions[i]));
	if (pin != NULL)
		check ("C_Login", contestant->module->C_Login (contestant->sessions[0], CKU_USER, (CK_BYTE *) pin,
		                                               strlen (pin)));
	contestant->key = find_key (contestant, label);
}

static void
open_key_file (Contestant *contestant, const char *path)
{
	FILE *file = fopen (path, "r");

	contestant->pkey = file != NULL ? PEM_read_PrivateKey (file, NULL, NULL, NULL) : NULL;
	if (contestant->pkey == NULL)
		fail (path, 0);
	fclose (file);
}

static void
open_contestant (Contestant *contestant, char *argument, const char *label, int n_threads)
{
	char *path = strchr (argument, '=');
	char *pin, *server = NULL;

	if (path == NULL)
		fail (argument, 0);
	*path++ = '\0';
	contestant->name = argument;
	if (strcmp (argument, "libcrypto") == 0) {
		open_key_file (contestant, path);
		return;
	}
	pin = strchr (path, ',');
	if (pin != NULL) {
		*pin++ = '\0';
		server = strchr (pin, ',');
	}
	if (server != NULL) {
		*server++ = '\0';
		contestant->server = atoi (server);
	}
	open_module (contestant, path, pin != NULL && *pin != '\0' ? pin : NULL, label, n_threads);
}

static void
sign_with_module (const Work *work)
{
	Contestant *contestant = work->contestant;
	CK_FUNCTION_LIST *module = contestant->module;
	CK_SESSION_HANDLE session = contestant->sessions[work->thread];
	CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
	CK_BYTE data[51] = {1}, signature[1024];
	CK_ULONG data_len = 32;

	if (strcmp (work->mechanism, "rsa") == 0) {
		mechanism.mechanism = CKM_RSA_PKCS;
		data_len = 51; /* a DigestInfo's length */
	} else if (strcmp (work->mechanism, "ed25519") == 0) {
		mechanism.mechanism = CKM_EDDSA;
	}
	for (int i = 0; i < work->batch; i++) {
		CK_ULONG signature_len = sizeof signature;

		data[3] = (CK_BYTE) i;
		check ("C_SignInit", module->C_SignInit (session, &mechanism, contestant->key));
		check ("C_Sign", module->C_Sign (session, data, data_len, signature, &signature_len));
	}
}

static void
sign_with_libcrypto (const Work *work)
{
	bool whole = strcmp (work->mechanism, "ed25519") == 0;
	unsigned char data[32] = {1}, signature[1024];

	for (int i = 0; i < work->batch; i++) {
		size_t signature_len = sizeof signature;
		int done;

		data[3] = (unsigned char) i;
		if (whole) {
			EVP_MD_CTX *context = EVP_MD_CTX_new ();
			done = EVP_DigestSignInit (context, NULL, NULL, NULL, work->contestant->pkey) == 1 &&
			       EVP_DigestSign (context, signature, &signature_len, data, sizeof data) == 1;
			EVP_MD_CTX_free (context);
		} else {
			EVP_PKEY_CTX *context = EVP_PKEY_CTX_new (work->contestant->pkey, NULL);
			done = EVP_PKEY_sign_init (context) == 1 &&
			       EVP_PKEY_CTX_set_signature_md (context, EVP_sha256 ()) == 1 &&
			       EVP_PKEY_sign (context, signature, &signature_len, data, sizeof data) == 1;
			EVP_PKEY_CTX_free (context);
		}
		if (!done)
			fail ("libcrypto", 0);
	}
}

static void *
run_work (void *argument)
{
	const Work *work = argument;

	if (work->contestant->module != NULL)
		sign_with_module (work);
	else
		sign_with_libcrypto (work);
	return NULL;
}

static void
run_round (Contestant *contestant, int round, const char *mechanism, int n_threads, int batch)
{
	Work works[THREADS_MAX];
	pthread_t threads[THREADS_MAX];
	uint64_t cpu = bench_cpu_ns (contestant->server), start = bench_now_ns ();
	double count = (double) batch * n_threads;

	for (int i = 0; i < n_threads; i++)
		works[i] = (Work){contestant, i, batch, mechanism};
	for (int i = 1; i < n_threads; i++)
		pthread_create (&threads[i], NULL, run_work, &works[i]);
	run_work (&works[0]);
	for (int i = 1; i < n_threads; i++)
		pthread_join (threads[i], NULL);
	contestant->time_us[round] = (double) (bench_now_ns () - start) / 1000 / count;
	contestant->cpu_us[round] = (double) (bench_cpu_ns (contestant->server) - cpu) / 1000 / count;
}

static pid_t
start_busy_program (void)
{
	pid_t pid = fork ();

	if (pid == 0) {
		prctl (PR_SET_PDEATHSIG, SIGKILL);
		for (volatile unsigned long i = 0;; i++)
			;
	}
	return pid;
}

int
main (int argc, char *argv[])
{
	static Contestant contestants[CONTESTANTS_MAX];
	int n_contestants = argc - 7;
	int n_threads, rounds, batch;
	pid_t busy = 0;
	char name[128];

	if (n_contestants < 2 || n_contestants > CONTESTANTS_MAX) {
		fprintf (stderr, "usage: bench-sign LABEL MECHANISM THREADS BUSY ROUNDS BATCH CONTESTANT...\n");
		return 2;
	}
	n_threads = atoi (argv[3]) < THREADS_MAX ? atoi (argv[3]) : THREADS_MAX;
	rounds = atoi (argv[5]) < BENCH_ROUNDS_MAX ? atoi (argv[5]) : BENCH_ROUNDS_MAX;
	batch = atoi (argv[6]);
	for (int i = 0; i < n_contestants; i++)
		open_contestant (&contestants[i], argv[7 + i], argv[1], n_threads);
	if (atoi (argv[4]) != 0)
		busy = start_busy_program ();
	for (int round = -1; round < rounds; round++) /* the first warms up, and is overwritten */
		for (int i = 0; i < n_contestants; i++)
			run_round (&contestants[i], round < 0 ? 0 : round, argv[2], n_threads, batch);
	if (busy > 0) {
		kill (busy, SIGKILL);
		waitpid (busy, NULL, 0);
	}
	for (int i = 0; i < n_contestants; i++) {
		contestants[i].time_us[0] = bench_median (contestants[i].time_us, (size_t) rounds);
		contestants[i].cpu_us[0] = bench_median (contestants[i].cpu_us, (size_t) rounds);
	}
	for (int i = 1; i < n_contestants; i++) {
		snprintf (name, sizeof name, "%s %s%s time / %s", argv[1], n_threads > 1 ? "2 threads" : "1 thread",
		          busy > 0 ? " busy" : " idle", contestants[i].name);
		bench_print (name, "us", contestants[0].time_us[0], contestants[i].time_us[0]);
		snprintf (name, sizeof name, "%s %s%s CPU / %s", argv[1], n_threads > 1 ? "2 threads" : "1 thread",
		          busy > 0 ? " busy" : " idle", contestants[i].name);
		bench_print (name, "us", contestants[0].cpu_us[0], contestants[i].cpu_us[0]);
	}
	return 0;
}
