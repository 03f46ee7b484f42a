/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See process.h. */
#include <config.h>

#include "module/process.h"

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_BYTES 4096 /* MADV_WIPEONFORK works on whole pages; larger ones are rounded up */
#define RUNNING (UINT64_C (1) << 63)

static uint64_t *mark;       /* atomic pointer to the wiped page; its word is atomic as well */
static uint64_t last_number; /* atomic: of this process or one of its ancestors */

static bool
make_mark (void)
{
	void *page =
		mmap (NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t *none = NULL;

	if (page == MAP_FAILED)
		return false;
	if (madvise (page, PAGE_BYTES, MADV_WIPEONFORK) != 0 ||
	    !__atomic_compare_exchange_n (&mark, &none, page, false, __ATOMIC_ACQ_REL,
					  __ATOMIC_ACQUIRE)) {
		munmap (page, PAGE_BYTES);
		return none != NULL;
	}
	return true;
}

/* A number that no ancestor of this process had: from the page, or without one the process id. */
static uint64_t
process_number (void)
{
	uint64_t *page = __atomic_load_n (&mark, __ATOMIC_ACQUIRE);
	uint64_t number, fresh;

	if (page == NULL && !make_mark ())
		return (uint64_t)getpid ();
	page = __atomic_load_n (&mark, __ATOMIC_ACQUIRE);
	number = __atomic_load_n (page, __ATOMIC_ACQUIRE);
	if (number != 0)
		return number;
	fresh = __atomic_add_fetch (&last_number, 1, __ATOMIC_ACQ_REL);
	if (__atomic_compare_exchange_n (page, &number, fresh, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		return fresh;
	return number;
}

void
mod_process_once (ModOnce *once, void (*renew) (void))
{
	uint64_t number = process_number ();
	uint64_t done = __atomic_load_n (&once->done, __ATOMIC_ACQUIRE);

	while (done != number) {
		/* a mark of RUNNING that an ancestor left is not this process's */
		if (done == (number | RUNNING)) {
			sched_yield ();
			done = __atomic_load_n (&once->done, __ATOMIC_ACQUIRE);
			continue;
		}
		if (!__atomic_compare_exchange_n (&once->done, &done, number | RUNNING, false,
						  __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			continue;
		renew ();
		__atomic_store_n (&once->done, number, __ATOMIC_RELEASE);
		return;
	}
}
