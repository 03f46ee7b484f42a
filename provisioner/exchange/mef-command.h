/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MEF Client Command: retrieve, carry out, report, until there are no more.
 *
 * Spec: TS-0003 8.3.4.6, 8.3.9
 */
#pragma once

#include "provisioner/exchange/exchange.h"

/** Asks the MEF for commands and carries them out. */
gboolean pv_mef_commands (PvExchange *exchange, GError **error) G_GNUC_WARN_UNUSED_RESULT;
