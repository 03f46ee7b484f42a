/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * <mefClientReg>, <symmKeyReg> and <mefClientCmd>: built, parsed, checked.
 */
#include <config.h>

#include "provisioner/codec-json.h"
#include "provisioner/error.h"
#include "provisioner/limits.h"
#include "provisioner/resource-mef-client-cmd.h"
#include "provisioner/resource-mef-client-reg.h"
#include "provisioner/resource-symm-key-reg.h"

#include <string.h>

#define US "//sp.example.org/gw1"
#define NOW 1798761600 /* 20270101T000000 */

static JsonNode *
parse (const char *text)
{
	g_autoptr (GError) error = NULL;
	JsonNode *node = pv_json_parse (text, strlen (text), PV_BODY_MAX, &error);

	g_assert_no_error (error);
	return node;
}

static void
assert_json (JsonNode *node, const char *expected)
{
	g_autofree char *text = pv_json_write (node);

	g_assert_cmpstr (text, ==, expected);
	json_node_unref (node);
}

static void
test_build (void)
{
	static const char *const labels[] = {"gw1", NULL};
	static const char *const targets[] = {"//sp.example.org/in1", NULL};
	g_autoptr (PvDialect) dialect = pv_dialect_new ();
	const PvMefClientRegRequest registration = {1830297600, "sp.example.org", labels};
	const PvSymmKeyRegRequest key = {1814400000, "sp.example.org", 22, targets, NULL};
	g_autoptr (JsonNode) id = json_node_init_int (json_node_alloc (), 3);

	assert_json (pv_mef_client_reg_build (dialect, &registration),
		     "{\"sec:mecr\":{\"et\":\"20280101T000000\",\"adfq\":\"sp.example.org\","
		     "\"lbl\":[\"gw1\"]}}");
	assert_json (pv_symm_key_reg_build (dialect, &key),
		     "{\"sec:skr\":{\"et\":\"20270701T000000\",\"adfq\":\"sp.example.org\","
		     "\"suid\":22,\"tgis\":[\"//sp.example.org/in1\"]}}");
	assert_json (pv_mef_client_cmd_build_status (dialect, id, PV_CMD_OK),
		     "{\"sec:mecc\":{\"cmid\":3,\"cmsc\":20}}");
}

static void
test_registration (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PvDialect) dialect = pv_dialect_new ();
	g_autoptr (JsonNode) node =
		parse ("{\"sec:mecr\":{\"ty\":4,\"ri\":\"mecr7Qx2\",\"et\":\"20271231T000000\","
		       "\"lbl\":[\"gw1\"],"
		       "\"cr\":\"" US "\",\"adfq\":\"sp.example.org\",\"zz\":{},"
		       "\"ch\":[{\"nm\":\"x\",\"typ\":5,\"val\":\"x\"},{\"nm\":\"c\",\"typ\":6,"
		       "\"val\":\"cmd7\"}]}}");
	g_autoptr (PvMefClientReg) registration = pv_mef_client_reg_parse (dialect, node, &error);

	g_assert_no_error (error);
	g_assert_cmpstr (registration->granted.id, ==, "mecr7Qx2");
	g_assert_cmpstr (registration->command_id, ==, "cmd7");
	g_assert_true (pv_mef_client_reg_check (registration, US, "sp.example.org", NOW, &error));
	g_assert_false (
		pv_mef_client_reg_check (registration, "//x.y/z", "sp.example.org", NOW, &error));
	g_assert_error (error, PV_ERROR, PV_ERROR_MISMATCH);
	g_clear_error (&error);
	g_assert_false (pv_mef_client_reg_check (registration, US, "other.org", NOW, &error));
	g_assert_error (error, PV_ERROR, PV_ERROR_MISMATCH);
	g_clear_error (&error);
	g_assert_false (pv_mef_client_reg_check (registration, US, "sp.example.org",
						 NOW + 400 * 86400, &error));
	g_assert_error (error, PV_ERROR, PV_ERROR_MISMATCH);
}

