/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Generations on provision.sock: staged with their keys, given their certificates, published or
 * discarded. What is stored in which order is publish.c's.
 */
#include <config.h>

#include "keystore/certificate.h"
#include "keystore/describe.h"
#include "keystore/dispatch-handlers.h"
#include "keystore/policy.h"
#include "keystore/psk-settings.h"

#include <string.h>

/* Texts of a request as strings, and the intent made of them. */
typedef struct {
	char *name, *mef, *admin, *client, *identifier;
	KsIntent intent;
} Staging;

static void
staging_clear (Staging *staging)
{
	g_free (staging->name);
	g_free (staging->mef);
	g_free (staging->admin);
	g_free (staging->client);
	g_free (staging->identifier);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Staging, staging_clear)

static char *
string_of (WireBytes text)
{
	return text.len > 0 ? g_strndup ((const char *)text.data, text.len) : NULL;
}

static gboolean
bytes_equal (WireBytes bytes, const char *text)
{
	return bytes.len == strlen (text) && memcmp (bytes.data, text, bytes.len) == 0;
}

/* Users and groups stay NULL: those of an existing credential are kept, a new one has none. */
static void
staging_init (Staging *staging,
	      KsKind kind,
	      WireBytes name,
	      WireBytes origin,
	      WireBytes mef,
	      WireBytes admin,
	      WireBytes client)
{
	*staging =
		(Staging){string_of (name), string_of (mef), string_of (admin), string_of (client)};
	staging->intent = (KsIntent){
		.name = staging->name != NULL ? staging->name : "",
		.kind = kind,
		.origin =
			bytes_equal (origin, "enrolled") ? KS_ORIGIN_ENROLLED : KS_ORIGIN_IMPORTED,
		.mef_fqdn = staging->mef,
		.admin_fqdn = staging->admin,
		.client_id = staging->client,
		.retain_s = KS_RETAIN_UNTIL_EXPIRY,
	};
}

static void
answer_staged (KsRequest *request,
	       const Staging *staging,
	       gboolean staged,
	       const KsGeneration *generation,
	       const GError *error)
{
	WireStageReply reply;

	if (!staged) {
		ks_request_fail_error (request, error);
		return;
	}
	reply = (WireStageReply){
		.generation = ks_describe_number (generation),
		.key = generation->key_object,
		.spki = ks_wire_gbytes (generation->spki),
	};
	ks_audit (KS_EVENT_STAGED, request->peer, staging->name, "%s: generation %u staged (%s)",
		  staging->name, reply.generation, ks_key_type_name (generation->key_type));
	ks_request_reply (request, &reply);
}

static const struct {
	guint32 key_type, bits_min, bits_max;
	KsKeyType type;
} key_kinds[] = {
	{CKK_EC, 256, 256, KS_KEY_P256},
	{CKK_EC, 384, 384, KS_KEY_P384},
	{CKK_EC, 521, 521, KS_KEY_P521},
	{CKK_RSA, 2048, 4096, KS_KEY_RSA},
	{CKK_EC_EDWARDS, 255, 255, KS_KEY_ED25519},
};

static KsKeyType
wanted_key (const WireStageKeyPair *wanted)
{
	for (gsize i = 0; i < G_N_ELEMENTS (key_kinds); i++) {
		if (key_kinds[i].key_type == wanted->key_type &&
		    wanted->key_bits >= key_kinds[i].bits_min &&
		    wanted->key_bits <= key_kinds[i].bits_max)
			return key_kinds[i].type;
	}
	return KS_KEY_NONE;
}

