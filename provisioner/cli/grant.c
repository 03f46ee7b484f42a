/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* enrolee grant NAME, enrolee revoke NAME: who may use a credential; takes effect at once. */
#include <config.h>

#include <grp.h>
#include <pwd.h>

#include "provisioner/cli/cli-output.h"

/* The policy holds names: one that does not exist yet is fine, but more often a slip of the pen. */
static void
warn_unknown (gboolean group, const char *principal)
{
	if (group ? getgrnam (principal) != NULL : getpwnam (principal) != NULL)
		return;
	g_printerr ("%s: warning: there is no %s \"%s\" on this machine\n",
		    g_get_prgname (),
		    group ? "group" : "user",
		    principal);
}

static gboolean
change (Cli *cli,
	WireMessageType type,
	const char *name,
	gboolean group,
	GStrv principals,
	GError **error)
{
	for (guint i = 0; principals != NULL && principals[i] != NULL; i++) {
		const WireGrant request = {
			.name = pv_wire_text (name),
			.group = group,
			.principal = pv_wire_text (principals[i]),
		};

		if (type == WIRE_MSG_GRANT)
			warn_unknown (group, principals[i]);
		if (!pv_keystore_call (cli_keystore (cli), type, &request, NULL, error))
			return FALSE;
	}
	return TRUE;
}

static CliExit
run (Cli *cli, WireMessageType type, int argc, char **argv)
{
	g_auto (GStrv) users = NULL;
	g_auto (GStrv) groups = NULL;
	const GOptionEntry entries[] = {
		{"user", 'u', 0, G_OPTION_ARG_STRING_ARRAY, &users, "A user (may be repeated)", "USER"},
		{"group", 'g', 0, G_OPTION_ARG_STRING_ARRAY, &groups, "A group (may be repeated)",
		 "GROUP"},
		{NULL},
	};
	g_autoptr (GError) error = NULL;

	if (!cli_parse (cli, entries, &argc, &argv, 1, 1))
		return CLI_USAGE;
	if (users == NULL && groups == NULL) {
		g_printerr ("%s: give --user or --group\n", g_get_prgname ());
		return CLI_USAGE;
	}
	if (!change (cli, type, argv[1], FALSE, users, &error) ||
	    !change (cli, type, argv[1], TRUE, groups, &error))
		return cli_fail (cli, error);
	return CLI_OK;
}

int
cli_grant (Cli *cli, int argc, char **argv)
{
	return run (cli, WIRE_MSG_GRANT, argc, argv);
}

int
cli_revoke (Cli *cli, int argc, char **argv)
{
	return run (cli, WIRE_MSG_REVOKE, argc, argv);
}
