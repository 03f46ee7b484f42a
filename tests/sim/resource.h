/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The resources of the MEF: <MEFBase>, <mefClientReg>, <symmKeyReg>, <mefClientCmd> (TS-0032 digest
 * sections 2, 4), each with its checks. Functions that return members return a new object, or NULL
 * with a SIM_REFUSAL. Called with the lock held.
 */
#pragma once

#include "tests/sim/names.h"
#include "tests/sim/sim.h"

typedef struct {
	gboolean found;
	SimType type;
	SimRegistration *registration; /* of a client registration or command */
	SimKey *key;
} SimResource;

/* target: what follows the FQDN, such as "-", "mecr1x2F3A", "-/mecr1x2F3A" or
 * "-/mecr1x2F3A/cmd-mecr1x2F3A". */
SimResource sim_resource_find (Sim *sim, const char *target);

JsonObject *
sim_registration_create (SimExchange *exchange, JsonObject *body, char **location, GError **error);
JsonObject *
sim_key_create (SimExchange *exchange, JsonObject *body, char **location, GError **error);
JsonObject *
sim_resource_retrieve (SimExchange *exchange, const SimResource *resource, GError **error);
JsonObject *sim_resource_update (SimExchange *exchange,
				 const SimResource *resource,
				 JsonObject *body,
				 GError **error);
gboolean sim_resource_delete (SimExchange *exchange, const SimResource *resource, GError **error);
