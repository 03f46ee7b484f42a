/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What enroleed does around an exchange: brings the progress in line with the keystore, writes the
 * job, and grants what is to be published.
 */
#pragma once

#include "provisioner/enrolment.h"

/**
 * pv_job_reconcile:
 * @name: of the enrolment
 * @progress: (inout): what was staged and is gone is forgotten, what was published meanwhile noted
 *
 * Discards what a killed exchange left behind under the enrolment's names.
 *
 * Returns: %FALSE with PV_ERROR/KEYSTORE
 */
gboolean pv_job_reconcile (const PvContext *context,
			   const char *name,
			   PvProgress *progress,
			   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_job_certificate_is_due:
 *
 * Returns: whether a certificate is wanted that is not there, or whose time to be made anew has come
 */
gboolean pv_job_certificate_is_due (const PvContext *context,
				    const char *name,
				    const PvProgress *progress);

/**
 * PvJobOrder:
 * @purpose: PV_PURPOSE_*
 * @traced: whether the child has a descriptor for its messages
 */
typedef struct {
	const char *purpose;
	gboolean traced;
} PvJobOrder;

/**
 * pv_job_build:
 * @scope: (out): what the exchange reaches of the keystore
 *
 * Returns: (transfer full) (nullable): JSON of exchange-protocol.h; %NULL with PV_ERROR/JOB or
 * PV_ERROR/KEYSTORE
 */
char *pv_job_build (const PvContext *context,
		    const char *name,
		    const PvJobOrder *order,
		    const PvProgress *progress,
		    PvScope *scope,
		    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_job_grant:
 *
 * Who may use what is staged, and was never published before, as the settings say.
 *
 * Returns: %FALSE with PV_ERROR/KEYSTORE
 */
gboolean pv_job_grant (const PvContext *context,
		       const char *name,
		       const PvProgress *progress,
		       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_job_note_published:
 * @progress: (inout): what was staged is noted as published
 */
void pv_job_note_published (const PvContext *context, const char *name, PvProgress *progress);

/**
 * pv_job_destroy:
 * @progress: knows the keys of others
 * @destroyed: (out) (transfer full): names of the credentials that are gone
 *
 * Destroys what the enrolment brought, staged or published. What is not of an enrolment stays.
 *
 * Returns: %FALSE with PV_ERROR/KEYSTORE
 */
gboolean pv_job_destroy (const PvContext *context,
			 const char *name,
			 const PvProgress *progress,
			 GStrv *destroyed,
			 GError **error) G_GNUC_WARN_UNUSED_RESULT;
