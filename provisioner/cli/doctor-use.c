/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Can the credentials be used by whom they are for? The master of a server (root) may, its worker
 * may not: nobody sees it before the first handshake. So this is tried as the worker's user, in a
 * process of its own, through OpenSSL with the configuration that applications are given.
 */
#include <config.h>

#include "provisioner/cli/doctor.h"

#include <errno.h>
#include <grp.h>
#include <p11-kit/pkcs11.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#define WEEK_S (7 * 86400)

static void
check_expiry (Doctor *doctor, const PvCredential *credential)
{
	gint64 now = g_get_real_time () / G_USEC_PER_SEC;
	gint64 left_s = credential->not_after_s - now;
	const char *remedy = g_str_equal (credential->origin, "enrolled")
				     ? "enroleed renews it; see enrolee status"
				     : "import a new one under the same name";

	if (credential->not_after_s == 0 || credential->generation == 0)
		return;
	if (left_s <= 0)
		doctor_add (doctor, CLI_MARK_BAD, credential->name, remedy, "is expired");
	else if (left_s < WEEK_S)
		doctor_add (doctor,
			    CLI_MARK_WARNING,
			    credential->name,
			    remedy,
			    "expires within %" G_GINT64_FORMAT " days",
			    left_s / 86400 + 1);
	if (credential->not_before_s > now)
		doctor_add (doctor,
			    CLI_MARK_BAD,
			    credential->name,
			    "set the clock",
			    "is not valid yet, or the clock is behind");
}

static void
check_principals (Doctor *doctor, const PvCredential *credential)
{
	for (guint i = 0; credential->users[i] != NULL; i++) {
		if (getpwnam (credential->users[i]) == NULL)
			doctor_add (doctor,
				    CLI_MARK_WARNING,
				    credential->name,
				    "enrolee revoke it, or install the program it is for",
				    "there is no user %s",
				    credential->users[i]);
	}
	for (guint i = 0; credential->groups[i] != NULL; i++) {
		if (getgrnam (credential->groups[i]) == NULL)
			doctor_add (doctor,
				    CLI_MARK_WARNING,
				    credential->name,
				    "enrolee revoke it, or install the program it is for",
				    "there is no group %s",
				    credential->groups[i]);
	}
}

/* Whether the keystore has read what the settings say of a symmetric key. */
static gboolean
is_applied (const PvSettings *settings, const PvCredential *shown)
{
	static const struct {
		const char *version;
		guint versions;
	} versions[] = {{"all", WIRE_PSK_TLS12 | WIRE_PSK_TLS13},
			{"1.2", WIRE_PSK_TLS12},
			{"1.3", WIRE_PSK_TLS13}};
	static const struct {
		const char *name;
		guint hash;
	} hashes[] = {{"any", 0}, {"sha256", CKM_SHA256}, {"sha384", CKM_SHA384}};
	const char *name = shown->name;
	g_autofree char *version = pv_settings_get (settings, "credential", name, "TLSVersion");
	g_autofree char *hash = pv_settings_get (settings, "credential", name, "TLSHash");
	gboolean same =
		pv_settings_get_boolean (settings, "credential", name, "TLSEphemeral") ==
			shown->psk_ephemeral &&
		pv_settings_get_boolean (settings, "credential", name, "Reveal") == shown->psk_revealed;

	for (gsize i = 0; i < G_N_ELEMENTS (versions); i++)
		same = same && g_str_equal (version, versions[i].version) ==
				       (shown->psk_versions == versions[i].versions);
	for (gsize i = 0; i < G_N_ELEMENTS (hashes); i++)
		same = same &&
		       g_str_equal (hash, hashes[i].name) == (shown->psk_hash == hashes[i].hash);
	return same;
}

static void
check_symmetric_key (Doctor *doctor, const char *name)
{
	g_autoptr (PvCredential) shown =
		pv_keystore_show (cli_keystore (doctor->cli), name, NULL);

	if (shown == NULL || shown->psk_versions == 0)
		return;
	if (shown->psk_revealed)
		doctor_add (doctor,
			    CLI_MARK_WARNING,
			    name,
			    "remove Reveal= when no program needs it, and have the key replaced",
			    "the key itself is in %s/credentials/%s/" CLI_REVEALED_FILE,
			    doctor->cli->state_dir,
			    name);
	if (doctor->settings != NULL && !is_applied (doctor->settings, shown))
		doctor_add (doctor,
			    CLI_MARK_WARNING,
			    name,
			    "systemctl reload enrolee-keystored",
			    "the keystore has not read what the settings say of TLS");
}

void
doctor_check_credentials (Doctor *doctor)
{
	for (guint i = 0; doctor->credentials != NULL && i < doctor->credentials->len; i++) {
		const PvCredential *credential = doctor->credentials->pdata[i];

		if (credential->kind == WIRE_KIND_SECRET)
			check_symmetric_key (doctor, credential->name);
		check_expiry (doctor, doctor->credentials->pdata[i]);
		check_principals (doctor, doctor->credentials->pdata[i]);
	}
}

gboolean
doctor_is_granted (const PvCredential *credential, const struct passwd *user)
{
	gid_t groups[256];
	int n_groups = G_N_ELEMENTS (groups);

	if (user == NULL || user->pw_uid == 0 ||
	    g_strv_contains ((const char *const *) credential->users, user->pw_name))
		return TRUE;
	if (getgrouplist (user->pw_name, user->pw_gid, groups, &n_groups) < 0)
		return FALSE;
	for (int i = 0; i < n_groups; i++) {
		const struct group *group = getgrgid (groups[i]);

		if (group != NULL &&
		    g_strv_contains ((const char *const *) credential->groups, group->gr_name))
			return TRUE;
	}
	return FALSE;
}

