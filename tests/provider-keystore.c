/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fake keystore as a program, for the shell tests: provider-keystore FOLDER REFERENCE=HEX...
 * Prints "ready" and serves until it is killed.
 */
#include <config.h>

#include "tests/provider-fake.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static GBytes *
parse_hex (const char *text)
{
	GByteArray *bytes = g_byte_array_new ();

	for (; g_ascii_isxdigit (text[0]) && g_ascii_isxdigit (text[1]); text += 2) {
		guint8 byte = (guint8)(g_ascii_xdigit_value (text[0]) << 4 |
				       g_ascii_xdigit_value (text[1]));

		g_byte_array_append (bytes, &byte, 1);
	}
	return g_byte_array_free_to_bytes (bytes);
}

int
main (int argc, char **argv)
{
	FakeKeystore *fake;

	if (argc < 3)
		return 2;
	fake = fake_keystore_start (argv[1]);
	for (int i = 2; i < argc; i++) {
		g_auto (GStrv) pair = g_strsplit (argv[i], "=", 2);
		g_autoptr (GBytes) key = NULL;

		if (!pair[0] || !pair[1])
			return 2;
		key = parse_hex (pair[1]);
		fake_keystore_add (fake, pair[0], key);
	}
	puts ("ready");
	fflush (stdout);
	for (;;)
		pause ();
}
