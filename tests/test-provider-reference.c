/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parser of references: every length, every mutation of a good premaster, both labels. */
#include <config.h>

#include "module/provider/reference.h"

#include <glib.h>
#include <string.h>

#define ID "abcdefghijklmnopqrstuv-_"
#define REFERENCE MOD_REFERENCE_LABEL ID

static GByteArray *
premaster_new (gsize other_len, guint8 fill, const char *key)
{
	GByteArray *bytes = g_byte_array_new ();
	gsize key_len = strlen (key);
	guint8 lengths[4] = {(guint8)(other_len >> 8), (guint8)other_len, (guint8)(key_len >> 8),
			     (guint8)key_len};
	g_autofree guint8 *other = g_malloc (other_len + 1);

	memset (other, fill, other_len);
	g_byte_array_append (bytes, lengths, 2);
	g_byte_array_append (bytes, other, other_len);
	g_byte_array_append (bytes, lengths + 2, 2);
	g_byte_array_append (bytes, (const guint8 *)key, key_len);
	return bytes;
}

/* Parses a copy that ends where the sanitizers look. */
static ModSecretKind
parse (const GByteArray *bytes, gsize len, ModPremaster *premaster)
{
	g_autofree guint8 *exact = g_memdup2 (bytes->data, len);
	ModPremaster local = {0};
	ModSecretKind kind = mod_reference_parse_premaster (exact, len, &local);

	if (premaster && kind == MOD_SECRET_REFERENCE) {
		g_assert_cmpmem (local.id, MOD_REFERENCE_ID_LEN, ID, MOD_REFERENCE_ID_LEN);
		*premaster = local;
	}
	return kind;
}

static ModSecretKind
parse_one (gsize other_len, guint8 fill, const char *key)
{
	g_autoptr (GByteArray) bytes = premaster_new (other_len, fill, key);

	return parse (bytes, bytes->len, NULL);
}

static void
test_premaster (void)
{
	static const gsize others[] = {32, 48, 66, 128, 1024};

	for (gsize i = 0; i < G_N_ELEMENTS (others); i++) {
		g_autoptr (GByteArray) bytes = premaster_new (others[i], 7, REFERENCE);
		ModPremaster premaster;

		g_assert_cmpint (parse (bytes, bytes->len, &premaster), ==, MOD_SECRET_REFERENCE);
		g_assert_false (premaster.plain);
		g_assert_cmpuint (premaster.other_len, ==, others[i]);
	}
	for (gsize other_len = 0; other_len <= 1100; other_len++)
		g_assert_cmpint (parse_one (other_len, 7, REFERENCE), ==,
				 other_len >= 32 && other_len <= 1024 ? MOD_SECRET_REFERENCE
								      : MOD_SECRET_MALFORMED);
}

static void
test_plain (void)
{
	g_autoptr (GByteArray) bytes = premaster_new (32, 0, REFERENCE);
	g_autoptr (GByteArray) longer = premaster_new (48, 0, REFERENCE);
	ModPremaster premaster;

	g_assert_cmpint (parse (bytes, bytes->len, &premaster), ==, MOD_SECRET_REFERENCE);
	g_assert_true (premaster.plain);
	g_assert_cmpuint (premaster.other_len, ==, 0);
	g_assert_cmpint (parse (longer, longer->len, &premaster), ==, MOD_SECRET_REFERENCE);
	g_assert_false (premaster.plain);
	bytes->data[2 + 31] = 1;
	g_assert_cmpint (parse (bytes, bytes->len, &premaster), ==, MOD_SECRET_REFERENCE);
	g_assert_false (premaster.plain);
}

static void
test_malformed_keys (void)
{
	static const char *const malformed[] = {
		"pskref1:",
		"pskref1:abcdefghijklmnopqrstuv-",
		"pskref1:abcdefghijklmnopqrstuv-_x",
		"pskref1:abcdefghijklmnopqrstuv-+",
		"pskref1:abcdefghijklmnopqrstuv-=",
		"pskref1:abcdefghijklmnopqrstu v-",
		"pskref2:abcdefghijklmnopqrstuv-_",
		"pskref",
		"xpskref1:abcdefghijklmnopqrstuv-",
	};
	static const char *const ordinary[] = {"x", "pskre", "PSKREF1:abcdefghijklmnopqrstuv-_"};

	for (gsize i = 0; i < G_N_ELEMENTS (malformed); i++)
		g_assert_cmpint (parse_one (32, 0, malformed[i]), ==, MOD_SECRET_MALFORMED);
	for (gsize i = 0; i < G_N_ELEMENTS (ordinary); i++)
		g_assert_cmpint (parse_one (32, 0, ordinary[i]), ==, MOD_SECRET_ORDINARY);
}

