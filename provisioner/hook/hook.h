/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The actions of OnRenew=, each carried out while the caller waits.
 */
#pragma once

#include <gio/gio.h>

#include "provisioner/on-renew.h"

/**
 * PvHookOrder:
 * @credential: its name
 * @folder: of its files
 * @limit_s: longest time of one action
 */
typedef struct {
	const char *credential;
	const char *folder;
	guint limit_s;
} PvHookOrder;

/**
 * pv_hook_reload:
 * @bus: where systemd is
 *
 * Like systemctl try-reload-or-restart: a service that does not run is left alone.
 *
 * Returns: %FALSE with PV_ERROR/FAILED or PV_ERROR/TIMEOUT
 */
gboolean pv_hook_reload (GDBusConnection *bus,
			 const PvHookOrder *order,
			 const PvRenewAction *action,
			 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_hook_run:
 *
 * As its user, in a process group of its own that ends with it, without the means to become another user,
 * without our descriptors and environment. What it says is logged, up to a limit.
 *
 * Returns: %FALSE with PV_ERROR/FAILED, PV_ERROR/LOCAL or PV_ERROR/TIMEOUT
 */
gboolean pv_hook_run (const PvHookOrder *order,
		      const PvRenewAction *action,
		      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What a command says, line by line into the log. */
typedef struct _PvHookOutput PvHookOutput;

/** @prefix: of each line */
PvHookOutput *pv_hook_output_new (const char *prefix);

/** Takes whatever came. */
void pv_hook_output_take (PvHookOutput *output, const char *text, gsize len);

/** The last line may have no end. */
void pv_hook_output_free (PvHookOutput *output);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvHookOutput, pv_hook_output_free)
