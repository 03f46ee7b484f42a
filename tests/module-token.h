/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A keystore with a key of every kind and of every usage constraint, and the module on it, with its
 * init argument. Symmetric keys have the bytes token_data.
 */
#pragma once

#include "keystore/credential.h"
#include "keystore/wire/mechanisms.h"
#include "tests/keystore-daemon.h"
#include "tests/module-fixture.h"

#define TOKEN_DATA_LEN 32

/** A kind of key, and where it is in the token. */
typedef struct {
	const char *name;
	KsKeyType type;
	guint suid;
	CK_KEY_TYPE key_type;
	guint bits;
	CK_OBJECT_HANDLE private, public; /* the same for a secret key */
} TokenKey;

enum { TOKEN_P256, TOKEN_P384, TOKEN_P521, TOKEN_RSA, TOKEN_ED, TOKEN_FREE, TOKEN_N_KEYS = 21 };

extern TokenKey token_keys[TOKEN_N_KEYS];
extern guint8 token_data[TOKEN_DATA_LEN];
extern Daemon *token_daemon;
extern CK_SESSION_HANDLE token_session;

void token_start (void);

/** token_key_of: the key of a usage constraint. */
const TokenKey *token_key_of (guint suid);

/** Room for the parameter of any mechanism. */
typedef union {
	CK_RSA_PKCS_PSS_PARAMS pss;
	CK_RSA_PKCS_OAEP_PARAMS oaep;
	CK_ECDH1_DERIVE_PARAMS ecdh;
	CK_GCM_PARAMS gcm;
	ModCcmParams ccm;
	ModHkdfParams hkdf;
	ModTls12MasterParams tls12;
	ModOneM2mParams onem2m;
} TokenParams;

/** token_mechanism: with a parameter that is right for it. The peer of an agreement is the key
 * itself. */
CK_MECHANISM token_mechanism (CK_MECHANISM_TYPE type, const TokenKey *key, TokenParams *params);
