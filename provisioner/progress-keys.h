/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The symmetric keys of one enrolment as enroleed remembers them: those that it registered at the MEF,
 * and those of others that it retrieves. Identifiers and times, never a value.
 */
#pragma once

#include <glib.h>

/**
 * PvKeyRole:
 * @PV_KEY_STAGED: registered by us, not published yet
 * @PV_KEY_CURRENT: ours, in use
 * @PV_KEY_RETIRING: ours, replaced by another: to be de-registered
 * @PV_KEY_OF_OTHERS: somebody else's, made for us
 */
typedef enum {
	PV_KEY_STAGED,
	PV_KEY_CURRENT,
	PV_KEY_RETIRING,
	PV_KEY_OF_OTHERS,
	PV_N_KEY_ROLES,
} PvKeyRole;

/**
 * PvKeyRecord:
 * @identifier: RelativeKeyID@MEF-FQDN
 * @expires_s: as the MEF has it; of one of others: of what is published
 * @suid: 0 when unknown
 * @targets: (nullable): Enrolment Targets as the MEF has them, separated by blanks
 * @asked: (nullable): targets and labels that were asked for, as pv_job_key_wish() writes them
 * @source: (nullable): whose it is
 * @message: (nullable): why the MEF did not give it, or keeps it
 * @look_s: when it is looked after again, besides every other exchange; 0 for never
 * @staged: of others: generation in the keystore, not published yet; @staged_expires_s: its end
 * @published_s: of others: when it was published last, 0 for never
 */
typedef struct {
	PvKeyRole role;
	char *identifier;
	gint64 expires_s, suid;
	char *targets, *asked, *source, *message;
	gint64 look_s;
	gint64 staged, staged_expires_s, published_s;
} PvKeyRecord;

/** Returns: (transfer full) (element-type PvKeyRecord): none yet */
GPtrArray *pv_keys_new (void);

/** Returns: (transfer none) (nullable): the record of @identifier; %NULL when there is none, or no @identifier */
PvKeyRecord *pv_keys_find (const GPtrArray *keys, const char *identifier);

/** Returns: (transfer none) (nullable): the first in that role */
PvKeyRecord *pv_keys_in_role (const GPtrArray *keys, PvKeyRole role);

/** Returns: (transfer full): the identifiers of all in that role */
GStrv pv_keys_identifiers (const GPtrArray *keys, PvKeyRole role);

/**
 * pv_keys_ensure:
 *
 * Returns: (transfer none): the record of @identifier, made when there was none; in @role from now on
 */
PvKeyRecord *pv_keys_ensure (GPtrArray *keys, const char *identifier, PvKeyRole role);

/** Removes and frees @record, which may be %NULL. */
void pv_keys_drop (GPtrArray *keys, PvKeyRecord *record);

/**
 * pv_keys_read:
 * @keys: (inout)
 * @file: of the progress
 *
 * Returns: %FALSE with G_KEY_FILE_ERROR or G_FILE_ERROR
 */
gboolean pv_keys_read (GPtrArray *keys, GKeyFile *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void pv_keys_write (const GPtrArray *keys, GKeyFile *file);
