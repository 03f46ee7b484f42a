/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See operate-secret.h. Derivations are in operate-derive.c. */
#include <config.h>

#include "keystore/operate-secret.h"

#include "keystore/crypto.h"
#include "keystore/digest.h"
#include "keystore/operate-derive.h"
#include "keystore/wire/limits.h"
#include "keystore/wire/mechanisms.h"

#include <openssl/err.h>
#include <string.h>

#define WRAP_BLOCK 8
#define WRAP_OVERHEAD 16 /* the integrity value, and what KWP pads */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_CIPHER, EVP_CIPHER_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

static CK_RV
failed (CK_RV rv)
{
	ERR_clear_error ();
	return rv;
}

/* ---- HMAC ---- */

static const EVP_MD *
find_hmac (CK_MECHANISM_TYPE mechanism)
{
	switch (mechanism) {
	case CKM_SHA256_HMAC:
		return ks_digest_find (CKM_SHA256);
	case CKM_SHA384_HMAC:
		return ks_digest_find (CKM_SHA384);
	case CKM_SHA512_HMAC:
		return ks_digest_find (CKM_SHA512);
	default:
		return NULL;
	}
}

gboolean
ks_secret_is_mac (CK_MECHANISM_TYPE mechanism)
{
	return find_hmac (mechanism) != NULL;
}

static int
feed_mac (gpointer context, const guint8 *data, gsize len)
{
	return EVP_MAC_update (context, data, len);
}

CK_RV
ks_secret_mac (const KsSecret *key,
	       CK_MECHANISM_TYPE mechanism,
	       const KsInput *input,
	       guint8 *mac,
	       gsize *mac_len)
{
	const EVP_MD *md = find_hmac (mechanism);
	g_autoptr (EVP_MAC_CTX) context = NULL;
	gsize len;
	CK_RV rv;

	if (md == NULL)
		return CKR_MECHANISM_INVALID;
	context = ks_hmac_new (md, ks_secret_reveal (key), ks_secret_len (key));
	if (context == NULL)
		return failed (CKR_FUNCTION_FAILED);
	rv = ks_digest_feed (input, feed_mac, context);
	if (rv == CKR_OK && EVP_MAC_final (context, mac, &len, EVP_MAX_MD_SIZE) != 1)
		rv = CKR_FUNCTION_FAILED;
	if (rv == CKR_OK)
		*mac_len = len;
	return failed (rv);
}

CK_RV
ks_secret_verify (const KsSecret *key,
		  CK_MECHANISM_TYPE mechanism,
		  const KsInput *input,
		  const WireBytes *mac)
{
	guint8 wanted[EVP_MAX_MD_SIZE];
	gsize len = 0;
	CK_RV rv = ks_secret_mac (key, mechanism, input, wanted, &len);

	if (rv == CKR_OK && mac->len != len)
		rv = CKR_SIGNATURE_LEN_RANGE;
	if (rv == CKR_OK && CRYPTO_memcmp (wanted, mac->data, len) != 0)
		rv = CKR_SIGNATURE_INVALID;
	ks_secret_wipe (wanted, sizeof wanted);
	return rv;
}

/* ---- AES ---- */

typedef enum { GCM, CCM, WRAP, WRAP_PAD } Mode;

static EVP_CIPHER *
fetch_cipher (const KsSecret *key, Mode mode)
{
	static const char *const names[][3] = {
		[GCM] = {"AES-128-GCM", "AES-192-GCM", "AES-256-GCM"},
		[CCM] = {"AES-128-CCM", "AES-192-CCM", "AES-256-CCM"},
		[WRAP] = {"AES-128-WRAP", "AES-192-WRAP", "AES-256-WRAP"},
		[WRAP_PAD] = {"AES-128-WRAP-PAD", "AES-192-WRAP-PAD", "AES-256-WRAP-PAD"},
	};

	return EVP_CIPHER_fetch (NULL, names[mode][ks_secret_len (key) / 8 - 2],
				 "provider=default");
}

static gboolean
fits_aes (const KsSecret *key)
{
	gsize len = ks_secret_len (key);

	return len == 16 || len == 24 || len == 32;
}

