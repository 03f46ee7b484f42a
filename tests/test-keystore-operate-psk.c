/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The typed PSK operations of the keystore for TLS 1.2: against HMAC computed by hand from RFC 5246 5 (GLib's
 * HMAC, not the code under test), and every refusal.
 */
#include <config.h>

#include "keystore/operate-psk.h"

#include <string.h>

#define MASTER_LEN KS_PSK_MASTER_SECRET_LEN

static guint8 psk[WIRE_SECRET_MAX + 1];
static guint8 other[WIRE_PSK_OTHER_MAX + 1];
static guint8 seed[96];
static KsPskPolicy policy;

static CK_RV
operate (const WirePskMasterSecret *request, gsize psk_len, guint8 *got)
{
	const KsPsk key = {psk, psk_len, &policy};

	return ks_operate_psk_master_secret (request, &key, got);
}

/* P_hash of RFC 5246 section 5 for 48 bytes. */
static void
expect_prf (GChecksumType type,
	    const GByteArray *premaster,
	    const char *label,
	    gsize seed_len,
	    guint8 *out)
{
	gsize hash_len = (gsize)g_checksum_type_get_length (type);
	g_autoptr (GByteArray) input = g_byte_array_new ();
	guint8 a[64];

	g_byte_array_append (input, (const guint8 *)label, strlen (label));
	g_byte_array_append (input, seed, seed_len);
	for (gsize done = 0, round = 0; done < MASTER_LEN; round++) {
		guint8 block[64];
		gsize len = sizeof a;
		g_autoptr (GHmac) chain = g_hmac_new (type, premaster->data, premaster->len);
		g_autoptr (GHmac) output = g_hmac_new (type, premaster->data, premaster->len);

		if (round == 0)
			g_hmac_update (chain, input->data, input->len);
		else
			g_hmac_update (chain, a, (gssize)hash_len);
		g_hmac_get_digest (chain, a, &len);
		g_hmac_update (output, a, (gssize)hash_len);
		g_hmac_update (output, input->data, input->len);
		len = sizeof block;
		g_hmac_get_digest (output, block, &len);
		len = MIN (hash_len, MASTER_LEN - done);
		memcpy (out + done, block, len);
		done += len;
	}
}

static void
append_u16 (GByteArray *to, gsize value)
{
	guint8 bytes[2] = {(guint8)(value >> 8), (guint8)value};

	g_byte_array_append (to, bytes, 2);
}

static WirePskMasterSecret
request_new (gboolean sha384, gboolean extended, gsize other_len)
{
	WirePskMasterSecret request = {
		.hash = sha384 ? CKM_SHA384 : CKM_SHA256,
		.extended = extended ? 1 : 0,
		.plain = other_len == 0,
		.other = {other, other_len},
		.seed = {seed, !extended ? 64
			       : sha384  ? 48
					 : 32},
	};

	return request;
}

static void
check_one (gboolean sha384, gboolean extended, gsize other_len, gsize psk_len)
{
	WirePskMasterSecret request = request_new (sha384, extended, other_len);
	g_autoptr (GByteArray) premaster = g_byte_array_new ();
	guint8 zeros[WIRE_SECRET_MAX] = {0};
	guint8 expected[MASTER_LEN], got[MASTER_LEN] = {0};

	append_u16 (premaster, other_len ? other_len : psk_len);
	g_byte_array_append (premaster, other_len ? other : zeros, other_len ? other_len : psk_len);
	append_u16 (premaster, psk_len);
	g_byte_array_append (premaster, psk, psk_len);
	expect_prf (sha384 ? G_CHECKSUM_SHA384 : G_CHECKSUM_SHA256, premaster,
		    extended ? "extended master secret" : "master secret", request.seed.len,
		    expected);
	g_assert_cmpuint (operate (&request, psk_len, got), ==, CKR_OK);
	g_assert_cmpmem (got, MASTER_LEN, expected, MASTER_LEN);
}

static void
test_values (void)
{
	static const gsize others[] = {0, 32, 48, 66, 128, 256, 1023, 1024};

	for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
		for (gsize psk_len = 1; psk_len <= WIRE_SECRET_MAX;
		     psk_len += psk_len < 130 ? 1 : 127)
			for (int mode = 0; mode < 4; mode++)
				check_one (mode & 1, mode & 2, others[i], psk_len);
	check_one (FALSE, TRUE, 0, WIRE_SECRET_MAX);
}

static void
refuse (const WirePskMasterSecret *request, gsize psk_len, CK_RV expected)
{
	guint8 got[MASTER_LEN], untouched[MASTER_LEN];

	memset (got, 0x5a, sizeof got);
	memset (untouched, 0x5a, sizeof untouched);
	g_assert_cmpuint (operate (request, psk_len, got), ==, expected);
	g_assert_cmpmem (got, MASTER_LEN, untouched, MASTER_LEN);
}

static void
test_refuses_hash (void)
{
	static const guint32 wrong[] = {0,          CKM_MD5,     CKM_SHA_1,       CKM_SHA224,
					CKM_SHA512, CKM_TLS_PRF, CKM_SHA256_HMAC, G_MAXUINT32};

	for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++) {
		WirePskMasterSecret request = request_new (FALSE, FALSE, 0);

		request.hash = wrong[i];
		refuse (&request, 32, CKR_MECHANISM_PARAM_INVALID);
	}
}

static void
test_refuses_flags (void)
{
	WirePskMasterSecret request = request_new (FALSE, TRUE, 0);

	request.extended = 2;
	refuse (&request, 32, CKR_MECHANISM_PARAM_INVALID);
	request = request_new (FALSE, TRUE, 0);
	request.plain = 2;
	refuse (&request, 32, CKR_MECHANISM_PARAM_INVALID);
}

