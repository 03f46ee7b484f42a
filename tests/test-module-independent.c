/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the token computes, computed again by GnuTLS and nettle, which share no code with it: one
 * answer for every mechanism. AES key wrap with padding and OAEP, which they lack, have published
 * vectors or a way there and back elsewhere.
 */
#include <config.h>

#include "tests/module-token.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <nettle/nist-keywrap.h>
#include <string.h>

#define DATUM(bytes, len_)                                                                         \
	{                                                                                          \
		(unsigned char *)(bytes), (unsigned)(len_)                                         \
	}

static guint8 output[1024];
static CK_ULONG output_len;

static gsize
attribute (CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, guint8 *value, gsize size)
{
	CK_ATTRIBUTE asked = {type, value, size};

	g_assert_cmpuint (p11->C_GetAttributeValue (token_session, object, &asked, 1), ==, CKR_OK);
	return asked.ulValueLen;
}

static gnutls_pubkey_t
public_key_of (const TokenKey *key)
{
	guint8 info[1024];
	gnutls_datum_t der =
		DATUM (info, attribute (key->public, CKA_PUBLIC_KEY_INFO, info, sizeof info));
	gnutls_pubkey_t pubkey;

	g_assert_cmpint (gnutls_pubkey_init (&pubkey), ==, 0);
	g_assert_cmpint (gnutls_pubkey_import (pubkey, &der, GNUTLS_X509_FMT_DER), ==, 0);
	return pubkey;
}

/* ---- signatures ---- */

static const struct {
	int key;
	CK_MECHANISM_TYPE type;
	gnutls_sign_algorithm_t algorithm;
	CK_MECHANISM_TYPE hash; /* of PSS */
	CK_RSA_PKCS_MGF_TYPE mgf;
	CK_ULONG salt_len;
} signatures[] = {
	{TOKEN_P256, CKM_ECDSA_SHA1, GNUTLS_SIGN_ECDSA_SHA1, 0, 0, 0},
	{TOKEN_P256, CKM_ECDSA_SHA224, GNUTLS_SIGN_ECDSA_SHA224, 0, 0, 0},
	{TOKEN_P256, CKM_ECDSA_SHA256, GNUTLS_SIGN_ECDSA_SHA256, 0, 0, 0},
	{TOKEN_P384, CKM_ECDSA_SHA384, GNUTLS_SIGN_ECDSA_SHA384, 0, 0, 0},
	{TOKEN_P521, CKM_ECDSA_SHA512, GNUTLS_SIGN_ECDSA_SHA512, 0, 0, 0},
	{TOKEN_P256, CKM_ECDSA, GNUTLS_SIGN_ECDSA_SHA256, 0, 0, 0},
	{TOKEN_RSA, CKM_SHA1_RSA_PKCS, GNUTLS_SIGN_RSA_SHA1, 0, 0, 0},
	{TOKEN_RSA, CKM_SHA224_RSA_PKCS, GNUTLS_SIGN_RSA_SHA224, 0, 0, 0},
	{TOKEN_RSA, CKM_SHA256_RSA_PKCS, GNUTLS_SIGN_RSA_SHA256, 0, 0, 0},
	{TOKEN_RSA, CKM_SHA384_RSA_PKCS, GNUTLS_SIGN_RSA_SHA384, 0, 0, 0},
	{TOKEN_RSA, CKM_SHA512_RSA_PKCS, GNUTLS_SIGN_RSA_SHA512, 0, 0, 0},
	{TOKEN_RSA, CKM_RSA_PKCS, GNUTLS_SIGN_RSA_SHA256, 0, 0, 0},
	{TOKEN_RSA, CKM_SHA256_RSA_PKCS_PSS, GNUTLS_SIGN_RSA_PSS_RSAE_SHA256, CKM_SHA256,
	 CKG_MGF1_SHA256, 32},
	{TOKEN_RSA, CKM_SHA384_RSA_PKCS_PSS, GNUTLS_SIGN_RSA_PSS_RSAE_SHA384, CKM_SHA384,
	 CKG_MGF1_SHA384, 48},
	{TOKEN_RSA, CKM_SHA512_RSA_PKCS_PSS, GNUTLS_SIGN_RSA_PSS_RSAE_SHA512, CKM_SHA512,
	 CKG_MGF1_SHA512, 64},
	{TOKEN_RSA, CKM_RSA_PKCS_PSS, GNUTLS_SIGN_RSA_PSS_RSAE_SHA256, CKM_SHA256, CKG_MGF1_SHA256,
	 32},
	{TOKEN_ED, CKM_EDDSA, GNUTLS_SIGN_EDDSA_ED25519, 0, 0, 0},
};

