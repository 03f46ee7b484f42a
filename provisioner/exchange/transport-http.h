/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The transport over HTTP/1.1 by libcurl: no redirects, no proxies unless set, bounded sizes and
 * times, and the MEF's FQDN in SNI and Host wherever the packets go.
 *
 * Spec: TS-0009 6, TS-0003 10.2.1 (R-10.2.1-3)
 */
#pragma once

#include "provisioner/exchange/tls.h"
#include "provisioner/exchange/transport.h"

typedef struct {
	const char *fqdn; /* SNI, Host */
	guint port;
	const char *connect_host; /* (nullable): name or address to connect to instead of @fqdn */
	const char *interface;    /* (nullable): source interface or address */
	const char *proxy;        /* (nullable) */
	guint connect_s, total_s, stall_s;
} PvHttpTarget;

/**
 * pv_transport_http_new:
 * @target: where; copied
 * @tls: (transfer none): how; must outlive the transport
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): not connected yet. curl_global_init() is the caller's.
 * Errors: PV_ERROR/LOCAL. Its requests fail with UNREACHABLE, TIMEOUT, HANDSHAKE, CREDENTIAL, PEER,
 * LIMIT or MALFORMED.
 */
PvTransport *pv_transport_http_new (const PvHttpTarget *target,
				    PvTls *tls,
				    GError **error) G_GNUC_WARN_UNUSED_RESULT;
