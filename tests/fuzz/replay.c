/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A fuzz target without libFuzzer: every seed, and mutations of the seeds by a generator with a fixed
 * start (ROUNDS= in the environment: how many; SEED=: another start). An input that crashed is found
 * in the program's message, as the line to add to NAME.seeds: hexadecimal, # begins a comment.
 */
#include <config.h>

#include "tests/fuzz/fuzz.h"

#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS 20000
#define LENGTH_MAX 8192
#define STUCK_S 60

static const guint8 *current;
static gsize current_length;

/* The input at hand, in hexadecimal, by write(2) alone. */
static void
on_crash (int number)
{
	static const char digits[] = "0123456789abcdef";

	for (gsize i = 0; i < current_length; i++) {
		const char pair[2] = {digits[current[i] >> 4], digits[current[i] & 15]};

		if (write (STDERR_FILENO, pair, 2) != 2)
			break;
	}
	if (write (STDERR_FILENO, "\n", 1) == 1)
		signal (number, SIG_DFL);
	raise (number);
}

static void
run_one (const guint8 *bytes, gsize length)
{
	g_autofree guint8 *exact = g_malloc (MAX (length, 1));

	memcpy (exact, bytes, length);
	current = bytes;
	current_length = length;
	alarm (STUCK_S);
	LLVMFuzzerTestOneInput (exact, length);
	alarm (0);
}

static GBytes *
parse_line (const char *line)
{
	GByteArray *bytes = g_byte_array_new ();
	guint8 byte;

	for (; g_ascii_isxdigit (line[0]) && g_ascii_isxdigit (line[1]); line += 2) {
		byte = (guint8)(g_ascii_xdigit_value (line[0]) << 4 |
				g_ascii_xdigit_value (line[1]));
		g_byte_array_append (bytes, &byte, 1);
	}
	if (*line != '\0')
		g_error ("a seed is no hexadecimal text: %.40s", line);
	return g_byte_array_free_to_bytes (bytes);
}

static GPtrArray *
read_seeds (const char *name)
{
	g_autofree char *file = g_strconcat (name, ".seeds", NULL);
	g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fuzz", file, NULL);
	g_autofree char *text = NULL;
	GPtrArray *seeds = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
	g_auto (GStrv) lines = NULL;

	if (!g_file_get_contents (path, &text, NULL, NULL))
		g_error ("no seeds: %s", path);
	lines = g_strsplit (text, "\n", -1);
	for (char **line = lines; *line != NULL; line++) {
		if (**line != '#' && **line != '\0')
			g_ptr_array_add (seeds, parse_line (*line));
	}
	return seeds;
}

static void
mutate_once (GRand *rand, GByteArray *bytes)
{
	static const guint8 extremes[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
	guint32 place = bytes->len > 0 ? g_rand_int_range (rand, 0, (gint32)bytes->len) : 0;
	guint8 byte = g_rand_boolean (rand) ? (guint8)g_rand_int (rand)
					    : extremes[g_rand_int (rand) % sizeof extremes];

	switch (bytes->len > 0 ? g_rand_int (rand) % 5 : 3) {
	case 0:
		bytes->data[place] = byte;
		break;
	case 1:
		bytes->data[place] ^= (guint8)(1u << (byte & 7));
		break;
	case 2:
		g_byte_array_set_size (bytes, place);
		break;
	case 3:
		g_byte_array_append (bytes, &byte, 1);
		memmove (bytes->data + place + 1, bytes->data + place, bytes->len - place - 1);
		bytes->data[place] = byte;
		break;
	default:
		g_byte_array_remove_range (bytes, place,
					   MIN (bytes->len - place, (guint)(byte & 15) + 1));
	}
}

/* A seed, changed in one to eight places; now and then with the end of another. */
static void
run_mutation (GRand *rand, const GPtrArray *seeds)
{
	g_autoptr (GByteArray) bytes = g_byte_array_new ();
	guint n_changes = g_rand_int (rand) % 8 + 1;

	for (guint i = 0; i < (g_rand_int (rand) % 16 == 0 ? 2 : 1); i++) {
		GBytes *seed = seeds->pdata[g_rand_int (rand) % seeds->len];

		g_byte_array_append (bytes, g_bytes_get_data (seed, NULL),
				     (guint)g_bytes_get_size (seed));
	}
	while (n_changes-- > 0)
		mutate_once (rand, bytes);
	run_one (bytes->data, MIN (bytes->len, LENGTH_MAX));
}

static guint32
from_environment (const char *variable, guint32 fallback)
{
	const char *text = g_getenv (variable);

	return text != NULL ? (guint32)g_ascii_strtoull (text, NULL, 10) : fallback;
}

static void
test_seeds (gconstpointer data)
{
	const GPtrArray *seeds = data;

	g_assert_cmpuint (seeds->len, >, 0);
	for (guint i = 0; i < seeds->len; i++)
		run_one (g_bytes_get_data (seeds->pdata[i], NULL), g_bytes_get_size (seeds->pdata[i]));
	run_one ((const guint8 *)"", 0);
}

static void
test_mutations (gconstpointer data)
{
	GRand *rand = g_rand_new_with_seed (from_environment ("SEED", 1));
	guint32 rounds = from_environment ("ROUNDS", ROUNDS);

	for (guint32 i = 0; i < rounds; i++)
		run_mutation (rand, data);
	g_rand_free (rand);
}

int
main (int argc, char **argv)
{
	static const int deaths[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM};
	g_autofree char *base = g_path_get_basename (argv[0]);
	g_autofree char *seeds_path = NULL, *mutations_path = NULL;
	g_autoptr (GPtrArray) seeds = NULL;
	const char *name = strchr (base, '-') + 1;

	g_test_init (&argc, &argv, NULL);
	seeds = read_seeds (name);
	for (gsize i = 0; i < G_N_ELEMENTS (deaths); i++)
		signal (deaths[i], on_crash);
	seeds_path = g_strdup_printf ("/fuzz/%s/seeds", name);
	mutations_path = g_strdup_printf ("/fuzz/%s/mutations", name);
	g_test_add_data_func (seeds_path, seeds, test_seeds);
	g_test_add_data_func (mutations_path, seeds, test_mutations);
	return g_test_run ();
}
