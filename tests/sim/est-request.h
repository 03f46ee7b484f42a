/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The certificate request of a client: reading, and all the checks of TS-0003 8.3.6.2 and 10.1. */
#pragma once

#include "tests/sim/sim.h"

/* The GeneralName that TS-0003 10.1.1 prescribes for the client's identity. */
void
sim_est_name (const SimClient *client, gnutls_x509_subject_alt_name_t *type, const char **name);

/* A good request, or NULL with a SIM_EST_REFUSAL. */
gnutls_x509_crq_t sim_est_read_request (SimExchange *exchange,
					gboolean renewal,
					GError **error) G_GNUC_WARN_UNUSED_RESULT;
