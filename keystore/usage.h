/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a key may be used for: m2m:suid and key type to mechanisms and attributes, the one table
 * (R-SUID-1, R-SUID-2). Pure.
 */
#pragma once

#include "keystore/credential.h"

#include <p11-kit/pkcs11.h>

typedef enum {
	KS_USE_SIGN = 1 << 0,    /* CKA_SIGN */
	KS_USE_VERIFY = 1 << 1,  /* CKA_VERIFY */
	KS_USE_DECRYPT = 1 << 2, /* CKA_DECRYPT */
	KS_USE_ENCRYPT = 1 << 3, /* CKA_ENCRYPT */
	KS_USE_DERIVE = 1 << 4,  /* CKA_DERIVE */
	KS_USE_WRAP = 1 << 5,    /* CKA_WRAP, CKA_UNWRAP: of keys that the caller has or gets */
	KS_USE_PSK = 1 << 6,     /* the typed TLS-PSK operations; shown as CKA_DERIVE */
} KsUse;

/**
 * ks_usage_uses:
 * @suid: usage constraint; 0 for none
 *
 * Returns: the #KsUse bits of a key of that type under that constraint; 0 for an unknown SUID, or
 *     one that does not fit the key type
 */
guint ks_usage_uses (guint suid, KsKeyType type);

#define KS_USAGE_MECHANISMS_MAX 16

/**
 * ks_usage_mechanisms:
 * @list: room for %KS_USAGE_MECHANISMS_MAX: CKA_ALLOWED_MECHANISMS of such a key
 *
 * Returns: how many; 0 when ks_usage_uses() is 0
 */
guint ks_usage_mechanisms (guint suid, KsKeyType type, CK_MECHANISM_TYPE *list);

/**
 * ks_usage_key_type:
 *
 * Returns: CKA_KEY_TYPE of such a key: a symmetric one that can do nothing but AES is CKK_AES
 */
CK_KEY_TYPE ks_usage_key_type (guint suid, KsKeyType type);

/**
 * ks_usage_allows:
 * @use: one #KsUse bit
 * @mechanism: CKM_*; ignored for %KS_USE_PSK
 *
 * Returns: whether a request of that kind may reach the key; else answer
 *     CKR_KEY_FUNCTION_NOT_PERMITTED (wrong use) or CKR_MECHANISM_INVALID
 */
gboolean ks_usage_allows (guint suid, KsKeyType type, KsUse use, CK_MECHANISM_TYPE mechanism);

/**
 * ks_usage_suid_is_known:
 *
 * Returns: whether it is a value of m2m:suid, or 0
 */
gboolean ks_usage_suid_is_known (guint suid);
