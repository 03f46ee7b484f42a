/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Time and chance, passed in, so that tests decide about both.
 */
#pragma once

#include <glib.h>

/* 2024-01-01: no clock of a machine that runs this program is right before it. */
#define PV_CLOCK_MIN_S 1704067200

/**
 * PvClock:
 * @now_s: Unix time
 * @steady_s: seconds that passed since some moment, also asleep; never stepped
 * @random: a number from 0 to below 1
 * @is_fake: a test moves it: nothing wakes up by itself (alarm.h)
 */
typedef struct {
	gint64 (*now_s) (gpointer data);
	gint64 (*steady_s) (gpointer data);
	double (*random) (gpointer data);
	gpointer data;
	gboolean is_fake;
} PvClock;

/** The machine's own. */
extern const PvClock pv_clock_system;

static inline gint64
pv_clock_now (const PvClock *clock)
{
	return clock->now_s (clock->data);
}

static inline gint64
pv_clock_steady (const PvClock *clock)
{
	return clock->steady_s (clock->data);
}
