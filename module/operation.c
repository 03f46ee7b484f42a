/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See operation.h. */
#include <config.h>

#include "module/operation.h"

#include "module/attributes.h"
#include "module/client.h"
#include "module/trace.h"

#include <stdlib.h>
#include <string.h>

#define CURVE_BYTES_MAX 66 /* P-521 */
#define ED25519_SIGNATURE_LEN 64

static const struct {
	CK_FLAGS flag;
	CK_OBJECT_CLASS class;
	CK_ATTRIBUTE_TYPE permission;
	uint32_t message;
	uint32_t secret_use; /* of a WireSecretUse */
} uses[] = {
	[MOD_USE_SIGN] = {CKF_SIGN, CKO_PRIVATE_KEY, CKA_SIGN, WIRE_MSG_SIGN, 0},
	[MOD_USE_VERIFY] = {CKF_VERIFY, CKO_PUBLIC_KEY, CKA_VERIFY, WIRE_MSG_VERIFY, 0},
	[MOD_USE_ENCRYPT] = {CKF_ENCRYPT, CKO_PUBLIC_KEY, CKA_ENCRYPT, WIRE_MSG_ENCRYPT,
			     WIRE_USE_ENCRYPT},
	[MOD_USE_DECRYPT] = {CKF_DECRYPT, CKO_PRIVATE_KEY, CKA_DECRYPT, WIRE_MSG_DECRYPT,
			     WIRE_USE_DECRYPT},
	[MOD_USE_DERIVE] = {CKF_DERIVE, CKO_PRIVATE_KEY, CKA_DERIVE, WIRE_MSG_DERIVE,
			    WIRE_USE_DERIVE},
	[MOD_USE_WRAP] = {CKF_WRAP, CKO_SECRET_KEY, CKA_WRAP, 0, WIRE_USE_WRAP},
	[MOD_USE_UNWRAP] = {CKF_UNWRAP, CKO_SECRET_KEY, CKA_UNWRAP, 0, WIRE_USE_UNWRAP},
};

CK_FLAGS
mod_operation_flag (ModUse use)
{
	return uses[use].flag;
}

static bool
mechanism_is_allowed (const ModObject *key, const ModMechanism *mechanism)
{
	WireAttribute allowed;

	if (!mod_object_attribute (key, CKA_ALLOWED_MECHANISMS, &allowed) ||
	    allowed.kind != WIRE_ATTR_ULONG_ARRAY)
		return true;
	for (size_t i = 0; i < mod_attribute_count (&allowed); i++) {
		if (mod_attribute_number (&allowed, i) == mechanism->type)
			return true;
	}
	return false;
}

/* The keystore knows its own keys by number; others travel with the request. */
static void
name_key (const ModObject *key, CK_KEY_TYPE key_type, ModRequest *request)
{
	WireAttribute a, b;
	bool rsa = key_type == CKK_RSA;

	if (key->own == NULL) {
		request->operate.key = request->secret.key = key->record.handle;
		return;
	}
	request->operate.key_type = (uint32_t)key_type;
	if (mod_object_attribute (key, rsa ? CKA_MODULUS : CKA_EC_PARAMS, &a))
		request->operate.public_a = (WireBytes){a.data, a.len};
	if (mod_object_attribute (key, rsa ? CKA_PUBLIC_EXPONENT : CKA_EC_POINT, &b))
		request->operate.public_b = (WireBytes){b.data, b.len};
}

/* Class, type and permissions of the key. Secret keys of a session are for the program to use. */
static CK_RV
check_key (const ModObject *key, ModUse use, const ModMechanism *mechanism)
{
	CK_KEY_TYPE type = mod_object_number (key, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION);
	bool secret = mod_mechanism_is_secret (mechanism);
	CK_OBJECT_CLASS class = secret ? CKO_SECRET_KEY : uses[use].class;

	if (type == CK_UNAVAILABLE_INFORMATION)
		return CKR_KEY_HANDLE_INVALID; /* of something that is no key */
	if (mod_object_number (key, CKA_CLASS, CK_UNAVAILABLE_INFORMATION) != class ||
	    !mod_mechanism_takes (mechanism, type))
		return CKR_KEY_TYPE_INCONSISTENT;
	if (!mod_object_flag (key, uses[use].permission) || (secret && key->own != NULL))
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	return mechanism_is_allowed (key, mechanism) ? CKR_OK : CKR_MECHANISM_INVALID;
}

CK_RV
mod_operation_prepare (ModUse use,
		       const CK_MECHANISM *given,
		       CK_OBJECT_HANDLE key,
		       ModObject *object,
		       ModRequest *request)
{
	const ModMechanism *mechanism = mod_mechanism_find (given->mechanism);
	CK_RV rv;

	memset (request, 0, sizeof *request);
	if (mechanism == NULL || (mechanism->info.flags & uses[use].flag) == 0)
		return CKR_MECHANISM_INVALID;
	if (given->pParameter == NULL && given->ulParameterLen != 0)
		return CKR_MECHANISM_PARAM_INVALID;
	if (mod_object_get (key, object) != CKR_OK)
		return CKR_KEY_HANDLE_INVALID;
	rv = check_key (object, use, mechanism);
	if (rv != CKR_OK)
		return rv;
	name_key (object, mechanism->key_type, request);
	request->secret.use = uses[use].secret_use;
	return mod_mechanism_parameters (mechanism, given, request);
}