void
ks_handle_stage_key_pair (KsDispatch *dispatch, KsRequest *request)
{
	const WireStageKeyPair *wanted = &request->message.stage_key_pair;
	KsKeyType type = wanted_key (wanted);
	g_autoptr (KsGeneration) generation = NULL;
	g_autoptr (GError) error = NULL;
	g_auto (Staging) staging;
	gboolean staged;

	staging_init (&staging, KS_KIND_KEY_PAIR, wanted->name, wanted->origin, wanted->mef,
		      wanted->admin, wanted->client);
	if (type == KS_KEY_NONE) {
		ks_request_fail (request, CKR_KEY_SIZE_RANGE,
				 "key pairs are EC 256, 384, 521, RSA 2048 to 4096, Ed25519");
		return;
	}
	staged = ks_publisher_generate (dispatch->publisher, &staging.intent, type,
					type == KS_KEY_RSA ? wanted->key_bits : 0, &generation,
					&error);
	answer_staged (request, &staging, staged, generation, error);
}

void
ks_handle_stage_private_key (KsDispatch *dispatch, KsRequest *request)
{
	const WireStagePrivateKey *wanted = &request->message.stage_private_key;
	g_autoptr (KsSecret) pkcs8 = ks_secret_new (wanted->pkcs8.data, wanted->pkcs8.len);
	g_autoptr (KsGeneration) generation = NULL;
	g_autoptr (GError) error = NULL;
	g_auto (Staging) staging;
	gboolean staged;

	staging_init (&staging, KS_KIND_KEY_PAIR, wanted->name, wanted->origin, wanted->mef,
		      wanted->admin, wanted->client);
	staged = ks_publisher_import_key (dispatch->publisher, &staging.intent, pkcs8, &generation,
					  &error);
	answer_staged (request, &staging, staged, generation, error);
}

void
ks_handle_stage_secret (KsDispatch *dispatch, KsRequest *request)
{
	const WireStageSecret *wanted = &request->message.stage_secret;
	g_autoptr (KsSecret) secret = ks_secret_new (wanted->value.data, wanted->value.len);
	g_autoptr (KsGeneration) generation = NULL;
	g_autoptr (GError) error = NULL;
	g_auto (Staging) staging;
	gboolean staged;

	staging_init (&staging, KS_KIND_SECRET, wanted->name, wanted->origin, wanted->mef,
		      wanted->admin, wanted->client);
	staging.identifier = string_of (wanted->identifier);
	staging.intent.identifier = staging.identifier;
	staging.intent.suid = wanted->suid;
	staging.intent.expires_s = (gint64)MIN (wanted->not_after_s, (guint64)G_MAXINT64);
	staged = ks_publisher_import_secret (dispatch->publisher, &staging.intent, secret,
					     &generation, &error);
	answer_staged (request, &staging, staged, generation, error);
}

/* ---- certificates ---- */

/* The certificates of a list, each read once. %NULL with the request answered: one is malformed. */
static GPtrArray *
take_certificates (KsRequest *request, const WireList *list)
{
	g_autoptr (GPtrArray) certificates =
		g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
	KsCertificateFields fields;

	for (gsize i = 0; i < list->count; i++) {
		g_autoptr (GError) error = NULL;
		GBytes *der = g_bytes_new (list->items[i].data, list->items[i].len);

		g_ptr_array_add (certificates, der);
		if (!ks_certificate_parse (der, &fields, &error)) {
			ks_request_fail_error (request, error);
			return NULL;
		}
	}
	return g_steal_pointer (&certificates);
}

void
ks_handle_stage_anchors (KsDispatch *dispatch, KsRequest *request)
{
	const WireStageAnchors *wanted = &request->message.stage_anchors;
	g_autoptr (GPtrArray) anchors = take_certificates (request, &wanted->anchors);
	g_autoptr (GPtrArray) chain = g_ptr_array_new ();
	g_autoptr (KsGeneration) generation = NULL;
	g_autoptr (GError) error = NULL;
	g_auto (Staging) staging = {0};
	gboolean staged;

	if (anchors == NULL)
		return;
	staging_init (&staging, KS_KIND_ANCHORS, wanted->name, wanted->origin, wanted->mef,
		      wanted->admin, wanted->client);
	staged = ks_publisher_stage_anchors (dispatch->publisher, &staging.intent, &generation,
					     &error);
	if (staged)
		ks_attachments_put (dispatch->attachments, ks_describe_number (generation), NULL,
				    chain, anchors);
	answer_staged (request, &staging, staged, generation, error);
}