static void
test_bad_registration (void)
{
	static const char *const bad[] = {
		"{}",
		"{\"sec:skr\":{}}",
		"{\"sec:mecr\":[]}",
		"{\"sec:mecr\":{\"et\":\"20271231T000000\",\"adfq\":\"a.b\"}}",
		"{\"sec:mecr\":{\"ri\":7,\"et\":\"20271231T000000\",\"adfq\":\"a.b\"}}",
		"{\"sec:mecr\":{\"ri\":\"r\",\"et\":\"tomorrow\",\"adfq\":\"a.b\"}}",
		"{\"sec:mecr\":{\"ri\":\"r\",\"et\":\"20271231T000000\"}}",
		"{\"sec:mecr\":{\"ri\":\"r\",\"et\":\"20271231T000000\",\"adfq\":\"a.b\",\"lbl\":["
		"1]}}",
	};
	g_autoptr (PvDialect) dialect = pv_dialect_new ();
	g_autoptr (GError) none = NULL;

	for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;
		g_autoptr (JsonNode) node = parse (bad[i]);

		g_assert_null (pv_mef_client_reg_parse (dialect, node, &error));
		g_assert_error (error, PV_ERROR, PV_ERROR_MALFORMED);
	}
	g_assert_null (pv_mef_client_reg_parse (dialect, NULL, &none));
	g_assert_error (none, PV_ERROR, PV_ERROR_MALFORMED);
}

static void
test_key (void)
{
	static const char *const targets[] = {"//sp.example.org/in1", NULL};
	const PvSymmKeyRegRequest request = {1814400000, "sp.example.org", 22, targets, NULL};
	PvSymmKeyRegRequest other = request;
	g_autoptr (GError) error = NULL;
	g_autoptr (PvDialect) dialect = pv_dialect_new ();
	g_autoptr (JsonNode) node = parse (
		"{\"sec:skr\":{\"ri\":\"3F0C\",\"et\":\"20270701T000000\",\"cr\":\"" US "\","
		"\"adfq\":\"sp.example.org\",\"suid\":22,\"tgis\":[\"//sp.example.org/in2\"]}}");
	g_autoptr (PvSymmKeyReg) key = pv_symm_key_reg_parse (dialect, node, &error);

	g_assert_no_error (error);
	g_assert_cmpstr (key->granted.id, ==, "3F0C");
	g_assert_cmpstr (key->targets[0], ==, "//sp.example.org/in2");
	g_assert_true (pv_symm_key_reg_check (key, &request, US, NOW, &error));
	other.suid = 23;
	g_assert_false (pv_symm_key_reg_check (key, &other, US, NOW, &error));
	g_assert_error (error, PV_ERROR, PV_ERROR_MISMATCH);
	g_clear_error (&error);
	g_assert_false (pv_symm_key_reg_check (key, &request, US, NOW + 400 * 86400, &error));
	g_clear_error (&error);
	g_free (key->granted.id);
	key->granted.id = g_strdup ("a@b");
	g_assert_false (pv_symm_key_reg_check (key, &request, US, NOW, &error));
	g_assert_error (error, PV_ERROR, PV_ERROR_MISMATCH);
}

static void
test_targets (void)
{
	static const char *const one[] = {"//sp.example.org/in1", NULL};
	static const char *const two[] = {"//sp.example.org/in1", "//sp.example.org/in2", NULL};
	static const char *const maf[] = {"maf.example.org", NULL};
	g_autoptr (GError) error = NULL;

	g_assert_true (pv_targets_check (22, one, &error));
	g_assert_true (pv_targets_check (24, two, &error));
	g_assert_true (pv_targets_check (21, maf, &error));
	g_assert_no_error (error);
	g_assert_false (pv_targets_check (22, two, NULL));
	g_assert_false (pv_targets_check (22, maf, NULL));
	g_assert_false (pv_targets_check (21, one, NULL));
	g_assert_false (pv_targets_check (24, NULL, NULL));
	g_assert_false (pv_targets_check (32, one, &error));
	g_assert_error (error, PV_ERROR, PV_ERROR_JOB);
}

static PvMefClientCmd *
command (const char *inner)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PvDialect) dialect = pv_dialect_new ();
	g_autofree char *text = g_strdup_printf ("{\"sec:mecc\":{%s}}", inner);
	g_autoptr (JsonNode) node = parse (text);
	PvMefClientCmd *parsed = pv_mef_client_cmd_parse (dialect, node, &error);

	if (parsed == NULL)
		g_assert_error (error, PV_ERROR, PV_ERROR_MALFORMED);
	return parsed;
}

