/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every peer may ask: its view, and the use of the keys it may use. The fast path is here. */
#include <config.h>

#include "keystore/dispatch-handlers.h"
#include "keystore/operate-psk.h"
#include "keystore/operate-secret.h"
#include "keystore/operate.h"
#include "keystore/policy.h"
#include "keystore/usage.h"

#include <string.h>
#include <sys/stat.h>

#define REPLY_WAIT_MEMORY_MS 2000 /* the first use of a key waits for the token to open */
#define REPLY_WAIT_TOKEN_MS 10000 /* a TPM takes its time */

void
ks_handle_hello (KsDispatch *dispatch, KsRequest *request)
{
	const WireHello *hello = &request->message.hello;
	WireHelloReply reply = {
		.version = WIRE_VERSION,
		.reply_wait_ms = dispatch->residency == WIRE_RESIDENCY_MEMORY ? REPLY_WAIT_MEMORY_MS
									      : REPLY_WAIT_TOKEN_MS,
		.instance = dispatch->instance,
		.server = ks_wire_text (PACKAGE_VERSION),
	};

	if (hello->version_min > WIRE_VERSION || hello->version_max < WIRE_VERSION) {
		request->final = TRUE;
		ks_request_fail (request, CKR_FUNCTION_NOT_SUPPORTED,
				 "enrolee-keystored " PACKAGE_VERSION
				 " speaks version 1 of the protocol");
		return;
	}
	request->greeted = TRUE;
	ks_request_reply (request, &reply);
}

static GStrv
names_of (WireBytes text)
{
	g_autofree char *list = g_strndup (text.len > 0 ? (const char *)text.data : "", text.len);

	return g_strsplit (list, ",", -1);
}

void
ks_handle_narrow (KsDispatch *dispatch, KsRequest *request)
{
	const WireNarrow *narrow = &request->message.narrow;

	ks_peer_narrow (request->peer, names_of (narrow->uses), names_of (narrow->stages));
}

void
ks_handle_view (KsDispatch *dispatch, KsRequest *request)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (KsSnapshot) snapshot = ks_view_get (dispatch->view, request->peer, &error);
	WireViewReply reply;

	if (snapshot == NULL) {
		ks_request_fail_error (request, error);
		return;
	}
	reply = (WireViewReply){snapshot->generation, snapshot->size};
	ks_request_reply (request, &reply);
	request->snapshot = g_steal_pointer (&snapshot);
}

/* ---- keys ---- */

void
ks_dispatch_tell_use (KsDispatch *dispatch,
		      const KsRequest *request,
		      const char *credential,
		      guint32 object)
{
	const KsPeer *peer = request->peer;

	if (ks_sampler_take (dispatch->sampler, KS_EVENT_KEY_USED, object, peer->uid,
			     g_get_monotonic_time ()))
		ks_audit (KS_EVENT_KEY_USED, peer, credential, "%s: key %u used by %s", credential,
			  object, peer->user != NULL ? peer->user : peer->uid_text);
}

void
ks_dispatch_tell_denial (KsDispatch *dispatch, const KsRequest *request, guint32 object)
{
	const KsPeer *peer = request->peer;

	/* Not by object: its number is the caller's choice, and would fill the journal. */
	if (ks_sampler_take (dispatch->sampler, KS_EVENT_KEY_DENIED, 0, peer->uid,
			     g_get_monotonic_time ()))
		ks_audit (KS_EVENT_KEY_DENIED, peer, NULL, "key %u is not for uid %u", object,
			  peer->uid);
}

/* An object that the peer may not use and one that does not exist get the same answer. */
static gboolean
find_allowed (KsDispatch *dispatch,
	      KsRequest *request,
	      const KsCatalogueState *state,
	      guint32 object,
	      KsPlace *place)
{
	if (ks_catalogue_state_find_object (state, object, place) &&
	    ks_policy_allows_object (request->peer, place))
		return TRUE;
	ks_dispatch_tell_denial (dispatch, request, object);
	ks_request_fail (request, CKR_KEY_HANDLE_INVALID, "no such key for this user");
	return FALSE;
}

