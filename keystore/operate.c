/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a mechanism means: which keys it takes, how its input is hashed, which raw operation is
 * left. That one is done by libcrypto on a resident key, or by the backing token.
 */
#include <config.h>

#include "keystore/operate.h"

#include "keystore/crypto.h"
#include "keystore/curve.h"
#include "keystore/digest.h"
#include "keystore/operate-private.h"
#include "keystore/wire/limits.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>
#include <unistd.h>

#define ECDSA_INPUT_MAX 512 /* longer than any hash; more than the order's bits is cut off */
#define PKCS_OVERHEAD 11
/* Ed25519 takes the message itself, so it has to be in memory whole; every user may ask for that. */
#define EDDSA_INPUT_MAX (1024 * 1024)
#define MODULUS_LEN_MAX (KS_PUBKEY_RSA_BITS_MAX / 8)

static const struct {
	CK_MECHANISM_TYPE type;
	KsFamily family;
	CK_MECHANISM_TYPE hash; /* 0: the input is what is signed */
} signatures[] = {
	{CKM_ECDSA, KS_FAMILY_ECDSA, 0},
	{CKM_ECDSA_SHA256, KS_FAMILY_ECDSA, CKM_SHA256},
	{CKM_ECDSA_SHA384, KS_FAMILY_ECDSA, CKM_SHA384},
	{CKM_ECDSA_SHA512, KS_FAMILY_ECDSA, CKM_SHA512},
	{CKM_ECDSA_SHA224, KS_FAMILY_ECDSA, CKM_SHA224},
	{CKM_ECDSA_SHA1, KS_FAMILY_ECDSA, CKM_SHA_1},
	{CKM_RSA_PKCS_PSS, KS_FAMILY_PSS, 0},
	{CKM_SHA256_RSA_PKCS_PSS, KS_FAMILY_PSS, CKM_SHA256},
	{CKM_SHA384_RSA_PKCS_PSS, KS_FAMILY_PSS, CKM_SHA384},
	{CKM_SHA512_RSA_PKCS_PSS, KS_FAMILY_PSS, CKM_SHA512},
	{CKM_SHA224_RSA_PKCS_PSS, KS_FAMILY_PSS, CKM_SHA224},
	{CKM_SHA1_RSA_PKCS_PSS, KS_FAMILY_PSS, CKM_SHA_1},
	{CKM_RSA_PKCS, KS_FAMILY_PKCS, 0},
	{CKM_SHA256_RSA_PKCS, KS_FAMILY_PKCS, CKM_SHA256},
	{CKM_SHA384_RSA_PKCS, KS_FAMILY_PKCS, CKM_SHA384},
	{CKM_SHA512_RSA_PKCS, KS_FAMILY_PKCS, CKM_SHA512},
	{CKM_SHA224_RSA_PKCS, KS_FAMILY_PKCS, CKM_SHA224},
	{CKM_SHA1_RSA_PKCS, KS_FAMILY_PKCS, CKM_SHA_1},
	{CKM_EDDSA, KS_FAMILY_EDDSA, 0},
};

