/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See slot.h. */
#include <config.h>

#include "module/slot.h"

#include "module/general.h"
#include "module/mechanism.h"
#include "module/session.h"
#include "module/state.h"

#include <string.h>

#define PIN_LEN_MAX 255 /* any PIN will do */

CK_RV
mod_slot_check (CK_SLOT_ID slot)
{
	CK_RV rv = mod_state_check ();

	if (rv != CKR_OK)
		return rv;
	return slot == MOD_SLOT ? CKR_OK : CKR_SLOT_ID_INVALID;
}

CK_RV
mod_get_slot_list (CK_BBOOL token_present, CK_SLOT_ID_PTR slots, CK_ULONG_PTR count)
{
	CK_RV rv = mod_state_check ();
	CK_ULONG room;

	if (rv != CKR_OK)
		return rv;
	if (count == NULL)
		return CKR_ARGUMENTS_BAD;
	room = *count;
	*count = 1;
	if (slots == NULL)
		return CKR_OK;
	if (room < 1)
		return CKR_BUFFER_TOO_SMALL;
	slots[0] = MOD_SLOT;
	return CKR_OK;
}

CK_RV
mod_get_slot_info (CK_SLOT_ID slot, CK_SLOT_INFO_PTR info)
{
	CK_RV rv = mod_slot_check (slot);

	if (rv != CKR_OK)
		return rv;
	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	memset (info, 0, sizeof *info);
	mod_pad (info->slotDescription, sizeof info->slotDescription, "oneM2M credentials");
	mod_pad (info->manufacturerID, sizeof info->manufacturerID, "oneM2M");
	info->flags = CKF_TOKEN_PRESENT;
	return CKR_OK;
}

/*
 * The three flags about login make pkcs11-provider use this token for peers' public keys; the
 * protected path keeps every program from asking for a PIN.
 */
CK_RV
mod_get_token_info (CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info)
{
	CK_RV rv = mod_slot_check (slot);

	if (rv != CKR_OK)
		return rv;
	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	memset (info, 0, sizeof *info);
	mod_pad (info->label, sizeof info->label, "oneM2M");
	mod_pad (info->manufacturerID, sizeof info->manufacturerID, "oneM2M");
	mod_pad (info->model, sizeof info->model, "enrolee");
	mod_pad (info->serialNumber, sizeof info->serialNumber, "1");
	mod_pad (info->utcTime, sizeof info->utcTime, "");
	info->flags = CKF_RNG | CKF_WRITE_PROTECTED | CKF_LOGIN_REQUIRED |
		      CKF_USER_PIN_INITIALIZED | CKF_PROTECTED_AUTHENTICATION_PATH |
		      CKF_TOKEN_INITIALIZED;
	info->ulMaxSessionCount = info->ulMaxRwSessionCount = CK_EFFECTIVELY_INFINITE;
	info->ulSessionCount = mod_state_lock ()->sessions.count;
	mod_state_unlock ();
	info->ulRwSessionCount = CK_UNAVAILABLE_INFORMATION;
	info->ulMaxPinLen = PIN_LEN_MAX;
	info->ulTotalPublicMemory = info->ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION;
	info->ulTotalPrivateMemory = info->ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION;
	return CKR_OK;
}

CK_RV
mod_get_mechanism_list (CK_SLOT_ID slot, CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR count)
{
	CK_RV rv = mod_slot_check (slot);
	CK_ULONG room;

	if (rv != CKR_OK)
		return rv;
	if (count == NULL)
		return CKR_ARGUMENTS_BAD;
	room = *count;
	*count = mod_mechanism_count ();
	if (list == NULL)
		return CKR_OK;
	if (room < *count)
		return CKR_BUFFER_TOO_SMALL;
	for (CK_ULONG i = 0; i < *count; i++)
		list[i] = mod_mechanisms[i].type;
	return CKR_OK;
}

CK_RV
mod_get_mechanism_info (CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR info)
{
	CK_RV rv = mod_slot_check (slot);
	const ModMechanism *mechanism = mod_mechanism_find (type);

	if (rv != CKR_OK)
		return rv;
	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	if (mechanism == NULL)
		return CKR_MECHANISM_INVALID;
	*info = mechanism->info;
	return CKR_OK;
}

CK_RV
mod_init_token (CK_SLOT_ID slot, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len, CK_UTF8CHAR_PTR label)
{
	CK_RV rv = mod_slot_check (slot);

	return rv != CKR_OK ? rv : CKR_TOKEN_WRITE_PROTECTED;
}

/* The state of no session is ever that of a security officer. */
CK_RV
mod_init_pin (CK_SESSION_HANDLE session, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len)
{
	CK_RV rv = mod_session_check (session);

	return rv != CKR_OK ? rv : CKR_USER_NOT_LOGGED_IN;
}

CK_RV
mod_set_pin (CK_SESSION_HANDLE handle,
	     CK_UTF8CHAR_PTR old_pin,
	     CK_ULONG old_len,
	     CK_UTF8CHAR_PTR new_pin,
	     CK_ULONG new_len)
{
	MOD_SESSION session = NULL;
	CK_RV rv = mod_session_enter (handle, &session);

	if (rv != CKR_OK)
		return rv;
	return (session->flags & CKF_RW_SESSION) != 0 ? CKR_TOKEN_WRITE_PROTECTED
						      : CKR_SESSION_READ_ONLY;
}

/* Nothing ever happens to the slot; a thread that would wait for it ends at this answer. */
CK_RV
mod_wait_for_slot_event (CK_FLAGS flags, CK_SLOT_ID_PTR slot, CK_VOID_PTR reserved)
{
	CK_RV rv = mod_state_check ();

	if (rv != CKR_OK)
		return rv;
	if (slot == NULL || reserved != NULL)
		return CKR_ARGUMENTS_BAD;
	return (flags & CKF_DONT_BLOCK) != 0 ? CKR_NO_EVENT : CKR_FUNCTION_NOT_SUPPORTED;
}
