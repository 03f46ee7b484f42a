/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Field tables of the messages; see message.h. Order and kinds are the wire format. */
#include <config.h>

#include "keystore/wire/message.h"

#include <string.h>

#define FIELD(kind_, struct_, member_, max_) {kind_, offsetof (struct_, member_), max_}
#define U32(s, m) FIELD (WIRE_U32, s, m, 0)
#define U64(s, m) FIELD (WIRE_U64, s, m, 0)
#define BYTES(s, m, max) FIELD (WIRE_BYTES, s, m, max)
#define TEXT(s, m, max) FIELD (WIRE_TEXT, s, m, max)
#define LIST(s, m, max) FIELD (WIRE_LIST, s, m, max)
#define NUMBERS(s, m) FIELD (WIRE_NUMBERS, s, m, 0)

#define ORIGIN(s) \
	TEXT (s, name, WIRE_NAME_MAX), TEXT (s, origin, WIRE_NAME_MAX), TEXT (s, mef, WIRE_TEXT_MAX), \
		TEXT (s, admin, WIRE_TEXT_MAX), TEXT (s, client, WIRE_TEXT_MAX)

static const WireField hello[] = {
	U32 (WireHello, version_min),
	U32 (WireHello, version_max),
	U32 (WireHello, client),
};

static const WireField hello_reply[] = {
	U32 (WireHelloReply, version),
	U32 (WireHelloReply, reply_wait_ms),
	U64 (WireHelloReply, instance),
	TEXT (WireHelloReply, server, WIRE_TEXT_MAX),
};

static const WireField view_reply[] = {
	U32 (WireViewReply, generation),
	U64 (WireViewReply, size),
};

static const WireField operate[] = {
	U32 (WireOperate, key),
	U32 (WireOperate, mechanism),
	U32 (WireOperate, hash),
	U32 (WireOperate, mgf),
	U32 (WireOperate, salt_len),
	U32 (WireOperate, key_type),
	BYTES (WireOperate, public_a, WIRE_SIGNATURE_MAX),
	BYTES (WireOperate, public_b, WIRE_SIGNATURE_MAX),
	BYTES (WireOperate, param, WIRE_TEXT_MAX),
	BYTES (WireOperate, data, WIRE_DATA_MAX),
	U64 (WireOperate, data_fd_size),
	BYTES (WireOperate, signature, WIRE_SIGNATURE_MAX),
};

static const WireField result[] = {
	BYTES (WireResult, output, WIRE_DATA_MAX),
};

static const WireField psk_master_secret[] = {
	TEXT (WirePskMasterSecret, reference, WIRE_NAME_MAX),
	U32 (WirePskMasterSecret, hash),
	U32 (WirePskMasterSecret, extended),
	U32 (WirePskMasterSecret, plain),
	BYTES (WirePskMasterSecret, other, WIRE_PSK_OTHER_MAX),
	BYTES (WirePskMasterSecret, seed, WIRE_NAME_MAX),
};

static const WireField psk_binder_key[] = {
	TEXT (WirePskBinderKey, reference, WIRE_NAME_MAX),
	U32 (WirePskBinderKey, hash),
};

static const WireField psk_handshake_secret[] = {
	TEXT (WirePskHandshakeSecret, reference, WIRE_NAME_MAX),
	U32 (WirePskHandshakeSecret, hash),
	BYTES (WirePskHandshakeSecret, dhe, WIRE_PSK_OTHER_MAX),
};

static const WireField secret_use[] = {
	U32 (WireSecretUse, key),
	U32 (WireSecretUse, use),
	U32 (WireSecretUse, mechanism),
	U32 (WireSecretUse, hash),
	U32 (WireSecretUse, number),
	U32 (WireSecretUse, length),
	BYTES (WireSecretUse, first, WIRE_EXTRA_MAX),
	BYTES (WireSecretUse, second, WIRE_EXTRA_MAX),
	BYTES (WireSecretUse, data, WIRE_DATA_MAX),
};

static const WireField status_reply[] = {
	TEXT (WireStatusReply, version, WIRE_TEXT_MAX),
	TEXT (WireStatusReply, state_dir, WIRE_TEXT_MAX),
	TEXT (WireStatusReply, backing_module, WIRE_TEXT_MAX),
	TEXT (WireStatusReply, token_label, WIRE_TEXT_MAX),
	TEXT (WireStatusReply, problem, WIRE_TEXT_MAX),
	U32 (WireStatusReply, token_ready),
	U32 (WireStatusReply, residency),
	U32 (WireStatusReply, credentials),
	U32 (WireStatusReply, generations),
	U32 (WireStatusReply, connections),
	U32 (WireStatusReply, view_generation),
	U64 (WireStatusReply, started_s),
};

static const WireField list_request[] = {
	TEXT (WireListRequest, after, WIRE_NAME_MAX),
};

