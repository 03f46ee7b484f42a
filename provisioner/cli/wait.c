/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enrolee wait NAME: until the credential's folder is there. For units that start before the first
 * enrolment, so any user may: it looks at public files only.
 */
#include <config.h>

#include "provisioner/cli/cli-output.h"

typedef struct {
	GMainLoop *loop;
	char *folder;
	gboolean timed_out;
} Wait;

static void
on_changed (GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event, gpointer data)
{
	Wait *wait = data;

	/* the caller looks, and watches again: the folder of all folders may have come first */
	g_main_loop_quit (wait->loop);
}

static gboolean
on_timeout (gpointer data)
{
	Wait *wait = data;

	wait->timed_out = TRUE;
	g_main_loop_quit (wait->loop);
	return G_SOURCE_REMOVE;
}

/* The folder of all folders may itself be missing before the first credential: watch what is there. */
static GFileMonitor *
watch (const char *state_dir, const char *credentials, GError **error)
{
	g_autoptr (GFile) inner = g_file_new_for_path (credentials);
	g_autoptr (GFile) outer = g_file_new_for_path (state_dir);

	return g_file_monitor_directory (g_file_query_exists (inner, NULL) ? inner : outer,
					 G_FILE_MONITOR_WATCH_MOVES,
					 NULL,
					 error);
}

int
cli_wait (Cli *cli, int argc, char **argv)
{
	int timeout_s = 0;
	const GOptionEntry entries[] = {
		{"timeout", 't', 0, G_OPTION_ARG_INT, &timeout_s, "Give up after SECONDS", "SECONDS"},
		{NULL},
	};
	g_autofree char *credentials = NULL;
	g_autoptr (GError) error = NULL;
	Wait wait = {0};

	if (!cli_parse (cli, entries, &argc, &argv, 1, 1))
		return CLI_USAGE;
	if (!pv_name_is_valid (argv[1]) || timeout_s < 0) {
		g_printerr ("%s: not a name or not a time\n", g_get_prgname ());
		return CLI_USAGE;
	}
	credentials = g_build_filename (cli->state_dir, "credentials", NULL);
	wait.folder = g_build_filename (credentials, argv[1], NULL);
	wait.loop = g_main_loop_new (NULL, FALSE);
	if (timeout_s > 0)
		g_timeout_add_seconds (timeout_s, on_timeout, &wait);
	while (!wait.timed_out && !g_file_test (wait.folder, G_FILE_TEST_IS_DIR)) {
		g_autoptr (GFileMonitor) monitor = watch (cli->state_dir, credentials, &error);

		if (monitor == NULL)
			break;
		g_signal_connect (monitor, "changed", G_CALLBACK (on_changed), &wait);
		if (!g_file_test (wait.folder, G_FILE_TEST_IS_DIR))
			g_main_loop_run (wait.loop);
	}
	g_main_loop_unref (wait.loop);
	g_free (wait.folder);
	if (error != NULL)
		return cli_fail (cli, error);
	if (wait.timed_out)
		g_printerr ("%s: %s is not there yet\n", g_get_prgname (), argv[1]);
	return wait.timed_out ? CLI_TIMEOUT : CLI_OK;
}
