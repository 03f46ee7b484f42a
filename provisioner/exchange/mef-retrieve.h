/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MEF Key Retrieval as an Enrolment Target: a key that somebody else has registered for us.
 *
 * Spec: TS-0003 8.3.5.2.8
 */
#pragma once

#include "provisioner/exchange/exchange.h"

/**
 * pv_mef_keys_retrieve:
 *
 * Retrieves the keys that the job names and hands them to the keystore. One that the MEF does not
 * (yet) have, or not for us, is told, and is no failure of the exchange.
 */
gboolean pv_mef_keys_retrieve (PvExchange *exchange, GError **error) G_GNUC_WARN_UNUSED_RESULT;