gboolean
ks_dispatch_check_usage (KsRequest *request,
			 const KsPlace *place,
			 KsUse use,
			 CK_MECHANISM_TYPE mechanism)
{
	guint suid = place->credential->suid;
	KsKeyType type = place->generation->key_type;

	if (ks_policy_is_expired (place->generation, g_get_real_time () / G_USEC_PER_SEC)) {
		ks_request_fail (request, CKR_KEY_FUNCTION_NOT_PERMITTED,
				 "the key's lifetime has ended");
		return FALSE;
	}
	if (ks_usage_allows (suid, type, use, mechanism))
		return TRUE;
	ks_request_fail (request,
			 (ks_usage_uses (suid, type) & use) != 0 ? CKR_MECHANISM_INVALID
								 : CKR_KEY_FUNCTION_NOT_PERMITTED,
			 NULL);
	return FALSE;
}

KsKey *
ks_dispatch_take_key (KsDispatch *dispatch,
		      KsRequest *request,
		      guint32 object,
		      KsUse use,
		      CK_MECHANISM_TYPE mechanism,
		      KsPskPolicy *psk)
{
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (dispatch->catalogue);
	g_autoptr (GError) error = NULL;
	KsPlace place;
	KsKey *key;

	if (!find_allowed (dispatch, request, state, object, &place))
		return NULL;
	if (place.role != KS_ROLE_KEY) {
		ks_request_fail (request, CKR_KEY_TYPE_INCONSISTENT, NULL);
		return NULL;
	}
	if (!ks_dispatch_check_usage (request, &place, use, mechanism))
		return NULL;
	key = ks_resident_get (dispatch->resident, place.generation, &error);
	if (key == NULL) {
		ks_request_fail_error (request, error);
		return NULL;
	}
	ks_dispatch_tell_use (dispatch, request, place.credential->name, object);
	if (psk != NULL)
		*psk = place.credential->psk;
	return key;
}

static KsKey *
take_key (KsDispatch *dispatch, KsRequest *request, KsUse use)
{
	const WireOperate *operate = &request->message.operate;

	return ks_dispatch_take_key (dispatch, request, operate->key, use, operate->mechanism,
				     NULL);
}

/* What the private key may not do has no public side either; its lifetime is of no matter here. */
static CK_RV
own_pubkey (const KsPlace *place, KsUse use, CK_MECHANISM_TYPE mechanism, KsPubkey **pubkey)
{
	guint suid = place->credential->suid;
	KsKeyType type = place->generation->key_type;
	WireBytes spki = ks_wire_gbytes (place->generation->spki);

	if (place->role != KS_ROLE_PUBLIC)
		return CKR_KEY_TYPE_INCONSISTENT;
	if (!ks_usage_allows (suid, type, use, mechanism))
		return (ks_usage_uses (suid, type) & use) != 0 ? CKR_MECHANISM_INVALID
							       : CKR_KEY_FUNCTION_NOT_PERMITTED;
	return ks_pubkey_from_spki (spki.data, spki.len, pubkey);
}

/* The public key of an operation: one of ours by its number, or the one that came along. */
static KsPubkey *
take_pubkey (KsDispatch *dispatch, KsRequest *request, KsUse use)
{
	const WireOperate *operate = &request->message.operate;
	g_autoptr (KsCatalogueState) state = NULL;
	KsPubkey *pubkey = NULL;
	KsPlace place;
	CK_RV rv;

	if (operate->key != 0) {
		state = ks_catalogue_ref_state (dispatch->catalogue);
		if (!find_allowed (dispatch, request, state, operate->key, &place))
			return NULL;
		rv = own_pubkey (&place, use, operate->mechanism, &pubkey);
	} else if (operate->key_type == CKK_RSA) {
		rv = ks_pubkey_from_rsa (operate->public_a.data, operate->public_a.len,
					 operate->public_b.data, operate->public_b.len, &pubkey);
	} else {
		rv = ks_pubkey_from_point (operate->key_type, operate->public_a.data,
					   operate->public_a.len, operate->public_b.data,
					   operate->public_b.len, &pubkey);
	}
	if (rv != CKR_OK)
		ks_request_fail (request, rv, NULL);
	return rv == CKR_OK ? pubkey : NULL;
}

static KsMechanism
mechanism_of (const WireOperate *operate)
{
	KsMechanism mechanism = {
		.type = operate->mechanism,
		.hash = operate->hash,
		.mgf = operate->mgf,
		.salt_len = operate->salt_len,
		.label = operate->param.data,
		.label_len = operate->param.len,
	};

	if (operate->mechanism == CKM_ECDH1_DERIVE) {
		mechanism.kdf = operate->mgf;
		mechanism.public_point = operate->data.data;
		mechanism.public_point_len = operate->data.len;
	}
	return mechanism;
}

