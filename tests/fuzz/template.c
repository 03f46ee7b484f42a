/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Attribute templates of applications. The input is a list of attributes, each a type (4 bytes, little
 * endian), a length byte and the value; from them a session object is created, asked, changed and
 * destroyed. No keystore is needed for it.
 */
#include <config.h>

#include "module/pkcs11.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define ATTRIBUTES_MAX 24

static CK_FUNCTION_LIST *p11;
static CK_SESSION_HANDLE session;

CK_RV C_GetFunctionList (CK_FUNCTION_LIST **list);

static void
begin (void)
{
	if (p11 != NULL)
		return;
	FUZZ_CHECK (C_GetFunctionList (&p11) == CKR_OK);
	FUZZ_CHECK (p11->C_Initialize (NULL) == CKR_OK);
	FUZZ_CHECK (p11->C_OpenSession (0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
					&session) == CKR_OK);
}

static CK_ULONG
read_template (const uint8_t *data, size_t size, CK_ATTRIBUTE *template)
{
	CK_ULONG count = 0;

	while (count < ATTRIBUTES_MAX && size >= 5) {
		CK_ATTRIBUTE *attribute = &template[count++];
		size_t length = data[4] < size - 5 ? data[4] : size - 5;

		attribute->type = (CK_ULONG)data[0] | (CK_ULONG)data[1] << 8 |
				  (CK_ULONG)data[2] << 16 | (CK_ULONG)data[3] << 24;
		attribute->pValue = malloc (length > 0 ? length : 1);
		attribute->ulValueLen = length;
		FUZZ_CHECK (attribute->pValue != NULL);
		memcpy (attribute->pValue, data + 5, length);
		data += 5 + length;
		size -= 5 + length;
	}
	return count;
}

/* Nothing is written behind what the caller has room for. */
static void
ask (CK_OBJECT_HANDLE object, const CK_ATTRIBUTE *template, CK_ULONG count)
{
	uint8_t room[64];

	for (CK_ULONG i = 0; i < count; i++) {
		CK_ATTRIBUTE asked = {template[i].type, room, template[i].ulValueLen & 31};
		CK_ULONG had = asked.ulValueLen;
		CK_RV rv;

		memset (room, 0xa5, sizeof room);
		rv = p11->C_GetAttributeValue (session, object, &asked, 1);
		FUZZ_CHECK (rv != CKR_OK || asked.ulValueLen <= had);
		for (size_t j = had; j < sizeof room; j++)
			FUZZ_CHECK (room[j] == 0xa5);
	}
}

static void
destroy (CK_OBJECT_HANDLE object)
{
	CK_RV rv = p11->C_DestroyObject (session, object);

	FUZZ_CHECK (rv == CKR_OK || rv == CKR_ACTION_PROHIBITED);
	FUZZ_CHECK (p11->C_DestroyObject (session, object) != CKR_OK);
}

/* The object goes with its session. */
static void
use (CK_OBJECT_HANDLE object, size_t choice)
{
	static const CK_MECHANISM_TYPE types[] = {CKM_ECDSA, CKM_RSA_PKCS, CKM_RSA_PKCS_PSS, CKM_EDDSA};
	CK_MECHANISM mechanism = {types[choice % 4], NULL, 0};

	if (p11->C_VerifyInit (session, &mechanism, object) == CKR_OK)
		FUZZ_CHECK (p11->C_VerifyInit (session, &mechanism, object) == CKR_OPERATION_ACTIVE);
	FUZZ_CHECK (p11->C_CloseSession (session) == CKR_OK);
	FUZZ_CHECK (p11->C_OpenSession (0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
					&session) == CKR_OK);
	FUZZ_CHECK (p11->C_DestroyObject (session, object) != CKR_OK);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	CK_ATTRIBUTE template[ATTRIBUTES_MAX];
	CK_OBJECT_HANDLE object = CK_INVALID_HANDLE, copy;
	CK_ULONG count;

	begin ();
	count = read_template (data, size, template);
	if (p11->C_CreateObject (session, template, count, &object) == CKR_OK) {
		FUZZ_CHECK (object != CK_INVALID_HANDLE);
		ask (object, template, count);
		p11->C_SetAttributeValue (session, object, template, count);
		ask (object, template, count);
		if (p11->C_CopyObject (session, object, template, count, &copy) == CKR_OK)
			ask (copy, template, count);
		destroy (object);
		if (p11->C_CreateObject (session, template, count, &object) == CKR_OK)
			use (object, size);
	}
	while (count-- > 0)
		free (template[count].pValue);
	return 0;
}
