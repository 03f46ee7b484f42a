/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The module's functions as PKCS#11 names them: arguments, codes, searches, attributes, operations.
 * Each success has a failing twin.
 */
#include <config.h>

#include "tests/module-fixture.h"

#include <string.h>

static void
test_initialize (void)
{
	char reserved[] = "x";
	CK_C_INITIALIZE_ARGS args = {.pReserved = reserved};

	g_assert_cmpuint (p11->C_Initialize (&args), ==, CKR_ARGUMENTS_BAD);
	args = (CK_C_INITIALIZE_ARGS){.LockMutex = p11->C_Finalize};
	g_assert_cmpuint (p11->C_Initialize (&args), ==, CKR_ARGUMENTS_BAD);
	args = (CK_C_INITIALIZE_ARGS){.flags = CKF_OS_LOCKING_OK |
					       CKF_LIBRARY_CANT_CREATE_OS_THREADS};
	g_assert_cmpuint (p11->C_Initialize (&args), ==, CKR_OK);
	g_assert_cmpuint (p11->C_Initialize (NULL), ==, CKR_CRYPTOKI_ALREADY_INITIALIZED);
	g_assert_cmpuint (p11->C_Finalize (reserved), ==, CKR_ARGUMENTS_BAD);
	g_assert_cmpuint (p11->C_Finalize (NULL), ==, CKR_OK);
	args = (CK_C_INITIALIZE_ARGS){.flags = 0};
	g_assert_cmpuint (p11->C_Initialize (&args), ==, CKR_OK);
	g_assert_cmpuint (p11->C_Finalize (NULL), ==, CKR_OK);
}

static void
test_every_place (void)
{
	gpointer *places = (gpointer *)&p11_3->base.C_Initialize;
	gsize n = (sizeof *p11_3 - offsetof (ModFunctionList3, base.C_Initialize)) /
		  sizeof (gpointer);

	g_assert_cmpuint (n, ==, 92);
	for (gsize i = 0; i < n; i++)
		g_assert_nonnull (places[i]);
	places = (gpointer *)&p11->C_Initialize;
	for (gsize i = 0; i < 68; i++)
		g_assert_nonnull (places[i]);
}

/* The token is there without a keystore, empty, and a search that waited once waits no more. */
static void
test_no_keystore (void)
{
	FakeKeystore *fake = fake_new ();
	CK_SESSION_HANDLE session = module_start ();
	CK_SLOT_ID slot = 99;
	CK_ULONG n = 1;
	CK_MECHANISM_TYPE mechanisms[64];
	CK_MECHANISM_INFO mechanism;
	CK_TOKEN_INFO token;
	gint64 start = g_get_monotonic_time ();

	g_assert_cmpuint (p11->C_GetSlotList (CK_TRUE, &slot, &n), ==, CKR_OK);
	g_assert_cmpuint (slot, ==, 0);
	g_assert_cmpuint (p11->C_GetTokenInfo (0, &token), ==, CKR_OK);
	g_assert_cmpmem (token.label, 10, "oneM2M    ", 10);
	g_assert_cmpuint (token.flags & (CKF_LOGIN_REQUIRED | CKF_PROTECTED_AUTHENTICATION_PATH |
					 CKF_USER_PIN_INITIALIZED | CKF_TOKEN_INITIALIZED),
			  ==,
			  CKF_LOGIN_REQUIRED | CKF_PROTECTED_AUTHENTICATION_PATH |
				  CKF_USER_PIN_INITIALIZED | CKF_TOKEN_INITIALIZED);
	g_assert_cmpuint (p11->C_GetTokenInfo (1, &token), ==, CKR_SLOT_ID_INVALID);
	g_assert_cmpuint (p11->C_GetMechanismList (0, mechanisms, &n), ==, CKR_BUFFER_TOO_SMALL);
	g_assert_cmpuint (p11->C_GetMechanismList (0, mechanisms, &n), ==, CKR_OK);
	for (CK_ULONG i = 0; i < n; i++) {
		g_assert_cmpuint (mechanisms[i], !=, CKM_SHA256);
		g_assert_cmpuint (p11->C_GetMechanismInfo (0, mechanisms[i], &mechanism), ==,
				  CKR_OK);
	}
	g_assert_cmpuint (p11->C_GetMechanismInfo (0, CKM_SHA256, &mechanism), ==,
			  CKR_MECHANISM_INVALID);
	/* what no keystore has needs none */
	g_assert_cmpuint (module_count_class (session, CKO_VENDOR_DEFINED | 1), ==, 0);
	g_assert_cmpint (g_get_monotonic_time () - start, <, G_USEC_PER_SEC);
	g_assert_cmpuint (module_count_class (session, CKO_CERTIFICATE), ==, 0);
	g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);
	start = g_get_monotonic_time ();
	g_assert_cmpuint (module_count_class (session, CKO_CERTIFICATE), ==, 0);
	g_assert_cmpint (g_get_monotonic_time () - start, <, G_USEC_PER_SEC);
	fake_start (fake);
	/* ... until a connect succeeds; one that fails at once does not wait for the greeting */
	for (int i = 0; i < 300 && module_count_class (session, CKO_CERTIFICATE) == 0; i++)
		g_usleep (10000);
	g_assert_cmpuint (module_count_class (session, CKO_CERTIFICATE), ==, 1);
	module_end ();
	fake_stop (fake, TRUE);
	fake_free (fake);
}

