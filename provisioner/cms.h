/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bodies of EST answers: base64 in any dress, raw DER or PEM armour, and certs-only CMS inside.
 *
 * Spec: RFC 7030 4, RFC 8951 3, RFC 5652
 */
#pragma once

#include <glib.h>

/**
 * pv_cms_decode_body:
 * @body: as it came
 * @error: return location for an error
 *
 * Content-Transfer-Encoding is not asked (RFC 8951 3): the first octets decide.
 *
 * Returns: (transfer full) (nullable): DER, possibly empty.
 * Errors: PV_ERROR/MALFORMED
 */
GBytes *pv_cms_decode_body (GBytes *body, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_cms_encode_body:
 * @der: what is sent
 *
 * Returns: (transfer full): base64 in lines of 64 characters, each ended by LF.
 */
char *pv_cms_encode_body (GBytes *der);

/**
 * pv_cms_certificates:
 * @der: a degenerate SignedData
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable) (element-type X509): at least one certificate.
 * Errors: PV_ERROR/MALFORMED, also for indefinite length, trailing octets and no certificate;
 * PV_ERROR/LIMIT
 */
GPtrArray *pv_cms_certificates (GBytes *der, GError **error) G_GNUC_WARN_UNUSED_RESULT;
