/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enrolee use PROGRAM NAME: the exact configuration with which a program uses a credential. Knows what
 * the credential's public folder tells, so that everybody may ask; --write and --as are for root.
 */
#include <config.h>

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "provisioner/cli/doctor.h"
#include "provisioner/cli/use-dropin.h"
#include "provisioner/cli/use-template.h"
#include "provisioner/error.h"

#define UNIT_FOLDER "/etc/systemd/system"

typedef struct {
	Cli *cli;
	const char *name; /* of the credential */
	char *unit, *unit_folder, *as;
	gboolean mutual, snippet, write;
	char *folder; /* of the credential */
	char *user;
	gboolean granted; /* as far as it is known */
	CliTemplate *template;
	CliDropin *dropin; /* (nullable) */
	char *configuration, *where, *then;
} Use;

static gboolean
has_file (const Use *use, const char *file)
{
	g_autofree char *path = g_build_filename (use->folder, file, NULL);

	return g_file_test (path, G_FILE_TEST_EXISTS);
}

/* A key pair's folder has the key's URI, a symmetric key's no certificate. */
static const char *
kind_of (const Use *use)
{
	if (has_file (use, "key.pem"))
		return "key-pair";
	return has_file (use, "ca.pem") ? "anchors" : "symmetric-key";
}

static gboolean
find_template (Use *use, const char *program, GError **error)
{
	use->folder = g_build_filename (use->cli->state_dir, "credentials", use->name, NULL);
	if (!pv_name_is_valid (use->name) || !g_file_test (use->folder, G_FILE_TEST_IS_DIR)) {
		g_set_error (error,
			     PV_ERROR,
			     PV_ERROR_NOT_FOUND,
			     "there is no published credential %s",
			     use->name);
		return FALSE;
	}
	use->template = cli_template_load (program, kind_of (use));
	if (use->template == NULL)
		g_set_error (error,
			     PV_ERROR,
			     PV_ERROR_JOB,
			     "no way is known for %s to use a credential of kind %s; `enrolee use` "
			     "lists the programs",
			     program,
			     kind_of (use));
	return use->template != NULL;
}

static void
find_user (Use *use)
{
	const struct passwd *caller = getpwuid (geteuid ());
	const char *user = use->as != NULL		? use->as
			   : use->template->user != NULL ? use->template->user
			   : caller != NULL		? caller->pw_name
							: "root";

	use->user = g_strdup (user);
}

/* Only root can ask; without an answer the command to grant is shown. */
static void
find_grant (Use *use)
{
	g_autoptr (PvCredential) credential = NULL;

	credential = pv_keystore_show (cli_keystore (use->cli), use->name, NULL);
	if (credential == NULL)
		return;
	/* a reference is made for a user by name: root needs one as well */
	use->granted = credential->kind == WIRE_KIND_SECRET
			       ? g_strv_contains ((const char *const *) credential->users, use->user)
			       : doctor_is_granted (credential, getpwnam (use->user));
}

static gboolean
find_dropin (Use *use, GError **error)
{
	const char *unit = use->unit != NULL ? use->unit : use->template->unit;
	g_autofree char *conf = g_build_filename (use->cli->config_dir, "openssl.cnf", NULL);

	if (!use->template->openssl && use->unit == NULL && !use->write)
		return TRUE;
	if (unit == NULL) {
		g_set_error (error,
			     PV_ERROR,
			     PV_ERROR_JOB,
			     "which unit runs %s? Say it by --unit",
			     use->template->program);
		return FALSE;
	}
	use->dropin = cli_dropin_new (
		use->unit_folder != NULL ? use->unit_folder : UNIT_FOLDER, unit, conf, error);
	return use->dropin != NULL;
}

