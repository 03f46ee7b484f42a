/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One Enrolment Exchange with a keystore that is in this process, for tests against the simulated
 * MEF: job on standard input, events on standard output, and one last line that tells what the
 * keystore was left with. The reference of the job is the pre-shared key itself: no provider.
 */
#include <config.h>

#include "provisioner/exchange/exchange.h"
#include "provisioner/limits.h"
#include "tests/exchange-fake.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void
print_secret (const FakeKeystore *keystore)
{
	gsize length;
	const guint8 *bytes = g_bytes_get_data (keystore->secret, &length);

	printf ("secret %s ", keystore->identifier);
	for (gsize i = 0; i < length; i++)
		printf ("%02x", bytes[i]);
	printf ("\n");
}

int
main (int argc, char **argv)
{
	static char text[PV_JOB_MAX];
	PvEvents events = {.descriptor = STDOUT_FILENO};
	FakeKeystore keystore = {0};
	g_autoptr (GError) error = NULL;
	gsize length = fread (text, 1, sizeof text, stdin);
	g_autoptr (PvJob) job = pv_job_parse (text, length, &error);
	int status = EXIT_SUCCESS;

	curl_global_init (CURL_GLOBAL_DEFAULT);
	if (job == NULL || !pv_exchange_run (job, &events, &fake_keystore_ops, &keystore, &error)) {
		pv_event_fail (&events, error);
		status = EXIT_FAILURE;
	}
	printf ("pairs %u discarded %u chain %u anchors %u published %u\n", keystore.staged_pairs,
		keystore.discarded, keystore.chain != NULL ? keystore.chain->len : 0,
		keystore.anchors != NULL ? keystore.anchors->len : 0, keystore.published);
	if (keystore.secret != NULL)
		print_secret (&keystore);
	fake_keystore_clear (&keystore);
	curl_global_cleanup ();
	return status;
}
