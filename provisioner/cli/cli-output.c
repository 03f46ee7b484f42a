/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables, colour, times, and the pieces of JSON; see cli-output.h. */
#include <config.h>

#include "provisioner/cli/cli-output.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct _CliTable {
	guint n_columns;
	GPtrArray *cells; /* row by row, headings first */
};

gboolean
cli_is_terminal (void)
{
	const char *term = g_getenv ("TERM");

	return isatty (STDOUT_FILENO) && g_strcmp0 (term, "dumb") != 0;
}

CliTable *
cli_table_new (const char *first, ...)
{
	CliTable *table = g_new0 (CliTable, 1);
	va_list args;

	table->cells = g_ptr_array_new_with_free_func (g_free);
	va_start (args, first);
	for (const char *cell = first; cell != NULL; cell = va_arg (args, const char *)) {
		g_ptr_array_add (table->cells, g_strdup (cell));
		table->n_columns++;
	}
	va_end (args);
	return table;
}

void
cli_table_add (CliTable *table, const char *first, ...)
{
	va_list args;
	const char *cell = first;

	va_start (args, first);
	for (guint i = 0; i < table->n_columns; i++) {
		g_ptr_array_add (table->cells, cli_clean (cell != NULL ? cell : ""));
		if (i + 1 < table->n_columns)
			cell = va_arg (args, const char *);
	}
	va_end (args);
}

static glong
column_width (const CliTable *table, guint column)
{
	glong width = 0;

	for (guint i = column; i < table->cells->len; i += table->n_columns)
		width = MAX (width, g_utf8_strlen (table->cells->pdata[i], -1));
	return width;
}

static void
print_row (const CliTable *table, guint row, const glong *widths)
{
	for (guint i = 0; i < table->n_columns; i++) {
		const char *cell = table->cells->pdata[row * table->n_columns + i];
		gboolean last = i + 1 == table->n_columns;
		glong gap = widths != NULL && !last ? widths[i] - g_utf8_strlen (cell, -1) + 2 : 0;

		printf ("%s%*s", cell, (int) gap, "");
		if (widths == NULL && !last)
			putchar ('\t');
	}
	putchar ('\n');
}

void
cli_table_print (CliTable *table)
{
	guint n_rows = table->cells->len / table->n_columns;
	g_autofree glong *widths = NULL;

	if (cli_is_terminal ()) {
		widths = g_new0 (glong, table->n_columns);
		for (guint i = 0; i < table->n_columns; i++)
			widths[i] = column_width (table, i);
		printf ("\033[1m");
		print_row (table, 0, widths);
		printf ("\033[0m");
	}
	for (guint row = 1; row < n_rows; row++)
		print_row (table, row, widths);
	g_ptr_array_unref (table->cells);
	g_free (table);
}

char *
cli_mark (CliMark mark, const char *text)
{
	static const int colours[] = {
		[CLI_MARK_GOOD] = 32, [CLI_MARK_WARNING] = 33, [CLI_MARK_BAD] = 31};

	if (!cli_is_terminal ())
		return g_strdup (text);
	return g_strdup_printf ("\033[%dm%s\033[0m", colours[mark], text);
}

