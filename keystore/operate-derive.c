/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See operate-derive.h. */
#include <config.h>

#include "keystore/operate-derive.h"

#include "keystore/digest.h"
#include "keystore/wire/limits.h"
#include "keystore/wire/mechanisms.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <string.h>

#define HKDF_BLOCKS_MAX 255 /* RFC 5869 2.3 */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_MAC, EVP_MAC_free)

EVP_MAC_CTX *
ks_hmac_new (const EVP_MD *md, const guint8 *key, gsize len)
{
	g_autoptr (EVP_MAC) mac = EVP_MAC_fetch (NULL, "HMAC", "provider=default");
	g_autoptr (EVP_MAC_CTX) context = mac != NULL ? EVP_MAC_CTX_new (mac) : NULL;
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string (OSSL_MAC_PARAM_DIGEST,
						  (char *)EVP_MD_get0_name (md), 0),
		OSSL_PARAM_construct_end (),
	};

	if (context == NULL ||
	    EVP_MAC_init (context, len > 0 ? key : (const guint8 *)"", len, params) != 1)
		return NULL;
	return g_steal_pointer (&context);
}

/* HMAC of parts one after the other; a part without bytes is none. */
static CK_RV
hmac (const EVP_MD *md,
      const guint8 *key,
      gsize key_len,
      const WireBytes *parts,
      gsize n_parts,
      guint8 *out)
{
	g_autoptr (EVP_MAC_CTX) context = ks_hmac_new (md, key, key_len);
	gboolean whole = context != NULL;
	gsize len;

	for (gsize i = 0; whole && i < n_parts; i++)
		whole = parts[i].len == 0 ||
			EVP_MAC_update (context, parts[i].data, parts[i].len) == 1;
	if (whole && EVP_MAC_final (context, out, &len, EVP_MAX_MD_SIZE) == 1)
		return CKR_OK;
	ERR_clear_error ();
	return CKR_FUNCTION_FAILED;
}

/* ---- HKDF ---- */

static CK_RV
expand (const EVP_MD *md, const guint8 *prk, gsize prk_len, const WireBytes *info, KsSecret *result)
{
	guint8 *out = ks_secret_reveal_mutable (result);
	gsize len = ks_secret_len (result), md_len = (gsize)EVP_MD_get_size (md), at = 0;
	guint8 block[EVP_MAX_MD_SIZE];
	CK_RV rv = CKR_OK;

	for (guint8 i = 1; rv == CKR_OK && at < len; i++) {
		const WireBytes parts[] = {{block, i > 1 ? md_len : 0}, *info, {&i, 1}};

		rv = hmac (md, prk, prk_len, parts, G_N_ELEMENTS (parts), block);
		memcpy (out + at, block, MIN (md_len, len - at));
		at += md_len;
	}
	ks_secret_wipe (block, sizeof block);
	return rv;
}

static CK_RV
derive_hkdf (const KsSecret *key, const WireSecretUse *request, KsSecret **output)
{
	const EVP_MD *md = ks_digest_find (request->hash);
	gboolean extracts = (request->number & WIRE_HKDF_EXTRACT) != 0;
	gboolean expands = (request->number & WIRE_HKDF_EXPAND) != 0;
	const WireBytes value = {ks_secret_reveal (key), ks_secret_len (key)};
	g_autoptr (KsSecret) result = NULL;
	guint8 prk[EVP_MAX_MD_SIZE];
	gsize md_len;
	CK_RV rv;

	if (md == NULL || (!extracts && !expands) || (extracts && wire_bytes_all_zero (&request->first)))
		return CKR_MECHANISM_PARAM_INVALID;
	md_len = (gsize)EVP_MD_get_size (md);
	if (request->length == 0 ||
	    request->length > (expands ? HKDF_BLOCKS_MAX * md_len : md_len) ||
	    request->length > WIRE_SECRET_MAX || (!extracts && value.len < md_len))
		return CKR_KEY_SIZE_RANGE;
	result = ks_secret_new (NULL, request->length);
	rv = extracts ? hmac (md, request->first.data, request->first.len, &value, 1, prk) : CKR_OK;
	if (rv == CKR_OK && expands)
		rv = expand (md, extracts ? prk : value.data, extracts ? md_len : value.len,
			     &request->second, result);
	else if (rv == CKR_OK)
		memcpy (ks_secret_reveal_mutable (result), prk, request->length);
	ks_secret_wipe (prk, sizeof prk);
	if (rv == CKR_OK)
		*output = g_steal_pointer (&result);
	return rv;
}

/* ---- TS-0003 clause 10.3 ---- */

