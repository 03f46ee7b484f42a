/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enrolee: the operator's command. Finds the subcommand in the table and runs it. No key stays in
 * this process longer than its import takes, and none in a core file.
 */
#include <config.h>

#include "provisioner/cli/cli.h"
#include "provisioner/cli/doctor.h"
#include "provisioner/program.h"

#include <locale.h>
#include <string.h>
#include <sys/prctl.h>

static const CliCommand commands[] = {
	{"enrol", "NAME", "Enrol now, and show each phase as it happens", cli_enrol},
	{"renew", "NAME", "Make an enrolment's certificate and key anew now", cli_renew},
	{"probe", "NAME", "Ask an enrolment's MEF, and keep nothing", cli_probe},
	{"decommission", "NAME", "De-register at the MEF, and destroy what it brought", cli_decommission},
	{"import", "NAME FILE...", "Import a key with its certificates, a symmetric key, or anchors",
	 cli_import},
	{"list", "", "List the credentials", cli_list},
	{"show", "NAME", "Show one credential", cli_show},
	{"status", "", "Show the daemons and the enrolments", cli_status},
	{"use", "[PROGRAM NAME]", "Show how a program uses a credential; set its unit up", cli_use},
	{"remove", "NAME", "Destroy a credential with all its keys", cli_remove},
	{"grant", "NAME", "Let a user or group use a credential", cli_grant},
	{"revoke", "NAME", "Take a user's or group's right to use a credential", cli_revoke},
	{"wait", "NAME", "Wait until a credential is there", cli_wait},
	{"export", "NAME", "Copy its certificates and its key's URI into a folder", cli_export},
	{"config", "", "Check and print the settings", cli_config},
	{"check", "[NAME...]", "Tell a monitoring system, in one line, how all is", cli_check},
	{"doctor", "[NAME...]", "Look for what is wrong, and say what to do about it", cli_doctor},
};

static const CliCommand *
find_command (const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS (commands); i++) {
		if (g_str_equal (commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

/* Options of every subcommand, also accepted before its name. */
static void
add_global_options (Cli *cli, GOptionContext *context)
{
	const GOptionEntry entries[] = {
		{"json", 0, 0, G_OPTION_ARG_NONE, &cli->json, "Print JSON", NULL},
		{"runtime-dir", 0, 0, G_OPTION_ARG_FILENAME, &cli->runtime_dir,
		 "Folder of the sockets (" ENROLEE_RUNTIME_DIR ")", "DIR"},
		{"state-dir", 0, 0, G_OPTION_ARG_FILENAME, &cli->state_dir,
		 "Folder of the state (" ENROLEE_STATE_DIR ")", "DIR"},
		{"config-dir", 0, 0, G_OPTION_ARG_FILENAME, &cli->config_dir,
		 "Folder of enrolee.conf (" ENROLEE_CONFIG_DIR ")", "DIR"},
		{"bus", 0, 0, G_OPTION_ARG_STRING, &cli->bus, "D-Bus other than the system bus",
		 "ADDRESS"},
		{NULL},
	};
	GOptionGroup *group = g_option_group_new ("common", "Options of all commands:",
						  "Show the options of all commands", NULL, NULL);

	g_option_group_add_entries (group, entries);
	g_option_context_add_group (context, group);
}

gboolean
cli_parse (Cli *cli, const GOptionEntry *entries, int *argc, char ***argv, int min, int max)
{
	g_autofree char *name = g_strdup_printf ("enrolee %s", cli->command->name);
	g_autoptr (GOptionContext) context = g_option_context_new (cli->command->arguments);
	g_autoptr (GError) error = NULL;

	g_set_prgname (name);
	g_option_context_set_summary (context, cli->command->summary);
	if (entries != NULL)
		g_option_context_add_main_entries (context, entries, NULL);
	add_global_options (cli, context);
	if (!g_option_context_parse (context, argc, argv, &error)) {
		g_printerr ("%s: %s\n", name, error->message);
		return FALSE;
	}
	pv_option_default (&cli->runtime_dir, ENROLEE_RUNTIME_DIR);
	pv_option_default (&cli->state_dir, ENROLEE_STATE_DIR);
	pv_option_default (&cli->config_dir, ENROLEE_CONFIG_DIR);
	if (*argc > 1 && g_str_equal ((*argv)[1], "--")) {
		(*argv)[1] = (*argv)[0];
		(*argv)++;
		(*argc)--;
	}
	if (*argc - 1 >= min && *argc - 1 <= max)
		return TRUE;
	g_printerr ("Usage: %s [options] %s\n", name, cli->command->arguments);
	return FALSE;
}

PvKeystore *
cli_keystore (Cli *cli)
{
	if (cli->keystore == NULL)
		cli->keystore = pv_keystore_new (cli->runtime_dir);
	return cli->keystore;
}

static char *
describe_commands (void)
{
	GString *text = g_string_new ("Commands:\n");
	g_autofree char *exits = cli_exit_help ();

	for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
		g_string_append_printf (
			text, "  %-12s %-14s %s\n", commands[i].name, commands[i].arguments, commands[i].summary);
	g_string_append_printf (text, "\n%s", exits);
	return g_string_free (text, FALSE);
}

static int
run (Cli *cli, int argc, char **argv)
{
	g_autoptr (GOptionContext) context = g_option_context_new ("COMMAND ...");
	g_autofree char *description = describe_commands ();
	g_autoptr (GError) error = NULL;
	gboolean version = FALSE;
	const GOptionEntry entries[] = {
		{"version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version", NULL}, {NULL}};

	g_option_context_set_summary (context, "Keys and certificates of this machine's oneM2M entities.");
	g_option_context_set_description (context, description);
	g_option_context_set_strict_posix (context, TRUE);
	g_option_context_add_main_entries (context, entries, NULL);
	add_global_options (cli, context);
	if (!g_option_context_parse (context, &argc, &argv, &error)) {
		g_printerr ("enrolee: %s\n", error->message);
		return CLI_USAGE;
	}
	if (version) {
		g_print ("enrolee %s\n", PACKAGE_VERSION);
		return CLI_OK;
	}
	cli->command = argc > 1 ? find_command (argv[1]) : NULL;
	if (cli->command == NULL) {
		if (argc > 1)
			g_printerr ("enrolee: there is no command \"%s\"; see enrolee --help\n", argv[1]);
		else
			g_printerr ("enrolee: which command? See enrolee --help\n");
		return CLI_USAGE;
	}
	return cli->command->run (cli, argc - 1, argv + 1);
}

int
main (int argc, char **argv)
{
	Cli cli = {0};
	int status;

	setlocale (LC_ALL, "");
	if (argc > 2 && g_str_equal (argv[1], DOCTOR_TRY_COMMAND)) {
		doctor_try_openssl (argv[2], argv + 3);
		return CLI_OK;
	}
	(void) prctl (PR_SET_DUMPABLE, 0);
	status = run (&cli, argc, argv);
	pv_keystore_free (cli.keystore);
	g_free (cli.runtime_dir);
	g_free (cli.state_dir);
	g_free (cli.config_dir);
	g_free (cli.bus);
	return status;
}