static CK_ULONG
modulus_len (const ModObject *key)
{
	WireAttribute modulus;
	size_t zeros = 0;

	if (!mod_object_attribute (key, CKA_MODULUS, &modulus))
		return WIRE_SIGNATURE_MAX;
	while (zeros < modulus.len && modulus.data[zeros] == 0)
		zeros++;
	return modulus.len - zeros;
}

/* r || s, by the curve's name. */
static CK_ULONG
ecdsa_len (const ModObject *key)
{
	static const struct {
		uint8_t der[10];
		size_t der_len;
		CK_ULONG field_len;
	} curves[] = {
		{{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}, 10, 32},
		{{0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22}, 7, 48},
		{{0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23}, 7, 66},
	};
	WireAttribute params;

	if (!mod_object_attribute (key, CKA_EC_PARAMS, &params))
		return 2 * CURVE_BYTES_MAX;
	for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++) {
		if (params.len == curves[i].der_len &&
		    memcmp (params.data, curves[i].der, params.len) == 0)
			return 2 * curves[i].field_len;
	}
	return 2 * CURVE_BYTES_MAX;
}

static CK_ULONG
output_len_of (const ModObject *key, const ModMechanism *mechanism)
{
	switch (mechanism->key_type) {
	case CKK_RSA:
		return modulus_len (key);
	case CKK_EC:
		return ecdsa_len (key);
	case CKK_GENERIC_SECRET:
		return mechanism->hash == CKM_SHA256 ? 32 : mechanism->hash == CKM_SHA384 ? 48 : 64;
	default:
		return ED25519_SIGNATURE_LEN;
	}
}

static uint8_t *
move_bytes (WireBytes *bytes, uint8_t *to)
{
	if (bytes->len > 0)
		memcpy (to, bytes->data, bytes->len);
	bytes->data = to;
	return to + bytes->len;
}

/* The caller's and the object's memory may be gone when the request is sent. */
static bool
own_bytes (ModOperation *operation)
{
	WireOperate *operate = &operation->request.operate;
	WireSecretUse *secret = &operation->request.secret;
	size_t len = operate->public_a.len + operate->public_b.len + operate->param.len +
		     secret->first.len + secret->second.len;
	uint8_t *place;

	if (len == 0)
		return true;
	operation->owned = place = malloc (len);
	if (place == NULL)
		return false;
	place = move_bytes (&operate->public_a, place);
	place = move_bytes (&operate->public_b, place);
	place = move_bytes (&operate->param, place);
	place = move_bytes (&secret->first, place);
	move_bytes (&secret->second, place);
	return true;
}

CK_RV
mod_operation_begin (ModOperation *operation,
		     ModUse use,
		     const CK_MECHANISM *given,
		     CK_OBJECT_HANDLE key)
{
	MOD_OBJECT object = {0};
	CK_RV rv;

	if (given == NULL && operation->mechanism == NULL)
		return CKR_ARGUMENTS_BAD;
	if (given == NULL) {
		mod_operation_end (operation);
		return CKR_OK;
	}
	if (operation->mechanism != NULL)
		return CKR_OPERATION_ACTIVE;
	rv = mod_operation_prepare (use, given, key, &object, &operation->request);
	if (rv != CKR_OK) {
		mod_trace ("init of use %d, mechanism 0x%lx: 0x%lx", use, given->mechanism, rv);
		return rv;
	}
	if (!own_bytes (operation))
		return CKR_HOST_MEMORY;
	operation->mechanism = mod_mechanism_find (given->mechanism);
	operation->output_len = output_len_of (&object, operation->mechanism);
	return CKR_OK;
}

void
mod_operation_end (ModOperation *operation)
{
	if (operation->data != NULL)
		explicit_bzero (operation->data, operation->data_len);
	free (operation->data);
	free (operation->owned);
	memset (operation, 0, sizeof *operation);
}

static bool
grow (ModOperation *operation, size_t needed)
{
	size_t size = operation->data_size > 0 ? operation->data_size : 1024;
	uint8_t *data;

	if (needed <= operation->data_size)
		return true;
	while (size < needed)
		size *= 2;
	/* not realloc: what it leaves behind is not wiped */
	data = malloc (size);
	if (data == NULL)
		return false;
	if (operation->data != NULL) {
		memcpy (data, operation->data, operation->data_len);
		explicit_bzero (operation->data, operation->data_len);
		free (operation->data);
	}
	operation->data = data;
	operation->data_size = size;
	return true;
}

