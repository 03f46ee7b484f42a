/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * C_FindObjects. A search runs lazily in the view that was the newest when it began; nothing is
 * collected, so the number of objects has no limit and opening a search costs nothing.
 */
#pragma once

#include "module/session.h"

CK_RV
mod_find_objects_init (CK_SESSION_HANDLE handle, CK_ATTRIBUTE_PTR template, CK_ULONG count);
CK_RV mod_find_objects (CK_SESSION_HANDLE handle,
			CK_OBJECT_HANDLE_PTR objects,
			CK_ULONG max,
			CK_ULONG_PTR count);
CK_RV mod_find_objects_final (CK_SESSION_HANDLE handle);

/** Ends the session's search, if there is one. */
void mod_find_end (ModSession *session);
