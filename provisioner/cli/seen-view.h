/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One look at the token on token.sock: connect, HELLO, VIEW, map; see keystore/PROTOCOL.md. */
#pragma once

#include <gio/gio.h>

#include "keystore/wire/snapshot.h"

typedef struct {
	WireSnapshot snapshot;
} CliView;

/**
 * cli_view_open:
 * @runtime_dir: the folder with the keystore's sockets
 *
 * Returns: %FALSE with PV_ERROR/KEYSTORE; else cli_view_close() ends it
 */
gboolean cli_view_open (CliView *view,
			const char *runtime_dir,
			GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cli_view_close (CliView *view);
