/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enroleed on D-Bus: org.onem2m.Enrolee1.xml. Who may call is the bus's policy. Thin: each method is
 * one call of the daemon's.
 */
#pragma once

#include <gio/gio.h>

#include "provisioner/daemon.h"

typedef struct _PvControl PvControl;

/**
 * pv_control_new:
 * @address: (nullable): D-Bus address; %NULL: the system bus
 *
 * Returns: (transfer full) (nullable): connected, the name not owned yet; %NULL with G_IO_ERROR
 */
PvControl *pv_control_new (const char *address, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void pv_control_free (PvControl *control);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvControl, pv_control_free)

/** (transfer none) */
GDBusConnection *pv_control_bus (PvControl *control);

/**
 * pv_control_publish:
 * @daemon: borrowed
 * @owned: called once the name is ours
 * @lost: called when it is not, or no longer, or the bus is gone
 *
 * Returns: %FALSE with G_IO_ERROR
 */
gboolean pv_control_publish (PvControl *control,
			     PvDaemon *daemon,
			     void (*owned) (gpointer data),
			     void (*lost) (gpointer data),
			     gpointer data,
			     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** The signals; @data of the calls is the #PvControl. */
extern const PvEnrolmentCalls pv_control_calls;
