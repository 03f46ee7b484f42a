/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The provisioner's end of provision.sock: one connection, made when it is first needed and made
 * again when the keystore was restarted. Requests and replies are the structs of
 * keystore/wire/message.h. No key byte stays here: every frame is wiped after its use.
 */
#pragma once

#include <string.h>

#include "keystore/wire/message.h"
#include "provisioner/keystore-ops.h"

#define PV_KEYSTORE_SOCKET "provision.sock"

/* PKCS#11 numbers that the wire carries, as far as the provisioner needs them. */
enum {
	PV_CKK_RSA = 0x00,
	PV_CKK_EC = 0x03,
	PV_CKK_GENERIC_SECRET = 0x10,
	PV_CKK_EC_EDWARDS = 0x40,
	PV_CKM_SHA256_RSA_PKCS = 0x40,
	PV_CKM_ECDSA_SHA256 = 0x1044,
	PV_CKM_ECDSA_SHA384 = 0x1045,
	PV_CKR_KEY_HANDLE_INVALID = 0x60, /* the keystore's answer for a name it does not know */
};

typedef struct _PvKeystore PvKeystore;

/**
 * pv_keystore_new:
 * @runtime_dir: the folder with the keystore's sockets
 *
 * Returns: (transfer full): not connected yet. For one thread at a time.
 */
PvKeystore *pv_keystore_new (const char *runtime_dir);
void pv_keystore_free (PvKeystore *keystore);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvKeystore, pv_keystore_free)

/**
 * pv_keystore_set_channel:
 * @channel: of keystore/wire/handover.h, borrowed
 *
 * From now on connections are asked for there.
 */
void pv_keystore_set_channel (PvKeystore *keystore, int channel);

/**
 * PvScope:
 * @uses: names of the credentials whose keys an exchange uses, separated by a comma
 * @stages: of those that it makes new generations of
 *
 * What an Enrolment Exchange reaches of the keystore.
 */
typedef struct {
	char *uses, *stages;
} PvScope;

void pv_scope_clear (PvScope *scope);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PvScope, pv_scope_clear)

/**
 * pv_keystore_narrow:
 *
 * Returns: a new connection that reaches @scope and nothing else, and has not said HELLO yet; -1 with
 *     PV_ERROR/KEYSTORE
 */
int pv_keystore_narrow (const char *runtime_dir, const PvScope *scope, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_keystore_set_origin:
 * @origin: "imported" or "enrolled"
 * @mef: (nullable): FQDN
 * @admin: (nullable): adminFQDN
 * @client: (nullable): identity of the Enrolee
 *
 * What credentials staged from now on are recorded with (R-8.3.5.1-1).
 */
void pv_keystore_set_origin (PvKeystore *keystore,
			     const char *origin,
			     const char *mef,
			     const char *admin,
			     const char *client);

/**
 * pv_keystore_call:
 * @type: of the request, WIRE_MSG_*
 * @request: (nullable): its struct
 * @reply: (out) (nullable): the struct of the reply; texts and bytes point into @keystore and are
 *     good until the next call
 *
 * Sends one request and waits for its reply. A request that a restart of the keystore lost is
 * repeated when repeating it does no harm.
 *
 * Returns: %FALSE with PV_ERROR/KEYSTORE
 */
gboolean pv_keystore_call (PvKeystore *keystore,
			   WireMessageType type,
			   const void *request,
			   void *reply,
			   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_keystore_last_status:
 *
 * Returns: the status (a CK_RV) of the last reply; 0 when there was none
 */
guint32 pv_keystore_last_status (const PvKeystore *keystore);

/**
 * pv_keystore_instance:
 *
 * Returns: which run of the keystore the connection leads to; 0 before the first call. Certificates
 * attached to a staged key end with it.
 */
guint64 pv_keystore_instance (const PvKeystore *keystore);

/**
 * pv_keystore_set_patience:
 * @wait_ms: how long to wait for a reply; two minutes unless set (a key made on a slow token)
 */
void pv_keystore_set_patience (PvKeystore *keystore, guint wait_ms);

/**
 * pv_keystore_ops:
 *
 * An Enrolment Exchange's view of a #PvKeystore.
 */
extern const PvKeystoreOps pv_keystore_ops;

/** A text of the wire from a string; %NULL is the empty text. */
static inline WireBytes
pv_wire_text (const char *text)
{
	return text != NULL ? (WireBytes){(const guint8 *) text, strlen (text)}
			    : (WireBytes){NULL, 0};
}

static inline WireBytes
pv_wire_bytes (GBytes *bytes)
{
	WireBytes wire = {NULL, 0};

	if (bytes != NULL)
		wire.data = g_bytes_get_data (bytes, &wire.len);
	return wire;
}

/** (transfer full): a string from a text of the wire. */
static inline char *
pv_wire_dup (WireBytes text)
{
	return text.len > 0 ? g_strndup ((const char *) text.data, text.len) : g_strdup ("");
}
