/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The errors of the keystore's storage half: what an operator or a peer can do something about has
 * a code of its own. ks_error_to_rv() is the only translation to a PKCS#11 return value.
 */
#pragma once

#include <glib.h>
#include <p11-kit/pkcs11.h>

/**
 * KsError:
 * @KS_ERROR_FAILED: anything that has no code of its own
 * @KS_ERROR_INVALID: an argument, a name or a piece of key material is malformed
 * @KS_ERROR_NOT_FOUND: no such credential, generation or key
 * @KS_ERROR_EXISTS: the name or identifier is taken
 * @KS_ERROR_STATE: the generation is not in the state the call needs
 * @KS_ERROR_MISMATCH: certificate and key do not belong together
 * @KS_ERROR_EXPIRED: the certificate or key is past its end
 * @KS_ERROR_UNSUPPORTED: a key type, curve or size the keystore does not have
 * @KS_ERROR_LIMIT: a named maximum was reached
 * @KS_ERROR_CORRUPT: the catalogue is damaged; the message names the copy that was kept
 * @KS_ERROR_NEWER: the catalogue was written by a newer enrolee
 * @KS_ERROR_IN_USE: another process has the catalogue open
 * @KS_ERROR_STORAGE: disk full, read-only, I/O error; nothing was changed
 * @KS_ERROR_TOKEN: the backing token refused
 * @KS_ERROR_TOKEN_MISSING: the catalogue has keys, the backing token is not there
 * @KS_ERROR_FOREIGN: the state belongs to another machine (a cloned image)
 */
typedef enum {
	KS_ERROR_FAILED,
	KS_ERROR_INVALID,
	KS_ERROR_NOT_FOUND,
	KS_ERROR_EXISTS,
	KS_ERROR_STATE,
	KS_ERROR_MISMATCH,
	KS_ERROR_EXPIRED,
	KS_ERROR_UNSUPPORTED,
	KS_ERROR_LIMIT,
	KS_ERROR_CORRUPT,
	KS_ERROR_NEWER,
	KS_ERROR_IN_USE,
	KS_ERROR_STORAGE,
	KS_ERROR_TOKEN,
	KS_ERROR_TOKEN_MISSING,
	KS_ERROR_FOREIGN,
} KsError;

#define KS_ERROR (ks_error_quark ())
GQuark ks_error_quark (void);

/**
 * ks_error_to_rv:
 * @error: (nullable): any error
 *
 * Returns: CKR_OK for %NULL, else the PKCS#11 return value for a reply's status; errors of other
 *     domains are CKR_GENERAL_ERROR.
 */
CK_RV ks_error_to_rv (const GError *error);
