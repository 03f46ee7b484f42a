/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session with the MEF: a transport that goes over to the next credential when one is refused.
 */
#include <config.h>

#include "provisioner/exchange/session.h"

#include "provisioner/crypto.h"
#include "provisioner/error.h"
#include "provisioner/exchange-protocol.h"
#include "provisioner/exchange/exchange.h"
#include "provisioner/exchange/provider.h"
#include "provisioner/exchange/transport-http.h"

#define CLAUSE "8.3.5.2.2"

/* The request under way, once a handshake before it is over. */
static void
trace_request (PvSession *session)
{
	if (session->untraced != NULL)
		pv_trace_request (session->auth->events->trace, session->untraced);
	session->untraced = NULL;
}

/* Also of an MEF that was not trusted: then it is what an operator looks for. */
static void
trace_presented (const PvSession *session)
{
	GPtrArray *presented = pv_tls_presented (session->tls);

	for (guint i = 0; presented != NULL && i < presented->len; i++) {
		g_autofree char *text = pv_crypto_describe (g_ptr_array_index (presented, i));
		g_autofree char *shown = g_strescape (text, NULL);

		pv_trace_line (session->auth->events->trace, "--", "certificate %u of the MEF: %s",
			       i + 1, shown);
	}
}

static void
trace_session (const PvSession *session)
{
	const PvTlsFacts *facts = pv_tls_facts (session->tls);
	const PvAuthCredential *credential = session->credential;

	pv_trace_line (session->auth->events->trace, "--", "%s, %s, by %s %s", facts->version,
		       facts->suite,
		       credential->kind == PV_AUTH_PPSK ? "the pre-shared key" : "the certificate",
		       credential->kind == PV_AUTH_PPSK ? credential->ppsk.identity : credential->name);
}

/* A handshake that fails stays under way until the phase around it ends: then it is the one that
 * failed. */
static void
on_handshake (gpointer data, gboolean done)
{
	PvSession *session = data;

	if (!done) {
		pv_phase_begin (session->auth->events, PV_PHASE_HANDSHAKE, CLAUSE);
		return;
	}
	pv_phase_end (session->auth->events, PV_PHASE_HANDSHAKE, "done");
	trace_presented (session);
	trace_session (session);
	trace_request (session);
	pv_auth_succeeded (session->auth, session->credential);
}

static void
disconnect (PvSession *session)
{
	g_clear_pointer (&session->http, pv_transport_free);
	g_clear_pointer (&session->tls, pv_tls_free);
	session->credential = NULL;
}

static gboolean
set_up (PvSession *session, PvAuthCredential *credential, GError **error)
{
	const PvJob *job = session->job;
	const PvHttpTarget target = {
		.fqdn = job->mef_fqdn,
		.port = session->port,
		.connect_host = job->connect_host,
		.interface = job->interface,
		.proxy = job->proxy,
		.connect_s = job->connect_s,
		.total_s = job->total_s,
		.stall_s = job->stall_s,
	};

	session->credential = credential;
	session->tls =
		pv_tls_new (credential, job->mef_fqdn, job->anchors, session->export_label);
	pv_tls_observe (session->tls, on_handshake, session);
	session->http = pv_transport_http_new (&target, session->tls, error);
	return session->http != NULL;
}

/* pkcs11-provider costs time and may not be there: it is loaded for a certificate only. */
static gboolean
is_usable (const PvSession *session, PvAuthCredential *credential, GError **error)
{
	const char *module = session->job->pkcs11_module;

	return credential->kind == PV_AUTH_PPSK ||
	       ((module == NULL || pv_provider_load_pkcs11 (module, error)) &&
		pv_own_certificate_load (&credential->certificate, pv_exchange_now (), error));
}

