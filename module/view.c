/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See view.h. */
#include <config.h>

#include "module/view.h"

#include "keystore/wire/limits.h"
#include "module/client.h"
#include "module/trace.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECK_MS 100 /* so often it is looked whether the page's keystore still runs */

static struct {
	pthread_mutex_t lock;  /* never held over a request */
	pthread_mutex_t fetch; /* one thread asks the keystore, others wait for what it gets */
	ModView *current;
	ModView *previous;
	int64_t checked_ms;
} views = {.lock = PTHREAD_MUTEX_INITIALIZER, .fetch = PTHREAD_MUTEX_INITIALIZER};

void
mod_view_renew (void)
{
	static const pthread_mutex_t unlocked = PTHREAD_MUTEX_INITIALIZER;

	memcpy (&views.lock, &unlocked, sizeof unlocked);
	memcpy (&views.fetch, &unlocked, sizeof unlocked);
	views.checked_ms = 0;
}

static void
unmap (ModView *view)
{
	munmap ((void *)view->snapshot.map, view->snapshot.size);
	munmap ((void *)view->page, WIRE_PAGE_SIZE);
	free (view);
}

void
mod_view_unref (ModView *view)
{
	bool last;

	if (view == NULL)
		return;
	pthread_mutex_lock (&views.lock);
	last = --view->refs == 0;
	pthread_mutex_unlock (&views.lock);
	if (last)
		unmap (view);
}

/* Without the seals a map could shrink under its reader, and kill it. */
static const void *
map_file (int fd, uint64_t size)
{
	int seals = fcntl (fd, F_GET_SEALS);
	struct stat file;
	void *map;

	if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || fstat (fd, &file) != 0 || size == 0 ||
	    size > WIRE_SNAPSHOT_MAX || (uint64_t)file.st_size < size)
		return NULL;
	map = mmap (NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0);
	return map == MAP_FAILED ? NULL : map;
}

static bool
map_view (ModView *view, const ModClientView *answer)
{
	const void *page = map_file (answer->page_fd, WIRE_PAGE_SIZE);
	const void *map = map_file (answer->snapshot_fd, answer->size);

	view->page = page;
	view->instance = answer->instance;
	if (page != NULL && map != NULL && view->page->magic == WIRE_PAGE_MAGIC &&
	    wire_snapshot_open (&view->snapshot, map, (size_t)answer->size))
		return true;
	if (page != NULL)
		munmap ((void *)page, WIRE_PAGE_SIZE);
	if (map != NULL)
		munmap ((void *)map, (size_t)answer->size);
	return false;
}

/* (transfer full) (nullable) */
static ModView *
fetch_view (void)
{
	ModView *view = calloc (1, sizeof *view);
	ModClientView answer;
	CK_RV rv;

	if (view == NULL)
		return NULL;
	mod_ids_read (&view->ids);
	rv = mod_client_view (WIRE_FIND_WAIT_MS, &answer);
	if (rv == CKR_OK) {
		if (!map_view (view, &answer))
			rv = CKR_DEVICE_ERROR;
		close (answer.snapshot_fd);
		close (answer.page_fd);
	}
	if (rv != CKR_OK) {
		mod_trace ("no view: 0x%lx", rv);
		free (view);
		return NULL;
	}
	mod_trace ("view %u: %u objects", view->snapshot.generation, view->snapshot.n_objects);
	view->refs = 1;
	return view;
}

/* The view, with a reference, if it is known to be the newest. */
static ModView *
take_if_fresh (void)
{
	ModView *view;
	ModIds ids;
	bool check;

	pthread_mutex_lock (&views.lock);
	view = views.current;
	if (view != NULL && wire_page_generation (view->page) != view->snapshot.generation)
		view = NULL;
	check = view != NULL && mod_now_ms () - views.checked_ms >= CHECK_MS;
	if (view != NULL)
		view->refs++;
	pthread_mutex_unlock (&views.lock);
	if (!check)
		return view;
	/* a killed keystore leaves its page as it was, and other users see other objects */
	mod_ids_read (&ids);
	if (!mod_ids_equal (&ids, &view->ids) || !mod_client_sees (view->instance)) {
		mod_view_unref (view);
		return NULL;
	}
	pthread_mutex_lock (&views.lock);
	views.checked_ms = mod_now_ms ();
	pthread_mutex_unlock (&views.lock);
	return view;
}

/* Makes @view the current one; the one before it stays for programs that hold its handles. */
static void
replace_current (ModView *view)
{
	ModView *oldest;

	pthread_mutex_lock (&views.lock);
	oldest = views.previous;
	views.previous = views.current;
	views.current = view;
	views.checked_ms = mod_now_ms ();
	pthread_mutex_unlock (&views.lock);
	mod_view_unref (oldest);
}

static ModView *
take_current (void)
{
	ModView *view;

	pthread_mutex_lock (&views.lock);
	view = views.current;
	if (view != NULL)
		view->refs++;
	pthread_mutex_unlock (&views.lock);
	return view;
}

ModView *
mod_view_newest (void)
{
	ModView *view = take_if_fresh ();
	ModView *fetched;

	if (view != NULL)
		return view;
	pthread_mutex_lock (&views.fetch);
	view = take_if_fresh ();
	if (view == NULL) {
		fetched = fetch_view ();
		if (fetched != NULL)
			replace_current (fetched);
		view = take_current ();
	}
	pthread_mutex_unlock (&views.fetch);
	return view;
}

static ModView *
find_with (uint32_t handle, uint32_t *index)
{
	ModView *found = NULL;

	pthread_mutex_lock (&views.lock);
	for (int i = 0; i < 2 && found == NULL; i++) {
		ModView *view = i == 0 ? views.current : views.previous;

		if (view == NULL)
			continue;
		*index = wire_snapshot_find_handle (&view->snapshot, handle);
		if (*index != WIRE_NONE)
			found = view;
	}
	if (found != NULL)
		found->refs++;
	pthread_mutex_unlock (&views.lock);
	return found;
}

ModView *
mod_view_with (CK_OBJECT_HANDLE handle, uint32_t *index)
{
	ModView *found;

	if (handle > UINT32_MAX)
		return NULL;
	found = find_with ((uint32_t)handle, index);
	if (found != NULL)
		return found;
	/* numbers are permanent: a program may have this one from before C_Finalize */
	mod_view_unref (mod_view_newest ());
	return find_with ((uint32_t)handle, index);
}

void
mod_view_forget (void)
{
	ModView *current, *previous;

	pthread_mutex_lock (&views.lock);
	current = views.current;
	previous = views.previous;
	views.current = views.previous = NULL;
	pthread_mutex_unlock (&views.lock);
	mod_view_unref (current);
	mod_view_unref (previous);
}
