/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* EST (RFC 7030, 8951) as TS-0003 8.3.6.2 profiles it: cacerts, csrattrs, simpleenroll,
 * simplereenroll. Lock held. */
#pragma once

#include "tests/sim/sim.h"

/* Whether the path is EST's: /.well-known/est/[label/]operation or the policy's EstPath. */
gboolean sim_est_path (Sim *sim, const char *path);
SimResponse *sim_est_answer (SimExchange *exchange);

/* Issues a certificate to a client outside of EST, for certificate-based enrolment: PEM of key and
 * chain. */
char *sim_est_issue_directly (Sim *sim, const SimClient *client, GError **error);
