/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enrolee check: one line and one status for a monitoring system, in the way of Nagios's plugins. Asks
 * what its user may ask: root everything, the group enrolee the enrolments, everybody what the token
 * shows them.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "provisioner/cli/bus.h"
#include "provisioner/cli/cli-output.h"
#include "provisioner/cli/doctor.h"
#include "provisioner/cli/hooks.h"
#include "provisioner/cli/seen.h"
#include "provisioner/error.h"

#define DAYS_DEFAULT 7
#define DAY_S 86400

/* With the pauses of the default settings, so many failures in a row are more than an hour. */
#define ATTEMPTS_LONG 10

/* Exit statuses that monitoring systems expect. The worst one counts: CRITICAL, WARNING, UNKNOWN. */
typedef enum { CHECK_OK = 0, CHECK_WARNING = 1, CHECK_CRITICAL = 2, CHECK_UNKNOWN = 3 } CheckStatus;

static const char *const status_words[] = {
	[CHECK_OK] = "ok",
	[CHECK_WARNING] = "warning",
	[CHECK_CRITICAL] = "critical",
	[CHECK_UNKNOWN] = "unknown",
};

typedef struct {
	CheckStatus status;
	char *subject, *text;
} Finding;

typedef struct {
	Cli *cli;
	int days;
	char **names; /* NULL-terminated; empty: all */
	GPtrArray *findings;
	guint n_credentials;
	gint64 soonest_s; /* the next end of a credential; 0 for none */
	char *soonest;    /* its name */
} Check;

static void
finding_free (gpointer data)
{
	Finding *finding = data;

	g_free (finding->subject);
	g_free (finding->text);
	g_free (finding);
}

static void G_GNUC_PRINTF (4, 5)
add (Check *check, CheckStatus status, const char *subject, const char *format, ...)
{
	Finding *finding = g_new0 (Finding, 1);
	g_autofree char *text = NULL;
	va_list args;

	va_start (args, format);
	text = g_strdup_vprintf (format, args);
	va_end (args);
	finding->status = status;
	finding->subject = g_strdup (subject);
	finding->text = cli_clean (text);
	g_strdelimit (finding->text, "|", '/'); /* what follows a bar is performance data */
	g_ptr_array_add (check->findings, finding);
}

static gboolean
is_wanted (const Check *check, const char *name)
{
	return check->names[0] == NULL || g_strv_contains ((const char *const *) check->names, name);
}

/* A short-lived credential is renewed late in its life: the last quarter of it is close enough. */
static gint64
margin_s (const Check *check, const PvCredential *credential)
{
	gint64 life_s = credential->not_after_s - credential->not_before_s;
	gint64 days_s = (gint64) check->days * DAY_S;

	return credential->not_before_s > 0 && life_s > 0 ? MIN (days_s, life_s / 4) : days_s;
}

static void
check_lifetime (Check *check, const PvCredential *credential)
{
	gint64 now = g_get_real_time () / G_USEC_PER_SEC;
	gint64 left_s = credential->not_after_s - now;

	if (credential->not_before_s > now)
		add (check, CHECK_CRITICAL, credential->name, "not valid yet, or the clock is behind");
	if (credential->not_after_s == 0)
		return;
	if (check->soonest_s == 0 || credential->not_after_s < check->soonest_s) {
		check->soonest_s = credential->not_after_s;
		g_free (check->soonest);
		check->soonest = g_strdup (credential->name);
	}
	if (left_s <= 0)
		add (check, CHECK_CRITICAL, credential->name, "expired");
	else if (left_s < margin_s (check, credential))
		add (check,
		     CHECK_WARNING,
		     credential->name,
		     left_s < 2 * DAY_S ? "expires in %" G_GINT64_FORMAT " hours"
					: "expires in %" G_GINT64_FORMAT " days",
		     left_s < 2 * DAY_S ? left_s / 3600 : left_s / DAY_S);
}

