/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All enrolments of the settings, by name.
 */
#pragma once

#include "provisioner/enrolment.h"

typedef struct _PvDaemon PvDaemon;

/**
 * pv_daemon_new:
 * @context: borrowed
 * @calls: what the enrolments tell
 */
PvDaemon *pv_daemon_new (const PvContext *context, const PvEnrolmentCalls *calls, gpointer data);
void pv_daemon_free (PvDaemon *daemon);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvDaemon, pv_daemon_free)

/**
 * pv_daemon_reload:
 *
 * The settings of the context are others: enrolments that are in both go on, with their exchanges and
 * whoever waits for an answer; new ones begin, others are let go (their progress stays).
 */
void pv_daemon_reload (PvDaemon *daemon);

/** Every enrolment goes on where it was. */
void pv_daemon_resume (PvDaemon *daemon);

/** (transfer none) (nullable) */
PvEnrolment *pv_daemon_find (PvDaemon *daemon, const char *name);

/** Exchanges under way, and enrolments that wait for their turn. */
guint pv_daemon_exchanges (PvDaemon *daemon);
guint pv_daemon_queued (PvDaemon *daemon);

/** (transfer full): the names, sorted */
GStrv pv_daemon_names (PvDaemon *daemon);
