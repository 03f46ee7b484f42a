/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * R-SUID-2, line by line.
 */
#include <config.h>

#include "keystore/usage.h"

static const KsKeyType pairs[] = {KS_KEY_P256, KS_KEY_P384, KS_KEY_P521, KS_KEY_RSA,
				  KS_KEY_ED25519};

static void
test_psk_only (void)
{
	static const guint suids[] = {10, 11, 21, 12, 22, 32};

	for (guint i = 0; i < G_N_ELEMENTS (suids); i++) {
		g_assert_cmpuint (ks_usage_uses (suids[i], KS_KEY_SECRET), ==, KS_USE_PSK);
		g_assert_true (ks_usage_allows (suids[i], KS_KEY_SECRET, KS_USE_PSK, 0));
		g_assert_false (
			ks_usage_allows (suids[i], KS_KEY_SECRET, KS_USE_SIGN, CKM_SHA256_HMAC));
		g_assert_cmpuint (ks_usage_uses (suids[i], KS_KEY_P256), ==, 0);
	}
}

static void
test_hmac (void)
{
	static const guint primitives[] = {13, 23, 33}, data[] = {15, 25, 35};

	for (guint i = 0; i < 3; i++) {
		g_assert_true (ks_usage_allows (primitives[i], KS_KEY_SECRET, KS_USE_SIGN,
						CKM_SHA256_HMAC));
		g_assert_false (ks_usage_allows (primitives[i], KS_KEY_SECRET, KS_USE_SIGN,
						 CKM_SHA384_HMAC));
		g_assert_false (ks_usage_allows (primitives[i], KS_KEY_SECRET, KS_USE_PSK, 0));
		g_assert_true (
			ks_usage_allows (data[i], KS_KEY_SECRET, KS_USE_SIGN, CKM_SHA512_HMAC));
		g_assert_false (
			ks_usage_allows (data[i], KS_KEY_SECRET, KS_USE_ENCRYPT, CKM_AES_GCM));
	}
}

static void
test_encryption (void)
{
	static const guint suids[] = {14, 24, 34};

	for (guint i = 0; i < 3; i++) {
		g_assert_true (
			ks_usage_allows (suids[i], KS_KEY_SECRET, KS_USE_ENCRYPT, CKM_AES_GCM));
		g_assert_true (
			ks_usage_allows (suids[i], KS_KEY_SECRET, KS_USE_WRAP, CKM_AES_KEY_WRAP));
		g_assert_false (
			ks_usage_allows (suids[i], KS_KEY_SECRET, KS_USE_SIGN, CKM_SHA256_HMAC));
	}
}

static void
test_certificates (void)
{
	static const guint sign_only[] = {40, 41, 42, 43, 45};

	for (guint i = 0; i < G_N_ELEMENTS (sign_only); i++) {
		for (guint j = 0; j < G_N_ELEMENTS (pairs); j++)
			g_assert_cmpuint (ks_usage_uses (sign_only[i], pairs[j]), ==,
					  KS_USE_SIGN | KS_USE_VERIFY);
		g_assert_true (ks_usage_allows (sign_only[i], KS_KEY_P256, KS_USE_SIGN, CKM_ECDSA));
		g_assert_false (ks_usage_allows (sign_only[i], KS_KEY_P256, KS_USE_DERIVE,
						 CKM_ECDH1_DERIVE));
		g_assert_false (
			ks_usage_allows (sign_only[i], KS_KEY_RSA, KS_USE_DECRYPT, CKM_RSA_PKCS));
		g_assert_cmpuint (ks_usage_uses (sign_only[i], KS_KEY_SECRET), ==, 0);
	}
	g_assert_true (ks_usage_allows (44, KS_KEY_P384, KS_USE_DERIVE, CKM_ECDH1_DERIVE));
	g_assert_true (ks_usage_allows (44, KS_KEY_RSA, KS_USE_DECRYPT, CKM_RSA_PKCS_OAEP));
	g_assert_false (ks_usage_allows (44, KS_KEY_RSA, KS_USE_DECRYPT, CKM_RSA_PKCS));
	g_assert_false (ks_usage_allows (44, KS_KEY_P256, KS_USE_SIGN, CKM_ECDSA));
	g_assert_cmpuint (ks_usage_uses (44, KS_KEY_ED25519), ==, 0);
}

static void
test_unconstrained (void)
{
	guint count;

	for (guint j = 0; j < G_N_ELEMENTS (pairs); j++) {
		g_assert_cmpuint (ks_usage_uses (0, pairs[j]) & KS_USE_SIGN, !=, 0);
		g_assert_nonnull (ks_usage_mechanisms (0, pairs[j], &count));
		/* An empty CKA_ALLOWED_MECHANISMS broke programs. */
		g_assert_cmpuint (count, >, 0);
	}
	g_assert_true (ks_usage_allows (0, KS_KEY_RSA, KS_USE_DECRYPT, CKM_RSA_PKCS));
	g_assert_true (ks_usage_allows (0, KS_KEY_P256, KS_USE_DERIVE, CKM_ECDH1_DERIVE));
	g_assert_false (ks_usage_allows (0, KS_KEY_P256, KS_USE_SIGN, CKM_RSA_PKCS));
	g_assert_cmpuint (ks_usage_uses (0, KS_KEY_NONE), ==, 0);
	g_assert_true (ks_usage_suid_is_known (0));
	g_assert_true (ks_usage_suid_is_known (45));
	g_assert_false (ks_usage_suid_is_known (31));
	g_assert_false (ks_usage_suid_is_known (46));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/usage/psk-only", test_psk_only);
	g_test_add_func ("/usage/hmac", test_hmac);
	g_test_add_func ("/usage/encryption", test_encryption);
	g_test_add_func ("/usage/certificates", test_certificates);
	g_test_add_func ("/usage/unconstrained", test_unconstrained);
	return g_test_run ();
}