static const WireField list_reply[] = {
	U32 (WireListReply, count),
	U32 (WireListReply, more),
	BYTES (WireListReply, records, WIRE_DATA_MAX),
};

static const WireField credential[] = {
	TEXT (WireCredential, name, WIRE_NAME_MAX),
	U32 (WireCredential, kind),
	TEXT (WireCredential, origin, WIRE_NAME_MAX),
	TEXT (WireCredential, mef, WIRE_TEXT_MAX),
	TEXT (WireCredential, admin, WIRE_TEXT_MAX),
	TEXT (WireCredential, client, WIRE_TEXT_MAX),
	TEXT (WireCredential, identifier, WIRE_IDENTIFIER_MAX),
	U32 (WireCredential, suid),
	TEXT (WireCredential, users, WIRE_POLICY_TEXT_MAX),
	TEXT (WireCredential, groups, WIRE_POLICY_TEXT_MAX),
	U32 (WireCredential, generation),
	U32 (WireCredential, key),
	U32 (WireCredential, key_type),
	U32 (WireCredential, key_bits),
	BYTES (WireCredential, id, WIRE_NAME_MAX),
	U64 (WireCredential, not_before_s),
	U64 (WireCredential, not_after_s),
	TEXT (WireCredential, subject, WIRE_TEXT_MAX),
	TEXT (WireCredential, issuer, WIRE_TEXT_MAX),
	U32 (WireCredential, retained),
	U32 (WireCredential, staged_generation),
	U32 (WireCredential, staged_key),
};

static const WireField name[] = {
	TEXT (WireName, name, WIRE_NAME_MAX),
};

static const WireField show_reply[] = {
	BYTES (WireShowReply, record, WIRE_DATA_MAX),
	BYTES (WireShowReply, leaf, WIRE_CERTIFICATE_MAX),
	LIST (WireShowReply, chain, WIRE_CERTIFICATE_MAX),
	LIST (WireShowReply, anchors, WIRE_CERTIFICATE_MAX),
	BYTES (WireShowReply, spki, WIRE_PUBLIC_KEY_MAX),
	BYTES (WireShowReply, staged_spki, WIRE_PUBLIC_KEY_MAX),
	U32 (WireShowReply, psk_versions),
	U32 (WireShowReply, psk_hash),
	U32 (WireShowReply, psk_ephemeral),
	U32 (WireShowReply, psk_revealed),
};

static const WireField stage_key_pair[] = {
	ORIGIN (WireStageKeyPair),
	U32 (WireStageKeyPair, key_type),
	U32 (WireStageKeyPair, key_bits),
};

static const WireField stage_private_key[] = {
	ORIGIN (WireStagePrivateKey),
	BYTES (WireStagePrivateKey, pkcs8, WIRE_PRIVATE_KEY_MAX),
};

static const WireField stage_secret[] = {
	ORIGIN (WireStageSecret),
	TEXT (WireStageSecret, identifier, WIRE_IDENTIFIER_MAX),
	U32 (WireStageSecret, suid),
	U64 (WireStageSecret, not_after_s),
	BYTES (WireStageSecret, value, WIRE_SECRET_MAX),
};

static const WireField stage_anchors[] = {
	ORIGIN (WireStageAnchors),
	LIST (WireStageAnchors, anchors, WIRE_CERTIFICATE_MAX),
};

static const WireField stage_reply[] = {
	U32 (WireStageReply, generation),
	U32 (WireStageReply, key),
	BYTES (WireStageReply, spki, WIRE_PUBLIC_KEY_MAX),
};

static const WireField attach_certificates[] = {
	U32 (WireAttachCertificates, generation),
	BYTES (WireAttachCertificates, leaf, WIRE_CERTIFICATE_MAX),
	LIST (WireAttachCertificates, chain, WIRE_CERTIFICATE_MAX),
	LIST (WireAttachCertificates, anchors, WIRE_CERTIFICATE_MAX),
};

static const WireField publish[] = {
	NUMBERS (WirePublish, generations),
	U32 (WirePublish, revoke_old),
};

static const WireField changed[] = {
	U32 (WireChanged, generation),
};

static const WireField grant[] = {
	TEXT (WireGrant, name, WIRE_NAME_MAX),
	U32 (WireGrant, group),
	TEXT (WireGrant, principal, WIRE_NAME_MAX),
};

static const WireField reference[] = {
	TEXT (WireReference, name, WIRE_NAME_MAX),
	TEXT (WireReference, consumer, WIRE_NAME_MAX),
};

static const WireField reference_reply[] = {
	TEXT (WireReferenceReply, reference, WIRE_NAME_MAX),
};

static const WireField narrow[] = {
	TEXT (WireNarrow, uses, WIRE_SCOPE_TEXT_MAX),
	TEXT (WireNarrow, stages, WIRE_SCOPE_TEXT_MAX),
};

