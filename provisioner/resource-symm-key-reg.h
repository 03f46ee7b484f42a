/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * <symmKeyReg>: the registration of a symmetric key by its source.
 *
 * Spec: TS-0003 8.3.5.2.7, TS-0032
 */
#pragma once

#include "provisioner/dialect.h"

#include <json-glib/json-glib.h>

typedef struct {
	gint64 expires; /* proposed end, seconds since the epoch */
	const char *admin_fqdn;
	guint suid;
	const char *const *targets; /* (nullable) */
	const char *const *labels;  /* (nullable) */
} PvSymmKeyRegRequest;

typedef struct {
	char *relative_id; /* RelativeKeyID, verbatim */
	gint64 expires;    /* seconds since the epoch */
	char *admin_fqdn;
	char *source_id; /* (nullable): Source MEF Client ID */
	guint suid;
	GStrv targets; /* (nullable): absent in the answer */
	GStrv labels;  /* (nullable) */
} PvSymmKeyReg;

void pv_symm_key_reg_free (PvSymmKeyReg *registration);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvSymmKeyReg, pv_symm_key_reg_free)

/**
 * pv_symm_key_reg_build:
 *
 * Returns: (transfer full): content of a Create without keyValue: both ends export the key.
 */
JsonNode *pv_symm_key_reg_build (const PvDialect *dialect, const PvSymmKeyRegRequest *request);

/**
 * pv_symm_key_reg_parse:
 *
 * Returns: (transfer full) (nullable): the registration.
 * Errors: PV_ERROR/MALFORMED
 */
PvSymmKeyReg *pv_symm_key_reg_parse (const PvDialect *dialect,
				     JsonNode *content,
				     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_symm_key_reg_check:
 * @registration: what the MEF answered
 * @request: what was asked
 * @client_id: our own identifier
 * @now: seconds since the epoch
 * @error: return location for an error
 *
 * Returns: whether the answer fits (R-8.3.9.9.4-3). Outside of MO_NODE the MEF's target list is
 * accepted (decision 4).
 * Errors: PV_ERROR/MISMATCH
 */
gboolean pv_symm_key_reg_check (const PvSymmKeyReg *registration,
				const PvSymmKeyRegRequest *request,
				const char *client_id,
				gint64 now,
				GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_targets_check:
 * @suid: usage constraint
 * @targets: (nullable): who may retrieve the key
 * @error: return location for an error
 *
 * Returns: whether number and form of @targets fit @suid (R-8.3.5.2.7-2, A03).
 * Errors: PV_ERROR/JOB
 */
gboolean
pv_targets_check (guint suid, const char *const *targets, GError **error) G_GNUC_WARN_UNUSED_RESULT;
