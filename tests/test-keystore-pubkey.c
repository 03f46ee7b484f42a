/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Peers' public keys: what is good is taken in each of its forms, everything else is refused by
 * name.
 */
#include <config.h>

#include "keystore/crypto.h"
#include "keystore/curve.h"
#include "keystore/der.h"
#include "keystore/pubkey.h"
#include "keystore/wire/limits.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <string.h>

static GBytes *
spki_of (EVP_PKEY *key)
{
	guint8 *der = NULL;
	int len = i2d_PUBKEY (key, &der);
	GBytes *bytes = g_bytes_new (der, (gsize)len);

	OPENSSL_free (der);
	return bytes;
}

static CK_RV
take_spki (GBytes *spki, KsPubkey **pubkey)
{
	return ks_pubkey_from_spki (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki), pubkey);
}

static void
expect_spki (GBytes *spki, CK_RV expected)
{
	g_autoptr (KsPubkey) pubkey = NULL;

	g_assert_cmphex (take_spki (spki, &pubkey), ==, expected);
	g_assert_cmpint (pubkey != NULL, ==, expected == CKR_OK);
}

static const struct {
	const char *group;
	KsKeyType type;
} curves[] = {
	{"P-256", KS_KEY_P256},
	{"P-384", KS_KEY_P384},
	{"P-521", KS_KEY_P521},
};

static void
check_parts (GBytes *spki, CK_KEY_TYPE key_type)
{
	KsPubkeyParts parts;
	g_autoptr (KsPubkey) pubkey = NULL;
	g_autoptr (KsPubkey) bare = NULL;
	const guint8 *point;
	gsize len;

	g_assert_true (ks_pubkey_parts (spki, &parts));
	point = g_bytes_get_data (parts.ec_point, &len);
	g_assert_cmphex (ks_pubkey_from_point (key_type, g_bytes_get_data (parts.ec_params, NULL),
					       g_bytes_get_size (parts.ec_params), point, len,
					       &pubkey),
			 ==, CKR_OK);
	g_assert_cmphex (ks_pubkey_from_point (key_type, g_bytes_get_data (parts.ec_params, NULL),
					       g_bytes_get_size (parts.ec_params),
					       point + (len > 0x82 ? 3 : 2),
					       len - (len > 0x82 ? 3 : 2), &bare),
			 ==, CKR_OK);
	g_assert_cmpint (EVP_PKEY_eq (ks_pubkey_peek (pubkey), ks_pubkey_peek (bare)), ==, 1);
	ks_pubkey_parts_clear (&parts);
}

static void
test_curves (void)
{
	for (guint i = 0; i < G_N_ELEMENTS (curves); i++) {
		g_autoptr (EVP_PKEY) key = EVP_EC_gen (curves[i].group);
		g_autoptr (GBytes) spki = spki_of (key);
		g_autoptr (KsPubkey) pubkey = NULL;

		g_assert_cmphex (take_spki (spki, &pubkey), ==, CKR_OK);
		g_assert_cmpint (ks_pubkey_type (pubkey), ==, curves[i].type);
		g_assert_cmpint (EVP_PKEY_eq (ks_pubkey_peek (pubkey), key), ==, 1);
		check_parts (spki, CKK_EC);
	}
}

static void
test_ed25519 (void)
{
	static const guint8 name[] = "\023\014edwards25519";
	g_autoptr (EVP_PKEY) key = EVP_PKEY_Q_keygen (NULL, NULL, "ED25519");
	g_autoptr (GBytes) spki = spki_of (key);
	g_autoptr (KsPubkey) pubkey = NULL;
	g_autoptr (KsPubkey) named = NULL;
	guint8 raw[32];
	gsize len = sizeof raw;

	g_assert_cmphex (take_spki (spki, &pubkey), ==, CKR_OK);
	g_assert_cmpint (ks_pubkey_type (pubkey), ==, KS_KEY_ED25519);
	check_parts (spki, CKK_EC_EDWARDS);
	EVP_PKEY_get_raw_public_key (key, raw, &len);
	g_assert_cmphex (
		ks_pubkey_from_point (CKK_EC_EDWARDS, name, sizeof name - 1, raw, len, &named), ==,
		CKR_OK);
	g_clear_pointer (&named, ks_pubkey_free);
	g_assert_cmphex (ks_pubkey_from_point (CKK_EC, name, sizeof name - 1, raw, len, &named), ==,
			 CKR_ATTRIBUTE_VALUE_INVALID);
}