static const WireField failure[] = {
	TEXT (WireFailure, message, WIRE_TEXT_MAX),
};

#define LAYOUT(table) {table, sizeof table / sizeof table[0]}

const WireLayout wire_credential_layout = LAYOUT (credential);
static const WireLayout failure_layout = LAYOUT (failure);

static const struct {
	uint32_t type;
	WireLayout request, reply;
} messages[] = {
	{WIRE_MSG_HELLO, LAYOUT (hello), LAYOUT (hello_reply)},
	{WIRE_MSG_VIEW, {NULL, 0}, LAYOUT (view_reply)},
	{WIRE_MSG_SIGN, LAYOUT (operate), LAYOUT (result)},
	{WIRE_MSG_VERIFY, LAYOUT (operate), LAYOUT (result)},
	{WIRE_MSG_ENCRYPT, LAYOUT (operate), LAYOUT (result)},
	{WIRE_MSG_DECRYPT, LAYOUT (operate), LAYOUT (result)},
	{WIRE_MSG_DERIVE, LAYOUT (operate), LAYOUT (result)},
	{WIRE_MSG_PSK_MASTER_SECRET, LAYOUT (psk_master_secret), LAYOUT (result)},
	{WIRE_MSG_PSK_BINDER_KEY, LAYOUT (psk_binder_key), LAYOUT (result)},
	{WIRE_MSG_PSK_HANDSHAKE_SECRET, LAYOUT (psk_handshake_secret), LAYOUT (result)},
	{WIRE_MSG_SECRET_USE, LAYOUT (secret_use), LAYOUT (result)},
	{WIRE_MSG_STATUS, {NULL, 0}, LAYOUT (status_reply)},
	{WIRE_MSG_LIST, LAYOUT (list_request), LAYOUT (list_reply)},
	{WIRE_MSG_SHOW, LAYOUT (name), LAYOUT (show_reply)},
	{WIRE_MSG_STAGE_KEY_PAIR, LAYOUT (stage_key_pair), LAYOUT (stage_reply)},
	{WIRE_MSG_STAGE_PRIVATE_KEY, LAYOUT (stage_private_key), LAYOUT (stage_reply)},
	{WIRE_MSG_STAGE_SECRET, LAYOUT (stage_secret), LAYOUT (stage_reply)},
	{WIRE_MSG_STAGE_ANCHORS, LAYOUT (stage_anchors), LAYOUT (stage_reply)},
	{WIRE_MSG_ATTACH_CERTIFICATES, LAYOUT (attach_certificates), {NULL, 0}},
	{WIRE_MSG_PUBLISH, LAYOUT (publish), LAYOUT (changed)},
	{WIRE_MSG_DISCARD, LAYOUT (publish), LAYOUT (changed)},
	{WIRE_MSG_REMOVE, LAYOUT (name), LAYOUT (changed)},
	{WIRE_MSG_GRANT, LAYOUT (grant), LAYOUT (changed)},
	{WIRE_MSG_REVOKE, LAYOUT (grant), LAYOUT (changed)},
	{WIRE_MSG_REFERENCE, LAYOUT (reference), LAYOUT (reference_reply)},
	{WIRE_MSG_ADOPT, {NULL, 0}, LAYOUT (changed)},
	{WIRE_MSG_NARROW, LAYOUT (narrow), {NULL, 0}},
};

const WireLayout *
wire_layout (uint32_t type)
{
	for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
		if (messages[i].type == (type & ~WIRE_REPLY))
			return type & WIRE_REPLY ? &messages[i].reply : &messages[i].request;
	}
	return NULL;
}

/* A failed reply carries its reason in place of the message. */
static const WireLayout *
layout_of (const WireHeader *header)
{
	const WireLayout *layout = wire_layout (header->type);

	if (layout != NULL && (header->type & WIRE_REPLY) && header->status != 0)
		return &failure_layout;
	return layout;
}

size_t
wire_build (uint8_t *frame, size_t size, const WireHeader *header, const void *message)
{
	static const WireFailure no_text;
	WireWriter writer = {.data = frame, .size = size < WIRE_FRAME_MAX ? size : WIRE_FRAME_MAX};
	const WireLayout *layout = layout_of (header);

	if (layout == NULL)
		return 0;
	if (message == NULL && layout == &failure_layout)
		message = &no_text;
	if (message == NULL && layout->n_fields > 0)
		return 0;
	wire_put_header (&writer, header);
	wire_put_fields (&writer, layout, message);
	return writer.failed ? 0 : writer.len;
}

bool
wire_parse (const uint8_t *frame, size_t len, WireHeader *header, void *message)
{
	WireReader reader = {.data = frame, .len = len};
	const WireLayout *layout;

	if (len > WIRE_FRAME_MAX || !wire_get_header (&reader, header))
		return false;
	layout = layout_of (header);
	return layout != NULL && wire_get_fields (&reader, layout, message);
}
