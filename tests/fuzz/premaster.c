/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Secrets, seeds and salts that reach the provider's derivations: a reference is exact or refused. */
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

/* What is taken for a secret of TLS 1.3 is written the same way again. */
static void
check_stand_in (const uint8_t *data, size_t size)
{
	uint8_t again[48];
	ModStandIn stand_in;

	if (mod_reference_parse_stand_in (data, size, &stand_in) != MOD_SECRET_REFERENCE)
		return;
	FUZZ_CHECK (size == MOD_REFERENCE_LEN || size == sizeof again);
	if (stand_in.kind == MOD_STAND_IN_KEY) {
		FUZZ_CHECK (memcmp (data, MOD_REFERENCE_LABEL, MOD_REFERENCE_LABEL_LEN) == 0);
		return;
	}
	mod_reference_write_stand_in (&stand_in, again, size);
	FUZZ_CHECK (memcmp (again, data, size) == 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	ModPremaster premaster;
	ModSeed seed;

	if (mod_reference_parse_premaster (data, size, &premaster) == MOD_SECRET_REFERENCE)
		check_reference (data, size, &premaster);
	check_stand_in (data, size);
	for (size_t hash_len = 20; hash_len <= 64; hash_len += 4) {
		if (mod_reference_parse_seed (data, size, hash_len, &seed))
			FUZZ_CHECK (seed.seed > data && seed.seed + seed.len == data + size);
	}
	return 0;
}
