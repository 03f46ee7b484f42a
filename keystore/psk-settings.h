/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the settings say about symmetric keys: TLSVersion=, TLSHash=, TLSEphemeral=, Reveal= of
 * [credential NAME]. They are read from root's files by the keystore itself, and no request carries
 * them: nobody who may provision can loosen them, or have a key revealed.
 */
#pragma once

#include "keystore/publish.h"

/**
 * ks_psk_settings_read:
 *
 * Returns: (transfer full) (element-type utf8 KsPskPolicy) (nullable): those of each credential
 * that has any, by its name; %NULL with %KS_ERROR_INVALID
 */
GHashTable *ks_psk_settings_read (const char *config_dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_psk_settings_apply:
 * @publisher: gets what changed; serialised with its other mutations
 * @state: which credentials there are
 * @name: (nullable): the only one to look at
 *
 * Makes the symmetric keys' settings what the files say. When those cannot be read, the former ones
 * hold.
 *
 * Returns: %FALSE with %KS_ERROR_INVALID (the files) or the first of ks_publisher_set_psk()'s
 */
gboolean ks_psk_settings_apply (const char *config_dir,
				KsPublisher *publisher,
				const KsCatalogueState *state,
				const char *name,
				GError **error) G_GNUC_WARN_UNUSED_RESULT;
