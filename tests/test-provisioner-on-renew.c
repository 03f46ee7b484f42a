/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OnRenew=: what is understood, what is refused, and settings that others than root could change. */
#include <config.h>

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provisioner/error.h"
#include "provisioner/limits.h"
#include "provisioner/on-renew.h"
#include "provisioner/settings-trust.h"
#include "provisioner/settings.h"

static void
test_good (void)
{
	const char *problem = NULL;
	g_autoptr (GPtrArray) actions = pv_on_renew_parse (
		"reload nginx; reload a-b@1.service ;run www-data /bin/x 'a b' $HOME \"*\";", &problem);
	const PvRenewAction *action;

	g_assert_cmpstr (problem, ==, NULL);
	g_assert_cmpuint (actions->len, ==, 3);
	action = actions->pdata[0];
	g_assert_cmpstr (action->unit, ==, "nginx.service");
	g_assert_cmpstr (action->text, ==, "reload nginx");
	action = actions->pdata[1];
	g_assert_cmpstr (action->unit, ==, "a-b@1.service");
	action = actions->pdata[2];
	g_assert_null (action->unit);
	g_assert_cmpstr (action->user, ==, "www-data");
	g_assert_cmpuint (g_strv_length (action->argv), ==, 4);
	g_assert_cmpstr (action->argv[0], ==, "/bin/x");
	g_assert_cmpstr (action->argv[1], ==, "a b");
	g_assert_cmpstr (action->argv[2], ==, "$HOME");
	g_assert_cmpstr (action->argv[3], ==, "*");
}

static const struct {
	const char *value;
	const char *wanted;
} bad[] = {
	{"", "empty"},
	{" ; ;", "empty"},
	{"restart nginx", "neither"},
	{"/usr/bin/touch /x", "neither"},
	{"reload", "neither"},
	{"reload a b", "neither"},
	{"reload nginx; restart nginx", "neither"},
	{"reload ''", "without the name of a unit"},
	{"reload nginx*", "without the name of a unit"},
	{"reload ../nginx.service", "without the name of a unit"},
	{"reload --all", "without the name of a unit"},
	{"reload multi-user.target", "not for a service"},
	{"reload nginx.timer", "not for a service"},
	{"run", "without the user"},
	{"run /bin/true", "without the user"},
	{"run --root /bin/true", "without the user"},
	{"run '' /bin/true", "without the user"},
	{"run root", "without the absolute path"},
	{"run root true", "without the absolute path"},
	{"run root ./true", "without the absolute path"},
	{"run root '/bin/true", "not quoted"},
	{"run root /bin/true 'a;b'", "not quoted"},
};

static void
test_bad (void)
{
	g_autofree char *big = g_strnfill (PV_HOOK_ACTION_MAX, 'x');
	g_autofree char *big_action = g_strconcat ("run root /", big, NULL);
	g_autoptr (GString) many = g_string_new (NULL);
	const char *problem = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_assert_null (pv_on_renew_parse (bad[i].value, &problem));
		if (!g_str_has_prefix (problem, bad[i].wanted))
			g_error ("%s: wanted \"%s\", got \"%s\"", bad[i].value, bad[i].wanted, problem);
	}
	g_assert_null (pv_on_renew_parse (big_action, &problem));
	g_assert_cmpstr (problem, ==, "too long");
	for (guint i = 0; i < PV_HOOK_ACTIONS_MAX; i++)
		g_string_append (many, "reload x;");
	g_ptr_array_unref (pv_on_renew_parse (many->str, &problem));
	g_string_append (many, "reload x");
	g_assert_null (pv_on_renew_parse (many->str, &problem));
	g_assert_cmpstr (problem, ==, "more actions than there may be");
}

typedef struct {
	char *dir, *conf, *drop_ins;
} Fixture;

static void
write_file (Fixture *fixture, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename (fixture->conf, name, NULL);

	g_assert_true (g_file_set_contents (path, text, -1, NULL));
	g_assert_cmpint (chmod (path, 0644), ==, 0);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
	fixture->dir = g_dir_make_tmp ("enrolee-test.XXXXXX", NULL);
	fixture->conf = g_build_filename (fixture->dir, "etc", NULL);
	fixture->drop_ins = g_build_filename (fixture->conf, "conf.d", NULL);
	g_assert_cmpint (g_mkdir_with_parents (fixture->drop_ins, 0755), ==, 0);
	write_file (fixture,
		    "enrolee.conf",
		    "[credential a]\nOnRenew=reload one\nOnRenew=reload two; reload three\n"
		    "[credential b]\nOnRenew=reload four\n[credential c]\n");
	write_file (fixture, "conf.d/x.conf", "[credential b]\nOnRenew=reload five\n");
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
	g_autofree char *command = g_strdup_printf ("rm -rf '%s'", fixture->dir);

	g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
	g_free (fixture->dir);
	g_free (fixture->conf);
	g_free (fixture->drop_ins);
}

