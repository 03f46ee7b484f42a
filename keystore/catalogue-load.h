/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For the catalogue's own files: rows to values.
 */
#pragma once

#include "keystore/credential.h"
#include "keystore/sql.h"

/**
 * ks_catalogue_load:
 * @row: id of one credential, or 0 for all
 *
 * Returns: (transfer full) (nullable) (element-type KsCredential): what the database holds
 */
GPtrArray *ks_catalogue_load (sqlite3 *db, gint64 row, GError **error);
