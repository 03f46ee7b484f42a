/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Preloaded by the tests of a build with ThreadSanitizer: GLib's locks are made of futexes in a library that is not
 * instrumented, so that the sanitizer does not see what they order. Each lock here says it in addition.
 */
#include <dlfcn.h>
#include <glib.h>
#include <sanitizer/tsan_interface.h>

#define EXPORTED __attribute__ ((visibility ("default")))

/* The next definition of the function that this is in. */
#define NEXT(type) ((type) dlsym (RTLD_NEXT, __func__))

typedef void (*Function) (void *);

#define TAKES(name, type)                                                                          \
	EXPORTED void name (type *lock)                                                            \
	{                                                                                          \
		NEXT (Function) (lock);                                                            \
		__tsan_acquire (lock);                                                             \
	}

#define GIVES(name, type)                                                                          \
	EXPORTED void name (type *lock)                                                            \
	{                                                                                          \
		__tsan_release (lock);                                                             \
		NEXT (Function) (lock);                                                            \
	}

TAKES (g_mutex_lock, GMutex)
GIVES (g_mutex_unlock, GMutex)
TAKES (g_rw_lock_writer_lock, GRWLock)
GIVES (g_rw_lock_writer_unlock, GRWLock)
TAKES (g_rw_lock_reader_lock, GRWLock)
GIVES (g_rw_lock_reader_unlock, GRWLock)

EXPORTED void
g_cond_wait (GCond *cond, GMutex *mutex)
{
	__tsan_release (mutex);
	NEXT (void (*) (GCond *, GMutex *)) (cond, mutex);
	__tsan_acquire (mutex);
}

EXPORTED gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
	gboolean woken;

	__tsan_release (mutex);
	woken = NEXT (gboolean (*) (GCond *, GMutex *, gint64)) (cond, mutex, end_time);
	__tsan_acquire (mutex);
	return woken;
}

EXPORTED gboolean
(g_atomic_ref_count_dec) (gatomicrefcount *count)
{
	gboolean last;

	__tsan_release (count);
	last = NEXT (gboolean (*) (gatomicrefcount *)) (count);
	if (last)
		__tsan_acquire (count);
	return last;
}

EXPORTED void
(g_once_init_leave) (volatile void *location, gsize result)
{
	__tsan_release ((void *) location);
	NEXT (void (*) (volatile void *, gsize)) (location, result);
}
