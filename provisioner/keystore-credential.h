/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A credential as the keystore lists and shows it, in memory of its own.
 */
#pragma once

#include "provisioner/keystore-client.h"

/**
 * PvCredential:
 * @kind: WIRE_KIND_*
 * @key_type: PV_CKK_*
 * @generation: the current one; 0 before the first publication
 * @not_before_s: Unix time, 0 when unknown; @not_after_s likewise
 * @retained: older generations that are still usable
 *
 * @psk_versions: WIRE_PSK_*; @psk_hash: CKM_*, 0 for any; 0 all for what is no symmetric key
 *
 * The members from @leaf on are filled by pv_keystore_show() only; they may be %NULL (arrays: empty).
 */
typedef struct {
	char *name;
	guint kind;
	char *origin, *mef, *admin, *client;
	char *identifier;
	guint suid;
	GStrv users, groups;
	guint32 generation;
	guint32 key, key_type, key_bits;
	GBytes *id;
	gint64 not_before_s, not_after_s;
	char *subject, *issuer;
	guint retained;
	guint32 staged_generation, staged_key;
	GBytes *leaf;
	GPtrArray *chain, *anchors; /* GBytes */
	GBytes *spki, *staged_spki;
	guint psk_versions, psk_hash;
	gboolean psk_ephemeral, psk_revealed;
} PvCredential;

void pv_credential_free (PvCredential *credential);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvCredential, pv_credential_free)

/**
 * pv_keystore_list:
 *
 * Returns: (transfer full) (element-type PvCredential) (nullable): all of them, by name; %NULL with
 * PV_ERROR/KEYSTORE
 */
GPtrArray *pv_keystore_list (PvKeystore *keystore, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_keystore_show:
 *
 * Returns: (transfer full) (nullable): %NULL with PV_ERROR/KEYSTORE; pv_keystore_last_status() is
 * PV_CKR_KEY_HANDLE_INVALID when there is no such credential
 */
PvCredential *pv_keystore_show (PvKeystore *keystore,
				const char *name,
				GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_keystore_is_published:
 * @published: (out): whether there is a credential @name with a current generation
 *
 * Returns: %FALSE with PV_ERROR/KEYSTORE
 */
gboolean pv_keystore_is_published (PvKeystore *keystore,
				   const char *name,
				   gboolean *published,
				   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_wire_list:
 * @items: (element-type GBytes) (nullable)
 * @first: where to start
 * @list: (out): points into @items
 *
 * Returns: %FALSE with PV_ERROR/LIMIT
 */
gboolean pv_wire_list (GPtrArray *items,
		       guint first,
		       WireList *list,
		       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_spki_key_type:
 * @spki: (nullable): SubjectPublicKeyInfo DER
 * @key_type: (out): PV_CKK_*
 * @key_bits: (out)
 *
 * Returns: whether it is a public key of a kind the keystore has
 */
gboolean pv_spki_key_type (GBytes *spki, guint32 *key_type, guint32 *key_bits);
