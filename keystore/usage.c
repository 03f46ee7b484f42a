/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a key may be used for: the one table (R-SUID-2). A mechanism belongs to a feature; a usage
 * constraint names the features it allows.
 */
#include <config.h>

#include "keystore/usage.h"

#include "keystore/wire/mechanisms.h"

#define PAIR_SIGN (KS_USE_SIGN | KS_USE_VERIFY)
#define PAIR_CRYPT (KS_USE_DECRYPT | KS_USE_ENCRYPT)
#define KEY(type) (1u << (type))
#define EC_KEYS (KEY (KS_KEY_P256) | KEY (KS_KEY_P384) | KEY (KS_KEY_P521))
#define RSA_KEYS KEY (KS_KEY_RSA)
#define ED_KEYS KEY (KS_KEY_ED25519)
#define SECRET_KEYS KEY (KS_KEY_SECRET)

enum {
	SIGNATURE = 1 << 0,
	AGREEMENT = 1 << 1,
	OAEP = 1 << 2,
	RSA_PKCS = 1 << 3, /* its encryption */
	PSK = 1 << 4,
	HMAC_SHA256 = 1 << 5,
	HMAC_SHA2 = 1 << 6,
	GCM = 1 << 7,
	CCM = 1 << 8,
	KEY_WRAP = 1 << 9,
	HKDF = 1 << 10,
	KE = 1 << 11,     /* derivations of an Enrolment Key */
	KE2E = 1 << 12,   /* of Kpsa */
	ESPRIM = 1 << 13, /* of pairwiseESPrimKey */
	EVERYTHING = (1 << 14) - 1,
};

static const struct {
	CK_MECHANISM_TYPE type;
	guint keys;
	guint uses;
	guint feature;
} mechanisms[] = {
	{CKM_ECDSA, EC_KEYS, PAIR_SIGN, SIGNATURE},
	{CKM_ECDSA_SHA1, EC_KEYS, PAIR_SIGN, SIGNATURE},
	{CKM_ECDSA_SHA224, EC_KEYS, PAIR_SIGN, SIGNATURE},
	{CKM_ECDSA_SHA256, EC_KEYS, PAIR_SIGN, SIGNATURE},
	{CKM_ECDSA_SHA384, EC_KEYS, PAIR_SIGN, SIGNATURE},
	{CKM_ECDSA_SHA512, EC_KEYS, PAIR_SIGN, SIGNATURE},
	{CKM_ECDH1_DERIVE, EC_KEYS, KS_USE_DERIVE, AGREEMENT},
	{CKM_EDDSA, ED_KEYS, PAIR_SIGN, SIGNATURE},
	{CKM_RSA_PKCS_PSS, RSA_KEYS, PAIR_SIGN, SIGNATURE},
	{CKM_SHA1_RSA_PKCS_PSS, RSA_KEYS, PAIR_SIGN, SIGNATURE},
	{CKM_SHA224_RSA_PKCS_PSS, RSA_KEYS, PAIR_SIGN, SIGNATURE},
	{CKM_SHA256_RSA_PKCS_PSS, RSA_KEYS, PAIR_SIGN, SIGNATURE},
	{CKM_SHA384_RSA_PKCS_PSS, RSA_KEYS, PAIR_SIGN, SIGNATURE},
	{CKM_SHA512_RSA_PKCS_PSS, RSA_KEYS, PAIR_SIGN, SIGNATURE},
	{CKM_SHA1_RSA_PKCS, RSA_KEYS, PAIR_SIGN, SIGNATURE},
	{CKM_SHA224_RSA_PKCS, RSA_KEYS, PAIR_SIGN, SIGNATURE},
	{CKM_SHA256_RSA_PKCS, RSA_KEYS, PAIR_SIGN, SIGNATURE},
	{CKM_SHA384_RSA_PKCS, RSA_KEYS, PAIR_SIGN, SIGNATURE},
	{CKM_SHA512_RSA_PKCS, RSA_KEYS, PAIR_SIGN, SIGNATURE},
	{CKM_RSA_PKCS, RSA_KEYS, PAIR_SIGN, SIGNATURE},
	{CKM_RSA_PKCS, RSA_KEYS, PAIR_CRYPT, RSA_PKCS},
	{CKM_RSA_PKCS_OAEP, RSA_KEYS, PAIR_CRYPT, OAEP},
	{CKM_TLS12_MASTER_KEY_DERIVE, SECRET_KEYS, KS_USE_PSK | KS_USE_DERIVE, PSK},
	{CKM_SHA256_HMAC, SECRET_KEYS, PAIR_SIGN, HMAC_SHA256},
	{CKM_SHA384_HMAC, SECRET_KEYS, PAIR_SIGN, HMAC_SHA2},
	{CKM_SHA512_HMAC, SECRET_KEYS, PAIR_SIGN, HMAC_SHA2},
	{CKM_AES_GCM, SECRET_KEYS, PAIR_CRYPT, GCM},
	{CKM_AES_CCM, SECRET_KEYS, PAIR_CRYPT, CCM},
	{CKM_AES_KEY_WRAP, SECRET_KEYS, KS_USE_WRAP, KEY_WRAP},
	{WIRE_CKM_AES_KEY_WRAP_KWP, SECRET_KEYS, KS_USE_WRAP, KEY_WRAP},
	{WIRE_CKM_HKDF_DERIVE, SECRET_KEYS, KS_USE_DERIVE, HKDF},
	{WIRE_CKM_ONEM2M_KPSA, SECRET_KEYS, KS_USE_DERIVE, KE},
	{WIRE_CKM_ONEM2M_CONSTRAINED, SECRET_KEYS, KS_USE_DERIVE, KE},
	{WIRE_CKM_ONEM2M_KE2E, SECRET_KEYS, KS_USE_DERIVE, KE2E},
	{WIRE_CKM_ONEM2M_ESPRIM, SECRET_KEYS, KS_USE_DERIVE, ESPRIM},
};

