/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Uses of a symmetric key as the wire brings them: use, mechanism, hash, number, length of the key,
 * of the new key, of the first and of the second byte string (a byte each), then these and the
 * data. What comes out of a key goes back in, and nothing is larger than an answer may be.
 */
#include <config.h>

#include "keystore/operate-secret.h"
#include "keystore/wire/limits.h"
#include "keystore/wire/mechanisms.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define HEAD_LEN 8

static WireBytes
take (const uint8_t **data, size_t *size, size_t len)
{
	WireBytes bytes = {*data, len < *size ? len : *size};

	*data += bytes.len;
	*size -= bytes.len;
	return bytes;
}

/* The way back gives what was there. */
static void
turn_back (const KsSecret *key, const WireSecretUse *there, const KsSecret *output)
{
	WireSecretUse back = *there;
	KsSecret *again = NULL;

	if (there->use == WIRE_USE_ENCRYPT)
		back.use = WIRE_USE_DECRYPT;
	else if (there->use == WIRE_USE_WRAP)
		back.use = WIRE_USE_UNWRAP;
	else
		return;
	back.data = (WireBytes){ks_secret_reveal (output), ks_secret_len (output)};
	FUZZ_CHECK (ks_secret_use (key, &back, &again) == CKR_OK);
	FUZZ_CHECK (ks_secret_len (again) == there->data.len);
	FUZZ_CHECK (there->data.len == 0 ||
		    memcmp (ks_secret_reveal (again), there->data.data, there->data.len) == 0);
	ks_secret_unref (again);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	static const uint32_t mechanisms[] = {
		CKM_AES_GCM,
		CKM_AES_CCM,
		CKM_AES_KEY_WRAP,
		WIRE_CKM_AES_KEY_WRAP_KWP,
		WIRE_CKM_HKDF_DERIVE,
		WIRE_CKM_ONEM2M_KPSA,
		WIRE_CKM_ONEM2M_CONSTRAINED,
		WIRE_CKM_ONEM2M_KE2E,
		WIRE_CKM_ONEM2M_ESPRIM,
	};
	static const uint32_t hashes[] = {CKM_SHA256, CKM_SHA384, CKM_SHA512, CKM_SHA_1, CKM_MD5};
	static const uint8_t value[WIRE_SECRET_MAX] = "a key";
	WireSecretUse use;
	KsSecret *key, *output = NULL;
	const uint8_t *head = data;

	if (size < HEAD_LEN)
		return 0;
	data += HEAD_LEN;
	size -= HEAD_LEN;
	use = (WireSecretUse){.use = head[0],
			      .mechanism = mechanisms[head[1] % G_N_ELEMENTS (mechanisms)],
			      .hash = hashes[head[2] % G_N_ELEMENTS (hashes)],
			      .number = head[3],
			      .length = head[5] * 3u,
			      .first = take (&data, &size, head[6]),
			      .second = take (&data, &size, head[7])};
	use.data = take (&data, &size, size);
	key = ks_secret_new (value, head[4]);
	if (ks_secret_use (key, &use, &output) == CKR_OK) {
		FUZZ_CHECK (output != NULL && ks_secret_len (output) <= WIRE_DATA_MAX);
		turn_back (key, &use, output);
		ks_secret_unref (output);
	} else {
		FUZZ_CHECK (output == NULL);
	}
	ks_secret_unref (key);
	return 0;
}
