/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The catalogue's schema and its migrations: a table of SQL scripts, one per version. A released
 * entry never changes; a new version is a new entry.
 */
#pragma once

#include "keystore/sql.h"

/**
 * ks_schema_migrate:
 * @scripts: entry n leads from version n to n + 1
 * @count: how many; the version this program knows
 *
 * Each step is one transaction.
 *
 * Returns: %FALSE with %KS_ERROR_NEWER when the database's version is above @count, or an SQL error
 */
gboolean ks_schema_migrate (sqlite3 *db, const char *const *scripts, guint count, GError **error);

/**
 * ks_schema_open:
 *
 * Sets the connection up (exclusive, synchronous, foreign keys), checks the file, migrates it.
 */
gboolean ks_schema_open (sqlite3 *db, GError **error);
