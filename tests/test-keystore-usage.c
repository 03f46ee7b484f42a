/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * R-SUID-2 written down a second time: every usage constraint, every kind of key, every use and
 * every mechanism; what no line allows must be refused.
 */
#include <config.h>

#include "keystore/usage.h"
#include "keystore/wire/mechanisms.h"

#include <string.h>

typedef struct {
	const char *name;
	KsKeyType type;
} Kind;

static const Kind kinds[] = {
	{"p256", KS_KEY_P256}, {"p384", KS_KEY_P384},  {"p521", KS_KEY_P521},
	{"rsa", KS_KEY_RSA},   {"ed", KS_KEY_ED25519}, {"secret", KS_KEY_SECRET},
};

static const struct {
	CK_MECHANISM_TYPE type;
	const char *name;
} names[] = {
	{CKM_ECDSA, "ecdsa"},
	{CKM_ECDSA_SHA1, "ecdsa"},
	{CKM_ECDSA_SHA224, "ecdsa"},
	{CKM_ECDSA_SHA256, "ecdsa"},
	{CKM_ECDSA_SHA384, "ecdsa"},
	{CKM_ECDSA_SHA512, "ecdsa"},
	{CKM_ECDH1_DERIVE, "ecdh"},
	{CKM_EDDSA, "eddsa"},
	{CKM_RSA_PKCS, "pkcs"},
	{CKM_SHA1_RSA_PKCS, "rsa-sign"},
	{CKM_SHA224_RSA_PKCS, "rsa-sign"},
	{CKM_SHA256_RSA_PKCS, "rsa-sign"},
	{CKM_SHA384_RSA_PKCS, "rsa-sign"},
	{CKM_SHA512_RSA_PKCS, "rsa-sign"},
	{CKM_RSA_PKCS_PSS, "rsa-sign"},
	{CKM_SHA1_RSA_PKCS_PSS, "rsa-sign"},
	{CKM_SHA224_RSA_PKCS_PSS, "rsa-sign"},
	{CKM_SHA256_RSA_PKCS_PSS, "rsa-sign"},
	{CKM_SHA384_RSA_PKCS_PSS, "rsa-sign"},
	{CKM_SHA512_RSA_PKCS_PSS, "rsa-sign"},
	{CKM_RSA_PKCS_OAEP, "oaep"},
	{CKM_SHA256_HMAC, "hmac256"},
	{CKM_SHA384_HMAC, "hmac384"},
	{CKM_SHA512_HMAC, "hmac512"},
	{CKM_AES_GCM, "gcm"},
	{CKM_AES_CCM, "ccm"},
	{CKM_AES_KEY_WRAP, "wrap"},
	{WIRE_CKM_AES_KEY_WRAP_KWP, "wrap"},
	{WIRE_CKM_HKDF_DERIVE, "hkdf"},
	{WIRE_CKM_ONEM2M_KPSA, "ke"},
	{WIRE_CKM_ONEM2M_CONSTRAINED, "ke"},
	{WIRE_CKM_ONEM2M_KE2E, "ke2e"},
	{WIRE_CKM_ONEM2M_ESPRIM, "esprim"},
	{CKM_TLS12_MASTER_KEY_DERIVE, "tls"},
	{CKM_SHA256, "digest"},
	{CKM_AES_CBC, "cbc"},
	{CKM_RSA_X_509, "raw"},
};

/* s sign, v verify, e encrypt, d decrypt, D derive, w wrap and unwrap, p TLS-PSK (any mechanism) */
static const struct {
	char letter;
	KsUse use;
} uses[] = {
	{'s', KS_USE_SIGN},   {'v', KS_USE_VERIFY}, {'e', KS_USE_ENCRYPT}, {'d', KS_USE_DECRYPT},
	{'D', KS_USE_DERIVE}, {'w', KS_USE_WRAP},   {'p', KS_USE_PSK},
};

#define SIGNS                                                                                      \
	"p256 ecdsa sv", "p384 ecdsa sv", "p521 ecdsa sv", "rsa rsa-sign sv", "rsa pkcs sv",       \
		"ed eddsa sv"

