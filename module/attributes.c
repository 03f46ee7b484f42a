/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See attributes.h. */
#include <config.h>

#include "module/attributes.h"

#include <endian.h>
#include <string.h>

#define WIRE_ULONG_SIZE 8
#define ATTRIBUTES_MAX 64
#define ATTRIBUTE_BYTES_MAX (16 * 1024)

size_t
mod_attribute_count (const WireAttribute *found)
{
	return found->len / WIRE_ULONG_SIZE;
}

CK_ULONG
mod_attribute_number (const WireAttribute *found, size_t index)
{
	uint64_t value;

	memcpy (&value, found->data + index * WIRE_ULONG_SIZE, sizeof value);
	return (CK_ULONG)le64toh (value);
}

static bool
is_numbers (const WireAttribute *found)
{
	return found->kind == WIRE_ATTR_ULONG || found->kind == WIRE_ATTR_ULONG_ARRAY;
}

/* Length in this program's representation. */
static size_t
native_len (const WireAttribute *found)
{
	return is_numbers (found) ? mod_attribute_count (found) * sizeof (CK_ULONG) : found->len;
}

static void
write_native (const WireAttribute *found, uint8_t *out)
{
	if (!is_numbers (found)) {
		if (found->len > 0)
			memcpy (out, found->data, found->len);
		return;
	}
	for (size_t i = 0; i < mod_attribute_count (found); i++) {
		CK_ULONG number = mod_attribute_number (found, i);

		memcpy (out + i * sizeof number, &number, sizeof number);
	}
}

CK_RV
mod_attribute_answer (const WireAttribute *found, CK_ATTRIBUTE *asked)
{
	CK_ULONG room = asked->ulValueLen;
	CK_RV rv = CKR_OK;

	if (found == NULL)
		rv = CKR_ATTRIBUTE_TYPE_INVALID;
	else if (found->kind == WIRE_ATTR_SENSITIVE)
		rv = CKR_ATTRIBUTE_SENSITIVE;
	else if (asked->pValue != NULL && room < native_len (found))
		rv = CKR_BUFFER_TOO_SMALL;
	if (rv != CKR_OK) {
		asked->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return rv;
	}
	asked->ulValueLen = native_len (found);
	if (asked->pValue != NULL)
		write_native (found, asked->pValue);
	return CKR_OK;
}

bool
mod_attribute_matches (const WireAttribute *found, const CK_ATTRIBUTE *wanted)
{
	if (found->kind == WIRE_ATTR_SENSITIVE || native_len (found) != wanted->ulValueLen)
		return false;
	if (!is_numbers (found))
		return found->len == 0 || memcmp (found->data, wanted->pValue, found->len) == 0;
	for (size_t i = 0; i < mod_attribute_count (found); i++) {
		CK_ULONG number = mod_attribute_number (found, i);

		if (memcmp (&number, (const uint8_t *)wanted->pValue + i * sizeof number,
			    sizeof number) != 0)
			return false;
	}
	return true;
}

CK_RV
mod_template_check (const CK_ATTRIBUTE *template, CK_ULONG count)
{
	if (template == NULL)
		return count == 0 ? CKR_OK : CKR_ARGUMENTS_BAD;
	if (count > ATTRIBUTES_MAX)
		return CKR_TEMPLATE_INCONSISTENT;
	for (CK_ULONG i = 0; i < count; i++) {
		if (template[i].pValue == NULL && template[i].ulValueLen != 0)
			return CKR_ARGUMENTS_BAD;
		if (template[i].ulValueLen > ATTRIBUTE_BYTES_MAX)
			return CKR_ATTRIBUTE_VALUE_INVALID;
	}
	return CKR_OK;
}

const CK_ATTRIBUTE *
mod_template_find (const CK_ATTRIBUTE *template, CK_ULONG count, CK_ATTRIBUTE_TYPE type)
{
	for (CK_ULONG i = 0; i < count; i++) {
		if (template[i].type == type)
			return &template[i];
	}
	return NULL;
}

bool
mod_template_flag (const CK_ATTRIBUTE *template,
		   CK_ULONG count,
		   CK_ATTRIBUTE_TYPE type,
		   bool fallback,
		   bool *value)
{
	const CK_ATTRIBUTE *found = mod_template_find (template, count, type);

	if (found != NULL && found->ulValueLen != sizeof (CK_BBOOL))
		return false;
	*value = found != NULL ? *(const CK_BBOOL *)found->pValue != CK_FALSE : fallback;
	return true;
}

bool
mod_template_number (const CK_ATTRIBUTE *template,
		     CK_ULONG count,
		     CK_ATTRIBUTE_TYPE type,
		     CK_ULONG fallback,
		     CK_ULONG *value)
{
	const CK_ATTRIBUTE *found = mod_template_find (template, count, type);

	if (found != NULL && found->ulValueLen != sizeof (CK_ULONG))
		return false;
	*value = fallback;
	if (found != NULL)
		memcpy (value, found->pValue, sizeof *value);
	return true;
}