static void
check_credentials (Check *check)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GPtrArray) all = cli_credentials (check->cli, &error);
	g_autoptr (GHashTable) found = g_hash_table_new (g_str_hash, g_str_equal);

	if (all == NULL) {
		add (check, CHECK_CRITICAL, "keystore", "%s", error->message);
		return;
	}
	for (guint i = 0; i < all->len; i++) {
		PvCredential *credential = all->pdata[i];

		if (credential->generation == 0 || !is_wanted (check, credential->name))
			continue;
		g_hash_table_add (found, credential->name);
		check->n_credentials++;
		check_lifetime (check, credential);
	}
	for (guint i = 0; check->names[i] != NULL; i++) {
		if (!g_hash_table_contains (found, check->names[i]))
			add (check,
			     CHECK_CRITICAL,
			     check->names[i],
			     "not published, or not for this user");
	}
}

/* Only for who reaches provision.sock; to others the answer of token.sock says that it runs. */
static void
check_token (Check *check)
{
	WireStatusReply status;
	g_autofree char *problem = NULL;

	if (!pv_keystore_call (cli_keystore (check->cli), WIRE_MSG_STATUS, NULL, &status, NULL))
		return;
	problem = pv_wire_dup (status.problem);
	if (!status.token_ready || problem[0] != '\0')
		add (check,
		     CHECK_CRITICAL,
		     "keystore",
		     "%s",
		     problem[0] != '\0' ? problem : "its token is not ready");
}

static void
check_enrolment (Check *check, GDBusConnection *bus, const char *name)
{
	g_autoptr (GVariant) values = cli_bus_status (bus, name, NULL);
	g_autofree char *hooks = NULL;
	const char *state, *error;
	guint32 attempts = 0;

	if (values == NULL)
		return;
	state = cli_fact_text (values, "state");
	error = cli_fact_text (values, "error");
	g_variant_lookup (values, "attempts", "u", &attempts);
	hooks = cli_hooks_text (values);
	if (g_str_equal (state, PV_OUTCOME_REFUSED))
		add (check, CHECK_CRITICAL, name, "enrolment refused: %s", error);
	else if (g_str_equal (state, "configured"))
		add (check, CHECK_WARNING, name, "not enrolled yet");
	else if (attempts >= ATTEMPTS_LONG)
		add (check, CHECK_WARNING, name, "%u attempts to enrol failed: %s", attempts, error);
	if (hooks != NULL && cli_fact_text (values, "hook_error")[0] != '\0')
		add (check, CHECK_WARNING, name, "%s", hooks);
}

static gboolean
has_enrolments (const Check *check)
{
	g_autoptr (PvSettings) settings = pv_settings_load (check->cli->config_dir, NULL);
	g_auto (GStrv) names = settings != NULL ? pv_settings_names (settings, "enrolment") : NULL;

	return names == NULL || names[0] != NULL;
}

/* A gateway that only imports may do without enroleed. */
static void
check_enroleed (Check *check)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GDBusConnection) bus = cli_bus_connect (check->cli, &error);
	g_auto (GStrv) names = bus != NULL ? cli_bus_enrolments (bus, &error) : NULL;

	if (names == NULL) {
		if (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED))
			add (check,
			     CHECK_UNKNOWN,
			     "enroleed",
			     "tells its state to root and the group enrolee only");
		else if (has_enrolments (check))
			add (check, CHECK_CRITICAL, "enroleed", "%s", error->message);
		return;
	}
	for (gsize i = 0; names[i] != NULL; i++) {
		if (is_wanted (check, names[i]))
			check_enrolment (check, bus, names[i]);
	}
}

static void
check_clock (Check *check)
{
	switch (cli_clock_state ()) {
	case CLI_CLOCK_GOOD:
		return;
	case CLI_CLOCK_UNSYNCHRONISED:
		add (check, CHECK_WARNING, "clock", "not synchronised");
		return;
	case CLI_CLOCK_YEARS_BEHIND:
		add (check, CHECK_CRITICAL, "clock", "years behind");
		return;
	}
}

