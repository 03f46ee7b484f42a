/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Identifiers and subject names.
 */
#include <config.h>

#include "provisioner/error.h"
#include "provisioner/identity.h"

static void
test_fqdn (void)
{
	static const char *const good[] = {"a", "mef.example.com", "x-1.y2.z", "1.example"};
	static const char *const bad[] = {"",
					  ".",
					  "a.",
					  "a..b",
					  "-a.b",
					  "a-.b",
					  "A.b",
					  "*.a.b",
					  "192.0.2.1",
					  "a b",
					  "a_b.c",
					  "a/b",
					  "mef.example.com:443"};

	for (guint i = 0; i < G_N_ELEMENTS (good); i++)
		g_assert_true (pv_fqdn_is_valid (good[i]));
	for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
		g_assert_false (pv_fqdn_is_valid (bad[i]));
}

static void
test_key_identifier (void)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *identifier = pv_key_identifier_new ("7B8A", "mef.example.com", &error);
	g_autofree char *relative = NULL;
	g_autofree char *fqdn = NULL;
	const guint8 bytes[] = {0x7b, 0x8a, 0x00, 0xff};
	g_autofree char *hex = pv_relative_key_id_from_bytes (bytes, sizeof bytes);

	g_assert_no_error (error);
	g_assert_cmpstr (identifier, ==, "7B8A@mef.example.com");
	g_assert_true (pv_key_identifier_split (identifier, &relative, &fqdn));
	g_assert_cmpstr (relative, ==, "7B8A");
	g_assert_cmpstr (fqdn, ==, "mef.example.com");
	g_assert_cmpstr (hex, ==, "7B8A00FF");
}

static void
test_bad_key_identifier (void)
{
	g_autoptr (GError) error = NULL;
	char *untouched = (char *)"x";

	g_assert_null (pv_key_identifier_new ("a/b", "mef.example.com", &error));
	g_assert_error (error, PV_ERROR, PV_ERROR_MALFORMED);
	g_assert_false (pv_key_identifier_split ("noat", &untouched, NULL));
	g_assert_false (pv_key_identifier_split ("@mef.example.com", &untouched, NULL));
	g_assert_false (pv_key_identifier_split ("a@", &untouched, NULL));
	g_assert_false (pv_key_identifier_split ("a b@mef.example.com", &untouched, NULL));
	g_assert_false (pv_key_identifier_split ("a@MEF.example.com", &untouched, NULL));
	g_assert_false (pv_key_identifier_split ("a@b@mef.example.com", &untouched, NULL));
	g_assert_cmpstr (untouched, ==, "x");
}

static void
test_identifiers (void)
{
	g_assert_true (pv_identifier_is_valid (PV_ENTITY_CSE, "//sp.example.com/in-cse"));
	g_assert_true (pv_identifier_is_valid (PV_ENTITY_AE, "//sp.example.com/Sgw01"));
	g_assert_true (pv_identifier_is_valid (PV_ENTITY_AE, "//sp.example.com/in-cse/Cgw01"));
	g_assert_true (pv_identifier_is_valid (PV_ENTITY_NODE, "urn:gsma:imei:90420156-025763-0"));
	g_assert_false (pv_identifier_is_valid (PV_ENTITY_CSE, "//sp.example.com/in-cse/x"));
	g_assert_false (pv_identifier_is_valid (PV_ENTITY_CSE, "/in-cse"));
	g_assert_false (pv_identifier_is_valid (PV_ENTITY_CSE, "//sp.example.com/"));
	g_assert_false (pv_identifier_is_valid (PV_ENTITY_CSE, "//SP.example.com/x"));
	g_assert_false (pv_identifier_is_valid (PV_ENTITY_AE, "//sp.example.com/a/b/c"));
	g_assert_false (pv_identifier_is_valid (PV_ENTITY_NODE, "a b"));
	g_assert_false (pv_identifier_is_valid (PV_ENTITY_NODE, ""));
}

/* Decision 1. */
static void
test_subject_names (void)
{
	static const struct {
		PvEntityKind kind;
		const char *id;
		const char *domain;
		PvNameType type;
		const char *text;
	} cases[] = {
		{PV_ENTITY_AE, "//sp.example.com/Sgw01", NULL, PV_NAME_TYPE_URI,
		 "//sp.example.com/Sgw01"},
		{PV_ENTITY_CSE, "//sp.example.com/gw1", "gw1.sp.example.com", PV_NAME_TYPE_DNS,
		 "gw1.sp.example.com"},
		{PV_ENTITY_NODE, "urn:x:y", NULL, PV_NAME_TYPE_URI, "urn:x:y"},
		{PV_ENTITY_NODE, "gw.example.com", NULL, PV_NAME_TYPE_DNS, "gw.example.com"},
		{PV_ENTITY_NODE, "gw0001", NULL, PV_NAME_TYPE_URI, "urn:onem2m:node:gw0001"},
	};
	g_autoptr (PvDialect) dialect = pv_dialect_new ();

	for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autoptr (GError) error = NULL;
		g_autoptr (PvSubjectName) name = pv_subject_name_new (
			dialect, cases[i].kind, cases[i].id, cases[i].domain, &error);

		g_assert_no_error (error);
		g_assert_cmpint (name->type, ==, cases[i].type);
		g_assert_cmpstr (name->text, ==, cases[i].text);
	}
}

static void
test_bad_subject_names (void)
{
	g_autoptr (PvDialect) dialect = pv_dialect_new ();
	g_autoptr (GError) no_domain = NULL;
	g_autoptr (GError) wildcard = NULL;
	g_autoptr (GError) oid = NULL;

	g_assert_null (pv_subject_name_new (dialect, PV_ENTITY_CSE, "//sp.example.com/gw1", NULL,
					    &no_domain));
	g_assert_error (no_domain, PV_ERROR, PV_ERROR_JOB);
	g_assert_null (pv_subject_name_new (dialect, PV_ENTITY_NODE, "urn:*", NULL, &wildcard));
	g_assert_error (wildcard, PV_ERROR, PV_ERROR_JOB);
	dialect->node_name = PV_NAME_TYPE_REGISTERED_ID;
	g_assert_null (pv_subject_name_new (dialect, PV_ENTITY_NODE, "urn:x", NULL, &oid));
	g_assert_error (oid, PV_ERROR, PV_ERROR_JOB);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/provisioner/identity/fqdn", test_fqdn);
	g_test_add_func ("/provisioner/identity/key-identifier", test_key_identifier);
	g_test_add_func ("/provisioner/identity/bad-key-identifier", test_bad_key_identifier);
	g_test_add_func ("/provisioner/identity/identifiers", test_identifiers);
	g_test_add_func ("/provisioner/identity/subject-names", test_subject_names);
	g_test_add_func ("/provisioner/identity/bad-subject-names", test_bad_subject_names);
	return g_test_run ();
}
