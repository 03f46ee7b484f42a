/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files with secrets: read into memory that is wiped, with a look at who else can read the file.
 */
#pragma once

#include <gio/gio.h>

#define CLI_SECRET_FILE_MAX (1024 * 1024)

/**
 * CliSecret:
 * @data: (array length=len): followed by a NUL byte that does not count
 * @path: for messages
 * @others_may_read: whether the file's mode lets its group or everybody read it
 */
typedef struct {
	guint8 *data;
	gsize len;
	char *path;
	gboolean others_may_read;
} CliSecret;

/** Returns: (transfer full): an empty one of @path, with room for %CLI_SECRET_FILE_MAX bytes. */
CliSecret *cli_secret_new (const char *path);

/**
 * cli_secret_read:
 * @path: a file, or "-" for stdin
 *
 * Returns: (transfer full) (nullable): %NULL with PV_ERROR/JOB
 */
CliSecret *cli_secret_read (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cli_secret_free (CliSecret *secret);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CliSecret, cli_secret_free)

/**
 * cli_secret_check_private:
 *
 * Returns: %FALSE with PV_ERROR/JOB when others may read the file
 */
gboolean cli_secret_check_private (const CliSecret *secret,
				   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * CliPassphrase:
 * @file: (nullable): where it is; the operator is asked when there is none
 * @is_pin: it is a token's PIN, for messages
 * @text: (nullable): once known
 */
typedef struct {
	const char *file;
	gboolean is_pin;
	char *text;
} CliPassphrase;

void cli_passphrase_clear (CliPassphrase *passphrase);

/**
 * cli_passphrase_get:
 * @what: (nullable): whose passphrase, for the prompt
 *
 * Returns: (transfer none) (nullable): %NULL with PV_ERROR/JOB, also when there is nobody to ask
 */
const char *cli_passphrase_get (CliPassphrase *passphrase,
				const char *what,
				GError **error) G_GNUC_WARN_UNUSED_RESULT;
