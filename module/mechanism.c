/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See mechanism.h. */
#include <config.h>

#include "module/mechanism.h"

#include <stddef.h>

#define RSA_MAX_BYTES 1024 /* of a salt, a label: no more than the largest modulus */

static CK_RV
read_none (const ModMechanism *mechanism, const CK_MECHANISM *given, WireOperate *request)
{
	return given->ulParameterLen == 0 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
}

static bool
fits_u32 (CK_ULONG value)
{
	return value <= UINT32_MAX;
}

static CK_RV
read_pss (const ModMechanism *mechanism, const CK_MECHANISM *given, WireOperate *request)
{
	const CK_RSA_PKCS_PSS_PARAMS *pss = given->pParameter;

	if (pss == NULL || given->ulParameterLen != sizeof *pss || !fits_u32 (pss->hashAlg) ||
	    !fits_u32 (pss->mgf) || pss->sLen > RSA_MAX_BYTES ||
	    (mechanism->hash != 0 && pss->hashAlg != mechanism->hash))
		return CKR_MECHANISM_PARAM_INVALID;
	request->hash = (uint32_t)pss->hashAlg;
	request->mgf = (uint32_t)pss->mgf;
	request->salt_len = (uint32_t)pss->sLen;
	return CKR_OK;
}

static CK_RV
read_oaep (const ModMechanism *mechanism, const CK_MECHANISM *given, WireOperate *request)
{
	const CK_RSA_PKCS_OAEP_PARAMS *oaep = given->pParameter;

	if (oaep == NULL || given->ulParameterLen != sizeof *oaep || !fits_u32 (oaep->hashAlg) ||
	    !fits_u32 (oaep->mgf) || oaep->ulSourceDataLen > RSA_MAX_BYTES ||
	    (oaep->pSourceData == NULL && oaep->ulSourceDataLen != 0) ||
	    (oaep->source != CKZ_DATA_SPECIFIED && oaep->ulSourceDataLen != 0))
		return CKR_MECHANISM_PARAM_INVALID;
	request->hash = (uint32_t)oaep->hashAlg;
	request->mgf = (uint32_t)oaep->mgf;
	request->param = (WireBytes){oaep->pSourceData, oaep->ulSourceDataLen};
	return CKR_OK;
}

/* Pure EdDSA alone: no pre-hash, no context. */
static CK_RV
read_eddsa (const ModMechanism *mechanism, const CK_MECHANISM *given, WireOperate *request)
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
read_ecdh (const ModMechanism *mechanism, const CK_MECHANISM *given, WireOperate *request)
{
	const CK_ECDH1_DERIVE_PARAMS *ecdh = given->pParameter;

	if (ecdh == NULL || given->ulParameterLen != sizeof *ecdh || ecdh->kdf != CKD_NULL ||
	    ecdh->ulSharedDataLen != 0 || ecdh->pPublicData == NULL || ecdh->ulPublicDataLen == 0 ||
	    ecdh->ulPublicDataLen > WIRE_SIGNATURE_MAX)
		return CKR_MECHANISM_PARAM_INVALID;
	request->mgf = (uint32_t)ecdh->kdf;
	request->data = (WireBytes){ecdh->pPublicData, ecdh->ulPublicDataLen};
	return CKR_OK;
}

#define SIGNS (CKF_SIGN | CKF_VERIFY)
#define CRYPTS (CKF_ENCRYPT | CKF_DECRYPT)
#define CURVES (CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS)

/* clang-format off */
#define RSA(type, uses, hash, read) {type, CKK_RSA, {2048, 8192, uses}, hash, read}
#define ECDSA(type, hash) {type, CKK_EC, {256, 521, SIGNS | CURVES}, hash, read_none}
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
	{CKM_ECDH1_DERIVE, CKK_EC, {256, 521, CKF_DERIVE | CURVES}, 0, read_ecdh},
	{CKM_EDDSA, CKK_EC_EDWARDS, {255, 255, SIGNS | CURVES}, 0, read_eddsa},
};

const CK_ULONG mod_n_mechanisms = sizeof mod_mechanisms / sizeof mod_mechanisms[0];

const ModMechanism *
mod_mechanism_find (CK_MECHANISM_TYPE type)
{
	for (CK_ULONG i = 0; i < mod_n_mechanisms; i++) {
		if (mod_mechanisms[i].type == type)
			return &mod_mechanisms[i];
	}
	return NULL;
}

CK_RV
mod_mechanism_parameters (const ModMechanism *mechanism,
			  const CK_MECHANISM *given,
			  WireOperate *request)
{
	request->mechanism = (uint32_t)mechanism->type;
	return mechanism->read_parameters (mechanism, given, request);
}
