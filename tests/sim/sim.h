/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the simulated MEF share: the one state, the peer of a connection, the request
 * being answered. */
#pragma once

#include "tests/sim/ca.h"
#include "tests/sim/http.h"
#include "tests/sim/log.h"
#include "tests/sim/misbehave.h"
#include "tests/sim/settings.h"
#include "tests/sim/store.h"

#include <gnutls/gnutls.h>

typedef struct {
	GMutex lock; /* guards all but the log and stop */
	SimSettings *settings;
	SimCa *ca;
	SimCa *foreign; /* a stranger's CA, for misbehaviour */
	SimMisbehave *misbehave;
	SimStore *store;
	SimLog *log;
	GCancellable *stop;
	guint16 port;
	gint paused;
	gint connections;
} Sim;

/* The other end of one TLS session; client is set once the handshake is over. */
typedef struct {
	Sim *sim;
	guint number;
	GSocket *socket;
	gnutls_session_t session;
	gnutls_psk_server_credentials_t psk;
	gnutls_certificate_credentials_t certificates;
	SimFault fault;
	JsonObject *line; /* the log line of the handshake */
	const SimClient *client;
	gboolean by_certificate;
	GBytes *certificate; /* (nullable): DER */
	gboolean exported;
	GError *refusal; /* (nullable): code is the alert */
} SimPeer;

/* One request being answered. */
typedef struct {
	Sim *sim;
	SimPeer *peer;
	const SimRequest *request;
	const char *step;
	SimFault fault;
	JsonObject *line;
} SimExchange;

/*
 * Names the step, takes its misbehaviour and notes both in the log line. FALSE when the
 * misbehaviour stands in for the procedure.
 */
gboolean sim_exchange_step (SimExchange *exchange, const char *step);

/* Waits, unless the simulated MEF stops before: then FALSE. */
gboolean sim_wait_ms (Sim *sim, gint64 milliseconds);