/* Lengths that NIST SP 800-38D and SP 800-38C know; tags of 8 bytes at least. */
static gboolean
aead_fits (const WireSecretUse *request)
{
	if (request->mechanism == CKM_AES_GCM)
		return request->first.len >= 1 && request->first.len <= WIRE_NONCE_MAX &&
		       (request->number == 8 || (request->number >= 12 && request->number <= 16));
	return request->first.len >= 7 && request->first.len <= 13 && request->number >= 8 &&
	       request->number <= 16 && request->number % 2 == 0;
}

/* Nonce, tag (to be checked, or %NULL) and additional data; CCM wants the input's length first. */
static gboolean
aead_begin (EVP_CIPHER_CTX *context,
	    const EVP_CIPHER *cipher,
	    const KsSecret *key,
	    const WireSecretUse *request,
	    gboolean encrypt,
	    gsize len,
	    const guint8 *tag)
{
	int tag_len = (int)request->number, done;
	void *wanted = (void *)tag;

	if (EVP_CipherInit_ex2 (context, cipher, NULL, NULL, encrypt, NULL) != 1 ||
	    EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_AEAD_SET_IVLEN, (int)request->first.len, NULL) !=
		    1)
		return FALSE;
	if ((tag != NULL || request->mechanism == CKM_AES_CCM) &&
	    EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_AEAD_SET_TAG, tag_len, wanted) != 1)
		return FALSE;
	if (EVP_CipherInit_ex2 (context, NULL, ks_secret_reveal (key), request->first.data, encrypt,
				NULL) != 1)
		return FALSE;
	if (request->mechanism == CKM_AES_CCM &&
	    EVP_CipherUpdate (context, NULL, &done, NULL, (int)len) != 1)
		return FALSE;
	return request->second.len == 0 ||
	       EVP_CipherUpdate (context, NULL, &done, request->second.data,
				 (int)request->second.len) == 1;
}

static CK_RV
aead_encrypt (const KsSecret *key,
	      const EVP_CIPHER *cipher,
	      const WireSecretUse *request,
	      KsSecret **output)
{
	g_autoptr (EVP_CIPHER_CTX) context = EVP_CIPHER_CTX_new ();
	gsize len = request->data.len;
	g_autoptr (KsSecret) result = ks_secret_new (NULL, len + request->number);
	guint8 *out = ks_secret_reveal_mutable (result);
	int done = 0, rest = 0;

	if (len + request->number > WIRE_DATA_MAX)
		return CKR_DATA_LEN_RANGE;
	if (context == NULL || !aead_begin (context, cipher, key, request, TRUE, len, NULL) ||
	    EVP_EncryptUpdate (context, out, &done,
			       len > 0 ? request->data.data : (const guint8 *)"", (int)len) != 1 ||
	    EVP_EncryptFinal_ex (context, out + done, &rest) != 1 ||
	    EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_AEAD_GET_TAG, (int)request->number, out + len) !=
		    1)
		return failed (CKR_FUNCTION_FAILED);
	*output = g_steal_pointer (&result);
	return CKR_OK;
}

/* CCM checks its tag in the one Update, GCM in Final; nothing is given away before. */
static CK_RV
aead_decrypt (const KsSecret *key,
	      const EVP_CIPHER *cipher,
	      const WireSecretUse *request,
	      KsSecret **output)
{
	g_autoptr (EVP_CIPHER_CTX) context = EVP_CIPHER_CTX_new ();
	g_autoptr (KsSecret) result = NULL;
	const guint8 *data = request->data.data;
	guint8 *out;
	int done = 0;
	gsize len;

	if (request->data.len < request->number)
		return CKR_ENCRYPTED_DATA_LEN_RANGE;
	len = request->data.len - request->number;
	result = ks_secret_new (NULL, MAX (len, 1));
	out = ks_secret_reveal_mutable (result);
	if (context == NULL || !aead_begin (context, cipher, key, request, FALSE, len, data + len))
		return failed (CKR_FUNCTION_FAILED);
	if (EVP_DecryptUpdate (context, out, &done, data, (int)len) != 1 ||
	    (request->mechanism == CKM_AES_GCM &&
	     EVP_DecryptFinal_ex (context, out + done, &done) != 1))
		return failed (CKR_ENCRYPTED_DATA_INVALID);
	*output = ks_secret_new (out, len);
	return CKR_OK;
}

