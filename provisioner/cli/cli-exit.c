/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exit statuses of the command: the one table, and the way from an error to its status. */
#include <config.h>

#include "provisioner/cli/cli.h"
#include "provisioner/error.h"

static const char *const meanings[] = {
	[CLI_OK] = "done",
	[CLI_FAILED] = "failed; the message says why",
	[CLI_USAGE] = "the command line is wrong",
	[CLI_NOT_FOUND] = "there is no credential or enrolment of that name, or nothing was enrolled yet",
	[CLI_REFUSED] = "the input was refused: settings, file, key, certificate or passphrase",
	[CLI_UNREACHABLE] = "a daemon cannot be reached, or not by this user",
	[CLI_TIMEOUT] = "the time given by --timeout is over",
	[CLI_PROBLEMS] = "doctor found something that needs attention",
	[CLI_WAITING] = "the enrolment did not succeed yet; enroleed tries again by itself",
	[CLI_BUSY] = "something is under way that must end first",
};

char *
cli_exit_help (void)
{
	GString *text = g_string_new ("Exit status:\n");

	for (gsize i = 0; i < G_N_ELEMENTS (meanings); i++)
		g_string_append_printf (text, "  %" G_GSIZE_FORMAT "  %s\n", i, meanings[i]);
	return g_string_free (text, FALSE);
}

static CliExit
status_of (Cli *cli, const GError *error)
{
	guint32 answer = cli->keystore != NULL ? pv_keystore_last_status (cli->keystore) : 0;

	if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
		return CLI_TIMEOUT;
	if (error->domain == G_IO_ERROR || error->domain == G_DBUS_ERROR)
		return CLI_UNREACHABLE;
	if (g_error_matches (error, PV_ERROR, PV_ERROR_NOT_FOUND))
		return CLI_NOT_FOUND;
	if (g_error_matches (error, PV_ERROR, PV_ERROR_CONFLICT))
		return CLI_BUSY;
	if (g_error_matches (error, PV_ERROR, PV_ERROR_KEYSTORE))
		return answer == 0			     ? CLI_UNREACHABLE
		       : answer == PV_CKR_KEY_HANDLE_INVALID ? CLI_NOT_FOUND
							     : CLI_REFUSED;
	if (error->domain == PV_ERROR)
		return error->code == PV_ERROR_FAILED || error->code == PV_ERROR_LOCAL ? CLI_FAILED
										: CLI_REFUSED;
	return CLI_FAILED;
}

CliExit
cli_fail (Cli *cli, const GError *error)
{
	g_printerr ("%s: %s\n", g_get_prgname (), error->message);
	return status_of (cli, error);
}
