/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names table and the dialect file.
 */
#include <config.h>

#include "provisioner/dialect.h"
#include "provisioner/error.h"

#include <glib/gstdio.h>
#include <string.h>

static void
test_table (void)
{
	for (guint i = 0; i < PV_N_NAMES; i++) {
		const PvNameEntry *entry = pv_name_entry (i);

		g_assert_nonnull (entry->long_name);
		g_assert_nonnull (entry->short_name);
		g_assert_cmpuint (pv_name_by_long_name (entry->long_name), ==, i);
	}
	g_assert_cmpuint (pv_name_by_long_name ("nosuch"), ==, PV_N_NAMES);
}

static void
test_matches (void)
{
	g_autoptr (PvDialect) dialect = pv_dialect_new ();

	g_assert_true (pv_dialect_matches (dialect, PV_NAME_MEF_CLIENT_REG, "sec:mecr"));
	g_assert_true (pv_dialect_matches (dialect, PV_NAME_MEF_CLIENT_REG, "m2m:mefcr"));
	g_assert_true (pv_dialect_matches (dialect, PV_NAME_MEF_CLIENT_REG, "mefClientReg"));
	g_assert_false (pv_dialect_matches (dialect, PV_NAME_MEF_CLIENT_REG, "sec:MECR"));
	g_assert_false (pv_dialect_matches (dialect, PV_NAME_MEF_CLIENT_REG, "sec:skr"));
	g_assert_false (pv_dialect_matches (dialect, PV_NAME_MEF_CLIENT_REG, ""));
}

/* An MEF is answered as it writes itself, but not against a file. */
static void
test_heard (void)
{
	g_autoptr (PvDialect) dialect = pv_dialect_new ();

	pv_dialect_hear (dialect, PV_NAME_CMD_ID, "cmdi");
	g_assert_cmpstr (pv_dialect_sent (dialect, PV_NAME_CMD_ID), ==, "cmdi");
	g_assert_true (pv_dialect_matches (dialect, PV_NAME_CMD_ID, "cmid"));
	pv_dialect_hear (dialect, PV_NAME_CMD_ID, "x:cmdID");
	g_assert_cmpstr (pv_dialect_sent (dialect, PV_NAME_CMD_ID), ==, "cmdID");
	pv_dialect_hear (dialect, PV_NAME_CMD_ID, "other");
	g_assert_cmpstr (pv_dialect_sent (dialect, PV_NAME_CMD_ID), ==, "cmdID");
	g_free (dialect->sent[PV_NAME_CMD_ID]);
	dialect->sent[PV_NAME_CMD_ID] = g_strdup ("mine");
	g_assert_cmpstr (pv_dialect_sent (dialect, PV_NAME_CMD_ID), ==, "mine");

	g_assert_cmpstr (pv_dialect_prefix (dialect), ==, "sec");
	pv_dialect_hear_prefix (dialect, "m2m:mefcr");
	g_assert_cmpstr (pv_dialect_prefix (dialect), ==, "m2m");
	pv_dialect_hear_prefix (dialect, "a\"b:mefcr");
	pv_dialect_hear_prefix (dialect, "averyveryverylongprefix:mefcr");
	g_assert_cmpstr (pv_dialect_prefix (dialect), ==, "m2m");
	pv_dialect_hear_prefix (dialect, "mefcr");
	g_assert_cmpstr (pv_dialect_prefix (dialect), ==, "");
	dialect->prefix = g_strdup ("sec");
	g_assert_cmpstr (pv_dialect_prefix (dialect), ==, "sec");
}

static PvDialect *
load (const char *text, GError **error)
{
	g_autofree char *path = NULL;
	int descriptor = g_file_open_tmp ("enrolee-dialect-XXXXXX", &path, NULL);
	PvDialect *dialect;

	g_assert_cmpint (descriptor, >=, 0);
	g_close (descriptor, NULL);
	g_assert_true (g_file_set_contents (path, text, -1, NULL));
	dialect = pv_dialect_load (path, error);
	g_unlink (path);
	return dialect;
}

static void
test_file (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PvDialect) dialect = load ("[names]\nmefClientReg=mcrg\n"
					      "[types]\nsymmKeyReg=10005\n"
					      "[wire]\npath-form=relative\nrelease=2a\n"
					      "exporter-label=EXPORTER-oneM2M-Bootstrap\n",
					      &error);

	g_assert_no_error (error);
	g_assert_cmpstr (pv_dialect_sent (dialect, PV_NAME_MEF_CLIENT_REG), ==, "mcrg");
	g_assert_cmpstr (pv_dialect_sent (dialect, PV_NAME_SYMM_KEY_REG), ==, "skr");
	g_assert_true (pv_dialect_matches (dialect, PV_NAME_MEF_CLIENT_REG, "x:mcrg"));
	g_assert_true (pv_dialect_matches (dialect, PV_NAME_MEF_CLIENT_REG, "sec:mecr"));
	g_assert_cmpuint (dialect->symm_key_reg_type, ==, 10005);
	g_assert_cmpint (dialect->path_form, ==, PV_PATH_RELATIVE);
	g_assert_cmpstr (dialect->release, ==, "2a");
	g_assert_cmpstr (dialect->exporter_label, ==, "EXPORTER-oneM2M-Bootstrap");
}

