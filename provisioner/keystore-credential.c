/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * LIST and SHOW: records of the wire copied into values.
 */
#include <config.h>

#include "provisioner/keystore-credential.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "provisioner/error.h"

/* Pages of one listing: an answer that never ends is cut off. */
#define PAGES_MAX (WIRE_OBJECTS_MAX / WIRE_LIST_PAGE_MAX)

void
pv_credential_free (PvCredential *credential)
{
	if (credential == NULL)
		return;
	g_free (credential->name);
	g_free (credential->origin);
	g_free (credential->mef);
	g_free (credential->admin);
	g_free (credential->client);
	g_free (credential->identifier);
	g_strfreev (credential->users);
	g_strfreev (credential->groups);
	g_bytes_unref (credential->id);
	g_free (credential->subject);
	g_free (credential->issuer);
	g_clear_pointer (&credential->leaf, g_bytes_unref);
	g_clear_pointer (&credential->chain, g_ptr_array_unref);
	g_clear_pointer (&credential->anchors, g_ptr_array_unref);
	g_clear_pointer (&credential->spki, g_bytes_unref);
	g_clear_pointer (&credential->staged_spki, g_bytes_unref);
	g_free (credential);
}

/* The names of a list separated by commas; no name is no list. */
static GStrv
split_names (WireBytes text)
{
	g_autofree char *names = pv_wire_dup (text);

	return names[0] != '\0' ? g_strsplit (names, ",", -1) : g_new0 (char *, 1);
}

static PvCredential *
credential_new (const WireCredential *record)
{
	PvCredential *credential = g_new0 (PvCredential, 1);

	credential->name = pv_wire_dup (record->name);
	credential->kind = record->kind;
	credential->origin = pv_wire_dup (record->origin);
	credential->mef = pv_wire_dup (record->mef);
	credential->admin = pv_wire_dup (record->admin);
	credential->client = pv_wire_dup (record->client);
	credential->identifier = pv_wire_dup (record->identifier);
	credential->suid = record->suid;
	credential->users = split_names (record->users);
	credential->groups = split_names (record->groups);
	credential->generation = record->generation;
	credential->key = record->key;
	credential->key_type = record->key_type;
	credential->key_bits = record->key_bits;
	credential->id = g_bytes_new (record->id.data, record->id.len);
	credential->not_before_s = record->not_before_s;
	credential->not_after_s = record->not_after_s;
	credential->subject = pv_wire_dup (record->subject);
	credential->issuer = pv_wire_dup (record->issuer);
	credential->retained = record->retained;
	credential->staged_generation = record->staged_generation;
	credential->staged_key = record->staged_key;
	return credential;
}

static gboolean
fail_malformed (GError **error)
{
	g_set_error (error, PV_ERROR, PV_ERROR_KEYSTORE, "the keystore's record is malformed");
	return FALSE;
}

static gboolean
append_page (GPtrArray *all, const WireListReply *reply, GError **error)
{
	WireReader reader = {.data = reply->records.data, .len = reply->records.len};

	for (guint i = 0; i < reply->count; i++) {
		WireCredential record = {0};

		if (!wire_get_fields (&reader, &wire_credential_layout, &record))
			return fail_malformed (error);
		g_ptr_array_add (all, credential_new (&record));
	}
	return TRUE;
}

GPtrArray *
pv_keystore_list (PvKeystore *keystore, GError **error)
{
	g_autoptr (GPtrArray) all =
		g_ptr_array_new_with_free_func ((GDestroyNotify) pv_credential_free);
	WireListReply reply = {.more = 1};

	for (guint page = 0; reply.more && page < PAGES_MAX; page++) {
		const PvCredential *last = all->len > 0 ? all->pdata[all->len - 1] : NULL;
		const WireListRequest request = {pv_wire_text (last != NULL ? last->name : "")};

		if (!pv_keystore_call (keystore, WIRE_MSG_LIST, &request, &reply, error) ||
		    !append_page (all, &reply, error))
			return NULL;
		if (reply.count == 0)
			break;
	}
	return g_steal_pointer (&all);
}

