/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See state.h. */
#include <config.h>

#include "module/state.h"

#include "module/client.h"
#include "module/process.h"
#include "module/session.h"
#include "module/trace.h"
#include "module/view.h"

#include <pthread.h>
#include <string.h>

static struct {
	ModOnce once;
	pthread_mutex_t lock;
	bool initialized; /* atomic */
	bool inherited;   /* by a forked child that did not call C_Initialize yet */
	bool symmetric;   /* atomic */
	ModState state;
} instance = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void
renew_session (ModNode *node, void *data)
{
	mod_session_renew ((ModSession *)node);
}

/* Threads that do not exist in a child may have held locks when it was forked. */
static void
renew_instance (void)
{
	static const pthread_mutex_t unlocked = PTHREAD_MUTEX_INITIALIZER;

	memcpy (&instance.lock, &unlocked, sizeof unlocked);
	instance.inherited = instance.initialized;
	mod_table_each (&instance.state.sessions, renew_session, NULL);
	mod_view_renew ();
}

ModState *
mod_state_lock (void)
{
	mod_process_once (&instance.once, renew_instance);
	pthread_mutex_lock (&instance.lock);
	return &instance.state;
}

void
mod_state_unlock (void)
{
	pthread_mutex_unlock (&instance.lock);
}

CK_RV
mod_state_check (void)
{
	mod_process_once (&instance.once, renew_instance);
	return __atomic_load_n (&instance.initialized, __ATOMIC_ACQUIRE)
		       ? CKR_OK
		       : CKR_CRYPTOKI_NOT_INITIALIZED;
}

bool
mod_state_symmetric (void)
{
	return __atomic_load_n (&instance.symmetric, __ATOMIC_ACQUIRE);
}

CK_RV
mod_state_initialize (bool symmetric)
{
	CK_RV rv = CKR_OK;

	mod_trace_prepare ();
	mod_client_prepare (WIRE_CLIENT_MODULE);
	mod_state_lock ();
	if (instance.initialized && !instance.inherited)
		rv = CKR_CRYPTOKI_ALREADY_INITIALIZED;
	else
		__atomic_store_n (&instance.symmetric, symmetric, __ATOMIC_RELEASE);
	instance.inherited = false;
	__atomic_store_n (&instance.initialized, true, __ATOMIC_RELEASE);
	mod_state_unlock ();
	mod_trace ("C_Initialize: 0x%lx", rv);
	return rv;
}

static void
remove_from (ModNode *node, void *table)
{
	mod_table_remove (table, node);
}

CK_RV
mod_state_finalize (void)
{
	ModState *state = mod_state_lock ();

	if (!instance.initialized) {
		mod_state_unlock ();
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	}
	__atomic_store_n (&instance.initialized, false, __ATOMIC_RELEASE);
	instance.inherited = false;
	mod_table_each (&state->objects, remove_from, &state->objects);
	mod_table_each (&state->sessions, remove_from, &state->sessions);
	mod_state_unlock ();
	mod_view_forget ();
	mod_client_close ();
	return CKR_OK;
}
