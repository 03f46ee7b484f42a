/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order of writes between the two stores, and nothing else: intent in the catalogue; key in the
 * token; fsync and syncfs of the token, the key read back; publication in one catalogue
 * transaction; then the credential folders. Removal goes the other way: the row is marked, the key
 * destroyed, the row dropped. ks_publisher_recover() ends at the next start what a crash cut short.
 */
#pragma once

#include "keystore/catalogue.h"
#include "keystore/folder.h"
#include "keystore/resident.h"
#include "keystore/token.h"

typedef struct _KsPublisher KsPublisher;

/**
 * ks_publisher_new:
 * @folder: (nullable): where to show credentials as files
 *
 * All borrowed. Mutations are serialised inside and may be called from any thread.
 */
KsPublisher *
ks_publisher_new (KsCatalogue *catalogue, KsToken *token, KsResident *resident, KsFolder *folder);
void ks_publisher_free (KsPublisher *publisher);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KsPublisher, ks_publisher_free)

/**
 * ks_publisher_check:
 *
 * Quick, at start, before serving: is the token there that the catalogue's keys are in?
 *
 * Returns: %FALSE with %KS_ERROR_TOKEN_MISSING
 */
gboolean ks_publisher_check (KsPublisher *publisher, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_publisher_recover:
 *
 * Opens the token; destroys keys that no row claims and rows whose keys do not exist, finishes
 * removals, restores the credential folders. Run it in a thread after start: views need nothing of
 * it, mutations wait for it.
 *
 * Returns: %FALSE with the first error; what could be done was done all the same. A folder that
 *     cannot be written is a warning only
 */
gboolean ks_publisher_recover (KsPublisher *publisher, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_publisher_is_ready:
 *
 * Returns: whether the token has been opened and is this catalogue's. Never opens it. Any thread.
 */
gboolean ks_publisher_is_ready (KsPublisher *publisher);

/* ---- a new generation, staged: not seen by applications ---- */

/**
 * ks_publisher_generate:
 * @type: of the new key pair
 * @bits: RSA: 2048 to 4096; else 0
 * @generation: (out) (transfer full): staged; its key_object names the key for signing a request,
 *     its spki is the public key
 *
 * Returns: %FALSE with %KS_ERROR_INVALID, %KS_ERROR_UNSUPPORTED, %KS_ERROR_STATE (the name has
 * another kind), the token's or the catalogue's errors; nothing is left behind
 */
gboolean ks_publisher_generate (KsPublisher *publisher,
				const KsIntent *intent,
				KsKeyType type,
				guint bits,
				KsGeneration **generation,
				GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_publisher_import_key:
 * @pkcs8: unencrypted PrivateKeyInfo DER
 */
gboolean ks_publisher_import_key (KsPublisher *publisher,
				  const KsIntent *intent,
				  const KsSecret *pkcs8,
				  KsGeneration **generation,
				  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_publisher_import_secret:
 * @secret: 1 to %WIRE_SECRET_MAX bytes; its identifier and expiry are in @intent
 */
gboolean ks_publisher_import_secret (KsPublisher *publisher,
				     const KsIntent *intent,
				     const KsSecret *secret,
				     KsGeneration **generation,
				     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_publisher_stage_anchors:
 *
 * A generation without a key; the anchors come with its publication.
 */
gboolean ks_publisher_stage_anchors (KsPublisher *publisher,
				     const KsIntent *intent,
				     KsGeneration **generation,
				     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- from staged to current and to nothing ---- */

/**
 * ks_publisher_publish:
 * @set: staged generations that become current together
 * @count: how many, 1 or more
 *
 * The former current generations are retained or revoked as their credential's rule says.
 *
 * Returns: %FALSE with %KS_ERROR_NOT_FOUND, %KS_ERROR_STATE, %KS_ERROR_MISMATCH (certificate and
 * key), %KS_ERROR_EXPIRED, %KS_ERROR_EXISTS (a symmetric key's identifier), %KS_ERROR_STORAGE;
 * nothing is changed
 */
gboolean ks_publisher_publish (KsPublisher *publisher,
			       const KsPublication *set,
			       guint count,
			       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_publisher_discard:
 *
 * Destroys a staged generation.
 */
gboolean ks_publisher_discard (KsPublisher *publisher,
			       const char *name,
			       guint32 generation,
			       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_publisher_revoke:
 *
 * Destroys a current or retained generation at once.
 */
gboolean ks_publisher_revoke (KsPublisher *publisher,
			      const char *name,
			      guint32 generation,
			      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_publisher_remove:
 *
 * Destroys a credential with all its generations.
 */
gboolean ks_publisher_remove (KsPublisher *publisher,
			      const char *name,
			      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_publisher_set_policy:
 *
 * ks_catalogue_set_policy(), and the folder's psk.txt follows.
 */
gboolean ks_publisher_set_policy (KsPublisher *publisher,
				  const char *name,
				  const char *const *users,
				  const char *const *groups,
				  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_publisher_set_psk:
 *
 * ks_catalogue_set_psk(), and the folder follows.
 */
gboolean ks_publisher_set_psk (KsPublisher *publisher,
			       const char *name,
			       const KsPskPolicy *psk,
			       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_publisher_sweep:
 * @now_s: Unix seconds
 *
 * Destroys retained generations whose time has come.
 *
 * Returns: when to call again, Unix seconds; %G_MAXINT64 for no need
 */
gint64 ks_publisher_sweep (KsPublisher *publisher, gint64 now_s);

/* ---- for tests ---- */

/* The steps of a write, in their order; a test's hook ends the process in one of them. */
typedef enum {
	KS_STEP_INTENT,    /* intent committed */
	KS_STEP_KEY,       /* key in the token */
	KS_STEP_SYNC,      /* token durable */
	KS_STEP_READ,      /* key read back */
	KS_STEP_STAGED,    /* staged committed */
	KS_STEP_PUBLISH,   /* publication committed */
	KS_STEP_FOLDER,    /* credential folders written */
	KS_STEP_REVOKED,   /* removal: marked */
	KS_STEP_DESTROYED, /* removal: key destroyed and synced */
	KS_STEP_DROPPED,   /* removal: row dropped */
} KsStep;

typedef void (*KsStepHook) (KsStep step, gpointer user_data);
void ks_publisher_set_hook (KsPublisher *publisher, KsStepHook hook, gpointer user_data);
