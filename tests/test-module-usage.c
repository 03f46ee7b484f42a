/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every mechanism of the module on every kind of key, for every use, through the real keystore:
 * what the table of usage constraints allows is done to its end, and nothing else is, neither by
 * the module nor by who speaks the protocol without it.
 */
#include <config.h>

#include "keystore/usage.h"
#include "keystore/wire/mechanisms.h"
#include "tests/keystore-daemon.h"
#include "tests/module-fixture.h"

#include <string.h>

#define DATA_LEN 32

/* A kind of key, and where it is in the token. */
typedef struct {
	const char *name;
	KsKeyType type;
	guint suid;
	CK_KEY_TYPE key_type;
	guint bits;
	CK_OBJECT_HANDLE private, public; /* the same for a secret key */
} Key;

static Key keys[] = {
	{"p256", KS_KEY_P256, 0, CKK_EC, 256, 0, 0},
	{"p384", KS_KEY_P384, 0, CKK_EC, 384, 0, 0},
	{"p521", KS_KEY_P521, 0, CKK_EC, 521, 0, 0},
	{"rsa", KS_KEY_RSA, 0, CKK_RSA, 2048, 0, 0},
	{"ed", KS_KEY_ED25519, 0, CKK_EC_EDWARDS, 255, 0, 0},
	{"free", KS_KEY_SECRET, 0, 0, 0, 0, 0},
	{"s10", KS_KEY_SECRET, 10, 0, 0, 0, 0},
	{"s11", KS_KEY_SECRET, 11, 0, 0, 0, 0},
	{"s12", KS_KEY_SECRET, 12, 0, 0, 0, 0},
	{"s13", KS_KEY_SECRET, 13, 0, 0, 0, 0},
	{"s14", KS_KEY_SECRET, 14, 0, 0, 0, 0},
	{"s15", KS_KEY_SECRET, 15, 0, 0, 0, 0},
	{"s21", KS_KEY_SECRET, 21, 0, 0, 0, 0},
	{"s22", KS_KEY_SECRET, 22, 0, 0, 0, 0},
	{"s23", KS_KEY_SECRET, 23, 0, 0, 0, 0},
	{"s24", KS_KEY_SECRET, 24, 0, 0, 0, 0},
	{"s25", KS_KEY_SECRET, 25, 0, 0, 0, 0},
	{"s32", KS_KEY_SECRET, 32, 0, 0, 0, 0},
	{"s33", KS_KEY_SECRET, 33, 0, 0, 0, 0},
	{"s34", KS_KEY_SECRET, 34, 0, 0, 0, 0},
	{"s35", KS_KEY_SECRET, 35, 0, 0, 0, 0},
};

static Daemon *daemon_of_all;
static CK_SESSION_HANDLE session;
static guint8 data[DATA_LEN] = "thirty-two bytes of any content";

/* ---- the token ---- */

static void
make_key (Peer *provisioner, const Key *key)
{
	WireStageSecret secret = {.name = wire_text (key->name),
				  .origin = wire_text ("enrolled"),
				  .identifier = wire_text (key->name),
				  .suid = key->suid,
				  .value = {data, sizeof data}};
	g_autoptr (GBytes) leaf = NULL;
	WireStageReply staged;

	if (key->type == KS_KEY_SECRET) {
		g_assert_cmpuint (peer_call (provisioner, WIRE_MSG_STAGE_SECRET, &secret), ==,
				  CKR_OK);
		g_assert_cmpuint (
			publish (provisioner, provisioner->reply.stage_reply.generation, FALSE), ==,
			CKR_OK);
		return;
	}
	staged = stage_pair (provisioner, key->name, (guint32)key->key_type, key->bits);
	leaf = issue (staged.spki, key->name, 86400);
	g_assert_cmpuint (attach (provisioner, staged.generation, leaf), ==, CKR_OK);
	g_assert_cmpuint (publish (provisioner, staged.generation, FALSE), ==, CKR_OK);
}

