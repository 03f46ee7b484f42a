/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The two halves of systemd's service protocol that the keystore speaks: READY=1 and the like to
 * $NOTIFY_SOCKET, and sockets by $LISTEN_FDS. Both are a stable interface of environment and sockets
 * (sd_notify(3), sd_listen_fds(3)); libsystemd would bring four compression libraries and libgcrypt
 * into the process that holds every key, and a tenth of its memory.
 */
#pragma once

#include <glib.h>

#define KS_SYSTEMD_FIRST_FD 3

/**
 * ks_systemd_notify:
 * @state: "READY=1" and the like
 *
 * Does nothing without a supervisor that wants to know.
 */
void ks_systemd_notify (const char *state);

/**
 * ks_systemd_take_sockets:
 * @names: (out) (transfer full) (nullable): their names, in the order of their descriptors; %NULL
 *     when there are none
 *
 * The descriptors are made close-on-exec, and the environment forgets them.
 *
 * Returns: how many were passed; the first is %KS_SYSTEMD_FIRST_FD
 */
guint ks_systemd_take_sockets (GStrv *names);
