/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TLS13-KDF of enrolee.so as libcrypto calls it: the secrets that a handshake by reference needs
 * are those of the key, all other input yields what it yields without us, and every step that would
 * give something lasting away is an error.
 */
#include <config.h>

#include "tests/provider-prf.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#define EXTRACT EVP_KDF_HKDF_MODE_EXTRACT_ONLY
#define EXPAND EVP_KDF_HKDF_MODE_EXPAND_ONLY
#define EARLY "\0pskrf1E" PRF_ID
#define BINDER "\0pskrf1B" PRF_ID

typedef struct {
	const char *hash;
	gsize len; /* of the hash and of the output */
	int mode;
	const void *key, *salt, *data; /* (nullable): not passed */
	gsize key_len, salt_len, data_len;
	const char *label, *prefix;
} Step;

static guint8 dhe[256];
static guint8 empty[2][48]; /* the hash of nothing: SHA-256's, SHA-384's */

static void
add (OSSL_PARAM **next, const char *name, const void *data, gsize len)
{
	if (data != NULL)
		*(*next)++ = OSSL_PARAM_construct_octet_string (name, (void *)data, len);
}

/* In libssl's order; @part selects: 1 mode and hash, 2 key, 4 the rest. */
static void
fill (OSSL_PARAM *params, const Step *step, guint part)
{
	OSSL_PARAM *next = params;

	if (part & 1) {
		*next++ = OSSL_PARAM_construct_int (OSSL_KDF_PARAM_MODE, (int *)&step->mode);
		*next++ = OSSL_PARAM_construct_utf8_string (OSSL_KDF_PARAM_DIGEST,
							    (char *)step->hash, 0);
	}
	if (part & 2)
		add (&next, OSSL_KDF_PARAM_KEY, step->key, step->key_len);
	if (part & 4) {
		add (&next, OSSL_KDF_PARAM_SALT, step->salt, step->salt_len);
		add (&next, OSSL_KDF_PARAM_PREFIX, step->prefix, strlen (step->prefix));
		add (&next, OSSL_KDF_PARAM_LABEL, step->label, strlen (step->label));
		add (&next, OSSL_KDF_PARAM_DATA, step->data, step->data_len);
	}
	*next = OSSL_PARAM_construct_end ();
}

static gboolean
take (OSSL_LIB_CTX *libctx, const Step *step, guint8 *out)
{
	EVP_KDF_CTX *context = prf_kdf_new (libctx, "TLS13-KDF");
	OSSL_PARAM params[8];
	gboolean derived;

	fill (params, step, 7);
	derived = EVP_KDF_derive (context, out, step->len, params) > 0;
	EVP_KDF_CTX_free (context);
	return derived;
}

/* The four steps; @sha384 selects. */
static Step
step_new (gboolean sha384, int mode, const char *label, const void *key, gsize key_len)
{
	return (Step){.hash = sha384 ? "SHA2-384" : "SHA2-256",
		      .len = sha384 ? 48 : 32,
		      .mode = mode,
		      .key = key,
		      .key_len = key_len,
		      .label = label,
		      .prefix = "tls13 "};
}

static Step
early_step (gboolean sha384, const void *key, gsize key_len)
{
	return step_new (sha384, EXTRACT, "derived", key, key_len);
}

static Step
binder_step (gboolean sha384, const void *early)
{
	Step step = step_new (sha384, EXPAND, "ext binder", early, sha384 ? 48 : 32);

	step.data = empty[sha384];
	step.data_len = step.len;
	return step;
}

static Step
finished_step (gboolean sha384, const void *binder)
{
	return step_new (sha384, EXPAND, "finished", binder, sha384 ? 48 : 32);
}

static Step
handshake_step (gboolean sha384, const void *early, gsize dhe_len)
{
	Step step = step_new (sha384, EXTRACT, "derived", dhe, dhe_len);

	step.salt = early;
	step.salt_len = step.len;
	return step;
}

/* What a handshake takes from the key: the binder's key, then the handshake secret. */
static void
run_schedule (OSSL_LIB_CTX *libctx,
	      gboolean sha384,
	      const void *key,
	      gsize key_len,
	      gsize dhe_len,
	      guint8 result[2][48])
{
	guint8 early[48], binder[48];
	Step step = early_step (sha384, key, key_len);

	g_assert_true (take (libctx, &step, early));
	step = binder_step (sha384, early);
	g_assert_true (take (libctx, &step, binder));
	step = finished_step (sha384, binder);
	g_assert_true (take (libctx, &step, result[0]));
	step = handshake_step (sha384, early, dhe_len);
	g_assert_true (take (libctx, &step, result[1]));
}