static CK_OBJECT_HANDLE
find_key (const Key *key, CK_OBJECT_CLASS class)
{
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class},
				   {CKA_LABEL, (void *)key->name, strlen (key->name)}};
	g_autoptr (GArray) found = module_find (session, template, 2);

	g_assert_cmpuint (found->len, ==, 1);
	return g_array_index (found, CK_OBJECT_HANDLE, 0);
}

static void
start (void)
{
	char argument[] = "symmetric-keys";
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK, .pReserved = argument};
	g_autofree char *run = NULL;
	Peer *provisioner;

	daemon_of_all = daemon_running ();
	daemon_wait_token (daemon_of_all);
	run = g_build_filename (daemon_of_all->dir, "run", NULL);
	g_setenv ("ENROLEE_RUNTIME_DIR", run, TRUE);
	provisioner = peer_new (daemon_of_all->provision);
	for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
		make_key (provisioner, &keys[i]);
	peer_free (provisioner);
	g_assert_cmpuint (p11->C_Initialize (&args), ==, CKR_OK);
	g_assert_cmpuint (p11->C_OpenSession (0, CKF_SERIAL_SESSION, NULL, NULL, &session), ==,
			  CKR_OK);
	for (gsize i = 0; i < G_N_ELEMENTS (keys); i++) {
		gboolean secret = keys[i].type == KS_KEY_SECRET;

		keys[i].private = find_key (&keys[i], secret ? CKO_SECRET_KEY : CKO_PRIVATE_KEY);
		keys[i].public = secret ? keys[i].private : find_key (&keys[i], CKO_PUBLIC_KEY);
	}
}

/* ---- parameters ---- */

typedef union {
	CK_RSA_PKCS_PSS_PARAMS pss;
	CK_RSA_PKCS_OAEP_PARAMS oaep;
	CK_ECDH1_DERIVE_PARAMS ecdh;
	CK_GCM_PARAMS gcm;
	ModCcmParams ccm;
	ModHkdfParams hkdf;
	ModOneM2mParams onem2m;
} Params;

static CK_MECHANISM_TYPE
hash_of (CK_MECHANISM_TYPE mechanism)
{
	switch (mechanism) {
	case CKM_SHA1_RSA_PKCS_PSS:
		return CKM_SHA_1;
	case CKM_SHA224_RSA_PKCS_PSS:
		return CKM_SHA224;
	case CKM_SHA384_RSA_PKCS_PSS:
		return CKM_SHA384;
	case CKM_SHA512_RSA_PKCS_PSS:
		return CKM_SHA512;
	default:
		return CKM_SHA256;
	}
}

