/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SQLite with GErrors: bind, step and translate, nothing else.
 */
#pragma once

#include "keystore/error.h"

#include <sqlite3.h>

typedef sqlite3_stmt KsStatement;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KsStatement, sqlite3_finalize)

/**
 * ks_sql_fail:
 *
 * Sets @error from the database's last failure: corruption, in use, storage, constraint.
 *
 * Returns: %FALSE
 */
gboolean ks_sql_fail (sqlite3 *db, GError **error);

/**
 * ks_sql_prepare:
 * @types: one letter per parameter: 'i' gint64, 't' text (nullable), 'b' #GBytes (nullable)
 *
 * Returns: (transfer full) (nullable): the bound statement
 */
KsStatement *ks_sql_prepare (sqlite3 *db, GError **error, const char *sql, const char *types, ...);

/**
 * ks_sql_next:
 * @row: (out): whether there is a row
 */
gboolean ks_sql_next (sqlite3 *db, KsStatement *statement, gboolean *row, GError **error);

/**
 * ks_sql_run:
 *
 * Prepares, binds and runs a statement that yields no rows of interest.
 */
gboolean ks_sql_run (sqlite3 *db, GError **error, const char *sql, const char *types, ...);

/**
 * ks_sql_number:
 * @value: (out): the first column of the first row; unchanged when there is no row
 */
gboolean ks_sql_number (sqlite3 *db, GError **error, const char *sql, gint64 *value);

char *ks_sql_text (KsStatement *statement, int column);
GBytes *ks_sql_bytes (KsStatement *statement, int column);
