/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The RSPF machine: every pair of state and event is walked; the table has no two answers, no way
 * into an exchange without starting it, no way to be stuck, and one straight way through.
 */
#include <config.h>

#include "provisioner/machine.h"

static void
test_every_pair (void)
{
	gsize n_rows;
	const PvTransition *table = pv_machine_table (&n_rows);

	for (guint state = 0; state < PV_N_STATES; state++) {
		for (guint event = 0; event < PV_N_EVENTS; event++) {
			guint matches = 0;
			PvAction action;
			PvState next = pv_machine_step (state, event, &action);

			for (gsize i = 0; i < n_rows; i++)
				matches += table[i].event == event && (table[i].states & 1u << state) != 0;
			g_assert_cmpuint (matches, <=, 1);
			g_assert_cmpuint (next, <, PV_N_STATES);
			if (matches == 0) {
				g_assert_cmpuint (next, ==, state);
				g_assert_cmpuint (action, ==, PV_ACTION_NONE);
			}
			/* an exchange's states are entered by starting one, and left by keeping why */
			if (pv_state_is_exchange (next) && !pv_state_is_exchange (state))
				g_assert_cmpuint (action, ==, PV_ACTION_START);
			if (next != state)
				g_assert_cmpuint (action, !=, PV_ACTION_NONE);
			/* milestones never lead back, but for a new start */
			if (pv_state_is_exchange (state) && pv_state_is_exchange (next) &&
			    action != PV_ACTION_START)
				g_assert_cmpuint (next, >=, state);
		}
	}
}

static void
test_rows (void)
{
	gsize n_rows;
	const PvTransition *table = pv_machine_table (&n_rows);

	for (gsize i = 0; i < n_rows; i++) {
		g_assert_cmpuint (table[i].states, !=, 0);
		g_assert_cmpuint (table[i].states, <, 1u << PV_N_STATES);
		g_assert_cmpstr (table[i].clause, !=, "");
		g_assert_true (pv_machine_find (PV_STATE_CONFIGURED, PV_EVENT_RESUMED) == NULL);
	}
}

/* Whatever an exchange does, it ends at rest; and from rest there is a way on by itself. */
static void
test_no_dead_end (void)
{
	static const PvEvent ends[] = {
		PV_EVENT_DONE, PV_EVENT_PENDING, PV_EVENT_FAILED, PV_EVENT_DENIED, PV_EVENT_DIED};
	PvAction action;

	for (guint state = 0; state < PV_N_STATES; state++) {
		if (!pv_state_is_exchange (state))
			continue;
		for (gsize i = 0; i < G_N_ELEMENTS (ends); i++) {
			PvState next = pv_machine_step (state, ends[i], &action);

			g_assert_false (pv_state_is_exchange (next));
			g_assert_true (action == PV_ACTION_FINISH || action == PV_ACTION_RETRY ||
				       action == PV_ACTION_RETRY_SLOW);
			g_assert_cmpuint (
				pv_machine_step (next, PV_EVENT_DUE, &action), ==, PV_STATE_HANDSHAKE);
		}
		/* killed here, it starts again */
		g_assert_cmpuint (
			pv_machine_step (state, PV_EVENT_RESUMED, &action), ==, PV_STATE_HANDSHAKE);
		g_assert_cmpuint (action, ==, PV_ACTION_START);
		/* an instruction joins what is under way */
		g_assert_cmpuint (pv_machine_step (state, PV_EVENT_INSTRUCTED, &action), ==, state);
	}
}