typedef struct {
	FakeKeystore *fake;
	CK_SESSION_HANDLE session;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
	fixture->fake = fake_new ();
	fake_start (fixture->fake);
	fixture->session = module_start ();
	g_assert_cmpuint (module_count_class (fixture->session, CKO_PRIVATE_KEY), ==, 3);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
	module_end ();
	fake_stop (fixture->fake, TRUE);
	fake_free (fixture->fake);
}

static void
test_sessions (Fixture *fixture, gconstpointer data)
{
	CK_SESSION_HANDLE other;
	CK_SESSION_INFO info;

	g_assert_cmpuint (p11->C_OpenSession (0, 0, NULL, NULL, &other), ==,
			  CKR_SESSION_PARALLEL_NOT_SUPPORTED);
	g_assert_cmpuint (p11->C_OpenSession (7, 4, NULL, NULL, &other), ==, CKR_SLOT_ID_INVALID);
	g_assert_cmpuint (p11->C_OpenSession (0, 4, NULL, NULL, NULL), ==, CKR_ARGUMENTS_BAD);
	g_assert_cmpuint (p11->C_OpenSession (0, 6, NULL, NULL, &other), ==, CKR_OK);
	g_assert_cmpuint (p11->C_GetSessionInfo (other, &info), ==, CKR_OK);
	g_assert_cmpuint (info.state, ==, CKS_RW_USER_FUNCTIONS);
	g_assert_cmpuint (p11->C_GetSessionInfo (fixture->session, &info), ==, CKR_OK);
	g_assert_cmpuint (info.state, ==, CKS_RO_USER_FUNCTIONS);
	g_assert_cmpuint (p11->C_GetSessionInfo (other, NULL), ==, CKR_ARGUMENTS_BAD);
	g_assert_cmpuint (p11->C_CloseSession (other), ==, CKR_OK);
	g_assert_cmpuint (p11->C_CloseSession (other), ==, CKR_SESSION_HANDLE_INVALID);
	g_assert_cmpuint (p11->C_CloseAllSessions (7), ==, CKR_SLOT_ID_INVALID);
	for (int i = 0; i < 2000; i++)
		g_assert_cmpuint (p11->C_OpenSession (0, 4, NULL, NULL, &other), ==, CKR_OK);
	g_assert_cmpuint (p11->C_CloseAllSessions (0), ==, CKR_OK);
	g_assert_cmpuint (p11->C_GetSessionInfo (fixture->session, &info), ==,
			  CKR_SESSION_HANDLE_INVALID);
}

