/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine's clock and random numbers. */
#include <config.h>

#include "provisioner/clock.h"

#include <time.h>

static gint64
now_s (gpointer data)
{
	return g_get_real_time () / G_USEC_PER_SEC;
}

static gint64
steady_s (gpointer data)
{
	struct timespec now;

	return clock_gettime (CLOCK_BOOTTIME, &now) == 0 ? now.tv_sec : 0;
}

static double
random_part (gpointer data)
{
	return g_random_double ();
}

const PvClock pv_clock_system = {.now_s = now_s, .steady_s = steady_s, .random = random_part};
