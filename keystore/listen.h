/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The listening sockets: passed by systemd under the names "token" and "provision", or made in the
 * runtime folder. Socket files stay when the keystore ends, so that clients see "refused", never
 * "not there", between two runs.
 */
#pragma once

#include "keystore/peer.h"

#define KS_TOKEN_SOCKET "token.sock"
#define KS_PROVISION_SOCKET "provision.sock"

typedef struct {
	int token, provision; /* non-blocking, close-on-exec */
} KsListeners;

/**
 * ks_listen:
 * @runtime_dir: made (0755) when missing and systemd passes no sockets
 * @provisioner: owner of provision.sock, when this process may give it away
 * @listeners: (out)
 *
 * A socket file that nobody listens on is replaced, atomically.
 *
 * Returns: %FALSE with %KS_ERROR_IN_USE, %KS_ERROR_STORAGE or %KS_ERROR_INVALID (what systemd
 * passed)
 */
gboolean ks_listen (const char *runtime_dir,
		    uid_t provisioner,
		    KsListeners *listeners,
		    GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ks_listeners_close (KsListeners *listeners);
