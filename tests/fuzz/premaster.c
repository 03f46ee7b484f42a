/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Secrets and seeds that reach the provider's TLS1-PRF: a reference is exact or refused. */
#include <config.h>

#include "module/provider/reference.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void
check_reference (const uint8_t *data, size_t size, const ModPremaster *premaster)
{
	const uint8_t *label = (const uint8_t *)premaster->id - MOD_REFERENCE_LABEL_LEN;

	FUZZ_CHECK (size <= MOD_REFERENCE_PREMASTER_MAX);
	FUZZ_CHECK (label + MOD_REFERENCE_LEN == data + size);
	FUZZ_CHECK (memcmp (label, MOD_REFERENCE_LABEL, MOD_REFERENCE_LABEL_LEN) == 0);
	FUZZ_CHECK (memchr (premaster->id, '\0', MOD_REFERENCE_ID_LEN) == NULL);
	if (premaster->plain)
		return;
	FUZZ_CHECK (premaster->other == data + 2);
	FUZZ_CHECK (premaster->other + premaster->other_len + 2 == label);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	ModPremaster premaster;
	ModSeed seed;

	if (mod_reference_parse_premaster (data, size, &premaster) == MOD_SECRET_REFERENCE)
		check_reference (data, size, &premaster);
	FUZZ_CHECK (!mod_reference_is_key (data, size) || size >= MOD_REFERENCE_LABEL_LEN);
	for (size_t hash_len = 20; hash_len <= 64; hash_len += 4) {
		if (mod_reference_parse_seed (data, size, hash_len, &seed))
			FUZZ_CHECK (seed.seed > data && seed.seed + seed.len == data + size);
	}
	return 0;
}
