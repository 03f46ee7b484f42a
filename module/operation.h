/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What signing, verifying, encrypting and decrypting share: the checks of an Init, the collection
 * of parts, and the one stateless request at the end. Init and length queries ask the keystore
 * nothing.
 */
#pragma once

#include "module/mechanism.h"
#include "module/object.h"

#include <stdbool.h>

typedef enum {
	MOD_USE_SIGN,
	MOD_USE_VERIFY,
	MOD_USE_ENCRYPT,
	MOD_USE_DECRYPT,
	MOD_N_USES,
	/* no operations of a session: one call */
	MOD_USE_DERIVE = MOD_N_USES,
	MOD_USE_WRAP,
	MOD_USE_UNWRAP,
} ModUse;

typedef struct {
	const ModMechanism *mechanism; /* NULL: not active */
	ModRequest request;
	CK_ULONG output_len; /* of a signature or cipher text; of a plain text at most; not AEAD */
	uint8_t *owned;      /* what the request's byte strings point to */
	bool parts;          /* an Update was called */
	uint8_t *data;       /* parts so far */
	size_t data_len, data_size;
} ModOperation;

/** CKF_SIGN and so on. */
CK_FLAGS mod_operation_flag (ModUse use);

/**
 * mod_operation_prepare:
 *
 * Checks key, mechanism and parameters and fills @request, whose byte strings point into @given and
 * @object.
 *
 * Returns: CKR_OK or what PKCS#11 names for an Init
 */
CK_RV mod_operation_prepare (ModUse use,
			     const CK_MECHANISM *given,
			     CK_OBJECT_HANDLE key,
			     ModObject *object,
			     ModRequest *request);

/** An Init: mod_operation_prepare() kept for the calls that follow. @given NULL cancels. */
CK_RV mod_operation_begin (ModOperation *operation,
			   ModUse use,
			   const CK_MECHANISM *given,
			   CK_OBJECT_HANDLE key);

void mod_operation_end (ModOperation *operation);

/** An Update without output. Ends the operation when it fails. */
CK_RV mod_operation_append (ModOperation *operation, const uint8_t *part, CK_ULONG part_len);

/**
 * mod_operation_finish:
 * @data: (nullable): all of the input, or NULL to take the parts
 *
 * Answers a length query or a small buffer without a request, else runs the request and ends.
 */
CK_RV mod_operation_finish (ModOperation *operation,
			    ModUse use,
			    const uint8_t *data,
			    CK_ULONG data_len,
			    uint8_t *output,
			    CK_ULONG_PTR output_len);

/**
 * mod_operation_check:
 * What a single-part call checks first: the operation is active, no parts were given before, the
 * arguments can be read. Else the operation ends: such a call always terminates it.
 */
CK_RV mod_operation_check (ModOperation *operation,
			   const void *data,
			   CK_ULONG data_len,
			   const CK_ULONG *output_len);

/** The same for the Final of a multi-part operation. */
CK_RV mod_operation_check_final (ModOperation *operation, const CK_ULONG *output_len);