/* The peer of an agreement is the key itself. */
static CK_MECHANISM
mechanism_for (CK_MECHANISM_TYPE type, const Key *key, Params *params)
{
	static guint8 nonce[12] = {1}, extra[5] = {2}, point[140];
	CK_ATTRIBUTE asked = {CKA_EC_POINT, point, sizeof point};
	CK_MECHANISM mechanism = {type, params, 0};

	switch (type) {
	case CKM_RSA_PKCS_PSS:
	case CKM_SHA1_RSA_PKCS_PSS:
	case CKM_SHA224_RSA_PKCS_PSS:
	case CKM_SHA256_RSA_PKCS_PSS:
	case CKM_SHA384_RSA_PKCS_PSS:
	case CKM_SHA512_RSA_PKCS_PSS:
		params->pss = (CK_RSA_PKCS_PSS_PARAMS){hash_of (type), CKG_MGF1_SHA256, 20};
		mechanism.ulParameterLen = sizeof params->pss;
		break;
	case CKM_RSA_PKCS_OAEP:
		params->oaep = (CK_RSA_PKCS_OAEP_PARAMS){CKM_SHA256, CKG_MGF1_SHA256, 1, NULL, 0};
		mechanism.ulParameterLen = sizeof params->oaep;
		break;
	case CKM_ECDH1_DERIVE:
		if (p11->C_GetAttributeValue (session, key->public, &asked, 1) != CKR_OK)
			asked.ulValueLen = 65;
		params->ecdh = (CK_ECDH1_DERIVE_PARAMS){CKD_NULL, 0, NULL, asked.ulValueLen, point};
		mechanism.ulParameterLen = sizeof params->ecdh;
		break;
	case CKM_AES_GCM:
		params->gcm = (CK_GCM_PARAMS){nonce, 12, 96, extra, 5, 128};
		mechanism.ulParameterLen = sizeof params->gcm;
		break;
	case CKM_AES_CCM:
		params->ccm = (ModCcmParams){DATA_LEN, nonce, 12, extra, 5, 16};
		mechanism.ulParameterLen = sizeof params->ccm;
		break;
	case WIRE_CKM_HKDF_DERIVE:
		params->hkdf = (ModHkdfParams){1, 1, CKM_SHA256, 2, nonce, 12, 0, extra, 5};
		mechanism.ulParameterLen = sizeof params->hkdf;
		break;
	case WIRE_CKM_ONEM2M_KPSA:
	case WIRE_CKM_ONEM2M_CONSTRAINED:
	case WIRE_CKM_ONEM2M_KE2E:
	case WIRE_CKM_ONEM2M_ESPRIM:
		params->onem2m = (ModOneM2mParams){1, CKM_SHA256, nonce, 12, extra, 5};
		mechanism.ulParameterLen = sizeof params->onem2m;
		break;
	default:
		mechanism.pParameter = NULL;
	}
	return mechanism;
}

/* ---- uses through the module: CKR_OK when done to the end ---- */

typedef CK_RV (*Try) (const Key *key, CK_MECHANISM *mechanism);

static guint8 output[1024], signature[1024];
static CK_ULONG output_len, signature_len;

static CK_RV
try_sign (const Key *key, CK_MECHANISM *mechanism)
{
	CK_RV rv = p11->C_SignInit (session, mechanism, key->private);

	signature_len = sizeof signature;
	return rv != CKR_OK ? rv : p11->C_Sign (session, data, DATA_LEN, signature, &signature_len);
}

/* What was signed before, and then not what was not. */
static CK_RV
try_verify (const Key *key, CK_MECHANISM *mechanism)
{
	CK_RV rv = p11->C_VerifyInit (session, mechanism, key->public);

	if (rv != CKR_OK)
		return rv;
	g_assert_cmpuint (p11_3->C_SessionCancel (session, CKF_VERIFY), ==, CKR_OK);
	g_assert_cmpuint (try_sign (key, mechanism), ==, CKR_OK);
	for (int i = 0; i < 2; i++) {
		g_assert_cmpuint (p11->C_VerifyInit (session, mechanism, key->public), ==, CKR_OK);
		rv = p11->C_Verify (session, data, DATA_LEN, signature, signature_len);
		g_assert_cmpuint (rv, ==, i == 0 ? CKR_OK : CKR_SIGNATURE_INVALID);
		signature[signature_len / 2] ^= 1;
	}
	return CKR_OK;
}

static CK_RV
try_encrypt (const Key *key, CK_MECHANISM *mechanism)
{
	CK_RV rv = p11->C_EncryptInit (session, mechanism, key->public);

	output_len = sizeof output;
	return rv != CKR_OK ? rv : p11->C_Encrypt (session, data, DATA_LEN, output, &output_len);
}

static CK_RV
try_decrypt (const Key *key, CK_MECHANISM *mechanism)
{
	guint8 plain[sizeof output];
	CK_ULONG len = sizeof plain;
	CK_RV rv = p11->C_DecryptInit (session, mechanism, key->private);

	if (rv != CKR_OK)
		return rv;
	g_assert_cmpuint (try_encrypt (key, mechanism), ==, CKR_OK);
	rv = p11->C_Decrypt (session, output, output_len, plain, &len);
	if (rv == CKR_OK)
		g_assert_cmpmem (plain, len, data, DATA_LEN);
	return rv;
}

