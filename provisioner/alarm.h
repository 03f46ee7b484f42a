/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Something to do at a time of the wall clock. One timer of the kernel for all of them: an idle daemon
 * sleeps until the first is due, or until somebody sets the clock. Sleep of the machine counts.
 */
#pragma once

#include "provisioner/clock.h"

typedef struct _PvAlarms PvAlarms;
typedef struct _PvAlarm PvAlarm;

/**
 * PvAlarmCalls:
 * @due: its time has come; the alarm is off from then on
 * @stepped: the wall clock was set, @by_s seconds ahead; called at least once for each time. What was meant
 *     as "in so many seconds" has another time now: pv_alarm_set() again
 */
typedef struct {
	void (*due) (gpointer data);
	void (*stepped) (gpointer data, gint64 by_s);
} PvAlarmCalls;

/** For the default main context. @clock: borrowed */
PvAlarms *pv_alarms_new (const PvClock *clock);

/** All alarms were freed before. */
void pv_alarms_free (PvAlarms *alarms);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvAlarms, pv_alarms_free)

/** Looks at the clock and does what is due: with a fake clock after each move of it. */
void pv_alarms_look (PvAlarms *alarms);

/** @calls: static */
PvAlarm *pv_alarm_new (PvAlarms *alarms, const PvAlarmCalls *calls, gpointer data);
void pv_alarm_free (PvAlarm *alarm);

/** @at_s: Unix time, also one that is past: then it is due soon, never in here; 0: off */
void pv_alarm_set (PvAlarm *alarm, gint64 at_s);
