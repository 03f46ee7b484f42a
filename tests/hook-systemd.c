/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stand-in for systemd on a test's D-Bus: ReloadOrTryRestartUnit of any unit, each call a line
 * "UNIT MODE" on stdout. By its name a unit does what a test needs: unknown*: there is none; failing*: its
 * job fails; hanging*: its job never ends. LoadUnit tells the same.
 *
 *	hook-systemd ADDRESS
 */
#include <config.h>

#include <gio/gio.h>
#include <stdio.h>

#define PATH "/org/freedesktop/systemd1"
#define MANAGER "org.freedesktop.systemd1.Manager"

static const char interface_xml[] =
	"<node><interface name='" MANAGER "'>"
	"<method name='ReloadOrTryRestartUnit'>"
	"<arg name='name' type='s' direction='in'/><arg name='mode' type='s' direction='in'/>"
	"<arg name='job' type='o' direction='out'/></method>"
	"<method name='LoadUnit'><arg name='name' type='s' direction='in'/>"
	"<arg name='unit' type='o' direction='out'/></method>"
	"<signal name='JobRemoved'><arg name='id' type='u'/><arg name='job' type='o'/>"
	"<arg name='unit' type='s'/><arg name='result' type='s'/></signal>"
	"</interface>"
	"<interface name='org.freedesktop.systemd1.Unit'>"
	"<property name='LoadState' type='s' access='read'/>"
	"</interface></node>";

static void
end_job (GDBusConnection *bus, guint32 id, const char *job, const char *unit)
{
	const char *result = g_str_has_prefix (unit, "failing") ? "failed" : "done";

	if (!g_dbus_connection_emit_signal (bus,
					    NULL,
					    PATH,
					    MANAGER,
					    "JobRemoved",
					    g_variant_new ("(uoss)", id, job, unit, result),
					    NULL))
		g_error ("no signal can be sent");
}

static GVariant *
on_get_property (GDBusConnection *bus,
		 const char *sender,
		 const char *path,
		 const char *interface,
		 const char *property,
		 GError **error,
		 gpointer data)
{
	return g_variant_new_string (g_str_has_suffix (path, "/unknown") ? "not-found" : "loaded");
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
	static guint32 jobs;
	g_autofree char *job = g_strdup_printf (PATH "/job/%u", ++jobs);
	const char *unit, *mode;

	if (g_str_equal (method, "LoadUnit")) {
		g_variant_get (parameters, "(&s)", &unit);
		g_dbus_method_invocation_return_value (
			call,
			g_variant_new ("(o)",
				       g_str_has_prefix (unit, "unknown") ? PATH "/unit/unknown"
									  : PATH "/unit/known"));
		return;
	}
	g_variant_get (parameters, "(&s&s)", &unit, &mode);
	printf ("%s %s\n", unit, mode);
	fflush (stdout);
	if (g_str_has_prefix (unit, "unknown")) {
		g_dbus_method_invocation_return_dbus_error (
			call, "org.freedesktop.systemd1.NoSuchUnit", "Unit not found.");
		return;
	}
	/* systemd may tell the end of a job before it has answered */
	if (g_str_has_prefix (unit, "early"))
		end_job (bus, jobs, job, unit);
	g_dbus_method_invocation_return_value (call, g_variant_new ("(o)", job));
	if (!g_str_has_prefix (unit, "early") && !g_str_has_prefix (unit, "hanging"))
		end_job (bus, jobs, job, unit);
}

static void
on_owned (GDBusConnection *bus, const char *name, gpointer data)
{
	printf ("ready\n");
	fflush (stdout);
}

static gboolean
offer (GDBusConnection *bus, GError **error)
{
	static const GDBusInterfaceVTable table = {.method_call = on_call,
						   .get_property = on_get_property};
	static const struct {
		const char *path;
		int interface;
	} objects[] = {{PATH, 0}, {PATH "/unit/known", 1}, {PATH "/unit/unknown", 1}};
	g_autoptr (GDBusNodeInfo) info = g_dbus_node_info_new_for_xml (interface_xml, NULL);

	for (gsize i = 0; i < G_N_ELEMENTS (objects); i++) {
		if (g_dbus_connection_register_object (bus,
						       objects[i].path,
						       info->interfaces[objects[i].interface],
						       &table,
						       NULL,
						       NULL,
						       error) == 0)
			return FALSE;
	}
	return TRUE;
}

int
main (int argc, char **argv)
{
	g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
	g_autoptr (GError) error = NULL;
	g_autoptr (GDBusConnection) bus = NULL;

	if (argc != 2)
		return 2;
	bus = g_dbus_connection_new_for_address_sync (
		argv[1],
		G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
			G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
		NULL,
		NULL,
		&error);
	if (bus == NULL || !offer (bus, &error)) {
		g_printerr ("hook-systemd: %s\n", error->message);
		return 1;
	}
	g_bus_own_name_on_connection (
		bus, "org.freedesktop.systemd1", 0, on_owned, NULL, NULL, NULL);
	g_main_loop_run (loop);
	return 0;
}
