/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See attempt.h. */
#include <config.h>

#include "provisioner/cli/attempt.h"

#include <stdio.h>

#include "provisioner/cli/cli-output.h"

static void
print_event (JsonBuilder *builder)
{
	cli_json_print (builder);
	fflush (stdout);
}

static void
on_phase (CliAttempt *attempt, GVariant *parameters)
{
	const char *name, *phase, *state, *clause;
	guint32 ms;
	double at_s = (g_get_monotonic_time () - attempt->started_us) / 1e6;
	g_autofree char *marked = NULL;

	g_variant_get (parameters, "(&s&s&su&s)", &name, &phase, &state, &ms, &clause);
	if (attempt->cli->json) {
		JsonBuilder *builder = cli_json_begin ();

		cli_json_text (builder, "event", "phase");
		cli_json_text (builder, "phase", phase);
		cli_json_text (builder, "state", state);
		cli_json_number (builder, "ms", ms);
		cli_json_text (builder, "clause", clause);
		print_event (builder);
		return;
	}
	if (g_str_equal (state, "started"))
		return;
	marked = cli_mark (g_str_equal (state, "failed") ? CLI_MARK_BAD : CLI_MARK_GOOD, state);
	printf ("%7.3f s  %-14s %-8s %6u ms  %s\n", at_s, phase, marked, ms, clause);
	fflush (stdout);
}

static void
on_finished (CliAttempt *attempt, GVariant *parameters)
{
	const char *name;
	CliOutcome outcome;

	g_variant_get (parameters,
		       "(&s&s&s&su)",
		       &name,
		       &outcome.outcome,
		       &outcome.code,
		       &outcome.message,
		       &outcome.retry_s);
	attempt->finished (attempt, &outcome);
}

static void
on_signal (GDBusConnection *bus,
	   const char *sender,
	   const char *path,
	   const char *interface,
	   const char *signal,
	   GVariant *parameters,
	   gpointer data)
{
	if (g_str_equal (signal, "Phase") &&
	    g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(sssus)")))
		on_phase (data, parameters);
	else if (g_str_equal (signal, "Finished") &&
		 g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(ssssu)")))
		on_finished (data, parameters);
}

static void
on_vanished (GDBusConnection *bus, const char *name, gpointer data)
{
	g_printerr ("%s: enroleed ended; it goes on from here when it starts again\n",
		    g_get_prgname ());
	cli_attempt_end (data, CLI_UNREACHABLE);
}

static gboolean
on_timeout (gpointer data)
{
	g_printerr ("%s: the time is over; enroleed goes on\n", g_get_prgname ());
	cli_attempt_end (data, CLI_TIMEOUT);
	return G_SOURCE_CONTINUE; /* removed by who waits */
}

void
cli_attempt_listen (CliAttempt *attempt)
{
	attempt->loop = g_main_loop_new (NULL, FALSE);
	attempt->started_us = g_get_monotonic_time ();
	attempt->subscription = g_dbus_connection_signal_subscribe (attempt->bus,
								    PV_BUS_NAME,
								    PV_BUS_INTERFACE,
								    NULL,
								    PV_BUS_PATH,
								    attempt->name,
								    G_DBUS_SIGNAL_FLAGS_NONE,
								    on_signal,
								    attempt,
								    NULL);
}

void
cli_attempt_clear (CliAttempt *attempt)
{
	if (attempt->loop == NULL)
		return;
	g_dbus_connection_signal_unsubscribe (attempt->bus, attempt->subscription);
	g_clear_pointer (&attempt->loop, g_main_loop_unref);
}

CliExit
cli_attempt_watch (CliAttempt *attempt, int timeout_s)
{
	guint timer = timeout_s > 0 ? g_timeout_add_seconds (timeout_s, on_timeout, attempt) : 0;
	guint watch = g_bus_watch_name_on_connection (attempt->bus,
						      PV_BUS_NAME,
						      G_BUS_NAME_WATCHER_FLAGS_NONE,
						      NULL,
						      on_vanished,
						      attempt,
						      NULL);

	g_main_loop_run (attempt->loop);
	g_bus_unwatch_name (watch);
	if (timer != 0)
		g_source_remove (timer);
	return attempt->status;
}

void
cli_attempt_end (CliAttempt *attempt, CliExit status)
{
	attempt->status = status;
	g_main_loop_quit (attempt->loop);
}

CliExit
cli_outcome_status (const CliOutcome *outcome)
{
	if (g_str_equal (outcome->outcome, PV_OUTCOME_PROVISIONED))
		return CLI_OK;
	return g_str_equal (outcome->outcome, PV_OUTCOME_WAITING) ? CLI_WAITING : CLI_FAILED;
}

void
cli_outcome_print (const CliAttempt *attempt, const CliOutcome *outcome)
{
	g_autofree char *clean = cli_clean (outcome->message);

	if (attempt->cli->json) {
		JsonBuilder *builder = cli_json_begin ();

		cli_json_text (builder, "event", "finished");
		cli_json_text (builder, "outcome", outcome->outcome);
		cli_json_text (builder, "code", outcome->code);
		cli_json_text (builder, "message", outcome->message);
		cli_json_number (builder, "retry_s", outcome->retry_s);
		print_event (builder);
		return;
	}
	if (outcome->code[0] == '\0') {
		printf ("%s is %s.\n", attempt->name, outcome->outcome);
		return;
	}
	g_printerr ("%s: %s (%s)", g_get_prgname (), clean, outcome->code);
	if (outcome->retry_s > 0)
		g_printerr ("; enroleed tries again in %u s", outcome->retry_s);
	g_printerr ("\n");
}
