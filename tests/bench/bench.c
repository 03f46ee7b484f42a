/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See bench.h. */
#include <config.h>

#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

uint64_t
bench_now_ns (void)
{
	struct timespec now;

	clock_gettime (CLOCK_MONOTONIC, &now);
	return (uint64_t) now.tv_sec * 1000000000u + (uint64_t) now.tv_nsec;
}

uint64_t
bench_cpu_ns (pid_t server)
{
	struct timespec own = {0}, other = {0};
	clockid_t clock;

	clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &own);
	if (server != 0 && clock_getcpuclockid (server, &clock) == 0)
		clock_gettime (clock, &other);
	return (uint64_t) (own.tv_sec + other.tv_sec) * 1000000000u +
	       (uint64_t) (own.tv_nsec + other.tv_nsec);
}

static int
compare (const void *a, const void *b)
{
	double x = *(const double *) a, y = *(const double *) b;

	return (x > y) - (x < y);
}

double
bench_median (double *samples, size_t n_samples)
{
	qsort (samples, n_samples, sizeof *samples, compare);
	return n_samples == 0 ? 0 : samples[n_samples / 2];
}

void
bench_print (const char *name, const char *unit, double ours, double reference)
{
	printf ("%-52s %10.2f %10.2f %s  %6.3f\n", name, ours, reference, unit, ours / reference);
	fflush (stdout);
}
