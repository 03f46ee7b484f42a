/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parts of the simulated MEF that a test of a client leans on: the strict JSON reader,
 * timestamps, the DER that EST answers carry, the reading of a ClientHello, the table of
 * misbehaviour.
 */
#include <config.h>

#include "tests/sim/der.h"
#include "tests/sim/hello.h"
#include "tests/sim/json.h"
#include "tests/sim/misbehave.h"
#include "tests/sim/resource-check.h"
#include "tests/sim/store.h"

#include <string.h>

static void
test_json_accepts (void)
{
	static const char *const good[] = {
		"{}",
		" [ ] ",
		"{\"a\":1,\"b\":[\"x\",null,true,-0.5e3]}",
		"\"\\u00e9\\ud83d\\ude00\\n\"",
		"0",
	};

	for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
		g_autoptr (GError) error = NULL;
		g_autoptr (JsonNode) node = sim_json_parse (good[i], strlen (good[i]), &error);

		g_assert_no_error (error);
		g_assert_nonnull (node);
	}
}

static void
test_json_refuses (void)
{
	static const char *const bad[] = {
		"",
		"{",
		"{\"a\":1,}",
		"[1,]",
		"{\"a\":1,\"a\":1}",
		"{'a':1}",
		"{\"a\" 1}",
		"// x\n{}",
		"{}{}",
		"01",
		"+1",
		"1.",
		"nul",
		"\"\\x41\"",
		"\"\\ud800\"",
		"\"\\u0000\"",
		"\"\x01\"",
		"\"\xff\"",
		"\"abc",
		"[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]",
	};

	for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;
		g_autoptr (JsonNode) node = sim_json_parse (bad[i], strlen (bad[i]), &error);

		g_assert_null (node);
		g_assert_nonnull (error);
		g_assert_nonnull (strstr (error->message, "R-TS4-8.4.2-1"));
	}
}

static void
test_time (void)
{
	static const char *const bad[] = {
		"20260231T000000",  "20260101T240000",  "20260101 000000",  "2026-01-01T000000",
		"20260101T000000Z", "20260101T000000,", "20260101T000000\n"};
	g_autofree char *text = sim_time_text (1412335232);
	gint64 seconds = 0;

	g_assert_cmpstr (text, ==, "20141003T112032");
	g_assert_true (sim_time_parse ("20141003T112032", &seconds));
	g_assert_cmpint (seconds, ==, 1412335232);
	g_assert_true (sim_time_parse ("20141003T112032,5", &seconds));
	for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
		g_assert_false (sim_time_parse (bad[i], &seconds));
}

static void
test_identifiers (void)
{
	g_assert_true (sim_is_fqdn ("sp.example.com"));
	g_assert_false (sim_is_fqdn ("SP.example.com"));
	g_assert_false (sim_is_fqdn ("sp"));
	g_assert_false (sim_is_fqdn ("sp.example.com."));
	g_assert_true (sim_is_absolute_id ("//sp.example.com/in-cse"));
	g_assert_true (sim_is_absolute_id ("//sp.example.com/in-cse/Cgw01"));
	g_assert_false (sim_is_absolute_id ("/in-cse"));
	g_assert_false (sim_is_absolute_id ("//sp.example.com/"));
	g_assert_false (sim_is_absolute_id ("https://sp.example.com/in-cse"));
}

/* RFC 7030 4.5.2: challengePassword, extensionRequest, P-256, ecdsa-with-SHA256; computed apart. */
static void
test_csr_attributes (void)
{
	g_autoptr (GBytes) full = sim_der_csr_attributes ("9f3c-Zq71");
	g_autoptr (GBytes) bare = sim_der_csr_attributes ("");
	g_autoptr (GBytes) none = sim_der_csr_attributes (NULL);
	g_autofree char *text =
		g_base64_encode (g_bytes_get_data (full, NULL), g_bytes_get_size (full));

	g_assert_cmpstr (text, ==,
			 "ME8wGAYJKoZIhvcNAQkHMQsMCTlmM2MtWnE3MTASBgkqhkiG9w0BCQ4xBQYDVR0RMBUGByqGS"
			 "M49AgExCgYIKoZI"
			 "zj0DAQcGCCqGSM49BAMC");
	g_assert_cmpuint (g_bytes_get_size (bare), ==, g_bytes_get_size (none) + 11);
}

