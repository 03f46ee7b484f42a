/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys of others, and keys that are none: see scene.h. */
#include <config.h>

#include "tests/hostile/scene.h"

#include <p11-kit/pkcs11.h>
#include <string.h>

static void
case_guessed_numbers (void)
{
	Peer *peer = hostile_attacker ();

	for (guint32 key = 0; key < 2000; key++)
		g_assert_true ((sign (peer, key) == CKR_OK) == (key == hostile_scene.mine));
	g_assert_cmphex (sign (peer, hostile_scene.theirs), ==, CKR_KEY_HANDLE_INVALID);
	g_assert_cmphex (sign (peer, hostile_scene.theirs | 0x80000000u), ==, CKR_KEY_HANDLE_INVALID);
	g_assert_cmphex (sign (peer, G_MAXUINT32), ==, CKR_KEY_HANDLE_INVALID);
	peer_free (peer);
}

/* Each operation on another's key is answered as on none. */
static void
case_guessed_operations (void)
{
	static const guint32 types[] = {WIRE_MSG_SIGN,    WIRE_MSG_VERIFY, WIRE_MSG_ENCRYPT,
					WIRE_MSG_DECRYPT, WIRE_MSG_DERIVE};
	static const guint32 mechanisms[] = {CKM_ECDSA, CKM_RSA_PKCS, CKM_ECDH1_DERIVE,
					     CKM_SHA256_HMAC};
	const guint32 keys[] = {hostile_scene.theirs, hostile_scene.theirs + 1, hostile_scene.theirs_secret, 1000000};
	Peer *peer = hostile_attacker ();

	for (gsize i = 0; i < G_N_ELEMENTS (types); i++) {
		for (gsize j = 0; j < G_N_ELEMENTS (mechanisms); j++) {
			for (gsize k = 0; k < G_N_ELEMENTS (keys); k++) {
				WireOperate wanted = hostile_signing (keys[k]);

				wanted.mechanism = mechanisms[j];
				g_assert_cmphex (peer_call (peer, types[i], &wanted), ==,
						 CKR_KEY_HANDLE_INVALID);
			}
		}
	}
	peer_free (peer);
}

static void
case_guessed_secret_uses (void)
{
	Peer *peer = hostile_attacker ();

	for (guint32 use = 0; use < 10; use++) {
		WireSecretUse wanted = {.key = hostile_scene.theirs_secret, .use = use,
					.mechanism = CKM_AES_GCM, .first = wire_text ("0123456789ab")};

		g_assert_cmphex (peer_call (peer, WIRE_MSG_SECRET_USE, &wanted), !=, CKR_OK);
	}
	peer_free (peer);
}

static WirePskMasterSecret
master_secret (const char *reference)
{
	return (WirePskMasterSecret){
		.reference = wire_text (reference + strlen ("pskref1:")),
		.hash = CKM_SHA256,
		.plain = 1,
		.seed = wire_text (HOSTILE_SECRET HOSTILE_SECRET)};
}

static guint32
ask_master_secret (const WirePskMasterSecret *wanted)
{
	Peer *peer = hostile_attacker ();
	guint32 rv = peer_call (peer, WIRE_MSG_PSK_MASTER_SECRET, wanted);

	peer_free (peer);
	return rv;
}

static void
case_others_reference (void)
{
	WirePskMasterSecret wanted = master_secret (hostile_scene.theirs_reference);

	g_assert_cmphex (ask_master_secret (&wanted), ==, CKR_KEY_HANDLE_INVALID);
	wanted = master_secret (hostile_scene.mine_reference); /* control */
	g_assert_cmphex (ask_master_secret (&wanted), ==, CKR_OK);
}

static void
case_guessed_references (void)
{
	Peer *peer = hostile_attacker ();

	for (int i = 0; i < 500; i++) {
		char *reference = g_strdup (hostile_scene.mine_reference);
		gsize at = strlen ("pskref1:") + (gsize)i % 24;
		WirePskMasterSecret wanted;

		reference[at] = reference[at] == 'A' ? 'B' : 'A';
		wanted = master_secret (reference);
		g_assert_cmphex (peer_call (peer, WIRE_MSG_PSK_MASTER_SECRET, &wanted), ==,
				 CKR_KEY_HANDLE_INVALID);
		g_free (reference);
	}
	peer_free (peer);
}

