/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For the token's own files.
 */
#pragma once

#include "keystore/token.h"

/* Keys of ours are told from other people's on a shared HSM by this start of their CKA_LABEL. */
#define KS_TOKEN_LABEL_PREFIX "enrolee:"

struct _KsToken {
	char *module;
	char *state_dir;
	char *label;
	char *pin_file;
	GMutex opening;
	gint open; /* atomic */
	/* Held for reading by every call into the module, for writing by what destroys, enumerates
	 * or reopens: SoftHSM's own locking does not cover these (a find races a create). What
	 * makes a key only reads: a TPM takes half a minute for one, and signatures go on. */
	GRWLock access;
	void *library;
	CK_FUNCTION_LIST *p11;
	gboolean initialized;
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE keeper; /* its login lasts as long as it is open */
	char *serial;
	GMutex pooling;
	GArray *idle;
	GMutex indexing;     /* the next member, within the access lock */
	GHashTable *handles; /* CKA_ID (GBytes) -> CK_OBJECT_HANDLE */
};

#define KS_NUMBER_MAX 1024 /* bytes of one number of a key */
#define KS_RSA_NUMBERS 8

/* libcrypto's parameter, PKCS#11's attribute: the same list to write and to read an RSA key. */
typedef struct {
	const char *param;
	CK_ATTRIBUTE_TYPE attribute;
} KsRsaNumber;
extern const KsRsaNumber ks_rsa_numbers[KS_RSA_NUMBERS];
typedef guint8 KsRsaNumbers[KS_RSA_NUMBERS][KS_NUMBER_MAX];

gboolean ks_token_fail (GError **error, const char *what, CK_RV rv);

/* token.c: open if need be, then hold the access lock until the matching leave. */
gboolean ks_token_enter (KsToken *token, gboolean exclusive, GError **error);
void ks_token_leave (KsToken *token, gboolean exclusive);
gboolean ks_token_handle (KsToken *token, const guint8 *key_id, CK_OBJECT_HANDLE *handle);
void ks_token_remember (KsToken *token, const guint8 *key_id, CK_OBJECT_HANDLE handle);

/* token-session.c: within enter and leave. */
CK_RV ks_token_take_session (KsToken *token, CK_SESSION_HANDLE *session);
/* @rv: how its last use ended; a session is not used again after an odd end. */
void ks_token_give_session (KsToken *token, CK_SESSION_HANDLE session, CK_RV rv);
/* After a call that did not go through the pool: whether @rv says that the token has gone away. It is
 * opened anew at the next call then. */
gboolean ks_token_note_loss (KsToken *token, CK_RV rv);

/* token-softhsm.c */
gboolean ks_softhsm_exists (const KsToken *token);
gboolean ks_softhsm_prepare (KsToken *token, GError **error);
gboolean ks_softhsm_initialize (KsToken *token, GError **error);
gboolean ks_softhsm_sync (KsToken *token, GError **error);
KsSecret *ks_softhsm_pin (KsToken *token, GError **error);
