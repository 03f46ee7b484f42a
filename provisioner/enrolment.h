/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One Enrolee at one MEF: runs the machine, keeps its progress, starts its exchanges. Never holds a
 * key.
 */
#pragma once

#include "provisioner/clock.h"
#include "provisioner/keystore-client.h"
#include "provisioner/progress.h"
#include "provisioner/settings.h"
#include "provisioner/supervisor.h"

/**
 * PvContext:
 * @state_dir: enroleed's own folder of the state
 * @consumer: user name under which enroleed uses pre-shared keys
 *
 * What all enrolments share; borrowed.
 */
typedef struct {
	const PvSettings *settings;
	PvKeystore *keystore;
	const PvClock *clock;
	const char *state_dir;
	const char *consumer;
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

/** The explicit instruction: enrol now, also what is provisioned already. */
void pv_enrolment_instruct (PvEnrolment *enrolment);

/** (transfer none) */
const char *pv_enrolment_name (const PvEnrolment *enrolment);

/** Returns: (transfer floating): a{sv} of the D-Bus method Status */
GVariant *pv_enrolment_status (const PvEnrolment *enrolment);
