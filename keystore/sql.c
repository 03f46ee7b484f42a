/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SQLite with GErrors.
 */
#include <config.h>

#include "keystore/sql.h"

#include <stdarg.h>

static KsError
code_of (int result)
{
	switch (result & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return KS_ERROR_CORRUPT;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return KS_ERROR_IN_USE;
	case SQLITE_FULL:
	case SQLITE_READONLY:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		return KS_ERROR_STORAGE;
	case SQLITE_CONSTRAINT:
		return KS_ERROR_EXISTS;
	default:
		return KS_ERROR_FAILED;
	}
}

gboolean
ks_sql_fail (sqlite3 *db, GError **error)
{
	int code = sqlite3_system_errno (db);

	if ((sqlite3_errcode (db) & 0xff) == SQLITE_IOERR && code != 0)
		g_set_error (error, KS_ERROR, code_of (SQLITE_IOERR), "catalogue: %s", g_strerror (code));
	else
		g_set_error (error, KS_ERROR, code_of (sqlite3_errcode (db)), "catalogue: %s",
			     sqlite3_errmsg (db));
	return FALSE;
}

static int
bind_one (KsStatement *statement, int index, char type, va_list *values)
{
	const char *text;
	GBytes *bytes;
	gconstpointer data;
	gsize len;

	if (type == 'i')
		return sqlite3_bind_int64 (statement, index, va_arg (*values, gint64));
	if (type == 't') {
		text = va_arg (*values, const char *);
		return text == NULL
			       ? sqlite3_bind_null (statement, index)
			       : sqlite3_bind_text (statement, index, text, -1, SQLITE_TRANSIENT);
	}
	bytes = va_arg (*values, GBytes *);
	if (bytes == NULL)
		return sqlite3_bind_null (statement, index);
	data = g_bytes_get_data (bytes, &len);
	return sqlite3_bind_blob64 (statement, index, len > 0 ? data : "", len, SQLITE_TRANSIENT);
}

static KsStatement *
prepare (sqlite3 *db, GError **error, const char *sql, const char *types, va_list *values)
{
	g_autoptr (KsStatement) statement = NULL;

	if (sqlite3_prepare_v2 (db, sql, -1, &statement, NULL) != SQLITE_OK) {
		ks_sql_fail (db, error);
		return NULL;
	}
	for (int i = 0; types[i] != '\0'; i++) {
		if (bind_one (statement, i + 1, types[i], values) != SQLITE_OK) {
			ks_sql_fail (db, error);
			return NULL;
		}
	}
	return g_steal_pointer (&statement);
}

KsStatement *
ks_sql_prepare (sqlite3 *db, GError **error, const char *sql, const char *types, ...)
{
	KsStatement *statement;
	va_list values;

	va_start (values, types);
	statement = prepare (db, error, sql, types, &values);
	va_end (values);
	return statement;
}

gboolean
ks_sql_next (sqlite3 *db, KsStatement *statement, gboolean *row, GError **error)
{
	int result = sqlite3_step (statement);

	if (result != SQLITE_ROW && result != SQLITE_DONE)
		return ks_sql_fail (db, error);
	*row = result == SQLITE_ROW;
	return TRUE;
}

gboolean
ks_sql_run (sqlite3 *db, GError **error, const char *sql, const char *types, ...)
{
	g_autoptr (KsStatement) statement = NULL;
	gboolean row = TRUE;
	va_list values;

	va_start (values, types);
	statement = prepare (db, error, sql, types, &values);
	va_end (values);
	if (statement == NULL)
		return FALSE;
	while (row)
		if (!ks_sql_next (db, statement, &row, error))
			return FALSE;
	return TRUE;
}

gboolean
ks_sql_number (sqlite3 *db, GError **error, const char *sql, gint64 *value)
{
	g_autoptr (KsStatement) statement = ks_sql_prepare (db, error, sql, "");
	gboolean row;

	if (statement == NULL || !ks_sql_next (db, statement, &row, error))
		return FALSE;
	if (row)
		*value = sqlite3_column_int64 (statement, 0);
	return TRUE;
}

char *
ks_sql_text (KsStatement *statement, int column)
{
	return g_strdup ((const char *)sqlite3_column_text (statement, column));
}

GBytes *
ks_sql_bytes (KsStatement *statement, int column)
{
	if (sqlite3_column_type (statement, column) == SQLITE_NULL)
		return NULL;
	return g_bytes_new (sqlite3_column_blob (statement, column),
			    (gsize)sqlite3_column_bytes (statement, column));
}
