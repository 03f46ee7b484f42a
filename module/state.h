/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The module's one instance: whether it is initialised, its sessions and its session objects, under
 * one lock that is never held over a request. In a forked child the instance lives on: handles stay
 * valid, whether the child calls C_Initialize or not.
 */
#pragma once

#include "module/table.h"

#include <stdbool.h>

typedef struct {
	ModTable sessions;
	ModTable objects; /* handles with the high bit */
} ModState;

/** CKR_OK, or CKR_CRYPTOKI_NOT_INITIALIZED. Every function of PKCS#11 starts with it. */
CK_RV mod_state_check (void);

/** The state, locked, whether initialised or not. */
ModState *mod_state_lock (void);
void mod_state_unlock (void);

/** Whether the mechanisms of symmetric keys are shown: the init argument asked for them. */
bool mod_state_symmetric (void);

/**
 * mod_state_initialize:
 * CKR_OK or CKR_CRYPTOKI_ALREADY_INITIALIZED. The first call in a forked child succeeds.
 */
CK_RV mod_state_initialize (bool symmetric);

/** CKR_OK or CKR_CRYPTOKI_NOT_INITIALIZED. Ends all sessions. */
CK_RV mod_state_finalize (void);
