/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Settings: what is read, what overrides what, and that everything else is refused with its file and
 * line.
 */
#include <config.h>

#include <glib/gstdio.h>
#include <string.h>

#include "provisioner/error.h"
#include "provisioner/settings.h"

typedef struct {
	char *dir;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
	g_autofree char *folder = NULL;

	fixture->dir = g_dir_make_tmp ("enrolee-test-XXXXXX", NULL);
	folder = g_build_filename (fixture->dir, "conf.d", NULL);
	g_assert_cmpint (g_mkdir (folder, 0755), ==, 0);
}

static void
remove_files (const char *folder)
{
	g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
		g_autofree char *path = g_build_filename (folder, name, NULL);

		g_unlink (path);
	}
	g_rmdir (folder);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
	g_autofree char *folder = g_build_filename (fixture->dir, "conf.d", NULL);

	remove_files (folder);
	remove_files (fixture->dir);
	g_free (fixture->dir);
}

static void
write_file (Fixture *fixture, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename (fixture->dir, name, NULL);

	g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static const char good[] = "# an operator's file\n"
			   "[mef test]\n"
			   "FQDN=mef.example.com\n"
			   "AdminFQDN = sp.example.com\n"
			   "\n"
			   "[enrolment gw1]\n"
			   "MEF=test\n"
			   "Client=//sp.example.com/gw1\n"
			   "BootstrapKey=kpm\n"
			   "KeyTargets=//sp.example.com/in-cse, //sp.example.com/x\n"
			   "[credential gw1]\n"
			   "Users=www-data mosquitto\n";

static void
test_good (Fixture *fixture, gconstpointer data)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PvSettings) settings = NULL;
	g_autofree char *kind = NULL;
	g_autofree char *none = NULL;
	g_auto (GStrv) targets = NULL;
	g_auto (GStrv) names = NULL;

	write_file (fixture, "enrolee.conf", good);
	settings = pv_settings_load (fixture->dir, &error);
	g_assert_no_error (error);
	names = pv_settings_names (settings, "enrolment");
	g_assert_cmpuint (g_strv_length (names), ==, 1);
	g_assert_cmpstr (names[0], ==, "gw1");
	kind = pv_settings_get (settings, "enrolment", "gw1", "ClientKind");
	g_assert_cmpstr (kind, ==, "cse");
	none = pv_settings_get (settings, "enrolment", "gw1", "EstURI");
	g_assert_null (none);
	targets = pv_settings_get_list (settings, "enrolment", "gw1", "KeyTargets");
	g_assert_cmpuint (g_strv_length (targets), ==, 2);
	g_assert_cmpstr (targets[1], ==, "//sp.example.com/x");
	g_assert_true (pv_settings_get_boolean (settings, "enrolment", "gw1", "Certificate"));
	g_assert_cmpuint (
		pv_settings_get_seconds (settings, "mef", "test", "ConnectTimeSec"), ==, 10);
	g_assert_true (g_str_has_suffix (
		pv_settings_source (settings, "mef test", "AdminFQDN"), "/enrolee.conf:4"));
}

static void
test_drop_in (Fixture *fixture, gconstpointer data)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PvSettings) settings = NULL;
	g_autofree char *fqdn = NULL;

	write_file (fixture, "enrolee.conf", good);
	write_file (fixture, "conf.d/20-b.conf", "[mef test]\nFQDN=b.example.com\n");
	write_file (fixture, "conf.d/10-a.conf", "[mef test]\nFQDN=a.example.com\n");
	write_file (fixture, "conf.d/30-c.conf.bak", "nonsense\n");
	settings = pv_settings_load (fixture->dir, &error);
	g_assert_no_error (error);
	fqdn = pv_settings_get (settings, "mef", "test", "FQDN");
	g_assert_cmpstr (fqdn, ==, "b.example.com");
	g_assert_true (g_str_has_suffix (
		pv_settings_source (settings, "mef test", "FQDN"), "conf.d/20-b.conf:2"));
}

static void
test_nothing (Fixture *fixture, gconstpointer data)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PvSettings) settings = pv_settings_load (fixture->dir, &error);
	g_autofree char *residency = NULL;

	g_assert_no_error (error);
	residency = pv_settings_get (settings, "keystore", NULL, "Residency");
	g_assert_cmpstr (residency, ==, "auto");
}

