/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enrolee-exchange: the child of enroleed that does one Enrolment Exchange and ends with it. It
 * parses what the network sends, and key material passes through its memory: it cannot be dumped,
 * its memory is not swapped, and it reaches neither files to write nor other processes, nor more of the
 * keystore than its job needs (confine.h). Not for use by hand.
 */
#include <config.h>

#include "keystore/wire/handover.h"
#include "provisioner/error.h"
#include "provisioner/exchange-protocol.h"
#include "provisioner/exchange/confine.h"
#include "provisioner/exchange/exchange.h"
#include "provisioner/exchange/provider.h"
#include "provisioner/keystore-client.h"
#include "provisioner/limits.h"

#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define EXIT_JOB 2

typedef struct {
	char *provider_dir;
	char *pkcs11_module;
} Options;

static void
options_clear (Options *options)
{
	g_free (options->provider_dir);
	g_free (options->pkcs11_module);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* Locking counts every mapping against RLIMIT_MEMLOCK: with a small limit a later allocation would
 * fail in the middle of a handshake, so then it is left alone. */
static gboolean
lock_memory (void)
{
	struct rlimit limit;

	if (geteuid () != 0 &&
	    (getrlimit (RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY))
		return FALSE;
	return mlockall (MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
}

static gboolean
harden (PvEvents *events)
{
	static const struct rlimit no_core = {0, 0};

	if (prctl (PR_SET_DUMPABLE, 0) != 0 || prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    setrlimit (RLIMIT_CORE, &no_core) != 0)
		return FALSE;
	signal (SIGPIPE, SIG_IGN);
	signal (SIGXFSZ, SIG_IGN); /* a trace that may not grow */
	if (!g_setenv ("OPENSSL_CONF", "/dev/null", TRUE)) /* provider.c says why */
		return FALSE;
	unsetenv ("SSLKEYLOGFILE"); /* libcurl and libssl would write session keys there */
	if (!lock_memory ())
		pv_event_warn (events, "memory is not locked (set LimitMEMLOCK=infinity): keys in "
				       "transit could be swapped");
	return TRUE;
}

static GByteArray *
read_job (GError **error)
{
	g_autoptr (GByteArray) text = g_byte_array_new ();
	guint8 buffer[8192];
	gssize length;

	while ((length = read (PV_EXCHANGE_JOB_FD, buffer, sizeof buffer)) != 0) {
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0 || text->len + length > PV_JOB_MAX) {
			g_set_error (error, PV_ERROR, PV_ERROR_JOB, "the job cannot be read: %s",
				     length < 0 ? g_strerror (errno) : "too large");
			return NULL;
		}
		g_byte_array_append (text, buffer, length);
	}
	return g_steal_pointer (&text);
}

/* The module and the provider ask for their connections as this program does. */
static void
confine (const PvJob *job, PvEvents *events)
{
	g_autofree char *channel = g_strdup_printf ("%d", job->keystore);
	g_autoptr (GError) error = NULL;

	if (job->keystore < 0)
		return;
	g_setenv (WIRE_HANDOVER_ENV, channel, TRUE);
	if (!pv_confine (&error))
		pv_event_warn (events, error->message);
}

static gboolean
run (const PvJob *job, PvEvents *events, const char *provider_dir, GError **error)
{
	g_autoptr (PvKeystore) keystore = pv_keystore_new (job->runtime_dir);
	gboolean done;

	pv_keystore_set_channel (keystore, job->keystore);
	if (!pv_provider_load (provider_dir, job->runtime_dir, error))
		return FALSE;
	if (curl_global_init (CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		g_set_error (error, PV_ERROR, PV_ERROR_LOCAL, "libcurl does not start");
		return FALSE;
	}
	pv_keystore_set_origin (keystore, "enrolled", job->mef_fqdn, job->admin_fqdn,
				job->client_id);
	done = pv_exchange_run (job, events, &pv_keystore_ops, keystore, error);
	curl_global_cleanup ();
	pv_provider_unload ();
	return done;
}

/* Who this is, for whoever gets the file. */
static PvTrace *
begin_trace (const PvJob *job)
{
	static const char *const purposes[] = {PV_PURPOSE_ENROL, PV_PURPOSE_PROBE, PV_PURPOSE_DECOMMISSION};
	PvTrace *trace = job->trace >= 0 ? pv_trace_new (job->trace, job->dialect) : NULL;
	g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
	g_autofree char *time = g_date_time_format_iso8601 (now);

	pv_trace_line (trace, "--", "%s %s, %s", PACKAGE_NAME, PACKAGE_VERSION, time);
	pv_trace_line (trace, "--", "%s of %s (%s) at %s:%u%s%s", purposes[job->purpose],
		       job->credential, job->client_id, job->mef_fqdn, job->mef_port,
		       job->connect_host != NULL ? " by " : "",
		       job->connect_host != NULL ? job->connect_host : "");
	pv_trace_line (trace, "--", "secrets are masked; who this gateway is can be read");
	return trace;
}

static gboolean
parse_options (Options *options, int *argc, char ***argv)
{
	const GOptionEntry entries[] = {
		{"provider-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->provider_dir,
		 "Where the OpenSSL provider enrolee.so is", "DIR"},
		{"pkcs11-module", 0, 0, G_OPTION_ARG_FILENAME, &options->pkcs11_module,
		 "The PKCS#11 module of the keystore; empty: none", "FILE"},
		{0},
	};
	g_autoptr (GOptionContext) context = g_option_context_new (NULL);

	g_option_context_set_summary (context, "Does one Enrolment Exchange for enroleed: job on "
					       "descriptor 3, events on descriptor 4.");
	g_option_context_add_main_entries (context, entries, NULL);
	if (!g_option_context_parse (context, argc, argv, NULL) || *argc != 1)
		return FALSE;
	if (options->provider_dir == NULL)
		options->provider_dir = g_strdup (ENROLEE_OSSL_MODULES_DIR);
	if (options->pkcs11_module == NULL)
		options->pkcs11_module = g_strdup (ENROLEE_PKCS11_MODULE);
	return TRUE;
}

int
main (int argc, char **argv)
{
	g_auto (Options) options = {0};
	PvEvents events = {.descriptor = PV_EXCHANGE_EVENT_FD};
	g_autoptr (GError) error = NULL;
	g_autoptr (GByteArray) text = NULL;
	g_autoptr (PvJob) job = NULL;
	g_autoptr (PvTrace) trace = NULL; /* ends before the job does */

	if (!parse_options (&options, &argc, &argv) || !harden (&events))
		return EXIT_JOB;
	text = read_job (&error);
	job = text != NULL ? pv_job_parse ((const char *)text->data, text->len, &error) : NULL;
	if (job == NULL) {
		pv_event_fail (&events, error);
		return EXIT_JOB;
	}
	job->pkcs11_module = options.pkcs11_module;
	confine (job, &events);
	trace = events.trace = begin_trace (job);
	if (!run (job, &events, options.provider_dir, &error)) {
		pv_event_fail (&events, error);
		return EXIT_FAILURE;
	}
	pv_event_send (&events, pv_event_new ("done"));
	return EXIT_SUCCESS;
}
