/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Credentials for whoever asks. root and the provisioner ask the keystore on provision.sock; every other
 * user sees what the token shows them, on token.sock, as their programs do.
 */
#pragma once

#include "provisioner/cli/cli.h"

/**
 * cli_credentials:
 *
 * Returns: (transfer full) (element-type PvCredential) (nullable): by name; %NULL with
 * PV_ERROR/KEYSTORE. What an application cannot see (origin, MEF, other users) is empty then, and a
 * symmetric key whose folder is not this user's has its identifier for a name.
 */
GPtrArray *cli_credentials (Cli *cli, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * cli_credential:
 *
 * Returns: (transfer full) (nullable): with its certificates; %NULL with PV_ERROR/KEYSTORE or
 * PV_ERROR/NOT_FOUND
 */
PvCredential *
cli_credential (Cli *cli, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
