/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * C_Initialize with the first find, and find by CKA_ID, through one PKCS#11 module in processes of
 * their own. Prints two medians in microseconds, for bench.sh to set side by side.
 *
 *   bench-find MODULE PIN ROUNDS LABEL     (PIN - for none)
 */
#include <config.h>

#include "tests/bench/bench.h"

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FINDS 200

typedef struct {
	double open_us, find_us;
} Sample;

static void
check (const char *what, CK_RV rv)
{
	if (rv != CKR_OK) {
		fprintf (stderr, "bench-find: %s: 0x%lx\n", what, rv);
		exit (1);
	}
}

static CK_OBJECT_HANDLE
find (CK_FUNCTION_LIST *module, CK_SESSION_HANDLE session, CK_ATTRIBUTE_TYPE type, void *value, size_t len)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class}, {type, value, len}};
	CK_OBJECT_HANDLE object = 0;
	CK_ULONG n_objects = 0;

	check ("C_FindObjectsInit", module->C_FindObjectsInit (session, template, 2));
	check ("C_FindObjects", module->C_FindObjects (session, &object, 1, &n_objects));
	check ("C_FindObjectsFinal", module->C_FindObjectsFinal (session));
	check ("find: no such object", n_objects == 1 ? CKR_OK : CKR_GENERAL_ERROR);
	return object;
}

static CK_SESSION_HANDLE
open_session (CK_FUNCTION_LIST *module, const char *pin)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	CK_SESSION_HANDLE session;
	CK_SLOT_ID slots[8];
	CK_ULONG n_slots = 8;

	check ("C_Initialize", module->C_Initialize (&args));
	check ("C_GetSlotList", module->C_GetSlotList (CK_TRUE, slots, &n_slots));
	check ("C_OpenSession", module->C_OpenSession (slots[0], CKF_SERIAL_SESSION, NULL, NULL, &session));
	if (strcmp (pin, "-") != 0)
		check ("C_Login", module->C_Login (session, CKU_USER, (CK_BYTE *) pin, strlen (pin)));
	return session;
}

static Sample
measure (CK_C_GetFunctionList get_list, const char *pin, const char *label)
{
	CK_FUNCTION_LIST *module;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE object;
	CK_BYTE id[64];
	CK_ATTRIBUTE get_id = {CKA_ID, id, sizeof id};
	Sample sample;
	uint64_t start = bench_now_ns ();

	check ("C_GetFunctionList", get_list (&module));
	session = open_session (module, pin);
	object = find (module, session, CKA_LABEL, (void *) label, strlen (label));
	sample.open_us = (double) (bench_now_ns () - start) / 1000;
	check ("C_GetAttributeValue", module->C_GetAttributeValue (session, object, &get_id, 1));
	start = bench_now_ns ();
	for (int i = 0; i < FINDS; i++)
		find (module, session, CKA_ID, id, get_id.ulValueLen);
	sample.find_us = (double) (bench_now_ns () - start) / 1000 / FINDS;
	return sample;
}

/* In a child, so that each sample begins with a process that never used the module. */
static Sample
measure_in_child (const char *path, const char *pin, const char *label)
{
	Sample sample = {0, 0};
	int ends[2], status = 1;
	pid_t pid;

	if (pipe (ends) != 0 || (pid = fork ()) < 0)
		exit (1);
	if (pid == 0) {
		void *library = dlopen (path, RTLD_NOW);
		CK_C_GetFunctionList get_list =
			library != NULL ? (CK_C_GetFunctionList) dlsym (library, "C_GetFunctionList") : NULL;

		if (get_list == NULL)
			_exit (1);
		sample = measure (get_list, pin, label);
		_exit (write (ends[1], &sample, sizeof sample) == sizeof sample ? 0 : 1);
	}
	close (ends[1]);
	if (read (ends[0], &sample, sizeof sample) != sizeof sample || waitpid (pid, &status, 0) != pid ||
	    status != 0) {
		fprintf (stderr, "bench-find: %s failed\n", path);
		exit (1);
	}
	close (ends[0]);
	return sample;
}

int
main (int argc, char *argv[])
{
	double open_us[BENCH_ROUNDS_MAX], find_us[BENCH_ROUNDS_MAX];
	int rounds;

	if (argc != 5) {
		fprintf (stderr, "usage: bench-find MODULE PIN ROUNDS LABEL\n");
		return 2;
	}
	rounds = atoi (argv[3]) < BENCH_ROUNDS_MAX ? atoi (argv[3]) : BENCH_ROUNDS_MAX;
	for (int round = 0; round < rounds; round++) {
		Sample sample = measure_in_child (argv[1], argv[2], argv[4]);
		open_us[round] = sample.open_us;
		find_us[round] = sample.find_us;
	}
	printf ("%.2f %.2f\n", bench_median (open_us, (size_t) rounds), bench_median (find_us, (size_t) rounds));
	return 0;
}
