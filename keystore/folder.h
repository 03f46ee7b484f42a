/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The credential folders, for programs that know only files: credentials/NAME/ with cert.pem,
 * chain.pem, fullchain.pem, ca.pem, key.pem (a PKCS#11 URI in pkcs11-provider's PEM form) and
 * psk.txt (references), revealed-psk.txt (a key itself, where Reveal= says so). A derived view of the catalogue: replaced as a whole, made again at start
 * when it differs.
 */
#pragma once

#include "keystore/catalogue.h"
#include "keystore/resident.h"

typedef struct _KsFolder KsFolder;

/**
 * ks_folder_new:
 * @path: the folder of all credential folders; made (0755) when missing
 * @resident: (nullable): where keys to be revealed are read; borrowed
 *
 * Returns: (transfer full) (nullable): %NULL with %KS_ERROR_STORAGE
 */
KsFolder *ks_folder_new (const char *path,
			 KsResident *resident,
			 GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ks_folder_free (KsFolder *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KsFolder, ks_folder_free)

/**
 * ks_folder_write:
 * @credential: what to show; its folder is removed when it has no current generation
 *
 * Atomic: a program sees the old folder or the new one, by renameat2(RENAME_EXCHANGE).
 */
gboolean ks_folder_write (KsFolder *folder,
			  const KsCredential *credential,
			  GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean
ks_folder_remove (KsFolder *folder, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_folder_restore:
 *
 * At start: writes each folder that is missing or not of the current generation, removes those
 * without a credential and what a crash left. Goes on after an error and reports the first.
 */
gboolean ks_folder_restore (KsFolder *folder,
			    const KsCatalogueState *state,
			    GError **error) G_GNUC_WARN_UNUSED_RESULT;
