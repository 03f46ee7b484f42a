/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A service is told to take the new credential: systemd's job, and how it ended. */
#include <config.h>

#include "provisioner/hook/hook.h"

#include "provisioner/error.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"

typedef struct {
	GMainContext *context;
	GHashTable *results; /* job's path -> how it ended; also of jobs that are not ours */
	gboolean late;
} Wait;

static void
on_job_removed (GDBusConnection *bus,
		const char *sender,
		const char *path,
		const char *interface,
		const char *signal,
		GVariant *parameters,
		gpointer data)
{
	Wait *wait = data;
	char *job, *result;

	if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(uoss)")))
		return;
	g_variant_get (parameters, "(uoss)", NULL, &job, NULL, &result);
	g_hash_table_replace (wait->results, job, result);
}

static gboolean
on_late (gpointer data)
{
	((Wait *) data)->late = TRUE;
	return G_SOURCE_REMOVE;
}

/* The job's path; its end may be told before. */
static char *
start_job (GDBusConnection *bus, const PvHookOrder *order, const char *unit, GError **error)
{
	g_autoptr (GError) local = NULL;
	g_autoptr (GVariant) reply =
		g_dbus_connection_call_sync (bus,
					     SYSTEMD,
					     SYSTEMD_PATH,
					     SYSTEMD_MANAGER,
					     "ReloadOrTryRestartUnit",
					     g_variant_new ("(ss)", unit, "replace"),
					     G_VARIANT_TYPE ("(o)"),
					     G_DBUS_CALL_FLAGS_NONE,
					     (int) MIN (order->limit_s, G_MAXINT / 1000) * 1000,
					     NULL,
					     &local);
	char *job = NULL;

	if (reply != NULL) {
		g_variant_get (reply, "(o)", &job);
		return job;
	}
	g_dbus_error_strip_remote_error (local);
	g_set_error (error, PV_ERROR, PV_ERROR_FAILED, "%s", local->message);
	return NULL;
}

static gboolean
await (Wait *wait, const char *job, guint limit_s, GError **error)
{
	GSource *timer = g_timeout_source_new_seconds (limit_s);
	const char *result;

	g_source_set_callback (timer, on_late, wait, NULL);
	g_source_attach (timer, wait->context);
	while ((result = g_hash_table_lookup (wait->results, job)) == NULL && !wait->late)
		g_main_context_iteration (wait->context, TRUE);
	g_source_destroy (timer);
	g_source_unref (timer);
	if (result == NULL) {
		g_set_error (error, PV_ERROR, PV_ERROR_TIMEOUT, "has not ended within %u s", limit_s);
		return FALSE;
	}
	if (g_str_equal (result, "done"))
		return TRUE;
	g_set_error (error, PV_ERROR, PV_ERROR_FAILED, "systemd's job ended as \"%s\"", result);
	return FALSE;
}

gboolean
pv_hook_reload (GDBusConnection *bus,
		const PvHookOrder *order,
		const PvRenewAction *action,
		GError **error)
{
	Wait wait = {
		.context = g_main_context_new (),
		.results = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free),
	};
	g_autofree char *job = NULL;
	gboolean done;
	guint match;

	/* signals come to the context that is the thread's when it asks for them */
	g_main_context_push_thread_default (wait.context);
	match = g_dbus_connection_signal_subscribe (bus,
						    SYSTEMD,
						    SYSTEMD_MANAGER,
						    "JobRemoved",
						    SYSTEMD_PATH,
						    NULL,
						    G_DBUS_SIGNAL_FLAGS_NONE,
						    on_job_removed,
						    &wait,
						    NULL);
	job = start_job (bus, order, action->unit, error);
	done = job != NULL && await (&wait, job, order->limit_s, error);
	g_dbus_connection_signal_unsubscribe (bus, match);
	while (g_main_context_iteration (wait.context, FALSE))
		;
	g_main_context_pop_thread_default (wait.context);
	g_main_context_unref (wait.context);
	g_hash_table_unref (wait.results);
	return done;
}
