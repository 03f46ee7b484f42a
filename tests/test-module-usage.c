/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every mechanism of the module on every kind of key, for every use, through the real keystore:
 * what the table of usage constraints allows is done to its end, and nothing else is, neither by
 * the module nor by who speaks the protocol without it.
 */
#include <config.h>

#include "keystore/usage.h"
#include "tests/module-token.h"

#include <string.h>

/* ---- uses through the module: CKR_OK when done to the end ---- */

typedef CK_RV (*Try) (const TokenKey *key, CK_MECHANISM *mechanism);

static guint8 output[1024], signature[1024];
static CK_ULONG output_len, signature_len;

static CK_RV
try_sign (const TokenKey *key, CK_MECHANISM *mechanism)
{
	CK_RV rv = p11->C_SignInit (token_session, mechanism, key->private);

	signature_len = sizeof signature;
	return rv != CKR_OK ? rv
			    : p11->C_Sign (token_session, token_data, TOKEN_DATA_LEN, signature,
					   &signature_len);
}

/* What was signed before, and then not what was not. */
static CK_RV
try_verify (const TokenKey *key, CK_MECHANISM *mechanism)
{
	CK_RV rv = p11->C_VerifyInit (token_session, mechanism, key->public);

	if (rv != CKR_OK)
		return rv;
	g_assert_cmpuint (p11_3->C_SessionCancel (token_session, CKF_VERIFY), ==, CKR_OK);
	g_assert_cmpuint (try_sign (key, mechanism), ==, CKR_OK);
	for (int i = 0; i < 2; i++) {
		g_assert_cmpuint (p11->C_VerifyInit (token_session, mechanism, key->public), ==,
				  CKR_OK);
		rv = p11->C_Verify (token_session, token_data, TOKEN_DATA_LEN, signature,
				    signature_len);
		g_assert_cmpuint (rv, ==, i == 0 ? CKR_OK : CKR_SIGNATURE_INVALID);
		signature[signature_len / 2] ^= 1;
	}
	return CKR_OK;
}

static CK_RV
try_encrypt (const TokenKey *key, CK_MECHANISM *mechanism)
{
	CK_RV rv = p11->C_EncryptInit (token_session, mechanism, key->public);

	output_len = sizeof output;
	return rv != CKR_OK ? rv
			    : p11->C_Encrypt (token_session, token_data, TOKEN_DATA_LEN, output,
					      &output_len);
}

static CK_RV
try_decrypt (const TokenKey *key, CK_MECHANISM *mechanism)
{
	guint8 plain[sizeof output];
	CK_ULONG len = sizeof plain;
	CK_RV rv = p11->C_DecryptInit (token_session, mechanism, key->private);

	if (rv != CKR_OK)
		return rv;
	g_assert_cmpuint (try_encrypt (key, mechanism), ==, CKR_OK);
	rv = p11->C_Decrypt (token_session, output, output_len, plain, &len);
	if (rv == CKR_OK)
		g_assert_cmpmem (plain, len, token_data, TOKEN_DATA_LEN);
	return rv;
}

static CK_RV
derive (const TokenKey *key, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE *derived)
{
	CK_ULONG len = mechanism->mechanism == CKM_TLS12_MASTER_KEY_DERIVE ? 48 : 32;
	CK_ATTRIBUTE template = {CKA_VALUE_LEN, &len, sizeof len};

	return p11->C_DeriveKey (token_session, mechanism, key->private, &template, 1, derived);
}

static CK_RV
try_derive (const TokenKey *key, CK_MECHANISM *mechanism)
{
	CK_OBJECT_HANDLE derived;
	CK_RV rv = derive (key, mechanism, &derived);

	return rv != CKR_OK ? rv : p11->C_DestroyObject (token_session, derived);
}

