/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What tests tell the simulated MEF and ask it, as HTTP over the unix socket control.sock in its
 * state folder:
 *
 *   GET  /state   registrations, keys with their values, certificates, reports of commands
 *   GET  /kinds   the table of misbehaviours
 *   POST /misbehave?step=register&kind=slow:500   one kind for one step; an empty kind clears it
 *   POST /policy?key=KeyLifetime&value=60
 *   POST /command?client=gw01&command=CERT_PROV   appends to the script of the client's registration
 *   POST /forget?client=gw01                      drops its registrations
 *   POST /issue?client=gw01                       a certificate and its key, as PEM
 *   POST /pause, /resume                          refuses connections and requests, and serves again
 *   POST /stop
 */
#pragma once

#include "tests/sim/sim.h"

/* Called without the lock. */
SimResponse *sim_control_answer (Sim *sim,
				 const SimRequest *request,
				 void (*stop) (gpointer),
				 gpointer stop_data);
