/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The token's mechanisms: asymmetric ones only, since programs would send every digest and TLS
 * secret to a token that lists those; with the init argument, those of symmetric keys too. Also how
 * their parameters go into a request.
 */
#pragma once

#include "keystore/wire/message.h"
#include "module/pkcs11.h"

#include <stdbool.h>

typedef struct ModMechanism ModMechanism;

/** One of the two is sent. */
typedef struct {
	WireOperate operate;
	WireSecretUse secret;
	uint8_t randoms[64]; /* of a TLS handshake */
} ModRequest;

/** What mod_mechanism_parameters() takes out of a CK_MECHANISM. */
struct ModMechanism {
	CK_MECHANISM_TYPE type;
	CK_KEY_TYPE key_type;
	CK_MECHANISM_INFO info;
	CK_MECHANISM_TYPE hash; /* of hashed forms and HMAC; 0: the input is what is signed */
	CK_RV (*read_parameters) (const ModMechanism *, const CK_MECHANISM *, ModRequest *);
	bool by_secret_use; /* the request is a WireSecretUse */
};

/** Those that C_GetMechanismList names are the first mod_mechanism_count() of the table. */
extern const ModMechanism mod_mechanisms[];
CK_ULONG mod_mechanism_count (void);

/** (nullable) */
const ModMechanism *mod_mechanism_find (CK_MECHANISM_TYPE type);

/** Whether it is one of symmetric keys. */
bool mod_mechanism_is_secret (const ModMechanism *mechanism);

/** A CKK_GENERIC_SECRET key does for AES as well. */
bool mod_mechanism_takes (const ModMechanism *mechanism, CK_KEY_TYPE key_type);

/**
 * mod_mechanism_parameters:
 * Sets mechanism, hash, mgf, salt_len, param and data (ECDH) of @request, or its other half but for
 * key, use and data; byte strings point into @given.
 *
 * Returns: CKR_OK or CKR_MECHANISM_PARAM_INVALID
 */
CK_RV mod_mechanism_parameters (const ModMechanism *mechanism,
				const CK_MECHANISM *given,
				ModRequest *request);
