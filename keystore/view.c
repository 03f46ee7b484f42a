/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Snapshots and the generation page; see view.h. */
#include <config.h>

#include "keystore/view.h"

#include "keystore/attributes.h"
#include "keystore/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define SNAPSHOTS_MAX 64 /* kept at a time; one more drops all */

struct _KsView {
	KsCatalogue *catalogue;
	int page_fd;
	WirePage *page;
	GMutex lock;           /* of what follows, and of writing the page */
	GHashTable *snapshots; /* KsSnapshot.key -> KsSnapshot, all of one generation */
	guint32 generation;    /* of the snapshots */
	gboolean ended;
};

/* ---- snapshots ---- */

KsSnapshot *
ks_snapshot_ref (KsSnapshot *snapshot)
{
	g_atomic_ref_count_inc (&snapshot->refs);
	return snapshot;
}

void
ks_snapshot_unref (KsSnapshot *snapshot)
{
	if (!g_atomic_ref_count_dec (&snapshot->refs))
		return;
	close (snapshot->fd);
	g_bytes_unref (snapshot->key);
	g_free (snapshot);
}

/* Peers of one class: two bits for each credential, whether its keys are shown and what is staged. */
static GBytes *
class_of (const KsPeer *peer, const GPtrArray *credentials)
{
	gsize len = credentials->len / 4 + 1;
	guint8 *bits = g_malloc0 (len);

	for (guint i = 0; i < credentials->len; i++) {
		if (ks_policy_shows (peer, credentials->pdata[i], KS_STATE_CURRENT))
			bits[i / 4] |= (guint8)(1u << (i % 4 * 2));
		if (ks_policy_shows (peer, credentials->pdata[i], KS_STATE_STAGED))
			bits[i / 4] |= (guint8)(2u << (i % 4 * 2));
	}
	return g_bytes_new_take (bits, len);
}

static void
add_generations (WireSnapshotBuilder *builder,
		 const KsPeer *peer,
		 const GPtrArray *credentials,
		 KsState state)
{
	for (guint i = 0; i < credentials->len; i++) {
		const KsCredential *credential = credentials->pdata[i];

		if (!ks_policy_shows (peer, credential, state))
			continue;
		for (guint j = 0; j < credential->generations->len; j++) {
			const KsGeneration *generation = credential->generations->pdata[j];

			if (generation->state == state)
				ks_attributes_add_generation (builder, credential, generation);
		}
	}
}

static int
sealed_snapshot (WireSnapshotBuilder *builder, gsize *size)
{
	int fd = memfd_create ("enrolee-view", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int saved;

	if (fd < 0)
		return -1;
	*size = wire_snapshot_builder_write (builder, fd);
	if (*size > 0 &&
	    fcntl (fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0)
		return fd;
	saved = errno;
	close (fd);
	errno = saved;
	return -1;
}

/* Current generations first: whoever takes the first of several keys gets the newest. */
static KsSnapshot *
render (const KsPeer *peer, const KsCatalogueState *state, GBytes *key, GError **error)
{
	const GPtrArray *credentials = ks_catalogue_state_credentials (state);
	guint32 generation = (guint32)ks_catalogue_state_serial (state);
	WireSnapshotBuilder *builder = wire_snapshot_builder_new (generation);
	KsSnapshot *snapshot;
	gsize size = 0;
	int fd = -1;

	if (builder != NULL) {
		add_generations (builder, peer, credentials, KS_STATE_CURRENT);
		add_generations (builder, peer, credentials, KS_STATE_STAGED);
		add_generations (builder, peer, credentials, KS_STATE_RETAINED);
		fd = sealed_snapshot (builder, &size);
	}
	if (fd < 0) {
		g_set_error (error, KS_ERROR, errno == E2BIG ? KS_ERROR_LIMIT : KS_ERROR_FAILED,
			     "the view cannot be made: %s", g_strerror (errno));
		wire_snapshot_builder_free (builder);
		return NULL;
	}
	wire_snapshot_builder_free (builder);
	snapshot = g_new0 (KsSnapshot, 1);
	g_atomic_ref_count_init (&snapshot->refs);
	snapshot->key = g_bytes_ref (key);
	snapshot->fd = fd;
	snapshot->size = size;
	snapshot->generation = generation;
	return snapshot;
}

KsSnapshot *
ks_view_get (KsView *view, const KsPeer *peer, GError **error)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&view->lock);
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (view->catalogue);
	g_autoptr (GBytes) key = class_of (peer, ks_catalogue_state_credentials (state));
	guint32 generation = (guint32)ks_catalogue_state_serial (state);
	KsSnapshot *snapshot;

	if (view->generation != generation || g_hash_table_size (view->snapshots) >= SNAPSHOTS_MAX)
		g_hash_table_remove_all (view->snapshots);
	view->generation = generation;
	snapshot = g_hash_table_lookup (view->snapshots, key);
	if (snapshot != NULL)
		return ks_snapshot_ref (snapshot);
	snapshot = render (peer, state, key, error);
	if (snapshot != NULL)
		g_hash_table_insert (view->snapshots, snapshot->key, ks_snapshot_ref (snapshot));
	return snapshot;
}

/* ---- the generation page ---- */

/* Mapped first, then sealed: FUTURE_WRITE leaves this one map writable, in this process alone. */
static gboolean
make_page (KsView *view)
{
	void *map;

	view->page_fd = memfd_create ("enrolee-generation", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (view->page_fd < 0 || ftruncate (view->page_fd, WIRE_PAGE_SIZE) < 0)
		return FALSE;
	map = mmap (NULL, WIRE_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, view->page_fd, 0);
	if (map == MAP_FAILED)
		return FALSE;
	view->page = map;
	return fcntl (view->page_fd, F_ADD_SEALS,
		      F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) == 0;
}

KsView *
ks_view_new (KsCatalogue *catalogue, guint64 instance, GError **error)
{
	g_autoptr (KsView) view = g_new0 (KsView, 1);

	view->page_fd = -1;
	view->catalogue = catalogue;
	g_mutex_init (&view->lock);
	view->snapshots = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, NULL,
						 (GDestroyNotify)ks_snapshot_unref);
	if (!make_page (view)) {
		g_set_error (error, KS_ERROR, KS_ERROR_FAILED, "generation page: %s",
			     g_strerror (errno));
		return NULL;
	}
	view->page->magic = WIRE_PAGE_MAGIC;
	view->page->version = 1;
	view->page->instance = instance;
	ks_view_changed (view);
	return g_steal_pointer (&view);
}

void
ks_view_free (KsView *view)
{
	if (view->page != NULL) {
		ks_view_end (view);
		munmap (view->page, WIRE_PAGE_SIZE);
	}
	if (view->page_fd >= 0)
		close (view->page_fd);
	g_hash_table_unref (view->snapshots);
	g_mutex_clear (&view->lock);
	g_free (view);
}

int
ks_view_page_fd (const KsView *view)
{
	return view->page_fd;
}

guint32
ks_view_generation (const KsView *view)
{
	return wire_page_generation (view->page);
}

void
ks_view_changed (KsView *view)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&view->lock);
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (view->catalogue);

	g_hash_table_remove_all (view->snapshots);
	if (!view->ended)
		wire_page_set_generation (view->page, (guint32)ks_catalogue_state_serial (state));
}

void
ks_view_end (KsView *view)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&view->lock);

	view->ended = TRUE;
	wire_page_set_generation (view->page, 0);
}
