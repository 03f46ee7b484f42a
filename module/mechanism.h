/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The token's mechanisms: asymmetric ones only, since programs would send every digest and TLS
 * secret to a token that lists those. Also how their parameters go into a request.
 */
#pragma once

#include "keystore/wire/message.h"
#include "module/pkcs11.h"

typedef struct ModMechanism ModMechanism;

/** What mod_mechanism_parameters() takes out of a CK_MECHANISM. */
struct ModMechanism {
	CK_MECHANISM_TYPE type;
	CK_KEY_TYPE key_type;
	CK_MECHANISM_INFO info;
	CK_MECHANISM_TYPE hash; /* of hashed forms; 0: the input is what is signed */
	CK_RV (*read_parameters) (const ModMechanism *, const CK_MECHANISM *, WireOperate *);
};

extern const ModMechanism mod_mechanisms[];
extern const CK_ULONG mod_n_mechanisms;

/** (nullable) */
const ModMechanism *mod_mechanism_find (CK_MECHANISM_TYPE type);

/**
 * mod_mechanism_parameters:
 * Sets mechanism, hash, mgf, salt_len, param and data (ECDH) of @request; byte strings point into
 * @given.
 *
 * Returns: CKR_OK or CKR_MECHANISM_PARAM_INVALID
 */
CK_RV mod_mechanism_parameters (const ModMechanism *mechanism,
				const CK_MECHANISM *given,
				WireOperate *request);
