/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every function that needs no keystore, against PKCS#11 2.40 and 3.0: tables of calls and of what
 * they answer uninitialised, for a session that is none, and else.
 */
#include <config.h>

#include "tests/module-fixture.h"

#include <string.h>

#ifndef CKF_FIND_OBJECTS
#define CKF_FIND_OBJECTS 0x40UL
#endif

typedef struct {
	CK_SESSION_HANDLE session; /* read only */
} Fixture;

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

/* ---- every function, called with as little as it takes ---- */

#define CALL(name, arguments, expected)                                                            \
	static CK_RV call_##name (CK_SESSION_HANDLE s)                                             \
	{                                                                                          \
		return p11_3->base.name arguments;                                                 \
	}
#define CALL_3(name, arguments, expected)                                                          \
	static CK_RV call_##name (CK_SESSION_HANDLE s)                                             \
	{                                                                                          \
		return p11_3->name arguments;                                                      \
	}
#define NONE CKR_FUNCTION_NOT_SUPPORTED
#define BAD CKR_ARGUMENTS_BAD
#define IDLE CKR_OPERATION_NOT_INITIALIZED

/* s: the session. What is expected of a session that has done nothing. */
#define SESSION_CALLS(CALL, CALL_3)                                                                \
	CALL (C_InitPIN, (s, NULL, 0), CKR_USER_NOT_LOGGED_IN)                                     \
	CALL (C_SetPIN, (s, NULL, 0, NULL, 0), CKR_SESSION_READ_ONLY)                              \
	CALL (C_GetSessionInfo, (s, NULL), BAD)                                                    \
	CALL (C_GetOperationState, (s, NULL, NULL), NONE)                                          \
	CALL (C_SetOperationState, (s, NULL, 0, 0, 0), NONE)                                       \
	CALL (C_Login, (s, CKU_USER, NULL, 0), CKR_OK)                                             \
	CALL (C_Logout, (s), CKR_OK)                                                               \
	CALL (C_CreateObject, (s, NULL, 0, NULL), BAD)                                             \
	CALL (C_CopyObject, (s, 0, NULL, 0, NULL), CKR_OBJECT_HANDLE_INVALID)                      \
	CALL (C_DestroyObject, (s, 0), CKR_OBJECT_HANDLE_INVALID)                                  \
	CALL (C_GetObjectSize, (s, 0, NULL), CKR_OBJECT_HANDLE_INVALID)                            \
	CALL (C_GetAttributeValue, (s, 0, NULL, 0), CKR_OBJECT_HANDLE_INVALID)                     \
	CALL (C_SetAttributeValue, (s, 0, NULL, 0), CKR_OBJECT_HANDLE_INVALID)                     \
	CALL (C_FindObjectsInit, (s, NULL, 1), BAD)                                                \
	CALL (C_FindObjects, (s, NULL, 0, NULL), IDLE)                                             \
	CALL (C_FindObjectsFinal, (s), IDLE)                                                       \
	CALL (C_EncryptInit, (s, NULL, 0), BAD)                                                    \
	CALL (C_Encrypt, (s, NULL, 0, NULL, NULL), IDLE)                                           \
	CALL (C_EncryptUpdate, (s, NULL, 0, NULL, NULL), IDLE)                                     \
	CALL (C_EncryptFinal, (s, NULL, NULL), IDLE)                                               \
	CALL (C_DecryptInit, (s, NULL, 0), BAD)                                                    \
	CALL (C_Decrypt, (s, NULL, 0, NULL, NULL), IDLE)                                           \
	CALL (C_DecryptUpdate, (s, NULL, 0, NULL, NULL), IDLE)                                     \
	CALL (C_DecryptFinal, (s, NULL, NULL), IDLE)                                               \
	CALL (C_DigestInit, (s, NULL), NONE)                                                       \
	CALL (C_Digest, (s, NULL, 0, NULL, NULL), NONE)                                            \
	CALL (C_DigestUpdate, (s, NULL, 0), NONE)                                                  \
	CALL (C_DigestKey, (s, 0), NONE)                                                           \
	CALL (C_DigestFinal, (s, NULL, NULL), NONE)                                                \
	CALL (C_SignInit, (s, NULL, 0), BAD)                                                       \
	CALL (C_Sign, (s, NULL, 0, NULL, NULL), IDLE)                                              \
	CALL (C_SignUpdate, (s, NULL, 0), IDLE)                                                    \
	CALL (C_SignFinal, (s, NULL, NULL), IDLE)                                                  \
	CALL (C_SignRecoverInit, (s, NULL, 0), NONE)                                               \
	CALL (C_SignRecover, (s, NULL, 0, NULL, NULL), NONE)                                       \
	CALL (C_VerifyInit, (s, NULL, 0), BAD)                                                     \
	CALL (C_Verify, (s, NULL, 0, NULL, 0), IDLE)                                               \
	CALL (C_VerifyUpdate, (s, NULL, 0), IDLE)                                                  \
	CALL (C_VerifyFinal, (s, NULL, 0), IDLE)                                                   \
	CALL (C_VerifyRecoverInit, (s, NULL, 0), NONE)                                             \
	CALL (C_VerifyRecover, (s, NULL, 0, NULL, NULL), NONE)                                     \
	CALL (C_DigestEncryptUpdate, (s, NULL, 0, NULL, NULL), NONE)                               \
	CALL (C_DecryptDigestUpdate, (s, NULL, 0, NULL, NULL), NONE)                               \
	CALL (C_SignEncryptUpdate, (s, NULL, 0, NULL, NULL), NONE)                                 \
	CALL (C_DecryptVerifyUpdate, (s, NULL, 0, NULL, NULL), NONE)                               \
	CALL (C_GenerateKey, (s, NULL, NULL, 0, NULL), NONE)                                       \
	CALL (C_GenerateKeyPair, (s, NULL, NULL, 0, NULL, 0, NULL, NULL), NONE)                    \
	CALL (C_WrapKey, (s, NULL, 0, 0, NULL, NULL), BAD)                                         \
	CALL (C_UnwrapKey, (s, NULL, 0, NULL, 0, NULL, 0, NULL), BAD)                              \
	CALL (C_DeriveKey, (s, NULL, 0, NULL, 0, NULL), BAD)                                       \
	CALL (C_SeedRandom, (s, NULL, 0), CKR_RANDOM_SEED_NOT_SUPPORTED)                           \
	CALL (C_GenerateRandom, (s, NULL, 1), BAD)                                                 \
	CALL (C_GetFunctionStatus, (s), CKR_FUNCTION_NOT_PARALLEL)                                 \
	CALL (C_CancelFunction, (s), CKR_FUNCTION_NOT_PARALLEL)                                    \
	CALL_3 (C_LoginUser, (s, CKU_USER, NULL, 0, NULL, 0), CKR_OK)                              \
	CALL_3 (C_SessionCancel, (s, ~0UL), CKR_OK)                                                \
	CALL_3 (C_MessageEncryptInit, (s, NULL, 0), NONE)                                          \
	CALL_3 (C_EncryptMessage, (s, NULL, 0, NULL, 0, NULL, 0, NULL, NULL), NONE)                \
	CALL_3 (C_EncryptMessageBegin, (s, NULL, 0, NULL, 0), NONE)                                \
	CALL_3 (C_EncryptMessageNext, (s, NULL, 0, NULL, 0, NULL, NULL, 0), NONE)                  \
	CALL_3 (C_MessageEncryptFinal, (s), NONE)                                                  \
	CALL_3 (C_MessageDecryptInit, (s, NULL, 0), NONE)                                          \
	CALL_3 (C_DecryptMessage, (s, NULL, 0, NULL, 0, NULL, 0, NULL, NULL), NONE)                \
	CALL_3 (C_DecryptMessageBegin, (s, NULL, 0, NULL, 0), NONE)                                \
	CALL_3 (C_DecryptMessageNext, (s, NULL, 0, NULL, 0, NULL, NULL, 0), NONE)                  \
	CALL_3 (C_MessageDecryptFinal, (s), NONE)                                                  \
	CALL_3 (C_MessageSignInit, (s, NULL, 0), NONE)                                             \
	CALL_3 (C_SignMessage, (s, NULL, 0, NULL, 0, NULL, NULL), NONE)                            \
	CALL_3 (C_SignMessageBegin, (s, NULL, 0), NONE)                                            \
	CALL_3 (C_SignMessageNext, (s, NULL, 0, NULL, 0, NULL, NULL), NONE)                        \
	CALL_3 (C_MessageSignFinal, (s), NONE)                                                     \
	CALL_3 (C_MessageVerifyInit, (s, NULL, 0), NONE)                                           \
	CALL_3 (C_VerifyMessage, (s, NULL, 0, NULL, 0, NULL, 0), NONE)                             \
	CALL_3 (C_VerifyMessageBegin, (s, NULL, 0), NONE)                                          \
	CALL_3 (C_VerifyMessageNext, (s, NULL, 0, NULL, 0, NULL, 0), NONE)                         \
	CALL_3 (C_MessageVerifyFinal, (s), NONE)

