/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Addresses, content and response status.
 */
#include <config.h>

#include "provisioner/codec-json.h"
#include "provisioner/error.h"
#include "provisioner/limits.h"
#include "provisioner/primitive.h"

#include <string.h>

static void
assert_child (PvDialect *dialect, const char *id, gboolean other, const char *expected)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *address = pv_address_child (dialect, "mef.example.com", id, other, &error);

	g_assert_cmpstr (address, ==, expected);
	if (expected == NULL)
		g_assert_error (error, PV_ERROR, PV_ERROR_MALFORMED);
}

static void
test_addresses (void)
{
	g_autoptr (PvDialect) dialect = pv_dialect_new ();
	g_autofree char *base = pv_address_base (dialect, "mef.example.com");

	g_assert_cmpstr (base, ==, "//mef.example.com/-");
	assert_child (dialect, "r1", FALSE, "//mef.example.com/r1");
	assert_child (dialect, "r1", TRUE, "//mef.example.com/-/r1");
	assert_child (dialect, "-/r1", FALSE, "//mef.example.com/-/r1");
	assert_child (dialect, "/r1", FALSE, "//mef.example.com/r1");
	assert_child (dialect, "//mef.example.com/r1", FALSE, "//mef.example.com/r1");
	dialect->child_form = PV_CHILD_STRUCTURED;
	assert_child (dialect, "r1", FALSE, "//mef.example.com/-/r1");
	g_free (dialect->base);
	dialect->base = g_strdup ("-/");
	assert_child (dialect, "r1", FALSE, "//mef.example.com/-/r1");
	assert_child (dialect, "", FALSE, NULL);
	assert_child (dialect, "..", FALSE, NULL);
	assert_child (dialect, "a/../b", FALSE, NULL);
	assert_child (dialect, "a//b", FALSE, NULL);
	assert_child (dialect, "a?x=1", FALSE, NULL);
	assert_child (dialect, "a\r\nHost: x", FALSE, NULL);
	assert_child (dialect, "//other.example.com/r1", FALSE, NULL);
}

static void
test_identifiers (void)
{
	static const char *const good[] = {"r1", "R.a-b_c~d", "-/r1", "/r1", "//mef.example.com/-/r1"};
	static const char *const bad[] = {"",	 "/",  "..",  "../../etc/x", "a/..", "//mef.example.com",
					  "a b", "a%2f", "a\n", "\xc3\xa4",	   "a/",   "///"};
	g_autofree char *longest = g_strnfill (PV_ID_MAX, 'a');
	g_autofree char *longer = g_strnfill (PV_ID_MAX + 1, 'a');

	for (guint i = 0; i < G_N_ELEMENTS (good); i++)
		g_assert_true (pv_resource_id_is_valid (good[i]));
	for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
		g_assert_false (pv_resource_id_is_valid (bad[i]));
	g_assert_true (pv_resource_id_is_valid (longest));
	g_assert_false (pv_resource_id_is_valid (longer));
}

static PvResponse *
response (guint status, const char *request_id, const char *text)
{
	PvResponse *answer = g_new0 (PvResponse, 1);

	answer->status = status;
	answer->request_id = g_strdup (request_id);
	if (text != NULL)
		answer->content = pv_json_parse (text, strlen (text), 1000, NULL);
	return answer;
}

static void
test_status (void)
{
	static const struct {
		guint status;
		int code;
	} cases[] = {{4000, PV_ERROR_REQUEST},        {4001, PV_ERROR_RELEASE},
		     {4004, PV_ERROR_NOT_FOUND},      {4103, PV_ERROR_NOT_AUTHORISED},
		     {4106, PV_ERROR_CREDENTIAL},     {4107, PV_ERROR_CREDENTIAL},
		     {5105, PV_ERROR_NOT_AUTHORISED}, {4105, PV_ERROR_CONFLICT},
		     {5000, PV_ERROR_SERVER},         {6010, PV_ERROR_SERVER},
		     {4999, PV_ERROR_REQUEST},        {1000, PV_ERROR_MISMATCH},
		     {2004, PV_ERROR_MISMATCH},       {0, PV_ERROR_MISMATCH}};
	g_autoptr (PvDialect) dialect = pv_dialect_new ();

	for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autoptr (GError) error = NULL;
		g_autoptr (PvResponse) answer =
			response (cases[i].status, "q1", "{\"m2m:dbg\":\"no\\nway\"}");

		g_assert_false (pv_response_check (dialect, answer, "q1", PV_RSC_CREATED, &error));
		g_assert_error (error, PV_ERROR, cases[i].code);
		g_assert_nonnull (strstr (error->message, "no\\nway"));
	}
}

static void
test_correlation (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PvDialect) dialect = pv_dialect_new ();
	g_autoptr (PvResponse) good = response (2001, "q1", NULL);
	g_autoptr (PvResponse) silent = response (2001, NULL, NULL);
	g_autoptr (PvResponse) foreign = response (2001, "q2", NULL);

	g_assert_true (pv_response_check (dialect, good, "q1", PV_RSC_CREATED, &error));
	g_assert_true (pv_response_check (dialect, silent, "q1", PV_RSC_CREATED, &error));
	g_assert_false (pv_response_check (dialect, foreign, "q1", PV_RSC_CREATED, &error));
	g_assert_error (error, PV_ERROR, PV_ERROR_MISMATCH);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/provisioner/primitive/identifiers", test_identifiers);
	g_test_add_func ("/provisioner/primitive/addresses", test_addresses);
	g_test_add_func ("/provisioner/primitive/status", test_status);
	g_test_add_func ("/provisioner/primitive/correlation", test_correlation);
	return g_test_run ();
}
