/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * <mefClientReg>: the registration of an MEF client, for one administrating stakeholder.
 *
 * Spec: TS-0003 8.3.5.2.3 to 8.3.5.2.6, TS-0032
 */
#pragma once

#include "provisioner/resource-common.h"

/* What we ask for. */
typedef struct {
	gint64 expires; /* proposed end, seconds since the epoch */
	const char *admin_fqdn;
	const char *const *labels; /* (nullable) */
} PvMefClientRegRequest;

typedef struct {
	PvGranted granted;
	char *assigned_identity; /* (nullable): KpmID to use from now on (A20) */
	char *command_id;        /* (nullable): resource identifier of the <mefClientCmd> */
} PvMefClientReg;

void pv_mef_client_reg_free (PvMefClientReg *registration);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvMefClientReg, pv_mef_client_reg_free)

/**
 * pv_mef_client_reg_build:
 *
 * Returns: (transfer full): content of a Create.
 */
JsonNode *pv_mef_client_reg_build (const PvDialect *dialect, const PvMefClientRegRequest *request);

/**
 * pv_mef_client_reg_parse:
 * @dialect: the MEF's
 * @content: (nullable): content of a Create's or Retrieve's answer
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): the registration.
 * Errors: PV_ERROR/MALFORMED
 */
PvMefClientReg *pv_mef_client_reg_parse (const PvDialect *dialect,
					 JsonNode *content,
					 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_mef_client_reg_check:
 * @registration: what the MEF granted
 * @client_id: our own identifier
 * @admin_fqdn: what we asked for
 * @now: seconds since the epoch
 * @error: return location for an error
 *
 * Returns: whether it is for us, for that stakeholder, and not past (R-8.3.5.2.3-5).
 * Errors: PV_ERROR/MISMATCH
 */
gboolean pv_mef_client_reg_check (const PvMefClientReg *registration,
				  const char *client_id,
				  const char *admin_fqdn,
				  gint64 now,
				  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_mef_base_registrations:
 * @content: (nullable): content of the answer to a Retrieve of the <MEFBase>
 *
 * Returns: (transfer full) (nullable): identifiers of the registrations it refers to, maybe none.
 * Errors: PV_ERROR/MALFORMED
 */
GStrv pv_mef_base_registrations (const PvDialect *dialect,
				 JsonNode *content,
				 GError **error) G_GNUC_WARN_UNUSED_RESULT;