/* The staged generation of that number, and whose it is. %NULL with the request answered: there is
 * none that the peer may change. */
static KsGeneration *
find_staged (KsRequest *request,
	     const KsCatalogueState *state,
	     guint32 number,
	     KsCredential **credential)
{
	const GPtrArray *credentials = ks_catalogue_state_credentials (state);

	for (guint i = 0; i < credentials->len; i++) {
		KsCredential *candidate = credentials->pdata[i];

		if (!ks_policy_shows (request->peer, candidate, KS_STATE_STAGED))
			continue;
		for (guint j = 0; j < candidate->generations->len; j++) {
			KsGeneration *generation = candidate->generations->pdata[j];

			if (ks_describe_number (generation) == number &&
			    generation->state == KS_STATE_STAGED) {
				*credential = candidate;
				return generation;
			}
		}
	}
	if (ks_policy_is_narrowed (request->peer))
		ks_request_fail_excess (request);
	else
		ks_request_fail (request, CKR_KEY_HANDLE_INVALID,
				 "no staged generation of that number");
	return NULL;
}

void
ks_handle_attach_certificates (KsDispatch *dispatch, KsRequest *request)
{
	const WireAttachCertificates *wanted = &request->message.attach_certificates;
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (dispatch->catalogue);
	g_autoptr (GPtrArray) chain = NULL, anchors = NULL;
	g_autoptr (GBytes) leaf = NULL;
	KsCertificateFields fields;
	KsCredential *credential;
	KsGeneration *generation = find_staged (request, state, wanted->generation, &credential);

	if (generation == NULL)
		return;
	if (credential->kind == KS_KIND_SECRET) {
		ks_request_fail (request, CKR_KEY_HANDLE_INVALID,
				 "no staged key pair or anchors of that number");
		return;
	}
	if (wanted->leaf.len > 0) {
		leaf = g_bytes_new (wanted->leaf.data, wanted->leaf.len);
		if (generation->spki == NULL || !ks_certificate_parse (leaf, &fields, NULL) ||
		    !ks_certificate_is_for (&fields, generation->spki)) {
			ks_request_fail (request, CKR_ATTRIBUTE_VALUE_INVALID,
					 "the certificate is not for this key");
			return;
		}
	}
	chain = take_certificates (request, &wanted->chain);
	anchors = chain != NULL ? take_certificates (request, &wanted->anchors) : NULL;
	if (anchors == NULL)
		return;
	ks_attachments_put (dispatch->attachments, wanted->generation, leaf, chain, anchors);
	ks_request_reply (request, NULL);
}

/* ---- publication ---- */

/* What is published together, with the credentials it belongs to; all borrowed from @state. */
typedef struct {
	KsCatalogueState *state;
	guint count;
	KsCredential *credentials[WIRE_LIST_MAX];
	KsPublication members[WIRE_LIST_MAX];
} Set;