static void
test_find (Fixture *fixture, gconstpointer data)
{
	CK_SESSION_HANDLE session = fixture->session;
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE ed = CKK_EC_EDWARDS;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ATTRIBUTE by_id[] = {{CKA_CLASS, &class, sizeof class},
				{CKA_ID, (void *)"ec-1", 4},
				{CKA_SIGN, &yes, 1}};
	CK_ATTRIBUTE by_label = {CKA_LABEL, (void *)"gw1", 3};
	CK_ATTRIBUTE by_type = {CKA_KEY_TYPE, &ed, sizeof ed};
	CK_ATTRIBUTE not_token = {CKA_TOKEN, &no, 1};
	CK_ATTRIBUTE secret = {CKA_VALUE, (void *)"", 0};
	CK_ATTRIBUTE unreadable = {CKA_VALUE, NULL, 4};
	CK_ATTRIBUTE huge = {CKA_ID, (void *)"", (CK_ULONG)-1};
	CK_ULONG n;
	g_autoptr (GArray) all = module_find (session, NULL, 0);
	g_autoptr (GArray) one = module_find (session, by_id, 3);
	g_autoptr (GArray) labelled = module_find (session, &by_label, 1);
	g_autoptr (GArray) typed = module_find (session, &by_type, 1);
	g_autoptr (GArray) none = module_find (session, &not_token, 1);
	g_autoptr (GArray) hidden = module_find (session, &secret, 1);

	g_assert_cmpuint (all->len, ==, 6);
	g_assert_cmpuint (one->len, ==, 1);
	g_assert_cmpuint (g_array_index (one, CK_OBJECT_HANDLE, 0), ==, FAKE_EC_PRIVATE);
	g_assert_cmpuint (labelled->len, ==, 6);
	g_assert_cmpuint (typed->len, ==, 1);
	g_assert_cmpuint (none->len + hidden->len, ==, 0);
	g_assert_cmpuint (p11->C_FindObjectsInit (session, &unreadable, 1), ==, CKR_ARGUMENTS_BAD);
	g_assert_cmpuint (p11->C_FindObjectsInit (session, &huge, 1), ==, CKR_ATTRIBUTE_VALUE_INVALID);
	g_assert_cmpuint (p11->C_FindObjectsInit (session, &huge, 1u << 20), ==, CKR_TEMPLATE_INCONSISTENT);
	g_assert_cmpuint (p11->C_FindObjectsInit (session, NULL, 1), ==, CKR_ARGUMENTS_BAD);
	g_assert_cmpuint (p11->C_FindObjectsFinal (session), ==, CKR_OPERATION_NOT_INITIALIZED);
	g_assert_cmpuint (p11->C_FindObjectsInit (session, NULL, 0), ==, CKR_OK);
	g_assert_cmpuint (p11->C_FindObjectsInit (session, NULL, 0), ==, CKR_OPERATION_ACTIVE);
	g_assert_cmpuint (p11->C_FindObjects (session, NULL, 1, &n), ==, CKR_ARGUMENTS_BAD);
	g_assert_cmpuint (p11_3->C_SessionCancel (session, CKF_FIND_OBJECTS), ==, CKR_OK);
	g_assert_cmpuint (fake_get (fixture->fake, &fixture->fake->n_views), ==, 1);
}

