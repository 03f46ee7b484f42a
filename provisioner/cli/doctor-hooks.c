/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OnRenew=, looked at before it is needed: settings that enrolee-hook would refuse; services, users, commands that are not there. */
#include <config.h>

#include "provisioner/cli/doctor.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provisioner/cli/bus.h"
#include "provisioner/on-renew.h"
#include "provisioner/settings-trust.h"

#define SUBJECT "OnRenew"

/* (nullable): the first value of the answer; NULL also when nobody answers */
static GVariant *
ask_systemd (GDBusConnection *bus,
	     const char *path,
	     const char *interface,
	     const char *method,
	     GVariant *arguments,
	     const char *type)
{
	g_autoptr (GVariant) reply = g_dbus_connection_call_sync (bus,
								  "org.freedesktop.systemd1",
								  path,
								  interface,
								  method,
								  arguments,
								  G_VARIANT_TYPE (type),
								  G_DBUS_CALL_FLAGS_NONE,
								  -1,
								  NULL,
								  NULL);

	return reply != NULL ? g_variant_get_child_value (reply, 0) : NULL;
}

static char *
find_unit_problem (GDBusConnection *bus, const char *unit)
{
	g_autoptr (GVariant) path = ask_systemd (bus,
						 "/org/freedesktop/systemd1",
						 "org.freedesktop.systemd1.Manager",
						 "LoadUnit",
						 g_variant_new ("(s)", unit),
						 "(o)");
	g_autoptr (GVariant) boxed = NULL;
	g_autoptr (GVariant) state = NULL;

	if (path == NULL)
		return NULL;
	boxed = ask_systemd (bus,
			     g_variant_get_string (path, NULL),
			     "org.freedesktop.DBus.Properties",
			     "Get",
			     g_variant_new ("(ss)", "org.freedesktop.systemd1.Unit", "LoadState"),
			     "(v)");
	state = boxed != NULL ? g_variant_get_variant (boxed) : NULL;
	if (state == NULL || !g_variant_is_of_type (state, G_VARIANT_TYPE_STRING) ||
	    !g_str_equal (g_variant_get_string (state, NULL), "not-found"))
		return NULL;
	return g_strdup_printf ("there is no unit %s", unit);
}

/* What will keep it from being done; NULL when nothing is known. @bus: (nullable) */
static char *
find_problem (GDBusConnection *bus, const PvRenewAction *action)
{
	struct stat status;

	if (action->unit != NULL)
		return bus != NULL ? find_unit_problem (bus, action->unit) : NULL;
	if (getpwnam (action->user) == NULL)
		return g_strdup_printf ("there is no user %s", action->user);
	if (stat (action->argv[0], &status) != 0)
		return g_strdup_printf ("%s: %s", action->argv[0], g_strerror (errno));
	if (!S_ISREG (status.st_mode) || (status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0)
		return g_strdup_printf ("%s is no command", action->argv[0]);
	return NULL;
}

/* How many actions there are. */
static guint
check_credential (Doctor *doctor, GDBusConnection *bus, const char *name)
{
	g_autoptr (GPtrArray) actions = pv_settings_on_renew (doctor->settings, name);
	g_autofree char *heading = g_strconcat ("credential ", name, NULL);
	const char *source = pv_settings_source (doctor->settings, heading, "OnRenew");

	for (guint i = 0; i < actions->len; i++) {
		const PvRenewAction *action = actions->pdata[i];
		g_autofree char *problem = find_problem (bus, action);

		if (problem != NULL)
			doctor_add (doctor,
				    CLI_MARK_BAD,
				    SUBJECT,
				    "enrolee.conf(5), OnRenew=",
				    "%s: %s: %s",
				    source,
				    action->text,
				    problem);
	}
	return actions->len;
}

void
doctor_check_hooks (Doctor *doctor)
{
	g_auto (GStrv) names =
		doctor->settings != NULL ? pv_settings_names (doctor->settings, "credential") : NULL;
	g_autoptr (GDBusConnection) bus = cli_bus_connect (doctor->cli, NULL);
	g_autoptr (GError) error = NULL;
	guint before = doctor->findings->len;
	guint actions = 0;

	for (guint i = 0; names != NULL && names[i] != NULL; i++)
		actions += check_credential (doctor, bus, names[i]);
	if (actions == 0)
		return;
	if (!pv_settings_trust (doctor->cli->config_dir, &error))
		doctor_add (doctor,
			    CLI_MARK_BAD,
			    SUBJECT,
			    "chown root and chmod go-w what is named",
			    "enrolee-hook will refuse the settings: %s",
			    error->message);
	if (doctor->findings->len == before)
		doctor_add (doctor, CLI_MARK_GOOD, SUBJECT, NULL, "%u actions, nothing is known against them", actions);
}