gboolean
cli_confirm (const char *question)
{
	char answer[8] = "";

	if (!isatty (STDIN_FILENO)) {
		g_printerr ("%s: not confirmed; say --yes\n", g_get_prgname ());
		return FALSE;
	}
	printf ("%s [y/N] ", question);
	fflush (stdout);
	return fgets (answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

char *
cli_time (gint64 unix_s)
{
	g_autoptr (GDateTime) time = unix_s != 0 ? g_date_time_new_from_unix_utc (unix_s) : NULL;

	return time != NULL ? g_date_time_format (time, "%Y-%m-%d %H:%M:%SZ") : g_strdup ("-");
}

char *
cli_clean (const char *text)
{
	g_autofree char *valid = g_utf8_make_valid (text, -1);
	GString *clean = g_string_new (NULL);

	for (const char *at = valid; *at != '\0'; at = g_utf8_next_char (at)) {
		gunichar c = g_utf8_get_char (at);

		g_string_append_unichar (clean, g_unichar_iscntrl (c) ? 0xfffd : c);
	}
	return g_string_free (clean, FALSE);
}

JsonBuilder *
cli_json_begin (void)
{
	JsonBuilder *builder = json_builder_new ();

	json_builder_begin_object (builder);
	cli_json_number (builder, "version", 1);
	return builder;
}

void
cli_json_text (JsonBuilder *builder, const char *member, const char *value)
{
	g_autofree char *valid = NULL;

	json_builder_set_member_name (builder, member);
	if (value == NULL || value[0] == '\0') {
		json_builder_add_null_value (builder);
		return;
	}
	valid = g_utf8_make_valid (value, -1);
	json_builder_add_string_value (builder, valid);
}

void
cli_json_number (JsonBuilder *builder, const char *member, gint64 value)
{
	json_builder_set_member_name (builder, member);
	json_builder_add_int_value (builder, value);
}

void
cli_json_boolean (JsonBuilder *builder, const char *member, gboolean value)
{
	json_builder_set_member_name (builder, member);
	json_builder_add_boolean_value (builder, value);
}

void
cli_json_time (JsonBuilder *builder, const char *member, gint64 unix_s)
{
	json_builder_set_member_name (builder, member);
	if (unix_s == 0)
		json_builder_add_null_value (builder);
	else
		json_builder_add_int_value (builder, unix_s);
}

void
cli_json_list (JsonBuilder *builder, const char *member, const char *const *values)
{
	json_builder_set_member_name (builder, member);
	json_builder_begin_array (builder);
	for (gsize i = 0; values[i] != NULL; i++)
		json_builder_add_string_value (builder, values[i]);
	json_builder_end_array (builder);
}

void
cli_json_print (JsonBuilder *builder)
{
	g_autoptr (JsonGenerator) generator = json_generator_new ();
	g_autoptr (JsonNode) root = NULL;
	g_autofree char *text = NULL;

	json_builder_end_object (builder);
	root = json_builder_get_root (builder);
	json_generator_set_root (generator, root);
	json_generator_set_pretty (generator, cli_is_terminal ());
	text = json_generator_to_data (generator, NULL);
	printf ("%s\n", text);
	g_object_unref (builder);
}

const char *
cli_kind_name (guint kind)
{
	switch (kind) {
	case WIRE_KIND_KEY_PAIR:
		return "key pair";
	case WIRE_KIND_SECRET:
		return "symmetric key";
	case WIRE_KIND_ANCHORS:
		return "anchors";
	default:
		return "unknown";
	}
}

char *
cli_key_name (const PvCredential *credential)
{
	if (credential->kind == WIRE_KIND_ANCHORS || credential->generation == 0)
		return g_strdup ("-");
	if (credential->kind == WIRE_KIND_SECRET)
		return g_strdup_printf ("%u bit", credential->key_bits);
	switch (credential->key_type) {
	case PV_CKK_EC:
		return g_strdup_printf ("EC %u", credential->key_bits);
	case PV_CKK_RSA:
		return g_strdup_printf ("RSA %u", credential->key_bits);
	case PV_CKK_EC_EDWARDS:
		return g_strdup ("Ed25519");
	default:
		return g_strdup_printf ("type %u", credential->key_type);
	}
}

static char *
hex (GBytes *bytes)
{
	gsize len = 0;
	const guint8 *data = g_bytes_get_data (bytes, &len);
	GString *text = g_string_new (NULL);

	for (gsize i = 0; i < len; i++)
		g_string_append_printf (text, "%02x", data[i]);
	return g_string_free (text, FALSE);
}

void
cli_json_credential (JsonBuilder *builder, const PvCredential *credential)
{
	static const char *const kinds[] = {[WIRE_KIND_KEY_PAIR] = "key-pair",
					    [WIRE_KIND_SECRET] = "symmetric-key",
					    [WIRE_KIND_ANCHORS] = "anchors"};
	g_autofree char *key = cli_key_name (credential);
	g_autofree char *id = hex (credential->id);

	cli_json_text (builder, "name", credential->name);
	cli_json_text (builder,
		       "kind",
		       credential->kind < G_N_ELEMENTS (kinds) ? kinds[credential->kind] : NULL);
	cli_json_text (builder, "origin", credential->origin);
	cli_json_text (builder, "mef", credential->mef);
	cli_json_text (builder, "admin", credential->admin);
	cli_json_text (builder, "client", credential->client);
	cli_json_text (builder, "identifier", credential->identifier);
	cli_json_number (builder, "suid", credential->suid);
	cli_json_list (builder, "users", (const char *const *) credential->users);
	cli_json_list (builder, "groups", (const char *const *) credential->groups);
	cli_json_boolean (builder, "published", credential->generation != 0);
	cli_json_text (builder, "key", key);
	cli_json_text (builder, "id", id);
	cli_json_text (builder, "subject", credential->subject);
	cli_json_text (builder, "issuer", credential->issuer);
	cli_json_time (builder, "not_before", credential->not_before_s);
	cli_json_time (builder, "not_after", credential->not_after_s);
	cli_json_number (builder, "older_keys", credential->retained);
}
