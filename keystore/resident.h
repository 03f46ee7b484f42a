/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Working copies of keys: made from the backing token at the first use, kept in the keystore's
 * locked memory (SoftHSM), or a name for a key that never leaves its token (every other module).
 * Thread safe; a key in use outlives its removal.
 */
#pragma once

#include "keystore/credential.h"
#include "keystore/secret.h"
#include "keystore/token.h"

typedef enum {
	KS_RESIDENCY_AUTO, /* memory for SoftHSM, token for every other module */
	KS_RESIDENCY_MEMORY,
	KS_RESIDENCY_TOKEN,
} KsResidency;

typedef struct _KsResident KsResident;
typedef struct _KsKey KsKey;

/**
 * ks_residency_parse:
 * @text: "auto", "memory" or "token"
 */
gboolean ks_residency_parse (const char *text, KsResidency *residency);

/**
 * ks_resident_new:
 * @token: borrowed; must outlive it
 */
KsResident *ks_resident_new (KsToken *token, KsResidency residency);
void ks_resident_free (KsResident *resident);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KsResident, ks_resident_free)

/**
 * ks_resident_get:
 * @generation: a staged, current or retained generation with a key
 *
 * Reads the key from the token if this is its first use. Policy and usage were checked before.
 *
 * Returns: (transfer full) (nullable): the key; %NULL with %KS_ERROR_NOT_FOUND or the token's error
 */
KsKey *ks_resident_get (KsResident *resident,
			const KsGeneration *generation,
			GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_resident_forget:
 * @object: object number of a key that was revoked or removed
 *
 * The copy is wiped when its last user lets go.
 */
void ks_resident_forget (KsResident *resident, guint32 object);

KsKey *ks_key_ref (KsKey *key);
void ks_key_unref (KsKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KsKey, ks_key_unref)

/**
 * ks_key_secret:
 *
 * Returns: (transfer none) (nullable): the bytes of a symmetric key, for the typed PSK operations
 */
const KsSecret *ks_key_secret (const KsKey *key);

KsKeyType ks_key_type (const KsKey *key);
