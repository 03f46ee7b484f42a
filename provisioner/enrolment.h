/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One Enrolee at one MEF: runs the machine, keeps its progress, starts its exchanges. Never holds a
 * key.
 */
#pragma once

#include <gio/gio.h>

#include "provisioner/alarm.h"
#include "provisioner/keystore-client.h"
#include "provisioner/progress.h"
#include "provisioner/settings.h"
#include "provisioner/slots.h"
#include "provisioner/supervisor.h"

/** @error: (nullable): %NULL when all was done */
typedef void (*PvHookDone) (gpointer data, const GError *error);

/**
 * PvHookRunner:
 * @run: does what OnRenew= says for a credential; @done is called once, later, but not when it was cancelled.
 *     PV_ERROR/NOT_FOUND: nothing is set for it
 */
typedef struct {
	void (*run) (gpointer data,
		     const char *credential,
		     GCancellable *cancellable,
		     PvHookDone done,
		     gpointer done_data);
	gpointer data;
} PvHookRunner;

/**
 * PvContext:
 * @slots: how many exchanges at once
 * @state_dir: enroleed's own folder of the state
 * @consumer: user name under which enroleed uses pre-shared keys
 * @machine: what tells this gateway from others (machine-id)
 * @hooks: (nullable): what is to be done after a publication waits while there is none
 *
 * What all enrolments share; borrowed.
 */
typedef struct {
	const PvSettings *settings;
	PvKeystore *keystore;
	const PvClock *clock;
	PvAlarms *alarms;
	PvSlots *slots;
	const char *state_dir;
	const char *consumer;
	const char *machine;
	const PvHookRunner *hooks;
	PvSupervisorSetup exchange;
} PvContext;

/**
 * PvEnrolmentCalls:
 * @phase: a phase of an exchange began or ended
 * @finished: an attempt ended; @outcome is PV_OUTCOME_*, @code and @message are empty on success
 */
typedef struct {
	void (*phase) (gpointer data,
		       const char *name,
		       const char *phase,
		       const char *state,
		       guint ms,
		       const char *clause);
	void (*finished) (gpointer data,
			  const char *name,
			  const char *outcome,
			  const char *code,
			  const char *message,
			  guint retry_s);
} PvEnrolmentCalls;

typedef struct _PvEnrolment PvEnrolment;

/**
 * pv_enrolment_new:
 * @name: of [enrolment NAME]
 *
 * Loads the progress; nothing starts yet.
 */
PvEnrolment *pv_enrolment_new (const PvContext *context,
			       const char *name,
			       const PvEnrolmentCalls *calls,
			       gpointer data);

/** Kills a running exchange; the progress stays. */
void pv_enrolment_free (PvEnrolment *enrolment);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvEnrolment, pv_enrolment_free)

/** Goes on where it was, and gives the implicit instruction where the settings say so. */
void pv_enrolment_resume (PvEnrolment *enrolment);

/**
 * pv_enrolment_reload:
 *
 * Other settings hold. What is under way goes on, unless the enrolment is now at another MEF,
 * stakeholder or client: then it ends, and starts anew.
 */
void pv_enrolment_reload (PvEnrolment *enrolment);

/**
 * pv_enrolment_instruct:
 * @trace_fd: for the messages of the attempt, duplicated; -1 for none
 *
 * The explicit instruction: enrol now, also what is provisioned already. Joins an attempt under way.
 *
 * Returns: %FALSE with PV_ERROR/CONFLICT: it is being decommissioned, or a trace was wanted of what is
 * under way
 */
gboolean pv_enrolment_instruct (PvEnrolment *enrolment, int trace_fd, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_enrolment_renew:
 *
 * Certificate and key are made anew now, or after what is under way.
 *
 * Returns: %FALSE with PV_ERROR/CONFLICT: it is being decommissioned; PV_ERROR/NOT_FOUND: nothing was
 * provisioned yet
 */
gboolean pv_enrolment_renew (PvEnrolment *enrolment, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * PvEnrolmentAnswer:
 * @result: (nullable): a{sv} of the D-Bus method; %NULL with an @error
 */
typedef void (*PvEnrolmentAnswer) (gpointer data, GVariant *result, const GError *error);

/**
 * pv_enrolment_probe:
 * @answer: called once, also when @enrolment is freed before
 *
 * A handshake and a look at the registration, beside whatever is under way; the progress is not touched.
 * Errors: PV_ERROR/CONFLICT: a probe is under way
 */
void pv_enrolment_probe (PvEnrolment *enrolment, PvEnrolmentAnswer answer, gpointer data);

/**
 * pv_enrolment_decommission:
 * @force: also when the MEF cannot be asked
 * @answer: called once, also when @enrolment is freed before
 *
 * Ends what is under way, de-registers, destroys the credentials; what was begun goes on over a restart.
 * Asked for again meanwhile, all get the same answer. Spec: TS-0003 8.3.4.2, 8.3.5.2.6
 */
void pv_enrolment_decommission (PvEnrolment *enrolment,
				gboolean force,
				PvEnrolmentAnswer answer,
				gpointer data);

/** (transfer none) */
const char *pv_enrolment_name (const PvEnrolment *enrolment);

/** Returns: (transfer floating): a{sv} of the D-Bus method Status */
GVariant *pv_enrolment_status (const PvEnrolment *enrolment);
