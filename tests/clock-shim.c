/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A wall clock of the test's own for programs that are not changed: LD_PRELOAD=clock-shim.so, and
 * CLOCK_SHIM=FILE whose first 8 bytes are the offset in seconds (int64). The file may change at any time: that
 * is a step. A timer that wants to hear of steps looks every 200 ms.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset_s;

__attribute__ ((constructor)) static void
map_offset (void)
{
	const char *path = getenv ("CLOCK_SHIM");
	int fd = path != NULL ? open (path, O_RDONLY | O_CLOEXEC) : -1;
	void *mapped = fd >= 0 ? mmap (NULL, sizeof (int64_t), PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

	if (fd >= 0)
		close (fd);
	if (mapped != MAP_FAILED)
		offset_s = mapped;
}

static int64_t
offset (void)
{
	return offset_s != NULL ? *offset_s : 0;
}

int
clock_gettime (clockid_t clock, struct timespec *now)
{
	static int (*real) (clockid_t, struct timespec *);
	int result;

	if (real == NULL)
		real = (int (*) (clockid_t, struct timespec *)) dlsym (RTLD_NEXT, "clock_gettime");
	result = real (clock, now);
	if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		now->tv_sec += offset ();
	return result;
}

int
gettimeofday (struct timeval *restrict now, void *restrict zone)
{
	struct timespec time;
	int result = clock_gettime (CLOCK_REALTIME, &time);

	now->tv_sec = time.tv_sec;
	now->tv_usec = time.tv_nsec / 1000;
	return result;
}

time_t
time (time_t *copy)
{
	struct timespec now = {0};

	clock_gettime (CLOCK_REALTIME, &now);
	if (copy != NULL)
		*copy = now.tv_sec;
	return now.tv_sec;
}

int
timerfd_settime (int fd, int flags, const struct itimerspec *new, struct itimerspec *old)
{
	static int (*real) (int, int, const struct itimerspec *, struct itimerspec *);
	const struct itimerspec soon = {.it_value = {0, 200000000}};

	if (real == NULL)
		real = (int (*) (int, int, const struct itimerspec *, struct itimerspec *)) dlsym (
			RTLD_NEXT, "timerfd_settime");
	if (flags & TFD_TIMER_CANCEL_ON_SET)
		return real (fd, 0, &soon, old);
	return real (fd, flags, new, old);
}
