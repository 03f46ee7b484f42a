/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See operate-psk.h. The derivations are libcrypto's, by name from its default provider. */
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
#define SHARED_MIN 32  /* the shortest (EC)DHE secret libssl makes */
#define PREMASTER_MAX (2 + WIRE_PSK_OTHER_MAX + 2 + WIRE_SECRET_MAX)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_KDF, EVP_KDF_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_KDF_CTX, EVP_KDF_CTX_free)

/* The hashes of TLS cipher suites. */
typedef struct {
	CK_MECHANISM_TYPE mechanism;
	const char *name;
	gsize len;
	KsPskHash policy;
} Hash;

static const Hash hashes[] = {
	{CKM_SHA256, "SHA2-256", 32, KS_PSK_HASH_SHA256},
	{CKM_SHA384, "SHA2-384", 48, KS_PSK_HASH_SHA384},
};

/* ---- what is refused ---- */

static CK_RV
find_hash (guint32 mechanism, const Hash **hash)
{
	for (gsize i = 0; i < G_N_ELEMENTS (hashes); i++) {
		if (hashes[i].mechanism == mechanism) {
			*hash = &hashes[i];
			return CKR_OK;
		}
	}
	return CKR_MECHANISM_PARAM_INVALID;
}

static CK_RV
check_key (const KsPsk *psk, guint version, const Hash *hash)
{
	if (psk->len == 0 || psk->len > WIRE_SECRET_MAX)
		return CKR_KEY_SIZE_RANGE;
	if ((psk->policy->versions & version) == 0)
		return CKR_ACTION_PROHIBITED;
	return psk->policy->hash == KS_PSK_HASH_ANY || psk->policy->hash == hash->policy
		       ? CKR_OK
		       : CKR_ACTION_PROHIBITED;
}

/* What Diffie-Hellman yields: no known zeros, which make the result the same for ever. */
static CK_RV
check_shared (const WireBytes *shared)
{
	if (shared->len < SHARED_MIN || shared->len > WIRE_PSK_OTHER_MAX)
		return CKR_DATA_LEN_RANGE;
	return wire_bytes_all_zero (shared) ? CKR_DATA_INVALID : CKR_OK;
}

/* 48 bytes that begin with TLS 1.2's number are an RSA premaster, as far as can be seen: of the
 * secrets of P-384, one in 65536 is refused by mistake. */
static gboolean
is_ephemeral (const WirePskMasterSecret *request)
{
	static const guint8 version[] = {3, 3};

	return !request->plain &&
	       (request->other.len != 48 || memcmp (request->other.data, version, 2) != 0);
}

static CK_RV
check_master_secret (const WirePskMasterSecret *request, const KsPsk *psk, const Hash **hash)
{
	CK_RV rv = find_hash (request->hash, hash);

	if (rv != CKR_OK || request->extended > 1 || request->plain > 1)
		return CKR_MECHANISM_PARAM_INVALID;
	if (request->seed.len != (request->extended ? (*hash)->len : RANDOMS_LEN))
		return CKR_DATA_LEN_RANGE;
	if (request->plain && request->other.len != 0)
		return CKR_DATA_LEN_RANGE;
	rv = request->plain ? CKR_OK : check_shared (&request->other);
	if (rv == CKR_OK)
		rv = check_key (psk, KS_PSK_TLS12, *hash);
	if (rv == CKR_OK && psk->policy->ephemeral && !is_ephemeral (request))
		rv = CKR_ACTION_PROHIBITED;
	return rv;
}

/* ---- TLS 1.2 ---- */

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
derive (const char *algorithm, const OSSL_PARAM *params, guint8 *output, gsize len)
{
	g_autoptr (EVP_KDF) kdf = EVP_KDF_fetch (NULL, algorithm, "provider=default");
	g_autoptr (EVP_KDF_CTX) context = kdf ? EVP_KDF_CTX_new (kdf) : NULL;

	return context && EVP_KDF_derive (context, output, len, params) > 0;
}

static gboolean
derive_master (const char *hash,
	       guint8 *premaster,
	       gsize premaster_len,
	       gboolean extended,
	       const WireBytes *seed,
	       guint8 *master)
{
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

	return derive ("TLS1-PRF", params, master, KS_PSK_MASTER_SECRET_LEN);
}

CK_RV
ks_operate_psk_master_secret (const WirePskMasterSecret *request,
			      const KsPsk *psk,
			      guint8 master[KS_PSK_MASTER_SECRET_LEN])
{
	guint8 premaster[PREMASTER_MAX];
	guint8 output[KS_PSK_MASTER_SECRET_LEN];
	const Hash *hash;
	gsize len;
	gboolean derived;
	CK_RV rv = check_master_secret (request, psk, &hash);

	if (rv != CKR_OK)
		return rv;
	len = request->plain ? put_string (premaster, NULL, psk->len)
			     : put_string (premaster, request->other.data, request->other.len);
	len += put_string (premaster + len, psk->bytes, psk->len);
	derived = derive_master (hash->name, premaster, len, request->extended == 1, &request->seed,
				 output);
	if (derived)
		memcpy (master, output, sizeof output);
	explicit_bzero (premaster, sizeof premaster);
	explicit_bzero (output, sizeof output);
	return derived ? CKR_OK : CKR_FUNCTION_FAILED;
}

