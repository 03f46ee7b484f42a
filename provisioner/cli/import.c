/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enrolee import NAME FILE...: from files into the keystore. Everything is checked before the first
 * byte is sent; what was staged when something fails is discarded; publication is one transaction,
 * so that the former key of that name is replaced or left alone, and stays usable for its
 * certificate's life.
 */
#include <config.h>

#include <string.h>

#include "provisioner/cli/bundle.h"
#include "provisioner/cli/cli-output.h"
#include "provisioner/cli/hooks.h"
#include "provisioner/cli/import.h"
#include "provisioner/cli/token-source.h"
#include "provisioner/error.h"

/* A key and its certificates. */
static gboolean
stage_key_pair (Cli *cli, const CliImport *import, CliBundle *bundle, guint32 *staged, GError **error)
{
	g_autoptr (CliSecret) pkcs8 = cli_bundle_pkcs8 (bundle, error);
	WireStagePrivateKey request = {
		.name = pv_wire_text (import->name),
		.origin = pv_wire_text ("imported"),
	};
	WireStageReply reply;

	if (pkcs8 == NULL)
		return FALSE;
	request.pkcs8 = (WireBytes){pkcs8->data, pkcs8->len};
	if (!pv_keystore_call (cli_keystore (cli), WIRE_MSG_STAGE_PRIVATE_KEY, &request, &reply, error))
		return FALSE;
	*staged = reply.generation;
	return pv_keystore_ops.attach_certificates (
		cli_keystore (cli), *staged, bundle->chain, import->anchors, error);
}

static gboolean
stage_anchors (Cli *cli, const CliImport *import, guint32 *staged, GError **error)
{
	WireStageAnchors request = {
		.name = pv_wire_text (import->name),
		.origin = pv_wire_text ("imported"),
	};
	WireStageReply reply;

	if (!pv_wire_list (import->anchors, 0, &request.anchors, error) ||
	    !pv_keystore_call (cli_keystore (cli), WIRE_MSG_STAGE_ANCHORS, &request, &reply, error))
		return FALSE;
	*staged = reply.generation;
	return TRUE;
}

/* A right that was there before stays when the import fails: only what was added is noted in @added. */
static gboolean
grant (Cli *cli,
       CliImport *import,
       const PvCredential *before,
       gboolean group,
       GStrv principals,
       GError **error)
{
	GStrv had = before == NULL ? NULL : group ? before->groups : before->users;

	for (guint i = 0; principals != NULL && principals[i] != NULL; i++) {
		const WireGrant request = {
			pv_wire_text (import->name), group, pv_wire_text (principals[i])};

		if (had != NULL && g_strv_contains ((const char *const *) had, principals[i]))
			continue;
		if (!pv_keystore_call (cli_keystore (cli), WIRE_MSG_GRANT, &request, NULL, error))
			return FALSE;
		g_ptr_array_add (group ? import->added_groups : import->added_users,
				 g_strdup (principals[i]));
	}
	return TRUE;
}

/* Who may use it, before anybody sees it: from the command line, and for a credential that is new from
 * [credential NAME]; later, `enrolee grant` and `enrolee revoke` have the say. */
static gboolean
grant_all (Cli *cli, CliImport *import, GError **error)
{
	g_auto (GStrv) users = pv_settings_get_list (import->settings, "credential", import->name, "Users");
	g_auto (GStrv) groups =
		pv_settings_get_list (import->settings, "credential", import->name, "Groups");
	const PvCredential *before = import->before =
		pv_keystore_show (cli_keystore (cli), import->name, error);

	if (before == NULL)
		return FALSE;
	return grant (cli, import, before, FALSE, import->users, error) &&
	       grant (cli, import, before, TRUE, import->groups, error) &&
	       (before->generation != 0 || (grant (cli, import, before, FALSE, users, error) &&
					    grant (cli, import, before, TRUE, groups, error)));
}

static void
take_back (Cli *cli, const CliImport *import, gboolean group, const GPtrArray *principals)
{
	for (guint i = 0; i < principals->len; i++) {
		const WireGrant request = {
			pv_wire_text (import->name), group, pv_wire_text (principals->pdata[i])};

		if (!pv_keystore_call (cli_keystore (cli), WIRE_MSG_REVOKE, &request, NULL, NULL))
			g_debug ("the right of %s stays", (const char *) principals->pdata[i]);
	}
}

static gboolean
publish (Cli *cli, CliImport *import, guint32 staged, GError **error)
{
	const WirePublish request = {
		.generations = {.count = 1, .items = {staged}},
		.revoke_old = import->revoke_old,
	};

	return grant_all (cli, import, error) &&
	       pv_keystore_call (cli_keystore (cli), WIRE_MSG_PUBLISH, &request, NULL, error);
}

