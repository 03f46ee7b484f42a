/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When to try again. Pure but for the clock that is passed in.
 */
#pragma once

#include "provisioner/clock.h"

/**
 * pv_backoff_delay:
 * @attempts: failed ones in a row, 1 or more
 * @min_s: longest first pause
 * @max_s: longest pause
 * @retry_after_s: what the peer asked for; 0 for nothing
 *
 * Full jitter: a random time up to the doubled limit, so that gateways that failed together do not
 * come back together; never earlier than the peer asked for.
 *
 * Returns: seconds, 1 or more
 */
guint pv_backoff_delay (const PvClock *clock,
			guint attempts,
			guint min_s,
			guint max_s,
			guint retry_after_s);
