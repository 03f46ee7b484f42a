/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Connections: one blocking thread each, which reads a frame, has it answered and sends the answer.
 * A thread moves to its client's core, so that neither waits for the other's cache; it never spins.
 */
#pragma once

#include "keystore/dispatch.h"

typedef struct _KsConnections KsConnections;

/**
 * ks_connections_new:
 * @dispatch: borrowed; must outlive it
 * @provisioner: uid of the provisioner
 */
KsConnections *ks_connections_new (KsDispatch *dispatch, uid_t provisioner);

/**
 * ks_connections_free:
 *
 * Only after ks_connections_end() said that none is left.
 */
void ks_connections_free (KsConnections *connections);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KsConnections, ks_connections_free)

/**
 * ks_connections_add:
 * @fd: (transfer full): an accepted socket
 *
 * Starts its thread, or closes it at once: a peer that may not use this socket, or too many.
 */
void ks_connections_add (KsConnections *connections, int fd, KsSocket socket);

/**
 * ks_connections_end:
 * @wait_ms: for requests that are being answered
 *
 * Accepts no more, lets what was asked be answered, ends all.
 *
 * Returns: whether all threads have ended
 */
gboolean ks_connections_end (KsConnections *connections, guint wait_ms);