SESSION_CALLS (CALL, CALL_3)

#define ROW(name, arguments, expected) {#name, call_##name, expected},

static const struct {
	const char *name;
	CK_RV (*call) (CK_SESSION_HANDLE);
	CK_RV expected;
} session_calls[] = {SESSION_CALLS (ROW, ROW)};

/* Slots are no sessions: what is called with one, or with nothing. */
static CK_RV
call_general (guint i)
{
	CK_FUNCTION_LIST *f = &p11_3->base;
	CK_ULONG n = 0;

	switch (i) {
	case 0:
		return f->C_Finalize ((void *)"");
	case 1:
		return f->C_GetInfo (NULL);
	case 2:
		return f->C_GetSlotList (0, NULL, NULL);
	case 3:
		return f->C_GetSlotInfo (0, NULL);
	case 4:
		return f->C_GetTokenInfo (0, NULL);
	case 5:
		return f->C_GetMechanismList (0, NULL, NULL);
	case 6:
		return f->C_GetMechanismInfo (0, CKM_ECDSA, NULL);
	case 7:
		return f->C_OpenSession (0, CKF_SERIAL_SESSION, NULL, NULL, NULL);
	case 8:
		return f->C_WaitForSlotEvent (CKF_DONT_BLOCK, NULL, NULL);
	case 9:
		return f->C_WaitForSlotEvent (CKF_DONT_BLOCK, &n, &n);
	default:
		return CKR_GENERAL_ERROR;
	}
}

