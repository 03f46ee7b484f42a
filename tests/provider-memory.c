/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looks for secrets in another process: provider-memory PID HEX... reads all of its readable memory
 * and prints each HEX that it found. Status 0 when none was found, 1 when one was, 2 when it could
 * not look.
 */
#include <config.h>

#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REGION_MAX (1ul << 30)

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

/* One mapping; what cannot be read (vvar) and a sanitizer's shadow are skipped. */
static gsize
read_region (int memory, const char *line, guint8 **bytes)
{
	unsigned long start, end;
	char mode[5];
	ssize_t got;

	if (sscanf (line, "%lx-%lx %4s", &start, &end, mode) != 3 || mode[0] != 'r' ||
	    end - start > REGION_MAX)
		return 0;
	*bytes = g_realloc (*bytes, end - start);
	got = pread (memory, *bytes, end - start, (off_t)start);
	return got > 0 ? (gsize)got : 0;
}

int
main (int argc, char **argv)
{
	g_autofree char *maps_path = g_strdup_printf ("/proc/%s/maps", argc > 2 ? argv[1] : "-");
	g_autofree char *mem_path = g_strdup_printf ("/proc/%s/mem", argc > 2 ? argv[1] : "-");
	g_autofree char *maps = NULL;
	g_autofree guint8 *region = NULL;
	g_autofree gboolean *found = g_new0 (gboolean, argc);
	g_auto (GStrv) lines = NULL;
	int memory = open (mem_path, O_RDONLY | O_CLOEXEC);
	gsize total = 0;
	int status = 0;

	if (memory < 0 || !g_file_get_contents (maps_path, &maps, NULL, NULL))
		return 2;
	lines = g_strsplit (maps, "\n", -1);
	for (gsize i = 0; lines[i]; i++) {
		gsize len = read_region (memory, lines[i], &region);

		total += len;
		for (int j = 2; j < argc; j++) {
			g_autoptr (GBytes) wanted = parse_hex (argv[j]);

			found[j] = found[j] ||
				   (len && memmem (region, len, g_bytes_get_data (wanted, NULL),
						   g_bytes_get_size (wanted)));
		}
	}
	close (memory);
	for (int j = 2; j < argc; j++) {
		if (found[j])
			puts (argv[j]);
		status |= found[j];
	}
	return total == 0 ? 2 : status;
}
