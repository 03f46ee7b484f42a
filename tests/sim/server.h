/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two listeners: TLS on 127.0.0.1 for clients, HTTP on a unix socket for tests; one thread per
 * connection. */
#pragma once

#include "tests/sim/sim.h"

typedef struct SimServer SimServer;

/* Fills in sim->port. stop is called, from any thread, when /stop is asked for. */
SimServer *sim_server_start (Sim *sim,
			     const char *control_path,
			     void (*stop) (gpointer),
			     gpointer stop_data,
			     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Cancels every connection and waits for its thread. */
void sim_server_stop (SimServer *server);