/* The key is asked for piece by piece: with seeds, hashes and secrets of the asker's that no handshake has. */
static void
case_oracle_queries (void)
{
	static const gsize seeds[] = {0, 1, 31, 63};
	WirePskMasterSecret wanted = master_secret (hostile_scene.mine_reference);

	for (gsize i = 0; i < G_N_ELEMENTS (seeds); i++) {
		wanted.seed.len = seeds[i];
		g_assert_cmphex (ask_master_secret (&wanted), !=, CKR_OK);
	}
	wanted = master_secret (hostile_scene.mine_reference);
	wanted.hash = CKM_MD5;
	g_assert_cmphex (ask_master_secret (&wanted), !=, CKR_OK);
	wanted = master_secret (hostile_scene.mine_reference);
	wanted.other = wire_text (HOSTILE_SECRET);
	g_assert_cmphex (ask_master_secret (&wanted), !=, CKR_OK);
	wanted = master_secret (hostile_scene.mine_reference);
	wanted.extended = 2;
	g_assert_cmphex (ask_master_secret (&wanted), !=, CKR_OK);
}

static void
case_oracle_of_tls13 (void)
{
	static const guint8 zeros[32];
	WirePskHandshakeSecret wanted = {
		.reference = wire_text (hostile_scene.mine_reference + strlen ("pskref1:")),
		.hash = CKM_SHA256,
		.dhe = {zeros, sizeof zeros}};
	Peer *peer = hostile_attacker ();

	g_assert_cmphex (peer_call (peer, WIRE_MSG_PSK_HANDSHAKE_SECRET, &wanted), !=, CKR_OK);
	wanted.dhe = (WireBytes){hostile_digest, 8};
	g_assert_cmphex (peer_call (peer, WIRE_MSG_PSK_HANDSHAKE_SECRET, &wanted), !=, CKR_OK);
	wanted.dhe = (WireBytes){NULL, 0};
	g_assert_cmphex (peer_call (peer, WIRE_MSG_PSK_HANDSHAKE_SECRET, &wanted), !=, CKR_OK);
	peer_free (peer);
}

static const guint8 p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

/* A point of @len bytes, all @fill, as CKA_EC_POINT of VERIFY and as the peer's of DERIVE. */
static void
point_fails (guint8 form, gsize len, guint8 fill)
{
	guint8 point[200];
	WireOperate verify = hostile_signing (0), derive = {.key = hostile_scene.mine, .mechanism = CKM_ECDH1_DERIVE,
						    .mgf = CKD_NULL};
	Peer *peer = hostile_attacker ();

	memset (point, fill, sizeof point);
	point[0] = 0x04; /* OCTET STRING */
	point[1] = (guint8)len;
	point[2] = form;
	verify.key_type = CKK_EC;
	verify.public_a = (WireBytes){p256, sizeof p256};
	verify.public_b = (WireBytes){point, len + 2};
	verify.signature = (WireBytes){point, 64};
	derive.data = (WireBytes){point + 2, len};
	g_assert_cmphex (peer_call (peer, WIRE_MSG_VERIFY, &verify), !=, CKR_OK);
	g_assert_cmphex (peer_call (peer, WIRE_MSG_DERIVE, &derive), !=, CKR_OK);
	peer_free (peer);
}

static void
case_infinity (void)
{
	point_fails (0, 1, 0);
}

static void
case_off_curve (void)
{
	point_fails (4, 65, 1);
	point_fails (4, 65, 0xff);
	point_fails (4, 65, 0);
}

static void
case_odd_points (void)
{
	point_fails (2, 33, 0xff);
	point_fails (4, 64, 1);
	point_fails (4, 97, 1);
	point_fails (6, 65, 1);
	point_fails (0x55, 65, 1);
}

