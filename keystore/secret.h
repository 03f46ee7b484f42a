/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The only owner of secret bytes in the keystore: wiped when the last reference goes, compared in
 * constant time, never printed. The daemon locks all its memory (mlockall), so that none of these
 * bytes reach swap.
 */
#pragma once

#include <glib.h>

typedef struct _KsSecret KsSecret;

/**
 * ks_secret_new:
 * @bytes: (nullable): the bytes to copy; %NULL for zeros to be filled by ks_secret_reveal_mutable()
 * @len: how many
 *
 * The caller still owns, and wipes, its own copy.
 *
 * Returns: (transfer full): a secret with one reference
 */
KsSecret *ks_secret_new (const void *bytes, gsize len);

/**
 * ks_secret_new_take:
 * @bytes: (transfer full) (nullable): bytes from g_malloc()
 * @len: how many
 *
 * Returns: (transfer full): a secret that owns @bytes and wipes them
 */
KsSecret *ks_secret_new_take (guint8 *bytes, gsize len);

KsSecret *ks_secret_ref (KsSecret *secret);
void ks_secret_unref (KsSecret *secret);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KsSecret, ks_secret_unref)

gsize ks_secret_len (const KsSecret *secret);

/**
 * ks_secret_reveal:
 *
 * Returns: (transfer none): the bytes, valid as long as the secret; never log or copy them
 */
const guint8 *ks_secret_reveal (const KsSecret *secret);

/**
 * ks_secret_reveal_mutable:
 *
 * For filling a secret that nobody else has seen yet.
 */
guint8 *ks_secret_reveal_mutable (KsSecret *secret);

/**
 * ks_secret_equal:
 *
 * Returns: whether both have the same bytes; the time depends on the lengths only
 */
gboolean ks_secret_equal (const KsSecret *a, const KsSecret *b);

/**
 * ks_secret_wipe:
 * @bytes: (nullable): memory that held something secret
 * @len: its size
 *
 * explicit_bzero() for buffers that are not a #KsSecret.
 */
void ks_secret_wipe (void *bytes, gsize len);
