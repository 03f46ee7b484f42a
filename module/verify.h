/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PKCS#11 chapter "Functions for verifying signatures and MACs". The public key of a session object
 * travels with the request: the module has no cryptography of its own.
 */
#pragma once

#include "module/pkcs11.h"

CK_RV mod_verify_init (CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key);
CK_RV mod_verify (CK_SESSION_HANDLE handle,
		  CK_BYTE_PTR data,
		  CK_ULONG data_len,
		  CK_BYTE_PTR signature,
		  CK_ULONG signature_len);
CK_RV mod_verify_update (CK_SESSION_HANDLE handle, CK_BYTE_PTR part, CK_ULONG part_len);
CK_RV mod_verify_final (CK_SESSION_HANDLE handle, CK_BYTE_PTR signature, CK_ULONG signature_len);