/* ---- TLS 1.3 ---- */

/* One step of the key schedule, as libssl asks for it. With @salt, an extraction derives from it
 * ("derived") first. */
typedef struct {
	int mode; /* EVP_KDF_HKDF_MODE_* */
	const char *label;
	const guint8 *salt, *data; /* (nullable): as many bytes as the hash has */
} Step;

static gboolean
take_step (const Hash *hash, const Step *step, const guint8 *key, gsize key_len, guint8 *output)
{
	int mode = step->mode;
	OSSL_PARAM params[8], *next = params;

	*next++ = OSSL_PARAM_construct_int (OSSL_KDF_PARAM_MODE, &mode);
	*next++ = OSSL_PARAM_construct_utf8_string (OSSL_KDF_PARAM_DIGEST, (char *)hash->name, 0);
	*next++ = OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_KEY, (guint8 *)key, key_len);
	*next++ = OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_PREFIX, (char *)"tls13 ", 6);
	*next++ = OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_LABEL, (char *)step->label,
						     strlen (step->label));
	if (step->salt != NULL)
		*next++ = OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_SALT,
							     (guint8 *)step->salt, hash->len);
	if (step->data != NULL)
		*next++ = OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_DATA,
							     (guint8 *)step->data, hash->len);
	*next = OSSL_PARAM_construct_end ();
	return derive ("TLS13-KDF", params, output, hash->len);
}

static gboolean
derive_early (const Hash *hash, const KsPsk *psk, guint8 *early)
{
	const Step extract = {EVP_KDF_HKDF_MODE_EXTRACT_ONLY, "derived", NULL, NULL};

	return take_step (hash, &extract, psk->bytes, psk->len, early);
}

/* Gives the result of a derivation away, or nothing. */
static CK_RV
finish (gboolean derived, const Hash *hash, guint8 *result, guint8 *output, gsize *len)
{
	if (derived) {
		memcpy (output, result, hash->len);
		*len = hash->len;
	}
	explicit_bzero (result, KS_PSK_HASH_LEN_MAX);
	return derived ? CKR_OK : CKR_FUNCTION_FAILED;
}

CK_RV
ks_operate_psk_binder_key (const WirePskBinderKey *request,
			   const KsPsk *psk,
			   guint8 output[KS_PSK_HASH_LEN_MAX],
			   gsize *len)
{
	guint8 empty[KS_PSK_HASH_LEN_MAX];
	const Step bind = {EVP_KDF_HKDF_MODE_EXPAND_ONLY, "ext binder", NULL, empty};
	const Step end = {EVP_KDF_HKDF_MODE_EXPAND_ONLY, "finished", NULL, NULL};
	guint8 early[KS_PSK_HASH_LEN_MAX], binder[KS_PSK_HASH_LEN_MAX], key[KS_PSK_HASH_LEN_MAX];
	const Hash *hash;
	gboolean derived;
	CK_RV rv = find_hash (request->hash, &hash);

	if (rv == CKR_OK)
		rv = check_key (psk, KS_PSK_TLS13, hash);
	if (rv != CKR_OK)
		return rv;
	derived = EVP_Q_digest (NULL, hash->name, "provider=default", "", 0, empty, NULL) == 1 &&
		  derive_early (hash, psk, early) &&
		  take_step (hash, &bind, early, hash->len, binder) &&
		  take_step (hash, &end, binder, hash->len, key);
	explicit_bzero (early, sizeof early);
	explicit_bzero (binder, sizeof binder);
	return finish (derived, hash, key, output, len);
}

CK_RV
ks_operate_psk_handshake_secret (const WirePskHandshakeSecret *request,
				 const KsPsk *psk,
				 guint8 output[KS_PSK_HASH_LEN_MAX],
				 gsize *len)
{
	guint8 early[KS_PSK_HASH_LEN_MAX], secret[KS_PSK_HASH_LEN_MAX];
	const Step extract = {EVP_KDF_HKDF_MODE_EXTRACT_ONLY, "derived", early, NULL};
	const Hash *hash;
	gboolean derived;
	CK_RV rv = find_hash (request->hash, &hash);

	if (rv == CKR_OK)
		rv = check_shared (&request->dhe);
	if (rv == CKR_OK)
		rv = check_key (psk, KS_PSK_TLS13, hash);
	if (rv != CKR_OK)
		return rv;
	derived = derive_early (hash, psk, early) &&
		  take_step (hash, &extract, request->dhe.data, request->dhe.len, secret);
	explicit_bzero (early, sizeof early);
	return finish (derived, hash, secret, output, len);
}