static const struct {
	guint suids[6]; /* ends with 99 */
	const char *allowed[24];
} rows[] = {
	{{0, 99}, {"p256 ecdsa sv",     "p256 ecdh D",   "p384 ecdsa sv",     "p384 ecdh D",
		   "p521 ecdsa sv",     "p521 ecdh D",   "rsa rsa-sign sv",   "rsa pkcs sved",
		   "rsa oaep ed",       "ed eddsa sv",   "secret hmac256 sv", "secret hmac384 sv",
		   "secret hmac512 sv", "secret gcm ed", "secret ccm ed",     "secret wrap w",
		   "secret hkdf D",     "secret ke D",   "secret ke2e D",     "secret esprim D",
		   "secret * p",        "secret tls D"}},
	{{10, 11, 21, 99}, {"secret * p", "secret tls D"}},
	{{12, 22, 32, 99}, {"secret * p", "secret tls D", "secret ke2e D"}},
	{{13, 23, 33, 99}, {"secret hmac256 sv", "secret esprim D"}},
	{{14, 24, 34, 99}, {"secret gcm ed", "secret wrap w"}},
	{{15, 25, 35, 99}, {"secret hmac256 sv", "secret hmac384 sv", "secret hmac512 sv"}},
	{{40, 41, 42, 43, 45, 99}, {SIGNS}},
	{{44, 99}, {"p256 ecdh D", "p384 ecdh D", "p521 ecdh D", "rsa oaep ed"}},
	{{31, 99}, {NULL}},
	{{46, 99}, {NULL}},
};

static gboolean
line_allows (const char *line, const char *kind, const char *mechanism, char letter)
{
	g_auto (GStrv) words = g_strsplit (line, " ", 3);

	return g_str_equal (words[0], kind) &&
	       (g_str_equal (words[1], "*") || g_str_equal (words[1], mechanism)) &&
	       strchr (words[2], letter) != NULL;
}

static gboolean
expected (gsize row, const char *kind, const char *mechanism, char letter)
{
	for (gsize i = 0; i < 24 && rows[row].allowed[i] != NULL; i++)
		if (line_allows (rows[row].allowed[i], kind, mechanism, letter))
			return TRUE;
	return FALSE;
}

static void
check (gsize row, guint suid, const Kind *kind)
{
	CK_MECHANISM_TYPE listed[KS_USAGE_MECHANISMS_MAX];
	guint count = ks_usage_mechanisms (suid, kind->type, listed), all = 0;

	for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
		gboolean any = FALSE, found = FALSE;

		for (gsize j = 0; j < G_N_ELEMENTS (uses); j++) {
			gboolean wanted = expected (row, kind->name, names[i].name, uses[j].letter);

			g_test_message ("%u %s %s %c", suid, kind->name, names[i].name,
					uses[j].letter);
			g_assert_cmpint (
				ks_usage_allows (suid, kind->type, uses[j].use, names[i].type), ==,
				wanted);
			all |= wanted ? (guint)uses[j].use : 0;
			any |= wanted && uses[j].use != KS_USE_PSK;
		}
		for (guint j = 0; j < count; j++)
			found |= listed[j] == names[i].type;
		g_assert_cmpint (found, ==, any);
	}
	g_assert_cmpuint (ks_usage_uses (suid, kind->type), ==, all);
	/* An empty CKA_ALLOWED_MECHANISMS broke programs. */
	g_assert_true ((count > 0) == (all != 0));
	g_assert_cmpuint (count, <, KS_USAGE_MECHANISMS_MAX);
}

static void
test_everything (void)
{
	for (gsize row = 0; row < G_N_ELEMENTS (rows); row++) {
		for (const guint *suid = rows[row].suids; *suid != 99; suid++) {
			for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
				check (row, *suid, &kinds[i]);
			g_assert_cmpint (ks_usage_suid_is_known (*suid), ==,
					 rows[row].allowed[0] != NULL);
		}
	}
	g_assert_cmpuint (ks_usage_uses (0, KS_KEY_NONE), ==, 0);
}

static void
test_key_type (void)
{
	g_assert_cmpuint (ks_usage_key_type (0, KS_KEY_P384), ==, CKK_EC);
	g_assert_cmpuint (ks_usage_key_type (45, KS_KEY_RSA), ==, CKK_RSA);
	g_assert_cmpuint (ks_usage_key_type (40, KS_KEY_ED25519), ==, CKK_EC_EDWARDS);
	g_assert_cmpuint (ks_usage_key_type (0, KS_KEY_SECRET), ==, CKK_GENERIC_SECRET);
	g_assert_cmpuint (ks_usage_key_type (13, KS_KEY_SECRET), ==, CKK_GENERIC_SECRET);
	g_assert_cmpuint (ks_usage_key_type (24, KS_KEY_SECRET), ==, CKK_AES);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/usage/everything", test_everything);
	g_test_add_func ("/usage/key-type", test_key_type);
	return g_test_run ();
}
