/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* enrolee doctor: runs all checks and prints what they found. */
#include <config.h>

#include "provisioner/cli/doctor.h"

#include <stdio.h>

static void
finding_free (gpointer data)
{
	DoctorFinding *finding = data;

	g_free (finding->subject);
	g_free (finding->text);
	g_free (finding->remedy);
	g_free (finding);
}

void
doctor_add (Doctor *doctor,
	    CliMark mark,
	    const char *subject,
	    const char *remedy,
	    const char *format,
	    ...)
{
	DoctorFinding *finding = g_new0 (DoctorFinding, 1);
	g_autofree char *text = NULL;
	va_list args;

	va_start (args, format);
	text = g_strdup_vprintf (format, args);
	va_end (args);
	finding->mark = mark;
	finding->subject = g_strdup (subject);
	finding->text = cli_clean (text);
	finding->remedy = g_strdup (remedy);
	g_ptr_array_add (doctor->findings, finding);
}

static void (*const checks[]) (Doctor *doctor) = {
	doctor_check_settings, doctor_check_hooks,  doctor_check_keystore, doctor_check_sockets,
	doctor_check_enroleed, doctor_check_state,  doctor_check_clock,    doctor_check_p11kit,
	doctor_check_credentials, doctor_check_openssl,
};

static const char *const words[] = {
	[CLI_MARK_GOOD] = "good", [CLI_MARK_WARNING] = "warning", [CLI_MARK_BAD] = "problem"};

Doctor *
doctor_new (Cli *cli, const char *user, char **names)
{
	Doctor *doctor = g_new0 (Doctor, 1);

	doctor->cli = cli;
	doctor->user = user;
	doctor->names = names;
	doctor->findings = g_ptr_array_new_with_free_func (finding_free);
	return doctor;
}

void
doctor_free (Doctor *doctor)
{
	if (doctor == NULL)
		return;
	g_ptr_array_unref (doctor->findings);
	g_clear_pointer (&doctor->credentials, g_ptr_array_unref);
	pv_settings_free (doctor->settings);
	g_free (doctor);
}

void
doctor_print (const Doctor *doctor)
{
	for (guint i = 0; i < doctor->findings->len; i++) {
		const DoctorFinding *finding = doctor->findings->pdata[i];
		g_autofree char *word = cli_mark (finding->mark, words[finding->mark]);

		printf ("%-8s %s: %s\n", word, finding->subject, finding->text);
		if (finding->remedy != NULL)
			printf ("         -> %s\n", finding->remedy);
	}
}

void
doctor_json_findings (JsonBuilder *builder, const Doctor *doctor)
{
	json_builder_set_member_name (builder, "findings");
	json_builder_begin_array (builder);
	for (guint i = 0; i < doctor->findings->len; i++) {
		const DoctorFinding *finding = doctor->findings->pdata[i];

		json_builder_begin_object (builder);
		cli_json_text (builder, "level", words[finding->mark]);
		cli_json_text (builder, "subject", finding->subject);
		cli_json_text (builder, "text", finding->text);
		cli_json_text (builder, "remedy", finding->remedy);
		json_builder_end_object (builder);
	}
	json_builder_end_array (builder);
}

CliExit
doctor_status (const Doctor *doctor)
{
	for (guint i = 0; i < doctor->findings->len; i++) {
		const DoctorFinding *finding = doctor->findings->pdata[i];

		if (finding->mark == CLI_MARK_BAD)
			return CLI_PROBLEMS;
	}
	return CLI_OK;
}

int
cli_doctor (Cli *cli, int argc, char **argv)
{
	g_autofree char *user = NULL;
	const GOptionEntry entries[] = {
		{"as", 0, 0, G_OPTION_ARG_STRING, &user, "Try the credentials as USER (needs root)", "USER"},
		{NULL},
	};
	g_autoptr (Doctor) doctor = NULL;

	if (!cli_parse (cli, entries, &argc, &argv, 0, WIRE_PRINCIPALS_MAX))
		return CLI_USAGE;
	doctor = doctor_new (cli, user, argc > 1 ? argv + 1 : NULL);
	for (gsize i = 0; i < G_N_ELEMENTS (checks); i++)
		checks[i](doctor);
	if (cli->json) {
		JsonBuilder *builder = cli_json_begin ();

		doctor_json_findings (builder, doctor);
		cli_json_print (builder);
	} else {
		doctor_print (doctor);
	}
	return doctor_status (doctor);
}
