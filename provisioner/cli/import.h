/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `enrolee import` was asked for, shared by import.c and import-secret.c. */
#pragma once

#include "provisioner/cli/cli.h"

#define CLI_IMPORT_FILES_MAX 16

typedef struct {
	const char *name;
	char **files; /* NULL-terminated */
	char *passphrase_file;
	char **anchor_files;
	char *from, *module, *pin_file; /* (nullable): another token */
	char *symmetric;
	char *format;
	char *identifier;
	char *expires;
	int suid;
	char **users;
	char **groups;
	gboolean revoke_old;
	GPtrArray *anchors; /* GBytes */
	GPtrArray *added_users, *added_groups; /* what was granted for this import */
	PvCredential *before; /* (nullable): what it replaces */
	PvSettings *settings;
} CliImport;

/**
 * cli_import_stage_secret:
 * @staged: (out)
 *
 * Returns: %FALSE with PV_ERROR/JOB or the keystore's error
 */
gboolean cli_import_stage_secret (Cli *cli,
				  const CliImport *import,
				  guint32 *staged,
				  GError **error) G_GNUC_WARN_UNUSED_RESULT;
