/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the child gives up before it reads from the network. It has the user of enroleed, and would with
 * it the keystore's sockets, the system's D-Bus, enroleed's files and enroleed itself. It keeps what an
 * exchange is: IP sockets, threads, and files to read.
 */
#pragma once

#include <glib.h>

/**
 * pv_confine:
 *
 * For this process and all that comes of it, for good. PR_SET_NO_NEW_PRIVS is set. Unix sockets other
 * than pairs cannot be made, so name services of this machine are not asked by their sockets (mDNS);
 * glibc goes on to DNS then.
 *
 * Returns: %FALSE with PV_ERROR/LOCAL where the kernel or the architecture cannot
 */
gboolean pv_confine (GError **error) G_GNUC_WARN_UNUSED_RESULT;