static void
test_straight_way (void)
{
	static const struct {
		PvEvent event;
		PvState wanted;
	} way[] = {
		{PV_EVENT_INSTRUCTED, PV_STATE_HANDSHAKE},
		{PV_EVENT_HANDSHAKE_DONE, PV_STATE_REGISTRATION},
		{PV_EVENT_REGISTERED, PV_STATE_COMMANDS},
		{PV_EVENT_COMMANDS_DONE, PV_STATE_CERTIFICATE},
		{PV_EVENT_CERTIFICATE_STAGED, PV_STATE_KEY},
		{PV_EVENT_PUBLISHED_EARLY, PV_STATE_KEY}, /* by a command */
		{PV_EVENT_HANDSHAKE_DONE, PV_STATE_KEY}, /* the key's own */
		{PV_EVENT_KEY_STAGED, PV_STATE_RETRIEVAL},
		{PV_EVENT_KEY_RETRIEVED, PV_STATE_RETRIEVAL},
		{PV_EVENT_ALL_STAGED, PV_STATE_PUBLICATION},
		{PV_EVENT_PUBLISHED, PV_STATE_PROVISIONED},
		{PV_EVENT_KEY_SEEN, PV_STATE_PROVISIONED}, /* the old one is retired */
		{PV_EVENT_DONE, PV_STATE_PROVISIONED},
		{PV_EVENT_DUE, PV_STATE_HANDSHAKE},
	};
	PvState state = PV_STATE_CONFIGURED;
	PvAction action;

	for (gsize i = 0; i < G_N_ELEMENTS (way); i++) {
		state = pv_machine_step (state, way[i].event, &action);
		g_assert_cmpuint (state, ==, way[i].wanted);
	}
}

/* Decommissioning: begun from wherever it is, over restarts, and an end that only an instruction leaves. */
static void
test_decommission (void)
{
	static const PvEvent by_itself[] = {PV_EVENT_RESUMED, PV_EVENT_DUE};
	PvAction action;

	for (guint state = 0; state < PV_N_STATES; state++) {
		if (state == PV_STATE_DECOMMISSIONED || state == PV_STATE_DECOMMISSIONING)
			continue;
		g_assert_cmpuint (pv_machine_step (state, PV_EVENT_DECOMMISSION, &action),
				  ==,
				  PV_STATE_DECOMMISSIONING);
		g_assert_cmpuint (action, ==, PV_ACTION_START);
	}
	for (gsize i = 0; i < G_N_ELEMENTS (by_itself); i++) {
		g_assert_cmpuint (
			pv_machine_step (PV_STATE_DECOMMISSIONING, by_itself[i], &action),
			==,
			PV_STATE_DECOMMISSIONING);
		g_assert_cmpuint (action, ==, PV_ACTION_START);
		g_assert_cmpuint (pv_machine_step (PV_STATE_DECOMMISSIONED, by_itself[i], &action),
				  ==,
				  PV_STATE_DECOMMISSIONED);
		g_assert_cmpuint (action, ==, PV_ACTION_NONE);
	}
	g_assert_cmpuint (pv_machine_step (PV_STATE_DECOMMISSIONING, PV_EVENT_INSTRUCTED, &action),
			  ==,
			  PV_STATE_DECOMMISSIONING);
	g_assert_cmpuint (action, ==, PV_ACTION_NONE);
	g_assert_cmpuint (pv_machine_step (PV_STATE_DECOMMISSIONED, PV_EVENT_INSTRUCTED, &action),
			  ==,
			  PV_STATE_HANDSHAKE);
}

static void
test_names (void)
{
	for (guint state = 0; state < PV_N_STATES; state++)
		g_assert_cmpuint (pv_state_parse (pv_state_name (state)), ==, state);
	g_assert_cmpuint (pv_state_parse ("nowhere"), ==, PV_N_STATES);
	for (guint event = 0; event < PV_N_EVENTS; event++)
		g_assert_cmpstr (pv_event_word (event), !=, NULL);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/machine/every-pair", test_every_pair);
	g_test_add_func ("/machine/rows", test_rows);
	g_test_add_func ("/machine/no-dead-end", test_no_dead_end);
	g_test_add_func ("/machine/straight-way", test_straight_way);
	g_test_add_func ("/machine/decommission", test_decommission);
	g_test_add_func ("/machine/names", test_names);
	return g_test_run ();
}
