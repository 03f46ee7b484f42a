/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an operator may set an alarm on: one MESSAGE_ID for each kind of event, with the enrolment in
 * ENROLEE_ENROLMENT and the credential in ENROLEE_CREDENTIAL. pkg/catalog has the next step for each. All else that
 * enroleed says has no MESSAGE_ID. Never a secret.
 */
#pragma once

#include <glib.h>

typedef enum {
	PV_JOURNAL_PUBLISHED,      /* a credential is there, or was renewed */
	PV_JOURNAL_PROVISIONED,    /* an attempt ended well */
	PV_JOURNAL_WAITING,        /* it failed, and is repeated by itself */
	PV_JOURNAL_REFUSED,        /* it was refused: somebody has to change something */
	PV_JOURNAL_OUTAGE,         /* none has succeeded for a day or more; once a day */
	PV_JOURNAL_NEAR_EXPIRY,    /* a credential ends within a week and could not be renewed; once a day */
	PV_JOURNAL_PASSED_OVER,    /* the MEF takes one of our credentials no more, or it is unusable */
	PV_JOURNAL_HOOK_FAILED,    /* OnRenew= */
	PV_JOURNAL_DECOMMISSIONED,
	PV_JOURNAL_NOT_KEPT,       /* progress cannot be written */
	PV_JOURNAL_SETTINGS,       /* changed settings are wrong, the former ones hold */
} PvJournal;

/**
 * pv_journal:
 * @enrolment: (nullable): about which
 * @credential: (nullable): likewise
 * @format: one sentence without its full stop
 */
void pv_journal (PvJournal kind, const char *enrolment, const char *credential, const char *format, ...)
	G_GNUC_PRINTF (4, 5);

/** Returns: (transfer full): that Unix time for people. */
char *pv_journal_time (gint64 time_s);
