/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The typed PSK operations of the keystore for TLS 1.3: a vector of RFC 8448, others computed with
 * Python's hmac and hashlib, all of them and many more by HKDF written out here on GLib's HMAC; and
 * every refusal.
 */
#include <config.h>

#include "keystore/operate-psk.h"

#include <string.h>

static guint8 psk[WIRE_SECRET_MAX + 1];
static guint8 dhe[WIRE_PSK_OTHER_MAX + 1];
static KsPskPolicy policy;

typedef struct {
	guint32 mechanism;
	GChecksumType type;
	gsize len;
} Hash;

static const Hash sha256 = {CKM_SHA256, G_CHECKSUM_SHA256, 32};
static const Hash sha384 = {CKM_SHA384, G_CHECKSUM_SHA384, 48};

/* ---- the operations under test ---- */

static CK_RV
binder_key (guint32 hash, gsize psk_len, guint8 *got, gsize *len)
{
	const WirePskBinderKey request = {.hash = hash};
	const KsPsk key = {psk, psk_len, &policy};

	return ks_operate_psk_binder_key (&request, &key, got, len);
}

static CK_RV
handshake_secret (guint32 hash, gsize psk_len, gsize dhe_len, guint8 *got, gsize *len)
{
	const WirePskHandshakeSecret request = {.hash = hash, .dhe = {dhe, dhe_len}};
	const KsPsk key = {psk, psk_len, &policy};

	return ks_operate_psk_handshake_secret (&request, &key, got, len);
}

/* ---- RFC 8446 7.1 by hand ---- */

static void
hmac (const Hash *hash,
      const guint8 *key,
      gsize key_len,
      const guint8 *data,
      gsize len,
      guint8 *out)
{
	g_autoptr (GHmac) context = g_hmac_new (hash->type, key, key_len);
	gsize out_len = hash->len;

	g_hmac_update (context, data, (gssize)len);
	g_hmac_get_digest (context, out, &out_len);
	g_assert_cmpuint (out_len, ==, hash->len);
}

/* HKDF-Expand-Label for one block. */
static void
expand (const Hash *hash, const guint8 *secret, const char *label, gboolean transcript, guint8 *out)
{
	g_autoptr (GByteArray) info = g_byte_array_new ();
	g_autofree char *full = g_strconcat ("tls13 ", label, NULL);
	guint8 head[3] = {0, (guint8)hash->len, (guint8)strlen (full)};
	guint8 empty[48], context_len = transcript ? (guint8)hash->len : 0;
	g_autoptr (GChecksum) nothing = g_checksum_new (hash->type);
	gsize empty_len = sizeof empty;

	g_checksum_get_digest (nothing, empty, &empty_len);
	g_byte_array_append (info, head, 3);
	g_byte_array_append (info, (const guint8 *)full, (guint)strlen (full));
	g_byte_array_append (info, &context_len, 1);
	g_byte_array_append (info, empty, context_len);
	g_byte_array_append (info, (const guint8 *)"\1", 1);
	hmac (hash, secret, hash->len, info->data, info->len, out);
}

static void
check_one (const Hash *hash, gsize psk_len, gsize dhe_len)
{
	guint8 zeros[48] = {0}, early[48], next[48], expected[48], got[KS_PSK_HASH_LEN_MAX];
	gsize len = 0;

	hmac (hash, zeros, hash->len, psk, psk_len, early);
	expand (hash, early, "ext binder", TRUE, next);
	expand (hash, next, "finished", FALSE, expected);
	g_assert_cmpuint (binder_key (hash->mechanism, psk_len, got, &len), ==, CKR_OK);
	g_assert_cmpmem (got, len, expected, hash->len);
	expand (hash, early, "derived", TRUE, next);
	hmac (hash, next, hash->len, dhe, dhe_len, expected);
	g_assert_cmpuint (handshake_secret (hash->mechanism, psk_len, dhe_len, got, &len), ==,
			  CKR_OK);
	g_assert_cmpmem (got, len, expected, hash->len);
}

static void
test_values (void)
{
	static const gsize dhe_lens[] = {32, 48, 56, 66, 256, 512, 1024};

	for (gsize psk_len = 1; psk_len <= WIRE_SECRET_MAX; psk_len++) {
		check_one (&sha256, psk_len, dhe_lens[psk_len % G_N_ELEMENTS (dhe_lens)]);
		check_one (&sha384, psk_len, dhe_lens[(psk_len + 3) % G_N_ELEMENTS (dhe_lens)]);
	}
}

/* ---- vectors ---- */

static gsize
unhex (const char *text, guint8 *bytes)
{
	gsize len = strlen (text) / 2;

	for (gsize i = 0; i < len; i++)
		bytes[i] = (guint8)(g_ascii_xdigit_value (text[2 * i]) << 4 |
				    g_ascii_xdigit_value (text[2 * i + 1]));
	return len;
}

/* The key and shared secret of RFC 8448 4 (Resumed 0-RTT Handshake); its handshake secret is there,
 * the rest is Python's. */
