/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enrolee-hook: does what OnRenew= says, as root, for enroleed, which is not. Started by the bus, ends when
 * nothing is to be done. Its caller gives the name of a credential and nothing else: what is done is
 * in the settings, which only root can change. One request after the other.
 */
#include <config.h>

#include <glib-unix.h>
#include <locale.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "provisioner/control-names.h"
#include "provisioner/hook-interface.h"
#include "provisioner/hook/hook.h"
#include "provisioner/program.h"
#include "provisioner/settings-trust.h"
#include "provisioner/settings.h"

/* Long enough for the credentials of one publication, each a call of its own. */
#define IDLE_S 20

typedef struct {
	char *config_dir, *state_dir, *bus, *provisioner_user;
	int idle_s;
} Options;

typedef struct {
	const Options *options;
	GDBusConnection *bus;
	GMainLoop *loop;
	guint idle; /* source */
	gboolean failed;
} Hook;

static gboolean
parse_options (Options *options, int *argc, char ***argv)
{
	const GOptionEntry entries[] = {
		{"config-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->config_dir,
		 "Folder of enrolee.conf", "DIR"},
		{"state-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->state_dir, "Folder of the state",
		 "DIR"},
		{"bus", 0, 0, G_OPTION_ARG_STRING, &options->bus, "D-Bus other than the system bus",
		 "ADDRESS"},
		{"provisioner-user", 0, 0, G_OPTION_ARG_STRING, &options->provisioner_user,
		 "User of enroleed, who may call beside root", "USER"},
		{"idle", 0, 0, G_OPTION_ARG_INT, &options->idle_s, "Ends when nobody called for so long",
		 "SECONDS"},
		{NULL},
	};
	g_autoptr (GOptionContext) context = g_option_context_new (NULL);
	g_autoptr (GError) error = NULL;

	g_option_context_set_summary (context, "Does what OnRenew= says when a credential was published.");
	g_option_context_add_main_entries (context, entries, NULL);
	if (g_option_context_parse (context, argc, argv, &error) && *argc == 1) {
		pv_option_default (&options->config_dir, ENROLEE_CONFIG_DIR);
		pv_option_default (&options->state_dir, ENROLEE_STATE_DIR);
		pv_option_default (&options->provisioner_user, "enrolee");
		return TRUE;
	}
	g_printerr ("enrolee-hook: %s\n", error != NULL ? error->message : "too many arguments");
	return FALSE;
}

static void
clear_options (Options *options)
{
	g_free (options->config_dir);
	g_free (options->state_dir);
	g_free (options->bus);
	g_free (options->provisioner_user);
}

static gboolean
on_idle (gpointer data)
{
	Hook *hook = data;

	hook->idle = 0;
	g_main_loop_quit (hook->loop);
	return G_SOURCE_REMOVE;
}

static void
rest (Hook *hook)
{
	if (hook->idle != 0)
		g_source_remove (hook->idle);
	hook->idle = g_timeout_add_seconds (hook->options->idle_s, on_idle, hook);
}

/* The bus's policy says the same; this holds also where that is missing. */
static gboolean
may_call (Hook *hook, const char *sender, guint32 *uid)
{
	const struct passwd *provisioner;
	g_autoptr (GVariant) reply = g_dbus_connection_call_sync (hook->bus,
								  "org.freedesktop.DBus",
								  "/org/freedesktop/DBus",
								  "org.freedesktop.DBus",
								  "GetConnectionUnixUser",
								  g_variant_new ("(s)", sender),
								  G_VARIANT_TYPE ("(u)"),
								  G_DBUS_CALL_FLAGS_NONE,
								  -1,
								  NULL,
								  NULL);

	if (reply == NULL)
		return FALSE;
	g_variant_get (reply, "(u)", uid);
	provisioner = getpwnam (hook->options->provisioner_user);
	return *uid == 0 || (provisioner != NULL && provisioner->pw_uid == *uid);
}

static void
carry_out (Hook *hook, const PvHookOrder *order, GPtrArray *actions, GString *failures)
{
	for (guint i = 0; i < actions->len; i++) {
		const PvRenewAction *action = actions->pdata[i];
		g_autoptr (GError) error = NULL;
		gboolean done = action->unit != NULL
					? pv_hook_reload (hook->bus, order, action, &error)
					: pv_hook_run (order, action, &error);

		if (done) {
			g_message ("%s: %s: done", order->credential, action->text);
			continue;
		}
		g_warning ("%s: %s: %s", order->credential, action->text, error->message);
		g_string_append_printf (failures,
					"%s%s: %s",
					failures->len > 0 ? "; " : "",
					action->text,
					error->message);
	}
}

static void
fail (GDBusMethodInvocation *call, const char *name, const char *message)
{
	g_warning ("refused: %s", message);
	g_dbus_method_invocation_return_dbus_error (call, name, message);
}

