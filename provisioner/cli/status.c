/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* enrolee status: the keystore, enroleed, and what each enrolment is at. */
#include <config.h>

#include <stdio.h>

#include "provisioner/cli/bus.h"
#include "provisioner/cli/cli-output.h"
#include "provisioner/cli/hooks.h"

typedef struct {
	char *name;
	GVariant *values; /* as the method Status tells */
} Enrolment;

static void
enrolment_free (gpointer data)
{
	Enrolment *enrolment = data;

	g_free (enrolment->name);
	g_variant_unref (enrolment->values);
	g_free (enrolment);
}

static GPtrArray *
ask_enroleed (Cli *cli, GError **error)
{
	g_autoptr (GDBusConnection) bus = cli_bus_connect (cli, error);
	g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (enrolment_free);
	g_auto (GStrv) names = bus != NULL ? cli_bus_enrolments (bus, error) : NULL;

	if (names == NULL)
		return NULL;
	for (gsize i = 0; names[i] != NULL; i++) {
		g_autoptr (GVariant) values = cli_bus_status (bus, names[i], error);
		Enrolment *enrolment;

		if (values == NULL)
			return NULL;
		enrolment = g_new0 (Enrolment, 1);
		enrolment->name = g_strdup (names[i]);
		enrolment->values = g_steal_pointer (&values);
		g_ptr_array_add (all, enrolment);
	}
	return g_steal_pointer (&all);
}

static void
print_keystore (const WireStatusReply *status, const GError *error)
{
	g_autofree char *since = NULL;
	g_autofree char *problem = NULL;
	g_autofree char *mark = NULL;

	if (status == NULL) {
		mark = cli_mark (CLI_MARK_BAD, "not reached");
		printf ("keystore:    %s: %s\n", mark, error->message);
		return;
	}
	since = cli_time (status->started_s);
	problem = pv_wire_dup (status->problem);
	mark = cli_mark (status->token_ready ? CLI_MARK_GOOD : CLI_MARK_BAD,
			 status->token_ready ? "ready" : "token not ready");
	printf ("keystore:    %s since %s, version %.*s\n",
		mark,
		since,
		(int) status->version.len,
		(const char *) status->version.data);
	printf ("token:       %.*s, keys used in %s\n",
		(int) status->backing_module.len,
		(const char *) status->backing_module.data,
		status->residency == WIRE_RESIDENCY_MEMORY ? "memory" : "the token");
	printf ("credentials: %u (%u generations), %u connections\n",
		status->credentials,
		status->generations,
		status->connections);
	if (problem[0] != '\0')
		printf ("problem:     %s\n", problem);
}

static void
print_hooks (GPtrArray *all)
{
	for (guint i = 0; i < all->len; i++) {
		const Enrolment *enrolment = all->pdata[i];
		g_autofree char *text = cli_hooks_text (enrolment->values);
		g_autofree char *clean = text != NULL ? cli_clean (text) : NULL;

		if (clean != NULL)
			printf ("%s: %s\n", enrolment->name, clean);
	}
}

/* What the MEF, or we, did not take: another credential did. */
static void
print_refused (GPtrArray *all)
{
	for (guint i = 0; i < all->len; i++) {
		const Enrolment *enrolment = all->pdata[i];
		g_autofree char *clean = cli_clean (cli_fact_text (enrolment->values, "refused"));

		if (clean[0] != '\0')
			printf ("%s: credential passed over: %s\n", enrolment->name, clean);
	}
}

static void
print_enrolments (GPtrArray *all, const GError *error)
{
	CliTable *table;
	g_autofree char *mark = NULL;

	if (all == NULL) {
		mark = cli_mark (CLI_MARK_BAD, "not reached");
		printf ("enroleed:    %s: %s\n", mark, error->message);
		return;
	}
	mark = cli_mark (CLI_MARK_GOOD, "running");
	printf ("enroleed:    %s, %u enrolments\n", mark, all->len);
	if (all->len == 0)
		return;
	table = cli_table_new ("ENROLMENT", "STATE", "SINCE", "NEXT", "EXPIRES", "MEF", "BY", "ERROR", NULL);
	for (guint i = 0; i < all->len; i++) {
		const Enrolment *enrolment = all->pdata[i];
		g_autofree char *since = cli_time (cli_fact_number (enrolment->values, "since"));
		g_autofree char *next = cli_time (cli_fact_number (enrolment->values, "next"));
		g_autofree char *expires = cli_time (cli_fact_number (enrolment->values, "not_after"));
		g_autofree char *by = g_strdup_printf ("%s %s",
						       cli_fact_text (enrolment->values, "authenticated_by"),
						       cli_fact_text (enrolment->values, "authenticated_with"));

		cli_table_add (table,
			       enrolment->name,
			       cli_fact_text (enrolment->values, "state"),
			       since,
			       next,
			       expires,
			       cli_fact_text (enrolment->values, "mef"),
			       g_strstrip (by),
			       cli_fact_text (enrolment->values, "error"));
	}
	cli_table_print (table);
	print_refused (all);
	print_hooks (all);
}