/* With the first credential that is usable here. */
static gboolean
connect_session (PvSession *session, GError **error)
{
	while (session->http == NULL) {
		PvAuthCredential *credential = pv_auth_current (session->auth);
		g_autoptr (GError) cause = NULL;

		if (credential == NULL) {
			g_set_error (error, PV_ERROR, PV_ERROR_CREDENTIAL,
				     "no credential for the MEF is left");
			return FALSE;
		}
		if (is_usable (session, credential, &cause))
			return set_up (session, credential, error);
		if (!pv_auth_give_way (session->auth, credential, FALSE, &cause)) {
			g_propagate_error (error, g_steal_pointer (&cause));
			return FALSE;
		}
	}
	return TRUE;
}

static PvHttpResponse *
request_once (PvSession *session, const PvHttpRequest *request, GError **error)
{
	gint64 start_us = g_get_monotonic_time ();
	g_autoptr (GError) cause = NULL;
	PvHttpResponse *response;

	session->untraced = request;
	if (session->http->handshakes (session->http) > 0)
		trace_request (session);
	response = session->http->request (session->http, request, &cause);
	if (response == NULL && !pv_tls_is_acceptable (session->tls))
		trace_presented (session);
	trace_request (session);
	pv_trace_answer (session->auth->events->trace, response, cause, start_us);
	if (response == NULL)
		g_propagate_error (error, g_steal_pointer (&cause));
	return response;
}

static PvHttpResponse *
session_request (PvTransport *transport, const PvHttpRequest *request, GError **error)
{
	PvSession *session = (PvSession *)transport;
	guint depth = session->auth->events->depth;

	while (connect_session (session, error)) {
		g_autoptr (GError) cause = NULL;
		PvHttpResponse *response = request_once (session, request, &cause);

		if (response != NULL)
			return response;
		if (!pv_tls_is_refused (session->tls) ||
		    !pv_auth_give_way (session->auth, session->credential, TRUE, &cause)) {
			g_propagate_error (error, g_steal_pointer (&cause));
			return NULL;
		}
		pv_phase_unwind (session->auth->events, depth);
		disconnect (session);
	}
	return NULL;
}

static guint
session_handshakes (PvTransport *transport)
{
	PvSession *session = (PvSession *)transport;

	return session->http != NULL ? session->http->handshakes (session->http) : 0;
}

static char *
session_tls_unique (PvTransport *transport)
{
	PvSession *session = (PvSession *)transport;

	return session->http != NULL ? session->http->tls_unique (session->http) : NULL;
}

/* R-8.3.6.2.3-2: refused in an answer, after a handshake in which the MEF was authenticated. Another session
 * of the exchange may have met it before: then it was told. */
static gboolean
session_give_way (PvTransport *transport, GError **cause)
{
	PvSession *session = (PvSession *)transport;
	PvAuth *auth = session->auth;

	if (session->credential == NULL || pv_auth_current (auth) == NULL)
		return FALSE;
	if (g_ptr_array_find (auth->left, session->credential, NULL) &&
	    !pv_auth_give_way (auth, session->credential, TRUE, cause))
		return FALSE;
	g_clear_error (cause);
	disconnect (session);
	return TRUE;
}

static void
session_free (PvTransport *transport)
{
	PvSession *session = (PvSession *)transport;

	disconnect (session);
	g_free (session->export_label);
	g_free (session);
}

PvSession *
pv_session_open (const PvJob *job, PvAuth *auth, guint port, const char *export_label)
{
	PvSession *session = g_new0 (PvSession, 1);

	session->base = (PvTransport){session_request, session_handshakes, session_tls_unique,
				      session_give_way, session_free};
	session->transport = &session->base;
	session->job = job;
	session->auth = auth;
	session->port = port;
	session->export_label = g_strdup (export_label);
	return session;
}

void
pv_session_free (PvSession *session)
{
	if (session != NULL)
		session_free (&session->base);
}

const PvOwnCertificate *
pv_session_certificate (const PvSession *session)
{
	return session->credential != NULL && session->credential->kind == PV_AUTH_CERTIFICATE
		       ? &session->credential->certificate
		       : NULL;
}

const guint8 *
pv_session_reveal_exported (const PvSession *session)
{
	return session->tls != NULL ? pv_tls_reveal_exported (session->tls) : NULL;
}