static CK_RV
derive (const Key *key, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE *derived)
{
	CK_ULONG len = 32;
	CK_ATTRIBUTE template = {CKA_VALUE_LEN, &len, sizeof len};

	return p11->C_DeriveKey (session, mechanism, key->private, &template, 1, derived);
}

static CK_RV
try_derive (const Key *key, CK_MECHANISM *mechanism)
{
	CK_OBJECT_HANDLE derived;
	CK_RV rv = derive (key, mechanism, &derived);

	return rv != CKR_OK ? rv : p11->C_DestroyObject (session, derived);
}

/* A secret of the session's own, out of the key that may do anything. */
static CK_OBJECT_HANDLE
own_secret (void)
{
	CK_OBJECT_HANDLE own;
	Params params;
	CK_MECHANISM hkdf = mechanism_for (WIRE_CKM_HKDF_DERIVE, &keys[5], &params);

	g_assert_cmpuint (derive (&keys[5], &hkdf, &own), ==, CKR_OK);
	return own;
}

static CK_RV
try_wrap (const Key *key, CK_MECHANISM *mechanism)
{
	CK_OBJECT_HANDLE own = own_secret ();
	CK_RV rv;

	output_len = sizeof output;
	rv = p11->C_WrapKey (session, mechanism, key->public, own, output, &output_len);
	p11->C_DestroyObject (session, own);
	return rv;
}

static CK_RV
try_unwrap (const Key *key, CK_MECHANISM *mechanism)
{
	CK_OBJECT_HANDLE own;
	CK_RV rv;

	if (try_wrap (key, mechanism) != CKR_OK)
		output_len = 40;
	rv = p11->C_UnwrapKey (session, mechanism, key->private, output, output_len, NULL, 0, &own);
	return rv != CKR_OK ? rv : p11->C_DestroyObject (session, own);
}

/* ---- the same without the module ---- */