/* Input by descriptor must be a regular (memory) file of that size at least. */
static gboolean
input_of (KsRequest *request, KsInput *input)
{
	const WireOperate *operate = &request->message.operate;
	struct stat status;

	*input = (KsInput){.data = operate->data.data, .len = operate->data.len, .fd = -1};
	if (request->fd < 0)
		return TRUE;
	if (operate->data_fd_size > WIRE_DATA_FD_MAX || operate->data.len > 0 ||
	    fstat (request->fd, &status) < 0 || !S_ISREG (status.st_mode) ||
	    (guint64)status.st_size < operate->data_fd_size) {
		ks_request_fail (request, CKR_DATA_LEN_RANGE, "not a memory file of the size told");
		return FALSE;
	}
	input->len = (gsize)operate->data_fd_size;
	input->fd = request->fd;
	return TRUE;
}

void
ks_request_reply_output (KsRequest *request, CK_RV rv, const guint8 *output, gsize len)
{
	WireResult result = {{output, len}};

	if (rv == CKR_OK)
		ks_request_reply (request, &result);
	else
		ks_request_fail (request, rv, NULL);
}

static CK_RV
make_mac (const KsKey *key,
	  CK_MECHANISM_TYPE mechanism,
	  const KsInput *input,
	  guint8 *mac,
	  gsize *len)
{
	const KsSecret *secret = ks_key_secret (key);

	return secret != NULL ? ks_secret_mac (secret, mechanism, input, mac, len)
			      : CKR_FUNCTION_NOT_SUPPORTED; /* the token keeps it to itself */
}

void
ks_handle_sign (KsDispatch *dispatch, KsRequest *request)
{
	KsMechanism mechanism = mechanism_of (&request->message.operate);
	g_autoptr (KsKey) key = take_key (dispatch, request, KS_USE_SIGN);
	guint8 signature[WIRE_SIGNATURE_MAX];
	gsize len = 0;
	KsInput input;
	CK_RV rv;

	if (key == NULL || !input_of (request, &input))
		return;
	if (ks_key_type (key) == KS_KEY_SECRET)
		rv = make_mac (key, mechanism.type, &input, signature, &len);
	else
		rv = ks_operate_sign (key, &mechanism, &input, signature, &len);
	ks_request_reply_output (request, rv, signature, len);
}

static void
verify_mac (KsDispatch *dispatch, KsRequest *request)
{
	const WireOperate *operate = &request->message.operate;
	g_autoptr (KsKey) key = take_key (dispatch, request, KS_USE_VERIFY);
	const KsSecret *secret = key != NULL ? ks_key_secret (key) : NULL;
	CK_RV rv = CKR_FUNCTION_NOT_SUPPORTED;
	KsInput input;

	if (key == NULL || !input_of (request, &input))
		return;
	if (secret != NULL)
		rv = ks_secret_verify (secret, operate->mechanism, &input, &operate->signature);
	ks_request_reply_output (request, rv, NULL, 0);
}

static void
verify_signature (KsDispatch *dispatch, KsRequest *request)
{
	const WireBytes *signature = &request->message.operate.signature;
	KsMechanism mechanism = mechanism_of (&request->message.operate);
	g_autoptr (KsPubkey) pubkey = take_pubkey (dispatch, request, KS_USE_VERIFY);
	KsInput input;
	CK_RV rv;

	if (pubkey == NULL || !input_of (request, &input))
		return;
	rv = ks_operate_verify (pubkey, &mechanism, &input, signature->data, signature->len);
	ks_request_reply_output (request, rv, NULL, 0);
}

void
ks_handle_verify (KsDispatch *dispatch, KsRequest *request)
{
	if (ks_secret_is_mac (request->message.operate.mechanism))
		verify_mac (dispatch, request);
	else
		verify_signature (dispatch, request);
}

