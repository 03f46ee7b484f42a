/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The grammar of JSON, by recursive descent of a bounded depth.
 */
#include <config.h>

#include "provisioner/json-check.h"

#include "provisioner/error.h"
#include "provisioner/limits.h"

#include <math.h>
#include <string.h>

#define NUMBER_MAX 64 /* characters */
#define SHOWN_MAX 32

typedef struct {
	const char *begin, *at, *end;
	guint depth, members;
	const char *why; /* of the first fault */
	PvErrorCode code;
} Scan;

static gboolean scan_value (Scan *scan);

static gboolean
fault (Scan *scan, PvErrorCode code, const char *why)
{
	if (scan->why == NULL) {
		scan->why = why;
		scan->code = code;
	}
	return FALSE;
}

/* NUL at the end, which stands for nothing that JSON knows. */
static char
peek (const Scan *scan)
{
	return scan->at < scan->end ? *scan->at : '\0';
}

static gboolean
take (Scan *scan, char wanted)
{
	if (peek (scan) != wanted)
		return FALSE;
	scan->at++;
	return TRUE;
}

static void
skip_space (Scan *scan)
{
	while (scan->at < scan->end && memchr (" \t\r\n", *scan->at, 4) != NULL)
		scan->at++;
}

/* The four digits behind \u; -1 for others. */
static gint32
take_unit (Scan *scan)
{
	gint32 unit = 0;

	for (guint i = 0; i < 4; i++) {
		int digit = g_ascii_xdigit_value (peek (scan));

		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
		scan->at++;
	}
	return unit;
}

static gboolean
scan_unit (Scan *scan)
{
	gint32 unit = take_unit (scan);

	if (unit == 0)
		return fault (scan, PV_ERROR_MALFORMED, "a NUL in a text");
	if (unit < 0 || (unit >= 0xdc00 && unit <= 0xdfff))
		return fault (scan, PV_ERROR_MALFORMED, "no such character");
	if (unit < 0xd800 || unit > 0xdfff)
		return TRUE;
	if (take (scan, '\\') && take (scan, 'u')) {
		unit = take_unit (scan);
		if (unit >= 0xdc00 && unit <= 0xdfff)
			return TRUE;
	}
	return fault (scan, PV_ERROR_MALFORMED, "half a character");
}

static gboolean
scan_string (Scan *scan)
{
	if (!take (scan, '"'))
		return fault (scan, PV_ERROR_MALFORMED, "a text was expected");
	while (!take (scan, '"')) {
		if (scan->at >= scan->end)
			return fault (scan, PV_ERROR_MALFORMED, "a text without end");
		if ((guchar)*scan->at < 0x20)
			return fault (scan, PV_ERROR_MALFORMED, "a control character in a text");
		if (*scan->at++ != '\\')
			continue;
		if (take (scan, 'u')) {
			if (!scan_unit (scan))
				return FALSE;
		} else if (peek (scan) == '\0' || strchr ("\"\\/bfnrt", peek (scan)) == NULL) {
			return fault (scan, PV_ERROR_MALFORMED, "an unknown escape");
		} else {
			scan->at++;
		}
	}
	return TRUE;
}

static gboolean
skip_digits (Scan *scan)
{
	const char *first = scan->at;

	while (g_ascii_isdigit (peek (scan)))
		scan->at++;
	return scan->at > first;
}

static gboolean
scan_number (Scan *scan)
{
	char text[NUMBER_MAX + 1] = {0};
	const char *first = scan->at;
	gboolean good, whole = TRUE;

	take (scan, '-');
	good = take (scan, '0') || skip_digits (scan);
	if (good && take (scan, '.')) {
		whole = FALSE;
		good = skip_digits (scan);
	}
	if (good && (take (scan, 'e') || take (scan, 'E'))) {
		whole = FALSE;
		if (!take (scan, '+'))
			take (scan, '-');
		good = skip_digits (scan);
	}
	if (!good || g_ascii_isalnum (peek (scan)))
		return fault (scan, PV_ERROR_MALFORMED, "no value");
	if (scan->at - first <= NUMBER_MAX) {
		memcpy (text, first, scan->at - first);
		if (whole ? g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, NULL, NULL)
			  : isfinite (g_ascii_strtod (text, NULL)))
			return TRUE;
	}
	return fault (scan, PV_ERROR_MALFORMED, "a number too large");
}

static gboolean
scan_word (Scan *scan)
{
	static const char *const words[] = {"true", "false", "null"};

	for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
		gsize length = strlen (words[i]);

		if ((gsize)(scan->end - scan->at) >= length &&
		    memcmp (scan->at, words[i], length) == 0) {
			scan->at += length;
			return TRUE;
		}
	}
	return FALSE;
}

static gboolean
scan_member (Scan *scan)
{
	skip_space (scan);
	if (!scan_string (scan))
		return FALSE;
	scan->members++;
	skip_space (scan);
	return take (scan, ':') ? scan_value (scan)
				: fault (scan, PV_ERROR_MALFORMED, "a member without value");
}

/* Behind the bracket that opens: @item with commas between, up to the one that closes. */
static gboolean
scan_list (Scan *scan, char closing, gboolean (*item) (Scan *scan))
{
	if (++scan->depth > PV_JSON_DEPTH_MAX)
		return fault (scan, PV_ERROR_LIMIT, "");
	skip_space (scan);
	if (!take (scan, closing)) {
		do {
			if (!item (scan))
				return FALSE;
			skip_space (scan);
		} while (take (scan, ','));
		if (!take (scan, closing))
			return fault (scan, PV_ERROR_MALFORMED, "an object or list without end");
	}
	scan->depth--;
	return TRUE;
}

static gboolean
scan_value (Scan *scan)
{
	skip_space (scan);
	if (take (scan, '{'))
		return scan_list (scan, '}', scan_member);
	if (take (scan, '['))
		return scan_list (scan, ']', scan_value);
	if (peek (scan) == '"')
		return scan_string (scan);
	return scan_word (scan) || scan_number (scan);
}

/* What is no object or list at all is shown: a web page, a proxy's words. */
static void
explain (const Scan *scan, GError **error)
{
	const char *first = scan->begin;
	g_autofree char *text = NULL;
	g_autofree char *shown = NULL;

	if (scan->code == PV_ERROR_LIMIT) {
		g_set_error (error, PV_ERROR, PV_ERROR_LIMIT, "JSON nested deeper than %d levels",
			     PV_JSON_DEPTH_MAX);
		return;
	}
	while (first < scan->end && memchr (" \t\r\n", *first, 4) != NULL)
		first++;
	if (first < scan->end && *first != '{' && *first != '[' && *first != '"') {
		text = g_strndup (first, MIN (scan->end - first, SHOWN_MAX));
		shown = g_strescape (text, NULL);
		g_set_error (error, PV_ERROR, PV_ERROR_MALFORMED,
			     "not JSON: it begins with “%s”", shown);
		return;
	}
	g_set_error (error, PV_ERROR, PV_ERROR_MALFORMED,
		     "not JSON: %s, at octet %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT, scan->why,
		     (gsize)(scan->at - scan->begin), (gsize)(scan->end - scan->begin));
}

gboolean
pv_json_check (const char *bytes, gsize length, guint *members, GError **error)
{
	Scan scan = {.begin = bytes, .at = bytes, .end = bytes + length};
	gboolean good = scan_value (&scan);

	skip_space (&scan);
	if (good && scan.at == scan.end) {
		*members = scan.members;
		return TRUE;
	}
	fault (&scan, PV_ERROR_MALFORMED, "something behind the end");
	explain (&scan, error);
	return FALSE;
}
