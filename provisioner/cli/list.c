/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* enrolee list */
#include <config.h>

#include "provisioner/cli/cli-output.h"
#include "provisioner/cli/seen.h"

static void
print_json (GPtrArray *all)
{
	JsonBuilder *builder = cli_json_begin ();

	json_builder_set_member_name (builder, "credentials");
	json_builder_begin_array (builder);
	for (guint i = 0; i < all->len; i++) {
		json_builder_begin_object (builder);
		cli_json_credential (builder, all->pdata[i]);
		json_builder_end_object (builder);
	}
	json_builder_end_array (builder);
	cli_json_print (builder);
}

/* Users, then groups as @group. */
static char *
describe_principals (const PvCredential *credential)
{
	GString *text = g_string_new (NULL);

	for (guint i = 0; credential->users[i] != NULL; i++)
		g_string_append_printf (text, "%s%s", text->len > 0 ? "," : "", credential->users[i]);
	for (guint i = 0; credential->groups[i] != NULL; i++)
		g_string_append_printf (text, "%s@%s", text->len > 0 ? "," : "", credential->groups[i]);
	return g_string_free (text, FALSE);
}

int
cli_list (Cli *cli, int argc, char **argv)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GPtrArray) all = NULL;
	CliTable *table;

	if (!cli_parse (cli, NULL, &argc, &argv, 0, 0))
		return CLI_USAGE;
	all = cli_credentials (cli, &error);
	if (all == NULL)
		return cli_fail (cli, error);
	if (cli->json) {
		print_json (all);
		return CLI_OK;
	}
	table = cli_table_new ("NAME", "KIND", "KEY", "EXPIRES", "ORIGIN", "USED BY", NULL);
	for (guint i = 0; i < all->len; i++) {
		const PvCredential *credential = all->pdata[i];
		g_autofree char *key = cli_key_name (credential);
		g_autofree char *expires = cli_time (credential->not_after_s);
		g_autofree char *principals = describe_principals (credential);

		cli_table_add (table,
			       credential->name,
			       cli_kind_name (credential->kind),
			       key,
			       credential->generation != 0 ? expires : "(not published)",
			       credential->origin,
			       principals);
	}
	cli_table_print (table);
	return CLI_OK;
}