static void
json_keystore (JsonBuilder *builder, const WireStatusReply *status, const GError *error)
{
	json_builder_set_member_name (builder, "keystore");
	json_builder_begin_object (builder);
	cli_json_boolean (builder, "reached", status != NULL);
	cli_json_text (builder, "error", error != NULL ? error->message : NULL);
	if (status != NULL) {
		g_autofree char *version = pv_wire_dup (status->version);
		g_autofree char *module = pv_wire_dup (status->backing_module);
		g_autofree char *problem = pv_wire_dup (status->problem);

		cli_json_text (builder, "version", version);
		cli_json_text (builder, "backing_module", module);
		cli_json_boolean (builder, "ready", status->token_ready != 0);
		cli_json_text (
			builder, "residency", status->residency == WIRE_RESIDENCY_MEMORY ? "memory" : "token");
		cli_json_number (builder, "credentials", status->credentials);
		cli_json_number (builder, "connections", status->connections);
		cli_json_time (builder, "started", status->started_s);
		cli_json_text (builder, "problem", problem);
	}
	json_builder_end_object (builder);
}

static void
json_enrolments (JsonBuilder *builder, GPtrArray *all, const GError *error)
{
	json_builder_set_member_name (builder, "enroleed");
	json_builder_begin_object (builder);
	cli_json_boolean (builder, "reached", all != NULL);
	cli_json_text (builder, "error", error != NULL ? error->message : NULL);
	json_builder_end_object (builder);
	json_builder_set_member_name (builder, "enrolments");
	json_builder_begin_array (builder);
	for (guint i = 0; all != NULL && i < all->len; i++) {
		const Enrolment *enrolment = all->pdata[i];
		static const char *const none[] = {NULL};
		g_autofree const char **hooks = NULL;

		(void) g_variant_lookup (enrolment->values, "hooks", "^a&s", &hooks);
		json_builder_begin_object (builder);
		cli_json_text (builder, "name", enrolment->name);
		cli_json_text (builder, "state", cli_fact_text (enrolment->values, "state"));
		cli_json_time (builder, "since", cli_fact_number (enrolment->values, "since"));
		cli_json_time (builder, "next", cli_fact_number (enrolment->values, "next"));
		cli_json_time (builder, "not_after", cli_fact_number (enrolment->values, "not_after"));
		cli_json_text (builder, "mef", cli_fact_text (enrolment->values, "mef"));
		cli_json_text (builder, "client", cli_fact_text (enrolment->values, "client"));
		cli_json_text (builder, "authenticated_by", cli_fact_text (enrolment->values, "authenticated_by"));
		cli_json_text (builder,
			       "authenticated_with",
			       cli_fact_text (enrolment->values, "authenticated_with"));
		cli_json_text (builder, "refused", cli_fact_text (enrolment->values, "refused"));
		cli_json_text (builder, "error", cli_fact_text (enrolment->values, "error"));
		cli_json_text (builder, "error_code", cli_fact_text (enrolment->values, "error_code"));
		cli_json_list (builder, "hooks", hooks != NULL ? hooks : none);
		cli_json_text (builder, "hook_error", cli_fact_text (enrolment->values, "hook_error"));
		json_builder_end_object (builder);
	}
	json_builder_end_array (builder);
}

int
cli_status (Cli *cli, int argc, char **argv)
{
	g_autoptr (GError) keystore_error = NULL;
	g_autoptr (GError) bus_error = NULL;
	g_autoptr (GPtrArray) enrolments = NULL;
	WireStatusReply reply;
	const WireStatusReply *status = NULL;

	if (!cli_parse (cli, NULL, &argc, &argv, 0, 0))
		return CLI_USAGE;
	if (pv_keystore_call (cli_keystore (cli), WIRE_MSG_STATUS, NULL, &reply, &keystore_error))
		status = &reply;
	enrolments = ask_enroleed (cli, &bus_error);
	if (cli->json) {
		JsonBuilder *builder = cli_json_begin ();

		json_keystore (builder, status, keystore_error);
		json_enrolments (builder, enrolments, bus_error);
		cli_json_print (builder);
	} else {
		print_keystore (status, keystore_error);
		print_enrolments (enrolments, bus_error);
	}
	return status != NULL && enrolments != NULL ? CLI_OK : CLI_UNREACHABLE;
}