CK_RV
mod_operation_append (ModOperation *operation, const uint8_t *part, CK_ULONG part_len)
{
	CK_RV rv = CKR_OK;

	if (operation->mechanism == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (part == NULL && part_len != 0)
		rv = CKR_ARGUMENTS_BAD;
	else if (part_len > WIRE_DATA_FD_MAX - operation->data_len)
		rv = CKR_DATA_LEN_RANGE;
	else if (!grow (operation, operation->data_len + part_len))
		rv = CKR_HOST_MEMORY;
	if (rv != CKR_OK) {
		mod_operation_end (operation);
		return rv;
	}
	if (part_len > 0)
		memcpy (operation->data + operation->data_len, part, part_len);
	operation->data_len += part_len;
	operation->parts = true;
	return CKR_OK;
}

/* The lengths of authenticated encryption are known: the answer goes where it belongs. */
static CK_RV
run_secret (ModOperation *operation, uint8_t *output, CK_ULONG_PTR output_len)
{
	size_t len = *output_len;
	CK_RV rv =
		mod_client_operate (WIRE_MSG_SECRET_USE, &operation->request.secret, output, &len);

	if (rv == CKR_OK)
		*output_len = len;
	return rv == CKR_BUFFER_TOO_SMALL ? CKR_DEVICE_ERROR : rv;
}

/* Else a plain text's length is not known before: it is decrypted, and again when its buffer was
 * small. */
static CK_RV
run_key (ModOperation *operation, ModUse use, uint8_t *output, CK_ULONG_PTR output_len)
{
	uint8_t result[WIRE_SIGNATURE_MAX];
	size_t result_len = sizeof result;
	CK_RV rv = mod_client_operate (uses[use].message, &operation->request.operate, result,
				       &result_len);

	if (rv != CKR_OK)
		return rv == CKR_BUFFER_TOO_SMALL ? CKR_DEVICE_ERROR : rv;
	if (output_len != NULL) {
		rv = result_len > *output_len ? CKR_BUFFER_TOO_SMALL : CKR_OK;
		*output_len = result_len;
		if (rv == CKR_OK && result_len > 0)
			memcpy (output, result, result_len);
	}
	explicit_bzero (result, result_len);
	return rv;
}

static CK_RV
run (ModOperation *operation, ModUse use, WireBytes data, uint8_t *output, CK_ULONG_PTR output_len)
{
	bool hashed = use == MOD_USE_SIGN || use == MOD_USE_VERIFY;
	CK_RV rv;

	/* only what is hashed may be longer than a frame */
	if (!hashed && data.len > WIRE_DATA_MAX)
		return use == MOD_USE_ENCRYPT ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE;
	operation->request.operate.data = operation->request.secret.data = data;
	rv = operation->mechanism->by_secret_use ? run_secret (operation, output, output_len)
						 : run_key (operation, use, output, output_len);
	if (rv != CKR_OK)
		mod_trace ("use %d: 0x%lx", use, rv);
	return rv;
}

static CK_ULONG
needed_len (const ModOperation *operation, ModUse use, CK_ULONG data_len)
{
	CK_ULONG tag_len = operation->request.secret.number;

	if (!operation->mechanism->by_secret_use)
		return operation->output_len;
	if (use == MOD_USE_ENCRYPT)
		return data_len + tag_len;
	return data_len > tag_len ? data_len - tag_len : 0;
}

CK_RV
mod_operation_finish (ModOperation *operation,
		      ModUse use,
		      const uint8_t *data,
		      CK_ULONG data_len,
		      uint8_t *output,
		      CK_ULONG_PTR output_len)
{
	bool exact = use != MOD_USE_DECRYPT || operation->mechanism->by_secret_use;
	WireBytes input = data != NULL ? (WireBytes){data, data_len}
				       : (WireBytes){operation->data, operation->data_len};
	CK_ULONG needed = needed_len (operation, use, input.len);
	CK_RV rv;

	if (output_len != NULL && output == NULL) {
		*output_len = needed;
		return CKR_OK;
	}
	if (output_len != NULL && exact && *output_len < needed) {
		*output_len = needed;
		return CKR_BUFFER_TOO_SMALL;
	}
	rv = run (operation, use, input, output, output_len);
	if (rv != CKR_BUFFER_TOO_SMALL)
		mod_operation_end (operation);
	return rv;
}

CK_RV
mod_operation_check (ModOperation *operation,
		     const void *data,
		     CK_ULONG data_len,
		     const CK_ULONG *output_len)
{
	CK_RV rv = CKR_OK;

	if (operation->mechanism == NULL || operation->parts)
		rv = CKR_OPERATION_NOT_INITIALIZED;
	else if (output_len == NULL || (data == NULL && data_len != 0))
		rv = CKR_ARGUMENTS_BAD;
	if (rv != CKR_OK)
		mod_operation_end (operation);
	return rv;
}

CK_RV
mod_operation_check_final (ModOperation *operation, const CK_ULONG *output_len)
{
	if (operation->mechanism == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (output_len != NULL)
		return CKR_OK;
	mod_operation_end (operation);
	return CKR_ARGUMENTS_BAD;
}
