/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MEF Key Registration with the TLS exporter: one fresh full handshake, one key.
 *
 * Spec: TS-0003 8.3.5.2.7, 10.3.1, 10.3.5
 */
#pragma once

#include "provisioner/exchange/exchange.h"

/** Registers the job's key and hands it to the keystore. */
gboolean pv_mef_key_register (PvExchange *exchange, GError **error) G_GNUC_WARN_UNUSED_RESULT;