static void
test_uninitialized (void)
{
	for (gsize i = 0; i < G_N_ELEMENTS (session_calls); i++) {
		g_test_message ("%s", session_calls[i].name);
		g_assert_cmpuint (session_calls[i].call (1), ==, CKR_CRYPTOKI_NOT_INITIALIZED);
	}
	g_assert_cmpuint (p11->C_Finalize (NULL), ==, CKR_CRYPTOKI_NOT_INITIALIZED);
	for (guint i = 1; i < 10; i++)
		g_assert_cmpuint (call_general (i), ==, CKR_CRYPTOKI_NOT_INITIALIZED);
	g_assert_cmpuint (p11->C_CloseSession (1), ==, CKR_CRYPTOKI_NOT_INITIALIZED);
	g_assert_cmpuint (p11->C_CloseAllSessions (0), ==, CKR_CRYPTOKI_NOT_INITIALIZED);
	g_assert_cmpuint (p11->C_InitToken (0, NULL, 0, NULL), ==, CKR_CRYPTOKI_NOT_INITIALIZED);
}

static void
test_calls (Fixture *fixture, gconstpointer data)
{
	for (gsize i = 0; i < G_N_ELEMENTS (session_calls); i++) {
		g_test_message ("%s", session_calls[i].name);
		g_assert_cmpuint (session_calls[i].call (4711), ==, CKR_SESSION_HANDLE_INVALID);
		g_assert_cmpuint (session_calls[i].call (fixture->session), ==,
				  session_calls[i].expected);
	}
	for (guint i = 0; i < 10; i++)
		g_assert_cmpuint (call_general (i), ==, CKR_ARGUMENTS_BAD);
}

