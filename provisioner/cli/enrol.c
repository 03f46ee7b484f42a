/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enrolee enrol NAME: the explicit provisioning instruction (TS-0003 8.3.1.2), and each phase as it
 * happens. enrolee renew NAME likewise. The work is enroleed's and goes on when this command ends.
 */
#include <config.h>

#include "provisioner/cli/attempt.h"

typedef struct {
	CliAttempt attempt;
	const char *method;
	gboolean keep_waiting; /* over failed attempts that are repeated */
	gboolean no_wait;
	int timeout_s;
} Enrol;

/* What was under way when a renewal was asked for may end without it. */
static gboolean
is_still_due (const Enrol *enrol)
{
	const CliAttempt *attempt = &enrol->attempt;
	g_autoptr (GVariant) status = NULL;
	gint64 renew = 0;

	if (!g_str_equal (enrol->method, "Renew"))
		return FALSE;
	status = cli_bus_status (attempt->bus, attempt->name, NULL);
	return status != NULL && g_variant_lookup (status, "renew", "x", &renew) && renew != 0 &&
	       renew <= g_get_real_time () / G_USEC_PER_SEC;
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

static GVariant *
arguments (const Enrol *enrol)
{
	return g_str_equal (enrol->method, "Renew")
		       ? g_variant_new ("(s)", enrol->attempt.name)
		       : g_variant_new ("(sa{sv})", enrol->attempt.name, NULL);
}

static int
run (Enrol *enrol)
{
	CliAttempt *attempt = &enrol->attempt;
	g_autoptr (GError) error = NULL;
	g_autoptr (GDBusConnection) bus = cli_bus_connect (attempt->cli, &error);
	g_autoptr (GVariant) reply = NULL;
	CliExit status = CLI_OK;

	if (bus == NULL)
		return cli_fail (attempt->cli, error);
	attempt->bus = bus;
	cli_attempt_listen (attempt);
	reply = cli_bus_call (bus, enrol->method, arguments (enrol), "()", &error);
	if (reply == NULL)
		status = cli_fail (attempt->cli, error);
	else if (!enrol->no_wait)
		status = cli_attempt_watch (attempt, enrol->timeout_s);
	cli_attempt_clear (attempt);
	return status;
}

static int
parse_and_run (Cli *cli, const char *method, int argc, char **argv)
{
	Enrol enrol = {.attempt = {.cli = cli, .finished = on_finished}, .method = method};
	const GOptionEntry entries[] = {
		{"wait", 'w', 0, G_OPTION_ARG_NONE, &enrol.keep_waiting,
		 "Wait over failed attempts until it succeeds or is refused", NULL},
		{"no-wait", 'n', 0, G_OPTION_ARG_NONE, &enrol.no_wait, "Start it, and that is all",
		 NULL},
		{"timeout", 't', 0, G_OPTION_ARG_INT, &enrol.timeout_s,
		 "Stop waiting after SECONDS", "SECONDS"},
		{NULL},
	};

	if (!cli_parse (cli, entries, &argc, &argv, 1, 1))
		return CLI_USAGE;
	enrol.attempt.name = argv[1];
	enrol.attempt.data = &enrol;
	return run (&enrol);
}

int
cli_enrol (Cli *cli, int argc, char **argv)
{
	return parse_and_run (cli, "Enrol", argc, argv);
}

int
cli_renew (Cli *cli, int argc, char **argv)
{
	return parse_and_run (cli, "Renew", argc, argv);
}
