/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See mechanism.h. */
#include <config.h>

#include "module/mechanism.h"

#include "keystore/wire/mechanisms.h"
#include "module/state.h"

#include <stddef.h>
#include <string.h>

#define TLS_RANDOM_LEN 32
#define RSA_MAX_BYTES 1024 /* of a salt, a label: no more than the largest modulus */

static CK_RV
read_none (const ModMechanism *mechanism, const CK_MECHANISM *given, ModRequest *request)
{
	return given->ulParameterLen == 0 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
}

static bool
fits_u32 (CK_ULONG value)
{
	return value <= UINT32_MAX;
}

static CK_RV
read_pss (const ModMechanism *mechanism, const CK_MECHANISM *given, ModRequest *request)
{
	const CK_RSA_PKCS_PSS_PARAMS *pss = given->pParameter;

	if (pss == NULL || given->ulParameterLen != sizeof *pss || !fits_u32 (pss->hashAlg) ||
	    !fits_u32 (pss->mgf) || pss->sLen > RSA_MAX_BYTES ||
	    (mechanism->hash != 0 && pss->hashAlg != mechanism->hash))
		return CKR_MECHANISM_PARAM_INVALID;
	request->operate.hash = (uint32_t)pss->hashAlg;
	request->operate.mgf = (uint32_t)pss->mgf;
	request->operate.salt_len = (uint32_t)pss->sLen;
	return CKR_OK;
}

static CK_RV
read_oaep (const ModMechanism *mechanism, const CK_MECHANISM *given, ModRequest *request)
{
	const CK_RSA_PKCS_OAEP_PARAMS *oaep = given->pParameter;

	if (oaep == NULL || given->ulParameterLen != sizeof *oaep || !fits_u32 (oaep->hashAlg) ||
	    !fits_u32 (oaep->mgf) || oaep->ulSourceDataLen > RSA_MAX_BYTES ||
	    (oaep->pSourceData == NULL && oaep->ulSourceDataLen != 0) ||
	    (oaep->source != CKZ_DATA_SPECIFIED && oaep->ulSourceDataLen != 0))
		return CKR_MECHANISM_PARAM_INVALID;
	request->operate.hash = (uint32_t)oaep->hashAlg;
	request->operate.mgf = (uint32_t)oaep->mgf;
	request->operate.param = (WireBytes){oaep->pSourceData, oaep->ulSourceDataLen};
	return CKR_OK;
}

/* Pure EdDSA alone: no pre-hash, no context. */
static CK_RV
read_eddsa (const ModMechanism *mechanism, const CK_MECHANISM *given, ModRequest *request)
{
	const ModEddsaParams *eddsa = given->pParameter;

	if (given->ulParameterLen == 0)
		return CKR_OK;
	if (eddsa == NULL || given->ulParameterLen != sizeof *eddsa || eddsa->ph_flag != CK_FALSE ||
	    eddsa->context_len != 0)
		return CKR_MECHANISM_PARAM_INVALID;
	return CKR_OK;
}

static CK_RV
read_ecdh (const ModMechanism *mechanism, const CK_MECHANISM *given, ModRequest *request)
{
	const CK_ECDH1_DERIVE_PARAMS *ecdh = given->pParameter;

	if (ecdh == NULL || given->ulParameterLen != sizeof *ecdh || ecdh->kdf != CKD_NULL ||
	    ecdh->ulSharedDataLen != 0 || ecdh->pPublicData == NULL || ecdh->ulPublicDataLen == 0 ||
	    ecdh->ulPublicDataLen > WIRE_SIGNATURE_MAX)
		return CKR_MECHANISM_PARAM_INVALID;
	request->operate.mgf = (uint32_t)ecdh->kdf;
	request->operate.data = (WireBytes){ecdh->pPublicData, ecdh->ulPublicDataLen};
	return CKR_OK;
}

static bool
can_be_read (const void *bytes, CK_ULONG len)
{
	return len <= WIRE_EXTRA_MAX && (bytes != NULL || len == 0);
}

static CK_RV
read_gcm (const ModMechanism *mechanism, const CK_MECHANISM *given, ModRequest *request)
{
	const CK_GCM_PARAMS *gcm = given->pParameter;

	if (gcm == NULL || given->ulParameterLen != sizeof *gcm ||
	    !can_be_read (gcm->iv_ptr, gcm->iv_len) || !can_be_read (gcm->aad_ptr, gcm->aad_len) ||
	    gcm->tag_bits % 8 != 0 || gcm->tag_bits > 128)
		return CKR_MECHANISM_PARAM_INVALID;
	request->secret.first = (WireBytes){gcm->iv_ptr, gcm->iv_len};
	request->secret.second = (WireBytes){gcm->aad_ptr, gcm->aad_len};
	request->secret.number = (uint32_t)(gcm->tag_bits / 8);
	return CKR_OK;
}