static void
test_slots (Fixture *fixture, gconstpointer data)
{
	CK_SLOT_ID slot = 77;
	CK_SLOT_INFO slot_info;
	CK_TOKEN_INFO token_info;
	CK_MECHANISM_INFO mechanism_info;
	CK_SESSION_HANDLE session;
	CK_ULONG n = 0;

	g_assert_cmpuint (p11->C_GetSlotList (CK_TRUE, &slot, &n), ==, CKR_BUFFER_TOO_SMALL);
	g_assert_cmpuint (n, ==, 1);
	g_assert_cmpuint (p11->C_GetSlotList (CK_TRUE, &slot, &n), ==, CKR_OK);
	g_assert_cmpuint (slot, ==, 0);
	g_assert_cmpuint (p11->C_GetSlotInfo (1, &slot_info), ==, CKR_SLOT_ID_INVALID);
	g_assert_cmpuint (p11->C_GetTokenInfo (1, &token_info), ==, CKR_SLOT_ID_INVALID);
	g_assert_cmpuint (p11->C_GetMechanismList (1, NULL, &n), ==, CKR_SLOT_ID_INVALID);
	g_assert_cmpuint (p11->C_GetMechanismInfo (1, CKM_ECDSA, &mechanism_info), ==,
			  CKR_SLOT_ID_INVALID);
	g_assert_cmpuint (p11->C_InitToken (1, NULL, 0, NULL), ==, CKR_SLOT_ID_INVALID);
	g_assert_cmpuint (p11->C_InitToken (0, NULL, 0, NULL), ==, CKR_TOKEN_WRITE_PROTECTED);
	/* nothing ever happens to the slot, and nobody waits for ever */
	g_assert_cmpuint (p11->C_WaitForSlotEvent (CKF_DONT_BLOCK, &slot, NULL), ==, CKR_NO_EVENT);
	g_assert_cmpuint (p11->C_WaitForSlotEvent (0, &slot, NULL), ==, CKR_FUNCTION_NOT_SUPPORTED);
	g_assert_cmpuint (p11->C_GetTokenInfo (0, &token_info), ==, CKR_OK);
	g_assert_cmpuint (token_info.ulSessionCount, ==, 1);
	g_assert_cmpuint (token_info.flags & CKF_WRITE_PROTECTED, !=, 0);
	/* a session for writing is opened, and says so */
	g_assert_cmpuint (p11->C_OpenSession (0, 6, NULL, NULL, &session), ==, CKR_OK);
	g_assert_cmpuint (p11->C_SetPIN (session, NULL, 0, NULL, 0), ==, CKR_TOKEN_WRITE_PROTECTED);
	g_assert_cmpuint (p11->C_GetTokenInfo (0, &token_info), ==, CKR_OK);
	g_assert_cmpuint (token_info.ulSessionCount, ==, 2);
}

static void
test_login (Fixture *fixture, gconstpointer data)
{
	static CK_UTF8CHAR text[] = "text";
	static const struct {
		CK_USER_TYPE user;
		CK_UTF8CHAR *pin;
		CK_ULONG pin_len;
		CK_RV expected;
	} rows[] = {
		{CKU_USER, NULL, 0, CKR_OK},
		{CKU_USER, text, 4, CKR_OK},
		{CKU_USER, text, 0, CKR_OK},
		{CKU_USER, NULL, 4, CKR_ARGUMENTS_BAD},
		{CKU_SO, text, 4, CKR_SESSION_READ_ONLY_EXISTS},
		{CKU_CONTEXT_SPECIFIC, text, 4, CKR_OPERATION_NOT_INITIALIZED},
		{99, text, 4, CKR_USER_TYPE_INVALID},
	};
	CK_SESSION_HANDLE writer;
	CK_SESSION_INFO info;

	for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
		g_assert_cmpuint (
			p11->C_Login (fixture->session, rows[i].user, rows[i].pin, rows[i].pin_len),
			==, rows[i].expected);
		g_assert_cmpuint (p11_3->C_LoginUser (fixture->session, rows[i].user, rows[i].pin,
						      rows[i].pin_len, text, 4),
				  ==, rows[i].expected);
	}
	g_assert_cmpuint (p11_3->C_LoginUser (fixture->session, CKU_USER, NULL, 0, NULL, 4), ==,
			  CKR_ARGUMENTS_BAD);
	g_assert_cmpuint (p11->C_OpenSession (0, 6, NULL, NULL, &writer), ==, CKR_OK);
	g_assert_cmpuint (p11->C_Login (writer, CKU_SO, NULL, 0), ==,
			  CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
	/* the user is logged in whatever was called before */
	g_assert_cmpuint (p11->C_Logout (fixture->session), ==, CKR_OK);
	g_assert_cmpuint (p11->C_GetSessionInfo (fixture->session, &info), ==, CKR_OK);
	g_assert_cmpuint (info.state, ==, CKS_RO_USER_FUNCTIONS);
}

