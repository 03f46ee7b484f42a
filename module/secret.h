/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Secret keys that a program gets: derived or unwrapped by the keystore, session objects of this
 * process.
 */
#pragma once

#include "module/object.h"

/** What the template decides about the new key. */
typedef struct {
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE key_type;
	CK_ULONG value_len; /* 0: all of the secret */
} ModWanted;

/** CKR_OK, or what is wrong with the template. */
CK_RV mod_secret_wanted (const CK_ATTRIBUTE *template, CK_ULONG count, ModWanted *wanted);

/**
 * mod_secret_store:
 * Makes the object. The leading bytes of a longer secret are cut off, as for a key agreement.
 *
 * Returns: CKR_OK, CKR_KEY_SIZE_RANGE, CKR_HOST_MEMORY, CKR_SESSION_HANDLE_INVALID
 */
CK_RV mod_secret_store (CK_SESSION_HANDLE owner,
			const ModWanted *wanted,
			const CK_ATTRIBUTE *template,
			CK_ULONG count,
			const uint8_t *secret,
			size_t secret_len,
			CK_OBJECT_HANDLE_PTR key);
