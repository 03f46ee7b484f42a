/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * EST client: cacerts, csrattrs, simpleenroll over an authenticated session.
 *
 * Spec: RFC 7030, RFC 8951, TS-0003 8.3.6.2
 */
#pragma once

#include "provisioner/csr-attributes.h"
#include "provisioner/exchange/transport.h"

/**
 * pv_est_parse_uri:
 * @uri: estBaseURI
 * @mef_fqdn: must be its host (R-8.3.6-3)
 * @port: (out): its port
 * @path: (out) (transfer full): where the operations are (A26), without a final slash
 * @error: return location for an error
 *
 * Errors: PV_ERROR/JOB
 */
gboolean pv_est_parse_uri (const char *uri,
			   const char *mef_fqdn,
			   guint *port,
			   char **path,
			   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_est_cacerts:
 *
 * Returns: (transfer full) (nullable) (element-type X509): what the server calls its CA
 * certificates.
 */
GPtrArray *
pv_est_cacerts (PvTransport *transport, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_est_csrattrs:
 *
 * Returns: (transfer full) (nullable): what the server wants; 204 and 404 mean nothing.
 */
PvCsrAttributes *pv_est_csrattrs (PvTransport *transport,
				  const char *path,
				  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_est_enrol:
 * @csr: DER
 * @renewal: simplereenroll, on a session that the certificate authenticated; else simpleenroll
 *
 * Returns: (transfer full) (nullable) (element-type X509): certificates of the answer.
 * Errors: PV_ERROR/PENDING with Retry-After for 202; REQUEST with the server's words for 400;
 * NOT_AUTHORISED for 401 and 403; SERVER, MALFORMED, LIMIT; UNSUPPORTED when there is no simplereenroll
 */
GPtrArray *pv_est_enrol (PvTransport *transport,
			 const char *path,
			 GBytes *csr,
			 gboolean renewal,
			 GError **error) G_GNUC_WARN_UNUSED_RESULT;
