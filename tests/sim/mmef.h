/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Mmef interface over HTTP (TS-0032, TS-0009): finds the resource, checks the request strictly,
 * answers with the status code that TS-0004 6.6.3 gives it. Called with the lock held.
 */
#pragma once

#include "tests/sim/sim.h"

SimResponse *sim_mmef_answer (SimExchange *exchange);
