/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Secrets in files that nobody else may read: an operator's, our own, or a credential that the service
 * manager hands over ($CREDENTIALS_DIRECTORY).
 */
#pragma once

#include "keystore/secret.h"

/**
 * ks_secret_from_file:
 * @path: the file; 1 to 2048 bytes of it are looked at
 * @line: which of its lines, from 0; the last one for more than it has
 *
 * Returns: (transfer full) (nullable): the line without its end; %NULL with %KS_ERROR_STORAGE, or
 *     %KS_ERROR_TOKEN when it is empty or others may read it
 */
KsSecret *
ks_secret_from_file (const char *path, guint line, GError **error) G_GNUC_WARN_UNUSED_RESULT;