#define KPSA_LABEL "oneM2M Enrolment Key to Provisioned Secure Connection Key derivation"
#define CONSTRAINED_LABEL "oneM2M Enrolment Key to Usage-Constrained Symmetric Key derivation"
#define ESPRIM_LABEL "oneM2M HMAC-SHA256 sessionESPrimKey derivation algorithm"

static WireBytes
text (const char *text)
{
	return (WireBytes){(const guint8 *)text, strlen (text)};
}

/* HMAC-SHA-256 (Spec: TS-0003 10.3.3, 10.3.7, 10.3.8.2). */
static CK_RV
derive_once (const KsSecret *key, const WireBytes *parts, gsize n_parts, KsSecret **output)
{
	const EVP_MD *md = ks_digest_find (CKM_SHA256);
	guint8 result[EVP_MAX_MD_SIZE];
	CK_RV rv = hmac (md, ks_secret_reveal (key), ks_secret_len (key), parts, n_parts, result);

	if (rv == CKR_OK)
		*output = ks_secret_new (result, (gsize)EVP_MD_get_size (md));
	ks_secret_wipe (result, sizeof result);
	return rv;
}

static CK_RV
derive_kpsa (const KsSecret *key, const WireSecretUse *request, KsSecret **output)
{
	const WireBytes parts[] = {text (KPSA_LABEL), request->first};

	return derive_once (key, parts, G_N_ELEMENTS (parts), output);
}

static CK_RV
derive_constrained (const KsSecret *key, const WireSecretUse *request, KsSecret **output)
{
	char suid[16];

	/* A41: the decimal digits */
	g_snprintf (suid, sizeof suid, "%u", request->number);
	const WireBytes parts[] = {text (CONSTRAINED_LABEL), text (suid), request->first};

	return derive_once (key, parts, G_N_ELEMENTS (parts), output);
}

static CK_RV
derive_esprim (const KsSecret *key, const WireSecretUse *request, KsSecret **output)
{
	const WireBytes parts[] = {request->first, request->second, text (ESPRIM_LABEL)};

	return derive_once (key, parts, G_N_ELEMENTS (parts), output);
}

/*
 * T(1) to T(@request->number) of Ke2e_master, which is HKDF's extraction and is itself never given
 * away (Spec: TS-0003 10.3.6.2).
 */
static CK_RV
derive_ke2e (const KsSecret *key, const WireSecretUse *request, KsSecret **output)
{
	static const char *const labels[] = {
		"E2E Message Authentication Key", "E2E Message Confidentiality Key",
		"E2E Attribute Authenticity Key", "E2E Attribute Confidentiality Key"};
	const EVP_MD *md = ks_digest_find (request->hash);
	const WireBytes value = {ks_secret_reveal (key), ks_secret_len (key)};
	guint8 master[EVP_MAX_MD_SIZE], block[EVP_MAX_MD_SIZE];
	gsize len;
	CK_RV rv;

	if (md == NULL || request->number < 1 || request->number > G_N_ELEMENTS (labels))
		return CKR_MECHANISM_PARAM_INVALID;
	len = (gsize)EVP_MD_get_size (md);
	rv = hmac (md, request->first.data, request->first.len, &value, 1, master);
	for (guint8 i = 1; rv == CKR_OK && i <= request->number; i++) {
		const WireBytes parts[] = {{block, i > 1 ? len : 0}, text (labels[i - 1]), {&i, 1}};

		rv = hmac (md, master, len, parts, G_N_ELEMENTS (parts), block);
	}
	if (rv == CKR_OK)
		*output = ks_secret_new (block, len);
	ks_secret_wipe (master, sizeof master);
	ks_secret_wipe (block, sizeof block);
	return rv;
}

static const struct {
	CK_MECHANISM_TYPE mechanism;
	CK_RV (*derive) (const KsSecret *key, const WireSecretUse *request, KsSecret **output);
} derivations[] = {
	{WIRE_CKM_HKDF_DERIVE, derive_hkdf},
	{WIRE_CKM_ONEM2M_KPSA, derive_kpsa},
	{WIRE_CKM_ONEM2M_CONSTRAINED, derive_constrained},
	{WIRE_CKM_ONEM2M_KE2E, derive_ke2e},
	{WIRE_CKM_ONEM2M_ESPRIM, derive_esprim},
};

CK_RV
ks_derive (const KsSecret *key, const WireSecretUse *request, KsSecret **output)
{
	for (gsize i = 0; i < G_N_ELEMENTS (derivations); i++)
		if (derivations[i].mechanism == request->mechanism)
			return derivations[i].derive (key, request, output);
	return CKR_MECHANISM_INVALID;
}
