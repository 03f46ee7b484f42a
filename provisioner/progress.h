/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What enroleed must remember of one enrolment, over its own death at any moment: one file for each,
 * replaced atomically and durably. No secret is in it.
 */
#pragma once

#include "provisioner/machine.h"
#include "provisioner/progress-keys.h"

/**
 * PvProgress:
 * @attempts: failed ones in a row; @failing_s: since when, 0 for none
 * @next_s: Unix time of the next attempt, renewal or look for commands; 0 for none
 * @mef: @admin, @client: what the progress belongs to (R-8.3.5.1-1)
 * @last_command_id: JSON text of the last command reported (R-8.3.9.1-2)
 * @est_uri: where the last CERT_PROV that was carried out had us go; renewals go there as well (8.3.6.2.3)
 * @commands_wait_s: the interval before @commands_due_s
 * @staged_certificate: generation in the keystore, not published yet; 0 for none
 * @keystore_instance: the run of the keystore that has their certificates
 * @pending_csr: base64 of the request that was answered 202
 * @certificate_published_s: when the certificate was last published, 0 for never; @key_published_s
 * @certificate_renew_s: when to make it anew, 0 for never; @key_renew_s, @registration_renew_s
 * @not_after_s: end of the published certificate; @key_not_after_s: of the key
 * @staged_not_after_s: those of what is staged
 * @early: renewals in a row that were due again at once
 * @authenticated_by: with what the last MEF Handshake was done; @authenticated_with: name of that credential
 * @refused: which credentials of the last attempt made way for another one, and why
 * @hooks_pending: published generations whose OnRenew= is still to be done (enrolment-hook.h)
 * @hooks_error: why it failed
 * @keys: (element-type PvKeyRecord): ours at the MEF, and those of others
 * @force: decommissioning goes on also when the MEF cannot be asked
 */
typedef struct {
	gint64 version;
	PvState state;
	gint64 since_s;
	gint64 attempts;
	gint64 failing_s;
	gint64 next_s;
	char *mef, *admin, *client;
	char *registration_id;
	gint64 registration_expires_s;
	gint64 registration_renew_s;
	char *assigned_identity;
	char *authenticated_by, *authenticated_with, *refused;
	char *last_command_id;
	gint64 last_command_status;
	char *est_uri;
	gint64 commands_due_s, commands_wait_s;
	gint64 staged_certificate;
	gint64 staged_not_after_s;
	gint64 staged_key;
	gint64 staged_key_not_after_s;
	char *keystore_instance;
	gint64 pending_staged;
	char *pending_csr;
	gint64 certificate_published_s, not_after_s, certificate_renew_s;
	gint64 key_published_s, key_not_after_s, key_renew_s;
	gint64 early;
	char *hooks_pending, *hooks_error;
	GPtrArray *keys;
	gint64 force;
	char *error_code;
	char *error_message;
} PvProgress;

PvProgress *pv_progress_new (void);
void pv_progress_free (PvProgress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvProgress, pv_progress_free)

/**
 * pv_progress_load:
 * @dir: enroleed's folder of the state
 * @name: of the enrolment
 *
 * A file that cannot be understood is kept as NAME.damaged, and a warning logged.
 *
 * Returns: (transfer full): an empty progress when there is none
 */
PvProgress *pv_progress_load (const char *dir, const char *name);

/**
 * pv_progress_save:
 *
 * When it returns %TRUE the progress survives a power cut.
 *
 * Returns: %FALSE with G_FILE_ERROR; the former file is untouched
 */
gboolean pv_progress_save (const PvProgress *progress,
			   const char *dir,
			   const char *name,
			   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** Replaces a text member: frees the former, copies the new. */
void pv_progress_set (char **member, const char *value);

/**
 * pv_progress_has_staged:
 * @number: of a generation that an exchange staged; 0 is none
 *
 * Returns: whether it is to be published: the certificate, the key, or a key of others
 */
gboolean pv_progress_has_staged (const PvProgress *progress, gint64 number);
