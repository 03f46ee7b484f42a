/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See alarm.h. */
#include <config.h>

#include "provisioner/alarm.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* Rounding to seconds, and a clock that is slewed, are no step. */
#define STEP_MIN_S 2

struct _PvAlarms {
	const PvClock *clock;
	GPtrArray *all; /* of PvAlarm, borrowed */
	gint64 offset_s; /* of the wall clock to the steady one */
	int fd;          /* -1: the clock is a test's */
	guint source, idle;
};

struct _PvAlarm {
	PvAlarms *alarms;
	const PvAlarmCalls *calls;
	gpointer data;
	gint64 at_s;
};

static gint64
read_offset (const PvAlarms *alarms)
{
	return pv_clock_now (alarms->clock) - pv_clock_steady (alarms->clock);
}

static gboolean on_idle (gpointer data);

/* The kernel's timer for the first of them; it also fires when the clock is set. */
static void
arm (PvAlarms *alarms)
{
	struct itimerspec when = {0};
	gint64 first_s = 0;

	for (guint i = 0; i < alarms->all->len; i++) {
		const PvAlarm *alarm = alarms->all->pdata[i];

		if (alarm->at_s != 0 && (first_s == 0 || alarm->at_s < first_s))
			first_s = alarm->at_s;
	}
	if (alarms->fd < 0)
		return;
	if (first_s != 0)
		when.it_value.tv_sec = MAX (first_s, 1);
	if (timerfd_settime (
		    alarms->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL) == 0)
		return;
	if (errno != ECANCELED)
		g_warning ("no timer: %s", g_strerror (errno));
	else if (alarms->idle == 0) /* the clock was set, and read() will not tell any more */
		alarms->idle = g_idle_add (on_idle, alarms);
}

static gboolean
on_idle (gpointer data)
{
	PvAlarms *alarms = data;

	alarms->idle = 0;
	pv_alarms_look (alarms);
	return G_SOURCE_REMOVE;
}

/* A copy: calls may add, free and set alarms. */
static void
for_each (PvAlarms *alarms, void (*call) (PvAlarm *alarm, gint64 number), gint64 number)
{
	g_autoptr (GPtrArray) copy = g_ptr_array_copy (alarms->all, NULL, NULL);

	for (guint i = 0; i < copy->len; i++) {
		if (g_ptr_array_find (alarms->all, copy->pdata[i], NULL))
			call (copy->pdata[i], number);
	}
}

static void
tell_step (PvAlarm *alarm, gint64 by_s)
{
	alarm->calls->stepped (alarm->data, by_s);
}

static void
tell_due (PvAlarm *alarm, gint64 now_s)
{
	if (alarm->at_s == 0 || alarm->at_s > now_s)
		return;
	alarm->at_s = 0;
	alarm->calls->due (alarm->data);
}

void
pv_alarms_look (PvAlarms *alarms)
{
	gint64 by_s = read_offset (alarms) - alarms->offset_s;

	if (by_s >= STEP_MIN_S || by_s <= -STEP_MIN_S) {
		alarms->offset_s += by_s;
		for_each (alarms, tell_step, by_s);
	}
	for_each (alarms, tell_due, pv_clock_now (alarms->clock));
	arm (alarms);
}

static gboolean
on_timer (int fd, GIOCondition condition, gpointer data)
{
	guint64 count;

	/* ECANCELED: the clock was set. Either way: look */
	(void) !read (fd, &count, sizeof count);
	pv_alarms_look (data);
	return G_SOURCE_CONTINUE;
}

PvAlarms *
pv_alarms_new (const PvClock *clock)
{
	PvAlarms *alarms = g_new0 (PvAlarms, 1);

	alarms->clock = clock;
	alarms->all = g_ptr_array_new ();
	alarms->offset_s = read_offset (alarms);
	alarms->fd = clock->is_fake ? -1 : timerfd_create (CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (alarms->fd >= 0)
		alarms->source = g_unix_fd_add (alarms->fd, G_IO_IN, on_timer, alarms);
	else if (!clock->is_fake)
		g_warning ("no timer: %s", g_strerror (errno));
	return alarms;
}

void
pv_alarms_free (PvAlarms *alarms)
{
	if (alarms == NULL)
		return;
	g_clear_handle_id (&alarms->source, g_source_remove);
	g_clear_handle_id (&alarms->idle, g_source_remove);
	if (alarms->fd >= 0)
		close (alarms->fd);
	g_ptr_array_unref (alarms->all);
	g_free (alarms);
}

PvAlarm *
pv_alarm_new (PvAlarms *alarms, const PvAlarmCalls *calls, gpointer data)
{
	PvAlarm *alarm = g_new0 (PvAlarm, 1);

	alarm->alarms = alarms;
	alarm->calls = calls;
	alarm->data = data;
	g_ptr_array_add (alarms->all, alarm);
	return alarm;
}

void
pv_alarm_free (PvAlarm *alarm)
{
	if (alarm == NULL)
		return;
	g_ptr_array_remove (alarm->alarms->all, alarm);
	arm (alarm->alarms);
	g_free (alarm);
}

void
pv_alarm_set (PvAlarm *alarm, gint64 at_s)
{
	alarm->at_s = at_s;
	arm (alarm->alarms);
}