static void
test_interfaces (void)
{
	static CK_UTF8CHAR own[] = "PKCS 11", other[] = "Vendor";
	static CK_VERSION v2_20 = {2, 20}, v2_40 = {2, 40}, v3_0 = {3, 0}, v3_2 = {3, 2};
	static const struct {
		CK_UTF8CHAR *name;
		CK_VERSION *version;
		int found; /* 3, 2, or 0 for none */
	} rows[] = {
		{NULL, NULL, 3},   {own, NULL, 3},    {other, NULL, 0},   {NULL, &v3_0, 3},
		{own, &v3_0, 3},   {other, &v3_0, 0}, {NULL, &v2_40, 2},  {own, &v2_40, 2},
		{NULL, &v2_20, 0}, {own, &v3_2, 0},   {other, &v2_40, 0},
	};
	static const CK_FLAGS flags[] = {0, 1 /* CKF_INTERFACE_FORK_SAFE */, 2, 3};

	for (gsize i = 0; i < 4 * G_N_ELEMENTS (rows); i++) {
		int found = (flags[i % 4] & 2) != 0 ? 0 : rows[i / 4].found;
		ModInterface *interface = NULL;
		CK_RV rv = p11_3->C_GetInterface (rows[i / 4].name, rows[i / 4].version, &interface,
						  flags[i % 4]);

		g_assert_cmpuint (rv, ==, found != 0 ? CKR_OK : CKR_FUNCTION_FAILED);
		g_assert_true (found == 0 ? interface == NULL
					  : interface->functions ==
						    (found == 3 ? (void *)p11_3 : (void *)p11));
	}
	g_assert_cmpuint (p11_3->C_GetInterface (NULL, NULL, NULL, 0), ==, CKR_ARGUMENTS_BAD);
}

static void
test_interface_list (void)
{
	ModInterface list[3];
	CK_ULONG n = 1;
	CK_INFO info;

	g_assert_cmpuint (p11->C_GetFunctionList (NULL), ==, CKR_ARGUMENTS_BAD);
	g_assert_cmpuint (p11_3->C_GetInterfaceList (NULL, NULL), ==, CKR_ARGUMENTS_BAD);
	g_assert_cmpuint (p11_3->C_GetInterfaceList (list, NULL), ==, CKR_ARGUMENTS_BAD);
	g_assert_cmpuint (p11_3->C_GetInterfaceList (list, &n), ==, CKR_BUFFER_TOO_SMALL);
	g_assert_cmpuint (n, ==, 2);
	n = 0;
	g_assert_cmpuint (p11_3->C_GetInterfaceList (NULL, &n), ==, CKR_OK);
	g_assert_cmpuint (n, ==, 2);
	n = 3;
	g_assert_cmpuint (p11_3->C_GetInterfaceList (list, &n), ==, CKR_OK);
	g_assert_cmpuint (n, ==, 2);
	g_assert_true (list[0].functions == p11_3 && list[1].functions == p11);
	module_start ();
	g_assert_cmpuint (p11->C_GetInfo (&info), ==, CKR_OK);
	g_assert_cmpuint (info.cryptokiVersion.major, ==, 2);
	g_assert_cmpuint (p11_3->base.C_GetInfo (&info), ==, CKR_OK);
	g_assert_cmpuint (info.cryptokiVersion.major, ==, 3);
	g_assert_cmpuint (info.flags, ==, 0);
	module_end ();
}

/* ---- mechanisms ---- */

#define SIGNS (CKF_SIGN | CKF_VERIFY)
#define CRYPTS (CKF_ENCRYPT | CKF_DECRYPT)
#define CURVES (CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS)

