/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The RSPF procedure (TS-0003 8.3) of one Enrolee at one MEF as a table: state, event, next state,
 * action, clause. Pure: no time, no I/O, no memory.
 */
#pragma once

#include <glib.h>

typedef enum {
	PV_STATE_CONFIGURED,   /* bootstrap credential and instruction configuration are there */
	PV_STATE_HANDSHAKE,    /* exchange started, no MEF Handshake done yet */
	PV_STATE_REGISTRATION, /* MEF Client Registration */
	PV_STATE_COMMANDS,     /* registered; MEF Client Commands */
	PV_STATE_CERTIFICATE,  /* Certificate Provisioning */
	PV_STATE_KEY,          /* Symmetric Key Provisioning */
	PV_STATE_RETRIEVAL,    /* keys of others, as their Enrolment Target */
	PV_STATE_PUBLICATION,  /* everything staged in the keystore */
	PV_STATE_PROVISIONED,  /* published: Usage of Provisioned Credentials */
	PV_STATE_WAITING,      /* failed for now; tried again by itself */
	PV_STATE_REFUSED,      /* failed for good; tried again rarely, or on instruction */
	PV_STATE_DECOMMISSIONING, /* MEF Client De-Registration, then the credentials are destroyed */
	PV_STATE_DECOMMISSIONED,  /* nothing is left; only an explicit instruction leads on */
	PV_N_STATES,
} PvState;

typedef enum {
	PV_EVENT_INSTRUCTED,         /* Provisioning Procedure Instruction, explicit or implicit */
	PV_EVENT_RESUMED,            /* enroleed starts with what it was at when it ended */
	PV_EVENT_DECOMMISSION,       /* told to end it */
	PV_EVENT_DUE,                /* the time has come: of a new attempt, a renewal, the next command */
	PV_EVENT_HANDSHAKE_DONE,
	PV_EVENT_REGISTERED,
	PV_EVENT_COMMANDS_DONE,
	PV_EVENT_CERTIFICATE_STAGED, /* or not wanted */
	PV_EVENT_KEY_STAGED,         /* or not wanted */
	PV_EVENT_KEY_RETRIEVED,      /* one of others is staged */
	PV_EVENT_KEY_SEEN,           /* the MEF's word on a key: as it is now, lost, not given, de-registered */
	PV_EVENT_ALL_STAGED,
	PV_EVENT_PUBLISHED_EARLY,    /* more steps follow in the same exchange, or more is wanted */
	PV_EVENT_PUBLISHED,
	PV_EVENT_DONE,               /* the exchange ended as it should */
	PV_EVENT_PENDING,            /* the certificate is promised for later (RFC 7030 4.2.3) */
	PV_EVENT_FAILED,             /* worth another attempt */
	PV_EVENT_DENIED,             /* the same attempt would fail in the same way */
	PV_EVENT_DIED,               /* the exchange's process was killed or ran out of time */
	PV_EVENT_KEPT,               /* not decommissioned: what is published stays */
	PV_N_EVENTS,
} PvEvent;

typedef enum {
	PV_ACTION_NONE,
	PV_ACTION_START,      /* start an exchange with what is missing */
	PV_ACTION_SAVE,       /* a milestone: keep it */
	PV_ACTION_FINISH,     /* all is done: arm the renewal */
	PV_ACTION_RETRY,      /* arm another attempt, with back-off */
	PV_ACTION_RETRY_SLOW, /* arm another attempt, far away */
	PV_ACTION_REARM,      /* arm the timer that a restart lost */
	PV_ACTION_KEEP,       /* not decommissioned: go on as before */
	PV_ACTION_FORGET,     /* decommissioned: forget all but that */
} PvAction;

/**
 * PvTransition:
 * @states: bit set of the states that the row is for
 * @next: the new state; %PV_N_STATES: the same state
 */
typedef struct {
	guint states;
	PvEvent event;
	PvState next;
	PvAction action;
	const char *clause;
} PvTransition;

/**
 * pv_machine_table:
 * @n_rows: (out)
 *
 * Returns: (transfer none): the table
 */
const PvTransition *pv_machine_table (gsize *n_rows);

/**
 * pv_machine_find:
 *
 * Returns: (transfer none) (nullable): the row for that pair; %NULL: the event means nothing there
 */
const PvTransition *pv_machine_find (PvState state, PvEvent event);

/**
 * pv_machine_step:
 * @state: where the procedure is
 * @event: what happened
 * @action: (out): what to do about it
 *
 * Returns: the state from now on
 */
PvState pv_machine_step (PvState state, PvEvent event, PvAction *action);

/** Whether an exchange's process belongs to @state. */
gboolean pv_state_is_exchange (PvState state);

/** Stable lower-case words. */
const char *pv_state_name (PvState state);
const char *pv_event_word (PvEvent event);
const char *pv_action_name (PvAction action);

/** The state of that name; %PV_N_STATES when there is none. */
PvState pv_state_parse (const char *name);
