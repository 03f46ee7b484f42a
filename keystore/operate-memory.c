/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Raw operations by libcrypto on resident keys and on public keys.
 */
#include <config.h>

#include "keystore/crypto.h"
#include "keystore/curve.h"
#include "keystore/der.h"
#include "keystore/operate-private.h"
#include "keystore/wire/limits.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

#define ECDSA_DER_MAX 160

static CK_RV
failed (CK_RV rv)
{
	ERR_clear_error ();
	return rv;
}

/* ---- ECDSA: DER to and from r || s ---- */

static gboolean
put_number (KsSlice *der, guint8 *out, gsize len)
{
	KsSlice number;

	if (!ks_der_take (der, KS_DER_INTEGER, &number, NULL))
		return FALSE;
	while (number.len > 0 && number.data[0] == 0) {
		number.data++;
		number.len--;
	}
	if (number.len > len)
		return FALSE;
	memset (out, 0, len - number.len);
	memcpy (out + len - number.len, number.data, number.len);
	return TRUE;
}

static gboolean
der_to_raw (const guint8 *der, gsize der_len, guint8 *raw, gsize field_len)
{
	KsSlice cursor = {der, der_len}, numbers;

	return ks_der_take (&cursor, KS_DER_SEQUENCE, &numbers, NULL) &&
	       put_number (&numbers, raw, field_len) &&
	       put_number (&numbers, raw + field_len, field_len);
}

static gsize
take_number (const guint8 *number, gsize len, guint8 *out)
{
	gsize at = 2;

	while (len > 1 && number[0] == 0) {
		number++;
		len--;
	}
	if (number[0] >= 0x80)
		out[at++] = 0;
	memcpy (out + at, number, len);
	at += len;
	out[0] = KS_DER_INTEGER;
	out[1] = (guint8)(at - 2);
	return at;
}

/* @out: room for ECDSA_DER_MAX bytes; the longest, P-521, has 141. */
static gsize
raw_to_der (const guint8 *raw, gsize field_len, guint8 *out)
{
	guint8 numbers[ECDSA_DER_MAX];
	gsize len = take_number (raw, field_len, numbers);
	gsize at = 0;

	len += take_number (raw + field_len, field_len, numbers + len);
	out[at++] = KS_DER_SEQUENCE;
	if (len >= 0x80)
		out[at++] = 0x81;
	out[at++] = (guint8)len;
	memcpy (out + at, numbers, len);
	return at + len;
}

/* A prepared context is used by one thread at a time: making one costs a fetch and its locks. */
static EVP_PKEY_CTX *
take_context (KsKey *key)
{
	g_autoptr (EVP_PKEY_CTX) context = NULL;

	for (guint i = 0; i < KS_KEY_CONTEXTS; i++) {
		context = __atomic_exchange_n (&key->pool[i], NULL, __ATOMIC_ACQ_REL);
		if (context != NULL)
			return g_steal_pointer (&context);
	}
	context = EVP_PKEY_CTX_new_from_pkey (NULL, key->pkey, NULL);
	if (context == NULL || EVP_PKEY_sign_init (context) != 1)
		return NULL;
	return g_steal_pointer (&context);
}

