/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What one peer sees, as a sealed memory file, and the page that tells when it is out of date.
 * Peers that see the same share one snapshot. The seals are what makes a map safe in other people's
 * programs: without them any local user could truncate the file through /proc and kill all that map
 * it.
 */
#pragma once

#include "keystore/catalogue.h"
#include "keystore/peer.h"
#include "keystore/wire/snapshot.h"

typedef struct _KsView KsView;

/* A rendered snapshot; immutable. */
typedef struct {
	gatomicrefcount refs; /*< private >*/
	GBytes *key;          /*< private >*/
	int fd;
	gsize size;
	guint32 generation;
} KsSnapshot;

/**
 * ks_view_new:
 * @catalogue: borrowed
 * @instance: of this run of the keystore
 *
 * Makes and seals the generation page.
 *
 * Returns: (transfer full) (nullable): %NULL with %KS_ERROR_FAILED
 */
KsView *
ks_view_new (KsCatalogue *catalogue, guint64 instance, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_view_free:
 *
 * Writes generation 0 as ks_view_end() does.
 */
void ks_view_free (KsView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KsView, ks_view_free)

/**
 * ks_view_get:
 *
 * Any thread; renders when nobody asked for the same since the last change.
 *
 * Returns: (transfer full) (nullable): what @peer sees now; %NULL with %KS_ERROR_LIMIT (too large)
 * or %KS_ERROR_FAILED (no memory)
 */
KsSnapshot *
ks_view_get (KsView *view, const KsPeer *peer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

KsSnapshot *ks_snapshot_ref (KsSnapshot *snapshot);
void ks_snapshot_unref (KsSnapshot *snapshot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KsSnapshot, ks_snapshot_unref)

/**
 * ks_view_page_fd:
 *
 * Returns: the generation page's descriptor, owned by @view
 */
int ks_view_page_fd (const KsView *view);

/**
 * ks_view_generation:
 *
 * Returns: the generation that the page tells
 */
guint32 ks_view_generation (const KsView *view);

/**
 * ks_view_changed:
 *
 * The catalogue changed: tells it on the page and drops what was rendered. Any thread.
 */
void ks_view_changed (KsView *view);

/**
 * ks_view_end:
 *
 * This run ends: generation 0 on the page.
 */
void ks_view_end (KsView *view);
