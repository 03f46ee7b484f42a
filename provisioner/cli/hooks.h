/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OnRenew= as the command meets it: asked for after an import, shown while it is still to be done. */
#pragma once

#include "provisioner/cli/cli.h"

/**
 * cli_hooks_run:
 * @credential: that was published
 *
 * Does what the settings say, by enrolee-hook, and waits for it.
 *
 * Returns: %FALSE with G_IO_ERROR or G_DBUS_ERROR: what failed, and why
 */
gboolean cli_hooks_run (Cli *cli, const char *credential, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * cli_hooks_text:
 * @status: what the D-Bus method Status tells of an enrolment
 *
 * Returns: (transfer full) (nullable): one line; %NULL when nothing is to be done
 */
char *cli_hooks_text (GVariant *status);
