/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See slots.h. */
#include <config.h>

#include "provisioner/slots.h"

struct _PvSlots {
	guint max, taken;
	GQueue waiting; /* of PvTicket */
	guint idle;
};

struct _PvTicket {
	PvSlots *slots;
	gboolean has_slot;
	void (*turn) (gpointer data);
	gpointer data;
};

static gboolean
give (gpointer data)
{
	PvSlots *slots = data;
	PvTicket *ticket;

	if (slots->taken < slots->max) {
		ticket = g_queue_pop_head (&slots->waiting);
		if (ticket != NULL) {
			slots->taken++;
			ticket->has_slot = TRUE;
			ticket->turn (ticket->data);
		}
	}
	if (slots->taken < slots->max && !g_queue_is_empty (&slots->waiting))
		return G_SOURCE_CONTINUE;
	slots->idle = 0;
	return G_SOURCE_REMOVE;
}

static void
look (PvSlots *slots)
{
	if (slots->idle == 0 && slots->taken < slots->max && !g_queue_is_empty (&slots->waiting))
		slots->idle = g_idle_add_full (G_PRIORITY_DEFAULT, give, slots, NULL);
}

PvSlots *
pv_slots_new (guint max)
{
	PvSlots *slots = g_new0 (PvSlots, 1);

	slots->max = max;
	g_queue_init (&slots->waiting);
	return slots;
}

void
pv_slots_free (PvSlots *slots)
{
	if (slots == NULL)
		return;
	g_clear_handle_id (&slots->idle, g_source_remove);
	g_free (slots);
}

void
pv_slots_set_max (PvSlots *slots, guint max)
{
	slots->max = max;
	look (slots);
}

PvTicket *
pv_slots_ask (PvSlots *slots, void (*turn) (gpointer data), gpointer data)
{
	PvTicket *ticket = g_new0 (PvTicket, 1);

	ticket->slots = slots;
	ticket->turn = turn;
	ticket->data = data;
	g_queue_push_tail (&slots->waiting, ticket);
	look (slots);
	return ticket;
}

void
pv_ticket_free (PvTicket *ticket)
{
	if (ticket == NULL)
		return;
	if (ticket->has_slot)
		ticket->slots->taken--;
	else
		g_queue_remove (&ticket->slots->waiting, ticket);
	look (ticket->slots);
	g_free (ticket);
}

guint
pv_slots_taken (const PvSlots *slots)
{
	return slots->taken;
}

guint
pv_slots_queued (const PvSlots *slots)
{
	return slots->waiting.length;
}
