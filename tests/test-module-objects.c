/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Session objects, line by line: which templates make one, what of it may be copied, changed and
 * destroyed, and what becomes of the rest of the token's objects. No keystore is needed.
 */
#include <config.h>

#include "tests/module-fixture.h"

#include <string.h>

typedef struct {
	CK_SESSION_HANDLE session;
} Fixture;

static const CK_OBJECT_CLASS data_class = CKO_DATA, public_class = CKO_PUBLIC_KEY,
			     private_class = CKO_PRIVATE_KEY, secret_class = CKO_SECRET_KEY,
			     certificate_class = CKO_CERTIFICATE;
static const CK_KEY_TYPE ec = CKK_EC, rsa = CKK_RSA, dsa = CKK_DSA, generic = CKK_GENERIC_SECRET;
static const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static const CK_ULONG bits = 2048;

#define NUMBER(type, value)                                                                        \
	{                                                                                          \
		type, (void *)&value, sizeof value                                                 \
	}
#define BYTES(type, text)                                                                          \
	{                                                                                          \
		type, (void *)text, sizeof text - 1                                                \
	}
#define EC_KEY NUMBER (CKA_CLASS, public_class), NUMBER (CKA_KEY_TYPE, ec)
#define WHOLE_EC_KEY EC_KEY, BYTES (CKA_EC_PARAMS, "curve"), BYTES (CKA_EC_POINT, "point")
#define RSA_KEY NUMBER (CKA_CLASS, public_class), NUMBER (CKA_KEY_TYPE, rsa)
#define WHOLE_RSA_KEY                                                                              \
	RSA_KEY, BYTES (CKA_MODULUS, "\0\x05zzz"), BYTES (CKA_PUBLIC_EXPONENT, "\1\0\1")

static void
set_up (Fixture *fixture, gconstpointer data)
{
	fixture->session = module_start ();
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
	module_end ();
}

/* A template ends with the first attribute of type 0 without a value. */
static CK_ULONG
count_of (const CK_ATTRIBUTE *template)
{
	CK_ULONG n = 0;

	while (template[n].type != 0 || template[n].pValue != NULL)
		n++;
	return n;
}

static CK_RV
create (CK_SESSION_HANDLE session, const CK_ATTRIBUTE *template, CK_OBJECT_HANDLE *object)
{
	return p11->C_CreateObject (session, (CK_ATTRIBUTE *)template, count_of (template), object);
}

static const struct {
	const char *what;
	CK_ATTRIBUTE template[8];
	CK_RV expected;
} creations[] = {
	{"data", {NUMBER (CKA_CLASS, data_class), BYTES (CKA_VALUE, "v")}, CKR_OK},
	{"nothing but a class", {NUMBER (CKA_CLASS, data_class)}, CKR_OK},
	{"an EC key", {WHOLE_EC_KEY, NUMBER (CKA_VERIFY, yes)}, CKR_OK},
	{"an RSA key", {WHOLE_RSA_KEY, BYTES (CKA_END_DATE, "20300101")}, CKR_OK},
	{"no class", {BYTES (CKA_VALUE, "v")}, CKR_TEMPLATE_INCOMPLETE},
	{"no type", {NUMBER (CKA_CLASS, public_class)}, CKR_TEMPLATE_INCOMPLETE},
	{"no point", {EC_KEY, BYTES (CKA_EC_PARAMS, "curve")}, CKR_TEMPLATE_INCOMPLETE},
	{"no exponent", {RSA_KEY, BYTES (CKA_MODULUS, "m")}, CKR_TEMPLATE_INCOMPLETE},
	{"an empty point",
	 {EC_KEY, BYTES (CKA_EC_PARAMS, "curve"), BYTES (CKA_EC_POINT, "")},
	 CKR_ATTRIBUTE_VALUE_INVALID},
	{"a key of a type that is not here",
	 {NUMBER (CKA_CLASS, public_class), NUMBER (CKA_KEY_TYPE, dsa)},
	 CKR_ATTRIBUTE_VALUE_INVALID},
	{"a private key",
	 {NUMBER (CKA_CLASS, private_class), NUMBER (CKA_KEY_TYPE, ec)},
	 CKR_ATTRIBUTE_VALUE_INVALID},
	{"a secret key",
	 {NUMBER (CKA_CLASS, secret_class), NUMBER (CKA_KEY_TYPE, generic)},
	 CKR_ATTRIBUTE_VALUE_INVALID},
	{"a certificate", {NUMBER (CKA_CLASS, certificate_class)}, CKR_ATTRIBUTE_VALUE_INVALID},
	{"a class of one byte", {BYTES (CKA_CLASS, "c")}, CKR_ATTRIBUTE_VALUE_INVALID},
	{"on the token", {WHOLE_EC_KEY, NUMBER (CKA_TOKEN, yes)}, CKR_TOKEN_WRITE_PROTECTED},
	{"in a session", {WHOLE_EC_KEY, NUMBER (CKA_TOKEN, no)}, CKR_OK},
	{"a long flag", {WHOLE_EC_KEY, BYTES (CKA_VERIFY, "yes")}, CKR_ATTRIBUTE_VALUE_INVALID},
	{"half a date", {WHOLE_EC_KEY, BYTES (CKA_END_DATE, "2030")}, CKR_ATTRIBUTE_VALUE_INVALID},
	{"a flag twice",
	 {WHOLE_EC_KEY, NUMBER (CKA_VERIFY, yes), NUMBER (CKA_VERIFY, no)},
	 CKR_TEMPLATE_INCONSISTENT},
	{"what only the token tells",
	 {WHOLE_EC_KEY, NUMBER (CKA_LOCAL, yes)},
	 CKR_ATTRIBUTE_READ_ONLY},
	{"trust", {WHOLE_EC_KEY, NUMBER (CKA_TRUSTED, yes)}, CKR_ATTRIBUTE_READ_ONLY},
	{"what is computed",
	 {WHOLE_RSA_KEY, NUMBER (CKA_MODULUS_BITS, bits)},
	 CKR_ATTRIBUTE_READ_ONLY},
	{"what no object has", {WHOLE_EC_KEY, BYTES (0x999, "?")}, CKR_ATTRIBUTE_TYPE_INVALID},
	{"what another class has",
	 {WHOLE_EC_KEY, BYTES (CKA_APPLICATION, "a")},
	 CKR_ATTRIBUTE_TYPE_INVALID},
	{"a length without a value", {WHOLE_EC_KEY, {CKA_LABEL, NULL, 4}}, CKR_ARGUMENTS_BAD},
	{"an endless value",
	 {WHOLE_EC_KEY, {CKA_LABEL, (void *)"l", CK_UNAVAILABLE_INFORMATION}},
	 CKR_ATTRIBUTE_VALUE_INVALID},
};