static void
test_attributes (Fixture *fixture, gconstpointer data)
{
	CK_ULONG type = 0;
	CK_MECHANISM_TYPE mechanisms[3] = {0};
	char id[8], small[1];
	CK_ATTRIBUTE asked[] = {
		{CKA_KEY_TYPE, &type, sizeof type},
		{CKA_VALUE, id, sizeof id},
		{CKA_SUBJECT, NULL, 0},
		{CKA_ID, id, sizeof id},
		{CKA_LABEL, small, sizeof small},
		{CKA_ALLOWED_MECHANISMS, mechanisms, sizeof mechanisms},
	};

	g_assert_cmpuint (p11->C_GetAttributeValue (fixture->session, FAKE_EC_PRIVATE, asked, 6),
			  ==, CKR_ATTRIBUTE_SENSITIVE);
	g_assert_cmpuint (type, ==, CKK_EC);
	g_assert_cmpuint (asked[0].ulValueLen, ==, sizeof (CK_ULONG));
	g_assert_cmpuint (asked[1].ulValueLen, ==, CK_UNAVAILABLE_INFORMATION);
	g_assert_cmpuint (asked[2].ulValueLen, ==, CK_UNAVAILABLE_INFORMATION);
	g_assert_cmpmem (id, asked[3].ulValueLen, "ec-1", 4);
	g_assert_cmpuint (asked[4].ulValueLen, ==, CK_UNAVAILABLE_INFORMATION);
	g_assert_cmpuint (mechanisms[1], ==, CKM_ECDSA_SHA256);
	asked[4].pValue = NULL;
	g_assert_cmpuint (
		p11->C_GetAttributeValue (fixture->session, FAKE_EC_PRIVATE, &asked[4], 1), ==,
		CKR_OK);
	g_assert_cmpuint (asked[4].ulValueLen, ==, 3);
	g_assert_cmpuint (
		p11->C_GetAttributeValue (fixture->session, FAKE_EC_PRIVATE, &asked[2], 1), ==,
		CKR_ATTRIBUTE_TYPE_INVALID);
	g_assert_cmpuint (p11->C_GetAttributeValue (fixture->session, 4711, asked, 1), ==,
			  CKR_OBJECT_HANDLE_INVALID);
	g_assert_cmpuint (p11->C_GetAttributeValue (fixture->session, FAKE_EC_PRIVATE, NULL, 1), ==,
			  CKR_ARGUMENTS_BAD);
	g_assert_cmpuint (p11->C_SetAttributeValue (fixture->session, FAKE_EC_PRIVATE, asked, 1),
			  ==, CKR_ACTION_PROHIBITED);
	g_assert_cmpuint (p11->C_DestroyObject (fixture->session, FAKE_EC_PRIVATE), ==,
			  CKR_ACTION_PROHIBITED);
	g_assert_cmpuint (p11->C_CopyObject (fixture->session, FAKE_EC_PRIVATE, NULL, 0, &type), ==,
			  CKR_ACTION_PROHIBITED);
}

static void
test_sign (Fixture *fixture, gconstpointer data)
{
	CK_MECHANISM ecdsa = {CKM_ECDSA_SHA256, NULL, 0}, unlisted = {CKM_ECDSA_SHA512, NULL, 0};
	CK_MECHANISM rsa = {CKM_RSA_PKCS, NULL, 0}, digest = {CKM_SHA256, NULL, 0};
	CK_SESSION_HANDLE session = fixture->session;
	guint8 message[200] = {7}, signature[300], expected[64];
	CK_ULONG len = 0;

	g_assert_cmpuint (p11->C_Sign (session, message, 1, signature, &len), ==,
			  CKR_OPERATION_NOT_INITIALIZED);
	g_assert_cmpuint (p11->C_SignInit (session, NULL, FAKE_EC_PRIVATE), ==, CKR_ARGUMENTS_BAD);
	g_assert_cmpuint (p11->C_SignInit (session, &digest, FAKE_EC_PRIVATE), ==,
			  CKR_MECHANISM_INVALID);
	g_assert_cmpuint (p11->C_SignInit (session, &unlisted, FAKE_EC_PRIVATE), ==,
			  CKR_MECHANISM_INVALID);
	g_assert_cmpuint (p11->C_SignInit (session, &rsa, FAKE_EC_PRIVATE), ==,
			  CKR_KEY_TYPE_INCONSISTENT);
	g_assert_cmpuint (p11->C_SignInit (session, &ecdsa, FAKE_EC_PUBLIC), ==,
			  CKR_KEY_TYPE_INCONSISTENT);
	g_assert_cmpuint (p11->C_SignInit (session, &ecdsa, 4711), ==, CKR_KEY_HANDLE_INVALID);
	g_assert_cmpuint (p11->C_SignInit (session, &ecdsa, FAKE_EC_PRIVATE), ==, CKR_OK);
	g_assert_cmpuint (p11->C_SignInit (session, &ecdsa, FAKE_EC_PRIVATE), ==,
			  CKR_OPERATION_ACTIVE);
	/* length, small buffer: no request, still active */
	g_assert_cmpuint (p11->C_Sign (session, message, 200, NULL, &len), ==, CKR_OK);
	g_assert_cmpuint (len, ==, 64);
	len = 63;
	g_assert_cmpuint (p11->C_Sign (session, message, 200, signature, &len), ==,
			  CKR_BUFFER_TOO_SMALL);
	g_assert_cmpuint (fake_get (fixture->fake, &fixture->fake->n_uses), ==, 0);
	g_assert_cmpuint (p11->C_Sign (session, message, 200, signature, &len), ==, CKR_OK);
	fake_signature (FAKE_EC_PRIVATE, message, 200, expected, 64);
	g_assert_cmpmem (signature, len, expected, 64);
	/* in parts, the same */
	g_assert_cmpuint (p11->C_SignInit (session, &ecdsa, FAKE_EC_PRIVATE), ==, CKR_OK);
	g_assert_cmpuint (p11->C_SignUpdate (session, message, 150), ==, CKR_OK);
	g_assert_cmpuint (p11->C_SignUpdate (session, message + 150, 50), ==, CKR_OK);
	g_assert_cmpuint (p11->C_SignFinal (session, NULL, &len), ==, CKR_OK);
	g_assert_cmpuint (p11->C_SignFinal (session, signature, &len), ==, CKR_OK);
	g_assert_cmpmem (signature, len, expected, 64);
	g_assert_cmpuint (p11->C_SignFinal (session, signature, &len), ==,
			  CKR_OPERATION_NOT_INITIALIZED);
	g_assert_cmpuint (p11->C_SignUpdate (session, message, 1), ==,
			  CKR_OPERATION_NOT_INITIALIZED);
	/* cancelled by 3.0's ways, ended by bad arguments, refused by the keystore */
	g_assert_cmpuint (p11->C_SignInit (session, &ecdsa, FAKE_EC_PRIVATE), ==, CKR_OK);
	g_assert_cmpuint (p11->C_SignInit (session, NULL, 0), ==, CKR_OK);
	g_assert_cmpuint (p11->C_SignInit (session, &ecdsa, FAKE_EC_PRIVATE), ==, CKR_OK);
	g_assert_cmpuint (p11->C_Sign (session, NULL, 5, signature, &len), ==, CKR_ARGUMENTS_BAD);
	g_assert_cmpuint (p11->C_Sign (session, message, 5, signature, &len), ==,
			  CKR_OPERATION_NOT_INITIALIZED);
	fake_set_mood (fixture->fake, FAKE_REFUSE);
	g_assert_cmpuint (module_sign (session), ==, CKR_KEY_HANDLE_INVALID);
}

