/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One Enrolment Exchange with a keystore that is in this process, for tests against the simulated
 * MEF: job on standard input, events on standard output, and one last line that tells what the
 * keystore was left with. The reference of the job is the pre-shared key itself: no provider. When the
 * job says "acknowledge", a thread answers in enroleed's place; with an argument it refuses to
 * publish, and says that.
 */
#include <config.h>

#include "provisioner/exchange/exchange.h"
#include "provisioner/limits.h"
#include "tests/exchange-fake.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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

typedef struct {
	int descriptor;
	const char *refusal;
	guint published; /* read when the thread has ended */
} Parent;

static guint
count_staged (const char *line)
{
	g_autoptr (JsonNode) event = json_from_string (line, NULL);

	return json_array_get_length (
		json_object_get_array_member (json_node_get_object (event), "staged"));
}

static gpointer
play_parent (gpointer data)
{
	Parent *parent = data;
	FILE *events = fdopen (parent->descriptor, "r+");
	char *line = NULL;
	size_t size = 0;

	while (getline (&line, &size, events) > 0) {
		gboolean publish = strstr (line, "\"event\":\"publish\"") != NULL;
		gboolean refuse = publish && parent->refusal != NULL;

		fputs (line, stdout);
		if (!publish && strstr (line, "\"event\":\"command\"") == NULL)
			continue;
		if (publish && !refuse)
			parent->published += count_staged (line);
		/* between reading and writing, C wants a seek or a new stream */
		dprintf (parent->descriptor, "{\"ok\":%s,\"message\":\"%s\"}\n",
			 refuse ? "false" : "true", refuse ? parent->refusal : "");
		fputs (refuse ? "answered no\n" : "answered yes\n", stdout);
	}
	free (line);
	fclose (events);
	return NULL;
}

int
main (int argc, char **argv)
{
	int sockets[2] = {STDOUT_FILENO, -1};
	GThread *thread = NULL;
	Parent parent = {-1, argc > 1 ? argv[1] : NULL, 0};
	static char text[PV_JOB_MAX];
	PvEvents events = {.descriptor = STDOUT_FILENO};
	FakeKeystore keystore = {0};
	g_autoptr (GError) error = NULL;
	gsize length = fread (text, 1, sizeof text, stdin);
	g_autoptr (PvJob) job = pv_job_parse (text, length, &error);
	g_autoptr (PvTrace) trace =
		job != NULL && job->trace >= 0 ? pv_trace_new (job->trace, job->dialect) : NULL;
	int status = EXIT_SUCCESS;

	events.trace = trace;
	if (job != NULL && job->acknowledge) {
		g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, sockets), ==, 0);
		events.descriptor = sockets[0];
		parent.descriptor = sockets[1];
		thread = g_thread_new ("parent", play_parent, &parent);
	}
	curl_global_init (CURL_GLOBAL_DEFAULT);
	if (job == NULL || !pv_exchange_run (job, &events, &fake_keystore_ops, &keystore, &error)) {
		pv_event_fail (&events, error);
		status = EXIT_FAILURE;
	}
	if (thread != NULL) {
		close (sockets[0]);
		g_thread_join (thread);
	}
	printf ("pairs %u discarded %u chain %u anchors %u published %u\n", keystore.staged_pairs,
		keystore.discarded, keystore.chain != NULL ? keystore.chain->len : 0,
		keystore.anchors != NULL ? keystore.anchors->len : 0,
		keystore.published + parent.published);
	if (keystore.secret != NULL)
		print_secret (&keystore);
	fake_keystore_clear (&keystore);
	curl_global_cleanup ();
	return status;
}
