/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See reference.h. Nothing here may read beyond the length it was given: the input is a peer's. */
#include <config.h>

#include "module/provider/reference.h"

#include <string.h>

#define OTHER_MIN 32
#define OTHER_MAX 1024
#define RANDOMS_LEN 64
#define MASTER_LABEL "master secret"
#define EXTENDED_LABEL "extended master secret"

/* A later version of the reference: known as one, so that it never becomes a literal key. */
#define FAMILY "pskref"
#define FAMILY_LEN 6

/* What TLS 1.3 derives from one: likewise. */
#define DERIVED_FAMILY "\0pskrf"
#define DERIVED_FAMILY_LEN 6
#define DERIVED_LABEL DERIVED_FAMILY "1"
#define DERIVED_LABEL_LEN 7 /* then the kind's letter */
#define DERIVED_LEN_MAX 48

static size_t
get_u16 (const uint8_t *bytes)
{
	return (size_t)bytes[0] << 8 | bytes[1];
}

static bool
is_base64url (const uint8_t *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t c = text[i];
		bool alphanumeric =
			(c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

		if (!alphanumeric && c != '-' && c != '_')
			return false;
	}
	return true;
}

bool
mod_reference_all_zero (const uint8_t *bytes, size_t len)
{
	uint8_t any = 0;

	for (size_t i = 0; i < len; i++)
		any |= bytes[i];
	return any == 0;
}

static bool
begins (const uint8_t *secret, size_t len, const char *with, size_t with_len)
{
	return len >= with_len && memcmp (secret, with, with_len) == 0;
}

static bool
is_reference (const uint8_t *key, size_t len)
{
	return len == MOD_REFERENCE_LEN &&
	       begins (key, len, MOD_REFERENCE_LABEL, MOD_REFERENCE_LABEL_LEN) &&
	       is_base64url (key + MOD_REFERENCE_LABEL_LEN, MOD_REFERENCE_ID_LEN);
}

/* Splits u16 n || other || u16 m || key; false when the lengths do not add up. */
static bool
split (const uint8_t *secret,
       size_t len,
       const uint8_t **other,
       size_t *other_len,
       const uint8_t **key,
       size_t *key_len)
{
	if (len < 4)
		return false;
	*other_len = get_u16 (secret);
	if (*other_len > len - 4)
		return false;
	*other = secret + 2;
	*key_len = get_u16 (*other + *other_len);
	*key = *other + *other_len + 2;
	return *key_len == len - 4 - *other_len;
}

ModSecretKind
mod_reference_parse_premaster (const uint8_t *secret, size_t len, ModPremaster *premaster)
{
	const uint8_t *other, *key;
	size_t other_len, key_len;
	bool plain;

	if (len < MOD_REFERENCE_LABEL_LEN)
		return MOD_SECRET_ORDINARY;
	if (!split (secret, len, &other, &other_len, &key, &key_len) ||
	    !begins (key, key_len, FAMILY, FAMILY_LEN))
		return memmem (secret, len, MOD_REFERENCE_LABEL, MOD_REFERENCE_LABEL_LEN)
			       ? MOD_SECRET_MALFORMED
			       : MOD_SECRET_ORDINARY;
	if (!is_reference (key, key_len))
		return MOD_SECRET_MALFORMED;
	if (other_len < OTHER_MIN || other_len > OTHER_MAX)
		return MOD_SECRET_MALFORMED;
	/* Plain PSK: libssl writes as many zeros as it believes the key to have. */
	plain = other_len == MOD_REFERENCE_LEN && mod_reference_all_zero (other, other_len);
	*premaster = (ModPremaster){
		.id = (const char *)key + MOD_REFERENCE_LABEL_LEN,
		.plain = plain,
		.other = other,
		.other_len = plain ? 0 : other_len,
	};
	return MOD_SECRET_REFERENCE;
}

static bool
has_label (const uint8_t *input, size_t len, const char *label, size_t rest)
{
	size_t label_len = strlen (label);

	return len == label_len + rest && memcmp (input, label, label_len) == 0;
}

bool
mod_reference_parse_seed (const uint8_t *input, size_t len, size_t hash_len, ModSeed *seed)
{
	bool extended = has_label (input, len, EXTENDED_LABEL, hash_len);
	size_t rest = extended ? hash_len : RANDOMS_LEN;

	if (!extended && !has_label (input, len, MASTER_LABEL, RANDOMS_LEN))
		return false;
	*seed = (ModSeed){.extended = extended, .seed = input + len - rest, .len = rest};
	return true;
}

static bool
is_derived (const uint8_t *secret, size_t len)
{
	const uint8_t *id = secret + DERIVED_LABEL_LEN + 1;

	return (len == MOD_REFERENCE_LEN || len == DERIVED_LEN_MAX) &&
	       begins (secret, len, DERIVED_LABEL, DERIVED_LABEL_LEN) &&
	       (id[-1] == MOD_STAND_IN_EARLY || id[-1] == MOD_STAND_IN_BINDER) &&
	       is_base64url (id, MOD_REFERENCE_ID_LEN) &&
	       mod_reference_all_zero (secret + MOD_REFERENCE_LEN, len - MOD_REFERENCE_LEN);
}

ModSecretKind
mod_reference_parse_stand_in (const uint8_t *secret, size_t len, ModStandIn *stand_in)
{
	bool key = begins (secret, len, FAMILY, FAMILY_LEN);
	bool derived = begins (secret, len, DERIVED_FAMILY, DERIVED_FAMILY_LEN);

	if (!key && !derived)
		return MOD_SECRET_ORDINARY;
	if (key ? !is_reference (secret, len) : !is_derived (secret, len))
		return MOD_SECRET_MALFORMED;
	stand_in->kind = key ? MOD_STAND_IN_KEY : (ModStandInKind)secret[DERIVED_LABEL_LEN];
	memcpy (stand_in->id, secret + MOD_REFERENCE_LEN - MOD_REFERENCE_ID_LEN,
		MOD_REFERENCE_ID_LEN);
	return MOD_SECRET_REFERENCE;
}

void
mod_reference_write_stand_in (const ModStandIn *stand_in, uint8_t *out, size_t len)
{
	memset (out, 0, len);
	memcpy (out, DERIVED_LABEL, DERIVED_LABEL_LEN);
	out[DERIVED_LABEL_LEN] = (uint8_t)stand_in->kind;
	memcpy (out + DERIVED_LABEL_LEN + 1, stand_in->id, MOD_REFERENCE_ID_LEN);
}
