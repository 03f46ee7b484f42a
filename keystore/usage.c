/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a key may be used for: the one table (R-SUID-2).
 */
#include <config.h>

#include "keystore/usage.h"

#define PAIR_SIGN (KS_USE_SIGN | KS_USE_VERIFY)
#define PAIR_CRYPT (KS_USE_DECRYPT | KS_USE_ENCRYPT)
#define KEY(type) (1u << (type))
#define EC_KEYS (KEY (KS_KEY_P256) | KEY (KS_KEY_P384) | KEY (KS_KEY_P521))
#define RSA_KEYS KEY (KS_KEY_RSA)
#define ED_KEYS KEY (KS_KEY_ED25519)
#define SECRET_KEYS KEY (KS_KEY_SECRET)

static const CK_MECHANISM_TYPE ec_sign[] = {
	CKM_ECDSA,        CKM_ECDSA_SHA1,   CKM_ECDSA_SHA224, CKM_ECDSA_SHA256,
	CKM_ECDSA_SHA384, CKM_ECDSA_SHA512, CKM_ECDH1_DERIVE, /* the last: unconstrained keys only
							       */
};
static const CK_MECHANISM_TYPE ec_derive[] = {CKM_ECDH1_DERIVE};
static const CK_MECHANISM_TYPE ed_sign[] = {CKM_EDDSA};
static const CK_MECHANISM_TYPE rsa_sign[] = {
	CKM_RSA_PKCS_PSS,        CKM_SHA1_RSA_PKCS_PSS,   CKM_SHA224_RSA_PKCS_PSS,
	CKM_SHA256_RSA_PKCS_PSS, CKM_SHA384_RSA_PKCS_PSS, CKM_SHA512_RSA_PKCS_PSS,
	CKM_SHA1_RSA_PKCS,       CKM_SHA224_RSA_PKCS,     CKM_SHA256_RSA_PKCS,
	CKM_SHA384_RSA_PKCS,     CKM_SHA512_RSA_PKCS,     CKM_RSA_PKCS,
	CKM_RSA_PKCS_OAEP, /* the last: unconstrained keys only */
};
static const CK_MECHANISM_TYPE rsa_decrypt[] = {CKM_RSA_PKCS_OAEP};
static const CK_MECHANISM_TYPE psk[] = {CKM_TLS12_MASTER_KEY_DERIVE};
static const CK_MECHANISM_TYPE hmac_sha256[] = {CKM_SHA256_HMAC};
static const CK_MECHANISM_TYPE hmac_sha2[] = {CKM_SHA256_HMAC, CKM_SHA384_HMAC, CKM_SHA512_HMAC};
static const CK_MECHANISM_TYPE aes[] = {CKM_AES_GCM, CKM_AES_KEY_WRAP};

#define ALL(list) list, G_N_ELEMENTS (list)
#define BUT_LAST(list) list, G_N_ELEMENTS (list) - 1

