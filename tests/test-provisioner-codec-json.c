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
test_byte_order_mark (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (JsonNode) node = parse ("\xef\xbb\xbf{\"a\":1}", &error);

	g_assert_no_error (error);
	g_assert_nonnull (node);
}

static const struct {
	const char *text;
	int code;
} bad[] = {
	{"", PV_ERROR_MALFORMED},
	{"[]", PV_ERROR_MALFORMED},
	{"\xef\xbb\xbf", PV_ERROR_MALFORMED},
	{"\xef\xbb\xbf\xef\xbb\xbf{}", PV_ERROR_MALFORMED},
	{"\xef\xbb{}", PV_ERROR_MALFORMED},
	{"{\xef\xbb\xbf}", PV_ERROR_MALFORMED},
	{"7", PV_ERROR_MALFORMED},
	{"{\"a\":", PV_ERROR_MALFORMED},
	{"{\"a\":1}}", PV_ERROR_MALFORMED},
	{"{\"a\":\"\xff\"}", PV_ERROR_MALFORMED},
	{"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", PV_ERROR_LIMIT},
	{"{/* \" */\"a\":1}", PV_ERROR_MALFORMED},
	{"{'a':1}", PV_ERROR_MALFORMED},
	{"{\"a\":1,\"a\":2}", PV_ERROR_MALFORMED},
	{"{\"a\":1,\"\\u0061\":2}", PV_ERROR_MALFORMED},
	{"{\"b\":[{\"a\":1,\"a\":1}]}", PV_ERROR_MALFORMED},
	{"{\"a\":\"x\\u0000y\"}", PV_ERROR_MALFORMED},
	{"{\"a\":\"\\ud800\"}", PV_ERROR_MALFORMED},
	{"{\"a\":\"\\ud800\\u0041\"}", PV_ERROR_MALFORMED},
	{"{\"a\":\"\\udc00\"}", PV_ERROR_MALFORMED},
	{"{\"a\":\"\\u00g0\"}", PV_ERROR_MALFORMED},
	{"{\"a\":\"\\x\"}", PV_ERROR_MALFORMED},
	{"{\"a\":\"\n\"}", PV_ERROR_MALFORMED},
	{"{\"a\":\"", PV_ERROR_MALFORMED},
	{"{\"a\":\"\\", PV_ERROR_MALFORMED},
	{"{\"a\":\"\\u00", PV_ERROR_MALFORMED},
	{"{\"a\" 1}", PV_ERROR_MALFORMED},
	{"{\"a\":1,}", PV_ERROR_MALFORMED},
	{"{\"a\":[1,]}", PV_ERROR_MALFORMED},
	{"{\"a\":[1 2]}", PV_ERROR_MALFORMED},
	{"{a:1}", PV_ERROR_MALFORMED},
	{"{\"a\":1e400}", PV_ERROR_MALFORMED},
	{"{\"a\":-1e400}", PV_ERROR_MALFORMED},
	{"{\"a\":9223372036854775808}", PV_ERROR_MALFORMED},
	{"{\"a\":-99999999999999999999}", PV_ERROR_MALFORMED},
	{"{\"a\":010}", PV_ERROR_MALFORMED},
	{"{\"a\":0x10}", PV_ERROR_MALFORMED},
	{"{\"a\":+1}", PV_ERROR_MALFORMED},
	{"{\"a\":.5}", PV_ERROR_MALFORMED},
	{"{\"a\":1.}", PV_ERROR_MALFORMED},
	{"{\"a\":1e}", PV_ERROR_MALFORMED},
	{"{\"a\":-}", PV_ERROR_MALFORMED},
	{"{\"a\":NaN}", PV_ERROR_MALFORMED},
	{"{\"a\":truer}", PV_ERROR_MALFORMED},
	{"{\"a\":tru", PV_ERROR_MALFORMED},
	{"{\"a\":}", PV_ERROR_MALFORMED},
	{"{\"a\":1}{\"b\":2}", PV_ERROR_MALFORMED},
	{"var x = {\"a\":1}", PV_ERROR_MALFORMED},
};

