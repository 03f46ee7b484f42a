/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON within bounds, and the reader of members.
 */
#include <config.h>

#include "provisioner/codec-json.h"
#include "provisioner/error.h"
#include "provisioner/limits.h"

#include <string.h>

static JsonNode *
parse (const char *text, GError **error)
{
	return pv_json_parse (text, strlen (text), PV_BODY_MAX, error);
}

static void
test_parse (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (JsonNode) node =
		parse ("{\"sec:mecr\":{\"et\":\"a/b'#\\\"[[\",\"n\":[1,2]}}", &error);
	g_autofree char *text = NULL;

	g_assert_no_error (error);
	text = pv_json_write (node);
	g_assert_cmpstr (text, ==, "{\"sec:mecr\":{\"et\":\"a/b'#\\\"[[\",\"n\":[1,2]}}");
}

static void
test_bad (void)
{
	static const struct {
		const char *text;
		int code;
	} bad[] = {
		{"", PV_ERROR_MALFORMED},
		{"[]", PV_ERROR_MALFORMED},
		{"7", PV_ERROR_MALFORMED},
		{"{\"a\":", PV_ERROR_MALFORMED},
		{"{\"a\":1}}", PV_ERROR_MALFORMED},
		{"{\"a\":\"\xff\"}", PV_ERROR_MALFORMED},
		{"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", PV_ERROR_LIMIT},
		{"{/* \" */\"a\":1}", PV_ERROR_MALFORMED},
		{"{'a':1}", PV_ERROR_MALFORMED},
	};
	g_autofree char *big = g_strnfill (PV_BODY_MAX + 1, ' ');
	g_autoptr (GError) too_big = NULL;

	for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;

		g_assert_null (parse (bad[i].text, &error));
		g_assert_error (error, PV_ERROR, bad[i].code);
	}
	g_assert_null (parse (big, &too_big));
	g_assert_error (too_big, PV_ERROR, PV_ERROR_LIMIT);
	g_clear_error (&too_big);
	g_assert_null (pv_json_parse ("{\"a\":\"\0\"}", 9, PV_BODY_MAX, &too_big));
	g_assert_error (too_big, PV_ERROR, PV_ERROR_MALFORMED);
}

static void
test_reader (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PvDialect) dialect = pv_dialect_new ();
	g_autoptr (JsonNode) node =
		parse ("{\"resourceID\":\"r1\",\"m2m:et\":\"20280101T000000\",\"lbl\":\"one\","
		       "\"suid\":22,\"tids\":[\"a\",\"b\"],\"other\":{},\"cr\":null}",
		       &error);
	PvJsonReader reader = PV_JSON_READER (dialect, json_node_get_object (node), "test");
	g_auto (GStrv) labels = NULL;
	g_auto (GStrv) targets = NULL;

	g_assert_cmpstr (pv_json_read_string (&reader, PV_NAME_RESOURCE_ID, PV_REQUIRED, 10), ==,
			 "r1");
	g_assert_cmpint (pv_json_read_time (&reader, PV_NAME_EXPIRATION_TIME, PV_REQUIRED), ==,
			 1830297600);
	g_assert_cmpint (pv_json_read_int (&reader, PV_NAME_SUID, PV_REQUIRED, 0, 99, 0), ==, 22);
	labels = pv_json_read_strings (&reader, PV_NAME_LABELS, PV_REQUIRED, 4);
	targets = pv_json_read_strings (&reader, PV_NAME_TARGET_IDS, PV_REQUIRED, 4);
	g_assert_cmpstr (labels[0], ==, "one");
	g_assert_cmpstr (targets[1], ==, "b");
	g_assert_null (pv_json_read_string (&reader, PV_NAME_CREATOR, PV_OPTIONAL, 10));
	g_assert_true (pv_json_reader_finish (&reader, &error));
}

static void
test_reader_faults (void)
{
	static const char *const texts[] = {
		"{}", "{\"ri\":7}", "{\"ri\":\"too long for us\"}", "{\"ri\":[]}", "{\"ri\":null}",
	};
	g_autoptr (PvDialect) dialect = pv_dialect_new ();

	for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
		g_autoptr (GError) error = NULL;
		g_autoptr (JsonNode) node = parse (texts[i], &error);
		PvJsonReader reader = PV_JSON_READER (dialect, json_node_get_object (node), "test");

		g_assert_null (pv_json_read_string (&reader, PV_NAME_RESOURCE_ID, PV_REQUIRED, 10));
		g_assert_null (
			pv_json_read_strings (&reader, PV_NAME_RESOURCE_ID, PV_OPTIONAL, 10));
		g_assert_false (pv_json_reader_finish (&reader, &error));
		g_assert_error (error, PV_ERROR, PV_ERROR_MALFORMED);
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/provisioner/codec-json/parse", test_parse);
	g_test_add_func ("/provisioner/codec-json/bad", test_bad);
	g_test_add_func ("/provisioner/codec-json/reader", test_reader);
	g_test_add_func ("/provisioner/codec-json/reader-faults", test_reader_faults);
	return g_test_run ();
}