static void
test_other_curves (void)
{
	g_autoptr (EVP_PKEY) koblitz = EVP_EC_gen ("secp256k1");
	g_autoptr (GBytes) koblitz_spki = spki_of (koblitz);
	g_autoptr (EVP_PKEY) x25519 = EVP_PKEY_Q_keygen (NULL, NULL, "X25519");
	g_autoptr (GBytes) x25519_spki = spki_of (x25519);
	g_autoptr (EVP_PKEY) explicit = EVP_EC_gen ("P-256");
	g_autoptr (GBytes) explicit_spki = NULL;

	expect_spki (koblitz_spki, CKR_CURVE_NOT_SUPPORTED);
	expect_spki (x25519_spki, CKR_CURVE_NOT_SUPPORTED);
	/* P-256, but with its parameters spelled out. */
	EVP_PKEY_set_utf8_string_param (explicit, OSSL_PKEY_PARAM_EC_ENCODING,
					OSSL_PKEY_EC_ENCODING_EXPLICIT);
	explicit_spki = spki_of (explicit);
	g_assert_cmpuint (g_bytes_get_size (explicit_spki), >, 200);
	expect_spki (explicit_spki, CKR_CURVE_NOT_SUPPORTED);
}

static void
test_bad_points (void)
{
	g_autoptr (EVP_PKEY) key = EVP_EC_gen ("P-256");
	const KsCurve *curve = ks_curve_of_type (KS_KEY_P256);
	static const guint8 infinity[1] = {0};
	guint8 point[65];
	gsize len;
	g_autoptr (KsPubkey) pubkey = NULL;

	EVP_PKEY_get_octet_string_param (key, OSSL_PKEY_PARAM_PUB_KEY, point, 65, &len);
	point[64] ^= 1;
	g_assert_cmphex (
		ks_pubkey_from_point (CKK_EC, curve->params, curve->params_len, point, 65, &pubkey),
		==, CKR_ATTRIBUTE_VALUE_INVALID);
	memset (point + 1, 0xff, 64); /* coordinates above the field */
	g_assert_cmphex (
		ks_pubkey_from_point (CKK_EC, curve->params, curve->params_len, point, 65, &pubkey),
		==, CKR_ATTRIBUTE_VALUE_INVALID);
	memset (point + 1, 0, 64);
	g_assert_cmphex (
		ks_pubkey_from_point (CKK_EC, curve->params, curve->params_len, point, 65, &pubkey),
		==, CKR_ATTRIBUTE_VALUE_INVALID);
	g_assert_cmphex (ks_pubkey_from_point (CKK_EC, curve->params, curve->params_len, infinity,
					       1, &pubkey),
			 ==, CKR_ATTRIBUTE_VALUE_INVALID);
	g_assert_cmphex (
		ks_pubkey_from_point (CKK_EC, curve->params, curve->params_len, point, 0, &pubkey),
		==, CKR_ATTRIBUTE_VALUE_INVALID);
	g_assert_cmphex (ks_pubkey_from_point (CKK_EC, (const guint8 *)"", 0, point, 65, &pubkey),
			 ==, CKR_CURVE_NOT_SUPPORTED);
}

/* Each prefix, and each byte changed: never a crash, and what is taken is a whole key. */
static void
test_mangled (void)
{
	g_autoptr (EVP_PKEY) key = EVP_EC_gen ("P-256");
	g_autoptr (GBytes) spki = spki_of (key);
	gsize len;
	const guint8 *der = g_bytes_get_data (spki, &len);
	g_autofree guint8 *copy = g_malloc (len + 1);
	g_autoptr (GBytes) longer = NULL;

	for (gsize cut = 0; cut < len; cut++) {
		g_autoptr (KsPubkey) pubkey = NULL;
		g_autofree guint8 *exact = g_memdup2 (der, cut);

		g_assert_cmphex (ks_pubkey_from_spki (cut > 0 ? exact : der, cut, &pubkey), !=,
				 CKR_OK);
	}
	for (gsize i = 0; i < len; i++) {
		g_autoptr (KsPubkey) pubkey = NULL;

		memcpy (copy, der, len);
		copy[i] ^= 0x55;
		g_assert_cmphex (ks_pubkey_from_spki (copy, len, &pubkey), !=, CKR_OK);
	}
	memcpy (copy, der, len);
	copy[len] = 0;
	longer = g_bytes_new (copy, len + 1);
	expect_spki (longer, CKR_ATTRIBUTE_VALUE_INVALID);
}