static gboolean
same (const GPtrArray *former, const GPtrArray *now)
{
	if (former->len != now->len)
		return FALSE;
	for (guint i = 0; i < now->len; i++) {
		if (!g_bytes_equal (former->pdata[i], now->pdata[i]))
			return FALSE;
	}
	return TRUE;
}

/* Whether programs have something to take; of a symmetric key nobody can tell. */
static gboolean
has_changed (const PvCredential *former, const PvCredential *now)
{
	return now->kind == WIRE_KIND_SECRET || former->generation == 0 ||
	       former->kind != now->kind || (former->leaf == NULL) != (now->leaf == NULL) ||
	       (now->leaf != NULL && !g_bytes_equal (former->leaf, now->leaf)) ||
	       !same (former->chain, now->chain) || !same (former->anchors, now->anchors);
}

/* root may ask enrolee-hook as well as enroleed; here nobody repeats it, so the operator must hear of a failure. */
static CliExit
run_hooks (Cli *cli, const CliImport *import)
{
	g_autoptr (GPtrArray) actions = pv_settings_on_renew (import->settings, import->name);
	g_autoptr (PvCredential) now =
		actions->len > 0 ? pv_keystore_show (cli_keystore (cli), import->name, NULL) : NULL;
	g_autoptr (GError) error = NULL;

	if (now == NULL || !has_changed (import->before, now) ||
	    cli_hooks_run (cli, import->name, &error))
		return CLI_OK;
	g_printerr ("%s: %s was imported, but its OnRenew= failed: %s\n",
		    g_get_prgname (),
		    import->name,
		    error->message);
	return CLI_FAILED;
}

static gboolean
read_files (const CliImport *import, CliBundle *bundle, GError **error)
{
	CliPassphrase passphrase = {.file = import->passphrase_file};
	const CliTokenSource token = {import->from, import->module, import->pin_file};
	gboolean done = import->from == NULL || cli_bundle_add_token (bundle, &token, error);

	for (guint i = 0; done && import->files[i] != NULL; i++)
		done = cli_bundle_add_file (bundle, import->files[i], &passphrase, error);
	cli_passphrase_clear (&passphrase);
	if (!done)
		return FALSE;
	if (bundle->key == NULL && import->files[0] != NULL) {
		g_set_error (error,
			     PV_ERROR,
			     PV_ERROR_JOB,
			     "the files hold no private key; give certificates that are to be trusted "
			     "by --anchors");
		return FALSE;
	}
	return bundle->certificates->len == 0 ||
	       cli_bundle_sort (bundle, g_get_real_time () / G_USEC_PER_SEC, error);
}

static gboolean
read_anchors (CliImport *import, GError **error)
{
	CliPassphrase passphrase = {.file = import->passphrase_file};
	g_autoptr (CliBundle) bundle = cli_bundle_new ();

	for (guint i = 0; import->anchor_files != NULL && import->anchor_files[i] != NULL; i++) {
		if (!cli_bundle_add_file (bundle, import->anchor_files[i], &passphrase, error))
			return FALSE;
	}
	if (bundle->key != NULL) {
		g_set_error (error, PV_ERROR, PV_ERROR_JOB, "a file of anchors holds a private key");
		return FALSE;
	}
	for (guint i = 0; i < bundle->certificates->len; i++)
		g_ptr_array_add (import->anchors, cli_certificate_der (bundle->certificates->pdata[i]));
	return TRUE;
}

static gboolean
stage (Cli *cli, CliImport *import, guint32 *staged, GError **error)
{
	g_autoptr (CliBundle) bundle = cli_bundle_new ();

	if (import->identifier != NULL)
		return cli_import_stage_secret (cli, import, staged, error);
	if (!read_anchors (import, error) || !read_files (import, bundle, error))
		return FALSE;
	for (guint i = 0; i < bundle->warnings->len; i++)
		g_printerr ("%s: warning: %s\n", g_get_prgname (), (char *) bundle->warnings->pdata[i]);
	if (bundle->key == NULL)
		return stage_anchors (cli, import, staged, error);
	if (bundle->chain->len == 0) {
		g_set_error (error, PV_ERROR, PV_ERROR_JOB, "a private key, but no certificate of it");
		return FALSE;
	}
	return stage_key_pair (cli, import, bundle, staged, error);
}

static CliExit
run (Cli *cli, CliImport *import)
{
	g_autoptr (GError) error = NULL;
	guint32 staged = 0;

	import->settings = pv_settings_load (cli->config_dir, &error);
	if (import->settings == NULL)
		return cli_fail (cli, error);
	if (stage (cli, import, &staged, &error) && publish (cli, import, staged, &error))
		return run_hooks (cli, import);
	if (staged != 0) {
		CliExit status = cli_fail (cli, error);

		take_back (cli, import, FALSE, import->added_users);
		take_back (cli, import, TRUE, import->added_groups);
		pv_keystore_ops.discard (cli_keystore (cli), staged);
		return status;
	}
	return cli_fail (cli, error);
}

