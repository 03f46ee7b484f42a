/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enrolee enrol NAME: the explicit provisioning instruction (TS-0003 8.3.1.2), and each phase as it
 * happens. enrolee renew NAME likewise. The work is enroleed's and goes on when this command ends.
 */
#include <config.h>

#include "provisioner/cli/attempt.h"
#include "provisioner/cli/trace-file.h"

typedef struct {
	CliAttempt attempt;
	gboolean renews;
	CliTraceFile trace;
	gboolean keep_waiting; /* over failed attempts that are repeated */
	gboolean no_wait;
	int timeout_s;
} Enrol;

/* Options of both commands */
#define WAIT_ENTRIES(enrol_)                                                                       \
	{"wait", 'w', 0, G_OPTION_ARG_NONE, &(enrol_).keep_waiting,                                \
	 "Wait over failed attempts until it succeeds or is refused", NULL},                       \
		{"no-wait", 'n', 0, G_OPTION_ARG_NONE, &(enrol_).no_wait,                          \
		 "Start it, and that is all", NULL},                                               \
		{"timeout", 't', 0, G_OPTION_ARG_INT, &(enrol_).timeout_s,                         \
		 "Stop waiting after SECONDS", "SECONDS"}

/* What was under way when a renewal was asked for may end without it. */
static gboolean
is_still_due (const Enrol *enrol)
{
	const CliAttempt *attempt = &enrol->attempt;
	g_autoptr (GVariant) status = NULL;
	gint64 renew;

	if (!enrol->renews)
		return FALSE;
	status = cli_bus_status (attempt->bus, attempt->name, NULL);
	renew = status != NULL ? cli_fact_number (status, "renew") : 0;
	return renew != 0 && renew <= g_get_real_time () / G_USEC_PER_SEC;
}

static void
on_finished (CliAttempt *attempt, const CliOutcome *outcome)
{
	const Enrol *enrol = attempt->data;
	CliExit status = cli_outcome_status (outcome);

	if (status == CLI_OK && is_still_due (enrol))
		return;
	cli_outcome_print (attempt, outcome);
	if (status != CLI_WAITING || !enrol->keep_waiting)
		cli_attempt_end (attempt, status);
}

static gboolean
call (const Enrol *enrol, GError **error)
{
	const CliAttempt *attempt = &enrol->attempt;
	g_autoptr (GVariant) reply = NULL;

	if (!enrol->renews)
		return cli_bus_call_enrol (attempt->bus, attempt->name, enrol->trace.descriptor, error);
	reply = cli_bus_call (
		attempt->bus, "Renew", g_variant_new ("(s)", attempt->name), "()", error);
	return reply != NULL;
}

static CliExit
run (Enrol *enrol)
{
	CliAttempt *attempt = &enrol->attempt;
	g_autoptr (GError) error = NULL;
	g_autoptr (GDBusConnection) bus = cli_bus_connect (attempt->cli, &error);
	CliExit status = CLI_OK;

	if (bus == NULL ||
	    (enrol->trace.path != NULL && !cli_trace_file_open (&enrol->trace, &error)))
		return cli_fail (attempt->cli, error);
	attempt->bus = bus;
	cli_attempt_listen (attempt);
	if (!call (enrol, &error)) {
		cli_trace_file_drop (&enrol->trace);
		status = cli_fail (attempt->cli, error);
	} else if (!enrol->no_wait) {
		status = cli_attempt_watch (attempt, enrol->timeout_s);
		if (enrol->trace.path != NULL)
			cli_trace_file_report (&enrol->trace);
	}
	cli_attempt_clear (attempt);
	cli_trace_file_close (&enrol->trace);
	return status;
}

int
cli_enrol (Cli *cli, int argc, char **argv)
{
	Enrol enrol = {.attempt = {.cli = cli, .finished = on_finished}, .trace.descriptor = -1};
	g_autofree char *trace = NULL;
	const GOptionEntry entries[] = {
		WAIT_ENTRIES (enrol),
		{"trace", 0, 0, G_OPTION_ARG_FILENAME, &trace,
		 "Write what is exchanged with the MEF into FILE, secrets masked", "FILE"},
		{NULL},
	};

	if (!cli_parse (cli, entries, &argc, &argv, 1, 1))
		return CLI_USAGE;
	enrol.attempt.name = argv[1];
	enrol.attempt.data = &enrol;
	enrol.trace.path = trace;
	return run (&enrol);
}

int
cli_renew (Cli *cli, int argc, char **argv)
{
	Enrol enrol = {.attempt = {.cli = cli, .finished = on_finished},
		       .renews = TRUE,
		       .trace.descriptor = -1};
	const GOptionEntry entries[] = {WAIT_ENTRIES (enrol), {NULL}};

	if (!cli_parse (cli, entries, &argc, &argv, 1, 1))
		return CLI_USAGE;
	enrol.attempt.name = argv[1];
	enrol.attempt.data = &enrol;
	return run (&enrol);
}