static void
test_certs_only (void)
{
	g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
	g_autoptr (GBytes) empty = sim_der_certs_only (list);
	g_autoptr (GBytes) long_one = NULL;
	const guint8 *octets;

	g_assert_cmpuint (g_bytes_get_size (empty), ==, 39);
	g_ptr_array_add (list, g_bytes_new_take (g_malloc0 (70000), 70000));
	long_one = sim_der_certs_only (list);
	octets = g_bytes_get_data (long_one, NULL);
	g_assert_cmpuint (octets[1], ==, 0x83);
	g_assert_cmpuint ((guint)octets[2] << 16 | (guint)octets[3] << 8 | octets[4], ==,
			  g_bytes_get_size (long_one) - 5);
}

static void
test_hello (void)
{
	static const guint8 good[] = {
		3,    3, 0,    0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0, 0, 0,   0, 0,
		0,    0, 0,    0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0, 0, 0,   4, 0,
		0xae, 0, 0xff, 1, 0, 0, 10, 0, 0, 0, 6, 0, 4, 0, 0, 1, 'a',
	};
	SimHello hello = {0};

	g_assert_true (sim_hello_read (good, sizeof good, &hello));
	g_assert_cmpuint (hello.suites_n, ==, 2);
	g_assert_true (hello.mandatory);
	g_assert_cmpstr (hello.server_name, ==, "a");
	sim_hello_clear (&hello);
	for (gsize length = 0; length < sizeof good; length++) {
		SimHello cut = {0};

		/* The extensions as a whole may be missing. */
		g_assert_true (sim_hello_read (good, length, &cut) == (length == 43));
		sim_hello_clear (&cut);
	}
}

static void
test_misbehaviour_is_counted (void)
{
	SimMisbehave *misbehave = sim_misbehave_new ();
	SimFault fault;

	g_assert_true (sim_misbehave_set (misbehave, "register", "slow:250*2", NULL));
	g_assert_false (sim_misbehave_set (misbehave, "register", "dance", NULL));
	g_assert_true (sim_misbehave_set (misbehave, "register", "slow:250*2", NULL));
	for (guint i = 0; i < 3; i++) {
		fault = sim_misbehave_take (misbehave, "register");
		g_assert_cmpint (fault.kind, ==, i < 2 ? SIM_FAULT_SLOW : SIM_FAULT_NONE);
		g_assert_cmpint (sim_fault_number (&fault, 1000), ==, i < 2 ? 250 : 1000);
		sim_fault_clear (&fault);
	}
	g_assert_true (sim_misbehave_set (misbehave, "any", "no-rsc", NULL));
	fault = sim_misbehave_take (misbehave, "key-register");
	g_assert_cmpint (fault.kind, ==, SIM_FAULT_NO_RSC);
	g_assert_cmpint (sim_misbehave_take (misbehave, "handshake").kind, ==, SIM_FAULT_NONE);
	g_assert_true (sim_misbehave_set (misbehave, "any", "", NULL));
	g_assert_cmpint (sim_misbehave_take (misbehave, "key-register").kind, ==, SIM_FAULT_NONE);
	sim_misbehave_free (misbehave);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/sim/json/accepts", test_json_accepts);
	g_test_add_func ("/sim/json/refuses", test_json_refuses);
	g_test_add_func ("/sim/time", test_time);
	g_test_add_func ("/sim/identifiers", test_identifiers);
	g_test_add_func ("/sim/der/csr-attributes", test_csr_attributes);
	g_test_add_func ("/sim/der/certs-only", test_certs_only);
	g_test_add_func ("/sim/hello", test_hello);
	g_test_add_func ("/sim/misbehaviour/is-counted", test_misbehaviour_is_counted);
	return g_test_run ();
}
