/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of a PvEnrolment, shared by enrolment.c (actions) and enrolment-events.c (the child). */
#pragma once

#include "provisioner/enrolment.h"

/* How the child says it ended. */
typedef enum {
	PV_SAID_NOTHING,
	PV_SAID_DONE,
	PV_SAID_PENDING,
	PV_SAID_FAILED,
	PV_SAID_DENIED,
} PvSaid;

struct _PvEnrolment {
	const PvContext *context;
	char *name;
	PvEnrolmentCalls calls;
	gpointer data;
	PvProgress *progress;
	PvSupervisor *supervisor; /* (nullable) */
	PvSaid said;
	guint retry_after_s;
	guint timer;
};

/** One event into the machine, and its action. */
void pv_enrolment_step (PvEnrolment *enrolment, PvEvent event);

/** FALSE when the progress could not be made durable; its error says why. */
gboolean pv_enrolment_save (PvEnrolment *enrolment) G_GNUC_WARN_UNUSED_RESULT;

void pv_enrolment_note_error (PvEnrolment *enrolment, const char *code, const char *message);

extern const PvSupervisorCalls pv_enrolment_supervisor_calls;
