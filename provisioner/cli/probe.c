/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enrolee probe NAME: a handshake with the enrolment's MEF and a look at its registration; nothing is
 * kept or changed.
 */
#include <config.h>

#include <stdio.h>

#include "provisioner/cli/bus.h"
#include "provisioner/cli/cli-output.h"

static const char *const texts[] = {"authenticated_by", "identity", "tls",        "suite",
				    "registration",     "id",       "admin_fqdn", "message",
				    "command",          "refused",  "error",      "error_code"};
static const char *const numbers[] = {"handshake_ms", "answer_ms"};

static void
print_json (GVariant *facts)
{
	JsonBuilder *builder = cli_json_begin ();

	cli_json_boolean (builder, "ok", cli_fact_flag (facts, "ok"));
	for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
		cli_json_text (builder, texts[i], cli_fact_text (facts, texts[i]));
	for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
		cli_json_number (builder, numbers[i], cli_fact_number (facts, numbers[i]));
	cli_json_time (builder, "expires", cli_fact_number (facts, "expires"));
	cli_json_print (builder);
}

static void
print_registration (GVariant *facts)
{
	static const struct {
		const char *word, *text;
		CliMark mark;
	} words[] = {
		{"found", "there", CLI_MARK_GOOD},
		{"none", "the MEF has none; `enrolee enrol` makes one", CLI_MARK_WARNING},
		{"refused", "the MEF does not show it", CLI_MARK_BAD},
		{"unknown", "not enrolled yet, and the MEF lists none", CLI_MARK_WARNING},
	};
	const char *word = cli_fact_text (facts, "registration");
	g_autofree char *id = cli_clean (cli_fact_text (facts, "id"));
	g_autofree char *admin = cli_clean (cli_fact_text (facts, "admin_fqdn"));
	g_autofree char *message = cli_clean (cli_fact_text (facts, "message"));
	g_autofree char *expires = cli_time (cli_fact_number (facts, "expires"));

	for (gsize i = 0; i < G_N_ELEMENTS (words); i++) {
		g_autofree char *mark = NULL;

		if (!g_str_equal (words[i].word, word))
			continue;
		mark = cli_mark (words[i].mark, words[i].text);
		printf ("Registration:  %s\n", mark);
	}
	if (id[0] != '\0')
		printf ("Identifier:    %s\nStakeholder:   %s\nExpires:       %s\n", id, admin, expires);
	if (message[0] != '\0')
		printf ("The MEF said:  %s\n", message);
}

/* Facts of the handshake are there also when what came behind it failed. */
static void
print_text (GVariant *facts)
{
	g_autofree char *identity = cli_clean (cli_fact_text (facts, "identity"));
	g_autofree char *error = cli_clean (cli_fact_text (facts, "error"));
	g_autofree char *kind = cli_clean (cli_fact_text (facts, "authenticated_by"));
	g_autofree char *refused = cli_clean (cli_fact_text (facts, "refused"));

	if (kind[0] != '\0')
		printf ("Authenticated: %s %s\n",
			g_str_equal (kind, "ppsk") ? "pre-shared key" : kind,
			identity);
	if (refused[0] != '\0')
		printf ("Passed over:   %s\n", refused);
	if (cli_fact_text (facts, "suite")[0] != '\0')
		printf ("Handshake:     %s, %s, %" G_GINT64_FORMAT " ms; answer %" G_GINT64_FORMAT " ms\n",
			cli_fact_text (facts, "tls"),
			cli_fact_text (facts, "suite"),
			cli_fact_number (facts, "handshake_ms"),
			cli_fact_number (facts, "answer_ms"));
	if (cli_fact_flag (facts, "ok"))
		print_registration (facts);
	else
		g_printerr ("%s: %s (%s)\n", g_get_prgname (), error, cli_fact_text (facts, "error_code"));
}

int
cli_probe (Cli *cli, int argc, char **argv)
{
	int timeout_s = 0;
	const GOptionEntry entries[] = {
		{"timeout", 't', 0, G_OPTION_ARG_INT, &timeout_s, "Stop waiting after SECONDS", "SECONDS"},
		{NULL},
	};
	g_autoptr (GError) error = NULL;
	g_autoptr (GDBusConnection) bus = NULL;
	g_autoptr (GVariant) reply = NULL;
	g_autoptr (GVariant) facts = NULL;

	if (!cli_parse (cli, entries, &argc, &argv, 1, 1))
		return CLI_USAGE;
	bus = cli_bus_connect (cli, &error);
	if (bus == NULL)
		return cli_fail (cli, error);
	reply = cli_bus_call_within (
		bus, "Probe", g_variant_new ("(s)", argv[1]), "(a{sv})", timeout_s, &error);
	if (reply == NULL)
		return cli_fail (cli, error);
	facts = g_variant_get_child_value (reply, 0);
	if (cli->json)
		print_json (facts);
	else
		print_text (facts);
	return cli_fact_flag (facts, "ok") ? CLI_OK : CLI_FAILED;
}