static void
test_schedule (void)
{
	static const gsize key_lens[] = {1, 16, 31, 32, 33, 48, 64, 65, 128, 129, 511, 512};
	static const gsize dhe_lens[] = {32, 48, 56, 66, 256};
	guint8 key[512], got[2][48], expected[2][48];

	for (gsize i = 0; i < sizeof key; i++)
		key[i] = (guint8)g_random_int ();
	for (gsize i = 0; i < 2 * G_N_ELEMENTS (key_lens); i++) {
		gsize key_len = key_lens[i / 2], dhe_len = dhe_lens[i % G_N_ELEMENTS (dhe_lens)];
		FakeKeystore *fake = prf_start_keystore (key, key_len);

		run_schedule (prf_ours, i & 1, PRF_REFERENCE, 32, dhe_len, got);
		g_assert_cmpuint (fake_keystore_requests (fake), ==, 2);
		run_schedule (prf_plain, i & 1, key, key_len, dhe_len, expected);
		for (gsize j = 0; j < 2; j++)
			g_assert_cmpmem (got[j], i & 1 ? 48 : 32, expected[j], i & 1 ? 48 : 32);
		fake_keystore_stop (fake);
	}
}

/* Between the steps, the program holds stand-ins, byte for byte these. */
static void
test_stand_ins (void)
{
	guint8 expected[48] = {0}, got[48];

	for (int sha384 = 0; sha384 < 2; sha384++) {
		Step step = early_step (sha384, PRF_REFERENCE, 32);

		g_assert_true (take (prf_ours, &step, got));
		memcpy (expected, EARLY, 32);
		g_assert_cmpmem (got, step.len, expected, step.len);
		step = binder_step (sha384, expected);
		g_assert_true (take (prf_ours, &step, got));
		memcpy (expected, BINDER, 32);
		g_assert_cmpmem (got, step.len, expected, step.len);
	}
}

/* Parameters in portions (the default implementation wants the mode first), names of modes and
 * hashes, and a context used before. */
static void
test_set_params (void)
{
	static const guint orders[][4] = {{7}, {1, 2, 4}, {1, 4, 2}, {3, 4}, {5, 2}, {1, 6}};
	static const char *const hashes[] = {"SHA256", "SHA2-256", "sha-256"};
	FakeKeystore *fake = prf_start_keystore (prf_randoms, 32);
	EVP_KDF_CTX *context = prf_kdf_new (prf_ours, "TLS13-KDF");
	Step step = handshake_step (FALSE, EARLY, 32);
	OSSL_PARAM params[8];
	guint8 got[32], expected[32];

	g_assert_true (take (prf_ours, &step, expected));
	for (gsize i = 0; i < G_N_ELEMENTS (orders); i++) {
		step.hash = hashes[i % G_N_ELEMENTS (hashes)];
		for (gsize j = 0; j < 4 && orders[i][j]; j++) {
			fill (params, &step, orders[i][j]);
			if (i & 1 && orders[i][j] & 1)
				params[0] = OSSL_PARAM_construct_utf8_string (
					OSSL_KDF_PARAM_MODE, (char *)"EXTRACT_ONLY", 0);
			g_assert_cmpint (EVP_KDF_CTX_set_params (context, params), >, 0);
		}
		g_assert_cmpint (EVP_KDF_derive (context, got, 32, NULL), >, 0);
		g_assert_cmpmem (got, 32, expected, 32);
		EVP_KDF_CTX_reset (context);
		g_assert_cmpint (EVP_KDF_derive (context, got, 32, NULL), <=, 0);
	}
	EVP_KDF_CTX_free (context);
	fake_keystore_stop (fake);
	ERR_clear_error ();
}

/* A stand-in gives way to an ordinary secret in the same context; the rest stays. */
static void
test_secret_replaced (void)
{
	EVP_KDF_CTX *context = prf_kdf_new (prf_ours, "TLS13-KDF");
	Step step = handshake_step (FALSE, EARLY, 32);
	OSSL_PARAM params[8];
	guint8 got[32], expected[32];

	fill (params, &step, 7);
	g_assert_cmpint (EVP_KDF_CTX_set_params (context, params), >, 0);
	step.salt = prf_randoms;
	fill (params, &step, 4);
	g_assert_cmpint (EVP_KDF_derive (context, got, 32, params), >, 0);
	g_assert_true (take (prf_plain, &step, expected));
	g_assert_cmpmem (got, 32, expected, 32);
	EVP_KDF_CTX_free (context);
}

