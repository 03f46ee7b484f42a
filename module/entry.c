/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The two function lists and the three functions that the file exports; nothing else. Both lists
 * are whole: programs call what they find.
 */
#include <config.h>

#include "module/crypt.h"
#include "module/derive.h"
#include "module/find.h"
#include "module/general.h"
#include "module/object.h"
#include "module/random.h"
#include "module/session.h"
#include "module/sign.h"
#include "module/slot.h"
#include "module/unsupported.h"
#include "module/verify.h"
#include "module/wrap.h"

#include <string.h>

#define EXPORT __attribute__ ((visibility ("default")))

CK_RV C_GetInterfaceList (ModInterface *list, CK_ULONG_PTR count);
CK_RV C_GetInterface (CK_UTF8CHAR_PTR name,
		      CK_VERSION_PTR version,
		      ModInterface **interface,
		      CK_FLAGS flags);

/* clang-format off */
#define FUNCTIONS_OF_2_40(get_info_) \
	.C_Initialize = mod_initialize, \
	.C_Finalize = mod_finalize, \
	.C_GetInfo = get_info_, \
	.C_GetFunctionList = C_GetFunctionList, \
	.C_GetSlotList = mod_get_slot_list, \
	.C_GetSlotInfo = mod_get_slot_info, \
	.C_GetTokenInfo = mod_get_token_info, \
	.C_GetMechanismList = mod_get_mechanism_list, \
	.C_GetMechanismInfo = mod_get_mechanism_info, \
	.C_InitToken = mod_init_token, \
	.C_InitPIN = mod_init_pin, \
	.C_SetPIN = mod_set_pin, \
	.C_OpenSession = mod_open_session, \
	.C_CloseSession = mod_close_session, \
	.C_CloseAllSessions = mod_close_all_sessions, \
	.C_GetSessionInfo = mod_get_session_info, \
	.C_GetOperationState = mod_get_operation_state, \
	.C_SetOperationState = mod_set_operation_state, \
	.C_Login = mod_login, \
	.C_Logout = mod_logout, \
	.C_CreateObject = mod_create_object, \
	.C_CopyObject = mod_copy_object, \
	.C_DestroyObject = mod_destroy_object, \
	.C_GetObjectSize = mod_get_object_size, \
	.C_GetAttributeValue = mod_get_attribute_value, \
	.C_SetAttributeValue = mod_set_attribute_value, \
	.C_FindObjectsInit = mod_find_objects_init, \
	.C_FindObjects = mod_find_objects, \
	.C_FindObjectsFinal = mod_find_objects_final, \
	.C_EncryptInit = mod_encrypt_init, \
	.C_Encrypt = mod_encrypt, \
	.C_EncryptUpdate = mod_encrypt_update, \
	.C_EncryptFinal = mod_encrypt_final, \
	.C_DecryptInit = mod_decrypt_init, \
	.C_Decrypt = mod_decrypt, \
	.C_DecryptUpdate = mod_decrypt_update, \
	.C_DecryptFinal = mod_decrypt_final, \
	.C_DigestInit = mod_digest_init, \
	.C_Digest = mod_digest, \
	.C_DigestUpdate = mod_digest_update, \
	.C_DigestKey = mod_digest_key, \
	.C_DigestFinal = mod_digest_final, \
	.C_SignInit = mod_sign_init, \
	.C_Sign = mod_sign, \
	.C_SignUpdate = mod_sign_update, \
	.C_SignFinal = mod_sign_final, \
	.C_SignRecoverInit = mod_sign_recover_init, \
	.C_SignRecover = mod_sign_recover, \
	.C_VerifyInit = mod_verify_init, \
	.C_Verify = mod_verify, \
	.C_VerifyUpdate = mod_verify_update, \
	.C_VerifyFinal = mod_verify_final, \
	.C_VerifyRecoverInit = mod_verify_recover_init, \
	.C_VerifyRecover = mod_verify_recover, \
	.C_DigestEncryptUpdate = mod_digest_encrypt_update, \
	.C_DecryptDigestUpdate = mod_decrypt_digest_update, \
	.C_SignEncryptUpdate = mod_sign_encrypt_update, \
	.C_DecryptVerifyUpdate = mod_decrypt_verify_update, \
	.C_GenerateKey = mod_generate_key, \
	.C_GenerateKeyPair = mod_generate_key_pair, \
	.C_WrapKey = mod_wrap_key, \
	.C_UnwrapKey = mod_unwrap_key, \
	.C_DeriveKey = mod_derive_key, \
	.C_SeedRandom = mod_seed_random, \
	.C_GenerateRandom = mod_generate_random, \
	.C_GetFunctionStatus = mod_get_function_status, \
	.C_CancelFunction = mod_get_function_status, \
	.C_WaitForSlotEvent = mod_wait_for_slot_event,