/* More than a frame takes goes as a file, or not at all. */
static void
test_large (Fixture *fixture, gconstpointer data)
{
	CK_MECHANISM ecdsa = {CKM_ECDSA_SHA256, NULL, 0}, pkcs = {CKM_RSA_PKCS, NULL, 0};
	g_autofree guint8 *message = g_malloc0 (300000);
	guint8 signature[64], expected[64], cipher[256];
	CK_ULONG len = 64, cipher_len = 256;

	g_assert_cmpuint (p11->C_SignInit (fixture->session, &ecdsa, FAKE_EC_PRIVATE), ==, CKR_OK);
	g_assert_cmpuint (p11->C_Sign (fixture->session, message, 300000, signature, &len), ==,
			  CKR_OK);
	fake_signature (FAKE_EC_PRIVATE, message, 300000, expected, 64);
	g_assert_cmpmem (signature, 64, expected, 64);
	g_assert_cmpuint (fixture->fake->seen.data_fd_size, ==, 300000);
	g_assert_cmpuint (p11->C_SignInit (fixture->session, &ecdsa, FAKE_EC_PRIVATE), ==, CKR_OK);
	g_assert_cmpuint (p11->C_Sign (fixture->session, message, (64u << 20) + 1, signature, &len),
			  ==, CKR_DATA_LEN_RANGE);
	g_assert_cmpuint (p11->C_EncryptInit (fixture->session, &pkcs, FAKE_RSA_PUBLIC), ==, CKR_OK);
	g_assert_cmpuint (p11->C_Encrypt (fixture->session, message, 70000, cipher, &cipher_len),
			  ==, CKR_DATA_LEN_RANGE);
	g_assert_cmpuint (p11->C_DecryptInit (fixture->session, &pkcs, FAKE_RSA_PRIVATE), ==,
			  CKR_OK);
	g_assert_cmpuint (p11->C_Decrypt (fixture->session, message, 70000, cipher, &cipher_len),
			  ==, CKR_ENCRYPTED_DATA_LEN_RANGE);
	g_assert_cmpuint (fake_get (fixture->fake, &fixture->fake->n_connections), ==, 1);
}

