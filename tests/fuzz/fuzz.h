/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A fuzz target is one function from bytes to nothing, in a file of its own. Two programs are made of
 * it: with libFuzzer (--enable-fuzzing, `make fuzz`), and with replay.c, which gives it the lines of
 * NAME.seeds and mutations of them (`make check`). Both pass copies that end where the sanitizers look.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/** What must hold for every input. Not assert(): it stays in every build. */
#define FUZZ_CHECK(condition)                                                                      \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort ();                                                                  \
	} while (0)
