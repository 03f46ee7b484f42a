/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One child process for one Enrolment Exchange: given its job, listened to, ended when its time is
 * over. Key material passes through the child's memory and ends with it; nothing of it comes here.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "provisioner/keystore-client.h"

typedef struct _PvSupervisor PvSupervisor;

/**
 * PvSupervisorCalls:
 * @event: one event of the child, in its order
 * @ended: the child is gone and its last event was told; @problem is %NULL when it exited by itself,
 *     else what ended it. The supervisor may be freed in it.
 */
typedef struct {
	void (*event) (gpointer data, JsonObject *event);
	void (*ended) (gpointer data, const char *problem);
} PvSupervisorCalls;

/**
 * PvSupervisorSetup:
 * @program: path of enrolee-exchange
 * @arguments: (nullable): its arguments
 * @runtime_dir: where the module and the provider in the child find the keystore
 * @limit_s: the child's longest life
 */
typedef struct {
	const char *program;
	const char *const *arguments;
	const char *runtime_dir;
	guint limit_s;
} PvSupervisorSetup;

/**
 * pv_supervisor_start:
 * @job: JSON text (exchange-protocol.h)
 * @scope: (nullable): what the child reaches of the keystore, on descriptor 6
 * @trace_fd: borrowed, for the child; -1 for none
 * @calls: called from the thread's main context
 *
 * Returns: (transfer full) (nullable): %NULL with PV_ERROR/LOCAL
 */
PvSupervisor *pv_supervisor_start (const PvSupervisorSetup *setup,
				   const char *job,
				   const PvScope *scope,
				   int trace_fd,
				   const PvSupervisorCalls *calls,
				   gpointer data,
				   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_supervisor_answer:
 * @problem: (nullable): why not; %NULL: it is done
 *
 * Answers an event that asks (exchange-protocol.h: acknowledge). A child that takes no answer is ended.
 */
void pv_supervisor_answer (PvSupervisor *supervisor, const char *problem);

/**
 * pv_supervisor_end:
 * @problem: why
 *
 * Kills the child; the call @ended follows.
 */
void pv_supervisor_end (PvSupervisor *supervisor, const char *problem);

/**
 * pv_supervisor_free:
 *
 * Kills the child if it is still there. No function is called any more.
 */
void pv_supervisor_free (PvSupervisor *supervisor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvSupervisor, pv_supervisor_free)
