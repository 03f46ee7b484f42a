/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opens the keystore's state in the order in which it can be refused: folder, lock, catalogue,
 * machine, token.
 */
#pragma once

#include "keystore/publish.h"
#include "keystore/settings.h"

typedef struct {
	int lock_fd;
	KsCatalogue *catalogue;
	KsToken *token;
	KsResident *resident;
	KsFolder *folder;
	KsPublisher *publisher;
} KsStores;

/**
 * ks_stores_open:
 * @adopt: bind a state of another machine to this one instead of refusing it
 *
 * Returns: (transfer full) (nullable): %NULL with the error of the first that refuses
 */
KsStores *ks_stores_open (const KsSettings *settings,
			  gboolean adopt,
			  GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ks_stores_free (KsStores *stores);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KsStores, ks_stores_free)
