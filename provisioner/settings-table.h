/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every key of enrolee.conf: its group, kind, default and meaning. The one table behind reading,
 * checking and printing the settings. Group [keystore] is read by enrolee-keystored.
 */
#pragma once

#include <glib.h>

typedef enum {
	PV_SETTING_TEXT,
	PV_SETTING_PATH,    /* absolute, or credential:NAME */
	PV_SETTING_FQDN,    /* lower case (R-10.4-0) */
	PV_SETTING_URI,     /* https://... */
	PV_SETTING_CHOICE,  /* one of the words of @values */
	PV_SETTING_BOOLEAN, /* yes, no, true, false */
	PV_SETTING_SECONDS, /* a number from 1 on */
	PV_SETTING_COUNT,   /* the same, of things */
	PV_SETTING_LIST, /* separated by blanks or commas */
	PV_SETTING_KEYS, /* the same, of key identifiers */
	PV_SETTING_NAME, /* of a credential or of a group's instance */
	PV_SETTING_ACTIONS, /* of on-renew.h; several lines of one file add up */
} PvSettingKind;

/* Before the name of a systemd credential (LoadCredential=) in place of a path. */
#define PV_SETTING_CREDENTIAL "credential:"

/**
 * PvSetting:
 * @group: group word: "keystore", or "mef" for [mef NAME]
 * @key: its name in the file
 * @fallback: (nullable): the value when the file has none
 * @values: (nullable): for choices, separated by blanks
 * @required: whether its group must have it
 * @help: one line
 */
typedef struct {
	const char *group;
	const char *key;
	PvSettingKind kind;
	const char *fallback;
	const char *values;
	gboolean required;
	const char *help;
} PvSetting;

/**
 * pv_settings_table:
 * @n_settings: (out)
 *
 * Returns: (transfer none): all settings, those of a group together
 */
const PvSetting *pv_settings_table (gsize *n_settings);

/**
 * pv_setting_find:
 *
 * Returns: (transfer none) (nullable): the setting of that group word and key
 */
const PvSetting *pv_setting_find (const char *group, const char *key);

/**
 * pv_setting_group_is_named:
 *
 * Returns: whether groups of that word have a name of their own, as in [mef NAME]
 */
gboolean pv_setting_group_is_named (const char *group);

/**
 * pv_setting_group_is_known:
 */
gboolean pv_setting_group_is_known (const char *group);

/**
 * pv_setting_check:
 * @value: from a file
 *
 * Returns: (transfer none) (nullable): what is wrong with @value, %NULL when nothing is
 */
const char *pv_setting_check (const PvSetting *setting, const char *value);

/**
 * pv_name_is_valid:
 *
 * Returns: whether @name may name a credential: 1 to 64 of [A-Za-z0-9._-], not starting with a dot
 */
gboolean pv_name_is_valid (const char *name);

/** Returns: (transfer full): the words of a list */
GStrv pv_setting_split (const char *value);

/**
 * pv_setting_parse_boolean:
 *
 * Returns: whether @value is a boolean; @result is set only then
 */
gboolean pv_setting_parse_boolean (const char *value, gboolean *result);