static CK_RV
create_key (CK_SESSION_HANDLE session, CK_BBOOL on_token, gsize n, CK_OBJECT_HANDLE *key)
{
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_KEY_TYPE type = CKK_EC;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class, sizeof class},   {CKA_KEY_TYPE, &type, sizeof type},
		{CKA_TOKEN, &on_token, 1},           {CKA_VERIFY, &yes, 1},
		{CKA_EC_PARAMS, (void *)"curve", 5}, {CKA_EC_POINT, (void *)"point", 5},
	};

	return p11->C_CreateObject (session, template, n, key);
}

/* A peer's public key lives in the module and goes with the request. */
static void
test_verify (Fixture *fixture, gconstpointer data)
{
	CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};
	CK_SESSION_HANDLE session = fixture->session, other;
	guint8 digest[32] = {9}, signature[132] = {1};
	CK_OBJECT_HANDLE key = 0;

	g_assert_cmpuint (create_key (session, CK_TRUE, 6, &key), ==, CKR_TOKEN_WRITE_PROTECTED);
	g_assert_cmpuint (create_key (session, CK_FALSE, 5, &key), ==, CKR_TEMPLATE_INCOMPLETE);
	g_assert_cmpuint (create_key (session, CK_FALSE, 6, NULL), ==, CKR_ARGUMENTS_BAD);
	g_assert_cmpuint (p11->C_OpenSession (0, 4, NULL, NULL, &other), ==, CKR_OK);
	g_assert_cmpuint (create_key (other, CK_FALSE, 6, &key), ==, CKR_OK);
	g_assert_cmpuint (key & 0x80000000u, !=, 0);
	g_assert_cmpuint (module_count_class (session, CKO_PUBLIC_KEY), ==, 3);
	g_assert_cmpuint (p11->C_VerifyInit (session, &ecdsa, key), ==, CKR_OK);
	g_assert_cmpuint (p11->C_Verify (session, digest, 32, signature, 132), ==, CKR_OK);
	g_assert_cmpuint (fixture->fake->seen.key, ==, 0);
	g_assert_cmpuint (fixture->fake->seen.key_type, ==, CKK_EC);
	g_assert_cmpmem (fixture->fake->seen_public_a, 5, "curve", 5);
	g_assert_cmpmem (fixture->fake->seen_public_b, 5, "point", 5);
	/* it ends with its session */
	g_assert_cmpuint (p11->C_CloseSession (other), ==, CKR_OK);
	g_assert_cmpuint (p11->C_VerifyInit (session, &ecdsa, key), ==, CKR_KEY_HANDLE_INVALID);
	g_assert_cmpuint (create_key (session, CK_FALSE, 6, &key), ==, CKR_OK);
	g_assert_cmpuint (p11->C_DestroyObject (session, key), ==, CKR_OK);
	g_assert_cmpuint (p11->C_DestroyObject (session, key), ==, CKR_OBJECT_HANDLE_INVALID);
	/* keys of the token by number */
	fake_signature (FAKE_EC_PRIVATE, digest, 32, signature, 64);
	g_assert_cmpuint (p11->C_VerifyInit (session, &ecdsa, FAKE_EC_PUBLIC), ==, CKR_OK);
	g_assert_cmpuint (p11->C_VerifyUpdate (session, digest, 32), ==, CKR_OK);
	g_assert_cmpuint (p11->C_VerifyFinal (session, signature, 64), ==, CKR_OK);
	signature[3] ^= 1;
	g_assert_cmpuint (p11->C_VerifyInit (session, &ecdsa, FAKE_EC_PUBLIC), ==, CKR_OK);
	g_assert_cmpuint (p11->C_Verify (session, digest, 32, signature, 64), ==,
			  CKR_SIGNATURE_INVALID);
	g_assert_cmpuint (p11->C_VerifyInit (session, &ecdsa, FAKE_EC_PUBLIC), ==, CKR_OK);
	g_assert_cmpuint (p11->C_Verify (session, digest, 32, signature, 63), ==,
			  CKR_SIGNATURE_LEN_RANGE);
}

