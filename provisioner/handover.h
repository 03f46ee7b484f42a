/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enroleed's end of a child's channel (keystore/wire/handover.h): each ask is answered with a new
 * connection to the keystore that was narrowed to the child's job, so also after the keystore's restart.
 * Whatever becomes of the child, it reaches nothing else.
 */
#pragma once

#include "provisioner/keystore-client.h"

typedef struct _PvHandover PvHandover;

/**
 * pv_handover_new:
 * @runtime_dir: folder of the keystore's sockets
 * @scope: what the child reaches
 * @child_fd: (out): the child's end, close-on-exec
 *
 * Answers from the thread's main context.
 *
 * Returns: (transfer full) (nullable): %NULL with PV_ERROR/LOCAL
 */
PvHandover *pv_handover_new (const char *runtime_dir,
			     const PvScope *scope,
			     int *child_fd,
			     GError **error) G_GNUC_WARN_UNUSED_RESULT;
void pv_handover_free (PvHandover *handover);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvHandover, pv_handover_free)