static void
set_clear (Set *set)
{
	for (guint i = 0; i < set->count; i++)
		ks_attachments_release (&set->members[i]);
	g_clear_pointer (&set->state, ks_catalogue_state_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Set, set_clear)

/* FALSE with the request answered. */
static gboolean
set_init (Set *set, KsDispatch *dispatch, KsRequest *request)
{
	const WireNumbers *numbers = &request->message.publish.generations;

	set->state = ks_catalogue_ref_state (dispatch->catalogue);
	for (gsize i = 0; i < numbers->count; i++) {
		KsGeneration *generation =
			find_staged (request, set->state, numbers->items[i], &set->credentials[i]);

		if (generation == NULL)
			return FALSE;
		set->members[i].name = set->credentials[i]->name;
		set->members[i].generation = generation->number;
		ks_attachments_get (dispatch->attachments, numbers->items[i], &set->members[i]);
		set->count = (guint)i + 1;
	}
	if (set->count > 0)
		return TRUE;
	ks_request_fail (request, CKR_ARGUMENTS_BAD, "an empty set");
	return FALSE;
}

static void
answer_changed (KsDispatch *dispatch, KsRequest *request)
{
	WireChanged reply = {ks_view_generation (dispatch->view)};

	ks_request_reply (request, &reply);
}

/* Ends the keys that the publication replaced; the set itself stays published whatever comes. All
 * are tried: FALSE with the first error. */
static gboolean
revoke_replaced (KsDispatch *dispatch, const Set *set, GError **error)
{
	g_autoptr (GError) first = NULL;

	for (guint i = 0; i < set->count; i++) {
		const GPtrArray *generations = set->credentials[i]->generations;

		for (guint j = 0; j < generations->len; j++) {
			const KsGeneration *old = generations->pdata[j];
			g_autoptr (GError) failure = NULL;

			if ((old->state != KS_STATE_CURRENT && old->state != KS_STATE_RETAINED) ||
			    old->key_object == 0 ||
			    ks_publisher_revoke (dispatch->publisher, set->members[i].name,
						 old->number, &failure) ||
			    g_error_matches (failure, KS_ERROR, KS_ERROR_NOT_FOUND) ||
			    first != NULL)
				continue;
			first = g_steal_pointer (&failure);
		}
	}
	if (first == NULL)
		return TRUE;
	g_propagate_prefixed_error (error, g_steal_pointer (&first),
				    "published, but an old key could not be destroyed: ");
	return FALSE;
}

/* What TLS may do with a symmetric key is settled before anybody sees it. */
static gboolean
apply_settings (KsDispatch *dispatch, const Set *set, GError **error)
{
	for (guint i = 0; i < set->count; i++) {
		if (set->credentials[i]->kind == KS_KIND_SECRET &&
		    !ks_psk_settings_apply (dispatch->settings->config_dir, dispatch->publisher,
					    set->state, set->members[i].name, error))
			return FALSE;
	}
	return TRUE;
}

void
ks_handle_publish (KsDispatch *dispatch, KsRequest *request)
{
	const WirePublish *wanted = &request->message.publish;
	g_autoptr (GError) error = NULL;
	g_auto (Set) set = {0};

	if (!set_init (&set, dispatch, request))
		return;
	if (!apply_settings (dispatch, &set, &error)) {
		ks_request_fail_error (request, error);
		return;
	}
	if (!ks_publisher_publish (dispatch->publisher, set.members, set.count, &error)) {
		ks_request_fail_error (request, error);
		return;
	}
	for (guint i = 0; i < set.count; i++) {
		ks_attachments_drop (dispatch->attachments, wanted->generations.items[i]);
		ks_audit (KS_EVENT_PUBLISHED, request->peer, set.members[i].name,
			  "%s: generation %u published", set.members[i].name,
			  wanted->generations.items[i]);
	}
	if (wanted->revoke_old && !revoke_replaced (dispatch, &set, &error)) {
		ks_audit (KS_EVENT_WARNING, request->peer, NULL, "%s", error->message);
		ks_request_fail_error (request, error);
		return;
	}
	answer_changed (dispatch, request);
}

void
ks_handle_discard (KsDispatch *dispatch, KsRequest *request)
{
	const WirePublish *wanted = &request->message.publish;
	g_auto (Set) set = {0};

	if (!set_init (&set, dispatch, request))
		return;
	for (guint i = 0; i < set.count; i++) {
		g_autoptr (GError) error = NULL;

		if (!ks_publisher_discard (dispatch->publisher, set.members[i].name,
					   set.members[i].generation, &error)) {
			ks_request_fail_error (request, error);
			return;
		}
		ks_attachments_drop (dispatch->attachments, wanted->generations.items[i]);
		ks_audit (KS_EVENT_DESTROYED, request->peer, set.members[i].name,
			  "%s: staged generation %u discarded", set.members[i].name,
			  wanted->generations.items[i]);
	}
	answer_changed (dispatch, request);
}
