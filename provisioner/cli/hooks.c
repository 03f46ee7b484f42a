/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See hooks.h. */
#include <config.h>

#include "provisioner/cli/hooks.h"

#include "provisioner/cli/bus.h"

gboolean
cli_hooks_run (Cli *cli, const char *credential, GError **error)
{
	g_autoptr (GDBusConnection) bus = cli_bus_connect (cli, error);
	g_autoptr (GVariant) reply = NULL;

	if (bus == NULL)
		return FALSE;
	reply = g_dbus_connection_call_sync (bus,
					     PV_HOOK_BUS_NAME,
					     PV_HOOK_BUS_PATH,
					     PV_HOOK_BUS_INTERFACE,
					     "Run",
					     g_variant_new ("(s)", credential),
					     G_VARIANT_TYPE ("(u)"),
					     G_DBUS_CALL_FLAGS_NONE,
					     G_MAXINT,
					     NULL,
					     error);
	if (reply == NULL && error != NULL)
		g_dbus_error_strip_remote_error (*error);
	return reply != NULL;
}

char *
cli_hooks_text (GVariant *status)
{
	const char *error = cli_fact_text (status, "hook_error");
	g_autofree const char **hooks = NULL;
	g_autofree char *names = NULL;

	if (!g_variant_lookup (status, "hooks", "^a&s", &hooks) || hooks[0] == NULL)
		return NULL;
	names = g_strjoinv (", ", (char **) hooks);
	return g_strdup_printf ("OnRenew= is still to be done for %s%s%s",
				names,
				error[0] != '\0' ? ": " : "",
				error);
}
