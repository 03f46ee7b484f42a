/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When what is provisioned has to be made anew: each certificate, key and registration has a time of
 * its own. Pure but for the clock that is passed in.
 */
#pragma once

#include "provisioner/clock.h"
#include "provisioner/progress.h"

/**
 * pv_schedule_spread:
 * @machine: what tells this gateway from others: its machine-id
 * @name: of the enrolment
 * @what: certificate, key or registration
 *
 * Gateways that were enrolled together come back spread over the renewal window, and each always
 * at the same place in it.
 *
 * Returns: from 0 to below 1
 */
double pv_schedule_spread (const char *machine, const char *name, const char *what);

/**
 * PvLife:
 * @begin_s: since when it is valid; 0 when unknown
 * @not_after_s: its end; 0 for never
 * @asked_s: the life that was asked for; 0 when unknown
 */
typedef struct {
	gint64 begin_s, not_after_s, asked_s;
} PvLife;

/**
 * pv_schedule_renewal:
 * @now_s: when it came
 * @spread: place in the renewal window
 *
 * A clock that was wrong when it came does no harm: the beginning is not believed to lie outside of
 * the life that was asked for.
 *
 * Returns: two thirds of its life after its beginning, earlier by up to the renewal window (a twentieth of its life);
 * 0 for never. Spec: TS-0003 8.3.4.3, 8.3.6
 */
gint64 pv_schedule_renewal (const PvLife *life, gint64 now_s, double spread);

/**
 * pv_schedule_next:
 *
 * Returns: the first time at which something is due; 0 for never
 */
gint64 pv_schedule_next (const PvProgress *progress);

/** The first renewal, whatever else is due; 0 for never. */
gint64 pv_schedule_next_renewal (const PvProgress *progress);

/** Whether the time @at_s has come; 0 never comes. */
static inline gboolean
pv_schedule_is_due (gint64 at_s, gint64 now_s)
{
	return at_s != 0 && at_s <= now_s;
}
