/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See bus.h. */
#include <config.h>

#include "provisioner/cli/bus.h"

#include <gio/gunixfdlist.h>

#include "provisioner/error.h"
#include "provisioner/program.h"

GDBusConnection *
cli_bus_connect (Cli *cli, GError **error)
{
	return pv_bus_connect (cli->bus, error);
}

/* Errors of enroleed and of the bus, as those of this command. */
static const struct {
	const char *name;
	PvErrorCode code;
} codes[] = {
	{PV_BUS_ERROR_NOT_FOUND, PV_ERROR_NOT_FOUND},
	{PV_BUS_ERROR_NOT_ENROLLED, PV_ERROR_NOT_FOUND},
	{PV_BUS_ERROR_BUSY, PV_ERROR_CONFLICT},
	{PV_BUS_ERROR_FAILED, PV_ERROR_FAILED},
};

static void
translate (GError *cause, GError **error)
{
	g_autofree char *name = g_dbus_error_get_remote_error (cause);

	g_dbus_error_strip_remote_error (cause);
	for (gsize i = 0; i < G_N_ELEMENTS (codes); i++) {
		if (g_strcmp0 (name, codes[i].name) == 0) {
			g_set_error_literal (error, PV_ERROR, codes[i].code, cause->message);
			return;
		}
	}
	if (g_error_matches (cause, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
	    g_error_matches (cause, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER))
		g_set_error (error,
			     cause->domain,
			     cause->code,
			     "enroleed is not running; start it: systemctl start enroleed");
	else if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ||
		 g_error_matches (cause, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY))
		g_set_error (error,
			     G_IO_ERROR,
			     G_IO_ERROR_TIMED_OUT,
			     "enroleed did not answer in time; what it was told to do goes on: journalctl -u "
			     "enroleed");
	else if (g_error_matches (cause, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED))
		g_set_error (error,
			     cause->domain,
			     cause->code,
			     "not allowed: enroleed answers root and the members of the group enrolee");
	else if (g_error_matches (cause, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD))
		g_set_error (error,
			     cause->domain,
			     cause->code,
			     "the enroleed that runs is older than this command; restart it: "
			     "systemctl restart enroleed");
	else
		g_set_error_literal (error, cause->domain, cause->code, cause->message);
}

static GVariant *
call (GDBusConnection *bus,
      const char *method,
      GVariant *arguments,
      const char *reply,
      int timeout_ms,
      GError **error)
{
	g_autoptr (GError) cause = NULL;
	GVariant *result = g_dbus_connection_call_sync (bus,
							PV_BUS_NAME,
							PV_BUS_PATH,
							PV_BUS_INTERFACE,
							method,
							arguments,
							reply != NULL ? G_VARIANT_TYPE (reply) : NULL,
							G_DBUS_CALL_FLAGS_NONE,
							timeout_ms,
							NULL,
							&cause);

	if (result == NULL)
		translate (cause, error);
	return result;
}

GVariant *
cli_bus_call (GDBusConnection *bus,
	      const char *method,
	      GVariant *arguments,
	      const char *reply,
	      GError **error)
{
	return call (bus, method, arguments, reply, -1, error);
}

GVariant *
cli_bus_call_within (GDBusConnection *bus,
		     const char *method,
		     GVariant *arguments,
		     const char *reply,
		     int timeout_s,
		     GError **error)
{
	int timeout_ms = timeout_s > 0 && timeout_s < G_MAXINT / 1000 ? timeout_s * 1000 : G_MAXINT;

	return call (bus, method, arguments, reply, timeout_ms, error);
}

gboolean
cli_bus_call_enrol (GDBusConnection *bus, const char *name, int trace, GError **error)
{
	g_autoptr (GUnixFDList) list = g_unix_fd_list_new ();
	g_autoptr (GError) cause = NULL;
	g_autoptr (GVariant) reply = NULL;
	GVariantDict options;

	g_variant_dict_init (&options, NULL);
	if (trace >= 0) {
		int index = g_unix_fd_list_append (list, trace, error);

		if (index < 0) {
			g_variant_dict_clear (&options);
			return FALSE;
		}
		g_variant_dict_insert (&options, "trace", "h", index);
	}
	reply = g_dbus_connection_call_with_unix_fd_list_sync (
		bus,
		PV_BUS_NAME,
		PV_BUS_PATH,
		PV_BUS_INTERFACE,
		"Enrol",
		g_variant_new ("(s@a{sv})", name, g_variant_dict_end (&options)),
		G_VARIANT_TYPE ("()"),
		G_DBUS_CALL_FLAGS_NONE,
		-1,
		list,
		NULL,
		NULL,
		&cause);
	if (reply == NULL)
		translate (cause, error);
	return reply != NULL;
}

void
cli_bus_call_start (GDBusConnection *bus,
		    const char *method,
		    GVariant *arguments,
		    const char *reply,
		    GAsyncReadyCallback answered,
		    gpointer data)
{
	g_dbus_connection_call (bus,
				PV_BUS_NAME,
				PV_BUS_PATH,
				PV_BUS_INTERFACE,
				method,
				arguments,
				G_VARIANT_TYPE (reply),
				G_DBUS_CALL_FLAGS_NONE,
				G_MAXINT,
				NULL,
				answered,
				data);
}

GVariant *
cli_bus_call_finish (GDBusConnection *bus, GAsyncResult *result, GError **error)
{
	g_autoptr (GError) cause = NULL;
	GVariant *reply = g_dbus_connection_call_finish (bus, result, &cause);

	if (reply == NULL)
		translate (cause, error);
	return reply;
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

const char *
cli_fact_text (GVariant *facts, const char *key)
{
	const char *value = "";

	(void) g_variant_lookup (facts, key, "&s", &value);
	return value;
}

gint64
cli_fact_number (GVariant *facts, const char *key)
{
	gint64 value = 0;

	(void) g_variant_lookup (facts, key, "x", &value);
	return value;
}

gboolean
cli_fact_flag (GVariant *facts, const char *key)
{
	gboolean value = FALSE;

	(void) g_variant_lookup (facts, key, "b", &value);
	return value;
}
