/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A look at the MEF: handshake, and what it has of us. Nothing is made and nothing kept.
 *
 * Spec: TS-0003 8.3.5.2.2, 8.3.5.2.4
 */
#pragma once

#include "provisioner/exchange/exchange.h"

/** Looks, and tells it as one event. A handshake that fails is an error. */
gboolean pv_mef_probe (PvExchange *exchange, GError **error) G_GNUC_WARN_UNUSED_RESULT;
