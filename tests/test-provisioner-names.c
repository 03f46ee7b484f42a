/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names table and the dialect file.
 */
#include <config.h>

#include "provisioner/dialect.h"
#include "provisioner/error.h"

#include <glib/gstdio.h>

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

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/provisioner/names/table", test_table);
	g_test_add_func ("/provisioner/names/matches", test_matches);
	g_test_add_func ("/provisioner/dialect/heard", test_heard);
	g_test_add_func ("/provisioner/dialect/file", test_file);
	g_test_add_func ("/provisioner/dialect/bad-file", test_bad_file);
	return g_test_run ();
}
