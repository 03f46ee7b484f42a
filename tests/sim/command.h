/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MEF client commands (TS-0003 8.3.9): the script of texts such as "CERT_PROV type=3",
 * "NO_MORE_COMMANDS retry=PT6H", "DEV_CFG uri=3:coaps://mef.example.com" or "MO_NODE
 * path=./DevCfg/ap1 type=1 suid=22", and what goes on the wire.
 */
#pragma once

#include "tests/sim/sim.h"

gboolean sim_command_check (const char *text, GError **error);

/* Gives the registration a mefClientCmd resource and a script. */
void sim_command_add (SimRegistration *registration, const char *text);

/* The resource as the answer to a Retrieve holds it: issues the next command, or issues the last
 * one again. */
JsonObject *sim_command_retrieve (Sim *sim, SimRegistration *registration);

/* Takes the client's report, then the answer is the next command. */
JsonObject *
sim_command_update (Sim *sim, SimRegistration *registration, JsonObject *body, GError **error);
