/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See hook-client.h. */
#include <config.h>

#include "provisioner/hook-client.h"

#include "provisioner/control-names.h"
#include "provisioner/error.h"

typedef struct {
	GCancellable *cancellable;
	PvHookDone done;
	gpointer data;
} Call;

static void
on_reply (GObject *bus, GAsyncResult *result, gpointer data)
{
	g_autofree Call *call = data;
	g_autoptr (GCancellable) cancellable = call->cancellable;
	g_autoptr (GError) local = NULL;
	g_autoptr (GError) error = NULL;
	g_autofree char *name = NULL;
	g_autoptr (GVariant) reply =
		g_dbus_connection_call_finish (G_DBUS_CONNECTION (bus), result, &local);

	if (g_cancellable_is_cancelled (cancellable))
		return; /* nobody is there to hear of it */
	if (reply != NULL) {
		call->done (call->data, NULL);
		return;
	}
	name = g_dbus_error_get_remote_error (local);
	g_dbus_error_strip_remote_error (local);
	g_set_error (&error,
		     PV_ERROR,
		     g_strcmp0 (name, PV_HOOK_ERROR_NOT_FOUND) == 0 ? PV_ERROR_NOT_FOUND
								    : PV_ERROR_FAILED,
		     "%s",
		     local->message);
	call->done (call->data, error);
}

void
pv_hook_client_run (gpointer data,
		    const char *credential,
		    GCancellable *cancellable,
		    PvHookDone done,
		    gpointer done_data)
{
	Call *call = g_new (Call, 1);

	*call = (Call){g_object_ref (cancellable), done, done_data};
	/* how long it may take, enrolee-hook sees to */
	g_dbus_connection_call (data,
				PV_HOOK_BUS_NAME,
				PV_HOOK_BUS_PATH,
				PV_HOOK_BUS_INTERFACE,
				"Run",
				g_variant_new ("(s)", credential),
				G_VARIANT_TYPE ("(u)"),
				G_DBUS_CALL_FLAGS_NONE,
				G_MAXINT,
				cancellable,
				on_reply,
				call);
}