static void
test_creation (Fixture *fixture, gconstpointer data)
{
	for (gsize i = 0; i < G_N_ELEMENTS (creations); i++) {
		CK_OBJECT_HANDLE object = 0;
		CK_RV rv = create (fixture->session, creations[i].template, &object);

		g_test_message ("%s: 0x%lx", creations[i].what, rv);
		g_assert_cmpuint (rv, ==, creations[i].expected);
		g_assert_cmpuint (object & 0x80000000u, ==, rv == CKR_OK ? 0x80000000u : 0);
	}
	g_assert_cmpuint (create (4711, creations[0].template, NULL), ==,
			  CKR_SESSION_HANDLE_INVALID);
	g_assert_cmpuint (create (fixture->session, creations[0].template, NULL), ==,
			  CKR_ARGUMENTS_BAD);
	g_assert_cmpuint (p11->C_CreateObject (fixture->session, NULL, 1, NULL), ==,
			  CKR_ARGUMENTS_BAD);
}

/* How many public keys of sessions there are; a search for those needs no keystore. */
static guint
count_keys (CK_SESSION_HANDLE session)
{
	CK_ATTRIBUTE template[] = {NUMBER (CKA_CLASS, public_class), NUMBER (CKA_TOKEN, no)};
	g_autoptr (GArray) found = module_find (session, template, 2);

	return found->len;
}

static void
expect (CK_SESSION_HANDLE session,
	CK_OBJECT_HANDLE object,
	CK_ATTRIBUTE_TYPE type,
	const char *text)
{
	char value[32];
	CK_ATTRIBUTE asked = {type, value, sizeof value};

	g_assert_cmpuint (p11->C_GetAttributeValue (session, object, &asked, 1), ==, CKR_OK);
	g_assert_cmpmem (value, asked.ulValueLen, text, strlen (text));
}

