/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A bounded number of exchanges at once: whoever wants one gets a ticket, and its turn when one of the
 * slots is free, in the order of asking.
 */
#pragma once

#include <glib.h>

typedef struct _PvSlots PvSlots;
typedef struct _PvTicket PvTicket;

/**
 * pv_slots_new:
 * @max: how many at once, 1 or more
 */
PvSlots *pv_slots_new (guint max);

/** All tickets were given back before. */
void pv_slots_free (PvSlots *slots);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvSlots, pv_slots_free)

/** Settings read again: what is under way goes on. */
void pv_slots_set_max (PvSlots *slots, guint max);

/**
 * pv_slots_ask:
 * @turn: called once from the main context, never from in here
 *
 * Returns: (transfer full): pv_ticket_free() gives it back
 */
PvTicket *pv_slots_ask (PvSlots *slots, void (*turn) (gpointer data), gpointer data);

/** Gives a slot, or the place in the queue, back. */
void pv_ticket_free (PvTicket *ticket);

guint pv_slots_taken (const PvSlots *slots);
guint pv_slots_queued (const PvSlots *slots);
