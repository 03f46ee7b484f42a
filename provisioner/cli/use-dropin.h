/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The systemd drop-in that gives one unit OpenSSL's configuration. Written whole or not at all, and
 * never over a file that somebody else wrote.
 */
#pragma once

#include <gio/gio.h>

/**
 * CliDropin:
 * @path: FOLDER/UNIT.d/enrolee.conf
 * @text: what belongs into it
 */
typedef struct {
	char *path;
	char *text;
} CliDropin;

/**
 * cli_dropin_new:
 * @folder: of systemd's units
 * @unit: a unit's name
 * @openssl_conf: path of the configuration
 *
 * Returns: (transfer full) (nullable): %NULL with PV_ERROR/JOB when @unit is no name of a service
 */
CliDropin *cli_dropin_new (const char *folder,
			   const char *unit,
			   const char *openssl_conf,
			   GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cli_dropin_free (CliDropin *dropin);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CliDropin, cli_dropin_free)

typedef enum { CLI_DROPIN_ABSENT, CLI_DROPIN_SAME, CLI_DROPIN_OURS, CLI_DROPIN_FOREIGN } CliDropinState;

CliDropinState cli_dropin_state (const CliDropin *dropin);

/**
 * cli_dropin_write:
 *
 * Returns: %FALSE with PV_ERROR/JOB (somebody else's file) or PV_ERROR/LOCAL
 */
gboolean cli_dropin_write (const CliDropin *dropin, GError **error) G_GNUC_WARN_UNUSED_RESULT;