/* The values that nobody gave. */
static void
test_defaults (Fixture *fixture, gconstpointer data)
{
	static const CK_ATTRIBUTE key[] = {WHOLE_RSA_KEY, {0, NULL, 0}};
	CK_ULONG modulus_bits = 0, mechanism = 0;
	CK_BBOOL flags[4] = {9, 9, 9, 9};
	char id[2][20] = {"", ""};
	CK_ATTRIBUTE asked[] = {
		{CKA_MODULUS_BITS, &modulus_bits, sizeof modulus_bits},
		{CKA_KEY_GEN_MECHANISM, &mechanism, sizeof mechanism},
		{CKA_TOKEN, &flags[0], 1},
		{CKA_MODIFIABLE, &flags[1], 1},
		{CKA_COPYABLE, &flags[2], 1},
		{CKA_LOCAL, &flags[3], 1},
		{CKA_UNIQUE_ID, id[0], sizeof id[0]},
	};
	CK_OBJECT_HANDLE one, two;

	g_assert_cmpuint (create (fixture->session, key, &one), ==, CKR_OK);
	g_assert_cmpuint (create (fixture->session, key, &two), ==, CKR_OK);
	g_assert_cmpuint (p11->C_GetAttributeValue (fixture->session, one, asked, 7), ==, CKR_OK);
	g_assert_cmpuint (modulus_bits, ==, 27);
	g_assert_cmpuint (mechanism, ==, CK_UNAVAILABLE_INFORMATION);
	g_assert_cmpmem (flags, 4, "\0\1\1\0", 4);
	asked[6] = (CK_ATTRIBUTE){CKA_UNIQUE_ID, id[1], sizeof id[1]};
	g_assert_cmpuint (p11->C_GetAttributeValue (fixture->session, two, asked, 7), ==, CKR_OK);
	g_assert_cmpstr (id[0], !=, id[1]);
	/* nothing asked, nothing refused */
	g_assert_cmpuint (p11->C_GetAttributeValue (fixture->session, one, NULL, 0), ==, CKR_OK);
	g_assert_cmpuint (p11->C_GetAttributeValue (fixture->session, one, NULL, 1), ==,
			  CKR_ARGUMENTS_BAD);
}

/* One template each, first as a change, then as a copy's. */
static void
test_changes (Fixture *fixture, gconstpointer data)
{
	static const CK_ATTRIBUTE key[] = {WHOLE_EC_KEY, BYTES (CKA_LABEL, "old"), {0, NULL, 0}};
	static const struct {
		CK_ATTRIBUTE one;
		CK_RV changed, copied;
	} rows[] = {
		{BYTES (CKA_LABEL, "new"), CKR_OK, CKR_OK},
		{NUMBER (CKA_VERIFY, no), CKR_OK, CKR_OK},
		{NUMBER (CKA_CLASS, data_class), CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_READ_ONLY},
		{BYTES (CKA_EC_POINT, "other"), CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_READ_ONLY},
		{NUMBER (CKA_PRIVATE, yes), CKR_ATTRIBUTE_READ_ONLY, CKR_OK},
		{NUMBER (CKA_TOKEN, no), CKR_ATTRIBUTE_READ_ONLY, CKR_OK},
		{NUMBER (CKA_TOKEN, yes), CKR_ATTRIBUTE_READ_ONLY, CKR_TOKEN_WRITE_PROTECTED},
		{NUMBER (CKA_MODIFIABLE, no), CKR_ATTRIBUTE_READ_ONLY, CKR_OK},
		{BYTES (CKA_UNIQUE_ID, "x"), CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_READ_ONLY},
		{BYTES (CKA_VALUE, "x"), CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_TYPE_INVALID},
		{BYTES (CKA_VERIFY, "xx"), CKR_ATTRIBUTE_VALUE_INVALID,
		 CKR_ATTRIBUTE_VALUE_INVALID},
		{{CKA_LABEL, NULL, 3}, CKR_ARGUMENTS_BAD, CKR_ARGUMENTS_BAD},
	};
	CK_SESSION_HANDLE session = fixture->session;
	CK_OBJECT_HANDLE object, copy;

	for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
		CK_ATTRIBUTE *one = (CK_ATTRIBUTE *)&rows[i].one;

		g_assert_cmpuint (create (session, key, &object), ==, CKR_OK);
		g_assert_cmpuint (p11->C_CopyObject (session, object, one, 1, &copy), ==,
				  rows[i].copied);
		expect (session, object, CKA_LABEL, "old");
		if (rows[i].copied == CKR_OK && one->type == CKA_LABEL)
			expect (session, copy, CKA_LABEL, "new");
		g_assert_cmpuint (p11->C_SetAttributeValue (session, object, one, 1), ==,
				  rows[i].changed);
		if (rows[i].changed == CKR_OK && one->type == CKA_LABEL)
			expect (session, object, CKA_LABEL, "new");
		expect (session, object, CKA_EC_POINT, "point");
	}
	g_assert_cmpuint (p11->C_CopyObject (session, object, NULL, 0, &copy), ==, CKR_OK);
	expect (session, copy, CKA_EC_POINT, "point");
	g_assert_cmpuint (p11->C_CopyObject (session, object, NULL, 1, &copy), ==,
			  CKR_ARGUMENTS_BAD);
	g_assert_cmpuint (p11->C_CopyObject (session, object, NULL, 0, NULL), ==,
			  CKR_ARGUMENTS_BAD);
	g_assert_cmpuint (p11->C_CopyObject (session, 4711 | 0x80000000u, NULL, 0, &copy), ==,
			  CKR_OBJECT_HANDLE_INVALID);
	g_assert_cmpuint (p11->C_CopyObject (4711, object, NULL, 0, &copy), ==,
			  CKR_SESSION_HANDLE_INVALID);
	g_assert_cmpuint (p11->C_SetAttributeValue (session, object, NULL, 0), ==,
			  CKR_ARGUMENTS_BAD);
}

