/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Public keys and certificates of peers in the keystore. The first byte chooses: a public key's DER, a
 * point of a curve, RSA's numbers (split in the middle), a certificate. What is taken is on its curve.
 */
#include <config.h>

#include "keystore/certificate.h"
#include "keystore/curve.h"
#include "keystore/pubkey.h"
#include "tests/fuzz/fuzz.h"

#include <openssl/evp.h>

static void
check_key (CK_RV rv, KsPubkey *taken)
{
	g_autoptr (KsPubkey) pubkey = rv == CKR_OK ? taken : NULL;
	EVP_PKEY_CTX *context;

	if (pubkey == NULL || ks_pubkey_type (pubkey) == KS_KEY_RSA) /* numbers that nobody can check */
		return;
	context = EVP_PKEY_CTX_new (ks_pubkey_peek (pubkey), NULL);
	FUZZ_CHECK (context != NULL && EVP_PKEY_public_check (context) == 1);
	EVP_PKEY_CTX_free (context);
	FUZZ_CHECK (ks_pubkey_bits (pubkey) >= 255);
}

static void
try_point (KsKeyType type, const uint8_t *data, size_t size)
{
	const KsCurve *curve = ks_curve_of_type (type);
	KsPubkey *pubkey = NULL;

	check_key (ks_pubkey_from_point (type == KS_KEY_ED25519 ? CKK_EC_EDWARDS : CKK_EC,
					 curve->params, curve->params_len, data, size, &pubkey),
		   pubkey);
}

static void
try_certificate (const uint8_t *data, size_t size)
{
	g_autoptr (GBytes) der = g_bytes_new (data, size);
	KsCertificateFields fields;
	KsPubkey *pubkey = NULL;

	if (!ks_certificate_parse (der, &fields, NULL))
		return;
	FUZZ_CHECK (fields.spki.len <= size && fields.subject.len <= size);
	check_key (ks_pubkey_from_spki (fields.spki.data, fields.spki.len, &pubkey), pubkey);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	static const KsKeyType curves[] = {KS_KEY_P256, KS_KEY_P384, KS_KEY_P521,
					   KS_KEY_ED25519};
	KsPubkey *pubkey = NULL;
	uint8_t choice;

	if (size == 0)
		return 0;
	choice = *data++ & 7;
	size--;
	if (choice < G_N_ELEMENTS (curves))
		try_point (curves[choice], data, size);
	else if (choice == 4)
		check_key (ks_pubkey_from_spki (data, size, &pubkey), pubkey);
	else if (choice == 5)
		check_key (ks_pubkey_from_rsa (data, size - size / 16, data + size - size / 16,
					       size / 16, &pubkey),
			   pubkey);
	else
		try_certificate (data, size);
	return 0;
}