static gboolean
is_raw (CK_MECHANISM_TYPE type)
{
	return type == CKM_ECDSA || type == CKM_RSA_PKCS || type == CKM_RSA_PKCS_PSS;
}

static void
sign_data (const TokenKey *key, CK_MECHANISM *mechanism)
{
	static const guint8 info[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				      0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
	guint8 input[sizeof info + TOKEN_DATA_LEN];
	gsize len = mechanism->mechanism == CKM_RSA_PKCS ? sizeof info : 0;

	memcpy (input, info, len);
	memcpy (input + len, token_data, TOKEN_DATA_LEN);
	output_len = sizeof output;
	g_assert_cmpuint (p11->C_SignInit (token_session, mechanism, key->private), ==, CKR_OK);
	g_assert_cmpuint (
		p11->C_Sign (token_session, input, len + TOKEN_DATA_LEN, output, &output_len), ==,
		CKR_OK);
}

static int
verify (gnutls_pubkey_t pubkey, gsize row)
{
	gnutls_datum_t data = DATUM (token_data, TOKEN_DATA_LEN);
	gnutls_datum_t signature = DATUM (output, output_len), der = {NULL, 0};
	gnutls_datum_t r = DATUM (output, output_len / 2);
	gnutls_datum_t s = DATUM (output + output_len / 2, output_len / 2);
	unsigned flags = GNUTLS_VERIFY_ALLOW_BROKEN;
	int rc;

	if (token_keys[signatures[row].key].key_type == CKK_EC) {
		g_assert_cmpint (gnutls_encode_rs_value (&der, &r, &s), ==, 0);
		signature = der;
	}
	rc = is_raw (signatures[row].type)
		     ? gnutls_pubkey_verify_hash2 (pubkey, signatures[row].algorithm, flags, &data,
						   &signature)
		     : gnutls_pubkey_verify_data2 (pubkey, signatures[row].algorithm, flags, &data,
						   &signature);
	gnutls_free (der.data);
	return rc;
}

static void
test_signatures (void)
{
	for (gsize i = 0; i < G_N_ELEMENTS (signatures); i++) {
		const TokenKey *key = &token_keys[signatures[i].key];
		CK_RSA_PKCS_PSS_PARAMS pss = {signatures[i].hash, signatures[i].mgf,
					      signatures[i].salt_len};
		CK_MECHANISM mechanism = {signatures[i].type, NULL, 0};
		gnutls_pubkey_t pubkey = public_key_of (key);

		if (signatures[i].hash != 0) {
			mechanism.pParameter = &pss;
			mechanism.ulParameterLen = sizeof pss;
		}
		sign_data (key, &mechanism);
		g_test_message ("0x%lx with %s", signatures[i].type, key->name);
		g_assert_cmpint (verify (pubkey, i), >=, 0);
		output[output_len - 1] ^= 1;
		g_assert_cmpint (verify (pubkey, i), <, 0);
		gnutls_pubkey_deinit (pubkey);
	}
}

static void
test_decrypt (void)
{
	const TokenKey *key = &token_keys[TOKEN_RSA];
	gnutls_pubkey_t pubkey = public_key_of (key);
	gnutls_datum_t data = DATUM (token_data, TOKEN_DATA_LEN), cipher;
	CK_MECHANISM mechanism = {CKM_RSA_PKCS, NULL, 0};

	g_assert_cmpint (gnutls_pubkey_encrypt_data (pubkey, 0, &data, &cipher), ==, 0);
	output_len = sizeof output;
	g_assert_cmpuint (p11->C_DecryptInit (token_session, &mechanism, key->private), ==, CKR_OK);
	g_assert_cmpuint (
		p11->C_Decrypt (token_session, cipher.data, cipher.size, output, &output_len), ==,
		CKR_OK);
	g_assert_cmpmem (output, output_len, token_data, TOKEN_DATA_LEN);
	gnutls_free (cipher.data);
	gnutls_pubkey_deinit (pubkey);
}

/* ---- key agreement ---- */

static gsize
derive (const TokenKey *key, CK_MECHANISM *mechanism, CK_ULONG len, guint8 *value, gsize size)
{
	CK_ATTRIBUTE template = {CKA_VALUE_LEN, &len, sizeof len};
	CK_OBJECT_HANDLE derived;

	g_assert_cmpuint (p11->C_DeriveKey (token_session, mechanism, key->private, &template,
					    len != 0 ? 1 : 0, &derived),
			  ==, CKR_OK);
	return attribute (derived, CKA_VALUE, value, size);
}

static void
agree (const TokenKey *key, const struct ecc_curve *curve, gsize len)
{
	guint8 point[1 + 2 * 66] = {4}, ours[160], mine[66], wanted[66];
	CK_ECDH1_DERIVE_PARAMS params = {CKD_NULL, 0, NULL, 1 + 2 * len, point};
	CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &params, sizeof params};
	struct ecc_scalar scalar;
	struct ecc_point public, shared;
	mpz_t x, y;
	gsize ours_len;

	mpz_init_set_str (x, "123456789abcdef0fedcba9876543210", 16);
	mpz_init (y);
	ecc_scalar_init (&scalar, curve);
	ecc_point_init (&public, curve);
	ecc_point_init (&shared, curve);
	g_assert_true (ecc_scalar_set (&scalar, x));
	ecc_point_mul_g (&public, &scalar);
	ecc_point_get (&public, x, y);
	nettle_mpz_get_str_256 (len, point + 1, x);
	nettle_mpz_get_str_256 (len, point + 1 + len, y);
	g_assert_cmpuint (derive (key, &mechanism, 0, mine, sizeof mine), ==, len);

	/* the token's point is the end of its OCTET STRING */
	ours_len = attribute (key->public, CKA_EC_POINT, ours, sizeof ours);
	nettle_mpz_set_str_256_u (x, len, ours + ours_len - 2 * len);
	nettle_mpz_set_str_256_u (y, len, ours + ours_len - len);
	g_assert_true (ecc_point_set (&public, x, y));
	ecc_point_mul (&shared, &scalar, &public);
	ecc_point_get (&shared, x, y);
	nettle_mpz_get_str_256 (len, wanted, x);
	g_assert_cmpmem (mine, len, wanted, len);
	ecc_scalar_clear (&scalar);
	ecc_point_clear (&public);
	ecc_point_clear (&shared);
	mpz_clear (x);
	mpz_clear (y);
}

