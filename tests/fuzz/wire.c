/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames of the keystore's protocol: what is parsed can be built again, and is parsed as the same. */
#include <config.h>

#include "keystore/wire/limits.h"
#include "keystore/wire/message.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	static uint8_t frame[WIRE_FRAME_MAX], again[WIRE_FRAME_MAX];
	WireHeader header, second_header;
	WireMessage message, second;
	size_t length, second_length;

	memset (&message, 0, sizeof message);
	memset (&second, 0, sizeof second);
	if (!wire_parse (data, size, &header, &message))
		return 0;
	length = wire_build (frame, sizeof frame, &header, &message);
	FUZZ_CHECK (length > 0 && length <= size);
	FUZZ_CHECK (wire_parse (frame, length, &second_header, &second));
	second_length = wire_build (again, sizeof again, &second_header, &second);
	FUZZ_CHECK (second_length == length && memcmp (frame, again, length) == 0);
	return 0;
}
