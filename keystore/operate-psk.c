/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See operate-psk.h. The PRF is libcrypto's TLS1-PRF, by name from its default provider. */
#include <config.h>

#include "keystore/operate-psk.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

#define MASTER_LABEL "master secret"
#define EXTENDED_LABEL "extended master secret"
#define RANDOMS_LEN 64 /* client_random || server_random */
#define OTHER_MIN 32   /* the shortest (EC)DHE secret libssl makes */
#define PREMASTER_MAX (2 + WIRE_PSK_OTHER_MAX + 2 + WIRE_SECRET_MAX)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_KDF, EVP_KDF_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_KDF_CTX, EVP_KDF_CTX_free)

/* The hashes of TLS 1.2 cipher suites. */
static const struct {
	CK_MECHANISM_TYPE mechanism;
	const char *name;
	gsize len;
} hashes[] = {
	{CKM_SHA256, "SHA2-256", 32},
	{CKM_SHA384, "SHA2-384", 48},
};

static CK_RV
check_request (const WirePskMasterSecret *request, gsize psk_len, gsize *hash)
{
	gsize found = 0;

	while (found < G_N_ELEMENTS (hashes) && hashes[found].mechanism != request->hash)
		found++;
	if (found == G_N_ELEMENTS (hashes) || request->extended > 1 || request->plain > 1)
		return CKR_MECHANISM_PARAM_INVALID;
	if (request->seed.len != (request->extended ? hashes[found].len : RANDOMS_LEN))
		return CKR_DATA_LEN_RANGE;
	if (request->plain && request->other.len != 0)
		return CKR_DATA_LEN_RANGE;
	if (!request->plain &&
	    (request->other.len < OTHER_MIN || request->other.len > WIRE_PSK_OTHER_MAX))
		return CKR_DATA_LEN_RANGE;
	if (psk_len == 0 || psk_len > WIRE_SECRET_MAX)
		return CKR_KEY_SIZE_RANGE;
	*hash = found;
	return CKR_OK;
}

static gsize
put_string (guint8 *to, const guint8 *bytes, gsize len)
{
	to[0] = (guint8)(len >> 8);
	to[1] = (guint8)len;
	if (bytes)
		memcpy (to + 2, bytes, len);
	else
		memset (to + 2, 0, len);
	return 2 + len;
}

static gboolean
derive (const char *hash,
	guint8 *premaster,
	gsize premaster_len,
	gboolean extended,
	const WireBytes *seed,
	guint8 *master)
{
	g_autoptr (EVP_KDF) kdf = EVP_KDF_fetch (NULL, "TLS1-PRF", "provider=default");
	g_autoptr (EVP_KDF_CTX) context = kdf ? EVP_KDF_CTX_new (kdf) : NULL;
	const char *label = extended ? EXTENDED_LABEL : MASTER_LABEL;
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string (OSSL_KDF_PARAM_DIGEST, (char *)hash, 0),
		OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_SECRET, premaster, premaster_len),
		OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_SEED, (char *)label,
						   strlen (label)),
		OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_SEED, (guint8 *)seed->data,
						   seed->len),
		OSSL_PARAM_construct_end (),
	};

	return context && EVP_KDF_derive (context, master, KS_PSK_MASTER_SECRET_LEN, params) > 0;
}

CK_RV
ks_operate_psk_master_secret (const WirePskMasterSecret *request,
			      const guint8 *psk,
			      gsize psk_len,
			      guint8 master[KS_PSK_MASTER_SECRET_LEN])
{
	guint8 premaster[PREMASTER_MAX];
	guint8 output[KS_PSK_MASTER_SECRET_LEN];
	gsize hash, len;
	gboolean derived;
	CK_RV rv = check_request (request, psk_len, &hash);

	if (rv != CKR_OK)
		return rv;
	len = request->plain ? put_string (premaster, NULL, psk_len)
			     : put_string (premaster, request->other.data, request->other.len);
	len += put_string (premaster + len, psk, psk_len);
	derived = derive (hashes[hash].name, premaster, len, request->extended == 1, &request->seed,
			  output);
	if (derived)
		memcpy (master, output, sizeof output);
	explicit_bzero (premaster, sizeof premaster);
	explicit_bzero (output, sizeof output);
	return derived ? CKR_OK : CKR_FUNCTION_FAILED;
}
