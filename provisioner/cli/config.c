/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* enrolee config: reads the settings as the daemons do, and prints what is in effect and why. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "provisioner/cli/cli-output.h"
#include "provisioner/dialect.h"

typedef void (*Visit) (gpointer data,
		       const char *heading,
		       const PvSetting *setting,
		       const char *value,
		       const char *source);

static void
visit_group (const PvSettings *settings, const char *heading, Visit visit, gpointer data)
{
	gsize n_settings;
	const PvSetting *table = pv_settings_table (&n_settings);
	g_autofree char *word = g_strndup (heading, strcspn (heading, " "));
	const char *name = heading[strlen (word)] != '\0' ? heading + strlen (word) + 1 : NULL;

	for (gsize i = 0; i < n_settings; i++) {
		g_autofree char *value = NULL;

		if (!g_str_equal (table[i].group, word))
			continue;
		value = pv_settings_get (settings, word, name, table[i].key);
		visit (data,
		       heading,
		       &table[i],
		       value,
		       pv_settings_source (settings, heading, table[i].key));
	}
}

/* The groups without a name always, those with one as far as a file has them. */
static void
visit_all (const PvSettings *settings, Visit visit, gpointer data)
{
	g_auto (GStrv) headings = pv_settings_groups (settings);

	visit_group (settings, "keystore", visit, data);
	visit_group (settings, "provisioner", visit, data);
	for (guint i = 0; headings[i] != NULL; i++) {
		if (strchr (headings[i], ' ') != NULL)
			visit_group (settings, headings[i], visit, data);
	}
}

static void
print_one (gpointer data,
	   const char *heading,
	   const PvSetting *setting,
	   const char *value,
	   const char *source)
{
	char **last = data;

	if (g_strcmp0 (*last, heading) != 0) {
		printf ("%s[%s]\n", *last != NULL ? "\n" : "", heading);
		g_free (*last);
		*last = g_strdup (heading);
	}
	if (value == NULL)
		printf ("# %s is not set: %s\n", setting->key, setting->help);
	else
		printf ("%s=%s%s%s\n",
			setting->key,
			value,
			source != NULL ? "    # " : "    # default",
			source != NULL ? source : "");
}

static void
json_one (gpointer data,
	  const char *heading,
	  const PvSetting *setting,
	  const char *value,
	  const char *source)
{
	JsonBuilder *builder = data;

	json_builder_begin_object (builder);
	cli_json_text (builder, "group", heading);
	cli_json_text (builder, "key", setting->key);
	cli_json_text (builder, "value", value);
	cli_json_text (builder, "source", source);
	json_builder_end_object (builder);
}

/* What the settings name and only the exchange would read. A systemd credential is seen by the unit alone. */
static gboolean
check_dialects (const PvSettings *settings, GError **error)
{
	g_auto (GStrv) names = pv_settings_names (settings, "mef");

	for (guint i = 0; names[i] != NULL; i++) {
		g_autofree char *path = pv_settings_get (settings, "mef", names[i], "Dialect");
		g_autoptr (PvDialect) dialect = NULL;

		if (path == NULL || path[0] != '/')
			continue;
		dialect = pv_dialect_load (path, error);
		if (dialect == NULL) {
			g_prefix_error (error, "[mef %s] Dialect: ", names[i]);
			return FALSE;
		}
	}
	return TRUE;
}

int
cli_config (Cli *cli, int argc, char **argv)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PvSettings) settings = NULL;
	g_autofree char *last = NULL;
	JsonBuilder *builder;

	if (!cli_parse (cli, NULL, &argc, &argv, 0, 0))
		return CLI_USAGE;
	settings = pv_settings_load (cli->config_dir, &error);
	if (settings == NULL || !check_dialects (settings, &error))
		return cli_fail (cli, error);
	if (!cli->json) {
		visit_all (settings, print_one, &last);
		return CLI_OK;
	}
	builder = cli_json_begin ();
	cli_json_list (builder, "files", pv_settings_files (settings));
	json_builder_set_member_name (builder, "settings");
	json_builder_begin_array (builder);
	visit_all (settings, json_one, builder);
	json_builder_end_array (builder);
	cli_json_print (builder);
	return CLI_OK;
}
