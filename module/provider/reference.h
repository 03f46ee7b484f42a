/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reference that stands for a pre-shared key, and what of it reaches a TLS key derivation: the
 * only parser of both. Strict: what is a reference in part is malformed, never an ordinary secret.
 * Pure, libc only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MOD_REFERENCE_LABEL "pskref1:"
#define MOD_REFERENCE_LABEL_LEN 8
#define MOD_REFERENCE_ID_LEN 24 /* base64url characters: 18 random bytes */
#define MOD_REFERENCE_LEN (MOD_REFERENCE_LABEL_LEN + MOD_REFERENCE_ID_LEN)
#define MOD_REFERENCE_PREMASTER_MAX (2 + 1024 + 2 + MOD_REFERENCE_LEN)
#define MOD_REFERENCE_SEED_MAX 77 /* "master secret" and two randoms of 32 bytes */

/** Whether no byte is set; also of no bytes at all. Takes as long whatever they are. */
bool mod_reference_all_zero (const uint8_t *bytes, size_t len);

/** What a secret is. */
typedef enum {
	MOD_SECRET_ORDINARY,  /* nothing of ours: for the default implementation */
	MOD_SECRET_REFERENCE, /* a premaster whose key is a reference */
	MOD_SECRET_MALFORMED, /* has a reference where or how none may be: an error */
} ModSecretKind;

/** The premaster of a PSK cipher suite; @id and @other point into what was parsed. */
typedef struct {
	const char *id; /* MOD_REFERENCE_ID_LEN characters, no NUL */
	bool plain;     /* no (EC)DHE, no RSA: other is as many zeros as the key has bytes */
	const uint8_t *other;
	size_t other_len; /* 0 when plain, else 32..1024 */
} ModPremaster;

/**
 * mod_reference_parse_premaster:
 * @premaster: written for MOD_SECRET_REFERENCE only
 *
 * u16 n || other[n] || u16 32 || "pskref1:" and 24 characters, and not a byte more.
 *
 * Spec: RFC 4279 2
 */
ModSecretKind
mod_reference_parse_premaster (const uint8_t *secret, size_t len, ModPremaster *premaster);

/** What a reference stands for in the key schedule of TLS 1.3. */
typedef enum {
	MOD_STAND_IN_KEY = 'K',    /* the pre-shared key: the reference as the program has it */
	MOD_STAND_IN_EARLY = 'E',  /* its early secret */
	MOD_STAND_IN_BINDER = 'B', /* its binder key */
} ModStandInKind;

/**
 * One that stands where libssl keeps a secret. Derived ones are as long as the hash and made by us
 * alone: 00 "pskrf1", the kind and the 24 characters are 32 bytes, SHA-384's end with 16 zeros.
 */
typedef struct {
	ModStandInKind kind;
	char id[MOD_REFERENCE_ID_LEN]; /* no NUL */
} ModStandIn;

/**
 * mod_reference_parse_stand_in:
 * @secret: a key or salt of a derivation
 * @stand_in: written for MOD_SECRET_REFERENCE only
 *
 * Spec: RFC 8446 7.1
 */
ModSecretKind
mod_reference_parse_stand_in (const uint8_t *secret, size_t len, ModStandIn *stand_in);

/**
 * mod_reference_write_stand_in:
 * @stand_in: an early secret or binder key
 * @out: @len bytes, 32 or more
 */
void mod_reference_write_stand_in (const ModStandIn *stand_in, uint8_t *out, size_t len);

/** The label of a derivation and what follows it. */
typedef struct {
	bool extended;       /* the extended master secret */
	const uint8_t *seed; /* client_random || server_random, or the session hash */
	size_t len;
} ModSeed;

/**
 * mod_reference_parse_seed:
 * @hash_len: bytes of the PRF's hash, which are those of a session hash
 * @seed: written on true only
 *
 * The two labels whose secret is a premaster; any other is refused.
 *
 * Spec: RFC 5246 8.1, RFC 7627 4
 */
bool mod_reference_parse_seed (const uint8_t *input, size_t len, size_t hash_len, ModSeed *seed);
