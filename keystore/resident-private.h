/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For operate.c and resident.c: what a key is made of.
 */
#pragma once

#include "keystore/resident.h"

#define KS_KEY_CONTEXTS 4

/**
 * KsKey:
 * @pkey: (nullable): the key itself; %NULL when it stays on the token
 * @secret: (nullable): a symmetric key's bytes
 * @pool: prepared signature contexts by kind (operate-memory.c), each used by one thread at a time
 */
struct _KsKey {
	gatomicrefcount refs;
	KsKeyType type;
	guint bits; /* RSA */
	guint8 key_id[KS_KEY_ID_LEN];
	KsToken *token;
	EVP_PKEY *pkey;
	KsSecret *secret;
	EVP_PKEY_CTX *pool[KS_KEY_CONTEXTS]; /* atomic pointers */
};