void
ks_handle_encrypt (KsDispatch *dispatch, KsRequest *request)
{
	const WireBytes *data = &request->message.operate.data;
	KsMechanism mechanism = mechanism_of (&request->message.operate);
	g_autoptr (KsPubkey) pubkey = take_pubkey (dispatch, request, KS_USE_ENCRYPT);
	guint8 cipher[WIRE_SIGNATURE_MAX];
	gsize len = 0;
	CK_RV rv;

	if (pubkey == NULL)
		return;
	rv = ks_operate_encrypt (pubkey, &mechanism, data->data, data->len, cipher, &len);
	ks_request_reply_output (request, rv, cipher, len);
}

void
ks_handle_decrypt (KsDispatch *dispatch, KsRequest *request)
{
	const WireBytes *data = &request->message.operate.data;
	KsMechanism mechanism = mechanism_of (&request->message.operate);
	g_autoptr (KsKey) key = take_key (dispatch, request, KS_USE_DECRYPT);
	guint8 plain[WIRE_SIGNATURE_MAX];
	gsize len = 0;
	CK_RV rv;

	if (key == NULL)
		return;
	rv = ks_operate_decrypt (key, &mechanism, data->data, data->len, plain, &len);
	ks_request_reply_output (request, rv, plain, len);
	ks_secret_wipe (plain, sizeof plain);
}

void
ks_handle_derive (KsDispatch *dispatch, KsRequest *request)
{
	KsMechanism mechanism = mechanism_of (&request->message.operate);
	g_autoptr (KsKey) key = take_key (dispatch, request, KS_USE_DERIVE);
	g_autoptr (KsSecret) secret = NULL;
	CK_RV rv;

	if (key == NULL)
		return;
	rv = ks_operate_derive (key, &mechanism, &secret);
	if (rv != CKR_OK)
		ks_request_reply_output (request, rv, NULL, 0);
	else
		ks_request_reply_output (request, rv, ks_secret_reveal (secret),
					 ks_secret_len (secret));
}

/* A plain pre-shared key is the whole of its premaster secret. */
static CK_RV
make_master_secret (const KsSecret *secret,
		    const KsPskPolicy *policy,
		    const WireSecretUse *wanted,
		    KsSecret **output)
{
	const KsPsk psk = {ks_secret_reveal (secret), ks_secret_len (secret), policy};
	const WirePskMasterSecret request = {
		.hash = wanted->hash, .plain = 1, .seed = wanted->first};
	guint8 master[KS_PSK_MASTER_SECRET_LEN];
	CK_RV rv = ks_operate_psk_master_secret (&request, &psk, master);

	if (rv == CKR_OK)
		*output = ks_secret_new (master, sizeof master);
	ks_secret_wipe (master, sizeof master);
	return rv;
}

void
ks_handle_secret_use (KsDispatch *dispatch, KsRequest *request)
{
	static const KsUse uses[] = {
		[WIRE_USE_ENCRYPT] = KS_USE_ENCRYPT, [WIRE_USE_DECRYPT] = KS_USE_DECRYPT,
		[WIRE_USE_WRAP] = KS_USE_WRAP,       [WIRE_USE_UNWRAP] = KS_USE_WRAP,
		[WIRE_USE_DERIVE] = KS_USE_DERIVE,
	};
	const WireSecretUse *wanted = &request->message.secret_use;
	KsPskPolicy policy;
	KsUse use = wanted->use < G_N_ELEMENTS (uses) ? uses[wanted->use] : 0;
	g_autoptr (KsKey) key = ks_dispatch_take_key (dispatch, request, wanted->key, use,
						      wanted->mechanism, &policy);
	const KsSecret *secret = key != NULL ? ks_key_secret (key) : NULL;
	g_autoptr (KsSecret) output = NULL;
	CK_RV rv;

	if (key == NULL)
		return;
	/* of a pair, or one that the token keeps to itself */
	if (secret == NULL)
		rv = ks_key_type (key) == KS_KEY_SECRET ? CKR_FUNCTION_NOT_SUPPORTED
							: CKR_KEY_TYPE_INCONSISTENT;
	else if (wanted->mechanism == CKM_TLS12_MASTER_KEY_DERIVE)
		rv = make_master_secret (secret, &policy, wanted, &output);
	else
		rv = ks_secret_use (secret, wanted, &output);
	if (rv != CKR_OK)
		ks_request_reply_output (request, rv, NULL, 0);
	else
		ks_request_reply_output (request, rv, ks_secret_reveal (output),
					 ks_secret_len (output));
}
