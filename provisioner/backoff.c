/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See backoff.h. */
#include <config.h>

#include "provisioner/backoff.h"

#include "provisioner/limits.h"

guint
pv_backoff_delay (const PvClock *clock,
		  guint attempts,
		  guint min_s,
		  guint max_s,
		  guint retry_after_s)
{
	guint64 limit_s = min_s;
	guint delay_s;

	for (guint i = 1; i < attempts && limit_s < max_s; i++)
		limit_s *= 2;
	delay_s = 1 + (guint) (clock->random (clock->data) * (double) MIN (limit_s, max_s));
	if (retry_after_s == 0)
		return delay_s;
	return MIN (retry_after_s, PV_RETRY_AFTER_MAX_S) + delay_s - 1;
}