/* A secret of the token_session's own, out of the key that may do anything. */
static CK_OBJECT_HANDLE
own_secret (void)
{
	CK_OBJECT_HANDLE own;
	TokenParams params;
	CK_MECHANISM hkdf =
		token_mechanism (WIRE_CKM_HKDF_DERIVE, &token_keys[TOKEN_FREE], &params);

	g_assert_cmpuint (derive (&token_keys[TOKEN_FREE], &hkdf, &own), ==, CKR_OK);
	return own;
}

static CK_RV
try_wrap (const TokenKey *key, CK_MECHANISM *mechanism)
{
	CK_OBJECT_HANDLE own = own_secret ();
	CK_RV rv;

	output_len = sizeof output;
	rv = p11->C_WrapKey (token_session, mechanism, key->public, own, output, &output_len);
	p11->C_DestroyObject (token_session, own);
	return rv;
}

static CK_RV
try_unwrap (const TokenKey *key, CK_MECHANISM *mechanism)
{
	CK_OBJECT_HANDLE own;
	CK_RV rv;

	if (try_wrap (key, mechanism) != CKR_OK)
		output_len = 40;
	rv = p11->C_UnwrapKey (token_session, mechanism, key->private, output, output_len, NULL, 0,
			       &own);
	return rv != CKR_OK ? rv : p11->C_DestroyObject (token_session, own);
}

/* ---- the same without the module ---- */

static guint32
call_wire (Peer *peer, guint32 type, guint32 secret_use, CK_MECHANISM_TYPE mechanism, guint32 key)
{
	WireOperate operate = {.key = key,
			       .mechanism = (guint32)mechanism,
			       .hash = CKM_SHA256,
			       .mgf = CKG_MGF1_SHA256,
			       .data = {token_data, TOKEN_DATA_LEN}};
	WireSecretUse use = {.key = key,
			     .use = secret_use,
			     .mechanism = (guint32)mechanism,
			     .hash = CKM_SHA256,
			     .number = 1,
			     .length = 32,
			     .data = {token_data, TOKEN_DATA_LEN}};

	return peer_call (peer, type, type == WIRE_MSG_SECRET_USE ? (gconstpointer)&use : &operate);
}

static gboolean
is_refusal (CK_RV rv)
{
	return rv == CKR_KEY_FUNCTION_NOT_PERMITTED || rv == CKR_MECHANISM_INVALID ||
	       rv == CKR_KEY_TYPE_INCONSISTENT || rv == CKR_WRAPPING_KEY_TYPE_INCONSISTENT ||
	       rv == CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT;
}

static const struct {
	KsUse use;
	Try try;
	gboolean public;
	guint32 type, secret_use;
} uses[] = {
	{KS_USE_SIGN, try_sign, FALSE, WIRE_MSG_SIGN, 0},
	{KS_USE_VERIFY, try_verify, TRUE, WIRE_MSG_VERIFY, 0},
	{KS_USE_ENCRYPT, try_encrypt, TRUE, WIRE_MSG_ENCRYPT, WIRE_USE_ENCRYPT},
	{KS_USE_DECRYPT, try_decrypt, FALSE, WIRE_MSG_DECRYPT, WIRE_USE_DECRYPT},
	{KS_USE_DERIVE, try_derive, FALSE, WIRE_MSG_DERIVE, WIRE_USE_DERIVE},
	{KS_USE_WRAP, try_wrap, TRUE, WIRE_MSG_SECRET_USE, WIRE_USE_WRAP},
	{KS_USE_WRAP, try_unwrap, FALSE, WIRE_MSG_SECRET_USE, WIRE_USE_UNWRAP},
};

static void
check (Peer *peer, const TokenKey *key, CK_MECHANISM_TYPE type, gsize use)
{
	gboolean allowed = ks_usage_allows (key->suid, key->type, uses[use].use, type);
	guint32 number = (guint32)(uses[use].public ? key->public : key->private);
	guint32 message = key->type == KS_KEY_SECRET && uses[use].secret_use != 0
				  ? WIRE_MSG_SECRET_USE
				  : uses[use].type;
	TokenParams params;
	CK_MECHANISM mechanism = token_mechanism (type, key, &params);
	CK_RV rv = uses[use].try (key, &mechanism);
	CK_RV bare = call_wire (peer, message, uses[use].secret_use, type, number);

	g_test_message ("%s, 0x%lx, use %zu: 0x%lx, 0x%lx", key->name, type, use, rv, bare);
	if (allowed)
		g_assert_cmpuint (rv, ==, CKR_OK);
	else
		g_assert_true (is_refusal (rv));
	g_assert_cmpint (is_refusal (bare), ==, !allowed);
}

