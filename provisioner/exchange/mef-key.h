/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Symmetric Key Provisioning as the source: key registration with the TLS exporter (one fresh full
 * handshake, one key) or with a self-generated value, its check and update, de-registration.
 *
 * A key is renewed by a new one, never by a later end of the old: so it is fresh, and both
 * generations hold until the old one is retired (TS-0003 8.3.5.2.9: an Update never changes the key).
 *
 * Spec: TS-0003 8.3.5.2.7 to 8.3.5.2.10, 10.3.1, 10.3.5
 */
#pragma once

#include "provisioner/exchange/exchange.h"

/**
 * pv_mef_key:
 *
 * Registers the job's key and hands it to the keystore; one that is registered already is looked at,
 * and replaced only if the MEF has lost it.
 */
gboolean pv_mef_key (PvExchange *exchange, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_mef_keys_retire:
 *
 * De-registers the keys that the job calls retired. One that the MEF keeps is told as such, and is no
 * failure of the exchange.
 */
gboolean pv_mef_keys_retire (PvExchange *exchange, GError **error) G_GNUC_WARN_UNUSED_RESULT;
