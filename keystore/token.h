/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The backing token: private and secret keys behind any PKCS#11 module. Opened at the first use (or
 * by ks_token_open() in a thread), never while the daemon starts. SoftHSM is set up by
 * itself (token-softhsm.c). Thread safe: sessions come from a pool (token-session.c).
 */
#pragma once

#include "keystore/credential.h"
#include "keystore/error.h"
#include "keystore/secret.h"

#include <openssl/evp.h>
#include <p11-kit/pkcs11.h>

typedef struct _KsToken KsToken;

/**
 * KsTokenConfig:
 * @module: path of the PKCS#11 module
 * @state_dir: the keystore's own folder (0700): softhsm2.conf, tokens/, token.pin live there
 * @label: (nullable): label of the token to use; "enrolee" when %NULL
 * @pin_file: (nullable): for modules other than SoftHSM: file with the user PIN (first line).
 * %NULL: $CREDENTIALS_DIRECTORY/enrolee-token-pin
 */
typedef struct {
	const char *module;
	const char *state_dir;
	const char *label;
	const char *pin_file;
} KsTokenConfig;

/**
 * ks_token_new:
 *
 * No I/O. The configuration is copied.
 */
KsToken *ks_token_new (const KsTokenConfig *config);
void ks_token_free (KsToken *token);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KsToken, ks_token_free)

/**
 * ks_token_is_softhsm:
 *
 * Returns: whether the module is SoftHSM, by its file name; no I/O
 */
gboolean ks_token_is_softhsm (const KsToken *token);

/**
 * ks_token_exists:
 *
 * Returns: for SoftHSM, whether a token folder is there; %TRUE for other modules. No module is
 * loaded: cheap enough for a start that must refuse when the catalogue has keys
 */
gboolean ks_token_exists (const KsToken *token);

/**
 * ks_token_open:
 * @expect_keys: the catalogue has keys, so a missing token must not be made anew
 *
 * Loads the module, makes SoftHSM's token at the first start, logs in, reads the identifiers of the
 * keys. May take seconds with thousands of keys; concurrent callers wait. Once open it stays open;
 * after a failure the next call tries again.
 *
 * Returns: %FALSE with %KS_ERROR_TOKEN_MISSING, %KS_ERROR_TOKEN or %KS_ERROR_STORAGE
 */
gboolean
ks_token_open (KsToken *token, gboolean expect_keys, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_token_serial:
 *
 * Returns: (transfer none) (nullable): the serial number of the open token
 */
const char *ks_token_serial (const KsToken *token);

/* ---- keys, by CKA_ID; all open the token if need be; errors as ks_token_open() ---- */

/**
 * ks_token_generate:
 * @bits: RSA modulus length, else 0
 * @spki: (out) (transfer full): the public key
 *
 * The private key becomes a token object, the public key a session object that is read and dropped.
 */
gboolean ks_token_generate (KsToken *token,
			    KsKeyType type,
			    guint bits,
			    const guint8 *key_id,
			    const char *label,
			    GBytes **spki,
			    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_token_key_type:
 *
 * Returns: what the keystore calls a key of libcrypto's; %KS_KEY_NONE for types it does not have
 */
KsKeyType ks_token_key_type (EVP_PKEY *key);
gboolean ks_token_import_key (KsToken *token,
			      EVP_PKEY *key,
			      const guint8 *key_id,
			      const char *label,
			      GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean ks_token_import_secret (KsToken *token,
				 const KsSecret *secret,
				 const guint8 *key_id,
				 const char *label,
				 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_token_contains:
 * @found: (out): whether the token holds a key with that CKA_ID
 *
 * Returns: %FALSE when it cannot be told, because the token does not open
 */
gboolean ks_token_contains (KsToken *token,
			    const guint8 *key_id,
			    gboolean *found,
			    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_token_list:
 *
 * Returns: (transfer full) (element-type GBytes): CKA_IDs of all keys of ours on the token
 *     (CKA_LABEL starts with "enrolee:"): an HSM may hold other people's
 */
GPtrArray *ks_token_list (KsToken *token);

/**
 * ks_token_destroy:
 *
 * Returns: %TRUE also when there is no such key
 */
gboolean
ks_token_destroy (KsToken *token, const guint8 *key_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_token_sync:
 *
 * Makes what was written durable: syncfs for SoftHSM's files, fsync for its folders.
 * Nothing to do for other modules.
 */
gboolean ks_token_sync (KsToken *token, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_token_read_key:
 * @spki: its public key
 *
 * Returns: (transfer full) (nullable): the private key itself; only SoftHSM gives it away
 */
EVP_PKEY *ks_token_read_key (KsToken *token,
			     KsKeyType type,
			     const guint8 *key_id,
			     GBytes *spki,
			     GError **error) G_GNUC_WARN_UNUSED_RESULT;
KsSecret *ks_token_read_secret (KsToken *token,
				const guint8 *key_id,
				GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- operations on the token (Residency=token): raw mechanisms only ---- */

CK_RV ks_token_sign (KsToken *token,
		     const guint8 *key_id,
		     CK_MECHANISM *mechanism,
		     const guint8 *data,
		     gsize data_len,
		     guint8 *signature,
		     gsize *signature_len);
CK_RV ks_token_decrypt (KsToken *token,
			const guint8 *key_id,
			CK_MECHANISM *mechanism,
			const guint8 *data,
			gsize data_len,
			guint8 *plain,
			gsize *plain_len);
CK_RV ks_token_derive (KsToken *token,
		       const guint8 *key_id,
		       CK_MECHANISM *mechanism,
		       gsize secret_len,
		       KsSecret **secret);
