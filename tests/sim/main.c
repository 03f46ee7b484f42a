/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mef-sim: a simulated M2M Enrolment Function for tests, on the loopback interface only. It shares
 * no code with the client it tests and uses another TLS stack. It checks each request against the
 * standard and says in its log which rule was broken.
 */
#include <config.h>

#include "tests/sim/command.h"
#include "tests/sim/server.h"

#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
	char *settings, *state, *port_file;
	int port;
	gboolean until_stdin_closes;
} Options;

static gboolean
on_signal (gpointer data)
{
	g_main_loop_quit (data);
	return G_SOURCE_CONTINUE;
}

static gboolean
on_stdin (gint fd, GIOCondition condition, gpointer data)
{
	char buffer[64];

	if (read (fd, buffer, sizeof buffer) > 0)
		return G_SOURCE_CONTINUE;
	g_main_loop_quit (data);
	return G_SOURCE_REMOVE;
}

static void
quit (gpointer loop)
{
	g_main_loop_quit (loop);
}

static gboolean
parse_options (Options *options, int *argc, char ***argv, GError **error)
{
	const GOptionEntry entries[] = {
		{"settings", 0, 0, G_OPTION_ARG_FILENAME, &options->settings, "Settings (GKeyFile)",
		 "FILE"},
		{"state-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->state,
		 "Folder for the CA, mef.log and control.sock", "FOLDER"},
		{"port", 0, 0, G_OPTION_ARG_INT, &options->port,
		 "Port on 127.0.0.1; 0, the default, takes a free one", "N"},
		{"port-file", 0, 0, G_OPTION_ARG_FILENAME, &options->port_file,
		 "Writes the port there when ready", "FILE"},
		{"until-stdin-closes", 0, 0, G_OPTION_ARG_NONE, &options->until_stdin_closes,
		 "Ends when standard input is closed", NULL},
		{NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
	};
	g_autoptr (GOptionContext) context =
		g_option_context_new ("- simulated M2M Enrolment Function");

	g_option_context_add_main_entries (context, entries, NULL);
	if (!g_option_context_parse (context, argc, argv, error))
		return FALSE;
	if (options->settings == NULL || options->state == NULL || options->port < 0 ||
	    options->port > 65535) {
		g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			     "--settings and --state-dir are needed");
		return FALSE;
	}
	return TRUE;
}

static gboolean
apply_misbehaviour (Sim *sim, GError **error)
{
	GHashTableIter iter;
	gpointer step, kind;

	g_hash_table_iter_init (&iter, sim->settings->misbehave);
	while (g_hash_table_iter_next (&iter, &step, &kind))
		if (!sim_misbehave_set (sim->misbehave, step, kind, error))
			return FALSE;
	for (guint i = 0; i < sim->settings->clients->len; i++) {
		const SimClient *client = g_ptr_array_index (sim->settings->clients, i);

		for (char **command = client->commands; command != NULL && *command != NULL;
		     command++)
			if (!sim_command_check (*command, error))
				return FALSE;
	}
	return TRUE;
}

static gboolean
open_sim (Sim *sim, const Options *options, GError **error)
{
	g_autofree char *log_path = g_build_filename (options->state, "mef.log", NULL);

	g_mutex_init (&sim->lock);
	sim->stop = g_cancellable_new ();
	sim->port = (guint16)options->port;
	sim->misbehave = sim_misbehave_new ();
	sim->store = sim_store_new ();
	sim->settings = sim_settings_load (options->settings, error);
	if (sim->settings == NULL || !apply_misbehaviour (sim, error))
		return FALSE;
	if (g_mkdir_with_parents (options->state, 0700) != 0) {
		g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s cannot be made",
			     options->state);
		return FALSE;
	}
	sim->log = sim_log_open (log_path, error);
	if (sim->log == NULL)
		return FALSE;
	sim->ca = sim_ca_open (options->state, sim->settings->fqdn,
			       sim_policy_text (sim->settings, SIM_POLICY_NAME_CONSTRAINTS), error);
	sim->foreign = sim->ca != NULL ? sim_ca_open (NULL, sim->settings->fqdn, "", error) : NULL;
	return sim->foreign != NULL;
}

static void
close_sim (Sim *sim)
{
	sim_settings_free (sim->settings);
	sim_ca_free (sim->ca);
	sim_ca_free (sim->foreign);
	sim_misbehave_free (sim->misbehave);
	sim_store_free (sim->store);
	sim_log_close (sim->log);
	g_object_unref (sim->stop);
	g_mutex_clear (&sim->lock);
}

static gboolean
announce (const Sim *sim, const Options *options, GError **error)
{
	g_autofree char *text = g_strdup_printf ("%u\n", sim->port);

	if (options->port_file != NULL &&
	    !g_file_set_contents (options->port_file, text, -1, error))
		return FALSE;
	printf ("ready %u\n", sim->port);
	fflush (stdout);
	return TRUE;
}

static gboolean
run (Sim *sim, const Options *options, GError **error)
{
	g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
	g_autofree char *control = g_build_filename (options->state, "control.sock", NULL);
	SimServer *server = sim_server_start (sim, control, quit, loop, error);
	gboolean ready;

	if (server == NULL)
		return FALSE;
	g_unix_signal_add (SIGTERM, on_signal, loop);
	g_unix_signal_add (SIGINT, on_signal, loop);
	if (options->until_stdin_closes)
		g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP, on_stdin, loop);
	ready = announce (sim, options, error);
	if (ready)
		g_main_loop_run (loop);
	sim_server_stop (server);
	return ready;
}

int
main (int argc, char **argv)
{
	Options options = {0};
	Sim sim = {0};
	g_autoptr (GError) error = NULL;
	gboolean done;

	signal (SIGPIPE, SIG_IGN);
	if (!parse_options (&options, &argc, &argv, &error)) {
		fprintf (stderr, "mef-sim: %s\n", error->message);
		return 2;
	}
	done = open_sim (&sim, &options, &error) && run (&sim, &options, &error);
	if (!done)
		fprintf (stderr, "mef-sim: %s\n", error->message);
	close_sim (&sim);
	g_free (options.settings);
	g_free (options.state);
	g_free (options.port_file);
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
