/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When renewals are due: two thirds of a life less a place in the window, whatever the clock was when it
 * came; and turns at a bounded number of exchanges.
 */
#include <config.h>

#include "provisioner/schedule.h"
#include "provisioner/slots.h"

#define DAY 86400
#define NOW 1795000000ll

static void
test_renewal (void)
{
	g_assert_cmpint (pv_schedule_renewal (&(PvLife){0, 0, 0}, NOW, 0.5), ==, 0);
	g_assert_cmpint (pv_schedule_renewal (&(PvLife){1000, 4000, 0}, 1000, 0), ==, 3000);
	g_assert_cmpint (pv_schedule_renewal (&(PvLife){0, 4000, 0}, 1000, 0), ==, 3000);
	g_assert_cmpint (pv_schedule_renewal (&(PvLife){1000, 4000, 0}, 1000, 0.999), >=, 2850);
	g_assert_cmpint (pv_schedule_renewal (&(PvLife){1000, 4000, 0}, 1000, 0.999), <, 3000);
}

/* Ended already, begins later, shorter than anything, never heard of numbers. */
static void
test_odd_lives (void)
{
	g_assert_cmpint (pv_schedule_renewal (&(PvLife){NOW - 300, NOW - 100, 0}, NOW, 0), <, NOW);
	g_assert_cmpint (pv_schedule_renewal (&(PvLife){NOW, NOW, 0}, NOW, 0), ==, NOW);
	g_assert_cmpint (pv_schedule_renewal (&(PvLife){NOW + 10, NOW, 0}, NOW, 0), ==, NOW);
	g_assert_cmpint (
		pv_schedule_renewal (&(PvLife){NOW + DAY, NOW + 4 * DAY, 0}, NOW, 0), ==, NOW + 3 * DAY);
	g_assert_cmpint (pv_schedule_renewal (&(PvLife){NOW, NOW + 2, 0}, NOW, 0.99), <=, NOW + 2);
	g_assert_cmpint (
		pv_schedule_renewal (&(PvLife){1, 253402300799, 253402300798}, NOW, 0.5), <, 253402300799);
}

/* A certificate tells its beginning; of a key only the life that was asked for is known. */
static void
test_wrong_clock (void)
{
	const gint64 end = NOW + 30 * DAY;
	const PvLife certificate = {NOW, end, 0};
	const PvLife key = {0, end, 30 * DAY};

	g_assert_cmpint (pv_schedule_renewal (&certificate, 0, 0), ==, NOW + 20 * DAY);
	g_assert_cmpint (pv_schedule_renewal (&certificate, end + DAY, 0), ==, NOW + 20 * DAY);
	g_assert_cmpint (pv_schedule_renewal (&key, NOW, 0), ==, NOW + 20 * DAY);
	g_assert_cmpint (pv_schedule_renewal (&key, 100, 0), ==, NOW + 20 * DAY);
	g_assert_cmpint (pv_schedule_renewal (&key, end + DAY, 0), ==, NOW + 20 * DAY);
	/* and a server that gave less is believed */
	g_assert_cmpint (
		pv_schedule_renewal (&(PvLife){0, NOW + 3 * DAY, 30 * DAY}, NOW, 0), ==, NOW + 2 * DAY);
}

/* 5,000 gateways enrolled in one second do not come back in one. */
static void
test_spread (void)
{
	guint parts[10] = {0};

	for (guint i = 0; i < 5000; i++) {
		g_autofree char *machine = g_strdup_printf ("machine-%u", i);
		double spread = pv_schedule_spread (machine, "gw", "certificate");

		g_assert_true (spread >= 0 && spread < 1);
		g_assert_true (spread == pv_schedule_spread (machine, "gw", "certificate"));
		g_assert_true (spread != pv_schedule_spread (machine, "gw", "key"));
		parts[(guint) (spread * 10)]++;
	}
	for (gsize i = 0; i < G_N_ELEMENTS (parts); i++) {
		g_assert_cmpuint (parts[i], >, 400);
		g_assert_cmpuint (parts[i], <, 600);
	}
}

static void
test_next (void)
{
	g_autoptr (PvProgress) progress = pv_progress_new ();

	g_assert_cmpint (pv_schedule_next (progress), ==, 0);
	progress->commands_due_s = 50;
	progress->key_renew_s = 70;
	g_assert_cmpint (pv_schedule_next (progress), ==, 50);
	g_assert_cmpint (pv_schedule_next_renewal (progress), ==, 70);
	progress->registration_renew_s = 40;
	g_assert_cmpint (pv_schedule_next (progress), ==, 40);
	g_assert_false (pv_schedule_is_due (0, NOW));
	g_assert_true (pv_schedule_is_due (NOW, NOW));
	g_assert_false (pv_schedule_is_due (NOW + 1, NOW));
}

static void
on_turn (gpointer data)
{
	(*(guint *) data)++;
}

static void
run_pending (void)
{
	while (g_main_context_iteration (NULL, FALSE))
		;
}

static void
test_slots (void)
{
	g_autoptr (PvSlots) slots = pv_slots_new (2);
	guint turns[4] = {0};
	PvTicket *tickets[4];

	for (guint i = 0; i < 4; i++)
		tickets[i] = pv_slots_ask (slots, on_turn, &turns[i]);
	g_assert_cmpuint (turns[0], ==, 0); /* not from within */
	run_pending ();
	g_assert_cmpuint (turns[0] + turns[1], ==, 2);
	g_assert_cmpuint (turns[2] + turns[3], ==, 0);
	g_assert_cmpuint (pv_slots_taken (slots), ==, 2);
	g_assert_cmpuint (pv_slots_queued (slots), ==, 2);
	pv_ticket_free (tickets[2]); /* gives up */
	pv_ticket_free (tickets[0]);
	run_pending ();
	g_assert_cmpuint (turns[2], ==, 0);
	g_assert_cmpuint (turns[3], ==, 1);
	pv_ticket_free (tickets[1]);
	pv_ticket_free (tickets[3]);
	g_assert_cmpuint (pv_slots_taken (slots), ==, 0);
	run_pending ();
}

/* Fewer than are under way: none is ended; more: others get their turn. */
static void
test_slots_changed (void)
{
	g_autoptr (PvSlots) slots = pv_slots_new (1);
	guint turns[3] = {0};
	PvTicket *tickets[3];

	for (guint i = 0; i < 3; i++)
		tickets[i] = pv_slots_ask (slots, on_turn, &turns[i]);
	run_pending ();
	pv_slots_set_max (slots, 2);
	run_pending ();
	g_assert_cmpuint (turns[0] + turns[1] + turns[2], ==, 2);
	pv_slots_set_max (slots, 1);
	pv_ticket_free (tickets[0]);
	run_pending ();
	g_assert_cmpuint (turns[2], ==, 0);
	pv_ticket_free (tickets[1]);
	run_pending ();
	g_assert_cmpuint (turns[2], ==, 1);
	pv_ticket_free (tickets[2]);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/schedule/renewal", test_renewal);
	g_test_add_func ("/schedule/odd-lives", test_odd_lives);
	g_test_add_func ("/schedule/wrong-clock", test_wrong_clock);
	g_test_add_func ("/schedule/spread", test_spread);
	g_test_add_func ("/schedule/next", test_next);
	g_test_add_func ("/slots/turns", test_slots);
	g_test_add_func ("/slots/changed", test_slots_changed);
	return g_test_run ();
}
