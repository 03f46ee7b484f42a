/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PKCS#11 chapters "Encryption functions" and "Decryption functions": RSA with PKCS #1 v1.5 and
 * OAEP padding. Parts are collected, and all output comes with the Final.
 */
#pragma once

#include "module/pkcs11.h"

CK_RV mod_encrypt_init (CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key);
CK_RV mod_encrypt (CK_SESSION_HANDLE handle,
		   CK_BYTE_PTR data,
		   CK_ULONG data_len,
		   CK_BYTE_PTR output,
		   CK_ULONG_PTR output_len);
CK_RV mod_encrypt_update (CK_SESSION_HANDLE handle,
			  CK_BYTE_PTR part,
			  CK_ULONG part_len,
			  CK_BYTE_PTR output,
			  CK_ULONG_PTR output_len);
CK_RV mod_encrypt_final (CK_SESSION_HANDLE handle, CK_BYTE_PTR output, CK_ULONG_PTR output_len);
CK_RV mod_decrypt_init (CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key);
CK_RV mod_decrypt (CK_SESSION_HANDLE handle,
		   CK_BYTE_PTR data,
		   CK_ULONG data_len,
		   CK_BYTE_PTR output,
		   CK_ULONG_PTR output_len);
CK_RV mod_decrypt_update (CK_SESSION_HANDLE handle,
			  CK_BYTE_PTR part,
			  CK_ULONG part_len,
			  CK_BYTE_PTR output,
			  CK_ULONG_PTR output_len);
CK_RV mod_decrypt_final (CK_SESSION_HANDLE handle, CK_BYTE_PTR output, CK_ULONG_PTR output_len);
