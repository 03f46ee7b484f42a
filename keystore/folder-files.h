/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For folder.c: the files of one credential.
 */
#pragma once

#include "keystore/catalogue.h"
#include "keystore/secret.h"

/* Not psk-NAME.txt: those are users'. */
#define KS_FOLDER_REVEALED "revealed-psk.txt"

/**
 * ks_folder_put:
 *
 * Writes one file (0644) into the folder @fd and syncs it.
 */
gboolean ks_folder_put (int fd, const char *name, const char *text, gsize len, GError **error);

/**
 * ks_folder_write_files:
 *
 * Writes all files of a credential's generation into the new, empty folder @fd.
 */
gboolean ks_folder_write_files (int fd,
				const KsCredential *credential,
				const KsGeneration *generation,
				GError **error);

/**
 * ks_folder_reveal:
 * @secret: the key itself
 *
 * Writes IDENTITY:HEX of the key, for programs that know no references; readable by the
 * credential's users and groups.
 */
gboolean ks_folder_reveal (int fd,
			   const KsCredential *credential,
			   const KsGeneration *generation,
			   const KsSecret *secret,
			   GError **error);
