/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session with the MEF, authenticated by the first of the exchange's credentials that works. Its
 * handshake happens with the first request and is told as a phase of its own; when the MEF refuses
 * the credential in it, or in its answer, the same request goes over a session with the next one.
 *
 * Spec: TS-0003 8.3.5.2.2, 8.3.6.2.3
 */
#pragma once

#include "provisioner/exchange/auth.h"
#include "provisioner/exchange/job.h"
#include "provisioner/exchange/tls.h"
#include "provisioner/exchange/transport.h"

typedef struct {
	PvTransport base;       /* what requests go through */
	PvTransport *transport; /* it */
	const PvJob *job;
	PvAuth *auth;
	guint port;
	char *export_label;
	PvAuthCredential *credential; /* (nullable): what authenticates; none before the first request */
	PvTls *tls;                   /* (nullable): likewise */
	PvTransport *http;            /* (nullable): likewise */
	const PvHttpRequest *untraced; /* (nullable): a handshake goes before it */
} PvSession;

/**
 * pv_session_open:
 * @job: whom to connect to
 * @auth: how to authenticate; must outlive the session
 * @port: the MEF's, or that of its EST server
 * @export_label: (nullable): what to export from the one handshake
 *
 * Returns: (transfer full): the session, not connected yet.
 */
PvSession *
pv_session_open (const PvJob *job, PvAuth *auth, guint port, const char *export_label);
void pv_session_free (PvSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvSession, pv_session_free)

/** Returns: (transfer none) (nullable): our certificate, when it authenticates the session. */
const PvOwnCertificate *pv_session_certificate (const PvSession *session);

/** Returns: what pv_tls_reveal_exported() does of the session's one handshake. */
const guint8 *pv_session_reveal_exported (const PvSession *session);