static void
assert_actions (const PvSettings *settings, const char *credential, const char *wanted)
{
	g_autoptr (GPtrArray) actions = pv_settings_on_renew (settings, credential);
	g_autoptr (GString) units = g_string_new (NULL);

	for (guint i = 0; i < actions->len; i++)
		g_string_append_printf (units, "%s ", ((PvRenewAction *) actions->pdata[i])->unit);
	g_assert_cmpstr (units->str, ==, wanted);
}

static void
test_settings (Fixture *fixture, gconstpointer data)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PvSettings) settings = pv_settings_load (fixture->conf, &error);
	g_autoptr (GString) many = g_string_new ("[credential a]\n");

	g_assert_no_error (error);
	assert_actions (settings, "a", "one.service two.service three.service ");
	assert_actions (settings, "b", "five.service ");
	assert_actions (settings, "c", "");
	assert_actions (settings, "nowhere", "");
	for (guint i = 0; i <= PV_HOOK_ACTIONS_MAX; i++)
		g_string_append (many, "OnRenew=reload x\n");
	write_file (fixture, "enrolee.conf", many->str);
	g_assert_null (pv_settings_load (fixture->conf, &error));
	g_assert_nonnull (strstr (error->message, "is more actions than there may be"));
}

static void
assert_untrusted (Fixture *fixture, const char *wanted)
{
	g_autoptr (GError) error = NULL;

	g_assert_false (pv_settings_trust (fixture->conf, &error));
	g_assert_error (error, PV_ERROR, PV_ERROR_JOB);
	if (strstr (error->message, wanted) == NULL)
		g_error ("wanted \"%s\", got \"%s\"", wanted, error->message);
}

/* The mode makes it untrusted, and its former one trusted again. */
static void
assert_mode (Fixture *fixture, const char *path, mode_t bad_mode, mode_t good_mode)
{
	g_autofree char *wanted = g_strconcat (path, " can be written", NULL);

	g_assert_cmpint (chmod (path, bad_mode), ==, 0);
	assert_untrusted (fixture, wanted);
	g_assert_cmpint (chmod (path, good_mode), ==, 0);
	g_assert_true (pv_settings_trust (fixture->conf, NULL));
}

static void
test_trust (Fixture *fixture, gconstpointer data)
{
	g_autofree char *file = g_build_filename (fixture->conf, "enrolee.conf", NULL);
	g_autofree char *drop_in = g_build_filename (fixture->drop_ins, "x.conf", NULL);
	g_autofree char *link = g_build_filename (fixture->drop_ins, "y.conf", NULL);
	g_autofree char *ignored = g_build_filename (fixture->drop_ins, "ignored", NULL);
	g_autofree char *nowhere = g_build_filename (fixture->dir, "nowhere", NULL);

	g_assert_true (pv_settings_trust (fixture->conf, NULL));
	assert_mode (fixture, file, 0664, 0644);
	assert_mode (fixture, file, 0646, 0600);
	assert_mode (fixture, drop_in, 0666, 0644);
	assert_mode (fixture, fixture->drop_ins, 0775, 0755);
	assert_mode (fixture, fixture->conf, 01777, 0755); /* who may add files */
	assert_mode (fixture, fixture->dir, 0777, 0700);
	g_assert_cmpint (symlink (file, ignored), ==, 0);
	g_assert_true (pv_settings_trust (fixture->conf, NULL));
	g_assert_cmpint (symlink (file, link), ==, 0);
	assert_untrusted (fixture, "y.conf is a link");
	g_assert_cmpint (unlink (link), ==, 0);
	if (geteuid () == 0) {
		g_assert_cmpint (chown (drop_in, 65534, 0), ==, 0);
		assert_untrusted (fixture, "x.conf does not belong to root");
		g_assert_cmpint (chown (drop_in, 0, 0), ==, 0);
		g_assert_cmpint (chown (fixture->dir, 65534, 0), ==, 0);
		assert_untrusted (fixture, "does not belong to root");
		g_assert_cmpint (chown (fixture->dir, 0, 0), ==, 0);
	}
	g_assert_true (pv_settings_trust (fixture->conf, NULL));
	g_assert_false (pv_settings_trust (nowhere, NULL));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/on-renew/good", test_good);
	g_test_add_func ("/on-renew/bad", test_bad);
	g_test_add ("/on-renew/settings", Fixture, NULL, set_up, test_settings, tear_down);
	g_test_add ("/on-renew/trust", Fixture, NULL, set_up, test_trust, tear_down);
	return g_test_run ();
}
