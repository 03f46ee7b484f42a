/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a command says, into the log: bounded, and nothing in it that a terminal would obey. */
#include <config.h>

#include "provisioner/hook/hook.h"

#include <string.h>

#include "provisioner/limits.h"

struct _PvHookOutput {
	char *prefix;
	GString *line;
	gsize bytes, lines; /* logged */
};

PvHookOutput *
pv_hook_output_new (const char *prefix)
{
	PvHookOutput *output = g_new0 (PvHookOutput, 1);

	output->prefix = g_strdup (prefix);
	output->line = g_string_new (NULL);
	return output;
}

static gboolean
is_full (const PvHookOutput *output)
{
	return output->bytes > PV_HOOK_OUTPUT_MAX || output->lines >= PV_HOOK_LINES_MAX;
}

static void
log_line (PvHookOutput *output)
{
	g_autofree char *clean = NULL;

	if (output->line->len == 0)
		return;
	if (!is_full (output)) {
		clean = g_utf8_make_valid (output->line->str, output->line->len);
		for (char *at = clean; *at != '\0'; at++)
			*at = g_ascii_iscntrl (*at) ? ' ' : *at;
		g_message ("%s: %s", output->prefix, clean);
		output->bytes += output->line->len;
		output->lines++;
		if (is_full (output))
			g_message ("%s: what else it says is not logged", output->prefix);
	}
	g_string_truncate (output->line, 0);
}

void
pv_hook_output_take (PvHookOutput *output, const char *text, gsize len)
{
	for (gsize i = 0; i < len; i++) {
		if (text[i] != '\n')
			g_string_append_c (output->line, text[i]);
		if (text[i] == '\n' || output->line->len >= PV_HOOK_LINE_MAX)
			log_line (output);
	}
}

void
pv_hook_output_free (PvHookOutput *output)
{
	if (output == NULL)
		return;
	log_line (output);
	g_string_free (output->line, TRUE);
	g_free (output->prefix);
	g_free (output);
}
