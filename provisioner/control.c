/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Methods and signals of org.onem2m.Enrolee1; see control.h. */
#include <config.h>

#include "provisioner/control.h"

#include <gio/gunixfdlist.h>

#include "provisioner/control-interface.h"
#include "provisioner/control-names.h"
#include "provisioner/error.h"
#include "provisioner/program.h"

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
	GDBusConnection *bus = pv_bus_connect (address, error);
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

GDBusConnection *
pv_control_bus (PvControl *control)
{
	return control->bus;
}

/* What went wrong with an instruction, in the interface's terms. */
static void
fail (GDBusMethodInvocation *call, const GError *error)
{
	const char *name = g_error_matches (error, PV_ERROR, PV_ERROR_CONFLICT) ? PV_BUS_ERROR_BUSY
			   : g_error_matches (error, PV_ERROR, PV_ERROR_NOT_FOUND)
				   ? PV_BUS_ERROR_NOT_ENROLLED
				   : PV_BUS_ERROR_FAILED;

	g_dbus_method_invocation_return_dbus_error (call, name, error->message);
}

static void
on_answer (gpointer data, GVariant *result, const GError *error)
{
	if (result != NULL)
		g_dbus_method_invocation_return_value (data, g_variant_new ("(@a{sv})", result));
	else
		fail (data, error);
}

static void
answer_status (PvEnrolment *enrolment, GVariant *parameters, GDBusMethodInvocation *call)
{
	g_dbus_method_invocation_return_value (
		call, g_variant_new ("(@a{sv})", pv_enrolment_status (enrolment)));
}

/* The descriptor that an option names; -1 for none. Stays the message's. */
static int
find_descriptor (GVariant *options, const char *option, GDBusMethodInvocation *call)
{
	GUnixFDList *list =
		g_dbus_message_get_unix_fd_list (g_dbus_method_invocation_get_message (call));
	gint32 index;
	int len = 0;
	const int *fds = list != NULL ? g_unix_fd_list_peek_fds (list, &len) : NULL;

	if (!g_variant_lookup (options, option, "h", &index) || index < 0 || index >= len)
		return -1;
	return fds[index];
}

static void
answer_enrol (PvEnrolment *enrolment, GVariant *parameters, GDBusMethodInvocation *call)
{
	g_autoptr (GVariant) options = g_variant_get_child_value (parameters, 1);
	g_autoptr (GError) error = NULL;
	int trace_fd = find_descriptor (options, "trace", call);

	/* an attempt that cannot even start ends here: it tells so, and its signals precede the answer */
	if (pv_enrolment_instruct (enrolment, trace_fd, &error))
		g_dbus_method_invocation_return_value (call, NULL);
	else
		fail (call, error);
}

static void
answer_renew (PvEnrolment *enrolment, GVariant *parameters, GDBusMethodInvocation *call)
{
	g_autoptr (GError) error = NULL;

	if (pv_enrolment_renew (enrolment, &error))
		g_dbus_method_invocation_return_value (call, NULL);
	else
		fail (call, error);
}

static void
answer_probe (PvEnrolment *enrolment, GVariant *parameters, GDBusMethodInvocation *call)
{
	pv_enrolment_probe (enrolment, on_answer, call);
}

static void
answer_decommission (PvEnrolment *enrolment, GVariant *parameters, GDBusMethodInvocation *call)
{
	g_autoptr (GVariant) options = g_variant_get_child_value (parameters, 1);
	gboolean force = FALSE;

	(void) g_variant_lookup (options, "force", "b", &force);
	pv_enrolment_decommission (enrolment, force, on_answer, call);
}

static const struct {
	const char *method;
	void (*answer) (PvEnrolment *enrolment, GVariant *parameters, GDBusMethodInvocation *call);
} methods[] = {
	{"Enrol", answer_enrol},
	{"Renew", answer_renew},
	{"Probe", answer_probe},
	{"Decommission", answer_decommission},
	{"Status", answer_status},
};

/* All methods but List begin with an enrolment's name. */
static void
answer (PvControl *control, const char *method, GVariant *parameters, GDBusMethodInvocation *call)
{
	g_autofree char *text = NULL;
	PvEnrolment *enrolment;
	const char *name;

	g_variant_get_child (parameters, 0, "&s", &name);
	enrolment = pv_daemon_find (control->daemon, name);
	if (enrolment == NULL) {
		text = g_strdup_printf ("there is no [enrolment %s] in the settings", name);
		g_dbus_method_invocation_return_dbus_error (call, PV_BUS_ERROR_NOT_FOUND, text);
		return;
	}
	for (gsize i = 0; i < G_N_ELEMENTS (methods); i++) {
		if (g_str_equal (methods[i].method, method))
			methods[i].answer (enrolment, parameters, call);
	}
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
	PvControl *control = data;
	g_auto (GStrv) names = NULL;

	if (!g_str_equal (method, "List")) {
		answer (control, method, parameters, call);
		return;
	}
	names = pv_daemon_names (control->daemon);
	g_dbus_method_invocation_return_value (call, g_variant_new ("(^as)", names));
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
	PvControl *control = data;

	if (g_str_equal (property, "Version"))
		return g_variant_new_string (PACKAGE_VERSION);
	if (g_str_equal (property, "Exchanges"))
		return g_variant_new_uint32 (pv_daemon_exchanges (control->daemon));
	return g_variant_new_uint32 (pv_daemon_queued (control->daemon));
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
	static const GDBusInterfaceVTable table = {.method_call = on_call,
						   .get_property = on_get_property};

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
