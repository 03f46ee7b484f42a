/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of a PvEnrolment, shared by enrolment.c (actions) and enrolment-events.c (the child). */
#pragma once

#include "provisioner/enrolment-hook.h"

/* How the child says it ended. */
typedef enum {
	PV_SAID_NOTHING,
	PV_SAID_DONE,
	PV_SAID_PENDING,
	PV_SAID_FAILED,
	PV_SAID_DENIED,
} PvSaid;

typedef struct _PvProbe PvProbe;
typedef struct _PvRetire PvRetire;

struct _PvEnrolment {
	const PvContext *context;
	char *name;
	PvEnrolmentCalls calls;
	gpointer data;
	PvProgress *progress;
	PvTicket *ticket;         /* (nullable): waits for a slot, or has one */
	PvSupervisor *supervisor; /* (nullable) */
	PvSaid said;
	char *key_wish; /* of the exchange under way: pv_job_key_wish() */
	guint retry_after_s;
	PvAlarm *alarm;
	gint64 retry_steady_s, commands_steady_s; /* of the steady clock; 0: only the calendar's is known */
	gint64 alerted_s; /* of the steady clock; 0: not yet */
	int trace_fd; /* -1: none; of the next attempt only */
	PvProbe *probe;   /* (nullable) */
	PvRetire *retire; /* (nullable): while it is decommissioned */
	PvHook *hook;
};

/** One event into the machine, and its action. */
void pv_enrolment_step (PvEnrolment *enrolment, PvEvent event);

/** An attempt has failed: an operator may have to hear of that (PV_JOURNAL_OUTAGE, PV_JOURNAL_NEAR_EXPIRY). */
void pv_enrolment_alert (PvEnrolment *enrolment);

/** The alarm is set to what comes next. */
void pv_enrolment_arm (PvEnrolment *enrolment);

/** The same after a restart, or when other settings hold: times are checked first. */
void pv_enrolment_rearm (PvEnrolment *enrolment);

/** The next attempt is in @delay_s seconds. */
void pv_enrolment_plan_retry (PvEnrolment *enrolment, gint64 delay_s);

extern const PvAlarmCalls pv_enrolment_alarm_calls;

/** The MEF is asked for commands again in @wait_s seconds. */
void pv_enrolment_plan_commands (PvEnrolment *enrolment, gint64 wait_s);

/** Ends the child, or the wait for a slot. */
void pv_enrolment_end_child (PvEnrolment *enrolment);

/** The same when the MEF did not say when. */
void pv_enrolment_plan_poll (PvEnrolment *enrolment);

/** FALSE when the progress could not be made durable; its error says why. */
gboolean pv_enrolment_save (PvEnrolment *enrolment) G_GNUC_WARN_UNUSED_RESULT;

/** The MEF has it no more. */
void pv_enrolment_forget_registration (PvProgress *progress);

void pv_enrolment_note_error (PvEnrolment *enrolment, const char *code, const char *message);

extern const PvSupervisorCalls pv_enrolment_supervisor_calls;

/** A member of what the child says, within bounds; the empty text, 0 or FALSE when it is none of that kind. */
const char *pv_take_text (JsonObject *event, const char *member);
gint64 pv_take_number (JsonObject *event, const char *member, gint64 max);
gboolean pv_take_boolean (JsonObject *event, const char *member);

/** Of symmetric keys: "staged" (of a key), "key", "key-lost", "not-retrieved", "retired". */
void pv_keys_on_staged (PvEnrolment *enrolment, JsonObject *event);
void pv_keys_on_key (PvEnrolment *enrolment, JsonObject *event);
void pv_keys_on_lost (PvEnrolment *enrolment, JsonObject *event);
void pv_keys_on_not_retrieved (PvEnrolment *enrolment, JsonObject *event);
void pv_keys_on_retired (PvEnrolment *enrolment, JsonObject *event);

/** The child asks that what it staged be published. */
void pv_enrolment_on_publish (PvEnrolment *enrolment, JsonObject *event);

/** The texts, numbers and booleans of @event, for the answer of a D-Bus method. */
void pv_enrolment_take_facts (GVariantDict *facts, JsonObject *event);

/** What the child failed of, for such an answer. */
void pv_enrolment_take_failure (GVariantDict *facts, const char *code, const char *message);

/** Ends it without a result. */
void pv_probe_free (PvProbe *probe);

/** The child has de-registered. */
void pv_retire_take (PvEnrolment *enrolment, JsonObject *event);

/** The child is gone; @reached: it did what it should. */
void pv_retire_ended (PvEnrolment *enrolment, gboolean reached);

/** The attempt is over: whoever asked is told. */
void pv_retire_answer (PvEnrolment *enrolment);

/** All is destroyed: the progress forgets all but that. */
void pv_retire_forget (PvEnrolment *enrolment);
void pv_retire_free (PvRetire *retire);
