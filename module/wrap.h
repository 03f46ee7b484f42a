/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PKCS#11 chapter "Key management functions": wrapping a program's own secret keys with a key of
 * the token, and the way back.
 */
#pragma once

#include "module/pkcs11.h"

CK_RV mod_wrap_key (CK_SESSION_HANDLE session,
		    CK_MECHANISM_PTR mechanism,
		    CK_OBJECT_HANDLE wrapping,
		    CK_OBJECT_HANDLE key,
		    CK_BYTE_PTR wrapped,
		    CK_ULONG_PTR wrapped_len);
CK_RV mod_unwrap_key (CK_SESSION_HANDLE session,
		      CK_MECHANISM_PTR mechanism,
		      CK_OBJECT_HANDLE unwrapping,
		      CK_BYTE_PTR wrapped,
		      CK_ULONG wrapped_len,
		      CK_ATTRIBUTE_PTR template,
		      CK_ULONG count,
		      CK_OBJECT_HANDLE_PTR key);