void
ks_operate_init (void)
{
	/* No exit handler: the backing module's destructors may still call libcrypto. */
	OPENSSL_init_crypto (OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
}

static gboolean
family_fits (KsFamily family, KsKeyType type)
{
	switch (family) {
	case KS_FAMILY_ECDSA:
		return type == KS_KEY_P256 || type == KS_KEY_P384 || type == KS_KEY_P521;
	case KS_FAMILY_EDDSA:
		return type == KS_KEY_ED25519;
	case KS_FAMILY_PKCS:
	case KS_FAMILY_PSS:
	case KS_FAMILY_OAEP:
		return type == KS_KEY_RSA;
	}
	return FALSE;
}

/* ---- input ---- */

/* Room for what is signed when it is not the caller's input itself. */
typedef struct {
	guint8 small[MODULUS_LEN_MAX];
	guint8 *large;
} Room;

static void
room_clear (Room *room)
{
	g_free (room->large);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Room, room_clear)

static CK_RV
read_all (int fd, guint8 *out, gsize len)
{
	gsize at = 0;

	while (at < len) {
		gssize got = pread (fd, out + at, len - at, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return CKR_DATA_LEN_RANGE;
		at += (gsize)got;
	}
	return CKR_OK;
}

static CK_RV
take_input (const KsInput *input, KsRaw *raw, Room *room)
{
	if (input->fd < 0) {
		raw->data = input->data;
		return CKR_OK;
	}
	room->large = g_try_malloc (MAX (input->len, 1));
	if (room->large == NULL)
		return CKR_HOST_MEMORY;
	raw->data = room->large;
	return read_all (input->fd, room->large, input->len);
}

static CK_RV
hash_input (CK_MECHANISM_TYPE hash, const KsInput *input, KsRaw *raw, Room *room)
{
	const guint8 *info = NULL;
	gsize info_len = 0;
	CK_RV rv;

	if (raw->family == KS_FAMILY_PKCS)
		info = ks_digest_info (hash, &info_len);
	if (info != NULL)
		memcpy (room->small, info, info_len);
	rv = ks_digest_input (ks_digest_find (hash), input, room->small + info_len, &raw->len);
	raw->data = room->small;
	raw->len += info_len;
	return rv;
}

/* PSS and OAEP: hash and mask generation function. */
static CK_RV
take_params (KsRaw *raw, CK_MECHANISM_TYPE hash)
{
	const KsMechanism *mechanism = raw->mechanism;

	if (raw->family != KS_FAMILY_PSS && raw->family != KS_FAMILY_OAEP)
		return CKR_OK;
	raw->md = ks_digest_find (mechanism->hash);
	raw->mgf_md = ks_digest_find_mgf (mechanism->mgf);
	if (raw->md == NULL || raw->mgf_md == NULL || (hash != 0 && hash != mechanism->hash))
		return CKR_MECHANISM_PARAM_INVALID;
	return CKR_OK;
}

static CK_RV
check_len (const KsRaw *raw, guint bits)
{
	gsize modulus_len = (bits + 7) / 8;
	gsize md_len;

	switch (raw->family) {
	case KS_FAMILY_ECDSA:
		return raw->len > 0 && raw->len <= ECDSA_INPUT_MAX ? CKR_OK : CKR_DATA_LEN_RANGE;
	case KS_FAMILY_PKCS:
		return raw->len + PKCS_OVERHEAD <= modulus_len ? CKR_OK : CKR_DATA_LEN_RANGE;
	case KS_FAMILY_PSS:
		md_len = (gsize)EVP_MD_get_size (raw->md);
		if (raw->len != md_len)
			return CKR_DATA_LEN_RANGE;
		if (raw->mechanism->salt_len > MODULUS_LEN_MAX ||
		    md_len + raw->mechanism->salt_len + 2 > (bits - 1 + 7) / 8)
			return CKR_MECHANISM_PARAM_INVALID;
		return CKR_OK;
	case KS_FAMILY_EDDSA:
		return raw->len <= EDDSA_INPUT_MAX ? CKR_OK : CKR_DATA_LEN_RANGE;
	case KS_FAMILY_OAEP:
		return CKR_OK;
	}
	return CKR_FUNCTION_FAILED;
}

static CK_RV
prepare (const KsMechanism *mechanism,
	 KsKeyType type,
	 guint bits,
	 const KsInput *input,
	 KsRaw *raw,
	 Room *room)
{
	guint i = 0;
	CK_RV rv;

	while (i < G_N_ELEMENTS (signatures) && signatures[i].type != mechanism->type)
		i++;
	if (i == G_N_ELEMENTS (signatures))
		return CKR_MECHANISM_INVALID;
	*raw = (KsRaw){.family = signatures[i].family, .mechanism = mechanism};
	if (!family_fits (raw->family, type))
		return CKR_KEY_TYPE_INCONSISTENT;
	rv = take_params (raw, signatures[i].hash);
	if (rv != CKR_OK)
		return rv;
	if (signatures[i].hash != 0) {
		rv = hash_input (signatures[i].hash, input, raw, room);
		return rv != CKR_OK ? rv : check_len (raw, bits);
	}
	/* Before any memory is taken for it. */
	raw->len = input->len;
	rv = check_len (raw, bits);
	return rv != CKR_OK ? rv : take_input (input, raw, room);
}

/* ---- the five operations ---- */

CK_RV
ks_operate_sign (KsKey *key,
		 const KsMechanism *mechanism,
		 const KsInput *input,
		 guint8 *signature,
		 gsize *signature_len)
{
	g_auto (Room) room = {.large = NULL};
	KsRaw raw;
	CK_RV rv = prepare (mechanism, key->type, key->bits, input, &raw, &room);

	if (rv != CKR_OK)
		return rv;
	return key->pkey != NULL ? ks_memory_sign (key, &raw, signature, signature_len)
				 : ks_remote_sign (key, &raw, signature, signature_len);
}

CK_RV
ks_operate_verify (const KsPubkey *pubkey,
		   const KsMechanism *mechanism,
		   const KsInput *input,
		   const guint8 *signature,
		   gsize signature_len)
{
	g_auto (Room) room = {.large = NULL};
	KsRaw raw;
	const KsCurve *curve = ks_curve_of_type (ks_pubkey_type (pubkey));
	gsize expected_len =
		curve != NULL ? 2 * curve->field_len : (ks_pubkey_bits (pubkey) + 7) / 8;
	CK_RV rv = prepare (mechanism, ks_pubkey_type (pubkey), ks_pubkey_bits (pubkey), input,
			    &raw, &room);

	if (rv != CKR_OK)
		return rv;
	if (signature_len != expected_len)
		return CKR_SIGNATURE_LEN_RANGE;
	return ks_memory_verify (pubkey, &raw, signature, signature_len);
}

static CK_RV
prepare_crypt (const KsMechanism *mechanism, KsKeyType type, KsRaw *raw)
{
	*raw = (KsRaw){.mechanism = mechanism};
	if (mechanism->type == CKM_RSA_PKCS)
		raw->family = KS_FAMILY_PKCS;
	else if (mechanism->type == CKM_RSA_PKCS_OAEP)
		raw->family = KS_FAMILY_OAEP;
	else
		return CKR_MECHANISM_INVALID;
	if (!family_fits (raw->family, type))
		return CKR_KEY_TYPE_INCONSISTENT;
	return take_params (raw, 0);
}

CK_RV
ks_operate_decrypt (KsKey *key,
		    const KsMechanism *mechanism,
		    const guint8 *cipher,
		    gsize cipher_len,
		    guint8 *plain,
		    gsize *plain_len)
{
	KsRaw raw;
	CK_RV rv = prepare_crypt (mechanism, key->type, &raw);

	if (rv != CKR_OK)
		return rv;
	if (cipher_len != (key->bits + 7) / 8)
		return CKR_ENCRYPTED_DATA_LEN_RANGE;
	raw.data = cipher;
	raw.len = cipher_len;
	return key->pkey != NULL ? ks_memory_decrypt (key, &raw, plain, plain_len)
				 : ks_remote_decrypt (key, &raw, plain, plain_len);
}

CK_RV
ks_operate_encrypt (const KsPubkey *pubkey,
		    const KsMechanism *mechanism,
		    const guint8 *plain,
		    gsize plain_len,
		    guint8 *cipher,
		    gsize *cipher_len)
{
	KsRaw raw;
	CK_RV rv = prepare_crypt (mechanism, ks_pubkey_type (pubkey), &raw);
	gsize overhead;

	if (rv != CKR_OK)
		return rv;
	overhead = raw.family == KS_FAMILY_PKCS ? PKCS_OVERHEAD
						: 2 * (gsize)EVP_MD_get_size (raw.md) + 2;
	if (plain_len + overhead > (ks_pubkey_bits (pubkey) + 7) / 8)
		return CKR_DATA_LEN_RANGE;
	raw.data = plain;
	raw.len = plain_len;
	return ks_memory_encrypt (pubkey, &raw, cipher, cipher_len);
}

CK_RV
ks_operate_derive (KsKey *key, const KsMechanism *mechanism, KsSecret **secret)
{
	const KsCurve *curve = ks_curve_of_type (key->type);
	g_autoptr (KsPubkey) peer = NULL;
	const guint8 *point = mechanism->public_point;
	gsize len = mechanism->public_point_len;

	if (mechanism->type != CKM_ECDH1_DERIVE)
		return CKR_MECHANISM_INVALID;
	if (!family_fits (KS_FAMILY_ECDSA, key->type))
		return CKR_KEY_TYPE_INCONSISTENT;
	if (mechanism->kdf != CKD_NULL)
		return CKR_MECHANISM_PARAM_INVALID;
	if (ks_pubkey_from_point (CKK_EC, curve->params, curve->params_len, point, len, &peer) !=
	    CKR_OK)
		return CKR_MECHANISM_PARAM_INVALID;
	if (key->pkey != NULL)
		return ks_memory_derive (key, peer, secret);
	/* Checked above: the bare point is the end of either form. */
	return ks_remote_derive (key, point + len - curve->point_len, curve->point_len, secret);
}