static guint32
call_wire (Peer *peer, guint32 type, guint32 secret_use, CK_MECHANISM_TYPE mechanism, guint32 key)
{
	WireOperate operate = {.key = key,
			       .mechanism = (guint32)mechanism,
			       .hash = CKM_SHA256,
			       .mgf = CKG_MGF1_SHA256,
			       .data = {data, DATA_LEN}};
	WireSecretUse use = {.key = key,
			     .use = secret_use,
			     .mechanism = (guint32)mechanism,
			     .hash = CKM_SHA256,
			     .number = 1,
			     .length = 32,
			     .data = {data, DATA_LEN}};

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
check (Peer *peer, const Key *key, CK_MECHANISM_TYPE type, gsize use)
{
	gboolean allowed = ks_usage_allows (key->suid, key->type, uses[use].use, type);
	guint32 number = (guint32)(uses[use].public ? key->public : key->private);
	guint32 message = key->type == KS_KEY_SECRET && uses[use].secret_use != 0
				  ? WIRE_MSG_SECRET_USE
				  : uses[use].type;
	Params params;
	CK_MECHANISM mechanism = mechanism_for (type, key, &params);
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
	Peer *peer = peer_new (daemon_of_all->token);

	g_assert_cmpuint (p11->C_GetMechanismList (0, mechanisms, &n), ==, CKR_OK);
	g_assert_cmpuint (n, ==, 33);
	for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
		for (CK_ULONG j = 0; j < n; j++)
			for (gsize use = 0; use < G_N_ELEMENTS (uses); use++)
				check (peer, &keys[i], mechanisms[j], use);
	peer_free (peer);
}

/* ---- what only symmetric keys have ---- */

/* In one go, in parts, with the length asked first; what was changed is refused. */
static void
test_aead (void)
{
	Params params;
	const Key *key = &keys[5];
	CK_MECHANISM gcm = mechanism_for (CKM_AES_GCM, key, &params);
	guint8 parts[64], plain[64];
	CK_ULONG len = 0, part_len = sizeof parts;

	g_assert_cmpuint (p11->C_EncryptInit (session, &gcm, key->private), ==, CKR_OK);
	g_assert_cmpuint (p11->C_Encrypt (session, data, DATA_LEN, NULL, &len), ==, CKR_OK);
	g_assert_cmpuint (len, ==, DATA_LEN + 16);
	len--;
	g_assert_cmpuint (p11->C_Encrypt (session, data, DATA_LEN, output, &len), ==,
			  CKR_BUFFER_TOO_SMALL);
	g_assert_cmpuint (p11->C_Encrypt (session, data, DATA_LEN, output, &len), ==, CKR_OK);
	g_assert_cmpuint (p11->C_EncryptInit (session, &gcm, key->private), ==, CKR_OK);
	g_assert_cmpuint (p11->C_EncryptUpdate (session, data, 10, parts, &part_len), ==, CKR_OK);
	g_assert_cmpuint (part_len, ==, 0);
	part_len = sizeof parts;
	g_assert_cmpuint (
		p11->C_EncryptUpdate (session, data + 10, DATA_LEN - 10, parts, &part_len), ==,
		CKR_OK);
	part_len = sizeof parts;
	g_assert_cmpuint (p11->C_EncryptFinal (session, parts, &part_len), ==, CKR_OK);
	g_assert_cmpmem (parts, part_len, output, len);

	part_len = DATA_LEN;
	g_assert_cmpuint (p11->C_DecryptInit (session, &gcm, key->private), ==, CKR_OK);
	g_assert_cmpuint (p11->C_Decrypt (session, parts, len, plain, &part_len), ==, CKR_OK);
	g_assert_cmpmem (plain, part_len, data, DATA_LEN);
	parts[len - 1] ^= 1;
	g_assert_cmpuint (p11->C_DecryptInit (session, &gcm, key->private), ==, CKR_OK);
	g_assert_cmpuint (p11->C_Decrypt (session, parts, len, plain, &part_len), ==,
			  CKR_ENCRYPTED_DATA_INVALID);
	g_assert_cmpuint (p11->C_DecryptInit (session, &gcm, key->private), ==, CKR_OK);
	g_assert_cmpuint (p11->C_Decrypt (session, parts, 15, plain, &part_len), ==,
			  CKR_ENCRYPTED_DATA_LEN_RANGE);
	params.gcm.tag_bits = 130;
	g_assert_cmpuint (p11->C_EncryptInit (session, &gcm, key->private), ==,
			  CKR_MECHANISM_PARAM_INVALID);
}

static void
expect_value (CK_OBJECT_HANDLE key, CK_RV expected, const guint8 *wanted)
{
	guint8 value[64];
	CK_ATTRIBUTE asked = {CKA_VALUE, value, sizeof value};

	g_assert_cmpuint (p11->C_GetAttributeValue (session, key, &asked, 1), ==, expected);
	if (expected != CKR_OK)
		g_assert_cmpuint (asked.ulValueLen, ==, CK_UNAVAILABLE_INFORMATION);
	else
		g_assert_cmpmem (value, asked.ulValueLen, wanted, 32);
}

/* A session's own secret may be wrapped, a key of the token never. */
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
	const Key *key = &keys[10]; /* ESData */

	g_assert_cmpuint (p11->C_GetAttributeValue (session, own, &asked, 1), ==, CKR_OK);
	g_assert_cmpuint (p11->C_WrapKey (session, &wrap, key->private, own, NULL, &len), ==,
			  CKR_OK);
	g_assert_cmpuint (len, ==, 40);
	len = 39;
	g_assert_cmpuint (p11->C_WrapKey (session, &wrap, key->private, own, output, &len), ==,
			  CKR_BUFFER_TOO_SMALL);
	g_assert_cmpuint (p11->C_WrapKey (session, &wrap, key->private, own, output, &len), ==,
			  CKR_OK);
	g_assert_cmpuint (
		p11->C_UnwrapKey (session, &wrap, key->private, output, len, NULL, 0, &back), ==,
		CKR_OK);
	expect_value (back, CKR_OK, value);
	g_assert_cmpuint (p11->C_UnwrapKey (session, &wrap, key->private, output, len,
					    &unextractable, 1, &fixed),
			  ==, CKR_OK);
	expect_value (fixed, CKR_ATTRIBUTE_SENSITIVE, NULL);
	output[3] ^= 1;
	g_assert_cmpuint (
		p11->C_UnwrapKey (session, &wrap, key->private, output, len, NULL, 0, &back), ==,
		CKR_WRAPPED_KEY_INVALID);
	g_assert_cmpuint (p11->C_WrapKey (session, &wrap, key->private, fixed, output, &len), ==,
			  CKR_KEY_UNEXTRACTABLE);
	g_assert_cmpuint (
		p11->C_WrapKey (session, &wrap, key->private, keys[5].private, output, &len), ==,
		CKR_KEY_UNEXTRACTABLE);
	g_assert_cmpuint (
		p11->C_WrapKey (session, &wrap, key->private, keys[0].private, output, &len), ==,
		CKR_KEY_NOT_WRAPPABLE);
	g_assert_cmpuint (p11->C_WrapKey (session, &wrap, key->private, 4711, output, &len), ==,
			  CKR_KEY_HANDLE_INVALID);
	g_assert_cmpuint (p11->C_WrapKey (session, &wrap, 4711, own, output, &len), ==,
			  CKR_WRAPPING_KEY_HANDLE_INVALID);
	expect_value (key->private, CKR_ATTRIBUTE_SENSITIVE, NULL);
}