static gboolean
fill_in (Use *use, GError **error)
{
	g_autofree char *uri = g_strdup_printf ("pkcs11:token=oneM2M;object=%s", use->name);
	g_autofree char *cnf = g_build_filename (use->cli->config_dir, "openssl.cnf", NULL);
	g_autofree char *psk = g_strdup_printf ("%s/psk-%s.txt", use->folder, use->user);
	const char *conditions[3] = {NULL};
	guint n_conditions = 0;
	const CliTemplateWord words[] = {
		{"NAME", use->name}, {"FOLDER", use->folder},
		{"URI", uri},	     {"MODULE", ENROLEE_PKCS11_MODULE},
		{"CNF", cnf},	     {"PSK", psk},
		{"USER", use->user}, {NULL, NULL},
	};

	if (has_file (use, "ca.pem"))
		conditions[n_conditions++] = "anchors";
	if (use->mutual && n_conditions == 0) {
		g_set_error (error,
			     PV_ERROR,
			     PV_ERROR_JOB,
			     "--mutual: %s has no trust anchors to verify a peer with",
			     use->name);
		return FALSE;
	}
	conditions[n_conditions++] = use->mutual ? "mutual" : "plain";
	use->configuration = cli_template_expand (use->template->body, words, conditions);
	if (use->template->where != NULL)
		use->where = cli_template_expand (use->template->where, words, conditions);
	if (use->template->then != NULL)
		use->then = cli_template_expand (use->template->then, words, conditions);
	return TRUE;
}

static void
print_text (const Use *use)
{
	const CliTemplate *template = use->template;
	guint step = 1;

	printf ("# %s: %s, with the %s %s\n",
		template->program,
		template->summary,
		g_str_equal (template->kind, "key-pair") ? "key pair" : "symmetric key",
		use->name);
	if (!use->granted)
		printf ("\n# %u. Who runs it may use the key:\nenrolee grant %s --user %s\n",
			step++,
			use->name,
			use->user);
	printf ("\n# %u. %s%s:\n%s",
		step++,
		use->where != NULL ? "Put this " : "Call it like this",
		use->where != NULL ? use->where : "",
		use->configuration);
	if (use->dropin != NULL && use->write)
		printf ("\n# %u. Written: %s\nsystemctl daemon-reload\n", step++, use->dropin->path);
	else if (use->dropin != NULL)
		printf ("\n# %u. Its unit reads OpenSSL's configuration (--write does this): %s\n%s"
			"# and then:\nsystemctl daemon-reload\n",
			step++,
			use->dropin->path,
			use->dropin->text);
	if (use->then != NULL)
		printf ("\n# %u. Then:\n%s\n", step++, use->then);
	if (use->as == NULL)
		printf ("\n# %u. Whether %s can use it:\nenrolee doctor --as %s %s\n",
			step,
			use->user,
			use->user,
			use->name);
}

static void
print_json (const Use *use, const Doctor *doctor)
{
	static const char *const states[] = {
		[CLI_DROPIN_ABSENT] = "absent", [CLI_DROPIN_SAME] = "written",
		[CLI_DROPIN_OURS] = "outdated", [CLI_DROPIN_FOREIGN] = "foreign"};
	JsonBuilder *builder = cli_json_begin ();

	cli_json_text (builder, "program", use->template->program);
	cli_json_text (builder, "credential", use->name);
	cli_json_text (builder, "kind", use->template->kind);
	cli_json_text (builder, "user", use->user);
	cli_json_boolean (builder, "granted", use->granted);
	cli_json_text (builder, "where", use->where);
	cli_json_text (builder, "configuration", use->configuration);
	cli_json_text (builder, "then", use->then);
	json_builder_set_member_name (builder, "dropin");
	if (use->dropin != NULL) {
		json_builder_begin_object (builder);
		cli_json_text (builder, "path", use->dropin->path);
		cli_json_text (builder, "text", use->dropin->text);
		cli_json_text (builder, "state", states[cli_dropin_state (use->dropin)]);
		json_builder_end_object (builder);
	} else {
		json_builder_add_null_value (builder);
	}
	doctor_json_findings (builder, doctor);
	cli_json_print (builder);
}