static CK_RV
read_ccm (const ModMechanism *mechanism, const CK_MECHANISM *given, ModRequest *request)
{
	const ModCcmParams *ccm = given->pParameter;

	if (ccm == NULL || given->ulParameterLen != sizeof *ccm ||
	    !can_be_read (ccm->nonce, ccm->nonce_len) || !can_be_read (ccm->aad, ccm->aad_len) ||
	    ccm->mac_len > 16)
		return CKR_MECHANISM_PARAM_INVALID;
	request->secret.first = (WireBytes){ccm->nonce, ccm->nonce_len};
	request->secret.second = (WireBytes){ccm->aad, ccm->aad_len};
	request->secret.number = (uint32_t)ccm->mac_len;
	return CKR_OK;
}

/* A salt that is another key is not for this token. */
static CK_RV
read_hkdf (const ModMechanism *mechanism, const CK_MECHANISM *given, ModRequest *request)
{
	const ModHkdfParams *hkdf = given->pParameter;

	if (hkdf == NULL || given->ulParameterLen != sizeof *hkdf || !fits_u32 (hkdf->hash) ||
	    !can_be_read (hkdf->info, hkdf->info_len))
		return CKR_MECHANISM_PARAM_INVALID;
	if (hkdf->extract != CK_FALSE &&
	    (hkdf->salt_type != MOD_HKDF_SALT_DATA || !can_be_read (hkdf->salt, hkdf->salt_len)))
		return CKR_MECHANISM_PARAM_INVALID;
	if (hkdf->extract != CK_FALSE)
		request->secret.first = (WireBytes){hkdf->salt, hkdf->salt_len};
	request->secret.second = (WireBytes){hkdf->info, hkdf->info_len};
	request->secret.hash = (uint32_t)hkdf->hash;
	request->secret.number = (hkdf->extract != CK_FALSE ? WIRE_HKDF_EXTRACT : 0) |
				 (hkdf->expand != CK_FALSE ? WIRE_HKDF_EXPAND : 0);
	return CKR_OK;
}

/* The premaster secret is that of a plain pre-shared key, and brings no version. */
static CK_RV
read_tls12 (const ModMechanism *mechanism, const CK_MECHANISM *given, ModRequest *request)
{
	const ModTls12MasterParams *tls12 = given->pParameter;

	if (tls12 == NULL || given->ulParameterLen != sizeof *tls12 || !fits_u32 (tls12->hash) ||
	    tls12->client_random == NULL || tls12->client_random_len != TLS_RANDOM_LEN ||
	    tls12->server_random == NULL || tls12->server_random_len != TLS_RANDOM_LEN)
		return CKR_MECHANISM_PARAM_INVALID;
	memcpy (request->randoms, tls12->client_random, TLS_RANDOM_LEN);
	memcpy (request->randoms + TLS_RANDOM_LEN, tls12->server_random, TLS_RANDOM_LEN);
	request->secret.first = (WireBytes){request->randoms, sizeof request->randoms};
	request->secret.hash = (uint32_t)tls12->hash;
	if (tls12->version != NULL)
		*tls12->version = (CK_VERSION){3, 3};
	return CKR_OK;
}

static CK_RV
read_onem2m (const ModMechanism *mechanism, const CK_MECHANISM *given, ModRequest *request)
{
	const ModOneM2mParams *onem2m = given->pParameter;

	if (onem2m == NULL || given->ulParameterLen != sizeof *onem2m ||
	    !fits_u32 (onem2m->number) || !fits_u32 (onem2m->hash) ||
	    !can_be_read (onem2m->first, onem2m->first_len) ||
	    !can_be_read (onem2m->second, onem2m->second_len))
		return CKR_MECHANISM_PARAM_INVALID;
	request->secret.first = (WireBytes){onem2m->first, onem2m->first_len};
	request->secret.second = (WireBytes){onem2m->second, onem2m->second_len};
	request->secret.hash = (uint32_t)onem2m->hash;
	request->secret.number = (uint32_t)onem2m->number;
	return CKR_OK;
}

#define SIGNS (CKF_SIGN | CKF_VERIFY)
#define CRYPTS (CKF_ENCRYPT | CKF_DECRYPT)
#define WRAPS (CKF_WRAP | CKF_UNWRAP)
#define CURVES (CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS)

/* clang-format off */
#define RSA(type, uses, hash, read) {type, CKK_RSA, {2048, 8192, uses}, hash, read, false}
#define ECDSA(type, hash) {type, CKK_EC, {256, 521, SIGNS | CURVES}, hash, read_none, false}
#define AES(type, uses, read) {type, CKK_AES, {16, 32, uses}, 0, read, true}
#define HMAC(type, hash) {type, CKK_GENERIC_SECRET, {1, WIRE_SECRET_MAX, SIGNS}, hash, read_none, false}
#define DERIVES(type, read) {type, CKK_GENERIC_SECRET, {1, WIRE_SECRET_MAX, CKF_DERIVE}, 0, read, true}
/* clang-format on */

