/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bodies of EST in words, for the trace: certificates and requests, without passwords. */
#pragma once

#include "provisioner/exchange/trace-mask.h"

/**
 * pv_trace_est_body:
 * @mask: learns the challenge password
 * @type: media type, in lower case
 *
 * Returns: (transfer full) (nullable): @body in words; %NULL when @type is none of EST's.
 */
char *pv_trace_est_body (PvMask *mask, const char *type, GBytes *body);
