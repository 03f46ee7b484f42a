/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which attributes a program may give to a session object, and when: the footnotes of PKCS#11's
 * attribute tables as one table. Pure.
 */
#pragma once

#include "module/object.h"

/** When a template comes. */
typedef enum {
	MOD_AT_CREATION = 1 << 0, /* C_CreateObject, C_DeriveKey, C_UnwrapKey */
	MOD_AT_COPY = 1 << 1,     /* C_CopyObject */
	MOD_AT_CHANGE = 1 << 2,   /* C_SetAttributeValue */
} ModMoment;

/**
 * mod_rules_check:
 * @class: of the object that is or becomes
 * @object: (nullable): what is copied or changed
 *
 * Returns: CKR_OK, or what is wrong with the template: CKR_ARGUMENTS_BAD,
 *     CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID, CKR_ATTRIBUTE_READ_ONLY,
 *     CKR_TEMPLATE_INCONSISTENT, CKR_TOKEN_WRITE_PROTECTED
 */
CK_RV mod_rules_check (ModMoment moment,
		       CK_OBJECT_CLASS class,
		       const ModObject *object,
		       const CK_ATTRIBUTE *template,
		       CK_ULONG count);
