/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* enroleed's way to enrolee-hook. */
#pragma once

#include <gio/gio.h>

#include "provisioner/enrolment.h"

/**
 * pv_hook_client_run:
 * @data: the #GDBusConnection
 *
 * A #PvHookRunner. Errors: PV_ERROR/NOT_FOUND: the settings have no OnRenew= for it any more;
 * PV_ERROR/FAILED
 */
void pv_hook_client_run (gpointer data,
			 const char *credential,
			 GCancellable *cancellable,
			 PvHookDone done,
			 gpointer done_data);