static void
test_vectors (void)
{
	static const struct {
		guint32 hash;
		const char *binder_key, *handshake_secret;
	} vectors[] = {
		{CKM_SHA256, "fad5184e94116b08206a88333cf7411e307f3228e36bf32211c254ff9674e395",
		 "005cb112fd8eb4ccc623bb88a07c64b3ede1605363fc7d0df8c7ce4ff0fb4ae6"},
		{CKM_SHA384,
		 "708ab91691265968e96a9fa45db73df01b4d90f803d46521fd1ac9e83754701c"
		 "174c23e38968d75cf049110a802fd563",
		 "3bb5541e8a899e9f80d587b072c36183947ce7d927164cb0bfb96d32e04fcaef"
		 "a336c09b2e87400b95789908956ccbb8"},
	};
	guint8 saved_psk[sizeof psk], saved_dhe[sizeof dhe];

	memcpy (saved_psk, psk, sizeof psk);
	memcpy (saved_dhe, dhe, sizeof dhe);
	unhex ("4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3", psk);
	unhex ("f44194756ff9ec9d25180635d66ea6824c6ab3bf179977be37f723570e7ccb2e", dhe);
	for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++) {
		guint8 expected[48], got[KS_PSK_HASH_LEN_MAX];
		gsize len, wanted = unhex (vectors[i].binder_key, expected);

		g_assert_cmpuint (binder_key (vectors[i].hash, 32, got, &len), ==, CKR_OK);
		g_assert_cmpmem (got, len, expected, wanted);
		unhex (vectors[i].handshake_secret, expected);
		g_assert_cmpuint (handshake_secret (vectors[i].hash, 32, 32, got, &len), ==,
				  CKR_OK);
		g_assert_cmpmem (got, len, expected, wanted);
	}
	memcpy (psk, saved_psk, sizeof psk);
	memcpy (dhe, saved_dhe, sizeof dhe);
}

/* ---- refusals ---- */

static void
refuse (guint32 hash, gsize psk_len, gsize dhe_len, CK_RV binder, CK_RV handshake)
{
	guint8 got[KS_PSK_HASH_LEN_MAX], untouched[KS_PSK_HASH_LEN_MAX];
	gsize len = 7;

	memset (got, 0x5a, sizeof got);
	memset (untouched, 0x5a, sizeof untouched);
	if (binder != CKR_OK) {
		g_assert_cmpuint (binder_key (hash, psk_len, got, &len), ==, binder);
		g_assert_cmpmem (got, sizeof got, untouched, sizeof untouched);
	}
	g_assert_cmpuint (handshake_secret (hash, psk_len, dhe_len, got, &len), ==, handshake);
	g_assert_cmpmem (got, sizeof got, untouched, sizeof untouched);
	g_assert_cmpuint (len, ==, 7);
}

static void
test_refuses_hash (void)
{
	static const guint32 wrong[] = {0,          CKM_MD5,         CKM_SHA_1,   CKM_SHA224,
					CKM_SHA512, CKM_SHA256_HMAC, CKM_TLS_PRF, G_MAXUINT32};

	for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
		refuse (wrong[i], 32, 32, CKR_MECHANISM_PARAM_INVALID, CKR_MECHANISM_PARAM_INVALID);
}

/* No Diffie-Hellman, or one whose result everybody knows, would yield a secret for ever. */
static void
test_refuses_dhe (void)
{
	guint8 saved[sizeof dhe];

	for (gsize len = 0; len <= sizeof dhe; len++) {
		if (len < 32 || len > 1024)
			refuse (CKM_SHA256, 32, len, CKR_OK, CKR_DATA_LEN_RANGE);
	}
	memcpy (saved, dhe, sizeof dhe);
	memset (dhe, 0, sizeof dhe);
	for (gsize len = 32; len <= 1024; len += 16)
		refuse (CKM_SHA384, 32, len, CKR_OK, CKR_DATA_INVALID);
	memcpy (dhe, saved, sizeof dhe);
}

static void
test_refuses_key_lengths (void)
{
	refuse (CKM_SHA256, 0, 32, CKR_KEY_SIZE_RANGE, CKR_KEY_SIZE_RANGE);
	refuse (CKM_SHA256, WIRE_SECRET_MAX + 1, 32, CKR_KEY_SIZE_RANGE, CKR_KEY_SIZE_RANGE);
}

static void
test_refuses_by_policy (void)
{
	policy = (KsPskPolicy){.versions = KS_PSK_TLS12};
	refuse (CKM_SHA256, 32, 32, CKR_ACTION_PROHIBITED, CKR_ACTION_PROHIBITED);
	policy = (KsPskPolicy){.versions = KS_PSK_TLS13, .hash = KS_PSK_HASH_SHA384};
	refuse (CKM_SHA256, 32, 32, CKR_ACTION_PROHIBITED, CKR_ACTION_PROHIBITED);
	check_one (&sha384, 32, 32);
	policy.hash = KS_PSK_HASH_SHA256;
	refuse (CKM_SHA384, 32, 32, CKR_ACTION_PROHIBITED, CKR_ACTION_PROHIBITED);
	policy.ephemeral = TRUE; /* which TLS 1.3 is in any case */
	check_one (&sha256, 32, 32);
	policy = (KsPskPolicy){.versions = KS_PSK_TLS_ALL};
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	policy.versions = KS_PSK_TLS_ALL;
	for (gsize i = 0; i < sizeof psk; i++)
		psk[i] = (guint8)(i * 7 + 3);
	for (gsize i = 0; i < sizeof dhe; i++)
		dhe[i] = (guint8)(i * 11 + 5);
	g_test_add_func ("/keystore/operate-psk13/vectors", test_vectors);
	g_test_add_func ("/keystore/operate-psk13/values", test_values);
	g_test_add_func ("/keystore/operate-psk13/refuses-hash", test_refuses_hash);
	g_test_add_func ("/keystore/operate-psk13/refuses-dhe", test_refuses_dhe);
	g_test_add_func ("/keystore/operate-psk13/refuses-key-lengths", test_refuses_key_lengths);
	g_test_add_func ("/keystore/operate-psk13/refuses-by-policy", test_refuses_by_policy);
	return g_test_run ();
}