static GPtrArray *
copy_list (const WireList *list)
{
	GPtrArray *items = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

	for (gsize i = 0; i < list->count; i++)
		g_ptr_array_add (items, g_bytes_new (list->items[i].data, list->items[i].len));
	return items;
}

static GBytes *
copy_bytes (WireBytes bytes)
{
	return bytes.len > 0 ? g_bytes_new (bytes.data, bytes.len) : NULL;
}

PvCredential *
pv_keystore_show (PvKeystore *keystore, const char *name, GError **error)
{
	const WireName request = {pv_wire_text (name)};
	WireShowReply reply;
	WireCredential record = {0};
	WireReader reader;
	PvCredential *credential;

	if (!pv_keystore_call (keystore, WIRE_MSG_SHOW, &request, &reply, error))
		return NULL;
	reader = (WireReader){.data = reply.record.data, .len = reply.record.len};
	if (!wire_get_fields (&reader, &wire_credential_layout, &record)) {
		fail_malformed (error);
		return NULL;
	}
	credential = credential_new (&record);
	credential->leaf = copy_bytes (reply.leaf);
	credential->chain = copy_list (&reply.chain);
	credential->anchors = copy_list (&reply.anchors);
	credential->spki = copy_bytes (reply.spki);
	credential->staged_spki = copy_bytes (reply.staged_spki);
	credential->psk_versions = reply.psk_versions;
	credential->psk_hash = reply.psk_hash;
	credential->psk_ephemeral = reply.psk_ephemeral != 0;
	credential->psk_revealed = reply.psk_revealed != 0;
	return credential;
}

gboolean
pv_keystore_is_published (PvKeystore *keystore, const char *name, gboolean *published, GError **error)
{
	g_autoptr (GError) failure = NULL;
	g_autoptr (PvCredential) credential = pv_keystore_show (keystore, name, &failure);

	if (credential == NULL && pv_keystore_last_status (keystore) != PV_CKR_KEY_HANDLE_INVALID) {
		g_propagate_error (error, g_steal_pointer (&failure));
		return FALSE;
	}
	*published = credential != NULL && credential->generation != 0;
	return TRUE;
}

gboolean
pv_wire_list (GPtrArray *items, guint first, WireList *list, GError **error)
{
	guint n_items = items != NULL && items->len > first ? items->len - first : 0;

	if (n_items > WIRE_CERTIFICATES_MAX) {
		g_set_error (error,
			     PV_ERROR,
			     PV_ERROR_LIMIT,
			     "%u certificates, the keystore takes %d",
			     n_items,
			     WIRE_CERTIFICATES_MAX);
		return FALSE;
	}
	list->count = n_items;
	for (guint i = 0; i < n_items; i++)
		list->items[i] = pv_wire_bytes (items->pdata[first + i]);
	return TRUE;
}

gboolean
pv_spki_key_type (GBytes *spki, guint32 *key_type, guint32 *key_bits)
{
	const unsigned char *der;
	gsize len = 0;
	EVP_PKEY *key;
	int base, bits;

	if (spki == NULL)
		return FALSE;
	der = g_bytes_get_data (spki, &len);
	key = d2i_PUBKEY (NULL, &der, len);
	if (key == NULL)
		return FALSE;
	base = EVP_PKEY_get_base_id (key);
	bits = EVP_PKEY_get_bits (key);
	EVP_PKEY_free (key);
	if (base != EVP_PKEY_EC && base != EVP_PKEY_RSA && base != EVP_PKEY_ED25519)
		return FALSE;
	*key_type = base == EVP_PKEY_EC	   ? PV_CKK_EC
		    : base == EVP_PKEY_RSA ? PV_CKK_RSA
					   : PV_CKK_EC_EDWARDS;
	*key_bits = bits;
	return TRUE;
}
