/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Primitives over HTTP: request to method, path and headers; answer to status and content.
 *
 * Spec: TS-0009 6.2 to 6.4
 */
#pragma once

#include "provisioner/exchange/transport.h"
#include "provisioner/primitive.h"

/**
 * pv_bind_http_path:
 * @dialect: the MEF's
 * @request: a request whose To is absolute
 *
 * Returns: (transfer full): path and query.
 */
char *pv_bind_http_path (const PvDialect *dialect, const PvRequest *request);

/**
 * pv_bind_http_exchange:
 * @transport: an authenticated session
 * @dialect: the MEF's
 * @request: complete request
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): the response, whatever its status.
 * Errors: those of the transport; PV_ERROR/MALFORMED; PV_ERROR/MISMATCH when status line and
 * X-M2M-RSC contradict each other
 */
PvResponse *pv_bind_http_exchange (PvTransport *transport,
				   const PvDialect *dialect,
				   const PvRequest *request,
				   GError **error) G_GNUC_WARN_UNUSED_RESULT;
