/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PKCS#11 2.40 by p11-kit's header, and of 3.0 what that header lacks and this module needs. Types
 * have names of our own, so that a later p11-kit that declares 3.0 is no conflict.
 */
#pragma once

#include <p11-kit/pkcs11.h>

#ifndef CKA_ALLOWED_MECHANISMS
#define CKA_ALLOWED_MECHANISMS (CKF_ARRAY_ATTRIBUTE | 0x600UL)
#endif
#ifndef CKA_UNIQUE_ID
#define CKA_UNIQUE_ID 0x04UL
#endif
#ifndef CKF_INTERFACE_FORK_SAFE
#define CKF_INTERFACE_FORK_SAFE 1UL
#endif
#ifndef CKF_FIND_OBJECTS
#define CKF_FIND_OBJECTS 0x40UL
#endif

/* CK_EDDSA_PARAMS */
typedef struct {
	CK_BBOOL ph_flag;
	CK_ULONG context_len;
	CK_BYTE_PTR context;
} ModEddsaParams;

/* CK_CCM_PARAMS */
typedef struct {
	CK_ULONG data_len; /* not read: the data tells */
	CK_BYTE_PTR nonce;
	CK_ULONG nonce_len;
	CK_BYTE_PTR aad;
	CK_ULONG aad_len;
	CK_ULONG mac_len;
} ModCcmParams;

/* CK_HKDF_PARAMS */
typedef struct {
	CK_BBOOL extract;
	CK_BBOOL expand;
	CK_MECHANISM_TYPE hash;
	CK_ULONG salt_type;
	CK_BYTE_PTR salt;
	CK_ULONG salt_len;
	CK_OBJECT_HANDLE salt_key;
	CK_BYTE_PTR info;
	CK_ULONG info_len;
} ModHkdfParams;

/* CK_TLS12_MASTER_KEY_DERIVE_PARAMS */
typedef struct {
	CK_BYTE_PTR client_random;
	CK_ULONG client_random_len;
	CK_BYTE_PTR server_random;
	CK_ULONG server_random_len;
	CK_VERSION_PTR version;
	CK_MECHANISM_TYPE hash;
} ModTls12MasterParams;

#define MOD_HKDF_SALT_DATA 2UL /* CKF_HKDF_SALT_DATA */

/* Parameter of the WIRE_CKM_ONEM2M_* mechanisms; each reads what it needs, see enrolee-pkcs11(7). */
typedef struct {
	CK_ULONG number;
	CK_MECHANISM_TYPE hash;
	CK_BYTE_PTR first;
	CK_ULONG first_len;
	CK_BYTE_PTR second;
	CK_ULONG second_len;
} ModOneM2mParams;

/* CK_INTERFACE */
typedef struct {
	CK_UTF8CHAR_PTR name;
	CK_VOID_PTR functions;
	CK_FLAGS flags;
} ModInterface;

/* Shapes that several functions of 3.0 share. */
typedef CK_RV (*ModMessageInit) (CK_SESSION_HANDLE, CK_MECHANISM_PTR, CK_OBJECT_HANDLE);
typedef CK_RV (*ModMessageFinal) (CK_SESSION_HANDLE);
typedef CK_RV (*ModMessageCrypt) (CK_SESSION_HANDLE,
				  CK_VOID_PTR,
				  CK_ULONG,
				  CK_BYTE_PTR,
				  CK_ULONG,
				  CK_BYTE_PTR,
				  CK_ULONG,
				  CK_BYTE_PTR,
				  CK_ULONG_PTR);
typedef CK_RV (*ModMessageCryptBegin) (
	CK_SESSION_HANDLE, CK_VOID_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG);
typedef CK_RV (*ModMessageCryptNext) (CK_SESSION_HANDLE,
				      CK_VOID_PTR,
				      CK_ULONG,
				      CK_BYTE_PTR,
				      CK_ULONG,
				      CK_BYTE_PTR,
				      CK_ULONG_PTR,
				      CK_FLAGS);
typedef CK_RV (*ModMessageSign) (
	CK_SESSION_HANDLE, CK_VOID_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR);
typedef CK_RV (*ModMessageBegin) (CK_SESSION_HANDLE, CK_VOID_PTR, CK_ULONG);
typedef CK_RV (*ModMessageVerify) (
	CK_SESSION_HANDLE, CK_VOID_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG);

/* CK_FUNCTION_LIST_3_0: the list of 2.40 and what 3.0 appends, in its order. */
typedef struct {
	CK_FUNCTION_LIST base;
	CK_RV (*C_GetInterfaceList) (ModInterface *, CK_ULONG_PTR);
	CK_RV (*C_GetInterface) (CK_UTF8CHAR_PTR, CK_VERSION_PTR, ModInterface **, CK_FLAGS);
	CK_RV (*C_LoginUser)
	(CK_SESSION_HANDLE, CK_USER_TYPE, CK_UTF8CHAR_PTR, CK_ULONG, CK_UTF8CHAR_PTR, CK_ULONG);
	CK_RV (*C_SessionCancel) (CK_SESSION_HANDLE, CK_FLAGS);
	ModMessageInit C_MessageEncryptInit;
	ModMessageCrypt C_EncryptMessage;
	ModMessageCryptBegin C_EncryptMessageBegin;
	ModMessageCryptNext C_EncryptMessageNext;
	ModMessageFinal C_MessageEncryptFinal;
	ModMessageInit C_MessageDecryptInit;
	ModMessageCrypt C_DecryptMessage;
	ModMessageCryptBegin C_DecryptMessageBegin;
	ModMessageCryptNext C_DecryptMessageNext;
	ModMessageFinal C_MessageDecryptFinal;
	ModMessageInit C_MessageSignInit;
	ModMessageSign C_SignMessage;
	ModMessageBegin C_SignMessageBegin;
	ModMessageSign C_SignMessageNext;
	ModMessageFinal C_MessageSignFinal;
	ModMessageInit C_MessageVerifyInit;
	ModMessageVerify C_VerifyMessage;
	ModMessageBegin C_VerifyMessageBegin;
	ModMessageVerify C_VerifyMessageNext;
	ModMessageFinal C_MessageVerifyFinal;
} ModFunctionList3;
