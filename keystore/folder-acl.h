/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For folder-files.c: who may read a file beside its owner. Without privilege the keystore cannot
 * give a file away, but by acl(5) it can let others read it.
 */
#pragma once

#include <glib.h>

/**
 * ks_folder_let_read:
 * @file: descriptor of a file of ours
 * @users: (nullable) (array zero-terminated=1): names, or numbers
 * @groups: (nullable) (array zero-terminated=1): likewise
 *
 * Everybody else has no access. Who does not exist is passed over.
 *
 * Returns: whether it was done
 */
gboolean ks_folder_let_read (int file, const char *const *users, const char *const *groups);