static void
test_everything (void)
{
	CK_MECHANISM_TYPE mechanisms[64];
	CK_ULONG n = G_N_ELEMENTS (mechanisms);
	Peer *peer = peer_new (token_daemon->token);

	g_assert_cmpuint (p11->C_GetMechanismList (0, mechanisms, &n), ==, CKR_OK);
	g_assert_cmpuint (n, ==, 34);
	for (gsize i = 0; i < G_N_ELEMENTS (token_keys); i++)
		for (CK_ULONG j = 0; j < n; j++)
			for (gsize use = 0; use < G_N_ELEMENTS (uses); use++)
				check (peer, &token_keys[i], mechanisms[j], use);
	peer_free (peer);
}

/* ---- what only symmetric keys have ---- */

/* In one go, in parts, with the length asked first; what was changed is refused. */
static void
test_aead (void)
{
	TokenParams params;
	const TokenKey *key = &token_keys[TOKEN_FREE];
	CK_MECHANISM gcm = token_mechanism (CKM_AES_GCM, key, &params);
	guint8 parts[64], plain[64];
	CK_ULONG len = 0, part_len = sizeof parts;

	g_assert_cmpuint (p11->C_EncryptInit (token_session, &gcm, key->private), ==, CKR_OK);
	g_assert_cmpuint (p11->C_Encrypt (token_session, token_data, TOKEN_DATA_LEN, NULL, &len),
			  ==, CKR_OK);
	g_assert_cmpuint (len, ==, TOKEN_DATA_LEN + 16);
	len--;
	g_assert_cmpuint (p11->C_Encrypt (token_session, token_data, TOKEN_DATA_LEN, output, &len),
			  ==, CKR_BUFFER_TOO_SMALL);
	g_assert_cmpuint (p11->C_Encrypt (token_session, token_data, TOKEN_DATA_LEN, output, &len),
			  ==, CKR_OK);
	g_assert_cmpuint (p11->C_EncryptInit (token_session, &gcm, key->private), ==, CKR_OK);
	g_assert_cmpuint (p11->C_EncryptUpdate (token_session, token_data, 10, parts, &part_len),
			  ==, CKR_OK);
	g_assert_cmpuint (part_len, ==, 0);
	part_len = sizeof parts;
	g_assert_cmpuint (p11->C_EncryptUpdate (token_session, token_data + 10, TOKEN_DATA_LEN - 10,
						parts, &part_len),
			  ==, CKR_OK);
	part_len = sizeof parts;
	g_assert_cmpuint (p11->C_EncryptFinal (token_session, parts, &part_len), ==, CKR_OK);
	g_assert_cmpmem (parts, part_len, output, len);

	part_len = TOKEN_DATA_LEN;
	g_assert_cmpuint (p11->C_DecryptInit (token_session, &gcm, key->private), ==, CKR_OK);
	g_assert_cmpuint (p11->C_Decrypt (token_session, parts, len, plain, &part_len), ==, CKR_OK);
	g_assert_cmpmem (plain, part_len, token_data, TOKEN_DATA_LEN);
	parts[len - 1] ^= 1;
	g_assert_cmpuint (p11->C_DecryptInit (token_session, &gcm, key->private), ==, CKR_OK);
	g_assert_cmpuint (p11->C_Decrypt (token_session, parts, len, plain, &part_len), ==,
			  CKR_ENCRYPTED_DATA_INVALID);
	g_assert_cmpuint (p11->C_DecryptInit (token_session, &gcm, key->private), ==, CKR_OK);
	g_assert_cmpuint (p11->C_Decrypt (token_session, parts, 15, plain, &part_len), ==,
			  CKR_ENCRYPTED_DATA_LEN_RANGE);
	params.gcm.tag_bits = 130;
	g_assert_cmpuint (p11->C_EncryptInit (token_session, &gcm, key->private), ==,
			  CKR_MECHANISM_PARAM_INVALID);
}

