/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the provisioner may ask to read: STATUS, LIST, SHOW. Never a key. */
#include <config.h>

#include "keystore/describe.h"
#include "keystore/dispatch-handlers.h"

#include <string.h>

static WireBytes
cut_text (const char *text)
{
	WireBytes bytes = ks_wire_text (text);

	bytes.len = MIN (bytes.len, WIRE_TEXT_MAX);
	return bytes;
}

void
ks_handle_status (KsDispatch *dispatch, KsRequest *request)
{
	const KsSettings *settings = dispatch->settings;
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (dispatch->catalogue);
	const GPtrArray *credentials = ks_catalogue_state_credentials (state);
	g_autofree char *problem = ks_dispatch_dup_problem (dispatch);
	WireStatusReply reply = {
		.version = ks_wire_text (PACKAGE_VERSION),
		.state_dir = cut_text (settings->state_dir),
		.backing_module = cut_text (settings->backing_module),
		.token_label = cut_text (settings->backing_token != NULL ? settings->backing_token
									 : "enrolee"),
		.problem = cut_text (problem),
		.token_ready = ks_publisher_is_ready (dispatch->publisher),
		.residency = dispatch->residency,
		.credentials = credentials->len,
		.connections = ks_quota_used (dispatch->quota),
		.view_generation = ks_view_generation (dispatch->view),
		.started_s = (guint64)dispatch->started_s,
	};

	for (guint i = 0; i < credentials->len; i++) {
		const KsCredential *credential = credentials->pdata[i];

		reply.generations += credential->generations->len;
	}
	ks_request_reply (request, &reply);
}

/* Names are compared in byte order; a request's text is not NUL-terminated. */
static gboolean
is_after (const char *name, const WireBytes *after)
{
	gsize len = strlen (name);
	int order = memcmp (name, after->data != NULL ? (const char *)after->data : "",
			    MIN (len, after->len));

	return order > 0 || (order == 0 && len > after->len);
}

void
ks_handle_list (KsDispatch *dispatch, KsRequest *request)
{
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (dispatch->catalogue);
	const GPtrArray *credentials = ks_catalogue_state_credentials (state);
	g_autofree guint8 *records = g_malloc (WIRE_DATA_MAX);
	WireWriter writer = {.data = records, .size = WIRE_DATA_MAX};
	WireListReply reply = {0};

	for (guint i = 0; i < credentials->len; i++) {
		const KsCredential *credential = credentials->pdata[i];
		gsize before = writer.len;

		if (!is_after (credential->name, &request->message.list.after))
			continue;
		if (reply.count == WIRE_LIST_PAGE_MAX || !ks_describe (credential, &writer)) {
			writer.len = before;
			reply.more = 1;
			break;
		}
		reply.count++;
	}
	reply.records = (WireBytes){records, writer.len};
	ks_request_reply (request, &reply);
}

static void
list_certificates (const GPtrArray *certificates, WireList *list)
{
	for (guint i = 0; i < certificates->len && i < WIRE_LIST_MAX; i++) {
		const KsCertificate *certificate = certificates->pdata[i];

		list->items[list->count++] = ks_wire_gbytes (certificate->der);
	}
}

static void
show_psk (const KsCredential *credential, WireShowReply *reply)
{
	static const guint32 hashes[] = {[KS_PSK_HASH_ANY] = 0,
					 [KS_PSK_HASH_SHA256] = CKM_SHA256,
					 [KS_PSK_HASH_SHA384] = CKM_SHA384};

	if (credential->kind != KS_KIND_SECRET ||
	    (ks_usage_uses (credential->suid, KS_KEY_SECRET) & KS_USE_PSK) == 0)
		return;
	reply->psk_versions = credential->psk.versions; /* WIRE_PSK_* are the same numbers */
	reply->psk_hash = hashes[credential->psk.hash];
	reply->psk_ephemeral = credential->psk.ephemeral;
	reply->psk_revealed = credential->psk.reveal;
}

G_STATIC_ASSERT ((int)KS_PSK_TLS12 == (int)WIRE_PSK_TLS12);
G_STATIC_ASSERT ((int)KS_PSK_TLS13 == (int)WIRE_PSK_TLS13);

void
ks_handle_show (KsDispatch *dispatch, KsRequest *request)
{
	const WireBytes *wanted = &request->message.name.name;
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (dispatch->catalogue);
	g_autofree char *name = g_strndup ((const char *)wanted->data, wanted->len);
	g_autofree guint8 *record = g_malloc (WIRE_DATA_MAX);
	WireWriter writer = {.data = record, .size = WIRE_DATA_MAX};
	KsCredential *credential = ks_catalogue_state_find (state, name);
	KsGeneration *current, *staged;
	WireShowReply reply = {0};

	if (credential == NULL || !ks_describe (credential, &writer)) {
		ks_request_fail (request, CKR_KEY_HANDLE_INVALID, "no credential of that name");
		return;
	}
	reply.record = (WireBytes){record, writer.len};
	show_psk (credential, &reply);
	current = ks_credential_current (credential);
	if (current != NULL) {
		if (current->leaf != NULL)
			reply.leaf = ks_wire_gbytes (current->leaf->der);
		list_certificates (current->chain, &reply.chain);
		list_certificates (current->anchors, &reply.anchors);
		reply.spki = ks_wire_gbytes (current->spki);
	}
	staged = ks_describe_staged (credential);
	if (staged != NULL)
		reply.staged_spki = ks_wire_gbytes (staged->spki);
	ks_request_reply (request, &reply);
}