static void
test_decrypt (Fixture *fixture, gconstpointer data)
{
	CK_RSA_PKCS_OAEP_PARAMS oaep = {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED,
					(void *)"label", 5};
	CK_MECHANISM mechanism = {CKM_RSA_PKCS_OAEP, &oaep, sizeof oaep};
	CK_MECHANISM bare = {CKM_RSA_PKCS_OAEP, NULL, 0};
	guint8 cipher[256] = {1}, plain[256];
	CK_ULONG len = 0;

	g_assert_cmpuint (p11->C_DecryptInit (fixture->session, &bare, FAKE_RSA_PRIVATE), ==,
			  CKR_MECHANISM_PARAM_INVALID);
	g_assert_cmpuint (p11->C_DecryptInit (fixture->session, &mechanism, FAKE_RSA_PRIVATE), ==,
			  CKR_OK);
	g_assert_cmpuint (p11->C_Decrypt (fixture->session, cipher, 256, NULL, &len), ==, CKR_OK);
	g_assert_cmpuint (len, ==, 256);
	len = 4;
	g_assert_cmpuint (p11->C_Decrypt (fixture->session, cipher, 256, plain, &len), ==,
			  CKR_BUFFER_TOO_SMALL);
	g_assert_cmpuint (len, ==, 5);
	g_assert_cmpuint (p11->C_Decrypt (fixture->session, cipher, 256, plain, &len), ==, CKR_OK);
	g_assert_cmpuint (len, ==, 5);
	g_assert_cmpuint (fixture->fake->seen.hash, ==, CKM_SHA256);
	g_assert_cmpmem (fixture->fake->seen_param, 5, "label", 5);
	g_assert_cmpuint (p11->C_EncryptInit (fixture->session, &mechanism, FAKE_RSA_PUBLIC), ==,
			  CKR_OK);
	len = 256;
	g_assert_cmpuint (p11->C_Encrypt (fixture->session, plain, 5, cipher, &len), ==, CKR_OK);
	g_assert_cmpuint (len, ==, 256);
}

static void
test_pss (Fixture *fixture, gconstpointer data)
{
	CK_RSA_PKCS_PSS_PARAMS pss = {CKM_SHA384, CKG_MGF1_SHA384, 48};
	CK_MECHANISM wrong = {CKM_SHA256_RSA_PKCS_PSS, &pss, sizeof pss};
	CK_MECHANISM right = {CKM_SHA384_RSA_PKCS_PSS, &pss, sizeof pss};
	guint8 signature[256];
	CK_ULONG len = 256;

	g_assert_cmpuint (p11->C_SignInit (fixture->session, &wrong, FAKE_RSA_PRIVATE), ==,
			  CKR_MECHANISM_PARAM_INVALID);
	g_assert_cmpuint (p11->C_SignInit (fixture->session, &right, FAKE_RSA_PRIVATE), ==, CKR_OK);
	g_assert_cmpuint (p11->C_Sign (fixture->session, (CK_BYTE *)"x", 1, signature, &len), ==,
			  CKR_OK);
	g_assert_cmpuint (fixture->fake->seen.hash, ==, CKM_SHA384);
	g_assert_cmpuint (fixture->fake->seen.salt_len, ==, 48);
}