/* SHA-224 and SHA-1 are for peers that insist; the keystore has them as well. */
const ModMechanism mod_mechanisms[] = {
	RSA (CKM_RSA_PKCS, SIGNS | CRYPTS, 0, read_none),
	RSA (CKM_SHA1_RSA_PKCS, SIGNS, CKM_SHA_1, read_none),
	RSA (CKM_SHA224_RSA_PKCS, SIGNS, CKM_SHA224, read_none),
	RSA (CKM_SHA256_RSA_PKCS, SIGNS, CKM_SHA256, read_none),
	RSA (CKM_SHA384_RSA_PKCS, SIGNS, CKM_SHA384, read_none),
	RSA (CKM_SHA512_RSA_PKCS, SIGNS, CKM_SHA512, read_none),
	RSA (CKM_RSA_PKCS_PSS, SIGNS, 0, read_pss),
	RSA (CKM_SHA1_RSA_PKCS_PSS, SIGNS, CKM_SHA_1, read_pss),
	RSA (CKM_SHA224_RSA_PKCS_PSS, SIGNS, CKM_SHA224, read_pss),
	RSA (CKM_SHA256_RSA_PKCS_PSS, SIGNS, CKM_SHA256, read_pss),
	RSA (CKM_SHA384_RSA_PKCS_PSS, SIGNS, CKM_SHA384, read_pss),
	RSA (CKM_SHA512_RSA_PKCS_PSS, SIGNS, CKM_SHA512, read_pss),
	RSA (CKM_RSA_PKCS_OAEP, CRYPTS, 0, read_oaep),
	ECDSA (CKM_ECDSA, 0),
	ECDSA (CKM_ECDSA_SHA1, CKM_SHA_1),
	ECDSA (CKM_ECDSA_SHA224, CKM_SHA224),
	ECDSA (CKM_ECDSA_SHA256, CKM_SHA256),
	ECDSA (CKM_ECDSA_SHA384, CKM_SHA384),
	ECDSA (CKM_ECDSA_SHA512, CKM_SHA512),
	{CKM_ECDH1_DERIVE, CKK_EC, {256, 521, CKF_DERIVE | CURVES}, 0, read_ecdh, false},
	{CKM_EDDSA, CKK_EC_EDWARDS, {255, 255, SIGNS | CURVES}, 0, read_eddsa, false},
	/* from here on with the init argument only */
	HMAC (CKM_SHA256_HMAC, CKM_SHA256),
	HMAC (CKM_SHA384_HMAC, CKM_SHA384),
	HMAC (CKM_SHA512_HMAC, CKM_SHA512),
	AES (CKM_AES_GCM, CRYPTS, read_gcm),
	AES (CKM_AES_CCM, CRYPTS, read_ccm),
	AES (CKM_AES_KEY_WRAP, WRAPS, read_none),
	AES (WIRE_CKM_AES_KEY_WRAP_KWP, WRAPS, read_none),
	DERIVES (WIRE_CKM_HKDF_DERIVE, read_hkdf),
	DERIVES (CKM_TLS12_MASTER_KEY_DERIVE, read_tls12),
	DERIVES (WIRE_CKM_ONEM2M_KPSA, read_onem2m),
	DERIVES (WIRE_CKM_ONEM2M_CONSTRAINED, read_onem2m),
	DERIVES (WIRE_CKM_ONEM2M_KE2E, read_onem2m),
	DERIVES (WIRE_CKM_ONEM2M_ESPRIM, read_onem2m),
};

#define N_MECHANISMS (sizeof mod_mechanisms / sizeof mod_mechanisms[0])

bool
mod_mechanism_is_secret (const ModMechanism *mechanism)
{
	return mechanism->key_type == CKK_GENERIC_SECRET || mechanism->key_type == CKK_AES;
}

bool
mod_mechanism_takes (const ModMechanism *mechanism, CK_KEY_TYPE key_type)
{
	return key_type == mechanism->key_type ||
	       (mechanism->key_type == CKK_AES && key_type == CKK_GENERIC_SECRET);
}

CK_ULONG
mod_mechanism_count (void)
{
	CK_ULONG n = 0;

	while (n < N_MECHANISMS &&
	       (mod_state_symmetric () || !mod_mechanism_is_secret (&mod_mechanisms[n])))
		n++;
	return n;
}

const ModMechanism *
mod_mechanism_find (CK_MECHANISM_TYPE type)
{
	for (CK_ULONG i = 0; i < N_MECHANISMS; i++) {
		if (mod_mechanisms[i].type == type)
			return !mod_mechanism_is_secret (&mod_mechanisms[i]) ||
					       mod_state_symmetric ()
				       ? &mod_mechanisms[i]
				       : NULL;
	}
	return NULL;
}

CK_RV
mod_mechanism_parameters (const ModMechanism *mechanism,
			  const CK_MECHANISM *given,
			  ModRequest *request)
{
	request->operate.mechanism = request->secret.mechanism = (uint32_t)mechanism->type;
	return mechanism->read_parameters (mechanism, given, request);
}
