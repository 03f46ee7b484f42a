/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * m2m:timestamp and xs:duration. Strict: what does not fit the form is an error, never a guess.
 */
#include <config.h>

#include "provisioner/timestamp.h"

#include "provisioner/error.h"
#include "provisioner/limits.h"

#include <string.h>

static gboolean
malformed (const char *what, const char *text, GError **error)
{
	g_autofree char *shown = g_strescape (text, NULL);

	g_set_error (error, PV_ERROR, PV_ERROR_MALFORMED, "“%.40s” is not a %s", shown, what);
	return FALSE;
}

static int
digits (const char *text, int count)
{
	int value = 0;

	for (int i = 0; i < count; i++) {
		if (!g_ascii_isdigit (text[i]))
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

/* What may stand behind the seconds: a fraction, and the Z of ISO 8601, for it is UTC anyway. */
static gboolean
is_end (const char *text)
{
	if (*text == ',' || *text == '.') {
		gsize length = strspn (++text, "0123456789");

		if (length < 1 || length > 6)
			return FALSE;
		text += length;
	}
	return text[*text == 'Z' ? 1 : 0] == '\0';
}

gboolean
pv_timestamp_parse (const char *text, gint64 *seconds, GError **error)
{
	g_autoptr (GDateTime) time = NULL;
	int year, month, day, hour, minute, second;

	if (strlen (text) < 15 || text[8] != 'T')
		return malformed ("timestamp", text, error);
	if (!is_end (text + 15))
		return malformed ("timestamp", text, error);
	year = digits (text, 4);
	month = digits (text + 4, 2);
	day = digits (text + 6, 2);
	hour = digits (text + 9, 2);
	minute = digits (text + 11, 2);
	second = digits (text + 13, 2);
	if (year < 1 || month < 1 || day < 1 || hour < 0 || minute < 0 || second < 0)
		return malformed ("timestamp", text, error);
	time = g_date_time_new_utc (year, month, day, hour, minute, second);
	if (time == NULL)
		return malformed ("timestamp", text, error);
	*seconds = g_date_time_to_unix (time);
	return TRUE;
}

char *
pv_timestamp_format (gint64 seconds)
{
	g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (seconds);
	g_autofree char *rest = NULL;

	if (time == NULL)
		return NULL;
	rest = g_date_time_format (time, "%m%dT%H%M%S");
	return g_strdup_printf ("%04d%s", g_date_time_get_year (time), rest); /* %Y has no zeros */
}

/* One "<digits><designator>" of a duration; the designators come in order, each at most once. */
static gboolean
parse_component (const char **text, const char **designators, gint64 *value, char *designator)
{
	const char *at = *text;
	const char *found;
	gint64 number = 0;
	gboolean fraction = FALSE;

	for (; g_ascii_isdigit (*at); at++) {
		number = number * 10 + (*at - '0');
		if (number > PV_LIFETIME_MAX_S)
			return FALSE;
	}
	if (at == *text)
		return FALSE;
	if (*at == '.') {
		const char *start = ++at;
		for (; g_ascii_isdigit (*at); at++)
			fraction |= *at != '0';
		if (at == start || *at != 'S')
			return FALSE;
	}
	found = *at != '\0' ? strchr (*designators, *at) : NULL;
	if (found == NULL)
		return FALSE;
	*designators = found + 1;
	*designator = *at;
	*value = number + (fraction ? 1 : 0);
	*text = at + 1;
	return TRUE;
}

static gint64
unit_s (char designator, gboolean in_time)
{
	switch (designator) {
	case 'Y':
		return 365 * 86400;
	case 'M':
		return in_time ? 60 : 30 * 86400;
	case 'D':
		return 86400;
	case 'H':
		return 3600;
	}
	return 1;
}

gboolean
pv_duration_parse (const char *text, gint64 *seconds, GError **error)
{
	const char *at = text;
	const char *designators = "YMD";
	gboolean in_time = FALSE;
	gboolean any = FALSE;
	gint64 total = 0;

	if (*at++ != 'P')
		return malformed ("duration", text, error);
	while (*at != '\0') {
		gint64 value;
		char designator;

		if (*at == 'T' && !in_time) {
			in_time = TRUE;
			designators = "HMS";
			any = FALSE;
			at++;
			continue;
		}
		if (!parse_component (&at, &designators, &value, &designator))
			return malformed ("duration", text, error);
		total += value * unit_s (designator, in_time);
		any = TRUE;
		if (total > PV_LIFETIME_MAX_S)
			return malformed ("duration", text, error);
	}
	if (!any)
		return malformed ("duration", text, error);
	*seconds = total;
	return TRUE;
}
