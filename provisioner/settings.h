/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enrolee.conf and conf.d/: read, merged (a later file's key replaces an earlier one's) and checked
 * against the table. Anything unknown or malformed is refused with its file and line.
 */
#pragma once

#include "provisioner/settings-table.h"

typedef struct _PvSettings PvSettings;

/**
 * pv_settings_load:
 * @config_dir: the folder of enrolee.conf and conf.d/
 *
 * Files that do not exist are empty.
 *
 * Returns: (transfer full) (nullable): %NULL with PV_ERROR/JOB
 */
PvSettings *pv_settings_load (const char *config_dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void pv_settings_free (PvSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvSettings, pv_settings_free)

/**
 * pv_settings_files:
 *
 * Returns: (transfer none): the files that were read, in their order
 */
const char *const *pv_settings_files (const PvSettings *settings);

/**
 * pv_settings_groups:
 *
 * Returns: (transfer full): the headings of all groups, "mef NAME", sorted
 */
GStrv pv_settings_groups (const PvSettings *settings);

/**
 * pv_settings_names:
 *
 * Returns: (transfer full): the NAMEs of the groups [@group NAME]
 */
GStrv pv_settings_names (const PvSettings *settings, const char *group);

/**
 * pv_settings_has:
 *
 * Returns: whether there is a group [@group @name]
 */
gboolean pv_settings_has (const PvSettings *settings, const char *group, const char *name);

/**
 * pv_settings_get:
 * @group: group word
 * @name: (nullable): the group's own name
 * @key: a key of the table
 *
 * Returns: (transfer full) (nullable): the value, else its default
 */
char *pv_settings_get (const PvSettings *settings,
		       const char *group,
		       const char *name,
		       const char *key);

/**
 * pv_settings_get_seconds:
 *
 * Returns: a number; the table has a default for each such key
 */
guint pv_settings_get_seconds (const PvSettings *settings,
			       const char *group,
			       const char *name,
			       const char *key);

/** The same of a count. */
guint pv_settings_get_count (const PvSettings *settings,
			     const char *group,
			     const char *name,
			     const char *key);

gboolean pv_settings_get_boolean (const PvSettings *settings,
				  const char *group,
				  const char *name,
				  const char *key);

/**
 * pv_settings_get_list:
 *
 * Returns: (transfer full): never %NULL
 */
GStrv pv_settings_get_list (const PvSettings *settings,
			    const char *group,
			    const char *name,
			    const char *key);

/**
 * pv_settings_on_renew:
 *
 * Returns: (transfer full) (element-type PvRenewAction): OnRenew= of [credential @credential]; empty when
 * there is none
 */
GPtrArray *pv_settings_on_renew (const PvSettings *settings, const char *credential);

/**
 * pv_settings_source:
 *
 * Returns: (transfer none) (nullable): "FILE:LINE" of a value, %NULL for a default
 */
const char *pv_settings_source (const PvSettings *settings, const char *heading, const char *key);
