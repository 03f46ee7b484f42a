/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * <symmKeyReg>: the registration of a symmetric key by its source, and its retrieval by a target.
 *
 * Spec: TS-0003 8.3.5.2.7 to 8.3.5.2.10, TS-0032
 */
#pragma once

#include "provisioner/limits.h"
#include "provisioner/resource-common.h"

typedef struct {
	gint64 expires; /* proposed end, seconds since the epoch */
	const char *admin_fqdn;
	guint suid;
	const char *const *targets; /* (nullable) */
	const char *const *labels;  /* (nullable) */
	const guint8 *value;        /* (nullable): self-generated; else both ends export it */
	gsize value_length;
} PvSymmKeyRegRequest;

typedef struct {
	PvGranted granted; /* its id is the RelativeKeyID */
	guint suid;
	GStrv targets;                  /* (nullable): absent in the answer */
	guint8 value[PV_KEY_VALUE_MAX]; /* the key, in an answer to a target */
	gsize value_length;             /* 0: none */
} PvSymmKeyReg;

/* Wipes the key. */
void pv_symm_key_reg_free (PvSymmKeyReg *registration);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvSymmKeyReg, pv_symm_key_reg_free)

/**
 * pv_symm_key_reg_build:
 *
 * Returns: (transfer full): content of a Create.
 */
JsonNode *pv_symm_key_reg_build (const PvDialect *dialect, const PvSymmKeyRegRequest *request);

/**
 * pv_symm_key_reg_build_update:
 * @expires: 0 to leave it as it is
 * @targets: (nullable): likewise
 * @labels: (nullable): likewise
 *
 * Returns: (transfer full): content of an Update; one of the three must be given (R-8.3.5.2.9-1).
 */
JsonNode *pv_symm_key_reg_build_update (const PvDialect *dialect,
					gint64 expires,
					const char *const *targets,
					const char *const *labels);

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
 * pv_symm_key_reg_check_retrieved:
 * @registration: what the MEF answered to us as a target
 * @relative_id: what we asked for
 * @now: seconds since the epoch
 * @error: return location for an error
 *
 * Returns: whether it is that key, usable and of a known use (R-8.3.5.2.8-5).
 * Errors: PV_ERROR/MISMATCH
 */
gboolean pv_symm_key_reg_check_retrieved (const PvSymmKeyReg *registration,
					  const char *relative_id,
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
