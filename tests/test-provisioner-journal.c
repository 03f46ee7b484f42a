/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What goes to the journal as fields: an id of its own for each kind, and whom it is about.
 */
#include <config.h>

#include "provisioner/journal.h"

#include <string.h>

typedef struct {
	char *message, *id, *enrolment, *credential;
	GLogLevelFlags level;
} Line;

static GLogWriterOutput
keep (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
	Line *line = data;
	const struct {
		const char *key;
		char **member;
	} wanted[] = {
		{"MESSAGE", &line->message},
		{"MESSAGE_ID", &line->id},
		{"ENROLEE_ENROLMENT", &line->enrolment},
		{"ENROLEE_CREDENTIAL", &line->credential},
	};

	line->level = level;
	for (gsize i = 0; i < n_fields; i++) {
		for (gsize j = 0; j < G_N_ELEMENTS (wanted); j++) {
			if (!g_str_equal (fields[i].key, wanted[j].key))
				continue;
			g_free (*wanted[j].member);
			*wanted[j].member = fields[i].length < 0
						    ? g_strdup (fields[i].value)
						    : g_strndup (fields[i].value, fields[i].length);
		}
	}
	return G_LOG_WRITER_HANDLED;
}

static void
clear (Line *line)
{
	g_clear_pointer (&line->message, g_free);
	g_clear_pointer (&line->id, g_free);
	g_clear_pointer (&line->enrolment, g_free);
	g_clear_pointer (&line->credential, g_free);
}

static Line last;

static void
test_fields (void)
{
	pv_journal (PV_JOURNAL_NEAR_EXPIRY, "gw1", "gw1-key", "%s: %d", "gw1", 7);
	g_assert_cmpstr (last.message, ==, "gw1: 7");
	g_assert_cmpstr (last.enrolment, ==, "gw1");
	g_assert_cmpstr (last.credential, ==, "gw1-key");
	g_assert_cmpuint (last.level, ==, G_LOG_LEVEL_WARNING);
	g_assert_cmpuint (strlen (last.id), ==, 32);
	clear (&last);
}

static void
test_ids (void)
{
	g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

	for (PvJournal kind = PV_JOURNAL_PUBLISHED; kind <= PV_JOURNAL_SETTINGS; kind++) {
		pv_journal (kind, NULL, NULL, "%%s");
		g_assert_cmpstr (last.message, ==, "%s");
		g_assert_nonnull (last.id);
		g_assert_true (g_hash_table_add (seen, g_strdup (last.id)));
		g_assert_cmpstr (last.enrolment, ==, "");
		clear (&last);
	}
}

static void
test_time (void)
{
	g_autofree char *day = pv_journal_time (1795618553);
	g_autofree char *never = pv_journal_time (G_MAXINT64);

	g_assert_cmpstr (day, ==, "2026-11-25 14:55 UTC");
	g_assert_cmpstr (never, ==, "an unknown time");
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_log_set_writer_func (keep, &last, NULL);
	g_test_add_func ("/journal/fields", test_fields);
	g_test_add_func ("/journal/ids", test_ids);
	g_test_add_func ("/journal/time", test_time);
	return g_test_run ();
}
