/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* enrolee remove NAME */
#include <config.h>

#include <stdio.h>
#include <unistd.h>

#include "provisioner/cli/cli-output.h"

static gboolean
confirmed (const char *name)
{
	char answer[8] = "";

	if (!isatty (STDIN_FILENO)) {
		g_printerr ("%s: say --yes to destroy the keys of %s\n", g_get_prgname (), name);
		return FALSE;
	}
	printf ("Destroy %s with all its keys? They cannot be brought back. [y/N] ", name);
	fflush (stdout);
	return fgets (answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

int
cli_remove (Cli *cli, int argc, char **argv)
{
	gboolean yes = FALSE;
	const GOptionEntry entries[] = {
		{"yes", 'y', 0, G_OPTION_ARG_NONE, &yes, "Do not ask", NULL}, {NULL}};
	g_autoptr (GError) error = NULL;
	WireName request;

	if (!cli_parse (cli, entries, &argc, &argv, 1, 1))
		return CLI_USAGE;
	if (!yes && !confirmed (argv[1]))
		return CLI_FAILED;
	request.name = pv_wire_text (argv[1]);
	if (!pv_keystore_call (cli_keystore (cli), WIRE_MSG_REMOVE, &request, NULL, &error))
		return cli_fail (cli, error);
	return CLI_OK;
}