static void
case_odd_curve (void)
{
	static const guint8 explicit[64] = {0x30, 62};
	guint8 point[67] = {0x04, 65, 0x04};
	WireOperate verify = hostile_signing (0);
	Peer *peer = hostile_attacker ();

	verify.key_type = CKK_EC;
	verify.public_a = (WireBytes){explicit, sizeof explicit};
	verify.public_b = (WireBytes){point, sizeof point};
	verify.signature = (WireBytes){point, 64};
	g_assert_cmphex (peer_call (peer, WIRE_MSG_VERIFY, &verify), !=, CKR_OK);
	peer_free (peer);
}

static void
modulus_fails (gsize len, guint8 last, gconstpointer exponent, gsize exponent_len)
{
	g_autofree guint8 *modulus = g_malloc (len);
	WireOperate verify = {.mechanism = CKM_RSA_PKCS, .key_type = CKK_RSA, .data = {hostile_digest, 32}};
	Peer *peer = hostile_attacker ();

	memset (modulus, 0xff, len);
	modulus[len - 1] = last;
	verify.public_a = (WireBytes){modulus, len};
	verify.public_b = (WireBytes){exponent, exponent_len};
	verify.signature = (WireBytes){modulus, MIN (len, WIRE_SIGNATURE_MAX)};
	g_assert_cmphex (peer_call (peer, WIRE_MSG_VERIFY, &verify), !=, CKR_OK);
	peer_free (peer);
}

/* An exponent as long as the modulus would keep a core busy. */
static void
case_odd_modulus (void)
{
	static const guint8 huge[256] = {0xff, [255] = 1};

	modulus_fails (256, 0xfe, "\1\0\1", 3); /* even */
	modulus_fails (256, 0xff, "\1", 1);
	modulus_fails (256, 0xff, "\2", 1);
	modulus_fails (256, 0xff, huge, sizeof huge);
	modulus_fails (1024, 0xff, huge, sizeof huge);
	modulus_fails (16, 0xff, "\1\0\1", 3);
	modulus_fails (1, 0, "\1\0\1", 3);
}

static void
case_odd_parameters (void)
{
	WireOperate wanted = hostile_signing (hostile_scene.mine);
	Peer *peer = hostile_attacker ();

	wanted.mechanism = CKM_RSA_PKCS_PSS;
	wanted.salt_len = G_MAXUINT32;
	g_assert_cmphex (peer_call (peer, WIRE_MSG_SIGN, &wanted), !=, CKR_OK);
	wanted = hostile_signing (hostile_scene.mine);
	wanted.data.len = 0;
	g_assert_cmphex (peer_call (peer, WIRE_MSG_SIGN, &wanted), !=, G_MAXUINT32);
	for (guint32 mechanism = 0; mechanism < 0x1100; mechanism += 7) {
		wanted = hostile_signing (hostile_scene.mine);
		wanted.mechanism = mechanism;
		g_assert_cmphex (peer_call (peer, WIRE_MSG_SIGN, &wanted), !=, G_MAXUINT32);
	}
	peer_free (peer);
}

const HostileCase hostile_keys[] = {
	{"guessed-numbers", case_guessed_numbers, FALSE},
	{"guessed-operations", case_guessed_operations, FALSE},
	{"guessed-secret-uses", case_guessed_secret_uses, FALSE},
	{"others-reference", case_others_reference, FALSE},
	{"guessed-references", case_guessed_references, FALSE},
	{"oracle-queries", case_oracle_queries, FALSE},
	{"oracle-of-tls13", case_oracle_of_tls13, FALSE},
	{"infinity", case_infinity, FALSE},
	{"off-curve", case_off_curve, FALSE},
	{"odd-points", case_odd_points, FALSE},
	{"odd-curve", case_odd_curve, FALSE},
	{"odd-modulus", case_odd_modulus, FALSE},
	{"odd-parameters", case_odd_parameters, FALSE},
	{NULL, NULL, FALSE},
};
