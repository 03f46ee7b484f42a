/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A snapshot from a keystore that cannot be trusted: no offset of it leads outside of the map. */
#include <config.h>

#include "keystore/wire/snapshot.h"
#include "module/pkcs11.h"
#include "tests/fuzz/fuzz.h"

static unsigned sum;

static void
touch (const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		sum += bytes[i];
}

static void
look_at (const WireSnapshot *snapshot, uint32_t index)
{
	static const uint32_t types[] = {CKA_CLASS, CKA_ID,    CKA_LABEL,
					 CKA_VALUE, CKA_TOKEN, CKA_ALLOWED_MECHANISMS};
	WireObject object;
	WireAttribute attribute;

	if (!wire_snapshot_object (snapshot, index, &object))
		return;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (wire_snapshot_attribute (snapshot, &object, types[i], &attribute))
			touch (attribute.data, attribute.len);
	}
	wire_snapshot_find_handle (snapshot, object.handle);
}

/* A chain of matches goes forward, so that it ends. */
static void
follow (const WireSnapshot *snapshot, const uint8_t *data, size_t size)
{
	uint32_t at = WIRE_NONE, next;

	for (; (next = wire_snapshot_find_class (snapshot, at, CKO_CERTIFICATE)) != WIRE_NONE; at = next)
		FUZZ_CHECK (at == WIRE_NONE || next > at);
	for (at = WIRE_NONE; (next = wire_snapshot_find_id (snapshot, at, data, size < 4 ? size : 4)) !=
			     WIRE_NONE;
	     at = next)
		FUZZ_CHECK (at == WIRE_NONE || next > at);
	for (at = WIRE_NONE; (next = wire_snapshot_find_label (snapshot, at, "gw1", 3)) != WIRE_NONE;
	     at = next)
		FUZZ_CHECK (at == WIRE_NONE || next > at);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	WireSnapshot snapshot;

	if (!wire_snapshot_open (&snapshot, data, size))
		return 0;
	for (uint32_t i = 0; i < snapshot.n_objects; i++)
		look_at (&snapshot, i);
	follow (&snapshot, data, size);
	return 0;
}
