/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For the catalogue's own files: making states.
 */
#pragma once

#include "keystore/catalogue.h"

/**
 * ks_catalogue_state_new:
 * @credentials: (transfer full) (element-type KsCredential): in any order
 */
KsCatalogueState *ks_catalogue_state_new (GPtrArray *credentials, guint64 serial);

/**
 * ks_catalogue_state_replace:
 * @name: a credential that changed
 * @credential: (transfer full) (nullable): what it is now; %NULL when it is gone
 *
 * For a state nobody else has seen yet.
 */
void
ks_catalogue_state_replace (KsCatalogueState *state, const char *name, KsCredential *credential);

/**
 * ks_catalogue_state_copy:
 *
 * Returns: (transfer full): a state with the same credentials and the next serial
 */
KsCatalogueState *ks_catalogue_state_copy (const KsCatalogueState *state);