static void
check_fall_through (guint round)
{
	static const char *const hashes[] = {"SHA256", "SHA384", "SHA512", "SHA1", "no-such-hash"};
	static const char *const labels[] = {"derived", "ext binder", "finished", "c hs traffic",
					     ""};
	static const int modes[] = {EXTRACT, EXPAND, EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND, 77};
	guint8 random[256], got[64], expected[64];
	Step step = {.hash = hashes[round % G_N_ELEMENTS (hashes)],
		     .len = (gsize)g_random_int_range (1, 65),
		     .mode = modes[round % G_N_ELEMENTS (modes)],
		     .key = round % 7 ? random : NULL,
		     .key_len = (gsize)g_random_int_range (0, 129),
		     .salt = round % 3 ? random + 128 : NULL,
		     .salt_len = (gsize)g_random_int_range (0, 65),
		     .data = round % 2 ? random + 192 : NULL,
		     .data_len = (gsize)g_random_int_range (0, 65),
		     .label = labels[round % G_N_ELEMENTS (labels)],
		     .prefix = "tls13 "};
	gboolean derived;

	for (gsize i = 0; i < sizeof random; i++)
		random[i] = (guint8)g_random_int ();
	if (round % 2)
		step.len = strstr (step.hash, "384") ? 48 : 32;
	derived = take (prf_plain, &step, expected);
	g_assert_cmpint (take (prf_ours, &step, got), ==, derived);
	if (derived)
		g_assert_cmpmem (got, step.len, expected, step.len);
	ERR_clear_error ();
}

static void
test_fall_through (void)
{
	for (guint round = 0; round < 2000; round++)
		check_fall_through (round);
}

/* ---- refusals ---- */

static void
refuse (const Step *step, const char *reason)
{
	guint8 out[64] = {0}, zeros[64] = {0};
	const char *text;

	ERR_clear_error ();
	g_assert_false (take (prf_ours, step, out));
	g_assert_cmpmem (out, sizeof out, zeros, sizeof zeros);
	text = ERR_reason_error_string (ERR_peek_last_error ());
	if (text == NULL || strstr (text, reason) == NULL)
		g_error ("refused with \"%s\", wanted \"%s\"", text, reason);
	ERR_clear_error ();
}

#define STEP "not good for this derivation"
#define LENGTH "as long as its hash"
#define EARLY_DATA "not good for early data"
#define NO_DHE "needs Diffie-Hellman"
#define MALFORMED "malformed reference"

/* What an early secret, a binder key or the key itself is not good for. */
static void
test_refuses_steps (void)
{
	static const struct {
		int mode;
		const char *key, *label, *reason;
	} cases[] = {
		{EXPAND, EARLY, "c e traffic", EARLY_DATA},
		{EXPAND, EARLY, "e exp master", EARLY_DATA},
		{EXPAND, EARLY, "res binder", STEP},
		{EXPAND, EARLY, "derived", STEP},
		{EXPAND, EARLY, "finished", STEP},
		{EXPAND, EARLY, "Ext binder", STEP},
		{EXPAND, EARLY, "", STEP},
		{EXPAND, BINDER, "ext binder", STEP},
		{EXPAND, BINDER, "traffic upd", STEP},
		{EXPAND, BINDER, "key", STEP},
		{EXPAND, PRF_REFERENCE, "ext binder", STEP},
		{EXPAND, PRF_REFERENCE, "finished", STEP},
		{EXTRACT, EARLY, "derived", STEP},
		{EXTRACT, BINDER, "derived", STEP},
		{EXTRACT, PRF_REFERENCE, "finished", STEP},
		{EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND, PRF_REFERENCE, "derived", ""},
	};

	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		Step step = step_new (FALSE, cases[i].mode, cases[i].label, cases[i].key, 32);

		step.data = empty[0];
		step.data_len = 32;
		refuse (&step, cases[i].reason);
	}
}

/* The four good steps, each spoilt in every one of its inputs. */
static void
test_refuses_spoilt (void)
{
	guint8 zeros[1025] = {0}, early[48] = {0}, binder[48] = {0};

	memcpy (early, EARLY, 32);
	memcpy (binder, BINDER, 32);
	for (int sha384 = 0; sha384 < 2; sha384++) {
		const Step good[] = {early_step (sha384, PRF_REFERENCE, 32),
				     binder_step (sha384, early), finished_step (sha384, binder),
				     handshake_step (sha384, early, 32)};

		for (gsize i = 0; i < G_N_ELEMENTS (good); i++) {
			Step step = good[i];

			step.hash = "SHA2-512";
			refuse (&step, "SHA-256 or SHA-384");
			step = good[i];
			step.len--;
			refuse (&step, LENGTH);
			step = good[i];
			step.len = sha384 ? 32 : 48;
			refuse (&step, LENGTH);
			step = good[i];
			step.hash = sha384 ? "SHA2-256" : "SHA2-384";
			refuse (&step, LENGTH);
			step = good[i];
			step.prefix = "dtls13";
			refuse (&step, STEP);
			step = good[i];
			step.data = i == 1 ? zeros : empty[sha384];
			step.data_len = step.len;
			refuse (&step, STEP);
			step = good[i];
			step.salt = i == 3 ? PRF_REFERENCE : (const void *)zeros;
			step.salt_len = 32;
			refuse (&step, STEP);
		}
	}
}