/* Each text, and the message it must be refused with. */
static const struct {
	const char *text;
	const char *wanted;
} bad[] = {
	{"[mef test]\nFQDN=a.b\nAdminFQDN=a.b\nUrl=x\n", ":4: unknown key \"Url\" in group [mef test]"},
	{"\n[mefs test]\nFQDN=a.b\n", ":2: unknown group [mefs test]"},
	{"[mef]\nFQDN=a.b\n", ":1: group [mef] needs a name"},
	{"[mef a/b]\n", ":1: group [mef a/b] needs a name"},
	{"[keystore x]\n", ":1: group [keystore] takes no name"},
	{"FQDN=a.b\n", ":1: a key before the first group"},
	{"[keystore]\nResidency\n", ":2: neither a group"},
	{"[keystore]\n\nResidency=nowhere\n",
	 ":3: Residency=nowhere is not one of the possible values (auto memory token)"},
	{"[keystore]\nBackingModule=lib.so\n", ":2: BackingModule=lib.so is not an absolute path"},
	{"[provisioner]\nRetryMinSec=0\n", ":2: RetryMinSec=0 is not a number of seconds"},
	{"[provisioner]\nRetryMinSec=99999999999\n", ":2: RetryMinSec=99999999999 is not"},
	{"[mef t]\nAdminFQDN=a.b\nFQDN=MEF.example\n", ":3: FQDN=MEF.example is not a domain name"},
	{"[mef t]\nFQDN=a.b\nAdminFQDN=a.b\nURI=http://a.b\n", ":4: URI=http://a.b is not an https URI"},
	{"[mef t]\nFQDN=a.b\n", ":1: group [mef t] needs AdminFQDN="},
	{"[enrolment e]\nMEF=nobody\nClient=x\nBootstrapKey=k\n", ":2: there is no group [mef nobody]"},
	{"[mef t]\nFQDN=a.b\nAdminFQDN=a.b\n[enrolment e]\nMEF=t\nClient=x\n",
	 ":4: group [enrolment e] needs BootstrapKey= or BootstrapCertificate="},
	{"[enrolment e]\nMEF=../x\n", ":2: MEF=../x is not a name"},
	{"[enrolment e]\nCertificate=maybe\n", ":2: Certificate=maybe is not yes or no"},
	{"[keystore]\nBackingToken=\xff\n", ":1: not UTF-8 text"},
};

static void
test_bad (Fixture *fixture, gconstpointer data)
{
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;
		g_autofree char *wanted = g_strconcat (fixture->dir, "/enrolee.conf", bad[i].wanted, NULL);

		write_file (fixture, "enrolee.conf", bad[i].text);
		g_assert_null (pv_settings_load (fixture->dir, &error));
		g_assert_error (error, PV_ERROR, PV_ERROR_JOB);
		if (!g_str_has_prefix (error->message, wanted))
			g_error ("wanted \"%s\", got \"%s\"", wanted, error->message);
	}
}

/* Every default is a value that a file could hold. */
static void
test_defaults (void)
{
	gsize n_settings;
	const PvSetting *table = pv_settings_table (&n_settings);

	for (gsize i = 0; i < n_settings; i++) {
		g_assert_true (pv_setting_group_is_known (table[i].group));
		if (table[i].fallback != NULL)
			g_assert_null (pv_setting_check (&table[i], table[i].fallback));
		g_assert_true (pv_setting_find (table[i].group, table[i].key) == &table[i]);
	}
}

static void
test_specifiers (Fixture *fixture, gconstpointer data)
{
	static const char *const wrong[] = {"%x", "a%", "%", "%é"};
	g_autoptr (PvSettings) settings = NULL;
	g_autoptr (GError) error = NULL;
	g_autofree char *serial = g_build_filename (fixture->dir, "enrolee.serial", NULL);
	g_autofree char *anchors = g_build_filename (fixture->dir, "anchors", NULL);
	g_autofree char *value = NULL;
	g_autofree char *fqdn = NULL;
	g_autofree char *path = NULL;

	g_setenv ("CREDENTIALS_DIRECTORY", fixture->dir, TRUE);
	write_file (fixture, "enrolee.serial", " SN-0042\n");
	write_file (fixture,
		    "enrolee.conf",
		    "[mef a]\nFQDN=%s.example.com\nAdminFQDN=b.example.com\nTrustAnchors=credential:anchors\n"
		    "[enrolment gw]\nMEF=a\nBootstrapKey=kpm\nClient=//sp.example.com/%s-100%%\n");
	settings = pv_settings_load (fixture->dir, &error);
	g_assert_no_error (error);
	value = pv_settings_get (settings, "enrolment", "gw", "Client");
	g_assert_cmpstr (value, ==, "//sp.example.com/SN-0042-100%");
	fqdn = pv_settings_get (settings, "mef", "a", "FQDN");
	g_assert_cmpstr (fqdn, ==, "sn-0042.example.com");
	path = pv_settings_get (settings, "mef", "a", "TrustAnchors");
	g_assert_cmpstr (path, ==, anchors);
	for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++) {
		g_autofree char *text = g_strdup_printf ("[mef a]\nFQDN=a.example.com\nURI=https://a/%s\n", wrong[i]);

		write_file (fixture, "enrolee.conf", text);
		g_assert_null (pv_settings_load (fixture->dir, &error));
		g_assert_nonnull (strstr (error->message, "enrolee.conf:3: URI="));
		g_clear_error (&error);
	}
	write_file (fixture, "enrolee.serial", "../../etc");
	write_file (fixture, "enrolee.conf", "[enrolment gw]\nClient=//sp.example.com/%s\n");
	g_assert_null (pv_settings_load (fixture->dir, &error));
	g_assert_nonnull (strstr (error->message, "no usable serial number"));
	g_unsetenv ("CREDENTIALS_DIRECTORY");
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add ("/settings/good", Fixture, NULL, set_up, test_good, tear_down);
	g_test_add ("/settings/drop-in", Fixture, NULL, set_up, test_drop_in, tear_down);
	g_test_add ("/settings/nothing", Fixture, NULL, set_up, test_nothing, tear_down);
	g_test_add ("/settings/bad", Fixture, NULL, set_up, test_bad, tear_down);
	g_test_add_func ("/settings/defaults", test_defaults);
	g_test_add ("/settings/specifiers", Fixture, NULL, set_up, test_specifiers, tear_down);
	return g_test_run ();
}
