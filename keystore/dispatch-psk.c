/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The use of pre-shared keys by reference: who asks, for which key, by which of its operations. */
#include <config.h>

#include "keystore/dispatch-handlers.h"
#include "keystore/operate-psk.h"
#include "keystore/policy.h"

#define REFERENCE_PREFIX "pskref1:"

/* The key behind a reference, and what keeps it and its policy alive. */
typedef struct {
	KsCatalogueState *state;
	KsKey *key;
	KsPsk psk;
} Taken;

static void
taken_clear (Taken *taken)
{
	g_clear_pointer (&taken->key, ks_key_unref);
	g_clear_pointer (&taken->state, ks_catalogue_state_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Taken, taken_clear)

static gboolean
find_reference (KsDispatch *dispatch,
		KsRequest *request,
		const KsCatalogueState *state,
		const WireBytes *text,
		KsReferencePlace *place)
{
	char handle[sizeof REFERENCE_PREFIX + WIRE_NAME_MAX];

	g_snprintf (handle, sizeof handle, REFERENCE_PREFIX "%.*s", (int)text->len,
		    text->len > 0 ? (const char *)text->data : "");
	if (ks_catalogue_state_find_reference (state, handle, place) &&
	    ks_policy_allows_reference (request->peer, place))
		return TRUE;
	ks_dispatch_tell_denial (dispatch, request, 0);
	ks_request_fail (request, CKR_KEY_HANDLE_INVALID, "no such reference for this user");
	return FALSE;
}

/* FALSE: the request was answered. */
static gboolean
take (KsDispatch *dispatch, KsRequest *request, const WireBytes *reference, Taken *taken)
{
	g_autoptr (GError) error = NULL;
	const KsSecret *secret;
	KsReferencePlace found;
	KsPlace place;

	taken->state = ks_catalogue_ref_state (dispatch->catalogue);
	if (!find_reference (dispatch, request, taken->state, reference, &found))
		return FALSE;
	place = (KsPlace){found.credential, found.generation, NULL, KS_ROLE_KEY};
	if (!ks_dispatch_check_usage (request, &place, KS_USE_PSK, 0))
		return FALSE;
	taken->key = ks_resident_get (dispatch->resident, found.generation, &error);
	if (taken->key == NULL) {
		ks_request_fail_error (request, error);
		return FALSE;
	}
	ks_dispatch_tell_use (dispatch, request, found.credential->name,
			      found.generation->key_object);
	secret = ks_key_secret (taken->key);
	if (secret == NULL) {
		ks_request_fail (request, CKR_KEY_TYPE_INCONSISTENT,
				 "this backing token does not give the key to the keystore");
		return FALSE;
	}
	taken->psk =
		(KsPsk){ks_secret_reveal (secret), ks_secret_len (secret), &found.credential->psk};
	return TRUE;
}

static void
reply (KsRequest *request, CK_RV rv, guint8 *output, gsize len)
{
	if (rv == CKR_ACTION_PROHIBITED)
		ks_request_fail (request, rv, "the key's settings do not allow this handshake");
	else
		ks_request_reply_output (request, rv, output, len);
	ks_secret_wipe (output, len);
}

void
ks_handle_psk_master_secret (KsDispatch *dispatch, KsRequest *request)
{
	const WirePskMasterSecret *wanted = &request->message.psk_master_secret;
	guint8 master[KS_PSK_MASTER_SECRET_LEN];
	g_auto (Taken) taken = {0};

	if (take (dispatch, request, &wanted->reference, &taken))
		reply (request, ks_operate_psk_master_secret (wanted, &taken.psk, master), master,
		       sizeof master);
}

void
ks_handle_psk_binder_key (KsDispatch *dispatch, KsRequest *request)
{
	const WirePskBinderKey *wanted = &request->message.psk_binder_key;
	guint8 output[KS_PSK_HASH_LEN_MAX];
	g_auto (Taken) taken = {0};
	gsize len = 0;
	CK_RV rv;

	if (!take (dispatch, request, &wanted->reference, &taken))
		return;
	rv = ks_operate_psk_binder_key (wanted, &taken.psk, output, &len);
	reply (request, rv, output, len);
}

void
ks_handle_psk_handshake_secret (KsDispatch *dispatch, KsRequest *request)
{
	const WirePskHandshakeSecret *wanted = &request->message.psk_handshake_secret;
	guint8 output[KS_PSK_HASH_LEN_MAX];
	g_auto (Taken) taken = {0};
	gsize len = 0;
	CK_RV rv;

	if (!take (dispatch, request, &wanted->reference, &taken))
		return;
	rv = ks_operate_psk_handshake_secret (wanted, &taken.psk, output, &len);
	reply (request, rv, output, len);
}
