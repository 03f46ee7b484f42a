/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * With what an exchange authenticates to the MEF: the credentials of its job, in their order.
 *
 * Spec: TS-0003 8.3.1.2, 8.3.6.2.2, 8.3.6.2.3
 */
#pragma once

#include <json-glib/json-glib.h>

#include "provisioner/enrolment.h"

/**
 * pv_job_add_authentication:
 * @job: gets the member "authentication" of exchange-protocol.h
 * @name: of the enrolment
 *
 * Returns: %FALSE with PV_ERROR/JOB or PV_ERROR/KEYSTORE when there is no credential at all
 */
gboolean pv_job_add_authentication (const PvContext *context,
				    JsonObject *job,
				    const char *name,
				    const PvProgress *progress,
				    GError **error) G_GNUC_WARN_UNUSED_RESULT;
