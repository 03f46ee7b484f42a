/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enrolee enrol NAME: the explicit provisioning instruction (TS-0003 8.3.1.2), and each phase as it
 * happens. The work is enroleed's and goes on when this command ends.
 */
#include <config.h>

#include <stdio.h>

#include "provisioner/cli/bus.h"
#include "provisioner/cli/cli-output.h"

typedef struct {
	Cli *cli;
	const char *name;
	gboolean keep_waiting; /* over failed attempts that are repeated */
	GMainLoop *loop;
	gint64 started_us;
	CliExit status;
} Enrol;

static void
print_event (JsonBuilder *builder)
{
	cli_json_print (builder);
	fflush (stdout);
}

static void
on_phase (Enrol *enrol, GVariant *parameters)
{
	const char *name, *phase, *state, *clause;
	guint32 ms;
	double at_s = (g_get_monotonic_time () - enrol->started_us) / 1e6;
	g_autofree char *marked = NULL;

	g_variant_get (parameters, "(&s&s&su&s)", &name, &phase, &state, &ms, &clause);
	if (enrol->cli->json) {
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
print_outcome (Enrol *enrol, const char *outcome, const char *code, const char *message, guint32 retry_s)
{
	g_autofree char *clean = cli_clean (message);

	if (enrol->cli->json) {
		JsonBuilder *builder = cli_json_begin ();

		cli_json_text (builder, "event", "finished");
		cli_json_text (builder, "outcome", outcome);
		cli_json_text (builder, "code", code);
		cli_json_text (builder, "message", message);
		cli_json_number (builder, "retry_s", retry_s);
		print_event (builder);
		return;
	}
	if (enrol->status == CLI_OK) {
		printf ("%s is provisioned.\n", enrol->name);
		return;
	}
	g_printerr ("%s: %s (%s)", g_get_prgname (), clean, code);
	if (retry_s > 0)
		g_printerr ("; enroleed tries again in %u s", retry_s);
	g_printerr ("\n");
}

static void
on_finished (Enrol *enrol, GVariant *parameters)
{
	const char *name, *outcome, *code, *message;
	guint32 retry_s;

	g_variant_get (parameters, "(&s&s&s&su)", &name, &outcome, &code, &message, &retry_s);
	enrol->status = g_str_equal (outcome, PV_OUTCOME_PROVISIONED) ? CLI_OK
			: g_str_equal (outcome, PV_OUTCOME_WAITING)   ? CLI_WAITING
								      : CLI_FAILED;
	print_outcome (enrol, outcome, code, message, retry_s);
	if (enrol->status != CLI_WAITING || !enrol->keep_waiting)
		g_main_loop_quit (enrol->loop);
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
	Enrol *enrol = data;

	g_printerr ("%s: enroleed ended; it goes on from here when it starts again\n",
		    g_get_prgname ());
	enrol->status = CLI_UNREACHABLE;
	g_main_loop_quit (enrol->loop);
}

static gboolean
on_timeout (gpointer data)
{
	Enrol *enrol = data;

	g_printerr ("%s: the time is over; enroleed goes on\n", g_get_prgname ());
	enrol->status = CLI_TIMEOUT;
	g_main_loop_quit (enrol->loop);
	return G_SOURCE_REMOVE;
}

/* Subscribes first, so that no phase is missed. */
static gboolean
run (Enrol *enrol, GDBusConnection *bus, GError **error)
{
	g_autoptr (GVariant) reply = NULL;
	guint subscription = g_dbus_connection_signal_subscribe (bus,
								 PV_BUS_NAME,
								 PV_BUS_INTERFACE,
								 NULL,
								 PV_BUS_PATH,
								 enrol->name,
								 G_DBUS_SIGNAL_FLAGS_NONE,
								 on_signal,
								 enrol,
								 NULL);
	guint watch;

	reply = cli_bus_call (bus, "Enrol", g_variant_new ("(sa{sv})", enrol->name, NULL), "()", error);
	if (reply != NULL) {
		watch = g_bus_watch_name_on_connection (
			bus, PV_BUS_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL, on_vanished, enrol, NULL);
		g_main_loop_run (enrol->loop);
		g_bus_unwatch_name (watch);
	}
	g_dbus_connection_signal_unsubscribe (bus, subscription);
	return reply != NULL;
}

int
cli_enrol (Cli *cli, int argc, char **argv)
{
	Enrol enrol = {.cli = cli};
	int timeout_s = 0;
	gboolean no_wait = FALSE;
	const GOptionEntry entries[] = {
		{"wait", 'w', 0, G_OPTION_ARG_NONE, &enrol.keep_waiting,
		 "Wait over failed attempts until it succeeds or is refused", NULL},
		{"no-wait", 'n', 0, G_OPTION_ARG_NONE, &no_wait, "Start it, and that is all", NULL},
		{"timeout", 't', 0, G_OPTION_ARG_INT, &timeout_s, "Stop waiting after SECONDS", "SECONDS"},
		{NULL},
	};
	g_autoptr (GError) error = NULL;
	g_autoptr (GDBusConnection) bus = NULL;
	g_autoptr (GMainLoop) loop = NULL;

	if (!cli_parse (cli, entries, &argc, &argv, 1, 1))
		return CLI_USAGE;
	enrol.name = argv[1];
	enrol.started_us = g_get_monotonic_time ();
	bus = cli_bus_connect (cli, &error);
	if (bus == NULL)
		return cli_fail (cli, error);
	if (no_wait) {
		g_autoptr (GVariant) reply = cli_bus_call (
			bus, "Enrol", g_variant_new ("(sa{sv})", enrol.name, NULL), "()", &error);

		return reply != NULL ? CLI_OK : cli_fail (cli, error);
	}
	loop = enrol.loop = g_main_loop_new (NULL, FALSE);
	if (timeout_s > 0)
		g_timeout_add_seconds (timeout_s, on_timeout, &enrol);
	return run (&enrol, bus, &error) ? enrol.status : cli_fail (cli, error);
}
