/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Attributes as applications see them: a snapshot's fixed-width values become the CK_ULONG of this
 * program, the rest is bytes. Answers to C_GetAttributeValue and matches of search templates.
 */
#pragma once

#include "keystore/wire/snapshot.h"
#include "module/pkcs11.h"

/**
 * mod_attribute_answer:
 * @found: (nullable): what the object has of @asked->type
 *
 * Returns: CKR_OK, CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_SENSITIVE, CKR_BUFFER_TOO_SMALL, with
 *     the length set as PKCS#11 says for each
 */
CK_RV mod_attribute_answer (const WireAttribute *found, CK_ATTRIBUTE *asked);

/** Whether the attribute has the value @wanted. Sensitive ones never match. */
bool mod_attribute_matches (const WireAttribute *found, const CK_ATTRIBUTE *wanted);

/** A number or array element; @index 0 for a number. */
CK_ULONG mod_attribute_number (const WireAttribute *found, size_t index);

/** How many numbers. */
size_t mod_attribute_count (const WireAttribute *found);

/** CKR_OK: a template that can be read, and is not larger than any object. */
CK_RV mod_template_check (const CK_ATTRIBUTE *template, CK_ULONG count);

/** (nullable): the attribute @type of a template. */
const CK_ATTRIBUTE *
mod_template_find (const CK_ATTRIBUTE *template, CK_ULONG count, CK_ATTRIBUTE_TYPE type);

/* Values of a template: @fallback when it has none; false when the length is wrong. */
bool mod_template_flag (const CK_ATTRIBUTE *template,
			CK_ULONG count,
			CK_ATTRIBUTE_TYPE type,
			bool fallback,
			bool *value);
bool mod_template_number (const CK_ATTRIBUTE *template,
			  CK_ULONG count,
			  CK_ATTRIBUTE_TYPE type,
			  CK_ULONG fallback,
			  CK_ULONG *value);
