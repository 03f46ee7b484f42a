/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What enroleed does around an exchange: brings the progress in line with the keystore, writes the
 * job, and publishes what was provisioned.
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
 * pv_job_build:
 *
 * Returns: (transfer full) (nullable): JSON of exchange-protocol.h; %NULL with PV_ERROR/JOB or
 * PV_ERROR/KEYSTORE
 */
char *pv_job_build (const PvContext *context,
		    const char *name,
		    const PvProgress *progress,
		    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_job_publish:
 * @progress: (inout): what was staged is noted as published
 *
 * Grants, then makes all that is staged visible in one transaction.
 *
 * Returns: %FALSE with PV_ERROR/KEYSTORE
 */
gboolean pv_job_publish (const PvContext *context,
			 const char *name,
			 PvProgress *progress,
			 GError **error) G_GNUC_WARN_UNUSED_RESULT;