static void
test_bad_file (void)
{
	static const char *const bad[] = {
		"[names]\nnosuch=x\n",
		"[names]\nmefClientReg=\n",
		"[names]\nmefClientReg=sec:x\n",
		"[types]\nMEFBase=2\n",
		"[types]\nsymmKeyReg=0\n",
		"[types]\nsymmKeyReg=x\n",
		"[wire]\ncolour=red\n",
		"[wire]\npath-form=both\n",
		"[wire]\nrelease=\n",
		"[other]\na=b\n",
		"no group",
	};

	for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;

		g_assert_null (load (bad[i], &error));
		g_assert_error (error, PV_ERROR, PV_ERROR_JOB);
	}
}

static char *
read_source (const char *name)
{
	const char *top = g_getenv ("top_srcdir");
	g_autofree char *path = g_build_filename (top != NULL ? top : ".", name, NULL);
	char *text = NULL;

	g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
	return text;
}

/* The sample with the # of its keys taken away. */
static char *
read_sample (void)
{
	g_autofree char *text = read_source ("pkg/examples/mef.dialect");
	g_autoptr (GRegex) commented = g_regex_new ("^#(\\S+=)", G_REGEX_MULTILINE, 0, NULL);

	return g_regex_replace (commented, text, -1, 0, "\\1", 0, NULL);
}

/* The sample has every key, and its values are what holds without it. */
static void
test_sample (void)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *sample = read_sample ();
	g_autoptr (PvDialect) from_sample = load (sample, &error);
	g_autoptr (PvDialect) standard = pv_dialect_new ();
	g_autoptr (GKeyFile) file = g_key_file_new ();

	g_assert_no_error (error);
	g_assert_true (g_key_file_load_from_data (file, sample, -1, G_KEY_FILE_NONE, NULL));
	for (guint i = 0; pv_dialect_wire_key (i) != NULL; i++)
		g_assert_true (g_key_file_has_key (file, "wire", pv_dialect_wire_key (i), NULL));
	for (guint i = 0; i < PV_N_NAMES; i++)
		g_assert_cmpstr (from_sample->sent[i], ==, pv_name_entry (i)->short_name);
	g_assert_cmpstr (from_sample->prefix, ==, pv_dialect_prefix (standard));
	g_assert_cmpstr (from_sample->base, ==, standard->base);
	g_assert_cmpstr (from_sample->release, ==, standard->release);
	g_assert_cmpstr (from_sample->exporter_label, ==, standard->exporter_label);
	g_assert_cmpstr (from_sample->media_type, ==, standard->media_type);
	g_assert_cmpint (from_sample->path_form, ==, standard->path_form);
	g_assert_cmpint (from_sample->child_form, ==, standard->child_form);
	g_assert_cmpint (from_sample->key_encoding, ==, standard->key_encoding);
	g_assert_cmpint (from_sample->node_name, ==, standard->node_name);
	g_assert_cmpint (from_sample->cse_name, ==, standard->cse_name);
	g_assert_true (g_key_file_has_key (file, "types", "mefClientReg", NULL));
	g_assert_true (g_key_file_has_key (file, "types", "symmKeyReg", NULL));
	g_assert_true (g_key_file_has_key (file, "types", "mefClientCmd", NULL));
	g_assert_cmpuint (from_sample->mef_client_reg_type, ==, standard->mef_client_reg_type);
	g_assert_cmpuint (from_sample->symm_key_reg_type, ==, standard->symm_key_reg_type);
	g_assert_cmpuint (from_sample->mef_client_cmd_type, ==, standard->mef_client_cmd_type);
}

/* The page has a line for each name, with what is sent and what is accepted, and an entry for each key. */
static void
test_page (void)
{
	g_autofree char *page = read_source ("pkg/man/enrolee-dialect.5");

	for (guint i = 0; i < PV_N_NAMES; i++) {
		const PvNameEntry *entry = pv_name_entry (i);
		g_autoptr (GString) line = g_string_new ("\n");

		g_string_append_printf (line, "%-24s%-6s", entry->long_name, entry->short_name);
		for (guint j = 0; j < G_N_ELEMENTS (entry->aliases) && entry->aliases[j] != NULL; j++)
			g_string_append_printf (line, "%s%s", j > 0 ? " " : "", entry->aliases[j]);
		while (line->str[line->len - 1] == ' ')
			g_string_truncate (line, line->len - 1);
		g_string_append_c (line, '\n');
		if (strstr (page, line->str) == NULL)
			g_error ("enrolee-dialect(5) has no line “%s”", g_strstrip (line->str));
	}
	for (guint i = 0; pv_dialect_wire_key (i) != NULL; i++) {
		g_auto (GStrv) parts = g_strsplit (pv_dialect_wire_key (i), "-", -1);
		g_autofree char *key = g_strjoinv ("\\-", parts);
		g_autofree char *entry = g_strdup_printf ("\n.BI %s = ", key);

		g_assert_nonnull (strstr (page, entry));
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/provisioner/names/table", test_table);
	g_test_add_func ("/provisioner/names/matches", test_matches);
	g_test_add_func ("/provisioner/dialect/heard", test_heard);
	g_test_add_func ("/provisioner/dialect/file", test_file);
	g_test_add_func ("/provisioner/dialect/bad-file", test_bad_file);
	g_test_add_func ("/provisioner/dialect/sample", test_sample);
	g_test_add_func ("/provisioner/dialect/page", test_page);
	return g_test_run ();
}
