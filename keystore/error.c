/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The keystore's error domain and its one translation to PKCS#11.
 */
#include <config.h>

#include "keystore/error.h"

G_DEFINE_QUARK (ks - error - quark, ks_error)

CK_RV
ks_error_to_rv (const GError *error)
{
	if (error == NULL)
		return CKR_OK;
	if (error->domain != KS_ERROR)
		return CKR_GENERAL_ERROR;
	switch ((KsError)error->code) {
	case KS_ERROR_INVALID:
	case KS_ERROR_MISMATCH:
	case KS_ERROR_EXPIRED:
		return CKR_ATTRIBUTE_VALUE_INVALID;
	case KS_ERROR_NOT_FOUND:
		return CKR_KEY_HANDLE_INVALID;
	case KS_ERROR_EXISTS:
	case KS_ERROR_STATE:
		return CKR_ACTION_PROHIBITED;
	case KS_ERROR_UNSUPPORTED:
		return CKR_MECHANISM_INVALID;
	case KS_ERROR_LIMIT:
		return CKR_DEVICE_MEMORY;
	case KS_ERROR_TOKEN:
	case KS_ERROR_TOKEN_MISSING:
	case KS_ERROR_FOREIGN:
		return CKR_DEVICE_ERROR;
	case KS_ERROR_FAILED:
	case KS_ERROR_CORRUPT:
	case KS_ERROR_NEWER:
	case KS_ERROR_IN_USE:
	case KS_ERROR_STORAGE:
		return CKR_GENERAL_ERROR;
	}
	return CKR_GENERAL_ERROR;
}
