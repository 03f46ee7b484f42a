/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PKCS#11 chapter "Session management functions", and what a session holds. */
#pragma once

#include "module/operation.h"
#include "module/table.h"

#include <pthread.h>
#include <stdbool.h>

typedef struct ModFind ModFind;

typedef struct {
	ModNode node;
	pthread_mutex_t lock; /* held over a request of this session */
	CK_FLAGS flags;
	ModFind *find; /* (nullable): the active search */
	ModOperation operations[MOD_N_USES];
} ModSession;

/**
 * mod_session_enter:
 * @session: (out): the session, locked, until mod_session_leave()
 *
 * Returns: CKR_OK, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_SESSION_HANDLE_INVALID
 */
CK_RV mod_session_enter (CK_SESSION_HANDLE handle, ModSession **session);

/** Takes a (nullable) session's address: for the cleanup attribute. */
void mod_session_leave (ModSession **session);

#define MOD_SESSION __attribute__ ((cleanup (mod_session_leave))) ModSession *

/** CKR_OK, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_SESSION_HANDLE_INVALID. */
CK_RV mod_session_check (CK_SESSION_HANDLE handle);

/** In a forked child: no lock is held, and what another thread was doing is dropped. */
void mod_session_renew (ModSession *session);

CK_RV mod_open_session (CK_SLOT_ID slot,
			CK_FLAGS flags,
			CK_VOID_PTR application,
			CK_NOTIFY notify,
			CK_SESSION_HANDLE_PTR handle);
CK_RV mod_close_session (CK_SESSION_HANDLE handle);
CK_RV mod_close_all_sessions (CK_SLOT_ID slot);
CK_RV mod_get_session_info (CK_SESSION_HANDLE handle, CK_SESSION_INFO_PTR info);
CK_RV mod_session_cancel (CK_SESSION_HANDLE handle, CK_FLAGS flags);

/* No PIN is ever needed: who may use what is decided by the process's user. */
CK_RV
mod_login (CK_SESSION_HANDLE handle, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len);
CK_RV mod_login_user (CK_SESSION_HANDLE handle,
		      CK_USER_TYPE user,
		      CK_UTF8CHAR_PTR pin,
		      CK_ULONG pin_len,
		      CK_UTF8CHAR_PTR name,
		      CK_ULONG name_len);
CK_RV mod_logout (CK_SESSION_HANDLE handle);
