/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* enrolee remove NAME */
#include <config.h>

#include "provisioner/cli/cli-output.h"

int
cli_remove (Cli *cli, int argc, char **argv)
{
	gboolean yes = FALSE;
	const GOptionEntry entries[] = {
		{"yes", 'y', 0, G_OPTION_ARG_NONE, &yes, "Do not ask", NULL}, {NULL}};
	g_autoptr (GError) error = NULL;
	g_autofree char *question = NULL;
	WireName request;

	if (!cli_parse (cli, entries, &argc, &argv, 1, 1))
		return CLI_USAGE;
	question = g_strdup_printf (
		"Destroy %s with all its keys? They cannot be brought back.", argv[1]);
	if (!yes && !cli_confirm (question))
		return CLI_FAILED;
	request.name = pv_wire_text (argv[1]);
	if (!pv_keystore_call (cli_keystore (cli), WIRE_MSG_REMOVE, &request, NULL, &error))
		return cli_fail (cli, error);
	return CLI_OK;
}
