/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Symmetric keys by reference: published vectors (RFC 4231, 5869, 3394, 5649, 3610, the GCM
 * proposal to NIST, SP 800-38C, and TS-0003's as computed for its digest), there and back, and
 * every refusal.
 */
#include <config.h>

#include "keystore/operate-secret.h"
#include "keystore/wire/limits.h"
#include "keystore/wire/mechanisms.h"

#include <openssl/evp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Hexadecimal, or text after a colon. */
static GByteArray *
bytes (const char *text)
{
	GByteArray *array = g_byte_array_new ();

	if (text == NULL)
		return array;
	if (text[0] == ':') {
		g_byte_array_append (array, (const guint8 *)text + 1, strlen (text + 1));
		return array;
	}
	for (; text[0] != '\0'; text += 2) {
		guint8 byte = (guint8)(g_ascii_xdigit_value (text[0]) << 4 |
				       g_ascii_xdigit_value (text[1]));

		g_byte_array_append (array, &byte, 1);
	}
	return array;
}

static KsSecret *
secret_of (const char *text)
{
	g_autoptr (GByteArray) array = bytes (text);

	return ks_secret_new (array->data, array->len);
}

static WireBytes
view (const GByteArray *array)
{
	return (WireBytes){array->data, array->len};
}

static void
expect (const KsSecret *got, const GByteArray *wanted)
{
	g_assert_cmpmem (ks_secret_reveal (got), ks_secret_len (got), wanted->data, wanted->len);
}

/* ---- HMAC ---- */

#define KEY_1 "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"

static const struct {
	CK_MECHANISM_TYPE mechanism;
	const char *key, *data, *mac;
} macs[] = {
	{CKM_SHA256_HMAC, KEY_1, ":Hi There",
	 "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
	{CKM_SHA384_HMAC, KEY_1, ":Hi There",
	 "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c"
	 "faea9ea9076ede7f4af152e8b2fa9cb6"},
	{CKM_SHA512_HMAC, KEY_1, ":Hi There",
	 "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
	 "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"},
	{CKM_SHA256_HMAC, ":Jefe", ":what do ya want for nothing?",
	 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
	{CKM_SHA384_HMAC, ":Jefe", ":what do ya want for nothing?",
	 "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
	 "8e2240ca5e69e2c78b3239ecfab21649"},
	{CKM_SHA512_HMAC, ":Jefe", ":what do ya want for nothing?",
	 "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
	 "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
};

/* The input as bytes, then as a file. */
static void
test_mac (void)
{
	for (gsize i = 0; i < 2 * G_N_ELEMENTS (macs); i++) {
		CK_MECHANISM_TYPE mechanism = macs[i / 2].mechanism;
		g_autoptr (KsSecret) key = secret_of (macs[i / 2].key);
		g_autoptr (GByteArray) data = bytes (macs[i / 2].data);
		g_autoptr (GByteArray) wanted = bytes (macs[i / 2].mac);
		KsInput input = {data->data, data->len, -1};
		WireBytes mac = view (wanted);
		guint8 got[EVP_MAX_MD_SIZE];
		gsize len = 0;

		if (i % 2 == 1) {
			input = (KsInput){NULL, data->len, memfd_create ("data", MFD_CLOEXEC)};
			g_assert_cmpint (write (input.fd, data->data, data->len), ==, data->len);
		}
		g_assert_cmpuint (ks_secret_mac (key, mechanism, &input, got, &len), ==, CKR_OK);
		g_assert_cmpmem (got, len, wanted->data, wanted->len);
		g_assert_cmpuint (ks_secret_verify (key, mechanism, &input, &mac), ==, CKR_OK);
		mac.len--;
		g_assert_cmpuint (ks_secret_verify (key, mechanism, &input, &mac), ==,
				  CKR_SIGNATURE_LEN_RANGE);
		mac.len++;
		wanted->data[3] ^= 1;
		g_assert_cmpuint (ks_secret_verify (key, mechanism, &input, &mac), ==,
				  CKR_SIGNATURE_INVALID);
		input.len++;
		if (input.fd >= 0)
			g_assert_cmpuint (ks_secret_mac (key, mechanism, &input, got, &len), ==,
					  CKR_DATA_LEN_RANGE);
		g_assert_cmpuint (ks_secret_mac (key, CKM_ECDSA, &input, got, &len), ==,
				  CKR_MECHANISM_INVALID);
		if (input.fd >= 0)
			close (input.fd);
	}
	g_assert_false (ks_secret_is_mac (CKM_AES_GCM));
}

/* ---- AES ---- */

#define GCM_KEY "feffe9928665731c6d6a8f9467308308"
#define GCM_PLAIN                                                                                  \
	"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"                         \
	"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
#define GCM_EXTRA "feedfacedeadbeeffeedfacedeadbeefabaddad2"
#define KEK "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define WRAPPED_PLAIN "00112233445566778899aabbccddeeff"

static const struct {
	CK_MECHANISM_TYPE mechanism;
	guint key_len; /* of the key's text, in bytes; 0: all */
	const char *key;
	guint tag_len;
	const char *nonce, *extra, *plain, *cipher;
} ciphers[] = {
	{CKM_AES_GCM, 0, "00000000000000000000000000000000", 16, "000000000000000000000000", NULL,
	 NULL, "58e2fccefa7e3061367f1d57a4e7455a"},
	{CKM_AES_GCM, 0, GCM_KEY, 16, "cafebabefacedbaddecaf888", GCM_EXTRA, GCM_PLAIN,
	 "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
	 "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
	 "5bc94fbc3221a5db94fae95ae7121a47"},
	{CKM_AES_GCM, 0, GCM_KEY GCM_KEY, 16, "cafebabefacedbaddecaf888", GCM_EXTRA, GCM_PLAIN,
	 "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
	 "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
	 "76fc6ece0f4e1768cddf8853bb2d551b"},
	{CKM_AES_CCM, 0, "404142434445464748494a4b4c4d4e4f", 8, "101112131415161718191a1b",
	 "000102030405060708090a0b0c0d0e0f10111213",
	 "202122232425262728292a2b2c2d2e2f3031323334353637",
	 "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951"},
	{CKM_AES_CCM, 0, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", 8, "00000003020100a0a1a2a3a4a5",
	 "0001020304050607", "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
	 "588c979a61c663d2f066d0c2c0f989806d5f6b61dac38417e8d12cfdf926e0"},
	{CKM_AES_KEY_WRAP, 16, KEK, 0, NULL, NULL, WRAPPED_PLAIN,
	 "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"},
	{CKM_AES_KEY_WRAP, 24, KEK, 0, NULL, NULL, WRAPPED_PLAIN,
	 "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d"},
	{CKM_AES_KEY_WRAP, 32, KEK, 0, NULL, NULL, WRAPPED_PLAIN,
	 "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7"},
	{CKM_AES_KEY_WRAP, 32, KEK, 0, NULL, NULL, WRAPPED_PLAIN "000102030405060708090a0b0c0d0e0f",
	 "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"},
	{WIRE_CKM_AES_KEY_WRAP_KWP, 0, "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8", 0, NULL,
	 NULL, "c37b7e6492584340bed12207808941155068f738",
	 "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a"},
	{WIRE_CKM_AES_KEY_WRAP_KWP, 0, "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8", 0, NULL,
	 NULL, "466f7250617369", "afbeb0f07dfbf5419200f2ccb50bb24f"},
};

static gboolean
is_wrap (CK_MECHANISM_TYPE mechanism)
{
	return mechanism != CKM_AES_GCM && mechanism != CKM_AES_CCM;
}

/* Every byte of what came matters: cipher text, tag, nonce, additional data. */
static void
expect_refused (const KsSecret *key, const WireSecretUse *request, WireBytes *part)
{
	g_autofree guint8 *copy = g_memdup2 (part->data, part->len);
	WireBytes was = *part;

	for (gsize i = 0; i < was.len; i++) {
		g_autoptr (KsSecret) output = NULL;
		CK_RV rv;

		part->data = copy;
		copy[i] ^= 0x40;
		rv = ks_secret_use (key, request, &output);
		copy[i] ^= 0x40;
		g_assert_cmpuint (rv, ==,
				  is_wrap (request->mechanism) ? CKR_WRAPPED_KEY_INVALID
							       : CKR_ENCRYPTED_DATA_INVALID);
		g_assert_null (output);
	}
	*part = was;
}

static void
test_ciphers (void)
{
	for (gsize i = 0; i < G_N_ELEMENTS (ciphers); i++) {
		gboolean wraps = is_wrap (ciphers[i].mechanism);
		g_autoptr (GByteArray) key_bytes = bytes (ciphers[i].key);
		g_autoptr (GByteArray) nonce = bytes (ciphers[i].nonce);
		g_autoptr (GByteArray) extra = bytes (ciphers[i].extra);
		g_autoptr (GByteArray) plain = bytes (ciphers[i].plain);
		g_autoptr (GByteArray) cipher = bytes (ciphers[i].cipher);
		g_autoptr (KsSecret) key = ks_secret_new (
			key_bytes->data, ciphers[i].key_len ? ciphers[i].key_len : key_bytes->len);
		g_autoptr (KsSecret) there = NULL;
		g_autoptr (KsSecret) back = NULL;
		WireSecretUse request = {.use = wraps ? WIRE_USE_WRAP : WIRE_USE_ENCRYPT,
					 .mechanism = (guint32)ciphers[i].mechanism,
					 .number = ciphers[i].tag_len,
					 .first = view (nonce),
					 .second = view (extra),
					 .data = view (plain)};

		g_assert_cmpuint (ks_secret_use (key, &request, &there), ==, CKR_OK);
		expect (there, cipher);
		request.use = wraps ? WIRE_USE_UNWRAP : WIRE_USE_DECRYPT;
		request.data = view (cipher);
		g_assert_cmpuint (ks_secret_use (key, &request, &back), ==, CKR_OK);
		expect (back, plain);
		expect_refused (key, &request, &request.data);
		expect_refused (key, &request, &request.first);
		expect_refused (key, &request, &request.second);
	}
}

static void
test_refusals (void)
{
	static guint8 zeros[WIRE_DATA_MAX + 64];
	static const struct {
		guint key_len, use;
		CK_MECHANISM_TYPE mechanism;
		guint tag_len, nonce_len;
		gsize data_len;
		CK_RV expected;
	} rows[] = {
		{20, WIRE_USE_ENCRYPT, CKM_AES_GCM, 16, 12, 5, CKR_KEY_SIZE_RANGE},
		{16, WIRE_USE_ENCRYPT, CKM_AES_GCM, 16, 0, 5, CKR_MECHANISM_PARAM_INVALID},
		{16, WIRE_USE_ENCRYPT, CKM_AES_GCM, 16, 257, 5, CKR_MECHANISM_PARAM_INVALID},
		{16, WIRE_USE_ENCRYPT, CKM_AES_GCM, 17, 12, 5, CKR_MECHANISM_PARAM_INVALID},
		{16, WIRE_USE_ENCRYPT, CKM_AES_GCM, 4, 12, 5, CKR_MECHANISM_PARAM_INVALID},
		{16, WIRE_USE_ENCRYPT, CKM_AES_GCM, 16, 12, WIRE_DATA_MAX - 15, CKR_DATA_LEN_RANGE},
		{16, WIRE_USE_ENCRYPT, CKM_AES_GCM, 16, 12, WIRE_DATA_MAX - 16, CKR_OK},
		{16, WIRE_USE_DECRYPT, CKM_AES_GCM, 16, 12, 15, CKR_ENCRYPTED_DATA_LEN_RANGE},
		{16, WIRE_USE_DECRYPT, CKM_AES_GCM, 16, 12, 16, CKR_ENCRYPTED_DATA_INVALID},
		{16, WIRE_USE_ENCRYPT, CKM_AES_CCM, 9, 12, 5, CKR_MECHANISM_PARAM_INVALID},
		{16, WIRE_USE_ENCRYPT, CKM_AES_CCM, 8, 14, 5, CKR_MECHANISM_PARAM_INVALID},
		{16, WIRE_USE_ENCRYPT, CKM_AES_CCM, 8, 6, 5, CKR_MECHANISM_PARAM_INVALID},
		{16, WIRE_USE_ENCRYPT, CKM_AES_CCM, 16, 13, 0, CKR_OK},
		{16, WIRE_USE_WRAP, CKM_AES_KEY_WRAP, 0, 0, 8, CKR_KEY_SIZE_RANGE},
		{16, WIRE_USE_WRAP, CKM_AES_KEY_WRAP, 0, 0, 20, CKR_KEY_SIZE_RANGE},
		{16, WIRE_USE_WRAP, CKM_AES_KEY_WRAP, 0, 0, 536, CKR_KEY_SIZE_RANGE},
		{16, WIRE_USE_WRAP, CKM_AES_KEY_WRAP, 0, 8, 16, CKR_MECHANISM_PARAM_INVALID},
		{33, WIRE_USE_WRAP, CKM_AES_KEY_WRAP, 0, 0, 16, CKR_KEY_SIZE_RANGE},
		{16, WIRE_USE_UNWRAP, CKM_AES_KEY_WRAP, 0, 0, 16, CKR_WRAPPED_KEY_LEN_RANGE},
		{16, WIRE_USE_UNWRAP, CKM_AES_KEY_WRAP, 0, 0, 24, CKR_WRAPPED_KEY_INVALID},
		{16, WIRE_USE_UNWRAP, CKM_AES_KEY_WRAP, 0, 0, 25, CKR_WRAPPED_KEY_LEN_RANGE},
		{16, WIRE_USE_WRAP, WIRE_CKM_AES_KEY_WRAP_KWP, 0, 0, 0, CKR_KEY_SIZE_RANGE},
		{16, WIRE_USE_WRAP, WIRE_CKM_AES_KEY_WRAP_KWP, 0, 0, 1, CKR_OK},
		{16, WIRE_USE_UNWRAP, WIRE_CKM_AES_KEY_WRAP_KWP, 0, 0, 8,
		 CKR_WRAPPED_KEY_LEN_RANGE},
		{16, WIRE_USE_DERIVE, CKM_AES_GCM, 0, 0, 8, CKR_MECHANISM_INVALID},
		{16, 0, CKM_AES_GCM, 16, 12, 8, CKR_MECHANISM_INVALID},
		{16, 9, CKM_AES_GCM, 16, 12, 8, CKR_MECHANISM_INVALID},
	};

	for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
		g_autoptr (KsSecret) key = ks_secret_new (NULL, rows[i].key_len);
		g_autoptr (KsSecret) output = NULL;
		WireSecretUse request = {.use = rows[i].use,
					 .mechanism = (guint32)rows[i].mechanism,
					 .number = rows[i].tag_len,
					 .first = {zeros, rows[i].nonce_len},
					 .data = {zeros, rows[i].data_len}};

		g_test_message ("row %zu", i);
		g_assert_cmpuint (ks_secret_use (key, &request, &output), ==, rows[i].expected);
		g_assert_true ((output != NULL) == (rows[i].expected == CKR_OK));
	}
}

/* ---- derivations ---- */

#define IKM_2                                                                                      \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"                         \
	"202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"                         \
	"404142434445464748494a4b4c4d4e4f"
#define SALT_2                                                                                     \
	"606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"                         \
	"808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"                         \
	"a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
#define INFO_2                                                                                     \
	"b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf"                         \
	"d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef"                         \
	"f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
#define PRK_1 "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
#define OKM_1 "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
#define BOTH (WIRE_HKDF_EXTRACT | WIRE_HKDF_EXPAND)
#define HKDF WIRE_CKM_HKDF_DERIVE
#define KE "74d3685ea0cff7734b4eb8d1db29fa1b66a4468b3aacd24356e1cc2278ef422f"
#define KPSA "16d7bfd4b4860bfdae000a8db3778d2d78b53ec6feae2666016f55cec789a1e2"

static const struct {
	CK_MECHANISM_TYPE mechanism, hash;
	const char *key;
	guint number;
	const char *first, *second, *output;
} derivations[] = {
	{HKDF, CKM_SHA256, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", BOTH,
	 "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9", OKM_1},
	{HKDF, CKM_SHA256, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", WIRE_HKDF_EXTRACT,
	 "000102030405060708090a0b0c", NULL, PRK_1},
	{HKDF, CKM_SHA256, PRK_1, WIRE_HKDF_EXPAND, NULL, "f0f1f2f3f4f5f6f7f8f9", OKM_1},
	{HKDF, CKM_SHA256, IKM_2, BOTH, SALT_2, INFO_2,
	 "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
	 "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
	 "cc30c58179ec3e87c14c01d5c1f3434f1d87"},
	{WIRE_CKM_ONEM2M_KPSA, 0, KE, 0, "://sp.example.com/in-cse", NULL, KPSA},
	{WIRE_CKM_ONEM2M_CONSTRAINED, 0, KE, 21, ":maf.example.com", NULL,
	 "fc0acd56ef636cc9bdea554b1bb073799f62165bdc1593e2afc77fd4113549cb"},
	{WIRE_CKM_ONEM2M_CONSTRAINED, 0, KE, 22, ":in-cse.sp.example.com", NULL,
	 "81df678853bc64be267095c26ee220695619bda20046f43d78f4b058a4c8cac4"},
	{WIRE_CKM_ONEM2M_KE2E, CKM_SHA256, KPSA, 1, NULL, NULL,
	 "5f131c667bcbbcee74f6bd4d01ca32808d8899f0e1a3c63ca87cd5b16c09889b"},
	{WIRE_CKM_ONEM2M_KE2E, CKM_SHA256, KPSA, 2, NULL, NULL,
	 "bcd9679ac7f65c72db34739b9c7543f1f9d460f124bdc36f1a189bca9f3f31b0"},
	{WIRE_CKM_ONEM2M_KE2E, CKM_SHA256, KPSA, 3, NULL, NULL,
	 "516eab4e14f7ed7f13775f536ede44f5694ef353280662236affbd2e71841d1e"},
	{WIRE_CKM_ONEM2M_KE2E, CKM_SHA256, KPSA, 4, NULL, NULL,
	 "da40b8660a520f9426cd4d276b2b41ce7d31edfc764f0406f7dd247a508b0285"},
	{WIRE_CKM_ONEM2M_ESPRIM, 0,
	 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 0,
	 "a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
	 "ffc9f35766e52760b73b8c8fc03576cb4489da0ad27169d49436baf3cda6761b"},
};

static void
test_derivations (void)
{
	for (gsize i = 0; i < G_N_ELEMENTS (derivations); i++) {
		g_autoptr (KsSecret) key = secret_of (derivations[i].key);
		g_autoptr (GByteArray) first = bytes (derivations[i].first);
		g_autoptr (GByteArray) second = bytes (derivations[i].second);
		g_autoptr (GByteArray) wanted = bytes (derivations[i].output);
		g_autoptr (KsSecret) output = NULL;
		WireSecretUse request = {.use = WIRE_USE_DERIVE,
					 .mechanism = (guint32)derivations[i].mechanism,
					 .hash = (guint32)derivations[i].hash,
					 .number = derivations[i].number,
					 .length = wanted->len,
					 .first = view (first),
					 .second = view (second)};

		g_test_message ("derivation %zu", i);
		g_assert_cmpuint (ks_secret_use (key, &request, &output), ==, CKR_OK);
		expect (output, wanted);
	}
}

/* What would give TLS 1.3's early secret away, and what makes no sense. */
static void
test_derivation_refusals (void)
{
	static const struct {
		CK_MECHANISM_TYPE mechanism, hash;
		guint number, length;
		gsize salt_len;
		guint8 salt;
		CK_RV expected;
	} rows[] = {
		{HKDF, CKM_SHA256, BOTH, 32, 0, 0, CKR_MECHANISM_PARAM_INVALID},
		{HKDF, CKM_SHA256, BOTH, 32, 32, 0, CKR_MECHANISM_PARAM_INVALID},
		{HKDF, CKM_SHA256, WIRE_HKDF_EXTRACT, 32, 64, 0, CKR_MECHANISM_PARAM_INVALID},
		{HKDF, CKM_SHA256, BOTH, 32, 32, 1, CKR_OK},
		{HKDF, CKM_SHA256, 0, 32, 32, 1, CKR_MECHANISM_PARAM_INVALID},
		{HKDF, CKM_MD5, BOTH, 32, 32, 1, CKR_MECHANISM_PARAM_INVALID},
		{HKDF, CKM_SHA256, BOTH, 0, 32, 1, CKR_KEY_SIZE_RANGE},
		{HKDF, CKM_SHA256, BOTH, WIRE_SECRET_MAX + 1, 32, 1, CKR_KEY_SIZE_RANGE},
		{HKDF, CKM_SHA256, WIRE_HKDF_EXTRACT, 33, 32, 1, CKR_KEY_SIZE_RANGE},
		{HKDF, CKM_SHA384, WIRE_HKDF_EXPAND, 32, 0, 0, CKR_KEY_SIZE_RANGE},
		{WIRE_CKM_ONEM2M_KE2E, CKM_SHA256, 0, 0, 0, 0, CKR_MECHANISM_PARAM_INVALID},
		{WIRE_CKM_ONEM2M_KE2E, CKM_SHA256, 5, 0, 0, 0, CKR_MECHANISM_PARAM_INVALID},
		{WIRE_CKM_ONEM2M_KE2E, CKM_MD5, 1, 0, 0, 0, CKR_MECHANISM_PARAM_INVALID},
		{WIRE_CKM_ONEM2M (9), 0, 0, 0, 0, 0, CKR_MECHANISM_INVALID},
	};
	g_autoptr (KsSecret) key = secret_of (KPSA);

	for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
		g_autoptr (KsSecret) output = NULL;
		guint8 salt[64] = {0};
		WireSecretUse request = {.use = WIRE_USE_DERIVE,
					 .mechanism = (guint32)rows[i].mechanism,
					 .hash = (guint32)rows[i].hash,
					 .number = rows[i].number,
					 .length = rows[i].length,
					 .first = {salt, rows[i].salt_len}};

		salt[31] = rows[i].salt;
		g_test_message ("row %zu", i);
		g_assert_cmpuint (ks_secret_use (key, &request, &output), ==, rows[i].expected);
		g_assert_true ((output != NULL) == (rows[i].expected == CKR_OK));
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	ks_operate_init ();
	g_test_add_func ("/operate-secret/mac", test_mac);
	g_test_add_func ("/operate-secret/ciphers", test_ciphers);
	g_test_add_func ("/operate-secret/refusals", test_refusals);
	g_test_add_func ("/operate-secret/derivations", test_derivations);
	g_test_add_func ("/operate-secret/derivation-refusals", test_derivation_refusals);
	return g_test_run ();
}
