/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The end of an enrolment at its MEF: its keys and its registration are de-registered.
 *
 * Spec: TS-0003 8.3.4.2, 8.3.5.2.6, 8.3.5.2.10
 */
#pragma once

#include "provisioner/exchange/exchange.h"

/**
 * pv_mef_decommission:
 *
 * De-registers the job's keys, then the client, and tells of each what the MEF's answer proves. What
 * the MEF refuses to forget is told as such and is no failure.
 */
gboolean pv_mef_decommission (PvExchange *exchange, GError **error) G_GNUC_WARN_UNUSED_RESULT;
