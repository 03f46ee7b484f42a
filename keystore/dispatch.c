/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of requests; see dispatch.h. */
#include <config.h>

#include "keystore/dispatch-handlers.h"
#include "keystore/policy.h"

#include <string.h>

typedef void (*Handler) (KsDispatch *dispatch, KsRequest *request);

/* What a connection that was narrowed to an exchange's credentials may ask. */
typedef enum {
	NARROWED_NEVER,
	NARROWED_NAMES,  /* one of those: its name is the message's first field */
	NARROWED_STAGES, /* likewise, one of those that it stages */
	NARROWED_ASKS,   /* the handler asks the policy */
} Narrowed;

typedef struct {
	guint32 type;
	KsSocket socket; /* the least: what token.sock answers, provision.sock answers as well */
	Narrowed narrowed;
	Handler handler;
} Entry;

G_STATIC_ASSERT (offsetof (WireName, name) == 0 && offsetof (WireStageKeyPair, name) == 0 &&
		 offsetof (WireStageSecret, name) == 0);

static const Entry entries[] = {
	{WIRE_MSG_SIGN, KS_SOCKET_TOKEN, NARROWED_ASKS, ks_handle_sign},
	{WIRE_MSG_HELLO, KS_SOCKET_TOKEN, NARROWED_ASKS, ks_handle_hello},
	{WIRE_MSG_VIEW, KS_SOCKET_TOKEN, NARROWED_ASKS, ks_handle_view},
	{WIRE_MSG_VERIFY, KS_SOCKET_TOKEN, NARROWED_NEVER, ks_handle_verify},
	{WIRE_MSG_ENCRYPT, KS_SOCKET_TOKEN, NARROWED_NEVER, ks_handle_encrypt},
	{WIRE_MSG_DECRYPT, KS_SOCKET_TOKEN, NARROWED_NEVER, ks_handle_decrypt},
	{WIRE_MSG_DERIVE, KS_SOCKET_TOKEN, NARROWED_NEVER, ks_handle_derive},
	{WIRE_MSG_PSK_MASTER_SECRET, KS_SOCKET_TOKEN, NARROWED_ASKS, ks_handle_psk_master_secret},
	{WIRE_MSG_PSK_BINDER_KEY, KS_SOCKET_TOKEN, NARROWED_NEVER, ks_handle_psk_binder_key},
	{WIRE_MSG_PSK_HANDSHAKE_SECRET, KS_SOCKET_TOKEN, NARROWED_NEVER,
	 ks_handle_psk_handshake_secret},
	{WIRE_MSG_SECRET_USE, KS_SOCKET_TOKEN, NARROWED_NEVER, ks_handle_secret_use},
	{WIRE_MSG_STATUS, KS_SOCKET_PROVISION, NARROWED_NEVER, ks_handle_status},
	{WIRE_MSG_LIST, KS_SOCKET_PROVISION, NARROWED_NEVER, ks_handle_list},
	{WIRE_MSG_SHOW, KS_SOCKET_PROVISION, NARROWED_NAMES, ks_handle_show},
	{WIRE_MSG_STAGE_KEY_PAIR, KS_SOCKET_PROVISION, NARROWED_STAGES, ks_handle_stage_key_pair},
	{WIRE_MSG_STAGE_PRIVATE_KEY, KS_SOCKET_PROVISION, NARROWED_NEVER,
	 ks_handle_stage_private_key},
	{WIRE_MSG_STAGE_SECRET, KS_SOCKET_PROVISION, NARROWED_STAGES, ks_handle_stage_secret},
	{WIRE_MSG_STAGE_ANCHORS, KS_SOCKET_PROVISION, NARROWED_NEVER, ks_handle_stage_anchors},
	{WIRE_MSG_ATTACH_CERTIFICATES, KS_SOCKET_PROVISION, NARROWED_ASKS,
	 ks_handle_attach_certificates},
	{WIRE_MSG_PUBLISH, KS_SOCKET_PROVISION, NARROWED_NEVER, ks_handle_publish},
	{WIRE_MSG_DISCARD, KS_SOCKET_PROVISION, NARROWED_ASKS, ks_handle_discard},
	{WIRE_MSG_REMOVE, KS_SOCKET_PROVISION, NARROWED_NEVER, ks_handle_remove},
	{WIRE_MSG_GRANT, KS_SOCKET_PROVISION, NARROWED_NEVER, ks_handle_grant},
	{WIRE_MSG_REVOKE, KS_SOCKET_PROVISION, NARROWED_NEVER, ks_handle_revoke},
	{WIRE_MSG_REFERENCE, KS_SOCKET_PROVISION, NARROWED_NEVER, ks_handle_reference},
	{WIRE_MSG_NARROW, KS_SOCKET_PROVISION, NARROWED_NEVER, ks_handle_narrow},
};

WireBytes
ks_wire_text (const char *text)
{
	return (WireBytes){(const uint8_t *)text, text != NULL ? strlen (text) : 0};
}

WireBytes
ks_wire_gbytes (GBytes *bytes)
{
	WireBytes view = {NULL, 0};

	if (bytes != NULL)
		view.data = g_bytes_get_data (bytes, &view.len);
	return view;
}