/* An object keeps what it was told at its creation. */
static void
test_fixed (Fixture *fixture, gconstpointer data)
{
	static const CK_ATTRIBUTE key[] = {WHOLE_EC_KEY,
					   NUMBER (CKA_MODIFIABLE, no),
					   NUMBER (CKA_COPYABLE, no),
					   NUMBER (CKA_DESTROYABLE, no),
					   {0, NULL, 0}};
	static const CK_ATTRIBUTE free_key[] = {WHOLE_EC_KEY, {0, NULL, 0}};
	CK_ATTRIBUTE label = BYTES (CKA_LABEL, "new"), copyable = NUMBER (CKA_COPYABLE, yes);
	CK_SESSION_HANDLE session = fixture->session, other;
	CK_OBJECT_HANDLE object, copy;

	g_assert_cmpuint (p11->C_OpenSession (0, 4, NULL, NULL, &other), ==, CKR_OK);
	g_assert_cmpuint (create (other, key, &object), ==, CKR_OK);
	g_assert_cmpuint (p11->C_SetAttributeValue (session, object, &label, 1), ==,
			  CKR_ACTION_PROHIBITED);
	g_assert_cmpuint (p11->C_CopyObject (session, object, NULL, 0, &copy), ==,
			  CKR_ACTION_PROHIBITED);
	g_assert_cmpuint (p11->C_DestroyObject (session, object), ==, CKR_ACTION_PROHIBITED);
	/* ... but not longer than its session */
	g_assert_cmpuint (p11->C_CloseSession (other), ==, CKR_OK);
	expect (session, (create (session, free_key, &object), object), CKA_LABEL, "");
	g_assert_cmpuint (count_keys (session), ==, 1);
	/* CKA_COPYABLE goes one way */
	copyable.pValue = (void *)&no;
	g_assert_cmpuint (p11->C_SetAttributeValue (session, object, &copyable, 1), ==, CKR_OK);
	copyable.pValue = (void *)&yes;
	g_assert_cmpuint (p11->C_SetAttributeValue (session, object, &copyable, 1), ==,
			  CKR_ATTRIBUTE_READ_ONLY);
	g_assert_cmpuint (p11->C_CopyObject (session, object, NULL, 0, &copy), ==,
			  CKR_ACTION_PROHIBITED);
}

static gpointer
rename_often (gpointer object)
{
	CK_ATTRIBUTE label = BYTES (CKA_LABEL, "another");
	CK_SESSION_HANDLE session;

	g_assert_cmpuint (p11->C_OpenSession (0, 4, NULL, NULL, &session), ==, CKR_OK);
	for (int i = 0; i < 2000; i++)
		g_assert_cmpuint (
			p11->C_SetAttributeValue (session, GPOINTER_TO_SIZE (object), &label, 1),
			==, CKR_OK);
	return NULL;
}

/* A reader sees the object before or after a change, never in between. */
static void
test_threads (Fixture *fixture, gconstpointer data)
{
	static const CK_ATTRIBUTE key[] = {WHOLE_EC_KEY, {0, NULL, 0}};
	CK_OBJECT_HANDLE object;
	GThread *threads[2];

	g_assert_cmpuint (create (fixture->session, key, &object), ==, CKR_OK);
	for (int i = 0; i < 2; i++)
		threads[i] = g_thread_new (NULL, rename_often, GSIZE_TO_POINTER (object));
	for (int i = 0; i < 2000; i++)
		expect (fixture->session, object, CKA_EC_POINT, "point");
	for (int i = 0; i < 2; i++)
		g_thread_join (threads[i]);
	expect (fixture->session, object, CKA_LABEL, "another");
	g_assert_cmpuint (count_keys (fixture->session), ==, 1);
}

/* No profile of PKCS#11 Profiles 3.0 is claimed, and asking for them costs nothing. */
static void
test_profiles (Fixture *fixture, gconstpointer data)
{
	g_assert_cmpuint (module_count_class (fixture->session, 9 /* CKO_PROFILE */), ==, 0);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	module_load ();
#define ADD(name, test) g_test_add ("/module/objects/" name, Fixture, NULL, set_up, test, tear_down)
	ADD ("creation", test_creation);
	ADD ("defaults", test_defaults);
	ADD ("changes", test_changes);
	ADD ("fixed", test_fixed);
	ADD ("threads", test_threads);
	ADD ("profiles", test_profiles);
	return module_run_tests ();
}