static void
test_refuses_without_dhe (void)
{
	guint8 zeros[1025] = {0};
	Step step = handshake_step (FALSE, EARLY, 0);

	refuse (&step, NO_DHE);
	step.key = NULL;
	refuse (&step, NO_DHE);
	step.key = zeros;
	step.key_len = 32;
	refuse (&step, NO_DHE);
	step.key_len = 1025;
	refuse (&step, STEP);
	step.key = EARLY;
	step.key_len = 32;
	refuse (&step, STEP);
	step.key = PRF_REFERENCE;
	refuse (&step, STEP);
	step.key = prf_randoms; /* shorter than any that libssl makes: the keystore says it */
	step.key_len = 31;
	refuse (&step, "keystore refused");
}

static void
test_refuses_malformed (void)
{
	static const struct {
		const char *secret;
		gsize len;
	} cases[] = {
		{"pskref1:", 8},
		{"pskref1:" PRF_ID "x", 33},
		{"pskref2:" PRF_ID, 32},
		{"pskref1:short", 13},
		{"\0pskrf", 6},
		{"\0pskrf1F" PRF_ID, 32},
		{"\0pskrf1K" PRF_ID, 32},
		{"\0pskrf2E" PRF_ID, 32},
		{EARLY "\0", 33},
		{EARLY "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0x", 48},
		{EARLY "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 49},
		{BINDER, 31},
	};

	for (gsize i = 0; i < 2 * G_N_ELEMENTS (cases); i++) {
		Step step = early_step (FALSE, cases[i / 2].secret, cases[i / 2].len);
		EVP_KDF_CTX *context = prf_kdf_new (prf_ours, "TLS13-KDF");
		OSSL_PARAM params[8];
		guint8 out[32];

		if (i & 1) {
			step.salt = step.key;
			step.salt_len = step.key_len;
			step.key = dhe;
			step.key_len = 32;
		}
		refuse (&step, MALFORMED);
		/* a caller that ignores the first refusal meets another */
		fill (params, &step, 7);
		g_assert_cmpint (EVP_KDF_CTX_set_params (context, params), <=, 0);
		g_assert_cmpint (EVP_KDF_derive (context, out, sizeof out, NULL), <=, 0);
		EVP_KDF_CTX_free (context);
	}
	ERR_clear_error ();
}

/* Nothing of the above asked the keystore, but for the one step that says so. */
static void
test_refuses (void)
{
	FakeKeystore *fake = prf_start_keystore (prf_randoms, 32);

	test_refuses_steps ();
	test_refuses_spoilt ();
	test_refuses_malformed ();
	g_assert_cmpuint (fake_keystore_requests (fake), ==, 0);
	test_refuses_without_dhe ();
	g_assert_cmpuint (fake_keystore_requests (fake), ==, 1);
	fake_keystore_stop (fake);
}

static void
test_refused_by_keystore (void)
{
	FakeKeystore *fake = prf_start_keystore (prf_randoms, 32);
	Step step = finished_step (FALSE, "\0pskrf1Bunknown_reference_000000");

	refuse (&step, "keystore refused");
	step = handshake_step (FALSE, "\0pskrf1Eunknown_reference_000000", 32);
	refuse (&step, "keystore refused");
	g_assert_cmpuint (fake_keystore_requests (fake), ==, 2);
	step = finished_step (FALSE, BINDER);
	fake_keystore_set_conduct (fake, FAKE_SHORT);
	refuse (&step, "");
	fake_keystore_set_conduct (fake, FAKE_HANGUP);
	refuse (&step, "does not answer");
	fake_keystore_stop (fake);
	step = handshake_step (TRUE, EARLY "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 32);
	refuse (&step, "does not answer");
}

static const PrfTest tests[] = {
	{"/provider/kdf13/schedule", test_schedule},
	{"/provider/kdf13/stand-ins", test_stand_ins},
	{"/provider/kdf13/set-params", test_set_params},
	{"/provider/kdf13/secret-replaced", test_secret_replaced},
	{"/provider/kdf13/fall-through", test_fall_through},
	{"/provider/kdf13/refuses", test_refuses},
	{"/provider/kdf13/refused-by-keystore", test_refused_by_keystore},
};

int
main (int argc, char **argv)
{
	for (gsize i = 0; i < sizeof dhe; i++)
		dhe[i] = (guint8)(i * 11 + 5);
	g_assert_true (EVP_Q_digest (NULL, "SHA2-256", NULL, "", 0, empty[0], NULL) == 1);
	g_assert_true (EVP_Q_digest (NULL, "SHA2-384", NULL, "", 0, empty[1], NULL) == 1);
	return prf_run_tests (&argc, &argv, tests, G_N_ELEMENTS (tests));
}