void
ks_dispatch_set_problem (KsDispatch *dispatch, const char *problem)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&dispatch->problem_lock);

	g_free (dispatch->problem);
	dispatch->problem = g_strdup (problem);
}

char *
ks_dispatch_dup_problem (KsDispatch *dispatch)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&dispatch->problem_lock);

	if (dispatch->problem != NULL)
		return g_strdup (dispatch->problem);
	return g_strdup (ks_publisher_is_ready (dispatch->publisher)
				 ? ""
				 : "the backing token is not open yet");
}

static WireHeader
reply_header (const KsRequest *request, CK_RV rv)
{
	return (WireHeader){.type = request->header.type | WIRE_REPLY,
			    .serial = request->header.serial,
			    .status = (uint32_t)rv,
			    .cpu = WIRE_CPU_UNKNOWN};
}

void
ks_request_reply (KsRequest *request, gconstpointer message)
{
	WireHeader header = reply_header (request, CKR_OK);

	request->reply_len = wire_build (request->reply, WIRE_FRAME_MAX, &header, message);
	if (request->reply_len == 0)
		ks_request_fail (request, CKR_DEVICE_MEMORY, "the answer is larger than a frame");
}

void
ks_request_fail (KsRequest *request, CK_RV rv, const char *reason)
{
	WireHeader header = reply_header (request, rv);
	WireFailure failure = {ks_wire_text (reason)};

	failure.message.len = MIN (failure.message.len, WIRE_TEXT_MAX);
	request->reply_len = wire_build (request->reply, WIRE_FRAME_MAX, &header, &failure);
}

void
ks_request_fail_excess (KsRequest *request)
{
	request->excess = TRUE;
	ks_request_fail (request, CKR_ACTION_PROHIBITED,
			 "this connection was narrowed to other things");
}

void
ks_request_fail_error (KsRequest *request, const GError *error)
{
	CK_RV rv = ks_error_to_rv (error);

	ks_request_fail (request, rv != CKR_OK ? rv : CKR_GENERAL_ERROR,
			 error != NULL ? error->message : NULL);
}

static const Entry *
find_entry (guint32 type)
{
	for (gsize i = 0; i < G_N_ELEMENTS (entries); i++) {
		if (entries[i].type == type)
			return &entries[i];
	}
	return NULL;
}

/* Long input of a signature comes as a descriptor, exactly when the request says so. */
static gboolean
descriptor_fits (const KsRequest *request)
{
	gboolean wanted = (request->header.type == WIRE_MSG_SIGN ||
			   request->header.type == WIRE_MSG_VERIFY) &&
			  request->message.operate.data_fd_size != 0;

	return wanted == (request->fd >= 0);
}

/* HELLO comes first; before it once, on the provisioner's own connection, NARROW. */
static gboolean
is_in_turn (const Entry *entry, const KsRequest *request)
{
	if (entry->type == WIRE_MSG_NARROW)
		return !request->greeted && request->peer->socket == KS_SOCKET_PROVISION &&
		       !ks_policy_is_narrowed (request->peer);
	return (entry->type == WIRE_MSG_HELLO) != request->greeted;
}

static gboolean
is_within (const Entry *entry, const KsRequest *request)
{
	const WireBytes *text = &request->message.name.name;
	g_autofree char *name = NULL;

	if (!ks_policy_is_narrowed (request->peer) || entry->narrowed == NARROWED_ASKS)
		return TRUE;
	if (entry->narrowed == NARROWED_NEVER)
		return FALSE;
	name = g_strndup (text->len > 0 ? (const char *)text->data : "", text->len);
	return entry->narrowed == NARROWED_STAGES ? ks_policy_may_stage (request->peer, name)
						  : ks_policy_admits (request->peer, name);
}

/* No exchange asks for more than its job needs: somebody else does, in its place. */
static void
tell_excess (KsDispatch *dispatch, const KsRequest *request)
{
	const KsPeer *peer = request->peer;

	if (ks_sampler_take (dispatch->sampler, KS_EVENT_EXCESS, request->header.type, peer->uid,
			     g_get_monotonic_time ()))
		ks_audit (KS_EVENT_EXCESS, peer, NULL,
			  "an exchange asked for what its connection is not for (request %u)",
			  request->header.type);
}

gboolean
ks_dispatch (KsDispatch *dispatch, const guint8 *frame, gsize len, KsRequest *request)
{
	const Entry *entry;

	request->reply_len = 0;
	request->excess = FALSE;
	if (!wire_parse (frame, len, &request->header, &request->message))
		return FALSE;
	entry = find_entry (request->header.type);
	if (entry == NULL || !descriptor_fits (request) || !is_in_turn (entry, request))
		return FALSE;
	if (entry->socket == KS_SOCKET_PROVISION && request->peer->socket != KS_SOCKET_PROVISION)
		ks_request_fail (request, CKR_ACTION_PROHIBITED,
				 "only the provisioner may ask this, on provision.sock");
	else if (!is_within (entry, request))
		ks_request_fail_excess (request);
	else
		entry->handler (dispatch, request);
	if (request->excess)
		tell_excess (dispatch, request);
	return request->reply_len > 0 || entry->type == WIRE_MSG_NARROW;
}
