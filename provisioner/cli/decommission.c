/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enrolee decommission NAME: the MEF is told, then all that was provisioned is destroyed. Says what
 * the MEF has proven and what is left. Run again while it is under way, it tells the same.
 * Spec: TS-0003 8.3.4.2, 8.3.5.2.6
 */
#include <config.h>

#include <stdio.h>

#include "provisioner/cli/attempt.h"
#include "provisioner/cli/cli-output.h"
#include "provisioner/error.h"

typedef struct {
	CliAttempt attempt;
	gboolean force;
	GVariant *facts; /* (nullable): the method's result */
	GError *error;
} Decommission;

/* (transfer full): of each symmetric key a{sv}; an enroleed of before tells of none. */
static GVariant *
keys_of (const Decommission *decommission)
{
	GVariant *keys =
		g_variant_lookup_value (decommission->facts, "keys", G_VARIANT_TYPE ("aa{sv}"));

	return keys != NULL ? keys
			    : g_variant_ref_sink (g_variant_new_array (
				      G_VARIANT_TYPE_VARDICT, NULL, 0));
}

/* What the MEF's answer about a registration or a key means. */
static const char *
in_words (gboolean proven, const char *result)
{
	if (g_str_equal (result, "absent"))
		return "the MEF has it no more";
	return proven ? "de-registered, as the MEF's answer proves" : "not proven to be gone";
}

static void
print_left (const char *left)
{
	g_autofree char *clean = cli_clean (left);

	if (clean[0] != '\0')
		printf ("Not proven:   %s\n", clean);
}

static void
print_key (GVariant *key)
{
	g_autofree char *id = cli_clean (cli_fact_text (key, "id"));
	g_autofree char *message = cli_clean (cli_fact_text (key, "message"));
	gboolean proven = cli_fact_flag (key, "proven");

	printf ("Key:          %s: %s%s%s\n",
		id,
		in_words (proven, cli_fact_text (key, "result")),
		proven || message[0] == '\0' ? "" : ": ",
		proven ? "" : message);
}

static void
print_proof (const Decommission *decommission)
{
	g_autofree char *registration = cli_clean (cli_fact_text (decommission->facts, "registration"));
	g_autoptr (GVariant) keys = keys_of (decommission);

	for (gsize i = 0; i < g_variant_n_children (keys); i++) {
		g_autoptr (GVariant) key = g_variant_get_child_value (keys, i);

		print_key (key);
		print_left (cli_fact_text (key, "left"));
	}
	if (registration[0] == '\0')
		printf ("Registration: none is known any more\n");
	else
		printf ("Registration: %s: %s%s\n",
			registration,
			in_words (cli_fact_flag (decommission->facts, "deregistered"),
				  cli_fact_text (decommission->facts, "result")),
			cli_fact_flag (decommission->facts, "forced") ? " (forced)" : "");
	print_left (cli_fact_text (decommission->facts, "left"));
}

static void
print_text (const Decommission *decommission, GStrv destroyed)
{
	g_autofree char *names = g_strjoinv (", ", destroyed);
	g_autofree char *error = cli_clean (cli_fact_text (decommission->facts, "error"));

	if (error[0] != '\0')
		g_printerr ("%s: %s (%s)\n",
			    g_get_prgname (),
			    error,
			    cli_fact_text (decommission->facts, "error_code"));
	if (!cli_fact_flag (decommission->facts, "decommissioned") && destroyed[0] == NULL) {
		g_printerr ("%s: nothing was destroyed (--force does it whatever the MEF says)\n",
			    g_get_prgname ());
		return;
	}
	print_proof (decommission);
	printf ("Destroyed:    %s\n", destroyed[0] != NULL ? names : "nothing was there");
	printf ("Left:         bootstrap key and settings; `enrolee enrol %s` begins anew\n",
		decommission->attempt.name);
}

static void
json_keys (const Decommission *decommission, JsonBuilder *builder)
{
	static const char *const texts[] = {"id", "result", "message", "left"};
	g_autoptr (GVariant) keys = keys_of (decommission);

	json_builder_set_member_name (builder, "keys");
	json_builder_begin_array (builder);
	for (gsize i = 0; i < g_variant_n_children (keys); i++) {
		g_autoptr (GVariant) key = g_variant_get_child_value (keys, i);

		json_builder_begin_object (builder);
		for (gsize j = 0; j < G_N_ELEMENTS (texts); j++)
			cli_json_text (builder, texts[j], cli_fact_text (key, texts[j]));
		cli_json_boolean (builder, "proven", cli_fact_flag (key, "proven"));
		json_builder_end_object (builder);
	}
	json_builder_end_array (builder);
}