static CheckStatus
worst (const Check *check)
{
	static const int weights[] = {
		[CHECK_OK] = 0, [CHECK_UNKNOWN] = 1, [CHECK_WARNING] = 2, [CHECK_CRITICAL] = 3};
	CheckStatus status = CHECK_OK;

	for (guint i = 0; i < check->findings->len; i++) {
		const Finding *finding = check->findings->pdata[i];

		if (weights[finding->status] > weights[status])
			status = finding->status;
	}
	return status;
}

/* The worst first; nothing found: what is next. */
static char *
describe (const Check *check)
{
	static const CheckStatus order[] = {CHECK_CRITICAL, CHECK_WARNING, CHECK_UNKNOWN};
	GString *text = g_string_new (NULL);
	g_autofree char *when = cli_time (check->soonest_s);

	for (gsize level = 0; level < G_N_ELEMENTS (order); level++) {
		for (guint i = 0; i < check->findings->len; i++) {
			const Finding *finding = check->findings->pdata[i];

			if (finding->status == order[level])
				g_string_append_printf (text,
							"%s%s: %s",
							text->len > 0 ? "; " : "",
							finding->subject,
							finding->text);
		}
	}
	if (text->len == 0)
		g_string_append_printf (text, "%u credentials", check->n_credentials);
	if (text->len > 0 && worst (check) == CHECK_OK && check->soonest != NULL)
		g_string_append_printf (text, ", the first to end is %s at %s", check->soonest, when);
	return g_string_free (text, FALSE);
}

static void
print_text (const Check *check, const char *text)
{
	g_autofree char *word = g_ascii_strup (status_words[worst (check)], -1);

	printf ("ENROLEE %s - %s | credentials=%u", word, text, check->n_credentials);
	if (check->soonest_s != 0)
		printf (" seconds_left=%" G_GINT64_FORMAT "s",
			check->soonest_s - g_get_real_time () / G_USEC_PER_SEC);
	putchar ('\n');
}

static void
print_json (const Check *check, const char *text)
{
	JsonBuilder *builder = cli_json_begin ();

	cli_json_text (builder, "status", status_words[worst (check)]);
	cli_json_text (builder, "text", text);
	cli_json_number (builder, "credentials", check->n_credentials);
	cli_json_text (builder, "soonest", check->soonest);
	cli_json_time (builder, "not_after", check->soonest_s);
	json_builder_set_member_name (builder, "findings");
	json_builder_begin_array (builder);
	for (guint i = 0; i < check->findings->len; i++) {
		const Finding *finding = check->findings->pdata[i];

		json_builder_begin_object (builder);
		cli_json_text (builder, "level", status_words[finding->status]);
		cli_json_text (builder, "subject", finding->subject);
		cli_json_text (builder, "text", finding->text);
		json_builder_end_object (builder);
	}
	json_builder_end_array (builder);
	cli_json_print (builder);
}

static int
run (Check *check)
{
	g_autofree char *text = NULL;
	int status;

	check->findings = g_ptr_array_new_with_free_func (finding_free);
	check_credentials (check);
	check_token (check);
	check_enroleed (check);
	check_clock (check);
	text = describe (check);
	if (check->cli->json)
		print_json (check, text);
	else
		print_text (check, text);
	status = worst (check);
	g_ptr_array_unref (check->findings);
	g_free (check->soonest);
	return status;
}

int
cli_check (Cli *cli, int argc, char **argv)
{
	Check check = {.cli = cli, .days = DAYS_DEFAULT};
	const GOptionEntry entries[] = {
		{"days", 'd', 0, G_OPTION_ARG_INT, &check.days,
		 "Warn of credentials that end within DAYS (7), or in the last quarter of their life",
		 "DAYS"},
		{NULL},
	};

	if (!cli_parse (cli, entries, &argc, &argv, 0, WIRE_PRINCIPALS_MAX))
		return CHECK_UNKNOWN;
	if (check.days < 0) {
		g_printerr ("%s: --days: not a number of days\n", g_get_prgname ());
		return CHECK_UNKNOWN;
	}
	check.names = argv + 1;
	return run (&check);
}