/* Cut anywhere, grown by anything: never a reference. */
static void
test_lengths (void)
{
	g_autoptr (GByteArray) bytes = premaster_new (48, 9, REFERENCE);
	gsize len = bytes->len;

	for (gsize cut = 0; cut < len; cut++)
		g_assert_cmpint (parse (bytes, cut, NULL), ==,
				 cut < 2 + 48 + 2 + 8 ? MOD_SECRET_ORDINARY : MOD_SECRET_MALFORMED);
	g_byte_array_append (bytes, (const guint8 *)"x", 1);
	g_assert_cmpint (parse (bytes, bytes->len, NULL), ==, MOD_SECRET_MALFORMED);
	g_assert_cmpint (parse (bytes, 0, NULL), ==, MOD_SECRET_ORDINARY);
}

/* A bit turned in the framing or the label is never taken for another reference. */
static void
test_mutations (void)
{
	g_autoptr (GByteArray) bytes = premaster_new (48, 9, REFERENCE);

	for (gsize at = 0; at < bytes->len; at++) {
		gboolean in_other = at >= 2 && at < 50;
		gboolean in_id = at >= bytes->len - MOD_REFERENCE_ID_LEN;

		for (guint bit = 0; bit < 8; bit++) {
			ModPremaster premaster;
			ModSecretKind kind;

			bytes->data[at] ^= (guint8)(1u << bit);
			kind = mod_reference_parse_premaster (bytes->data, bytes->len, &premaster);
			if (in_other)
				g_assert_cmpint (kind, ==, MOD_SECRET_REFERENCE);
			else if (!in_id)
				g_assert_cmpint (kind, !=, MOD_SECRET_REFERENCE);
			else
				g_assert_cmpint (kind, !=, MOD_SECRET_ORDINARY);
			bytes->data[at] ^= (guint8)(1u << bit);
		}
	}
}

static void
test_rsa_premaster (void)
{
	guint8 rsa[48] = {3, 3};

	for (gsize i = 2; i < sizeof rsa; i++)
		rsa[i] = (guint8)g_random_int ();
	g_assert_cmpint (mod_reference_parse_premaster (rsa, sizeof rsa, NULL), ==,
			 MOD_SECRET_ORDINARY);
	memcpy (rsa + 16, REFERENCE, MOD_REFERENCE_LEN);
	g_assert_cmpint (mod_reference_parse_premaster (rsa, sizeof rsa, NULL), ==,
			 MOD_SECRET_MALFORMED);
}

static void
test_random (void)
{
	for (guint round = 0; round < 20000; round++) {
		guint8 random[96];
		gsize len = (gsize)g_random_int_range (0, sizeof random);
		ModPremaster premaster;

		for (gsize i = 0; i < len; i++)
			random[i] = (guint8)g_random_int ();
		if (len >= 4 && round % 2) {
			random[0] = 0;
			random[1] = (guint8)g_random_int_range (0, (gint32)len);
		}
		g_assert_cmpint (mod_reference_parse_premaster (random, len, &premaster), ==,
				 MOD_SECRET_ORDINARY);
	}
}

static ModSecretKind
parse_stand_in (const void *bytes, gsize len, ModStandIn *stand_in)
{
	g_autofree guint8 *exact = g_memdup2 (bytes, len);

	return mod_reference_parse_stand_in (exact, len, stand_in);
}

