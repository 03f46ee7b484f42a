/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Alarms with a clock of the test's own that is stepped both ways, and once with the machine's.
 */
#include <config.h>

#include "provisioner/alarm.h"

typedef struct {
	gint64 now_s, steady_s;
} Time;

typedef struct {
	guint due, steps;
	gint64 by_s;
	GMainLoop *loop;
	PvAlarm *victim; /* freed when this one is due */
} Heard;

static gint64
now (gpointer data)
{
	return ((Time *) data)->now_s;
}

static gint64
steady (gpointer data)
{
	return ((Time *) data)->steady_s;
}

static double
half (gpointer data)
{
	return 0.5;
}

static void
on_due (gpointer data)
{
	Heard *heard = data;

	heard->due++;
	g_clear_pointer (&heard->victim, pv_alarm_free);
	if (heard->loop != NULL)
		g_main_loop_quit (heard->loop);
}

static void
on_stepped (gpointer data, gint64 by_s)
{
	((Heard *) data)->steps++;
	((Heard *) data)->by_s += by_s;
}

static const PvAlarmCalls calls = {on_due, on_stepped};

static void
pass (Time *time, gint64 seconds)
{
	time->now_s += seconds;
	time->steady_s += seconds;
}

static void
test_due (void)
{
	Time time = {1000, 1};
	const PvClock clock = {now, steady, half, &time, TRUE};
	g_autoptr (PvAlarms) alarms = pv_alarms_new (&clock);
	Heard heard = {0};
	PvAlarm *alarm = pv_alarm_new (alarms, &calls, &heard);

	pv_alarm_set (alarm, 1010);
	pass (&time, 9);
	pv_alarms_look (alarms);
	g_assert_cmpuint (heard.due, ==, 0);
	pass (&time, 1);
	pv_alarms_look (alarms);
	pv_alarms_look (alarms);
	g_assert_cmpuint (heard.due, ==, 1); /* once */
	pv_alarm_set (alarm, 1005); /* past */
	pv_alarms_look (alarms);
	g_assert_cmpuint (heard.due, ==, 2);
	pv_alarm_set (alarm, 1020);
	pv_alarm_set (alarm, 0);
	pass (&time, 100);
	pv_alarms_look (alarms);
	g_assert_cmpuint (heard.due, ==, 2);
	g_assert_cmpuint (heard.steps, ==, 0);
	pv_alarm_free (alarm);
}

static void
test_stepped (void)
{
	Time time = {0, 1};
	const PvClock clock = {now, steady, half, &time, TRUE};
	g_autoptr (PvAlarms) alarms = pv_alarms_new (&clock);
	Heard heard = {0};
	PvAlarm *alarm = pv_alarm_new (alarms, &calls, &heard);

	pv_alarm_set (alarm, 1795000000);
	time.now_s = 1794000000; /* 1970, then the network's time */
	pv_alarms_look (alarms);
	g_assert_cmpuint (heard.steps, ==, 1);
	g_assert_cmpint (heard.by_s, ==, 1794000000);
	g_assert_cmpuint (heard.due, ==, 0);
	time.now_s += 1; /* rounding */
	pv_alarms_look (alarms);
	g_assert_cmpuint (heard.steps, ==, 1);
	time.now_s -= 86400;
	pv_alarms_look (alarms);
	g_assert_cmpuint (heard.steps, ==, 2);
	g_assert_cmpint (heard.by_s, ==, 1794000000 + 1 - 86400);
	time.now_s = 1795000000;
	pv_alarms_look (alarms);
	g_assert_cmpuint (heard.steps, ==, 3);
	g_assert_cmpuint (heard.due, ==, 1);
	pv_alarm_free (alarm);
}

static void
test_freed_by_another (void)
{
	Time time = {1000, 1};
	const PvClock clock = {now, steady, half, &time, TRUE};
	g_autoptr (PvAlarms) alarms = pv_alarms_new (&clock);
	Heard first = {0}, second = {0};
	PvAlarm *alarm = pv_alarm_new (alarms, &calls, &first);

	first.victim = pv_alarm_new (alarms, &calls, &second);
	pv_alarm_set (alarm, 1001);
	pv_alarm_set (first.victim, 1001);
	pass (&time, 5);
	pv_alarms_look (alarms);
	g_assert_cmpuint (first.due, ==, 1);
	g_assert_cmpuint (second.due, ==, 0);
	pv_alarm_free (alarm);
}

static void
test_real (void)
{
	g_autoptr (PvAlarms) alarms = pv_alarms_new (&pv_clock_system);
	Heard heard = {.loop = g_main_loop_new (NULL, FALSE)};
	PvAlarm *alarm = pv_alarm_new (alarms, &calls, &heard);

	pv_alarm_set (alarm, 1);
	g_assert_cmpuint (heard.due, ==, 0); /* not from within */
	g_main_loop_run (heard.loop);
	pv_alarm_set (alarm, pv_clock_now (&pv_clock_system) + 1);
	g_main_loop_run (heard.loop);
	g_assert_cmpuint (heard.due, ==, 2);
	pv_alarm_free (alarm);
	g_main_loop_unref (heard.loop);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/alarm/due", test_due);
	g_test_add_func ("/alarm/stepped", test_stepped);
	g_test_add_func ("/alarm/freed-by-another", test_freed_by_another);
	g_test_add_func ("/alarm/real", test_real);
	return g_test_run ();
}