/* The program's user has the say: the one who configures it sees everything. */
static CliExit
print (Use *use)
{
	char *names[] = {(char *) use->name, NULL};
	g_autoptr (Doctor) doctor = doctor_new (use->cli, use->as, names);

	if (use->as != NULL)
		doctor_check_openssl (doctor);
	if (use->cli->json) {
		print_json (use, doctor);
	} else if (use->snippet) {
		printf ("%s", use->configuration);
	} else {
		print_text (use);
		if (use->as != NULL)
			printf ("\n");
		doctor_print (doctor);
	}
	return doctor_status (doctor);
}

static void
print_programs (const GPtrArray *all)
{
	CliTable *table = cli_table_new ("PROGRAM", "CREDENTIAL", "USER", "WHAT", NULL);

	for (guint i = 0; i < all->len; i++) {
		const CliTemplate *template = all->pdata[i];

		cli_table_add (
			table, template->program, template->kind, template->user, template->summary);
	}
	cli_table_print (table);
}

static void
json_programs (const GPtrArray *all)
{
	JsonBuilder *builder = cli_json_begin ();

	json_builder_set_member_name (builder, "programs");
	json_builder_begin_array (builder);
	for (guint i = 0; i < all->len; i++) {
		const CliTemplate *template = all->pdata[i];

		json_builder_begin_object (builder);
		cli_json_text (builder, "program", template->program);
		cli_json_text (builder, "kind", template->kind);
		cli_json_text (builder, "user", template->user);
		cli_json_text (builder, "unit", template->unit);
		cli_json_text (builder, "summary", template->summary);
		json_builder_end_object (builder);
	}
	json_builder_end_array (builder);
	cli_json_print (builder);
}

static CliExit
list_programs (const Cli *cli)
{
	g_autoptr (GPtrArray) all = cli_template_all ();

	if (cli->json)
		json_programs (all);
	else
		print_programs (all);
	return CLI_OK;
}

static CliExit
run (Use *use, const char *program)
{
	g_autoptr (GError) error = NULL;

	if (!find_template (use, program, &error))
		return cli_fail (use->cli, error);
	find_user (use);
	find_grant (use);
	if (!find_dropin (use, &error) || !fill_in (use, &error) ||
	    (use->write && !cli_dropin_write (use->dropin, &error)))
		return cli_fail (use->cli, error);
	return print (use);
}

static void
clear (Use *use)
{
	g_free (use->unit);
	g_free (use->unit_folder);
	g_free (use->as);
	g_free (use->folder);
	g_free (use->user);
	g_free (use->configuration);
	g_free (use->where);
	g_free (use->then);
	cli_template_free (use->template);
	cli_dropin_free (use->dropin);
}

int
cli_use (Cli *cli, int argc, char **argv)
{
	Use use = {.cli = cli};
	const GOptionEntry entries[] = {
		{"as", 0, 0, G_OPTION_ARG_STRING, &use.as,
		 "For the program run by USER; tries as that user (needs root)", "USER"},
		{"mutual", 'm', 0, G_OPTION_ARG_NONE, &use.mutual,
		 "A server: ask clients for a certificate of the credential's anchors", NULL},
		{"snippet", 's', 0, G_OPTION_ARG_NONE, &use.snippet,
		 "Print the configuration alone, for a file", NULL},
		{"write", 'w', 0, G_OPTION_ARG_NONE, &use.write,
		 "Write the systemd drop-in (needs root)", NULL},
		{"unit", 0, 0, G_OPTION_ARG_STRING, &use.unit, "The program's unit", "UNIT"},
		{"unit-dir", 0, 0, G_OPTION_ARG_FILENAME, &use.unit_folder,
		 "Folder of systemd's drop-ins (" UNIT_FOLDER ")", "DIR"},
		{NULL},
	};
	CliExit status = CLI_USAGE;

	if (cli_parse (cli, entries, &argc, &argv, 0, 2)) {
		if (argc == 1) {
			status = list_programs (cli);
		} else if (argc == 3) {
			use.name = argv[2];
			status = run (&use, argv[1]);
		} else {
			g_printerr ("%s: for which credential?\n", g_get_prgname ());
		}
	}
	clear (&use);
	return status;
}
