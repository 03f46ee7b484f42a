/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of enrolee.conf and conf.d, in their order: what comes later holds. */
#pragma once

#include "keystore/error.h"

/**
 * KsSettingsTake:
 * @group: what stands in brackets, "" before the first
 * @value: (nullable): %NULL for a line that is not Key=Value
 */
typedef gboolean (*KsSettingsTake) (
	gpointer data, const char *group, const char *key, const char *value, GError **error);

/**
 * ks_settings_read:
 * @config_dir: folder of enrolee.conf and conf.d; neither must exist
 * @take: called for each line but comments and groups
 *
 * Returns: %FALSE with %KS_ERROR_INVALID: file and line, and what is wrong
 */
gboolean ks_settings_read (const char *config_dir,
			   KsSettingsTake take,
			   gpointer data,
			   GError **error) G_GNUC_WARN_UNUSED_RESULT;
