/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session with the MEF.
 */
#include <config.h>

#include "provisioner/exchange/session.h"

#include "provisioner/exchange-protocol.h"
#include "provisioner/exchange/transport-http.h"

#define CLAUSE "8.3.5.2.2"

/* A handshake that fails stays under way until the phase around it ends: then it is the one that
 * failed. */
static void
on_handshake (gpointer data, gboolean done)
{
	PvSession *session = data;

	if (done)
		pv_phase_end (session->events, PV_PHASE_HANDSHAKE, "done");
	else
		pv_phase_begin (session->events, PV_PHASE_HANDSHAKE, CLAUSE);
}

PvSession *
pv_session_open (
	const PvJob *job, PvEvents *events, guint port, const char *export_label, GError **error)
{
	const PvHttpTarget target = {
		.fqdn = job->mef_fqdn,
		.port = port,
		.connect_host = job->connect_host,
		.interface = job->interface,
		.proxy = job->proxy,
		.connect_s = job->connect_s,
		.total_s = job->total_s,
		.stall_s = job->stall_s,
	};
	g_autoptr (PvSession) session = g_new0 (PvSession, 1);

	session->events = events;
	session->port = port;
	session->tls = pv_tls_new (&job->ppsk, export_label);
	pv_tls_observe (session->tls, on_handshake, session);
	session->transport = pv_transport_http_new (&target, session->tls, error);
	return session->transport != NULL ? g_steal_pointer (&session) : NULL;
}

void
pv_session_free (PvSession *session)
{
	if (session == NULL)
		return;
	pv_transport_free (session->transport);
	pv_tls_free (session->tls);
	g_free (session);
}
