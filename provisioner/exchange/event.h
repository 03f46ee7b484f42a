/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events for enroleed: one JSON object a line. exchange-protocol.h lists them. Nothing secret is
 * ever given to these functions.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "provisioner/exchange/trace.h"

#define PV_PHASES_NESTED_MAX 4

typedef struct {
	int descriptor;
	PvTrace *trace;    /* (nullable): where they are written down as well */
	gboolean answered; /* whether enroleed answers on it (exchange-protocol.h: acknowledge) */
	guint depth;       /* phases under way */
	struct {
		const char *phase, *clause;
		gint64 start_us;
	} phases[PV_PHASES_NESTED_MAX]; /* the innermost last */
} PvEvents;

/**
 * pv_event_new:
 * @name: its kind
 *
 * Returns: (transfer full): the event, to be filled and sent.
 */
JsonObject *pv_event_new (const char *name);

/**
 * pv_event_send:
 * @event: (transfer full): the event
 */
void pv_event_send (PvEvents *events, JsonObject *event);

/**
 * pv_event_ask:
 * @event: (transfer full): the event
 * @error: return location for an error
 *
 * Sends it, and waits until enroleed has done its part; does not wait when enroleed does not answer.
 *
 * Returns: whether enroleed has.
 * Errors: PV_ERROR/LOCAL, with enroleed's reason
 */
gboolean
pv_event_ask (PvEvents *events, JsonObject *event, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** Tells something an operator should know. */
void pv_event_warn (PvEvents *events, const char *message);

/**
 * pv_phase_begin:
 * @phase: PV_PHASE_..., static
 * @clause: where the standard describes it, static
 *
 * Begins a phase, inside of the one under way if there is one.
 */
void pv_phase_begin (PvEvents *events, const char *phase, const char *clause);

/** Ends a phase as @state; one inside of it that is still under way has failed. */
void pv_phase_end (PvEvents *events, const char *phase, const char *state);

/** Ends as failed all phases but the outer @depth ones. */
void pv_phase_unwind (PvEvents *events, guint depth);

/** Ends all phases as failed, and tells why and in which. */
void pv_event_fail (PvEvents *events, const GError *error);
