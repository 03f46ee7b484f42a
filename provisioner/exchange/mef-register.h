/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MEF Client Registration.
 *
 * Spec: TS-0003 8.3.5.2.3, 8.3.5.2.4
 */
#pragma once

#include "provisioner/exchange/exchange.h"

/**
 * pv_mef_register:
 *
 * Adopts the registration that the job names if the MEF still has it, else makes one.
 */
gboolean pv_mef_register (PvExchange *exchange, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_mef_registration_retrieve:
 * @id: MEFClientRegID
 *
 * Returns: (transfer full) (nullable): the registration with the references of its children.
 */
PvMefClientReg *pv_mef_registration_retrieve (PvExchange *exchange,
					      const char *id,
					      GError **error) G_GNUC_WARN_UNUSED_RESULT;