/* clang-format on */

static CK_FUNCTION_LIST functions_2_40 = {.version = {2, 40},
					  FUNCTIONS_OF_2_40 (mod_get_info_2_40)};

static ModFunctionList3 functions_3_0 = {
	.base = {.version = {3, 0}, FUNCTIONS_OF_2_40 (mod_get_info_3_0)},
	.C_GetInterfaceList = C_GetInterfaceList,
	.C_GetInterface = C_GetInterface,
	.C_LoginUser = mod_login_user,
	.C_SessionCancel = mod_session_cancel,
	.C_MessageEncryptInit = mod_message_init,
	.C_EncryptMessage = mod_crypt_message,
	.C_EncryptMessageBegin = mod_crypt_message_begin,
	.C_EncryptMessageNext = mod_crypt_message_next,
	.C_MessageEncryptFinal = mod_message_final,
	.C_MessageDecryptInit = mod_message_init,
	.C_DecryptMessage = mod_crypt_message,
	.C_DecryptMessageBegin = mod_crypt_message_begin,
	.C_DecryptMessageNext = mod_crypt_message_next,
	.C_MessageDecryptFinal = mod_message_final,
	.C_MessageSignInit = mod_message_init,
	.C_SignMessage = mod_sign_message,
	.C_SignMessageBegin = mod_message_begin,
	.C_SignMessageNext = mod_sign_message,
	.C_MessageSignFinal = mod_message_final,
	.C_MessageVerifyInit = mod_message_init,
	.C_VerifyMessage = mod_verify_message,
	.C_VerifyMessageBegin = mod_message_begin,
	.C_VerifyMessageNext = mod_verify_message,
	.C_MessageVerifyFinal = mod_message_final,
};

static CK_UTF8CHAR interface_name[] = "PKCS 11";

/* The first is what a program gets that does not care. */
static ModInterface interfaces[] = {
	{interface_name, &functions_3_0, CKF_INTERFACE_FORK_SAFE},
	{interface_name, &functions_2_40, CKF_INTERFACE_FORK_SAFE},
};

#define N_INTERFACES (sizeof interfaces / sizeof interfaces[0])

EXPORT CK_RV
C_GetFunctionList (CK_FUNCTION_LIST_PTR_PTR list)
{
	if (list == NULL)
		return CKR_ARGUMENTS_BAD;
	*list = &functions_2_40;
	return CKR_OK;
}

EXPORT CK_RV
C_GetInterfaceList (ModInterface *list, CK_ULONG_PTR count)
{
	CK_ULONG room;

	if (count == NULL)
		return CKR_ARGUMENTS_BAD;
	room = *count;
	*count = N_INTERFACES;
	if (list == NULL)
		return CKR_OK;
	if (room < N_INTERFACES)
		return CKR_BUFFER_TOO_SMALL;
	memcpy (list, interfaces, sizeof interfaces);
	return CKR_OK;
}

EXPORT CK_RV
C_GetInterface (CK_UTF8CHAR_PTR name,
		CK_VERSION_PTR version,
		ModInterface **interface,
		CK_FLAGS flags)
{
	if (interface == NULL)
		return CKR_ARGUMENTS_BAD;
	for (size_t i = 0; i < N_INTERFACES; i++) {
		const CK_VERSION *own = interfaces[i].functions;

		if ((name != NULL &&
		     strcmp ((const char *)name, (const char *)interface_name) != 0) ||
		    (version != NULL && memcmp (version, own, sizeof *own) != 0) ||
		    (flags & ~interfaces[i].flags) != 0)
			continue;
		*interface = &interfaces[i];
		return CKR_OK;
	}
	return CKR_FUNCTION_FAILED;
}
