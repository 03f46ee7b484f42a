/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See program.h. */
#include <config.h>

#include "provisioner/program.h"

void
pv_option_default (char **variable, const char *value)
{
	if (*variable == NULL)
		*variable = g_strdup (value);
}

GDBusConnection *
pv_bus_connect (const char *address, GError **error)
{
	if (address == NULL)
		return g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, error);
	return g_dbus_connection_new_for_address_sync (
		address,
		G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
			G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
		NULL,
		NULL,
		error);
}