static const struct {
	guint suid;
	guint keys;
	guint uses;
	const CK_MECHANISM_TYPE *mechanisms;
	guint count;
} usages[] = {
	/* no constraint: what the key type can do */
	{0, EC_KEYS, PAIR_SIGN | KS_USE_DERIVE, ALL (ec_sign)},
	{0, RSA_KEYS, PAIR_SIGN | PAIR_CRYPT, ALL (rsa_sign)},
	{0, ED_KEYS, PAIR_SIGN, ALL (ed_sign)},
	{0, SECRET_KEYS, KS_USE_PSK, ALL (psk)},
	/* TLS-PSK: bootstrap and enrolment keys, Km, Kpsa */
	{10, SECRET_KEYS, KS_USE_PSK, ALL (psk)},
	{11, SECRET_KEYS, KS_USE_PSK, ALL (psk)},
	{12, SECRET_KEYS, KS_USE_PSK, ALL (psk)},
	{21, SECRET_KEYS, KS_USE_PSK, ALL (psk)},
	{22, SECRET_KEYS, KS_USE_PSK, ALL (psk)},
	{32, SECRET_KEYS, KS_USE_PSK, ALL (psk)},
	/* End-to-End Security of Primitives: pairwiseESPrimKey */
	{13, SECRET_KEYS, PAIR_SIGN, ALL (hmac_sha256)},
	{23, SECRET_KEYS, PAIR_SIGN, ALL (hmac_sha256)},
	{33, SECRET_KEYS, PAIR_SIGN, ALL (hmac_sha256)},
	/* ESData: encryption */
	{14, SECRET_KEYS, PAIR_CRYPT | KS_USE_WRAP, ALL (aes)},
	{24, SECRET_KEYS, PAIR_CRYPT | KS_USE_WRAP, ALL (aes)},
	{34, SECRET_KEYS, PAIR_CRYPT | KS_USE_WRAP, ALL (aes)},
	/* ESData: signature */
	{15, SECRET_KEYS, PAIR_SIGN, ALL (hmac_sha2)},
	{25, SECRET_KEYS, PAIR_SIGN, ALL (hmac_sha2)},
	{35, SECRET_KEYS, PAIR_SIGN, ALL (hmac_sha2)},
	/* certificates: 40-42 TLS, 43 ESCertKE, 44 ESData encryption, 45 ESData signature */
	{40, EC_KEYS, PAIR_SIGN, BUT_LAST (ec_sign)},
	{40, RSA_KEYS, PAIR_SIGN, BUT_LAST (rsa_sign)},
	{40, ED_KEYS, PAIR_SIGN, ALL (ed_sign)},
	{41, EC_KEYS, PAIR_SIGN, BUT_LAST (ec_sign)},
	{41, RSA_KEYS, PAIR_SIGN, BUT_LAST (rsa_sign)},
	{41, ED_KEYS, PAIR_SIGN, ALL (ed_sign)},
	{42, EC_KEYS, PAIR_SIGN, BUT_LAST (ec_sign)},
	{42, RSA_KEYS, PAIR_SIGN, BUT_LAST (rsa_sign)},
	{42, ED_KEYS, PAIR_SIGN, ALL (ed_sign)},
	{43, EC_KEYS, PAIR_SIGN, BUT_LAST (ec_sign)},
	{43, RSA_KEYS, PAIR_SIGN, BUT_LAST (rsa_sign)},
	{43, ED_KEYS, PAIR_SIGN, ALL (ed_sign)},
	{44, EC_KEYS, KS_USE_DERIVE, ALL (ec_derive)},
	{44, RSA_KEYS, PAIR_CRYPT, ALL (rsa_decrypt)},
	{45, EC_KEYS, PAIR_SIGN, BUT_LAST (ec_sign)},
	{45, RSA_KEYS, PAIR_SIGN, BUT_LAST (rsa_sign)},
	{45, ED_KEYS, PAIR_SIGN, ALL (ed_sign)},
};

static int
find (guint suid, KsKeyType type)
{
	for (guint i = 0; i < G_N_ELEMENTS (usages); i++)
		if (usages[i].suid == suid && (usages[i].keys & KEY (type)) != 0)
			return (int)i;
	return -1;
}

guint
ks_usage_uses (guint suid, KsKeyType type)
{
	int index = find (suid, type);

	return index < 0 ? 0 : usages[index].uses;
}

const CK_MECHANISM_TYPE *
ks_usage_mechanisms (guint suid, KsKeyType type, guint *count)
{
	int index = find (suid, type);

	*count = index < 0 ? 0 : usages[index].count;
	return index < 0 ? NULL : usages[index].mechanisms;
}

/* Raw RSA PKCS decryption is RSA_PKCS, listed for signatures: its use is what tells them apart. */
gboolean
ks_usage_allows (guint suid, KsKeyType type, KsUse use, CK_MECHANISM_TYPE mechanism)
{
	int index = find (suid, type);

	if (index < 0 || (usages[index].uses & use) == 0)
		return FALSE;
	if (use == KS_USE_PSK)
		return TRUE;
	for (guint i = 0; i < usages[index].count; i++)
		if (usages[index].mechanisms[i] == mechanism)
			return TRUE;
	return FALSE;
}

gboolean
ks_usage_suid_is_known (guint suid)
{
	for (guint i = 0; i < G_N_ELEMENTS (usages); i++)
		if (usages[i].suid == suid)
			return TRUE;
	return FALSE;
}
