/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * m2m:timestamp and xs:duration.
 */
#include <config.h>

#include "provisioner/error.h"
#include "provisioner/timestamp.h"

static void
test_timestamp (void)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *text = NULL;
	gint64 seconds = 0;

	g_assert_true (pv_timestamp_parse ("20261124T231100", &seconds, &error));
	g_assert_no_error (error);
	g_assert_cmpint (seconds, ==, 1795561860);
	text = pv_timestamp_format (seconds);
	g_assert_cmpstr (text, ==, "20261124T231100");
	g_assert_true (pv_timestamp_parse ("20261124T231100Z", &seconds, &error));
	g_assert_true (pv_timestamp_parse ("20261124T231100.5Z", &seconds, &error));
	g_assert_true (pv_timestamp_parse ("20261124T231100,123456", &seconds, &error));
	g_assert_cmpint (seconds, ==, 1795561860);
	g_assert_true (pv_timestamp_parse ("99991231T235959", &seconds, &error));
}

static void
test_bad_timestamp (void)
{
	static const char *const bad[] = {
		"",
		"20261124",
		"20261124T2311",
		"20261124T231100ZZ",
		"20261124T231100z",
		"20261124T231100+0100",
		"20261124T231100Z,1",
		"20261124T231100.",
		"2026-11-24T23:11",
		"20261324T231100",
		"20260230T000000",
		"20261124T241100",
		"20261124T231100,",
		"20261124T231100,1234567",
		"20261124t231100",
		"x0261124T231100",
		"20261124T231100+0100",
		"00000101T000000",
	};

	for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;
		gint64 seconds = 7;

		g_assert_false (pv_timestamp_parse (bad[i], &seconds, &error));
		g_assert_error (error, PV_ERROR, PV_ERROR_MALFORMED);
		g_assert_cmpint (seconds, ==, 7);
	}
}

static void
test_duration (void)
{
	static const struct {
		const char *text;
		gint64 seconds;
	} good[] = {{"PT6H", 21600}, {"PT1H30M", 5400},
		    {"P1D", 86400},  {"P1Y2M3DT4H5M6S", 365 * 86400 + 63 * 86400 + 14706},
		    {"PT0.5S", 1},   {"PT0S", 0}};
	static const char *const bad[] = {"",       "P",     "PT",         "1H",      "PT1",
					  "-PT1H",  "P1H",   "PT1D",       "PTH",     "PT1S1M",
					  "PT1.5H", "PT1.S", "P99999999Y", "PT1HT1M", "P1DT"};

	for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
		g_autoptr (GError) error = NULL;
		gint64 seconds = -1;

		g_assert_true (pv_duration_parse (good[i].text, &seconds, &error));
		g_assert_cmpint (seconds, ==, good[i].seconds);
	}
	for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;
		gint64 seconds = -1;

		g_assert_false (pv_duration_parse (bad[i], &seconds, &error));
		g_assert_error (error, PV_ERROR, PV_ERROR_MALFORMED);
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/provisioner/timestamp/good", test_timestamp);
	g_test_add_func ("/provisioner/timestamp/bad", test_bad_timestamp);
	g_test_add_func ("/provisioner/timestamp/duration", test_duration);
	return g_test_run ();
}
