/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program that signs: module-load MODULE LABEL THREADS [COUNT]. Finds the private key by its
 * label, signs in THREADS threads, verifies each signature through the token, and goes on COUNT
 * times in each thread, or until its input ends. Without threads it looks for the key COUNT times
 * instead. Prints "N operations, N failed". libc only, so that it is built for 32 bits as well.
 * P-256 keys.
 */
#include <config.h>

#include "module/pkcs11.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 64
#define FAILURES_SHOWN 10

typedef struct {
	CK_FUNCTION_LIST *p11;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE private_key, public_key;
	long count;  /* of each thread; -1: until stopped */
	int stop;    /* atomic */
	long done;   /* atomic */
	long failed; /* atomic */
} Load;

static CK_RV
find_key (Load *load,
	  CK_SESSION_HANDLE session,
	  CK_OBJECT_CLASS class,
	  char *label,
	  CK_OBJECT_HANDLE *key)
{
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class, sizeof class},
		{CKA_LABEL, label, strlen (label)},
	};
	CK_ULONG n = 0;
	CK_RV rv = load->p11->C_FindObjectsInit (session, template, 2);

	if (rv == CKR_OK)
		rv = load->p11->C_FindObjects (session, key, 1, &n);
	load->p11->C_FindObjectsFinal (session);
	return rv == CKR_OK && n == 0 ? CKR_OBJECT_HANDLE_INVALID : rv;
}

static CK_RV
sign_and_verify (Load *load, CK_SESSION_HANDLE session, unsigned int number)
{
	CK_MECHANISM mechanism = {CKM_ECDSA_SHA256, NULL, 0};
	CK_BYTE data[100] = {0}, signature[64];
	CK_ULONG len = sizeof signature;
	CK_RV rv;

	memcpy (data, &number, sizeof number);
	rv = load->p11->C_SignInit (session, &mechanism, load->private_key);
	if (rv == CKR_OK)
		rv = load->p11->C_Sign (session, data, sizeof data, signature, &len);
	if (rv == CKR_OK)
		rv = load->p11->C_VerifyInit (session, &mechanism, load->public_key);
	if (rv == CKR_OK)
		rv = load->p11->C_Verify (session, data, sizeof data, signature, len);
	if (rv != CKR_OK)
		return rv;
	/* and a forged one is refused */
	signature[10] ^= 1;
	rv = load->p11->C_VerifyInit (session, &mechanism, load->public_key);
	if (rv == CKR_OK)
		rv = load->p11->C_Verify (session, data, sizeof data, signature, len);
	if (rv == CKR_OK)
		return CKR_GENERAL_ERROR;
	return rv == CKR_SIGNATURE_INVALID ? CKR_OK : rv;
}

static void *
run_thread (void *data)
{
	/* a server's threads do not sign all the time: what starts beside them needs the machine
	 * too */
	const struct timespec pause = {.tv_nsec = 500000};
	Load *load = data;
	CK_SESSION_HANDLE session = 0;
	CK_RV rv = load->p11->C_OpenSession (0, CKF_SERIAL_SESSION, NULL, NULL, &session);

	for (long i = 0; i != load->count && !__atomic_load_n (&load->stop, __ATOMIC_ACQUIRE);
	     i++) {
		if (rv == CKR_OK)
			rv = sign_and_verify (load, session, (unsigned int)i);
		__atomic_add_fetch (&load->done, 1, __ATOMIC_RELAXED);
		if (rv != CKR_OK &&
		    __atomic_add_fetch (&load->failed, 1, __ATOMIC_RELAXED) <= FAILURES_SHOWN)
			fprintf (stderr, "operation %ld: 0x%lx\n", i, rv);
		rv = CKR_OK;
		nanosleep (&pause, NULL);
	}
	return NULL;
}

/* Searches by label, then reads an attribute of what was found. */
static void
find_often (Load *load, char *label)
{
	for (; load->done < load->count; load->done++) {
		CK_OBJECT_HANDLE key = 0;
		CK_KEY_TYPE type = 0;
		CK_ATTRIBUTE asked = {CKA_KEY_TYPE, &type, sizeof type};
		CK_RV rv = find_key (load, load->session, CKO_PRIVATE_KEY, label, &key);

		if (rv == CKR_OK)
			rv = load->p11->C_GetAttributeValue (load->session, key, &asked, 1);
		if (rv != CKR_OK || type != CKK_EC)
			load->failed++;
	}
}

static int
load_module (Load *load, const char *path, char *label)
{
	void *module = dlopen (path, RTLD_NOW | RTLD_LOCAL);
	CK_RV (*get_list) (CK_FUNCTION_LIST **);
	CK_RV rv;

	if (module == NULL) {
		fprintf (stderr, "%s\n", dlerror ());
		return 0;
	}
	*(void **)&get_list = dlsym (module, "C_GetFunctionList");
	rv = get_list (&load->p11);
	if (rv == CKR_OK)
		rv = load->p11->C_Initialize (NULL);
	if (rv == CKR_OK)
		rv = load->p11->C_OpenSession (0, CKF_SERIAL_SESSION, NULL, NULL, &load->session);
	if (rv == CKR_OK)
		rv = find_key (load, load->session, CKO_PRIVATE_KEY, label, &load->private_key);
	if (rv == CKR_OK)
		rv = find_key (load, load->session, CKO_PUBLIC_KEY, label, &load->public_key);
	if (rv != CKR_OK)
		fprintf (stderr, "%s: 0x%lx\n", label, rv);
	return rv == CKR_OK;
}

int
main (int argc, char **argv)
{
	pthread_t threads[THREADS_MAX];
	Load load = {.count = -1};
	int n_threads = argc > 3 ? atoi (argv[3]) : -1;
	char byte;

	if (n_threads < 0 || n_threads > THREADS_MAX || !load_module (&load, argv[1], argv[2]))
		return 2;
	if (argc > 4)
		load.count = atol (argv[4]);
	if (n_threads == 0)
		find_often (&load, argv[2]);
	for (int i = 0; i < n_threads; i++) {
		if (pthread_create (&threads[i], NULL, run_thread, &load) != 0)
			return 2;
	}
	if (load.count < 0 && n_threads > 0) {
		printf ("ready\n");
		fflush (stdout);
		while (read (STDIN_FILENO, &byte, 1) > 0)
			continue;
		__atomic_store_n (&load.stop, 1, __ATOMIC_RELEASE);
	}
	for (int i = 0; i < n_threads; i++)
		pthread_join (threads[i], NULL);
	printf ("%ld operations, %ld failed\n", load.done, load.failed);
	return load.failed == 0 && load.done > 0 ? 0 : 1;
}
