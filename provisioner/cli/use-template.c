/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads and fills in the texts; see use-template.h and use/README. */
#include <config.h>

#include "provisioner/cli/use-template.h"

#include <stdlib.h>
#include <string.h>

#define FOLDER "/org/onem2m/enrolee/use"

void
cli_template_free (CliTemplate *template)
{
	if (template == NULL)
		return;
	g_free (template->program);
	g_free (template->kind);
	g_free (template->summary);
	g_free (template->user);
	g_free (template->unit);
	g_free (template->openssl);
	g_free (template->where);
	g_free (template->then);
	g_free (template->body);
	g_free (template);
}

static void
take_field (CliTemplate *template, const char *line)
{
	const struct {
		const char *name;
		char **value;
	} fields[] = {
		{"Summary: ", &template->summary}, {"User: ", &template->user},
		{"Unit: ", &template->unit},	   {"OpenSSL: ", &template->openssl},
		{"Where: ", &template->where},	   {"Then: ", &template->then},
	};

	for (gsize i = 0; i < G_N_ELEMENTS (fields); i++) {
		if (g_str_has_prefix (line, fields[i].name) && *fields[i].value == NULL)
			*fields[i].value = g_strdup (line + strlen (fields[i].name));
	}
}

CliTemplate *
cli_template_load (const char *program, const char *kind)
{
	g_autofree char *path = g_strdup_printf (FOLDER "/%s.%s", program, kind);
	g_autoptr (GBytes) bytes =
		g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
	const char *text = bytes != NULL ? g_bytes_get_data (bytes, NULL) : NULL; /* ends with NUL */
	const char *body = text != NULL ? strstr (text, "\n\n") : NULL;
	g_autofree char *head = NULL;
	g_auto (GStrv) lines = NULL;
	CliTemplate *template;

	if (body == NULL)
		return NULL;
	template = g_new0 (CliTemplate, 1);
	template->program = g_strdup (program);
	template->kind = g_strdup (kind);
	template->body = g_strdup (body + strlen ("\n\n"));
	head = g_strndup (text, body - text);
	lines = g_strsplit (head, "\n", -1);
	for (guint i = 0; lines[i] != NULL; i++)
		take_field (template, lines[i]);
	return template;
}

static int
compare_texts (gconstpointer a, gconstpointer b)
{
	return strcmp (*(const char *const *) a, *(const char *const *) b);
}

GPtrArray *
cli_template_all (void)
{
	GPtrArray *all = g_ptr_array_new_with_free_func ((GDestroyNotify) cli_template_free);
	g_auto (GStrv) files =
		g_resources_enumerate_children (FOLDER, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

	if (files == NULL)
		return all;
	qsort (files, g_strv_length (files), sizeof *files, compare_texts);
	for (guint i = 0; files[i] != NULL; i++) {
		char *dot = strchr (files[i], '.');
		CliTemplate *template;

		if (dot == NULL)
			continue;
		*dot = '\0';
		template = cli_template_load (files[i], dot + 1);
		if (template != NULL)
			g_ptr_array_add (all, template);
	}
	return all;
}

/* @line without its condition, or %NULL when that does not hold. */
static const char *
admit (const char *line, const char *const *conditions)
{
	g_autofree char *condition = NULL;
	const char *rest;

	if (line[0] != '?')
		return line;
	rest = line + strcspn (line, " ");
	condition = g_strndup (line + 1, rest - line - 1);
	return *rest == ' ' && g_strv_contains (conditions, condition) ? rest + 1 : NULL;
}

char *
cli_template_expand (const char *text,
		     const CliTemplateWord *words,
		     const char *const *conditions)
{
	g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
	GString *out = g_string_new (NULL);

	for (guint i = 0; lines[i] != NULL; i++) {
		const char *line = admit (lines[i], conditions);

		if (line != NULL)
			g_string_append_printf (out, "%s%s", line, lines[i + 1] != NULL ? "\n" : "");
	}
	for (const CliTemplateWord *word = words; word->word != NULL; word++) {
		g_autofree char *mark = g_strdup_printf ("@%s@", word->word);

		g_string_replace (out, mark, word->value != NULL ? word->value : "", 0);
	}
	return g_string_free (out, FALSE);
}