static const struct {
	guint suid;
	guint features;
} usages[] = {
	/* no constraint: what the key type can do */
	{0, EVERYTHING},
	/* TLS-PSK: towards an MEF and a MAF */
	{10, PSK},
	{11, PSK},
	{21, PSK},
	/* Security Association Establishment: TLS-PSK, and the end-to-end keys of Kpsa (10.3.6) */
	{12, PSK | KE2E},
	{22, PSK | KE2E},
	{32, PSK | KE2E},
	/* End-to-End Security of Primitives: pairwiseESPrimKey */
	{13, HMAC_SHA256 | ESPRIM},
	{23, HMAC_SHA256 | ESPRIM},
	{33, HMAC_SHA256 | ESPRIM},
	/* ESData: encryption */
	{14, GCM | KEY_WRAP},
	{24, GCM | KEY_WRAP},
	{34, GCM | KEY_WRAP},
	/* ESData: signature */
	{15, HMAC_SHA256 | HMAC_SHA2},
	{25, HMAC_SHA256 | HMAC_SHA2},
	{35, HMAC_SHA256 | HMAC_SHA2},
	/* certificates: 40-42 TLS, 43 ESCertKE, 44 ESData encryption, 45 ESData signature */
	{40, SIGNATURE},
	{41, SIGNATURE},
	{42, SIGNATURE},
	{43, SIGNATURE},
	{44, AGREEMENT | OAEP},
	{45, SIGNATURE},
};

static guint
features_of (guint suid)
{
	for (guint i = 0; i < G_N_ELEMENTS (usages); i++)
		if (usages[i].suid == suid)
			return usages[i].features;
	return 0;
}

static gboolean
is_of (guint mechanism, KsKeyType type, guint features)
{
	return (mechanisms[mechanism].keys & KEY (type)) != 0 &&
	       (mechanisms[mechanism].feature & features) != 0;
}

guint
ks_usage_uses (guint suid, KsKeyType type)
{
	guint features = features_of (suid), uses = 0;

	for (guint i = 0; i < G_N_ELEMENTS (mechanisms); i++)
		if (is_of (i, type, features))
			uses |= mechanisms[i].uses;
	return uses;
}

guint
ks_usage_mechanisms (guint suid, KsKeyType type, CK_MECHANISM_TYPE *list)
{
	guint features = features_of (suid), count = 0;

	for (guint i = 0; i < G_N_ELEMENTS (mechanisms) && count < KS_USAGE_MECHANISMS_MAX; i++)
		if (is_of (i, type, features) &&
		    (count == 0 || list[count - 1] != mechanisms[i].type))
			list[count++] = mechanisms[i].type;
	return count;
}

CK_KEY_TYPE
ks_usage_key_type (guint suid, KsKeyType type)
{
	switch (type) {
	case KS_KEY_P256:
	case KS_KEY_P384:
	case KS_KEY_P521:
		return CKK_EC;
	case KS_KEY_RSA:
		return CKK_RSA;
	case KS_KEY_ED25519:
		return CKK_EC_EDWARDS;
	case KS_KEY_NONE:
	case KS_KEY_SECRET:
		break;
	}
	return features_of (suid) == (GCM | KEY_WRAP) ? CKK_AES : CKK_GENERIC_SECRET;
}

gboolean
ks_usage_allows (guint suid, KsKeyType type, KsUse use, CK_MECHANISM_TYPE mechanism)
{
	guint features = features_of (suid);

	for (guint i = 0; i < G_N_ELEMENTS (mechanisms); i++)
		if (is_of (i, type, features) && (mechanisms[i].uses & use) != 0 &&
		    (use == KS_USE_PSK || mechanisms[i].type == mechanism))
			return TRUE;
	return FALSE;
}

gboolean
ks_usage_suid_is_known (guint suid)
{
	return features_of (suid) != 0;
}
