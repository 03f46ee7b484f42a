/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the benchmarks share: clocks, medians, one line per result. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BENCH_ROUNDS_MAX 512

/** Nanoseconds of the monotonic clock. */
uint64_t bench_now_ns (void);

/** CPU time of this process and, when @server is not 0, of that one too, in nanoseconds. */
uint64_t bench_cpu_ns (pid_t server);

/** The median; sorts @samples. */
double bench_median (double *samples, size_t n_samples);

/**
 * bench_print:
 * One line, `name ours reference ratio`: @ours and @reference in @unit.
 */
void bench_print (const char *name, const char *unit, double ours, double reference);