static void
test_derive (Fixture *fixture, gconstpointer data)
{
	CK_ECDH1_DERIVE_PARAMS ecdh = {CKD_NULL, 0, NULL, 5, (void *)"point"};
	CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &ecdh, sizeof ecdh};
	CK_BBOOL yes = CK_TRUE;
	CK_ULONG value_len = 16, too_long = 33;
	CK_ATTRIBUTE sensitive = {CKA_SENSITIVE, &yes, 1},
		     size = {CKA_VALUE_LEN, &value_len, sizeof value_len};
	CK_ATTRIBUTE token = {CKA_TOKEN, &yes, 1};
	guint8 value[32], expected[32];
	CK_ATTRIBUTE asked = {CKA_VALUE, value, sizeof value};
	CK_SESSION_HANDLE session = fixture->session;
	CK_OBJECT_HANDLE key;

	fake_signature (FAKE_EC_PRIVATE, (guint8 *)"point", 5, expected, 32);
	g_assert_cmpuint (p11->C_DeriveKey (session, &mechanism, FAKE_EC_PRIVATE, NULL, 0, &key),
			  ==, CKR_OK);
	g_assert_cmpuint (p11->C_GetAttributeValue (session, key, &asked, 1), ==, CKR_OK);
	g_assert_cmpmem (value, asked.ulValueLen, expected, 32);
	g_assert_cmpuint (p11->C_DeriveKey (session, &mechanism, FAKE_EC_PRIVATE, &size, 1, &key),
			  ==, CKR_OK);
	g_assert_cmpuint (p11->C_GetAttributeValue (session, key, &asked, 1), ==, CKR_OK);
	g_assert_cmpmem (value, asked.ulValueLen, expected + 16, 16);
	g_assert_cmpuint (module_count_class (session, CKO_SECRET_KEY), ==, 2);
	g_assert_cmpuint (
		p11->C_DeriveKey (session, &mechanism, FAKE_EC_PRIVATE, &sensitive, 1, &key), ==,
		CKR_OK);
	g_assert_cmpuint (p11->C_GetAttributeValue (session, key, &asked, 1), ==,
			  CKR_ATTRIBUTE_SENSITIVE);
	g_assert_cmpuint (p11->C_DeriveKey (session, &mechanism, FAKE_EC_PRIVATE, &token, 1, &key),
			  ==, CKR_TOKEN_WRITE_PROTECTED);
	size.pValue = &too_long;
	g_assert_cmpuint (p11->C_DeriveKey (session, &mechanism, FAKE_EC_PRIVATE, &size, 1, &key),
			  ==, CKR_KEY_SIZE_RANGE);
	ecdh.kdf = CKD_SHA1_KDF;
	g_assert_cmpuint (p11->C_DeriveKey (session, &mechanism, FAKE_EC_PRIVATE, NULL, 0, &key),
			  ==, CKR_MECHANISM_PARAM_INVALID);
	g_assert_cmpuint (p11->C_DeriveKey (session, &mechanism, FAKE_RSA_PRIVATE, NULL, 0, &key),
			  ==, CKR_KEY_TYPE_INCONSISTENT);
}

static void
test_random (Fixture *fixture, gconstpointer data)
{
	CK_SESSION_HANDLE session = fixture->session;
	guint8 one[300] = {0}, two[300] = {0};

	g_assert_cmpuint (p11->C_GenerateRandom (session, one, 300), ==, CKR_OK);
	g_assert_cmpuint (p11->C_GenerateRandom (session, two, 300), ==, CKR_OK);
	g_assert_cmpint (memcmp (one, two, 300), !=, 0);
	g_assert_cmpuint (p11->C_GenerateRandom (session, NULL, 0), ==, CKR_OK);
	g_assert_cmpuint (p11->C_GenerateRandom (session, NULL, 1), ==, CKR_ARGUMENTS_BAD);
	g_assert_cmpuint (p11->C_SeedRandom (session, NULL, 1), ==, CKR_ARGUMENTS_BAD);
	g_assert_cmpuint (p11->C_SeedRandom (session, one, 1), ==, CKR_RANDOM_SEED_NOT_SUPPORTED);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	module_load ();
	g_test_add_func ("/module/initialize", test_initialize);
	g_test_add_func ("/module/every-place", test_every_place);
	g_test_add_func ("/module/no-keystore", test_no_keystore);
#define WITH_KEYSTORE(name, test)                                                                  \
	g_test_add ("/module/" name, Fixture, NULL, set_up, test, tear_down)
	WITH_KEYSTORE ("sessions", test_sessions);
	WITH_KEYSTORE ("find", test_find);
	WITH_KEYSTORE ("attributes", test_attributes);
	WITH_KEYSTORE ("sign", test_sign);
	WITH_KEYSTORE ("large", test_large);
	WITH_KEYSTORE ("verify", test_verify);
	WITH_KEYSTORE ("decrypt", test_decrypt);
	WITH_KEYSTORE ("pss", test_pss);
	WITH_KEYSTORE ("derive", test_derive);
	WITH_KEYSTORE ("random", test_random);
	return module_run_tests ();
}
