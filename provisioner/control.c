/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Methods and signals of org.onem2m.Enrolee1; see control.h. */
#include <config.h>

#include "provisioner/control.h"

#include "provisioner/control-interface.h"
#include "provisioner/control-names.h"

struct _PvControl {
	GDBusConnection *bus;
	PvDaemon *daemon;
	guint object, name;
	void (*owned) (gpointer data);
	void (*lost) (gpointer data);
	gpointer data;
};

PvControl *
pv_control_new (const char *address, GError **error)
{
	GDBusConnection *bus =
		address == NULL
			? g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, error)
			: g_dbus_connection_new_for_address_sync (
				  address,
				  G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
					  G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
				  NULL,
				  NULL,
				  error);
	PvControl *control;

	if (bus == NULL)
		return NULL;
	/* the bus's end is reported as a lost name, and the progress is safe */
	g_dbus_connection_set_exit_on_close (bus, FALSE);
	control = g_new0 (PvControl, 1);
	control->bus = bus;
	return control;
}

void
pv_control_free (PvControl *control)
{
	if (control == NULL)
		return;
	if (control->name != 0)
		g_bus_unown_name (control->name);
	if (control->object != 0)
		g_dbus_connection_unregister_object (control->bus, control->object);
	g_object_unref (control->bus);
	g_free (control);
}

void
pv_control_set_daemon (PvControl *control, PvDaemon *daemon)
{
	control->daemon = daemon;
}

static void
answer (PvControl *control, const char *method, GVariant *parameters, GDBusMethodInvocation *call)
{
	PvEnrolment *enrolment;
	const char *name;

	if (g_str_equal (method, "List")) {
		g_auto (GStrv) names = pv_daemon_names (control->daemon);

		g_dbus_method_invocation_return_value (call, g_variant_new ("(^as)", names));
		return;
	}
	g_variant_get (parameters, "(&s)", &name);
	enrolment = pv_daemon_find (control->daemon, name);
	if (enrolment == NULL) {
		g_autofree char *text =
			g_strdup_printf ("there is no [enrolment %s] in the settings", name);

		g_dbus_method_invocation_return_dbus_error (call, PV_BUS_ERROR_NOT_FOUND, text);
		return;
	}
	if (g_str_equal (method, "Status")) {
		g_dbus_method_invocation_return_value (
			call, g_variant_new ("(@a{sv})", pv_enrolment_status (enrolment)));
		return;
	}
	/* answered first: the signals of this attempt follow the answer */
	g_dbus_method_invocation_return_value (call, NULL);
	pv_enrolment_instruct (enrolment);
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
	answer (data, method, parameters, call);
}

static void
on_owned (GDBusConnection *bus, const char *name, gpointer data)
{
	PvControl *control = data;

	control->owned (control->data);
}

static void
on_lost (GDBusConnection *bus, const char *name, gpointer data)
{
	PvControl *control = data;

	control->lost (control->data);
}

gboolean
pv_control_publish (PvControl *control,
		    PvDaemon *daemon,
		    void (*owned) (gpointer data),
		    void (*lost) (gpointer data),
		    gpointer data,
		    GError **error)
{
	static const GDBusInterfaceVTable table = {.method_call = on_call};

	control->daemon = daemon;
	control->owned = owned;
	control->lost = lost;
	control->data = data;
	control->object = g_dbus_connection_register_object (
		control->bus,
		PV_BUS_PATH,
		(GDBusInterfaceInfo *) &org_onem2m_enrolee1_interface,
		&table,
		control,
		NULL,
		error);
	if (control->object == 0)
		return FALSE;
	control->name = g_bus_own_name_on_connection (control->bus,
						      PV_BUS_NAME,
						      G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE,
						      on_owned,
						      on_lost,
						      control,
						      NULL);
	return TRUE;
}

static void
emit (PvControl *control, const char *signal, GVariant *parameters)
{
	g_autoptr (GError) error = NULL;

	if (!g_dbus_connection_emit_signal (
		    control->bus, NULL, PV_BUS_PATH, PV_BUS_INTERFACE, signal, parameters, &error))
		g_debug ("signal %s: %s", signal, error->message);
}

static void
on_phase (gpointer data,
	  const char *name,
	  const char *phase,
	  const char *state,
	  guint ms,
	  const char *clause)
{
	emit (data, "Phase", g_variant_new ("(sssus)", name, phase, state, ms, clause));
}

static void
on_finished (gpointer data,
	     const char *name,
	     const char *outcome,
	     const char *code,
	     const char *message,
	     guint retry_s)
{
	emit (data, "Finished", g_variant_new ("(ssssu)", name, outcome, code, message, retry_s));
}

const PvEnrolmentCalls pv_control_calls = {on_phase, on_finished};
