/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See bus.h. */
#include <config.h>

#include "provisioner/cli/bus.h"

#include "provisioner/error.h"

GDBusConnection *
cli_bus_connect (Cli *cli, GError **error)
{
	if (cli->bus == NULL)
		return g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, error);
	return g_dbus_connection_new_for_address_sync (
		cli->bus,
		G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
			G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
		NULL,
		NULL,
		error);
}

GVariant *
cli_bus_call (GDBusConnection *bus,
	      const char *method,
	      GVariant *arguments,
	      const char *reply,
	      GError **error)
{
	g_autoptr (GError) local = NULL;
	g_autofree char *name = NULL;
	GVariant *result = g_dbus_connection_call_sync (bus,
							PV_BUS_NAME,
							PV_BUS_PATH,
							PV_BUS_INTERFACE,
							method,
							arguments,
							reply != NULL ? G_VARIANT_TYPE (reply) : NULL,
							G_DBUS_CALL_FLAGS_NONE,
							-1,
							NULL,
							&local);

	if (result != NULL)
		return result;
	name = g_dbus_error_get_remote_error (local);
	g_dbus_error_strip_remote_error (local);
	if (g_strcmp0 (name, PV_BUS_ERROR_NOT_FOUND) == 0)
		g_set_error (error, PV_ERROR, PV_ERROR_NOT_FOUND, "%s", local->message);
	else if (g_error_matches (local, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN))
		g_set_error (error, local->domain, local->code, "enroleed is not running");
	else
		g_propagate_error (error, g_steal_pointer (&local));
	return NULL;
}

GStrv
cli_bus_enrolments (GDBusConnection *bus, GError **error)
{
	g_autoptr (GVariant) reply = cli_bus_call (bus, "List", NULL, "(as)", error);
	GStrv names = NULL;

	if (reply != NULL)
		g_variant_get (reply, "(^as)", &names);
	return names;
}

GVariant *
cli_bus_status (GDBusConnection *bus, const char *name, GError **error)
{
	g_autoptr (GVariant) reply =
		cli_bus_call (bus, "Status", g_variant_new ("(s)", name), "(a{sv})", error);

	return reply != NULL ? g_variant_get_child_value (reply, 0) : NULL;
}