static void
test_mechanisms (Fixture *fixture, gconstpointer data)
{
	static const struct {
		CK_MECHANISM_TYPE types[6];
		CK_MECHANISM_INFO info;
	} rows[] = {
		{{CKM_SHA1_RSA_PKCS, CKM_SHA224_RSA_PKCS, CKM_SHA256_RSA_PKCS, CKM_SHA384_RSA_PKCS,
		  CKM_SHA512_RSA_PKCS, CKM_RSA_PKCS_PSS},
		 {2048, 8192, SIGNS}},
		{{CKM_SHA1_RSA_PKCS_PSS, CKM_SHA224_RSA_PKCS_PSS, CKM_SHA256_RSA_PKCS_PSS,
		  CKM_SHA384_RSA_PKCS_PSS, CKM_SHA512_RSA_PKCS_PSS},
		 {2048, 8192, SIGNS}},
		{{CKM_RSA_PKCS}, {2048, 8192, SIGNS | CRYPTS}},
		{{CKM_RSA_PKCS_OAEP}, {2048, 8192, CRYPTS}},
		{{CKM_ECDSA, CKM_ECDSA_SHA1, CKM_ECDSA_SHA224, CKM_ECDSA_SHA256, CKM_ECDSA_SHA384,
		  CKM_ECDSA_SHA512},
		 {256, 521, SIGNS | CURVES}},
		{{CKM_ECDH1_DERIVE}, {256, 521, CKF_DERIVE | CURVES}},
		{{CKM_EDDSA}, {255, 255, SIGNS | CURVES}},
	};
	CK_MECHANISM_TYPE listed[64];
	CK_ULONG n = G_N_ELEMENTS (listed);

	g_assert_cmpuint (p11->C_GetMechanismList (0, listed, &n), ==, CKR_OK);
	g_assert_cmpuint (n, ==, 21);
	for (CK_ULONG i = 0; i < n; i++) {
		CK_MECHANISM_INFO info;
		gsize at = 0;

		/* CKM_RSA_PKCS_KEY_PAIR_GEN, which is 0 and not here, fills the rows */
		while (rows[at / 6].types[at % 6] != listed[i])
			g_assert_cmpuint (++at, <, 6 * G_N_ELEMENTS (rows));
		g_assert_cmpuint (p11->C_GetMechanismInfo (0, listed[i], &info), ==, CKR_OK);
		g_assert_cmpmem (&info, sizeof info, &rows[at / 6].info, sizeof info);
	}
	g_assert_cmpuint (p11->C_GetMechanismInfo (0, CKM_SHA256, &(CK_MECHANISM_INFO){0}), ==,
			  CKR_MECHANISM_INVALID);
}

/* ---- operations that are active side by side ---- */

static const struct {
	CK_FLAGS flag;
	CK_RV (*end) (CK_SESSION_HANDLE);
} operations[] = {
	{CKF_SIGN, call_C_SignFinal},
	{CKF_VERIFY, call_C_VerifyFinal},
	{CKF_ENCRYPT, call_C_EncryptFinal},
	{CKF_DECRYPT, call_C_DecryptFinal},
	{CKF_FIND_OBJECTS, call_C_FindObjectsFinal},
};

static void
begin_all (CK_SESSION_HANDLE session)
{
	CK_MECHANISM pkcs = {CKM_RSA_PKCS, NULL, 0};

	g_assert_cmpuint (p11->C_SignInit (session, &pkcs, FAKE_RSA_PRIVATE), ==, CKR_OK);
	g_assert_cmpuint (p11->C_VerifyInit (session, &pkcs, FAKE_RSA_PUBLIC), ==, CKR_OK);
	g_assert_cmpuint (p11->C_EncryptInit (session, &pkcs, FAKE_RSA_PUBLIC), ==, CKR_OK);
	g_assert_cmpuint (p11->C_DecryptInit (session, &pkcs, FAKE_RSA_PRIVATE), ==, CKR_OK);
	g_assert_cmpuint (p11->C_FindObjectsInit (session, NULL, 0), ==, CKR_OK);
}