/* @name fits into a path and an environment, and the settings are root's: looked at in this order. */
static void
answer (Hook *hook, const char *name, GDBusMethodInvocation *call)
{
	const char *config_dir = hook->options->config_dir;
	g_autoptr (GError) error = NULL;
	g_autoptr (PvSettings) settings = NULL;
	g_autoptr (GPtrArray) actions = NULL;
	g_autoptr (GString) failures = g_string_new (NULL);
	g_autofree char *folder = NULL;
	PvHookOrder order = {name};

	if (!pv_name_is_valid (name)) {
		fail (call, PV_HOOK_ERROR_NOT_FOUND, "that is no name of a credential");
		return;
	}
	if (pv_settings_trust (config_dir, &error))
		settings = pv_settings_load (config_dir, &error);
	if (settings == NULL) {
		fail (call, PV_HOOK_ERROR_REFUSED, error->message);
		return;
	}
	actions = pv_settings_on_renew (settings, name);
	if (actions->len == 0) {
		fail (call, PV_HOOK_ERROR_NOT_FOUND, "no OnRenew= is set for that credential");
		return;
	}
	order.folder = folder = g_build_filename (hook->options->state_dir, "credentials", name, NULL);
	order.limit_s = pv_settings_get_seconds (settings, "provisioner", NULL, "HookTimeSec");
	carry_out (hook, &order, actions, failures);
	if (failures->len == 0)
		g_dbus_method_invocation_return_value (call, g_variant_new ("(u)", actions->len));
	else
		g_dbus_method_invocation_return_dbus_error (call, PV_HOOK_ERROR_FAILED, failures->str);
}

static void
on_call (GDBusConnection *bus,
	 const char *sender,
	 const char *path,
	 const char *interface,
	 const char *method,
	 GVariant *parameters,
	 GDBusMethodInvocation *call,
	 gpointer data)
{
	Hook *hook = data;
	const char *name;
	guint32 uid = 0;

	g_variant_get (parameters, "(&s)", &name);
	if (may_call (hook, sender, &uid))
		answer (hook, name, call);
	else
		fail (call, "org.freedesktop.DBus.Error.AccessDenied", "only root and enroleed may ask");
	rest (hook);
}

static void
on_lost (GDBusConnection *bus, const char *name, gpointer data)
{
	Hook *hook = data;

	g_warning ("the name on D-Bus is taken, forbidden or lost");
	hook->failed = TRUE;
	g_main_loop_quit (hook->loop);
}

/* Requests that came before the name was given back are still ours; later ones start another. */
static void
give_back (Hook *hook, guint name)
{
	g_bus_unown_name (name);
	if (!hook->failed)
		(void) g_dbus_connection_flush_sync (hook->bus, NULL, NULL);
	while (g_main_context_iteration (NULL, FALSE))
		;
	if (!hook->failed)
		(void) g_dbus_connection_flush_sync (hook->bus, NULL, NULL);
}

static gboolean
on_signal (gpointer data)
{
	g_main_loop_quit (data);
	return G_SOURCE_CONTINUE;
}

static gboolean
serve (Hook *hook, GError **error)
{
	static const GDBusInterfaceVTable table = {.method_call = on_call};
	guint object = g_dbus_connection_register_object (
		hook->bus,
		PV_HOOK_BUS_PATH,
		(GDBusInterfaceInfo *) &org_onem2m_enrolee_hook1_interface,
		&table,
		hook,
		NULL,
		error);
	guint name;

	if (object == 0)
		return FALSE;
	name = g_bus_own_name_on_connection (hook->bus,
					     PV_HOOK_BUS_NAME,
					     G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE,
					     NULL,
					     on_lost,
					     hook,
					     NULL);
	rest (hook);
	g_main_loop_run (hook->loop);
	give_back (hook, name);
	g_dbus_connection_unregister_object (hook->bus, object);
	return !hook->failed;
}

static int
run (const Options *options)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GDBusConnection) bus = pv_bus_connect (options->bus, &error);
	g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
	Hook hook = {.options = options, .bus = bus, .loop = loop};
	gboolean good = FALSE;

	if (bus != NULL) {
		g_dbus_connection_set_exit_on_close (bus, FALSE);
		g_unix_signal_add (SIGTERM, on_signal, loop);
		g_unix_signal_add (SIGINT, on_signal, loop);
		good = serve (&hook, &error);
	}
	if (error != NULL)
		g_printerr ("enrolee-hook: %s\n", error->message);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main (int argc, char **argv)
{
	Options options = {.idle_s = IDLE_S};
	int status = EXIT_FAILURE;

	setlocale (LC_ALL, "");
	if (parse_options (&options, &argc, &argv))
		status = run (&options);
	clear_options (&options);
	return status;
}
