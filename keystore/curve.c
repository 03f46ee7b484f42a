/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The curves of the keystore, and SubjectPublicKeyInfo built from PKCS#11 attributes.
 */
#include <config.h>

#include "keystore/curve.h"

#include "keystore/der.h"

#include <string.h>

static const guint8 oid_p256[] = {6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7};
static const guint8 oid_p384[] = {6, 5, 0x2b, 0x81, 4, 0, 0x22};
static const guint8 oid_p521[] = {6, 5, 0x2b, 0x81, 4, 0, 0x23};
static const guint8 oid_ed25519[] = {6, 3, 0x2b, 0x65, 0x70};
static const guint8 name_ed25519[] = {0x13, 12,  'e', 'd', 'w', 'a', 'r',
				      'd',  's', '2', '5', '5', '1', '9'};
static const guint8 oid_ec[] = {6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1};
static const guint8 algorithm_rsa[] = {6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0};

static const KsCurve curves[] = {
	{KS_KEY_P256, "P-256", 256, 32, 65, oid_p256, sizeof oid_p256},
	{KS_KEY_P384, "P-384", 384, 48, 97, oid_p384, sizeof oid_p384},
	{KS_KEY_P521, "P-521", 521, 66, 133, oid_p521, sizeof oid_p521},
	{KS_KEY_ED25519, "ED25519", 256, 32, 32, oid_ed25519, sizeof oid_ed25519},
};

const KsCurve *
ks_curve_of_type (KsKeyType type)
{
	for (guint i = 0; i < G_N_ELEMENTS (curves); i++)
		if (curves[i].type == type)
			return &curves[i];
	return NULL;
}

const KsCurve *
ks_curve_of_params (const guint8 *params, gsize params_len)
{
	for (guint i = 0; i < G_N_ELEMENTS (curves); i++)
		if (curves[i].params_len == params_len &&
		    memcmp (curves[i].params, params, params_len) == 0)
			return &curves[i];
	if (params_len == sizeof name_ed25519 && memcmp (params, name_ed25519, params_len) == 0)
		return ks_curve_of_type (KS_KEY_ED25519);
	return NULL;
}

static GBytes *
build_spki (const GByteArray *algorithm, const guint8 *key, gsize key_len)
{
	g_autoptr (GByteArray) bits = g_byte_array_new ();
	g_autoptr (GByteArray) content = g_byte_array_new ();
	GByteArray *spki = g_byte_array_new ();
	static const guint8 unused_bits = 0;

	g_byte_array_append (bits, &unused_bits, 1);
	g_byte_array_append (bits, key, (guint)key_len);
	ks_der_append (content, KS_DER_SEQUENCE, algorithm->data, algorithm->len);
	ks_der_append (content, KS_DER_BIT_STRING, bits->data, bits->len);
	ks_der_append (spki, KS_DER_SEQUENCE, content->data, content->len);
	return g_byte_array_free_to_bytes (spki);
}

GBytes *
ks_spki_from_point (const KsCurve *curve, const guint8 *point, gsize point_len)
{
	g_autoptr (GByteArray) algorithm = g_byte_array_new ();

	if (curve->type != KS_KEY_ED25519)
		g_byte_array_append (algorithm, oid_ec, sizeof oid_ec);
	g_byte_array_append (algorithm, curve->params, (guint)curve->params_len);
	return build_spki (algorithm, point, point_len);
}

static void
append_unsigned (GByteArray *out, const guint8 *number, gsize len)
{
	g_autoptr (GByteArray) content = g_byte_array_new ();
	static const guint8 zero = 0;

	while (len > 1 && number[0] == 0) {
		number++;
		len--;
	}
	if (len == 0 || number[0] >= 0x80)
		g_byte_array_append (content, &zero, 1);
	g_byte_array_append (content, number, (guint)len);
	ks_der_append (out, KS_DER_INTEGER, content->data, content->len);
}

GBytes *
ks_spki_from_rsa (const guint8 *modulus,
		  gsize modulus_len,
		  const guint8 *exponent,
		  gsize exponent_len)
{
	g_autoptr (GByteArray) algorithm = g_byte_array_new ();
	g_autoptr (GByteArray) numbers = g_byte_array_new ();
	g_autoptr (GByteArray) key = g_byte_array_new ();

	g_byte_array_append (algorithm, algorithm_rsa, sizeof algorithm_rsa);
	append_unsigned (numbers, modulus, modulus_len);
	append_unsigned (numbers, exponent, exponent_len);
	ks_der_append (key, KS_DER_SEQUENCE, numbers->data, numbers->len);
	return build_spki (algorithm, key->data, key->len);
}
