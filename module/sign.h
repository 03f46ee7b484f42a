/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PKCS#11 chapter "Signing and MACing functions": one request per signature, at its end. */
#pragma once

#include "module/pkcs11.h"

CK_RV mod_sign_init (CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key);
CK_RV mod_sign (CK_SESSION_HANDLE handle,
		CK_BYTE_PTR data,
		CK_ULONG data_len,
		CK_BYTE_PTR signature,
		CK_ULONG_PTR signature_len);
CK_RV mod_sign_update (CK_SESSION_HANDLE handle, CK_BYTE_PTR part, CK_ULONG part_len);
CK_RV
mod_sign_final (CK_SESSION_HANDLE handle, CK_BYTE_PTR signature, CK_ULONG_PTR signature_len);
