/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See module-token.h. */
#include <config.h>

#include "tests/module-token.h"

#include <string.h>

TokenKey token_keys[TOKEN_N_KEYS] = {
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

Daemon *token_daemon;
CK_SESSION_HANDLE token_session;
guint8 token_data[TOKEN_DATA_LEN] = "thirty-two bytes of any content";

/* ---- the token ---- */

static void
make_key (Peer *provisioner, const TokenKey *key)
{
	WireStageSecret secret = {.name = wire_text (key->name),
				  .origin = wire_text ("enrolled"),
				  .identifier = wire_text (key->name),
				  .suid = key->suid,
				  .value = {token_data, sizeof token_data}};
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
find_key (const TokenKey *key, CK_OBJECT_CLASS class)
{
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class},
				   {CKA_LABEL, (void *)key->name, strlen (key->name)}};
	g_autoptr (GArray) found = module_find (token_session, template, 2);

	g_assert_cmpuint (found->len, ==, 1);
	return g_array_index (found, CK_OBJECT_HANDLE, 0);
}

void
token_start (void)
{
	char argument[] = "symmetric-keys";
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK, .pReserved = argument};
	g_autofree char *run = NULL;
	Peer *provisioner;

	token_daemon = daemon_running ();
	daemon_wait_token (token_daemon);
	run = g_build_filename (token_daemon->dir, "run", NULL);
	g_setenv ("ENROLEE_RUNTIME_DIR", run, TRUE);
	provisioner = peer_new (token_daemon->provision);
	for (gsize i = 0; i < G_N_ELEMENTS (token_keys); i++)
		make_key (provisioner, &token_keys[i]);
	peer_free (provisioner);
	g_assert_cmpuint (p11->C_Initialize (&args), ==, CKR_OK);
	g_assert_cmpuint (p11->C_OpenSession (0, CKF_SERIAL_SESSION, NULL, NULL, &token_session),
			  ==, CKR_OK);
	for (gsize i = 0; i < G_N_ELEMENTS (token_keys); i++) {
		gboolean secret = token_keys[i].type == KS_KEY_SECRET;

		token_keys[i].private =
			find_key (&token_keys[i], secret ? CKO_SECRET_KEY : CKO_PRIVATE_KEY);
		token_keys[i].public =
			secret ? token_keys[i].private : find_key (&token_keys[i], CKO_PUBLIC_KEY);
	}
}

/* ---- parameters ---- */

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

CK_MECHANISM
token_mechanism (CK_MECHANISM_TYPE type, const TokenKey *key, TokenParams *params)
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
		if (p11->C_GetAttributeValue (token_session, key->public, &asked, 1) != CKR_OK)
			asked.ulValueLen = 65;
		params->ecdh = (CK_ECDH1_DERIVE_PARAMS){CKD_NULL, 0, NULL, asked.ulValueLen, point};
		mechanism.ulParameterLen = sizeof params->ecdh;
		break;
	case CKM_AES_GCM:
		params->gcm = (CK_GCM_PARAMS){nonce, 12, 96, extra, 5, 128};
		mechanism.ulParameterLen = sizeof params->gcm;
		break;
	case CKM_AES_CCM:
		params->ccm = (ModCcmParams){TOKEN_DATA_LEN, nonce, 12, extra, 5, 16};
		mechanism.ulParameterLen = sizeof params->ccm;
		break;
	case WIRE_CKM_HKDF_DERIVE:
		params->hkdf = (ModHkdfParams){1, 1, CKM_SHA256, 2, nonce, 12, 0, extra, 5};
		mechanism.ulParameterLen = sizeof params->hkdf;
		break;
	case CKM_TLS12_MASTER_KEY_DERIVE:
		params->tls12 =
			(ModTls12MasterParams){token_data, 32, token_data, 32, NULL, CKM_SHA256};
		mechanism.ulParameterLen = sizeof params->tls12;
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

const TokenKey *
token_key_of (guint suid)
{
	gsize i = TOKEN_FREE;

	while (token_keys[i].suid != suid)
		g_assert_cmpuint (++i, <, TOKEN_N_KEYS);
	return &token_keys[i];
}