/* ---- RSA ---- */

static CK_RV
take_rsa (guint bits, const guint8 *exponent, gsize exponent_len)
{
	guint8 modulus[KS_PUBKEY_RSA_BITS_MAX / 8 + 2];
	g_autoptr (KsPubkey) pubkey = NULL;
	gsize len = (bits + 7) / 8;

	memset (modulus, 0xff, sizeof modulus);
	modulus[0] = (guint8)(0xff >> (len * 8 - bits));
	return ks_pubkey_from_rsa (modulus, len, exponent, exponent_len, &pubkey);
}

static void
test_rsa (void)
{
	static const guint8 f4[] = {0, 1, 0, 1}, three[] = {3}, one[] = {1};
	static const guint8 even[] = {1, 0, 0}, big[] = {1, 0, 0, 0, 1};
	static const guint8 largest[] = {0xff, 0xff, 0xff, 0xff};
	g_autoptr (EVP_PKEY) key = EVP_RSA_gen (2048);
	g_autoptr (GBytes) spki = spki_of (key);
	g_autoptr (KsPubkey) pubkey = NULL;
	g_autoptr (KsPubkey) again = NULL;
	KsPubkeyParts parts;

	g_assert_cmphex (take_spki (spki, &pubkey), ==, CKR_OK);
	g_assert_cmpuint (ks_pubkey_bits (pubkey), ==, 2048);
	g_assert_true (ks_pubkey_parts (spki, &parts));
	g_assert_cmpuint (g_bytes_get_size (parts.modulus), ==, 256);
	g_assert_cmphex (ks_pubkey_from_rsa (g_bytes_get_data (parts.modulus, NULL),
					     g_bytes_get_size (parts.modulus),
					     g_bytes_get_data (parts.exponent, NULL),
					     g_bytes_get_size (parts.exponent), &again),
			 ==, CKR_OK);
	g_assert_cmpint (EVP_PKEY_eq (ks_pubkey_peek (again), key), ==, 1);
	ks_pubkey_parts_clear (&parts);
	g_assert_cmphex (take_rsa (1024, f4, 4), ==, CKR_OK);
	g_assert_cmphex (take_rsa (8192, three, 1), ==, CKR_OK);
	g_assert_cmphex (take_rsa (2048, largest, 4), ==, CKR_OK);
	g_assert_cmphex (take_rsa (1023, f4, 4), ==, CKR_KEY_SIZE_RANGE);
	g_assert_cmphex (take_rsa (8193, f4, 4), ==, CKR_KEY_SIZE_RANGE);
	g_assert_cmphex (take_rsa (2048, one, 1), ==, CKR_ATTRIBUTE_VALUE_INVALID);
	g_assert_cmphex (take_rsa (2048, even, 3), ==, CKR_ATTRIBUTE_VALUE_INVALID);
	g_assert_cmphex (take_rsa (2048, big, 5), ==, CKR_ATTRIBUTE_VALUE_INVALID);
	g_assert_cmphex (take_rsa (2048, one, 0), ==, CKR_ATTRIBUTE_VALUE_INVALID);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/pubkey/curves", test_curves);
	g_test_add_func ("/pubkey/ed25519", test_ed25519);
	g_test_add_func ("/pubkey/other-curves", test_other_curves);
	g_test_add_func ("/pubkey/bad-points", test_bad_points);
	g_test_add_func ("/pubkey/mangled", test_mangled);
	g_test_add_func ("/pubkey/rsa", test_rsa);
	return g_test_run ();
}