static void
test_agreement (void)
{
	agree (&token_keys[TOKEN_P256], nettle_get_secp_256r1 (), 32);
	agree (&token_keys[TOKEN_P384], nettle_get_secp_384r1 (), 48);
	agree (&token_keys[TOKEN_P521], nettle_get_secp_521r1 (), 66);
}

/* ---- symmetric keys ---- */

static void
test_mac (void)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		gnutls_mac_algorithm_t algorithm;
	} rows[] = {{CKM_SHA256_HMAC, GNUTLS_MAC_SHA256},
		    {CKM_SHA384_HMAC, GNUTLS_MAC_SHA384},
		    {CKM_SHA512_HMAC, GNUTLS_MAC_SHA512}};
	guint8 wanted[64];

	for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
		CK_MECHANISM mechanism = {rows[i].type, NULL, 0};

		sign_data (token_key_of (15), &mechanism);
		g_assert_cmpint (gnutls_hmac_fast (rows[i].algorithm, token_data, TOKEN_DATA_LEN,
						   token_data, TOKEN_DATA_LEN, wanted),
				 ==, 0);
		g_assert_cmpmem (output, output_len, wanted,
				 gnutls_hmac_get_len (rows[i].algorithm));
	}
}

static void
test_aead (void)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		gnutls_cipher_algorithm_t algorithm;
	} rows[] = {{CKM_AES_GCM, GNUTLS_CIPHER_AES_256_GCM},
		    {CKM_AES_CCM, GNUTLS_CIPHER_AES_256_CCM}};
	gnutls_datum_t value = DATUM (token_data, TOKEN_DATA_LEN);
	const TokenKey *key = &token_keys[TOKEN_FREE];

	for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
		TokenParams params;
		CK_MECHANISM mechanism = token_mechanism (rows[i].type, key, &params);
		gboolean gcm = rows[i].type == CKM_AES_GCM;
		gnutls_aead_cipher_hd_t cipher;
		guint8 wanted[64];
		gsize len = sizeof wanted;

		output_len = sizeof output;
		g_assert_cmpuint (p11->C_EncryptInit (token_session, &mechanism, key->private), ==,
				  CKR_OK);
		g_assert_cmpuint (p11->C_Encrypt (token_session, token_data, TOKEN_DATA_LEN, output,
						  &output_len),
				  ==, CKR_OK);
		g_assert_cmpint (gnutls_aead_cipher_init (&cipher, rows[i].algorithm, &value), ==,
				 0);
		g_assert_cmpint (gnutls_aead_cipher_encrypt (
					 cipher, gcm ? params.gcm.iv_ptr : params.ccm.nonce, 12,
					 gcm ? params.gcm.aad_ptr : params.ccm.aad, 5, 16,
					 token_data, TOKEN_DATA_LEN, wanted, &len),
				 ==, 0);
		g_assert_cmpmem (output, output_len, wanted, len);
		gnutls_aead_cipher_deinit (cipher);
	}
}