static void
give_context (KsKey *key, EVP_PKEY_CTX *context)
{
	for (guint i = 0; i < KS_KEY_CONTEXTS && context != NULL; i++) {
		EVP_PKEY_CTX *empty = NULL;

		if (__atomic_compare_exchange_n (&key->pool[i], &empty, context, FALSE,
						 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			context = NULL;
	}
	EVP_PKEY_CTX_free (context);
}

static CK_RV
sign_ecdsa (KsKey *key, const KsRaw *raw, guint8 *signature, gsize *signature_len)
{
	const KsCurve *curve = ks_curve_of_type (key->type);
	EVP_PKEY_CTX *context = take_context (key);
	guint8 der[ECDSA_DER_MAX];
	gsize der_len = sizeof der;
	gboolean done;

	if (context == NULL)
		return failed (CKR_FUNCTION_FAILED);
	done = EVP_PKEY_sign (context, der, &der_len, raw->data, raw->len) == 1;
	give_context (key, context);
	if (!done || !der_to_raw (der, der_len, signature, curve->field_len))
		return failed (CKR_FUNCTION_FAILED);
	*signature_len = 2 * curve->field_len;
	return CKR_OK;
}

/* ---- the other signatures ---- */

static CK_RV
sign_eddsa (KsKey *key, const KsRaw *raw, guint8 *signature, gsize *signature_len)
{
	g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
	gsize len = WIRE_SIGNATURE_MAX;

	if (context == NULL || EVP_DigestSignInit (context, NULL, NULL, NULL, key->pkey) != 1 ||
	    EVP_DigestSign (context, signature, &len, raw->data, raw->len) != 1)
		return failed (CKR_FUNCTION_FAILED);
	*signature_len = len;
	return CKR_OK;
}

static gboolean
set_rsa (EVP_PKEY_CTX *context, const KsRaw *raw)
{
	if (raw->family == KS_FAMILY_PKCS)
		return EVP_PKEY_CTX_set_rsa_padding (context, RSA_PKCS1_PADDING) == 1;
	return EVP_PKEY_CTX_set_rsa_padding (context, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_signature_md (context, raw->md) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md (context, raw->mgf_md) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen (context, (int)raw->mechanism->salt_len) == 1;
}

static CK_RV
sign_rsa (KsKey *key, const KsRaw *raw, guint8 *signature, gsize *signature_len)
{
	g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_pkey (NULL, key->pkey, NULL);
	gsize len = WIRE_SIGNATURE_MAX;

	if (context == NULL || EVP_PKEY_sign_init (context) != 1 || !set_rsa (context, raw) ||
	    EVP_PKEY_sign (context, signature, &len, raw->data, raw->len) != 1)
		return failed (CKR_FUNCTION_FAILED);
	*signature_len = len;
	return CKR_OK;
}

CK_RV
ks_memory_sign (KsKey *key, const KsRaw *raw, guint8 *signature, gsize *signature_len)
{
	switch (raw->family) {
	case KS_FAMILY_ECDSA:
		return sign_ecdsa (key, raw, signature, signature_len);
	case KS_FAMILY_EDDSA:
		return sign_eddsa (key, raw, signature, signature_len);
	case KS_FAMILY_PKCS:
	case KS_FAMILY_PSS:
		return sign_rsa (key, raw, signature, signature_len);
	case KS_FAMILY_OAEP:
		break;
	}
	return CKR_FUNCTION_FAILED;
}

CK_RV
ks_memory_verify (const KsPubkey *pubkey,
		  const KsRaw *raw,
		  const guint8 *signature,
		  gsize signature_len)
{
	EVP_PKEY *pkey = ks_pubkey_peek (pubkey);
	g_autoptr (EVP_PKEY_CTX) context = NULL;
	g_autoptr (EVP_MD_CTX) whole = NULL;
	guint8 der[ECDSA_DER_MAX];

	if (raw->family == KS_FAMILY_EDDSA) {
		whole = EVP_MD_CTX_new ();
		return whole != NULL && EVP_DigestVerifyInit (whole, NULL, NULL, NULL, pkey) == 1 &&
				       EVP_DigestVerify (whole, signature, signature_len, raw->data,
							 raw->len) == 1
			       ? CKR_OK
			       : failed (CKR_SIGNATURE_INVALID);
	}
	context = EVP_PKEY_CTX_new_from_pkey (NULL, pkey, NULL);
	if (context == NULL || EVP_PKEY_verify_init (context) != 1)
		return failed (CKR_FUNCTION_FAILED);
	if (raw->family == KS_FAMILY_ECDSA) {
		signature_len = raw_to_der (signature, signature_len / 2, der);
		signature = der;
	} else if (!set_rsa (context, raw)) {
		return failed (CKR_FUNCTION_FAILED);
	}
	return EVP_PKEY_verify (context, signature, signature_len, raw->data, raw->len) == 1
		       ? CKR_OK
		       : failed (CKR_SIGNATURE_INVALID);
}

/* ---- RSA encryption ---- */

static gboolean
set_crypt (EVP_PKEY_CTX *context, const KsRaw *raw)
{
	guint8 *label;

	if (raw->family == KS_FAMILY_PKCS)
		return EVP_PKEY_CTX_set_rsa_padding (context, RSA_PKCS1_PADDING) == 1;
	if (EVP_PKEY_CTX_set_rsa_padding (context, RSA_PKCS1_OAEP_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_oaep_md (context, raw->md) != 1 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md (context, raw->mgf_md) != 1)
		return FALSE;
	if (raw->mechanism->label_len == 0)
		return TRUE;
	label = OPENSSL_memdup (raw->mechanism->label, raw->mechanism->label_len);
	if (label != NULL &&
	    EVP_PKEY_CTX_set0_rsa_oaep_label (context, label, (int)raw->mechanism->label_len) == 1)
		return TRUE;
	OPENSSL_free (label);
	return FALSE;
}

/*
 * The padding check is libcrypto's constant-time one. What follows does the same work for a good
 * and a bad padding, up to the answer, which PKCS#11 makes visible: a caller that must hide it from
 * its own peer (TLS) treats CKR_ENCRYPTED_DATA_INVALID as a random secret.
 */
CK_RV
ks_memory_decrypt (KsKey *key, const KsRaw *raw, guint8 *plain, gsize *plain_len)
{
	g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_pkey (NULL, key->pkey, NULL);
	guint8 room[WIRE_SIGNATURE_MAX] = {0};
	gsize len = sizeof room, mask;
	int done;

	if (context == NULL || EVP_PKEY_decrypt_init (context) != 1 || !set_crypt (context, raw))
		return failed (CKR_FUNCTION_FAILED);
	done = EVP_PKEY_decrypt (context, room, &len, raw->data, raw->len);
	ERR_clear_error ();
	mask = (gsize)0 - (gsize)(done == 1);
	for (gsize i = 0; i < sizeof room; i++)
		plain[i] = (guint8)(room[i] & mask);
	*plain_len = len & mask;
	ks_secret_wipe (room, sizeof room);
	return (CKR_OK & mask) | (CKR_ENCRYPTED_DATA_INVALID & ~mask);
}

CK_RV
ks_memory_encrypt (const KsPubkey *pubkey, const KsRaw *raw, guint8 *cipher, gsize *cipher_len)
{
	g_autoptr (EVP_PKEY_CTX) context =
		EVP_PKEY_CTX_new_from_pkey (NULL, ks_pubkey_peek (pubkey), NULL);
	gsize len = WIRE_SIGNATURE_MAX;

	if (context == NULL || EVP_PKEY_encrypt_init (context) != 1 || !set_crypt (context, raw) ||
	    EVP_PKEY_encrypt (context, cipher, &len, raw->data, raw->len) != 1)
		return failed (CKR_FUNCTION_FAILED);
	*cipher_len = len;
	return CKR_OK;
}

CK_RV
ks_memory_derive (KsKey *key, const KsPubkey *peer, KsSecret **secret)
{
	g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_pkey (NULL, key->pkey, NULL);
	gsize len = ks_curve_of_type (key->type)->field_len;
	g_autoptr (KsSecret) value = ks_secret_new (NULL, len);

	if (context == NULL || EVP_PKEY_derive_init (context) != 1 ||
	    EVP_PKEY_derive_set_peer (context, ks_pubkey_peek (peer)) != 1 ||
	    EVP_PKEY_derive (context, ks_secret_reveal_mutable (value), &len) != 1 ||
	    len != ks_secret_len (value))
		return failed (CKR_FUNCTION_FAILED);
	*secret = g_steal_pointer (&value);
	return CKR_OK;
}
