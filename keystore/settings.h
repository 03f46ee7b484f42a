/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The keystore's settings: command line over the group [keystore] of enrolee.conf and conf.d/ over
 * the compiled defaults. Other groups are the provisioner's.
 */
#pragma once

#include "keystore/resident.h"

typedef struct {
	char *runtime_dir;
	char *state_dir;
	char *config_dir;
	char *provisioner_user;
	char *backing_module;
	char *backing_token;    /* (nullable): label; the token's default */
	char *backing_pin_file; /* (nullable): the token's default */
	KsResidency residency;
	gboolean foreground; /* log to stderr */
	gboolean adopt;      /* bind the state to this machine and end */
	gboolean print_version;
} KsSettings;

/**
 * ks_settings_new:
 * @argv: (array zero-terminated=1): command line with the program's name
 *
 * `--help` prints and ends the process.
 *
 * Returns: (transfer full) (nullable): %NULL with %KS_ERROR_INVALID, which names file and line
 */
KsSettings *ks_settings_new (const char *const *argv, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ks_settings_free (KsSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KsSettings, ks_settings_free)