static gboolean
check_usage (const CliImport *import)
{
	const char *wrong = NULL;

	if (!pv_name_is_valid (import->name))
		wrong = "NAME is made of letters, digits and ._-";
	else if (import->symmetric != NULL &&
		 (import->files[0] != NULL || import->anchor_files != NULL || import->from != NULL))
		wrong = "--symmetric goes without other files";
	else if (import->symmetric != NULL && import->identifier == NULL)
		wrong = "--symmetric needs --identifier";
	else if (import->identifier != NULL && import->symmetric == NULL &&
		 (import->from == NULL || import->files[0] != NULL || import->anchor_files != NULL))
		wrong = "--identifier is for --symmetric, or for a symmetric key by --from alone";
	else if (import->expires != NULL && import->identifier == NULL)
		wrong = "--expires is for a symmetric key";
	else if (import->from == NULL && (import->module != NULL || import->pin_file != NULL))
		wrong = "--module and --pin-file are for --from";
	else if (import->symmetric == NULL && import->files[0] == NULL &&
		 import->anchor_files == NULL && import->from == NULL)
		wrong = "which file?";
	if (wrong != NULL)
		g_printerr ("%s: %s\n", g_get_prgname (), wrong);
	return wrong == NULL;
}

static void
clear (CliImport *import)
{
	g_free (import->passphrase_file);
	g_strfreev (import->anchor_files);
	g_free (import->from);
	g_free (import->module);
	g_free (import->pin_file);
	g_free (import->symmetric);
	g_free (import->format);
	g_free (import->identifier);
	g_free (import->expires);
	g_strfreev (import->users);
	g_strfreev (import->groups);
	g_ptr_array_unref (import->anchors);
	g_ptr_array_unref (import->added_users);
	g_ptr_array_unref (import->added_groups);
	pv_credential_free (import->before);
	pv_settings_free (import->settings);
}

int
cli_import (Cli *cli, int argc, char **argv)
{
	CliImport import = {
		.anchors = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref),
		.added_users = g_ptr_array_new_with_free_func (g_free),
		.added_groups = g_ptr_array_new_with_free_func (g_free),
	};
	const GOptionEntry entries[] = {
		{"anchors", 'a', 0, G_OPTION_ARG_FILENAME_ARRAY, &import.anchor_files,
		 "Certificates to trust, for the credential's users", "FILE"},
		{"passphrase-file", 'P', 0, G_OPTION_ARG_FILENAME, &import.passphrase_file,
		 "Its first line opens an encrypted key or PKCS#12 file", "FILE"},
		{"from", 0, 0, G_OPTION_ARG_STRING, &import.from,
		 "A key and its certificates out of another PKCS#11 token; with --identifier a symmetric key", "URI"},
		{"module", 0, 0, G_OPTION_ARG_FILENAME, &import.module,
		 "That token's PKCS#11 module; default: those that p11-kit knows", "FILE"},
		{"pin-file", 0, 0, G_OPTION_ARG_FILENAME, &import.pin_file,
		 "Its first line is that token's PIN", "FILE"},
		{"symmetric", 's', 0, G_OPTION_ARG_FILENAME, &import.symmetric,
		 "A symmetric key; - for stdin", "FILE"},
		{"format", 0, 0, G_OPTION_ARG_STRING, &import.format,
		 "Of the symmetric key's file: hex (default) or binary", "FORMAT"},
		{"identifier", 'i', 0, G_OPTION_ARG_STRING, &import.identifier,
		 "The symmetric key's identifier on the wire (KpmID)", "ID"},
		{"suid", 0, 0, G_OPTION_ARG_INT, &import.suid,
		 "The symmetric key's only use (m2m:suid); 10: towards an MEF", "NUMBER"},
		{"expires", 0, 0, G_OPTION_ARG_STRING, &import.expires,
		 "The symmetric key's end, as 2030-12-31T00:00:00Z", "TIME"},
		{"user", 'u', 0, G_OPTION_ARG_STRING_ARRAY, &import.users, "A user who may use it", "USER"},
		{"group", 'g', 0, G_OPTION_ARG_STRING_ARRAY, &import.groups, "A group that may use it",
		 "GROUP"},
		{"revoke-old", 0, 0, G_OPTION_ARG_NONE, &import.revoke_old,
		 "End the replaced key at once", NULL},
		{NULL},
	};
	CliExit status = CLI_USAGE;

	if (cli_parse (cli, entries, &argc, &argv, 1, 1 + CLI_IMPORT_FILES_MAX)) {
		import.name = argv[1];
		import.files = argv + 2;
		if (check_usage (&import))
			status = run (cli, &import);
	}
	clear (&import);
	return status;
}