static CK_RV
use_aead (const KsSecret *key, const WireSecretUse *request, KsSecret **output)
{
	g_autoptr (EVP_CIPHER) cipher = NULL;

	if (!fits_aes (key))
		return CKR_KEY_SIZE_RANGE;
	if (!aead_fits (request))
		return CKR_MECHANISM_PARAM_INVALID;
	cipher = fetch_cipher (key, request->mechanism == CKM_AES_GCM ? GCM : CCM);
	if (cipher == NULL)
		return failed (CKR_FUNCTION_FAILED);
	return request->use == WIRE_USE_ENCRYPT ? aead_encrypt (key, cipher, request, output)
						: aead_decrypt (key, cipher, request, output);
}

static CK_RV
check_wrap (const WireSecretUse *request, gboolean wrap, gboolean pad)
{
	gsize len = request->data.len, overhead = wrap ? 0 : WRAP_BLOCK;

	if (request->first.len != 0 || request->second.len != 0)
		return CKR_MECHANISM_PARAM_INVALID;
	if (len > WIRE_SECRET_MAX + WRAP_OVERHEAD || len < overhead + 1)
		return wrap ? CKR_KEY_SIZE_RANGE : CKR_WRAPPED_KEY_LEN_RANGE;
	if (wrap && pad)
		return CKR_OK;
	/* RFC 3394: two blocks at least; RFC 5649: one */
	if (len % WRAP_BLOCK != 0 || len < overhead + (pad ? 1 : 2) * WRAP_BLOCK)
		return wrap ? CKR_KEY_SIZE_RANGE : CKR_WRAPPED_KEY_LEN_RANGE;
	return CKR_OK;
}

static CK_RV
use_wrap (const KsSecret *key, const WireSecretUse *request, KsSecret **output)
{
	gboolean wrap = request->use == WIRE_USE_WRAP;
	gboolean pad = request->mechanism == WIRE_CKM_AES_KEY_WRAP_KWP;
	CK_RV rv = check_wrap (request, wrap, pad);
	g_autoptr (EVP_CIPHER_CTX) context = NULL;
	g_autoptr (EVP_CIPHER) cipher = NULL;
	guint8 room[WIRE_SECRET_MAX + 2 * WRAP_OVERHEAD];
	int len = 0;

	if (!fits_aes (key))
		return CKR_KEY_SIZE_RANGE;
	if (rv != CKR_OK)
		return rv;
	context = EVP_CIPHER_CTX_new ();
	cipher = fetch_cipher (key, pad ? WRAP_PAD : WRAP);
	if (context == NULL || cipher == NULL)
		return failed (CKR_FUNCTION_FAILED);
	EVP_CIPHER_CTX_set_flags (context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	if (EVP_CipherInit_ex2 (context, cipher, ks_secret_reveal (key), NULL, wrap, NULL) != 1)
		return failed (CKR_FUNCTION_FAILED);
	if (EVP_CipherUpdate (context, room, &len, request->data.data, (int)request->data.len) == 1)
		*output = ks_secret_new (room, (gsize)len);
	else
		rv = wrap ? CKR_FUNCTION_FAILED : CKR_WRAPPED_KEY_INVALID;
	ks_secret_wipe (room, sizeof room);
	return failed (rv);
}

CK_RV
ks_secret_use (const KsSecret *key, const WireSecretUse *request, KsSecret **output)
{
	switch (request->use) {
	case WIRE_USE_ENCRYPT:
	case WIRE_USE_DECRYPT:
		return use_aead (key, request, output);
	case WIRE_USE_WRAP:
	case WIRE_USE_UNWRAP:
		return use_wrap (key, request, output);
	case WIRE_USE_DERIVE:
		return ks_derive (key, request, output);
	default:
		return CKR_MECHANISM_INVALID;
	}
}
