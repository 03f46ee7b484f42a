/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See keystore.h. */
#include <config.h>

#include "module/provider/keystore.h"

#include "keystore/wire/message.h"
#include "module/client.h"

#include <string.h>

static const struct {
	uint32_t mechanism;
	size_t len;
} hashes[] = {
	[MOD_KEYSTORE_SHA256] = {CKM_SHA256, 32},
	[MOD_KEYSTORE_SHA384] = {CKM_SHA384, 48},
};

void
mod_keystore_init (void)
{
	mod_client_prepare (WIRE_CLIENT_PROVIDER);
}

size_t
mod_keystore_hash_len (ModKeystoreHash hash)
{
	return hashes[hash].len;
}

static const char *
explain (CK_RV rv)
{
	switch (rv) {
	case CKR_KEY_HANDLE_INVALID:
	case CKR_OBJECT_HANDLE_INVALID:
	case CKR_USER_NOT_LOGGED_IN:
		return "unknown reference, or one of another user";
	case CKR_KEY_FUNCTION_NOT_PERMITTED:
		return "the key is not for TLS";
	case CKR_ACTION_PROHIBITED:
		return "the key's settings do not allow this handshake";
	case CKR_DEVICE_ERROR:
		return "is enrolee-keystored running?";
	case CKR_HOST_MEMORY:
		return "out of memory";
	default:
		return "see the journal of enrolee-keystored";
	}
}

static ModKeystoreResult
ask (uint32_t type, const void *request, uint8_t *answer, size_t wanted_len, const char **detail)
{
	uint8_t output[MOD_KEYSTORE_HASH_LEN_MAX];
	size_t len = sizeof output;
	CK_RV rv = mod_client_operate (type, request, output, &len);

	if (rv == CKR_OK && len != wanted_len)
		rv = CKR_DEVICE_ERROR;
	if (rv == CKR_OK)
		memcpy (answer, output, wanted_len);
	explicit_bzero (output, sizeof output);
	*detail = rv == CKR_OK ? "" : explain (rv);
	if (rv == CKR_OK)
		return MOD_KEYSTORE_OK;
	return rv == CKR_DEVICE_ERROR || rv == CKR_HOST_MEMORY ? MOD_KEYSTORE_UNAVAILABLE
							       : MOD_KEYSTORE_REFUSED;
}

ModKeystoreResult
mod_keystore_master_secret (const ModPremaster *premaster,
			    ModKeystoreHash hash,
			    const ModSeed *seed,
			    uint8_t *master,
			    const char **detail)
{
	const WirePskMasterSecret request = {
		.reference = {(const uint8_t *)premaster->id, MOD_REFERENCE_ID_LEN},
		.hash = hashes[hash].mechanism,
		.extended = seed->extended,
		.plain = premaster->plain,
		.other = {premaster->other, premaster->other_len},
		.seed = {seed->seed, seed->len},
	};

	return ask (WIRE_MSG_PSK_MASTER_SECRET, &request, master, MOD_KEYSTORE_MASTER_LEN, detail);
}

ModKeystoreResult
mod_keystore_binder_key (const ModStandIn *stand_in,
			 ModKeystoreHash hash,
			 uint8_t *output,
			 const char **detail)
{
	const WirePskBinderKey request = {
		.reference = {(const uint8_t *)stand_in->id, MOD_REFERENCE_ID_LEN},
		.hash = hashes[hash].mechanism,
	};

	return ask (WIRE_MSG_PSK_BINDER_KEY, &request, output, hashes[hash].len, detail);
}

ModKeystoreResult
mod_keystore_handshake_secret (const ModStandIn *stand_in,
			       ModKeystoreHash hash,
			       const uint8_t *dhe,
			       size_t dhe_len,
			       uint8_t *output,
			       const char **detail)
{
	const WirePskHandshakeSecret request = {
		.reference = {(const uint8_t *)stand_in->id, MOD_REFERENCE_ID_LEN},
		.hash = hashes[hash].mechanism,
		.dhe = {dhe, dhe_len},
	};

	return ask (WIRE_MSG_PSK_HANDSHAKE_SECRET, &request, output, hashes[hash].len, detail);
}