static void
test_refuses_lengths (void)
{
	for (gsize len = 0; len <= sizeof seed; len++) {
		for (int mode = 0; mode < 4; mode++) {
			WirePskMasterSecret request = request_new (mode & 1, mode & 2, 0);

			if (len == request.seed.len)
				continue;
			request.seed.len = len;
			refuse (&request, 32, CKR_DATA_LEN_RANGE);
		}
	}
	for (gsize len = 0; len <= sizeof other; len++) {
		WirePskMasterSecret request = request_new (FALSE, FALSE, 32);

		if (len >= 32 && len <= 1024)
			continue;
		request.other.len = len;
		refuse (&request, 32, CKR_DATA_LEN_RANGE);
	}
}

static void
test_refuses_plain_with_other (void)
{
	WirePskMasterSecret request = request_new (FALSE, FALSE, 32);

	request.plain = 1;
	refuse (&request, 32, CKR_DATA_LEN_RANGE);
	request.other.len = 1;
	refuse (&request, 32, CKR_DATA_LEN_RANGE);
}

static void
test_refuses_key_lengths (void)
{
	WirePskMasterSecret request = request_new (FALSE, FALSE, 0);

	refuse (&request, 0, CKR_KEY_SIZE_RANGE);
	refuse (&request, WIRE_SECRET_MAX + 1, CKR_KEY_SIZE_RANGE);
}

/* Known to the caller: what comes out would be that of a plain handshake. */
static void
test_refuses_zeros (void)
{
	static const guint8 zeros[WIRE_PSK_OTHER_MAX] = {0};

	for (gsize len = 32; len <= sizeof zeros; len += 31) {
		WirePskMasterSecret request = request_new (FALSE, TRUE, 32);

		request.other = (WireBytes){zeros, len};
		refuse (&request, 32, CKR_DATA_INVALID);
	}
}

/* What each policy allows; the rest is refused. */
static void
test_policy (void)
{
	static const guint8 rsa[48] = {3, 3, 7}, p384[48] = {3, 4, 7};
	static const struct {
		KsPskPolicy policy;
		gboolean sha256, sha384, plain, rsa;
	} cases[] = {
		{{KS_PSK_TLS_ALL, KS_PSK_HASH_ANY, FALSE, FALSE}, TRUE, TRUE, TRUE, TRUE},
		{{KS_PSK_TLS12, KS_PSK_HASH_ANY, FALSE, TRUE}, TRUE, TRUE, TRUE, TRUE},
		{{KS_PSK_TLS12, KS_PSK_HASH_SHA256, FALSE, FALSE}, TRUE, FALSE, TRUE, TRUE},
		{{KS_PSK_TLS12, KS_PSK_HASH_SHA384, FALSE, FALSE}, FALSE, TRUE, FALSE, FALSE},
		{{KS_PSK_TLS_ALL, KS_PSK_HASH_ANY, TRUE, FALSE}, TRUE, TRUE, FALSE, FALSE},
		{{KS_PSK_TLS13, KS_PSK_HASH_ANY, FALSE, FALSE}, FALSE, FALSE, FALSE, FALSE},
	};
	guint8 got[MASTER_LEN];

	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		WirePskMasterSecret request = request_new (FALSE, TRUE, 32);
		CK_RV wanted[2] = {CKR_ACTION_PROHIBITED, CKR_OK};

		policy = cases[i].policy;
		g_assert_cmpuint (operate (&request, 32, got), ==, wanted[cases[i].sha256]);
		request.other = (WireBytes){p384, sizeof p384};
		g_assert_cmpuint (operate (&request, 32, got), ==, wanted[cases[i].sha256]);
		request.other = (WireBytes){rsa, sizeof rsa};
		g_assert_cmpuint (operate (&request, 32, got), ==, wanted[cases[i].rsa]);
		request = request_new (FALSE, TRUE, 0);
		g_assert_cmpuint (operate (&request, 32, got), ==, wanted[cases[i].plain]);
		request = request_new (TRUE, TRUE, 32);
		g_assert_cmpuint (operate (&request, 32, got), ==, wanted[cases[i].sha384]);
	}
	policy = (KsPskPolicy){.versions = KS_PSK_TLS_ALL};
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	policy.versions = KS_PSK_TLS_ALL;
	for (gsize i = 0; i < sizeof psk; i++)
		psk[i] = (guint8)(i * 7 + 3);
	for (gsize i = 0; i < sizeof other; i++)
		other[i] = (guint8)(i * 11 + 5);
	for (gsize i = 0; i < sizeof seed; i++)
		seed[i] = (guint8)(i + 0x80);
	g_test_add_func ("/keystore/operate-psk/values", test_values);
	g_test_add_func ("/keystore/operate-psk/refuses-hash", test_refuses_hash);
	g_test_add_func ("/keystore/operate-psk/refuses-flags", test_refuses_flags);
	g_test_add_func ("/keystore/operate-psk/refuses-lengths", test_refuses_lengths);
	g_test_add_func ("/keystore/operate-psk/refuses-plain-with-other",
			 test_refuses_plain_with_other);
	g_test_add_func ("/keystore/operate-psk/refuses-key-lengths", test_refuses_key_lengths);
	g_test_add_func ("/keystore/operate-psk/refuses-zeros", test_refuses_zeros);
	g_test_add_func ("/keystore/operate-psk/policy", test_policy);
	return g_test_run ();
}