/* Every stand-in that we write is understood, and nothing that differs from it in one place. */
static void
test_stand_in (void)
{
	static const ModStandInKind kinds[] = {MOD_STAND_IN_EARLY, MOD_STAND_IN_BINDER};
	ModStandIn stand_in = {0}, got = {0};

	memcpy (stand_in.id, ID, MOD_REFERENCE_ID_LEN);
	for (gsize i = 0; i < 4; i++) {
		gsize len = i & 1 ? 48 : 32;
		guint8 bytes[48];

		stand_in.kind = kinds[i / 2];
		mod_reference_write_stand_in (&stand_in, bytes, len);
		g_assert_cmpint (parse_stand_in (bytes, len, &got), ==, MOD_SECRET_REFERENCE);
		g_assert_cmpint (got.kind, ==, stand_in.kind);
		g_assert_cmpmem (got.id, MOD_REFERENCE_ID_LEN, ID, MOD_REFERENCE_ID_LEN);
		for (gsize at = 0; at < len; at++) {
			ModSecretKind wanted = at < 6 ? MOD_SECRET_ORDINARY : MOD_SECRET_MALFORMED;

			bytes[at] ^= 0x80;
			g_assert_cmpint (parse_stand_in (bytes, len, &got), ==, wanted);
			bytes[at] ^= 0x80;
		}
		for (gsize cut = 0; cut < len; cut++)
			g_assert_cmpint (parse_stand_in (bytes, cut, &got), ==,
					 cut < 6               ? MOD_SECRET_ORDINARY
					 : cut == 32 && i & 1 ? MOD_SECRET_REFERENCE
							       : MOD_SECRET_MALFORMED);
	}
	g_assert_cmpint (parse_stand_in ("\0pskrf1K" ID, 32, &got), ==, MOD_SECRET_MALFORMED);
	g_assert_cmpint (parse_stand_in ("\0pskrf1F" ID, 32, &got), ==, MOD_SECRET_MALFORMED);
}

static void
test_key (void)
{
	ModStandIn got = {0};

	g_assert_cmpint (parse_stand_in (REFERENCE, MOD_REFERENCE_LEN, &got), ==,
			 MOD_SECRET_REFERENCE);
	g_assert_cmpint (got.kind, ==, MOD_STAND_IN_KEY);
	g_assert_cmpmem (got.id, MOD_REFERENCE_ID_LEN, ID, MOD_REFERENCE_ID_LEN);
	for (gsize len = 6; len < MOD_REFERENCE_LEN; len++)
		g_assert_cmpint (parse_stand_in (REFERENCE, len, &got), ==, MOD_SECRET_MALFORMED);
	g_assert_cmpint (parse_stand_in (REFERENCE "x", MOD_REFERENCE_LEN + 1, &got), ==,
			 MOD_SECRET_MALFORMED);
	g_assert_cmpint (parse_stand_in ("pskref2:" ID, MOD_REFERENCE_LEN, &got), ==,
			 MOD_SECRET_MALFORMED);
	g_assert_cmpint (parse_stand_in ("a key of somebody", 17, &got), ==, MOD_SECRET_ORDINARY);
	g_assert_cmpint (parse_stand_in (NULL, 0, &got), ==, MOD_SECRET_ORDINARY);
}

static void
check_seed (const char *label, gsize len, gsize hash_len, gboolean good, gboolean extended)
{
	g_autofree char *input = g_malloc0 (strlen (label) + len + 1);
	ModSeed seed = {0};

	memcpy (input, label, strlen (label));
	g_assert_cmpint (mod_reference_parse_seed ((const guint8 *)input, strlen (label) + len,
						   hash_len, &seed),
			 ==, good);
	if (!good)
		return;
	g_assert_cmpint (seed.extended, ==, extended);
	g_assert_cmpuint (seed.len, ==, len);
	g_assert_true (seed.seed == (const guint8 *)input + strlen (label));
}

static void
test_seed (void)
{
	for (gsize len = 0; len < 100; len++) {
		for (gsize hash_len = 32; hash_len <= 48; hash_len += 16) {
			check_seed ("master secret", len, hash_len, len == 64, FALSE);
			check_seed ("extended master secret", len, hash_len, len == hash_len, TRUE);
			check_seed ("key expansion", len, hash_len, FALSE, FALSE);
			check_seed ("client finished", len, hash_len, FALSE, FALSE);
			check_seed ("Master secret", len, hash_len, FALSE, FALSE);
			check_seed ("", len, hash_len, FALSE, FALSE);
		}
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/provider/reference/premaster", test_premaster);
	g_test_add_func ("/provider/reference/plain", test_plain);
	g_test_add_func ("/provider/reference/malformed-keys", test_malformed_keys);
	g_test_add_func ("/provider/reference/lengths", test_lengths);
	g_test_add_func ("/provider/reference/mutations", test_mutations);
	g_test_add_func ("/provider/reference/rsa-premaster", test_rsa_premaster);
	g_test_add_func ("/provider/reference/random", test_random);
	g_test_add_func ("/provider/reference/key", test_key);
	g_test_add_func ("/provider/reference/stand-in", test_stand_in);
	g_test_add_func ("/provider/reference/seed", test_seed);
	return g_test_run ();
}
