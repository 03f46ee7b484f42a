/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The running keystore: its stores, its sockets, its main loop, and the thread that keeps house
 * (recovery after a crash, the end of superseded keys).
 */
#pragma once

#include "keystore/settings.h"

typedef struct _KsService KsService;

/**
 * ks_service_new:
 * @settings: borrowed; must outlive it
 *
 * Opens the stores and listens. Cheap with thousands of keys: the backing token is opened later.
 *
 * Returns: (transfer full) (nullable): %NULL with %KS_ERROR_CORRUPT, %KS_ERROR_NEWER,
 *     %KS_ERROR_TOKEN_MISSING, %KS_ERROR_FOREIGN, %KS_ERROR_STORAGE, %KS_ERROR_IN_USE, ...
 */
KsService *ks_service_new (const KsSettings *settings, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_service_run:
 *
 * Serves until SIGTERM or SIGINT. Then ends all connections, the page says so.
 *
 * Returns: whether all threads have ended and the service may be freed
 */
gboolean ks_service_run (KsService *service);

/**
 * ks_service_free:
 *
 * Before ks_service_run(), or when that returned %TRUE.
 */
void ks_service_free (KsService *service);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KsService, ks_service_free)

/**
 * ks_service_adopt:
 *
 * Binds the state to this machine, without serving.
 */
gboolean ks_service_adopt (const KsSettings *settings, GError **error) G_GNUC_WARN_UNUSED_RESULT;