static void
test_hkdf (void)
{
	const TokenKey *key = &token_keys[TOKEN_FREE];
	TokenParams params;
	CK_MECHANISM mechanism = token_mechanism (WIRE_CKM_HKDF_DERIVE, key, &params);
	gnutls_datum_t value = DATUM (token_data, TOKEN_DATA_LEN);
	guint8 prk[32], wanted[77], got[77];
	gnutls_datum_t secret = DATUM (prk, sizeof prk);
	gnutls_datum_t salt = DATUM (params.hkdf.salt, params.hkdf.salt_len);
	gnutls_datum_t info = DATUM (params.hkdf.info, params.hkdf.info_len);

	g_assert_cmpint (gnutls_hkdf_extract (GNUTLS_MAC_SHA256, &value, &salt, prk), ==, 0);
	g_assert_cmpint (
		gnutls_hkdf_expand (GNUTLS_MAC_SHA256, &secret, &info, wanted, sizeof wanted), ==,
		0);
	g_assert_cmpuint (derive (key, &mechanism, sizeof got, got, sizeof got), ==, sizeof got);
	g_assert_cmpmem (got, sizeof got, wanted, sizeof wanted);
}

static void
test_wrap (void)
{
	const TokenKey *key = token_key_of (24);
	TokenParams params;
	CK_MECHANISM hkdf = token_mechanism (WIRE_CKM_HKDF_DERIVE, key, &params);
	CK_MECHANISM wrap = {CKM_AES_KEY_WRAP, NULL, 0};
	CK_ULONG len = 40;
	CK_ATTRIBUTE template = {CKA_VALUE_LEN, &len, sizeof len};
	static const guint8 iv[8] = {0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6};
	guint8 value[40], wanted[48];
	struct aes256_ctx aes;
	CK_OBJECT_HANDLE own;

	g_assert_cmpuint (p11->C_DeriveKey (token_session, &hkdf, token_keys[TOKEN_FREE].private,
					    &template, 1, &own),
			  ==, CKR_OK);
	attribute (own, CKA_VALUE, value, sizeof value);
	output_len = sizeof output;
	g_assert_cmpuint (
		p11->C_WrapKey (token_session, &wrap, key->private, own, output, &output_len), ==,
		CKR_OK);
	aes256_set_encrypt_key (&aes, token_data);
	aes256_keywrap (&aes, iv, sizeof wanted, wanted, value);
	g_assert_cmpmem (output, output_len, wanted, sizeof wanted);
}

/* RFC 5246 5 and 8.1 with the premaster secret of RFC 4279 2. */
static void
test_tls12 (void)
{
	const TokenKey *key = token_key_of (22);
	TokenParams params;
	CK_MECHANISM mechanism = token_mechanism (CKM_TLS12_MASTER_KEY_DERIVE, key, &params);
	guint8 premaster[2 * (2 + TOKEN_DATA_LEN)] = {0, TOKEN_DATA_LEN};
	guint8 seed[32 + 13 + 64] = {0}, wanted[64], got[48];
	CK_VERSION version = {0, 0};

	params.tls12.version = &version;
	premaster[2 + TOKEN_DATA_LEN + 1] = TOKEN_DATA_LEN;
	memcpy (premaster + 4 + TOKEN_DATA_LEN, token_data, TOKEN_DATA_LEN);
	memcpy (seed + 32, "master secret", 13);
	memcpy (seed + 45, token_data, 32);
	memcpy (seed + 77, token_data, 32);
	for (guint i = 0; i < 2; i++) {
		/* A(i), then the block: A(0) is the seed itself */
		g_assert_cmpint (gnutls_hmac_fast (GNUTLS_MAC_SHA256, premaster, sizeof premaster,
						   i == 0 ? seed + 32 : seed,
						   i == 0 ? sizeof seed - 32 : 32, seed),
				 ==, 0);
		g_assert_cmpint (gnutls_hmac_fast (GNUTLS_MAC_SHA256, premaster, sizeof premaster,
						   seed, sizeof seed, wanted + 32 * i),
				 ==, 0);
	}
	g_assert_cmpuint (derive (key, &mechanism, 48, got, sizeof got), ==, sizeof got);
	g_assert_cmpmem (got, sizeof got, wanted, sizeof got);
	g_assert_cmpuint (version.major << 8 | version.minor, ==, 0x303);
}

