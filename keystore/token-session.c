/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pool of sessions with the backing token, and the operations that a key which never leaves its
 * token performs there. A token that has gone away (reset, pulled) is opened anew at the next call.
 */
#include <config.h>

#include "keystore/token-private.h"

#define IDLE_MAX 16

/* CKR_DEVICE_ERROR is also what tokens answer to one operation that they cannot do: then the login
 * tells. */
static gboolean
is_loss (KsToken *token, CK_RV rv)
{
	CK_SESSION_INFO info;

	if (rv == CKR_DEVICE_ERROR)
		return token->p11->C_GetSessionInfo (token->keeper, &info) != CKR_OK ||
		       info.state != CKS_RW_USER_FUNCTIONS;
	return rv == CKR_SESSION_HANDLE_INVALID || rv == CKR_SESSION_CLOSED ||
	       rv == CKR_DEVICE_REMOVED || rv == CKR_TOKEN_NOT_PRESENT ||
	       rv == CKR_USER_NOT_LOGGED_IN || rv == CKR_CRYPTOKI_NOT_INITIALIZED;
}

gboolean
ks_token_note_loss (KsToken *token, CK_RV rv)
{
	gboolean lost = rv != CKR_OK && is_loss (token, rv);

	if (lost)
		g_atomic_int_set (&token->open, FALSE);
	return lost;
}

CK_RV
ks_token_take_session (KsToken *token, CK_SESSION_HANDLE *session)
{
	gboolean found;
	CK_RV rv;

	g_mutex_lock (&token->pooling);
	found = token->idle->len > 0;
	if (found) {
		*session = g_array_index (token->idle, CK_SESSION_HANDLE, token->idle->len - 1);
		g_array_set_size (token->idle, token->idle->len - 1);
	}
	g_mutex_unlock (&token->pooling);
	if (found)
		return CKR_OK;
	rv = token->p11->C_OpenSession (token->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
					NULL, session);
	(void)ks_token_note_loss (token, rv);
	return rv;
}

void
ks_token_give_session (KsToken *token, CK_SESSION_HANDLE session, CK_RV rv)
{
	gboolean keep = rv == CKR_OK;

	if (ks_token_note_loss (token, rv))
		return;
	g_mutex_lock (&token->pooling);
	keep = keep && token->idle->len < IDLE_MAX;
	if (keep)
		g_array_append_val (token->idle, session);
	g_mutex_unlock (&token->pooling);
	if (!keep)
		token->p11->C_CloseSession (session);
}

typedef CK_RV (*Perform) (KsToken *token,
			  CK_SESSION_HANDLE session,
			  CK_OBJECT_HANDLE handle,
			  CK_MECHANISM *mechanism,
			  gpointer arguments);

static CK_RV
with_key (KsToken *token,
	  const guint8 *key_id,
	  CK_MECHANISM *mechanism,
	  Perform perform,
	  gpointer arguments)
{
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE handle;
	CK_RV rv = CKR_KEY_HANDLE_INVALID;
	gboolean open;

	if (!ks_token_enter (token, FALSE, NULL))
		return CKR_DEVICE_ERROR;
	if (ks_token_handle (token, key_id, &handle)) {
		rv = ks_token_take_session (token, &session);
		if (rv == CKR_OK) {
			rv = perform (token, session, handle, mechanism, arguments);
			ks_token_give_session (token, session, rv);
		}
	}
	open = g_atomic_int_get (&token->open);
	ks_token_leave (token, FALSE);
	return rv != CKR_OK && !open ? CKR_DEVICE_ERROR : rv;
}

typedef struct {
	const guint8 *data;
	gsize data_len;
	guint8 *out;
	CK_ULONG out_len;
} Buffers;

static CK_RV
sign (KsToken *token,
      CK_SESSION_HANDLE session,
      CK_OBJECT_HANDLE handle,
      CK_MECHANISM *mechanism,
      gpointer arguments)
{
	Buffers *buffers = arguments;
	CK_RV rv = token->p11->C_SignInit (session, mechanism, handle);

	return rv != CKR_OK
		       ? rv
		       : token->p11->C_Sign (session, (CK_BYTE_PTR)buffers->data, buffers->data_len,
					     buffers->out, &buffers->out_len);
}

static CK_RV
decrypt (KsToken *token,
	 CK_SESSION_HANDLE session,
	 CK_OBJECT_HANDLE handle,
	 CK_MECHANISM *mechanism,
	 gpointer arguments)
{
	Buffers *buffers = arguments;
	CK_RV rv = token->p11->C_DecryptInit (session, mechanism, handle);

	return rv != CKR_OK
		       ? rv
		       : token->p11->C_Decrypt (session, (CK_BYTE_PTR)buffers->data,
						buffers->data_len, buffers->out, &buffers->out_len);
}

static CK_RV
derive (KsToken *token,
	CK_SESSION_HANDLE session,
	CK_OBJECT_HANDLE handle,
	CK_MECHANISM *mechanism,
	gpointer arguments)
{
	Buffers *buffers = arguments;
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	CK_BBOOL no = CK_FALSE, yes = CK_TRUE;
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class, sizeof class},
		{CKA_KEY_TYPE, &type, sizeof type},
		{CKA_TOKEN, &no, sizeof no},
		{CKA_SENSITIVE, &no, sizeof no},
		{CKA_EXTRACTABLE, &yes, sizeof yes},
		{CKA_VALUE_LEN, &buffers->out_len, sizeof buffers->out_len},
	};
	CK_ATTRIBUTE value = {CKA_VALUE, buffers->out, buffers->out_len};
	CK_OBJECT_HANDLE derived;
	CK_RV rv = token->p11->C_DeriveKey (session, mechanism, handle, template,
					    G_N_ELEMENTS (template), &derived);

	if (rv != CKR_OK)
		return rv;
	rv = token->p11->C_GetAttributeValue (session, derived, &value, 1);
	if (rv == CKR_OK && value.ulValueLen != buffers->out_len)
		rv = CKR_FUNCTION_FAILED;
	token->p11->C_DestroyObject (session, derived);
	return rv;
}

CK_RV
ks_token_sign (KsToken *token,
	       const guint8 *key_id,
	       CK_MECHANISM *mechanism,
	       const guint8 *data,
	       gsize data_len,
	       guint8 *signature,
	       gsize *signature_len)
{
	Buffers buffers = {data, data_len, signature, *signature_len};
	CK_RV rv = with_key (token, key_id, mechanism, sign, &buffers);

	if (rv == CKR_OK)
		*signature_len = buffers.out_len;
	return rv;
}

CK_RV
ks_token_decrypt (KsToken *token,
		  const guint8 *key_id,
		  CK_MECHANISM *mechanism,
		  const guint8 *data,
		  gsize data_len,
		  guint8 *plain,
		  gsize *plain_len)
{
	Buffers buffers = {data, data_len, plain, *plain_len};
	CK_RV rv = with_key (token, key_id, mechanism, decrypt, &buffers);

	if (rv == CKR_OK)
		*plain_len = buffers.out_len;
	return rv;
}

CK_RV
ks_token_derive (KsToken *token,
		 const guint8 *key_id,
		 CK_MECHANISM *mechanism,
		 gsize secret_len,
		 KsSecret **secret)
{
	g_autoptr (KsSecret) value = ks_secret_new (NULL, secret_len);
	Buffers buffers = {NULL, 0, ks_secret_reveal_mutable (value), secret_len};
	CK_RV rv = with_key (token, key_id, mechanism, derive, &buffers);

	if (rv == CKR_OK)
		*secret = g_steal_pointer (&value);
	return rv;
}
