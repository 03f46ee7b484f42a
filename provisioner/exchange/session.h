/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session with the MEF, authenticated as the job says. Its handshake happens with the first
 * request and is told as a phase of its own.
 *
 * Spec: TS-0003 8.3.5.2.2
 */
#pragma once

#include "provisioner/exchange/event.h"
#include "provisioner/exchange/job.h"
#include "provisioner/exchange/tls.h"
#include "provisioner/exchange/transport.h"

typedef struct {
	PvEvents *events;
	guint port;
	PvTls *tls;
	PvTransport *transport;
} PvSession;

/**
 * pv_session_open:
 * @job: whom to connect to, and how to authenticate
 * @events: where to tell
 * @port: the MEF's, or that of its EST server
 * @export_label: (nullable): what to export from the one handshake
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): the session.
 */
PvSession *pv_session_open (const PvJob *job,
			    PvEvents *events,
			    guint port,
			    const char *export_label,
			    GError **error) G_GNUC_WARN_UNUSED_RESULT;
void pv_session_free (PvSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvSession, pv_session_free)
