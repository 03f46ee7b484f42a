/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hardening at start; see hardening.h. */
#include <config.h>

#include "keystore/hardening.h"

#include "keystore/audit.h"
#include "keystore/operate.h"
#include "keystore/wire/limits.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4
#endif

static void
raise_to_hard (int resource)
{
	struct rlimit limit;

	if (getrlimit (resource, &limit) == 0 && limit.rlim_cur != limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit (resource, &limit);
	}
}

/*
 * MCL_FUTURE under a limit would make later allocations fail, and with them the process: without an
 * unlimited allowance only what is mapped now is locked. The sanitizers' shadow cannot be locked.
 */
static void
lock_memory (void)
{
#ifndef SANITIZED
	struct rlimit limit = {0};
	int flags = MCL_CURRENT | MCL_ONFAULT;

	raise_to_hard (RLIMIT_MEMLOCK);
	getrlimit (RLIMIT_MEMLOCK, &limit);
	if (limit.rlim_cur == RLIM_INFINITY || geteuid () == 0)
		flags |= MCL_FUTURE;
	if (mlockall (flags) < 0 || (flags & MCL_FUTURE) == 0)
		ks_audit (KS_EVENT_WARNING, NULL, NULL,
			  "memory is not locked, keys may reach swap: raise RLIMIT_MEMLOCK");
#endif
}

/* What a connection takes (its frames, above all) goes back to the system when it ends. Left to itself,
 * glibc would keep in the heap what was freed once: locked memory, for hundreds of connections. */
#define MAPPED_FROM (128 * 1024)

G_STATIC_ASSERT (2 * WIRE_FRAME_MAX > MAPPED_FROM);

void
ks_harden (void)
{
	const struct rlimit none = {0, 0};

	umask (077);
	signal (SIGPIPE, SIG_IGN);
	signal (SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of write(2) */
	prctl (PR_SET_DUMPABLE, 0);
	setrlimit (RLIMIT_CORE, &none);
	raise_to_hard (RLIMIT_NOFILE);
	mallopt (M_MMAP_THRESHOLD, MAPPED_FROM);
	ks_operate_init ();
	lock_memory ();
}