/* C_SessionCancel ends what it names and nothing else. */
static void
test_cancel (ModuleFixture *fixture, gconstpointer data)
{
	CK_SESSION_HANDLE session = fixture->session;

	for (gsize i = 0; i < G_N_ELEMENTS (operations); i++) {
		begin_all (session);
		g_assert_cmpuint (p11_3->C_SessionCancel (session, operations[i].flag), ==, CKR_OK);
		for (gsize j = 0; j < G_N_ELEMENTS (operations); j++) {
			CK_RV rv = operations[j].end (session);

			/* their bad arguments end the others */
			if (i == j)
				g_assert_cmpuint (rv, ==, CKR_OPERATION_NOT_INITIALIZED);
			else
				g_assert_cmpuint (rv, !=, CKR_OPERATION_NOT_INITIALIZED);
			g_assert_cmpuint (operations[j].end (session), ==,
					  CKR_OPERATION_NOT_INITIALIZED);
		}
	}
	begin_all (session);
	g_assert_cmpuint (p11_3->C_SessionCancel (session, CKF_DIGEST), ==, CKR_OK);
	g_assert_cmpuint (p11->C_FindObjectsInit (session, NULL, 0), ==, CKR_OPERATION_ACTIVE);
	g_assert_cmpuint (p11->C_Login (session, CKU_CONTEXT_SPECIFIC, NULL, 0), ==, CKR_OK);
	g_assert_cmpuint (p11_3->C_SessionCancel (session, ~0UL), ==, CKR_OK);
	begin_all (session);
}

/*
 * One operation, call by call: S single part, U update, F final, each with the length asked first
 * (l), too small a buffer (s), enough (.), or no room for the length (n).
 */
static CK_RV
step (CK_SESSION_HANDLE session, CK_FLAGS use, const char *what)
{
	guint8 input[256] = {1}, output[256];
	CK_ULONG len = what[1] == 's' ? 1 : sizeof output;
	CK_ULONG *len_at = what[1] == 'n' ? NULL : &len;
	guint8 *out = what[1] == 'l' ? NULL : output;
	CK_ULONG room = len;
	CK_RV rv;

	switch (what[0]) {
	case 'S':
		rv = use == CKF_SIGN      ? p11->C_Sign (session, input, 5, out, len_at)
		     : use == CKF_ENCRYPT ? p11->C_Encrypt (session, input, 5, out, len_at)
					  : p11->C_Decrypt (session, input, 256, out, len_at);
		break;
	case 'U':
		rv = use == CKF_SIGN      ? p11->C_SignUpdate (session, input, 5)
		     : use == CKF_ENCRYPT ? p11->C_EncryptUpdate (session, input, 5, out, len_at)
					  : p11->C_DecryptUpdate (session, input, 256, out, len_at);
		break;
	default:
		rv = use == CKF_SIGN      ? p11->C_SignFinal (session, out, len_at)
		     : use == CKF_ENCRYPT ? p11->C_EncryptFinal (session, out, len_at)
					  : p11->C_DecryptFinal (session, out, len_at);
	}
	if (rv == CKR_BUFFER_TOO_SMALL)
		g_assert_cmpuint (len, >, room);
	return rv;
}

