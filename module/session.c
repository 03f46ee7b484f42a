/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See session.h. */
#include <config.h>

#include "module/session.h"

#include "module/find.h"
#include "module/object.h"
#include "module/slot.h"
#include "module/state.h"

#include <stdlib.h>
#include <string.h>

static void
end_all (ModSession *session)
{
	for (int use = 0; use < MOD_N_USES; use++)
		mod_operation_end (&session->operations[use]);
	mod_find_end (session);
}

static void
free_session (ModNode *node)
{
	ModSession *session = (ModSession *)node;

	end_all (session);
	pthread_mutex_destroy (&session->lock);
	free (session);
}

void
mod_session_renew (ModSession *session)
{
	static const pthread_mutex_t unlocked = PTHREAD_MUTEX_INITIALIZER;

	if (pthread_mutex_trylock (&session->lock) != 0) {
		/* half changed, perhaps: what it points to is lost, not freed */
		memset (session->operations, 0, sizeof session->operations);
		session->find = NULL;
	}
	memcpy (&session->lock, &unlocked, sizeof unlocked);
}

CK_RV
mod_session_enter (CK_SESSION_HANDLE handle, ModSession **session)
{
	CK_RV rv = mod_state_check ();
	ModSession *found;

	if (rv != CKR_OK)
		return rv;
	found = (ModSession *)mod_table_find (&mod_state_lock ()->sessions, handle);
	if (found != NULL)
		mod_node_ref (&found->node);
	mod_state_unlock ();
	if (found == NULL)
		return CKR_SESSION_HANDLE_INVALID;
	pthread_mutex_lock (&found->lock);
	*session = found;
	return CKR_OK;
}

void
mod_session_leave (ModSession **session)
{
	if (*session == NULL)
		return;
	pthread_mutex_unlock (&(*session)->lock);
	mod_state_lock ();
	mod_node_unref (&(*session)->node);
	mod_state_unlock ();
}

CK_RV
mod_session_check (CK_SESSION_HANDLE handle)
{
	MOD_SESSION session = NULL;

	return mod_session_enter (handle, &session);
}

CK_RV
mod_open_session (CK_SLOT_ID slot,
		  CK_FLAGS flags,
		  CK_VOID_PTR application,
		  CK_NOTIFY notify,
		  CK_SESSION_HANDLE_PTR handle)
{
	static const pthread_mutex_t unlocked = PTHREAD_MUTEX_INITIALIZER;
	CK_RV rv = mod_slot_check (slot);
	ModSession *session;

	if (rv != CKR_OK)
		return rv;
	if (handle == NULL)
		return CKR_ARGUMENTS_BAD;
	if ((flags & CKF_SERIAL_SESSION) == 0)
		return CKR_SESSION_PARALLEL_NOT_SUPPORTED;
	session = calloc (1, sizeof *session);
	if (session == NULL)
		return CKR_HOST_MEMORY;
	session->node.free = free_session;
	session->flags = flags & (CKF_SERIAL_SESSION | CKF_RW_SESSION);
	memcpy (&session->lock, &unlocked, sizeof unlocked);
	mod_table_add (&mod_state_lock ()->sessions, &session->node, 0);
	*handle = session->node.handle;
	mod_state_unlock ();
	return CKR_OK;
}

static void
close_locked (ModState *state, ModNode *session)
{
	mod_object_remove_owned (state, session->handle);
	mod_table_remove (&state->sessions, session);
}

CK_RV
mod_close_session (CK_SESSION_HANDLE handle)
{
	CK_RV rv = mod_state_check ();
	ModState *state;
	ModNode *session;

	if (rv != CKR_OK)
		return rv;
	state = mod_state_lock ();
	session = mod_table_find (&state->sessions, handle);
	if (session != NULL)
		close_locked (state, session);
	mod_state_unlock ();
	return session != NULL ? CKR_OK : CKR_SESSION_HANDLE_INVALID;
}

static void
close_one (ModNode *session, void *state)
{
	close_locked (state, session);
}

CK_RV
mod_close_all_sessions (CK_SLOT_ID slot)
{
	CK_RV rv = mod_slot_check (slot);
	ModState *state;

	if (rv != CKR_OK)
		return rv;
	state = mod_state_lock ();
	mod_table_each (&state->sessions, close_one, state);
	mod_state_unlock ();
	return CKR_OK;
}

CK_RV
mod_get_session_info (CK_SESSION_HANDLE handle, CK_SESSION_INFO_PTR info)
{
	MOD_SESSION session = NULL;
	CK_RV rv = mod_session_enter (handle, &session);

	if (rv != CKR_OK)
		return rv;
	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	*info = (CK_SESSION_INFO){
		.slotID = MOD_SLOT,
		.state = session->flags & CKF_RW_SESSION ? CKS_RW_USER_FUNCTIONS
							 : CKS_RO_USER_FUNCTIONS,
		.flags = session->flags,
	};
	return CKR_OK;
}

CK_RV
mod_session_cancel (CK_SESSION_HANDLE handle, CK_FLAGS flags)
{
	MOD_SESSION session = NULL;
	CK_RV rv = mod_session_enter (handle, &session);

	if (rv != CKR_OK)
		return rv;
	for (int use = 0; use < MOD_N_USES; use++) {
		if (flags & mod_operation_flag ((ModUse)use))
			mod_operation_end (&session->operations[use]);
	}
	if (flags & CKF_FIND_OBJECTS)
		mod_find_end (session);
	return CKR_OK;
}

static bool
any_active (const ModSession *session)
{
	for (int use = 0; use < MOD_N_USES; use++) {
		if (session->operations[use].mechanism != NULL)
			return true;
	}
	return false;
}

CK_RV
mod_login (CK_SESSION_HANDLE handle, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len)
{
	MOD_SESSION session = NULL;
	CK_RV rv = mod_session_enter (handle, &session);

	if (rv != CKR_OK)
		return rv;
	if (pin == NULL && pin_len != 0)
		return CKR_ARGUMENTS_BAD;
	switch (user) {
	case CKU_USER:
		return CKR_OK;
	case CKU_CONTEXT_SPECIFIC:
		return any_active (session) ? CKR_OK : CKR_OPERATION_NOT_INITIALIZED;
	case CKU_SO: /* the machine's administrator is, by other means */
		return (session->flags & CKF_RW_SESSION) != 0 ? CKR_USER_ANOTHER_ALREADY_LOGGED_IN
							      : CKR_SESSION_READ_ONLY_EXISTS;
	}
	return CKR_USER_TYPE_INVALID;
}

CK_RV
mod_login_user (CK_SESSION_HANDLE handle,
		CK_USER_TYPE user,
		CK_UTF8CHAR_PTR pin,
		CK_ULONG pin_len,
		CK_UTF8CHAR_PTR name,
		CK_ULONG name_len)
{
	CK_RV rv = mod_session_check (handle);

	if (rv == CKR_OK && name == NULL && name_len != 0)
		rv = CKR_ARGUMENTS_BAD;
	return rv != CKR_OK ? rv : mod_login (handle, user, pin, pin_len);
}

CK_RV
mod_logout (CK_SESSION_HANDLE handle)
{
	return mod_session_check (handle);
}
