/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PKCS#11 chapter "Slot and token management functions": one slot with one token, always there and
 * the same in every process, since programs read it once and never again.
 */
#pragma once

#include "module/pkcs11.h"

#define MOD_SLOT ((CK_SLOT_ID)0)

/** CKR_OK, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_SLOT_ID_INVALID. */
CK_RV mod_slot_check (CK_SLOT_ID slot);

CK_RV mod_get_slot_list (CK_BBOOL token_present, CK_SLOT_ID_PTR slots, CK_ULONG_PTR count);
CK_RV mod_get_slot_info (CK_SLOT_ID slot, CK_SLOT_INFO_PTR info);
CK_RV mod_get_token_info (CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info);
CK_RV mod_get_mechanism_list (CK_SLOT_ID slot, CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR count);
CK_RV
mod_get_mechanism_info (CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR info);
CK_RV
mod_init_token (CK_SLOT_ID slot, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len, CK_UTF8CHAR_PTR label);
CK_RV mod_init_pin (CK_SESSION_HANDLE session, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len);
CK_RV mod_set_pin (CK_SESSION_HANDLE session,
		   CK_UTF8CHAR_PTR old_pin,
		   CK_ULONG old_len,
		   CK_UTF8CHAR_PTR new_pin,
		   CK_ULONG new_len);
CK_RV mod_wait_for_slot_event (CK_FLAGS flags, CK_SLOT_ID_PTR slot, CK_VOID_PTR reserved);
