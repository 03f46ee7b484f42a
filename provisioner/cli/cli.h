/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command enrolee: one row of the table and one file per subcommand. A subcommand parses its own
 * options, does its work and returns an exit status of CliExit.
 */
#pragma once

#include <gio/gio.h>

#include "provisioner/keystore-credential.h"
#include "provisioner/settings.h"

/* In a credential's folder, where Reveal= says so; keystore/folder-files.h has the same. */
#define CLI_REVEALED_FILE "revealed-psk.txt"

/* Exit statuses. Their meanings are in the table of cli-exit.c, which --help and the manual show. */
typedef enum {
	CLI_OK = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2,
	CLI_NOT_FOUND = 3,
	CLI_REFUSED = 4,
	CLI_UNREACHABLE = 5,
	CLI_TIMEOUT = 6,
	CLI_PROBLEMS = 7,
	CLI_WAITING = 8,
	CLI_BUSY = 9,
} CliExit;

typedef struct _Cli Cli;

typedef struct {
	const char *name;
	const char *arguments; /* after the options, for the usage line */
	const char *summary;
	int (*run) (Cli *cli, int argc, char **argv);
} CliCommand;

struct _Cli {
	char *runtime_dir;
	char *state_dir;
	char *config_dir;
	char *bus;     /* (nullable): D-Bus address; the system bus when there is none */
	gboolean json;
	const CliCommand *command; /* the one that runs */
	PvKeystore *keystore;
};

/**
 * cli_parse:
 * @entries: (nullable): the subcommand's own options
 * @min: least number of arguments
 * @max: largest number of arguments
 *
 * Takes the options out of @argc and @argv, which then hold argv[0] and the arguments.
 *
 * Returns: %FALSE when the usage was wrong; it has been said, return %CLI_USAGE
 */
gboolean cli_parse (Cli *cli,
		    const GOptionEntry *entries,
		    int *argc,
		    char ***argv,
		    int min,
		    int max) G_GNUC_WARN_UNUSED_RESULT;

/**
 * cli_keystore:
 *
 * Returns: (transfer none): the client of provision.sock
 */
PvKeystore *cli_keystore (Cli *cli);

/**
 * cli_fail:
 * @error: (transfer none): what happened
 *
 * Says it on stderr.
 *
 * Returns: the exit status that fits @error
 */
CliExit cli_fail (Cli *cli, const GError *error);

/**
 * cli_exit_help:
 *
 * Returns: (transfer full): the table of exit statuses, for --help
 */
char *cli_exit_help (void);

/** Its statuses are those of monitoring systems: 0 ok, 1 warning, 2 critical, 3 unknown. */
int cli_check (Cli *cli, int argc, char **argv);
int cli_config (Cli *cli, int argc, char **argv);
int cli_decommission (Cli *cli, int argc, char **argv);
int cli_doctor (Cli *cli, int argc, char **argv);
int cli_enrol (Cli *cli, int argc, char **argv);
int cli_export (Cli *cli, int argc, char **argv);
int cli_grant (Cli *cli, int argc, char **argv);
int cli_import (Cli *cli, int argc, char **argv);
int cli_list (Cli *cli, int argc, char **argv);
int cli_probe (Cli *cli, int argc, char **argv);
int cli_remove (Cli *cli, int argc, char **argv);
int cli_renew (Cli *cli, int argc, char **argv);
int cli_revoke (Cli *cli, int argc, char **argv);
int cli_show (Cli *cli, int argc, char **argv);
int cli_status (Cli *cli, int argc, char **argv);
int cli_use (Cli *cli, int argc, char **argv);
int cli_wait (Cli *cli, int argc, char **argv);