static void
test_steps (ModuleFixture *fixture, gconstpointer data)
{
	static const struct {
		const char *steps[5];
		CK_RV last; /* what all but the last answer is CKR_OK, or CKR_BUFFER_TOO_SMALL to s
			     */
		gboolean active;
	} rows[] = {
		{{"S."}, CKR_OK, FALSE},
		{{"Sl"}, CKR_OK, TRUE},
		{{"Ss"}, CKR_BUFFER_TOO_SMALL, TRUE},
		{{"Sl", "Ss", "S."}, CKR_OK, FALSE},
		{{"Sn"}, CKR_ARGUMENTS_BAD, FALSE},
		{{"U.", "F."}, CKR_OK, FALSE},
		{{"U.", "Fl", "Fs", "F."}, CKR_OK, FALSE},
		{{"U.", "Fn"}, CKR_ARGUMENTS_BAD, FALSE},
		{{"U.", "S."}, CKR_OPERATION_NOT_INITIALIZED, FALSE},
		{{"U.", "Sl"}, CKR_OPERATION_NOT_INITIALIZED, FALSE},
		{{"S.", "S."}, CKR_OPERATION_NOT_INITIALIZED, FALSE},
		{{"S.", "F."}, CKR_OPERATION_NOT_INITIALIZED, FALSE},
		{{"U.", "F.", "U."}, CKR_OPERATION_NOT_INITIALIZED, FALSE},
	};
	static const CK_FLAGS uses[] = {CKF_SIGN, CKF_ENCRYPT, CKF_DECRYPT};
	CK_MECHANISM pkcs = {CKM_RSA_PKCS, NULL, 0};
	CK_SESSION_HANDLE session = fixture->session;

	for (gsize i = 0; i < 3 * G_N_ELEMENTS (rows); i++) {
		const char *const *steps = rows[i / 3].steps;
		CK_FLAGS use = uses[i % 3];
		CK_RV rv = use == CKF_SIGN ? p11->C_SignInit (session, &pkcs, FAKE_RSA_PRIVATE)
			   : use == CKF_ENCRYPT
				   ? p11->C_EncryptInit (session, &pkcs, FAKE_RSA_PUBLIC)
				   : p11->C_DecryptInit (session, &pkcs, FAKE_RSA_PRIVATE);

		for (gsize j = 0; j < 5 && steps[j] != NULL; j++) {
			g_assert_cmpuint (rv, ==,
					  j > 0 && steps[j - 1][1] == 's' ? CKR_BUFFER_TOO_SMALL
									  : CKR_OK);
			rv = step (session, use, steps[j]);
			g_test_message ("use %lx, %s: 0x%lx", use, steps[j], rv);
		}
		g_assert_cmpuint (rv, ==, rows[i / 3].last);
		g_assert_cmpuint (step (session, use, "S."), ==,
				  rows[i / 3].active ? CKR_OK : CKR_OPERATION_NOT_INITIALIZED);
	}
}

/* What is no key of that kind is none at all, or the wrong one. */
static void
test_keys (ModuleFixture *fixture, gconstpointer data)
{
	static const struct {
		CK_OBJECT_HANDLE key;
		CK_RV sign, verify;
	} rows[] = {
		{FAKE_EC_PRIVATE, CKR_OK, CKR_KEY_TYPE_INCONSISTENT},
		{FAKE_EC_PUBLIC, CKR_KEY_TYPE_INCONSISTENT, CKR_OK},
		{FAKE_RSA_PRIVATE, CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_TYPE_INCONSISTENT},
		{FAKE_CERTIFICATE, CKR_KEY_HANDLE_INVALID, CKR_KEY_HANDLE_INVALID},
		{0, CKR_KEY_HANDLE_INVALID, CKR_KEY_HANDLE_INVALID},
		{(CK_OBJECT_HANDLE)FAKE_EC_PRIVATE | 1ul << 31, CKR_KEY_HANDLE_INVALID,
		 CKR_KEY_HANDLE_INVALID},
	};
	CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0}, length = {CKM_ECDSA, NULL, 4},
		     digest = {CKM_SHA256, NULL, 0};
	CK_SESSION_HANDLE session = fixture->session;

	for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
		g_assert_cmpuint (p11->C_SignInit (session, &ecdsa, rows[i].key), ==, rows[i].sign);
		g_assert_cmpuint (p11->C_VerifyInit (session, &ecdsa, rows[i].key), ==,
				  rows[i].verify);
		p11_3->C_SessionCancel (session, CKF_SIGN | CKF_VERIFY);
		g_assert_cmpuint (p11->C_SignInit (session, &digest, rows[i].key), ==,
				  CKR_MECHANISM_INVALID);
	}
	g_assert_cmpuint (p11->C_SignInit (session, &length, FAKE_EC_PRIVATE), ==,
			  CKR_MECHANISM_PARAM_INVALID);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	module_load ();
	/* first: a module that found no keystore is in no hurry to look again */
	module_add ("calls/cancel", test_cancel, 0);
	module_add ("calls/steps", test_steps, 0);
	module_add ("calls/keys", test_keys, 0);
	g_test_add_func ("/module/calls/uninitialized", test_uninitialized);
	g_test_add_func ("/module/calls/interfaces", test_interfaces);
	g_test_add_func ("/module/calls/interface-list", test_interface_list);
#define ADD(name, test) g_test_add ("/module/calls/" name, Fixture, NULL, set_up, test, tear_down)
	ADD ("all", test_calls);
	ADD ("slots", test_slots);
	ADD ("login", test_login);
	ADD ("mechanisms", test_mechanisms);
	return module_run_tests ();
}