/* TS-0003 10.3.3, 10.3.7, 10.3.8.2: one HMAC each of what the clause puts together. */
static void
test_onem2m (void)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		guint suid;
		CK_ULONG number;
		const char *first, *second, *input;
	} rows[] = {
		{WIRE_CKM_ONEM2M_KPSA, 0, 0, "//sp.example.com/cse", NULL,
		 "oneM2M Enrolment Key to Provisioned Secure Connection Key derivation"
		 "//sp.example.com/cse"},
		{WIRE_CKM_ONEM2M_CONSTRAINED, 0, 32, "cse.sp.example.com", NULL,
		 "oneM2M Enrolment Key to Usage-Constrained Symmetric Key derivation32"
		 "cse.sp.example.com"},
		{WIRE_CKM_ONEM2M_ESPRIM, 33, 0, "receiver", "originator",
		 "receiveroriginatoroneM2M HMAC-SHA256 sessionESPrimKey derivation algorithm"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
		ModOneM2mParams params = {
			rows[i].number,
			0,
			(CK_BYTE *)rows[i].first,
			strlen (rows[i].first),
			(CK_BYTE *)rows[i].second,
			rows[i].second != NULL ? strlen (rows[i].second) : 0,
		};
		CK_MECHANISM mechanism = {rows[i].type, &params, sizeof params};
		guint8 wanted[32], got[32];

		g_assert_cmpint (gnutls_hmac_fast (GNUTLS_MAC_SHA256, token_data, TOKEN_DATA_LEN,
						   rows[i].input, strlen (rows[i].input), wanted),
				 ==, 0);
		g_assert_cmpuint (
			derive (token_key_of (rows[i].suid), &mechanism, 0, got, sizeof got), ==,
			sizeof got);
		g_assert_cmpmem (got, sizeof got, wanted, sizeof wanted);
	}
}

/* TS-0003 10.3.6: extraction without salt, then the chain. */
static void
test_ke2e (void)
{
	static const char *const labels[] = {
		"E2E Message Authentication Key", "E2E Message Confidentiality Key",
		"E2E Attribute Authenticity Key", "E2E Attribute Confidentiality Key"};
	static const guint8 zeros[32];
	guint8 master[32], block[32];

	g_assert_cmpint (gnutls_hmac_fast (GNUTLS_MAC_SHA256, zeros, sizeof zeros, token_data,
					   TOKEN_DATA_LEN, master),
			 ==, 0);
	for (guint8 i = 1; i <= 4; i++) {
		ModOneM2mParams params = {i, CKM_SHA256, NULL, 0, NULL, 0};
		CK_MECHANISM mechanism = {WIRE_CKM_ONEM2M_KE2E, &params, sizeof params};
		g_autoptr (GByteArray) input = g_byte_array_new ();
		guint8 got[32];

		g_byte_array_append (input, block, i > 1 ? sizeof block : 0);
		g_byte_array_append (input, (const guint8 *)labels[i - 1],
				     (guint)strlen (labels[i - 1]));
		g_byte_array_append (input, &i, 1);
		g_assert_cmpint (gnutls_hmac_fast (GNUTLS_MAC_SHA256, master, sizeof master,
						   input->data, input->len, block),
				 ==, 0);
		g_assert_cmpuint (derive (token_key_of (22), &mechanism, 0, got, sizeof got), ==,
				  sizeof got);
		g_assert_cmpmem (got, sizeof got, block, sizeof block);
	}
}

int
main (int argc, char **argv)
{
	int result;

	g_test_init (&argc, &argv, NULL);
	module_load ();
	token_start ();
	g_test_add_func ("/module/independent/signatures", test_signatures);
	g_test_add_func ("/module/independent/decrypt", test_decrypt);
	g_test_add_func ("/module/independent/agreement", test_agreement);
	g_test_add_func ("/module/independent/mac", test_mac);
	g_test_add_func ("/module/independent/aead", test_aead);
	g_test_add_func ("/module/independent/hkdf", test_hkdf);
	g_test_add_func ("/module/independent/wrap", test_wrap);
	g_test_add_func ("/module/independent/tls12", test_tls12);
	g_test_add_func ("/module/independent/onem2m", test_onem2m);
	g_test_add_func ("/module/independent/ke2e", test_ke2e);
	result = module_run_tests ();
	module_end ();
	daemon_free (token_daemon);
	return result;
}
