/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which process this is. What the module holds is renewed on its first use in a forked child, where
 * locks may have been left held by threads that do not exist there. No fork handlers: they would
 * outlive a dlclose. A page that the kernel wipes in a child tells without a system call.
 */
#pragma once

#include <stdint.h>

/** State of something that is set up once in each process. Zero-initialised. */
typedef struct {
	uint64_t done; /* atomic */
} ModOnce;

/**
 * mod_process_once:
 * Runs @renew on the first call in a process and on the first call in each forked child. Other
 * threads wait for it. Costs two loads otherwise.
 */
void mod_process_once (ModOnce *once, void (*renew) (void));