static void
expect_value (CK_OBJECT_HANDLE key, CK_RV expected, const guint8 *wanted)
{
	guint8 value[64];
	CK_ATTRIBUTE asked = {CKA_VALUE, value, sizeof value};

	g_assert_cmpuint (p11->C_GetAttributeValue (token_session, key, &asked, 1), ==, expected);
	if (expected != CKR_OK)
		g_assert_cmpuint (asked.ulValueLen, ==, CK_UNAVAILABLE_INFORMATION);
	else
		g_assert_cmpmem (value, asked.ulValueLen, wanted, 32);
}

/* A token_session's own secret may be wrapped, a key of the token never. */
static void
test_wrap (void)
{
	CK_MECHANISM wrap = {CKM_AES_KEY_WRAP, NULL, 0};
	CK_OBJECT_HANDLE own = own_secret (), fixed, back;
	CK_BBOOL no = CK_FALSE;
	CK_ATTRIBUTE unextractable = {CKA_EXTRACTABLE, &no, 1};
	guint8 value[32];
	CK_ATTRIBUTE asked = {CKA_VALUE, value, sizeof value};
	CK_ULONG len = 0;
	const TokenKey *key = token_key_of (14);

	g_assert_cmpuint (p11->C_GetAttributeValue (token_session, own, &asked, 1), ==, CKR_OK);
	g_assert_cmpuint (p11->C_WrapKey (token_session, &wrap, key->private, own, NULL, &len), ==,
			  CKR_OK);
	g_assert_cmpuint (len, ==, 40);
	len = 39;
	g_assert_cmpuint (p11->C_WrapKey (token_session, &wrap, key->private, own, output, &len),
			  ==, CKR_BUFFER_TOO_SMALL);
	g_assert_cmpuint (p11->C_WrapKey (token_session, &wrap, key->private, own, output, &len),
			  ==, CKR_OK);
	g_assert_cmpuint (
		p11->C_UnwrapKey (token_session, &wrap, key->private, output, len, NULL, 0, &back),
		==, CKR_OK);
	expect_value (back, CKR_OK, value);
	g_assert_cmpuint (p11->C_UnwrapKey (token_session, &wrap, key->private, output, len,
					    &unextractable, 1, &fixed),
			  ==, CKR_OK);
	expect_value (fixed, CKR_ATTRIBUTE_SENSITIVE, NULL);
	output[3] ^= 1;
	g_assert_cmpuint (
		p11->C_UnwrapKey (token_session, &wrap, key->private, output, len, NULL, 0, &back),
		==, CKR_WRAPPED_KEY_INVALID);
	g_assert_cmpuint (p11->C_WrapKey (token_session, &wrap, key->private, fixed, output, &len),
			  ==, CKR_KEY_UNEXTRACTABLE);
	g_assert_cmpuint (p11->C_WrapKey (token_session, &wrap, key->private,
					  token_keys[TOKEN_FREE].private, output, &len),
			  ==, CKR_KEY_UNEXTRACTABLE);
	g_assert_cmpuint (p11->C_WrapKey (token_session, &wrap, key->private,
					  token_keys[TOKEN_P256].private, output, &len),
			  ==, CKR_KEY_NOT_WRAPPABLE);
	g_assert_cmpuint (p11->C_WrapKey (token_session, &wrap, key->private, 4711, output, &len),
			  ==, CKR_KEY_HANDLE_INVALID);
	g_assert_cmpuint (p11->C_WrapKey (token_session, &wrap, 4711, own, output, &len), ==,
			  CKR_WRAPPING_KEY_HANDLE_INVALID);
	expect_value (key->private, CKR_ATTRIBUTE_SENSITIVE, NULL);
}