static void
test_command (void)
{
	g_autoptr (PvMefClientCmd) est = command (
		"\"cmid\":1,\"cmsc\":10,\"cmde\":{\"cmci\":1,\"tgid\":\"" US "\",\"cmar\":{"
		"\"certProvArgs\":{\"cppi\":1,\"uri\":\"https://mef.example.com\",\"crst\":2,"
		"\"crsi\":\"" US "\"}}}");
	g_autoptr (PvMefClientCmd) end =
		command ("\"cmid\":\"x\",\"cmdStatus\":11,\"cmde\":{\"cmci\":0,\"cmar\":{\"nmca\":"
			 "{\"rtdu\":\"PT6H\"}}}");
	g_autoptr (PvMefClientCmd) unknown =
		command ("\"cmid\":1,\"cmsc\":10,\"cmde\":{\"cmci\":77}");

	g_assert_true (est->args_valid);
	g_assert_cmpuint (est->cert_prov.subject_kind, ==, PV_ENTITY_CSE);
	g_assert_cmpstr (est->cert_prov.subject_id, ==, US);
	g_assert_true (end->args_valid);
	g_assert_cmpint (end->retry_s, ==, 21600);
	g_assert_cmpstr (json_node_get_string (end->id), ==, "x");
	g_assert_cmpuint (unknown->class, ==, 77);
}

static void
test_odd_commands (void)
{
	g_autoptr (PvMefClientCmd) node =
		command ("\"cmid\":1.5,\"cmsc\":\"10\",\"cmde\":{\"cmci\":\"3\",\"cmar\":{\"mnca\":"
			 "{\"obpa\":\"./DevCfg/ap1\",\"obti\":1,\"otsa\":{\"suid\":22}}}}");
	g_autoptr (PvMefClientCmd) pathless = command (
		"\"cmid\":1,\"cmsc\":10,\"cmde\":{\"cmci\":3,\"cmar\":{\"mnca\":{\"obti\":1}}}");
	g_autoptr (PvMefClientCmd) huge =
		command ("\"cmid\":1,\"cmsc\":10,\"cmde\":{\"cmci\":9223372036854775807}");
	g_autoptr (PvMefClientCmd) negative =
		command ("\"cmid\":1,\"cmsc\":10,\"cmde\":{\"cmci\":-1}");

	g_assert_cmpint (node->class, ==, PV_CMD_MO_NODE);
	g_assert_true (node->args_valid);
	g_assert_false (pathless->args_valid);
	g_assert_cmpint (huge->class, ==, G_MAXINT64);
	g_assert_cmpint (negative->class, ==, -1);
}

static void
test_bad_command (void)
{
	static const char *const broken[] = {
		"",
		"\"cmid\":1,\"cmsc\":10",
		"\"cmid\":{},\"cmsc\":10,\"cmde\":{\"cmci\":0}",
		"\"cmid\":1,\"cmsc\":20,\"cmde\":{\"cmci\":0}",
		"\"cmid\":1,\"cmsc\":10,\"cmde\":{\"cmci\":\"none\"}",
		"\"cmid\":true,\"cmsc\":10,\"cmde\":{\"cmci\":0}",
		"\"cmid\":null,\"cmsc\":10,\"cmde\":{\"cmci\":0}",
	};
	/* These are answered with 42. */
	static const char *const bad_args[] = {
		"\"cmid\":1,\"cmsc\":10,\"cmde\":{\"cmci\":0}",
		"\"cmid\":1,\"cmsc\":10,\"cmde\":{\"cmci\":0,\"cmar\":7}",
		"\"cmid\":1,\"cmsc\":10,\"cmde\":{\"cmci\":0,\"cmar\":{\"nmca\":{\"rtdu\":\"6h\"}}"
		"}",
		"\"cmid\":1,\"cmsc\":10,\"cmde\":{\"cmci\":1,\"cmar\":{\"cpca\":{\"cppi\":1}}}",
	};

	for (guint i = 0; i < G_N_ELEMENTS (broken); i++)
		g_assert_null (command (broken[i]));
	for (guint i = 0; i < G_N_ELEMENTS (bad_args); i++) {
		g_autoptr (PvMefClientCmd) parsed = command (bad_args[i]);
		g_assert_false (parsed->args_valid);
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/provisioner/resource/build", test_build);
	g_test_add_func ("/provisioner/resource/registration", test_registration);
	g_test_add_func ("/provisioner/resource/bad-registration", test_bad_registration);
	g_test_add_func ("/provisioner/resource/key", test_key);
	g_test_add_func ("/provisioner/resource/targets", test_targets);
	g_test_add_func ("/provisioner/resource/command", test_command);
	g_test_add_func ("/provisioner/resource/odd-commands", test_odd_commands);
	g_test_add_func ("/provisioner/resource/bad-command", test_bad_command);
	return g_test_run ();
}