/* Key pairs that the user may use, symmetric keys whose reference is the user's own. */
static gboolean
can_be_tried (const PvCredential *credential, const struct passwd *user)
{
	if (credential->generation == 0 || credential->kind == WIRE_KIND_ANCHORS)
		return FALSE;
	if (credential->kind == WIRE_KIND_KEY_PAIR)
		return doctor_is_granted (credential, user);
	return user != NULL &&
	       g_strv_contains ((const char *const *) credential->users, user->pw_name);
}

/* Named on the command line, or all that can be tried. */
static GPtrArray *
choose (Doctor *doctor, const struct passwd *user)
{
	GPtrArray *names = g_ptr_array_new ();

	for (guint i = 0; doctor->names != NULL && doctor->names[i] != NULL; i++)
		g_ptr_array_add (names, doctor->names[i]);
	for (guint i = 0;
	     doctor->names == NULL && doctor->credentials != NULL && i < doctor->credentials->len;
	     i++) {
		PvCredential *credential = doctor->credentials->pdata[i];

		if (can_be_tried (credential, user))
			g_ptr_array_add (names, credential->name);
	}
	return names;
}

/* In the child, before exec. */
static void
become (gpointer data)
{
	const struct passwd *user = data;

	if (user == NULL || user->pw_uid == geteuid ())
		return;
	if (initgroups (user->pw_name, user->pw_gid) != 0 || setgid (user->pw_gid) != 0 ||
	    setuid (user->pw_uid) != 0)
		_exit (127);
}

static char *
run_as (Doctor *doctor, struct passwd *user, GPtrArray *names, GError **error)
{
	g_autoptr (GPtrArray) argv = g_ptr_array_new ();
	g_auto (GStrv) environment = g_get_environ ();
	g_autofree char *config = g_build_filename (doctor->cli->config_dir, "openssl.cnf", NULL);
	g_autofree char *folder = g_build_filename (doctor->cli->state_dir, "credentials", NULL);
	char *output = NULL;

	environment = g_environ_setenv (environment, "OPENSSL_CONF", config, TRUE);
	environment =
		g_environ_setenv (environment, "ENROLEE_RUNTIME_DIR", doctor->cli->runtime_dir, TRUE);
	g_ptr_array_add (argv, (char *) "/proc/self/exe");
	g_ptr_array_add (argv, (char *) DOCTOR_TRY_COMMAND);
	g_ptr_array_add (argv, folder);
	for (guint i = 0; i < names->len; i++)
		g_ptr_array_add (argv, names->pdata[i]);
	g_ptr_array_add (argv, NULL);
	if (!g_spawn_sync ("/",
			   (char **) argv->pdata,
			   environment,
			   G_SPAWN_STDERR_TO_DEV_NULL,
			   become,
			   user,
			   &output,
			   NULL,
			   NULL,
			   error))
		return NULL;
	return output;
}

static void
take_line (Doctor *doctor, const char *who, const char *line)
{
	g_auto (GStrv) words = g_strsplit (line, " ", 3);
	guint n_words = g_strv_length (words);
	g_autofree char *remedy = NULL;

	if (n_words >= 2 && g_str_equal (words[0], "psk")) {
		if (g_str_equal (words[1], "enrolee"))
			doctor_add (doctor,
				    CLI_MARK_GOOD,
				    "OpenSSL",
				    NULL,
				    "pre-shared keys by reference are resolved");
		else
			doctor_add (doctor,
				    CLI_MARK_BAD,
				    "OpenSSL",
				    "see the sections provider_sect and algorithm_sect of openssl.cnf",
				    "provider %s derives TLS keys: references to pre-shared keys "
				    "would be taken literally",
				    words[1]);
	} else if (n_words >= 2 && g_str_equal (words[0], "ok")) {
		doctor_add (doctor, CLI_MARK_GOOD, words[1], NULL, "%s can use it", who);
	} else if (n_words == 3 && g_str_equal (words[0], "failed")) {
		remedy = g_strdup_printf ("enrolee grant %s --user %s, if it may", words[1], who);
		doctor_add (doctor,
			    CLI_MARK_BAD,
			    words[1],
			    remedy,
			    "%s cannot use it: %s",
			    who,
			    words[2]);
	}
}

void
doctor_check_openssl (Doctor *doctor)
{
	struct passwd *user = doctor->user != NULL ? getpwnam (doctor->user) : getpwuid (geteuid ());
	g_autoptr (GPtrArray) names = NULL;
	g_autoptr (GError) error = NULL;
	g_autofree char *output = NULL;
	g_auto (GStrv) lines = NULL;
	const char *who = user != NULL ? user->pw_name : "this user";

	if (doctor->user != NULL && (user == NULL || (geteuid () != 0 && user->pw_uid != geteuid ()))) {
		doctor_add (doctor,
			    CLI_MARK_BAD,
			    "--as",
			    user == NULL ? NULL : "call doctor as root",
			    user == NULL ? "there is no user %s" : "only root can try as %s",
			    doctor->user);
		return;
	}
	names = choose (doctor, user);
	output = run_as (doctor, user, names, &error);
	lines = g_strsplit (output != NULL ? output : "", "\n", -1);
	for (guint i = 0; lines[i] != NULL; i++)
		take_line (doctor, who, lines[i]);
	if (lines[0] == NULL || lines[0][0] == '\0')
		doctor_add (doctor,
			    CLI_MARK_BAD,
			    "OpenSSL",
			    "can that user read the program, the module and openssl.cnf?",
			    "cannot be tried as %s%s%s",
			    who,
			    error != NULL ? ": " : "",
			    error != NULL ? error->message : "");
}
