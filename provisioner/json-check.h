/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a text is JSON as RFC 8259 has it, before json-glib sees it: that one parses recursively and
 * without bounds, takes comments, 'strings', hexadecimal and octal numbers, cuts texts at NUL, and wraps
 * numbers that are too large. Allocates nothing.
 */
#pragma once

#include <glib.h>

/**
 * pv_json_check:
 * @bytes: valid UTF-8
 * @length: its length
 * @members: (out): how many members all its objects have together
 * @error: return location for an error
 *
 * Besides the grammar: no more than %PV_JSON_DEPTH_MAX levels, no NUL in texts, no lone surrogates,
 * numbers that a gint64 or a finite double holds. An error never repeats what could be a key.
 *
 * Errors: PV_ERROR/LIMIT for the depth, PV_ERROR/MALFORMED
 */
gboolean pv_json_check (const char *bytes, gsize length, guint *members, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;
