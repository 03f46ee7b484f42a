/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MEF Client Registration.
 *
 * Spec: TS-0003 8.3.5.2.3 to 8.3.5.2.6
 */
#pragma once

#include "provisioner/exchange/exchange.h"

/**
 * pv_mef_register:
 *
 * Adopts the registration that the job names if the MEF still has it, else makes one. When its time
 * has come its end is put off.
 */
gboolean pv_mef_register (PvExchange *exchange, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_mef_register_anew:
 *
 * The MEF has lost the registration in the middle of an exchange: makes another.
 */
gboolean pv_mef_register_anew (PvExchange *exchange, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_mef_registration_retrieve:
 * @id: MEFClientRegID
 *
 * Returns: (transfer full) (nullable): the registration with the references of its children.
 */
PvMefClientReg *pv_mef_registration_retrieve (PvExchange *exchange,
					      const char *id,
					      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_mef_registration_find:
 * @registration: (out) (nullable) (transfer full): ours for the job's stakeholder
 *
 * Looks among those that the MEF's base refers to.
 *
 * Returns: whether the MEF lists any at all; one that does not is no proof of anything.
 */
gboolean pv_mef_registration_find (PvExchange *exchange,
				   PvMefClientReg **registration,
				   GError **error) G_GNUC_WARN_UNUSED_RESULT;