static void
test_bad (void)
{
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

/* Every text is cut everywhere: never a crash, and only the whole is JSON. */
static void
test_good (void)
{
	static const char *const good[] = {
		"{}",
		" { \"a\" : [ ] }\r\n",
		"{\"a\":9223372036854775807,\"b\":-9223372036854775808,\"c\":-0,\"d\":0.5e-3,\"e\":1E+2}",
		"{\"a\":{\"a\":{\"a\":true}},\"b\":[{\"a\":null},{\"a\":false}]}",
		"{\"\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\ude00\"}",
		"{\"a\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}",
	};

	for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
		g_autoptr (GError) error = NULL;
		g_autoptr (JsonNode) node = parse (good[i], &error);
		gsize end = strlen (good[i]);

		g_assert_no_error (error);
		while (g_ascii_isspace (good[i][end - 1]))
			end--;
		for (gsize length = 0; length < end; length++)
			g_assert_null (pv_json_parse (good[i], length, PV_BODY_MAX, NULL));
	}
}

/* An operator is told what came, and no log is told a key. */
static void
test_message (void)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{"<html>login</html>", "not JSON: it begins with “<html>login</html>”"},
		{" \n502 Bad Gateway", "begins with “502 Bad Gateway”"},
		{"{\"kv\":\"5ec4e7\" \"5ec4e7\"}", "without end, at octet 15 of 24"},
		{"{\"kv\" \"5ec4e7\"}", "a member without value"},
		{"{\"kv\":\"5ec4e7", "a text without end"},
		{"\"5ec4e7\" x", "something behind the end"},
		{"", "at octet 0 of 0"},
	};

	for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autoptr (GError) error = NULL;

		g_assert_null (parse (cases[i].text, &error));
		g_assert_nonnull (strstr (error->message, cases[i].said));
		g_assert_null (strstr (error->message, "5ec4e7"));
	}
}

static void
test_numbers (void)
{
	static const struct {
		const char *text;
		gint64 value; /* -1: refused */
	} cases[] = {
		{"{\"suid\":22}", 22},   {"{\"suid\":\"22\"}", 22}, {"{\"suid\":22.0}", -1},
		{"{\"suid\":\"22.0\"}", -1}, {"{\"suid\":\"0x16\"}", -1}, {"{\"suid\":\" 22\"}", -1},
		{"{\"suid\":\"\"}", -1},  {"{\"suid\":-22}", -1},   {"{\"suid\":100}", -1},
		{"{\"suid\":true}", -1}, {"{\"suid\":[22]}", -1},   {"{\"suid\":2.2e1}", -1},
		{"{\"suid\":\"9999999999999999999\"}", -1},
	};
	g_autoptr (PvDialect) dialect = pv_dialect_new ();

	for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autoptr (GError) error = NULL;
		g_autoptr (JsonNode) node = parse (cases[i].text, &error);
		PvJsonReader reader = PV_JSON_READER (dialect, json_node_get_object (node), "test");

		g_assert_cmpint (pv_json_read_int (&reader, PV_NAME_SUID, PV_REQUIRED, 0, 99, -1), ==,
				 cases[i].value);
		g_assert_true (pv_json_reader_finish (&reader, &error) == (cases[i].value != -1));
	}
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
		"{\"ri\":\"a\\nb\"}", "{\"ri\":\"a\\u001b[2J\"}",
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

/* A message goes to the journal: it must not repeat what may be a key value. */
static void
test_quotes_nothing (void)
{
	static const char *const texts[] = {"{\"kv\":S3CRET}", "{\"kv\":\"a\" \"S3CRET\"}",
					    "{\"a\":\"S3CRET\" \"b\"}"};

	for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
		g_autoptr (GError) error = NULL;

		g_assert_null (pv_json_parse (texts[i], strlen (texts[i]), 1000, &error));
		g_assert_error (error, PV_ERROR, PV_ERROR_MALFORMED);
		g_assert_null (strstr (error->message, "S3CRET"));
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/provisioner/codec-json/parse", test_parse);
	g_test_add_func ("/provisioner/codec-json/byte-order-mark", test_byte_order_mark);
	g_test_add_func ("/provisioner/codec-json/bad", test_bad);
	g_test_add_func ("/provisioner/codec-json/good", test_good);
	g_test_add_func ("/provisioner/codec-json/message", test_message);
	g_test_add_func ("/provisioner/codec-json/numbers", test_numbers);
	g_test_add_func ("/provisioner/codec-json/reader", test_reader);
	g_test_add_func ("/provisioner/codec-json/reader-faults", test_reader_faults);
	g_test_add_func ("/provisioner/codec-json/quotes-nothing", test_quotes_nothing);
	return g_test_run ();
}