/* A secret of a token_session is the program's: the keystore does nothing with it. */
static void
test_own (void)
{
	CK_MECHANISM hmac = {CKM_SHA256_HMAC, NULL, 0};
	CK_OBJECT_HANDLE own = own_secret (), copy;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ATTRIBUTE signs = {CKA_SIGN, &yes, 1}, sensitive = {CKA_SENSITIVE, &yes, 1},
		     plain = {CKA_SENSITIVE, &no, 1};

	g_assert_cmpuint (p11->C_SignInit (token_session, &hmac, own), ==,
			  CKR_KEY_FUNCTION_NOT_PERMITTED);
	g_assert_cmpuint (p11->C_CopyObject (token_session, own, &signs, 1, &copy), ==, CKR_OK);
	g_assert_cmpuint (p11->C_SignInit (token_session, &hmac, copy), ==,
			  CKR_KEY_FUNCTION_NOT_PERMITTED);
	/* what became sensitive stays so, in copies too */
	g_assert_cmpuint (p11->C_SetAttributeValue (token_session, own, &sensitive, 1), ==, CKR_OK);
	expect_value (own, CKR_ATTRIBUTE_SENSITIVE, NULL);
	g_assert_cmpuint (p11->C_SetAttributeValue (token_session, own, &plain, 1), ==,
			  CKR_ATTRIBUTE_READ_ONLY);
	g_assert_cmpuint (p11->C_CopyObject (token_session, own, &plain, 1, &copy), ==,
			  CKR_ATTRIBUTE_READ_ONLY);
	g_assert_cmpuint (p11->C_CopyObject (token_session, own, NULL, 0, &copy), ==, CKR_OK);
	expect_value (copy, CKR_ATTRIBUTE_SENSITIVE, NULL);
}

/* Without the argument there are no mechanisms of symmetric keys, whatever the keystore could do.
 */
static void
test_argument (void)
{
	static char wrong[] = "symmetric-key", empty[] = "";
	static const struct {
		void *argument;
		CK_RV expected;
	} rows[] = {{NULL, CKR_OK},
		    {empty, CKR_OK},
		    {wrong, CKR_ARGUMENTS_BAD},
		    {(void *)1, CKR_ARGUMENTS_BAD}};
	CK_MECHANISM hmac = {CKM_SHA256_HMAC, NULL, 0};
	CK_ULONG n = 0;

	g_assert_cmpuint (p11->C_Finalize (NULL), ==, CKR_OK);
	for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
		CK_C_INITIALIZE_ARGS args = {.pReserved = rows[i].argument};

		g_assert_cmpuint (p11->C_Initialize (&args), ==, rows[i].expected);
		if (rows[i].expected != CKR_OK)
			continue;
		g_assert_cmpuint (p11->C_OpenSession (0, 4, NULL, NULL, &token_session), ==,
				  CKR_OK);
		g_assert_cmpuint (p11->C_GetMechanismList (0, NULL, &n), ==, CKR_OK);
		g_assert_cmpuint (n, ==, 21);
		g_assert_cmpuint (
			p11->C_SignInit (token_session, &hmac, token_keys[TOKEN_FREE].private), ==,
			CKR_MECHANISM_INVALID);
		g_assert_cmpuint (p11->C_Finalize (NULL), ==, CKR_OK);
	}
}

int
main (int argc, char **argv)
{
	int result;

	g_test_init (&argc, &argv, NULL);
	module_load ();
	token_start ();
	g_test_add_func ("/module/usage/everything", test_everything);
	g_test_add_func ("/module/usage/aead", test_aead);
	g_test_add_func ("/module/usage/wrap", test_wrap);
	g_test_add_func ("/module/usage/own", test_own);
	g_test_add_func ("/module/usage/argument", test_argument);
	result = module_run_tests ();
	daemon_free (token_daemon);
	return result;
}
