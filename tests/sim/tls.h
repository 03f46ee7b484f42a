/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The TLS 1.2 server of the simulated MEF (TS-0003 10.2, 8.3.5.2.2): PSK and ECDHE-ECDSA suites on
 * one port, SNI checked, both sides authenticated, no resumption. GnuTLS, so that client and server
 * never share a TLS stack.
 */
#pragma once

#include "tests/sim/sim.h"

SimPeer *sim_peer_new (Sim *sim, GSocket *socket, guint number);
void sim_peer_free (SimPeer *peer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SimPeer, sim_peer_free)

/* FALSE: refused or failed; the alert has been sent and the line logged. */
gboolean sim_tls_handshake (SimPeer *peer);

/* After a good handshake. */
SimStream sim_tls_stream (SimPeer *peer);
void sim_tls_close (SimPeer *peer);

/* RFC 5705 without a context: 48 octets (TS-0003 10.3.1). */
gboolean sim_tls_export (SimPeer *peer, const char *label, guint8 octets[48], GError **error);

/* base64 of tls-unique, RFC 7030 3.5. */
char *sim_tls_unique (SimPeer *peer);
