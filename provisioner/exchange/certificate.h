/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Certificate Provisioning, initial procedure: trust anchors, key pair, request, certificate.
 *
 * Spec: TS-0003 8.3.6.2.2
 */
#pragma once

#include "provisioner/exchange/exchange.h"

/**
 * pv_certificate_provision:
 * @exchange: the exchange; the new piece is added to its staged ones
 * @est_uri: (nullable): estBaseURI; the MEF's own by default
 * @kind: what is certified
 * @id: its identifier
 * @error: return location for an error
 *
 * Errors: PV_ERROR/PENDING after a "pending" event: the key pair stays staged
 */
gboolean pv_certificate_provision (PvExchange *exchange,
				   const char *est_uri,
				   PvEntityKind kind,
				   const char *id,
				   GError **error) G_GNUC_WARN_UNUSED_RESULT;