/* A secret of a session is the program's: the keystore does nothing with it. */
static void
test_own (void)
{
	CK_MECHANISM hmac = {CKM_SHA256_HMAC, NULL, 0};
	CK_OBJECT_HANDLE own = own_secret (), copy;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ATTRIBUTE signs = {CKA_SIGN, &yes, 1}, sensitive = {CKA_SENSITIVE, &yes, 1},
		     plain = {CKA_SENSITIVE, &no, 1};

	g_assert_cmpuint (p11->C_SignInit (session, &hmac, own), ==,
			  CKR_KEY_FUNCTION_NOT_PERMITTED);
	g_assert_cmpuint (p11->C_CopyObject (session, own, &signs, 1, &copy), ==, CKR_OK);
	g_assert_cmpuint (p11->C_SignInit (session, &hmac, copy), ==,
			  CKR_KEY_FUNCTION_NOT_PERMITTED);
	/* what became sensitive stays so, in copies too */
	g_assert_cmpuint (p11->C_SetAttributeValue (session, own, &sensitive, 1), ==, CKR_OK);
	expect_value (own, CKR_ATTRIBUTE_SENSITIVE, NULL);
	g_assert_cmpuint (p11->C_SetAttributeValue (session, own, &plain, 1), ==,
			  CKR_ATTRIBUTE_READ_ONLY);
	g_assert_cmpuint (p11->C_CopyObject (session, own, &plain, 1, &copy), ==,
			  CKR_ATTRIBUTE_READ_ONLY);
	g_assert_cmpuint (p11->C_CopyObject (session, own, NULL, 0, &copy), ==, CKR_OK);
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
		g_assert_cmpuint (p11->C_OpenSession (0, 4, NULL, NULL, &session), ==, CKR_OK);
		g_assert_cmpuint (p11->C_GetMechanismList (0, NULL, &n), ==, CKR_OK);
		g_assert_cmpuint (n, ==, 21);
		g_assert_cmpuint (p11->C_SignInit (session, &hmac, keys[5].private), ==,
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
	start ();
	g_test_add_func ("/module/usage/everything", test_everything);
	g_test_add_func ("/module/usage/aead", test_aead);
	g_test_add_func ("/module/usage/wrap", test_wrap);
	g_test_add_func ("/module/usage/own", test_own);
	g_test_add_func ("/module/usage/argument", test_argument);
	result = module_run_tests ();
	daemon_free (daemon_of_all);
	return result;
}