static void
print_json (const Decommission *decommission, GStrv destroyed)
{
	static const char *const texts[] = {"registration", "result", "left", "error", "error_code"};
	static const char *const flags[] = {"decommissioned", "deregistered", "forced"};
	JsonBuilder *builder = cli_json_begin ();

	cli_json_text (builder, "event", "decommission");
	for (gsize i = 0; i < G_N_ELEMENTS (flags); i++)
		cli_json_boolean (builder, flags[i], cli_fact_flag (decommission->facts, flags[i]));
	for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
		cli_json_text (builder, texts[i], cli_fact_text (decommission->facts, texts[i]));
	json_keys (decommission, builder);
	cli_json_list (builder, "destroyed", (const char *const *) destroyed);
	cli_json_print (builder);
}

static void
print (const Decommission *decommission)
{
	g_auto (GStrv) destroyed = NULL;

	if (!g_variant_lookup (decommission->facts, "destroyed", "^as", &destroyed))
		destroyed = g_new0 (char *, 1);
	if (decommission->attempt.cli->json)
		print_json (decommission, destroyed);
	else
		print_text (decommission, destroyed);
}

static void
on_answer (GObject *bus, GAsyncResult *result, gpointer data)
{
	Decommission *decommission = data;
	CliAttempt *attempt = &decommission->attempt;
	g_autoptr (GError) error = NULL;
	g_autoptr (GVariant) reply = cli_bus_call_finish (G_DBUS_CONNECTION (bus), result, &error);

	if (reply == NULL) {
		cli_attempt_end (attempt, cli_fail (attempt->cli, error));
		return;
	}
	decommission->facts = g_variant_get_child_value (reply, 0);
	print (decommission);
	cli_attempt_end (
		attempt, cli_fact_flag (decommission->facts, "decommissioned") ? CLI_OK : CLI_FAILED);
}

/* The method's answer tells more. */
static void
on_finished (CliAttempt *attempt, const CliOutcome *outcome)
{
}

static CliExit
run (Decommission *decommission, int timeout_s)
{
	CliAttempt *attempt = &decommission->attempt;
	g_autoptr (GError) error = NULL;
	g_autoptr (GDBusConnection) bus = cli_bus_connect (attempt->cli, &error);
	GVariantDict options;
	CliExit status;

	if (bus == NULL)
		return cli_fail (attempt->cli, error);
	attempt->bus = bus;
	cli_attempt_listen (attempt);
	g_variant_dict_init (&options, NULL);
	g_variant_dict_insert (&options, "force", "b", decommission->force);
	cli_bus_call_start (bus,
			    "Decommission",
			    g_variant_new ("(s@a{sv})", attempt->name, g_variant_dict_end (&options)),
			    "(a{sv})",
			    on_answer,
			    decommission);
	status = cli_attempt_watch (attempt, timeout_s);
	cli_attempt_clear (attempt);
	return status;
}

int
cli_decommission (Cli *cli, int argc, char **argv)
{
	Decommission decommission = {.attempt = {.cli = cli, .finished = on_finished}};
	gboolean yes = FALSE;
	int timeout_s = 0;
	const GOptionEntry entries[] = {
		{"force", 'f', 0, G_OPTION_ARG_NONE, &decommission.force,
		 "Destroy also when the MEF cannot be told, or refuses", NULL},
		{"timeout", 't', 0, G_OPTION_ARG_INT, &timeout_s, "Stop waiting after SECONDS", "SECONDS"},
		{"yes", 'y', 0, G_OPTION_ARG_NONE, &yes, "Do not ask", NULL},
		{NULL},
	};
	g_autofree char *question = NULL;
	CliExit status;

	if (!cli_parse (cli, entries, &argc, &argv, 1, 1))
		return CLI_USAGE;
	question = g_strdup_printf ("De-register %s at its MEF and destroy all that was provisioned "
				    "for it? Programs that use it stop working.",
				    argv[1]);
	if (!yes && !cli_confirm (question))
		return CLI_FAILED;
	decommission.attempt.name = argv[1];
	decommission.attempt.data = &decommission;
	status = run (&decommission, timeout_s);
	g_clear_pointer (&decommission.facts, g_variant_unref);
	return status;
}
