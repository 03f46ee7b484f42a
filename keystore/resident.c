/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Working copies of keys. SoftHSM opens a file and rebuilds the key at every signature (P-256: 54
 * us against 21 us with the key at hand); so its keys are read once.
 */
#include <config.h>

#include "keystore/resident-private.h"

#include <string.h>

struct _KsResident {
	KsToken *token;
	gboolean in_memory;
	GRWLock lock;
	GHashTable *keys; /* object number -> KsKey */
	guint forgotten;  /* how often something was forgotten */
};

gboolean
ks_residency_parse (const char *text, KsResidency *residency)
{
	static const char *const names[] = {"auto", "memory", "token"};

	for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
		if (g_strcmp0 (text, names[i]) == 0) {
			*residency = (KsResidency)i;
			return TRUE;
		}
	}
	return FALSE;
}

KsResident *
ks_resident_new (KsToken *token, KsResidency residency)
{
	KsResident *resident = g_new0 (KsResident, 1);

	resident->token = token;
	resident->in_memory = residency == KS_RESIDENCY_MEMORY ||
			      (residency == KS_RESIDENCY_AUTO && ks_token_is_softhsm (token));
	resident->keys = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)ks_key_unref);
	g_rw_lock_init (&resident->lock);
	return resident;
}

void
ks_resident_free (KsResident *resident)
{
	if (resident == NULL)
		return;
	g_hash_table_unref (resident->keys);
	g_rw_lock_clear (&resident->lock);
	g_free (resident);
}

KsKey *
ks_key_ref (KsKey *key)
{
	g_atomic_ref_count_inc (&key->refs);
	return key;
}

void
ks_key_unref (KsKey *key)
{
	if (!g_atomic_ref_count_dec (&key->refs))
		return;
	for (guint i = 0; i < KS_KEY_CONTEXTS; i++)
		EVP_PKEY_CTX_free (key->pool[i]);
	EVP_PKEY_free (key->pkey);
	g_clear_pointer (&key->secret, ks_secret_unref);
	g_free (key);
}

const KsSecret *
ks_key_secret (const KsKey *key)
{
	return key->secret;
}

KsKeyType
ks_key_type (const KsKey *key)
{
	return key->type;
}

static KsKey *
load (KsResident *resident, const KsGeneration *generation, GError **error)
{
	g_autoptr (KsKey) key = g_new0 (KsKey, 1);
	gboolean found;

	g_atomic_ref_count_init (&key->refs);
	key->type = generation->key_type;
	key->bits = generation->key_bits;
	key->token = resident->token;
	memcpy (key->key_id, generation->key_id, KS_KEY_ID_LEN);
	if (key->type == KS_KEY_SECRET) {
		key->secret = ks_token_read_secret (resident->token, key->key_id, error);
		return key->secret != NULL ? g_steal_pointer (&key) : NULL;
	}
	if (!resident->in_memory) {
		if (!ks_token_contains (resident->token, key->key_id, &found, error))
			return NULL;
		if (found)
			return g_steal_pointer (&key);
		g_set_error (error, KS_ERROR, KS_ERROR_NOT_FOUND,
			     "the key is not on the backing token");
		return NULL;
	}
	key->pkey = ks_token_read_key (resident->token, key->type, key->key_id, generation->spki,
				       error);
	return key->pkey != NULL ? g_steal_pointer (&key) : NULL;
}

static KsKey *
lookup (KsResident *resident, guint32 object, guint *forgotten)
{
	KsKey *key;

	g_rw_lock_reader_lock (&resident->lock);
	*forgotten = resident->forgotten;
	key = g_hash_table_lookup (resident->keys, GUINT_TO_POINTER (object));
	if (key != NULL)
		ks_key_ref (key);
	g_rw_lock_reader_unlock (&resident->lock);
	return key;
}

KsKey *
ks_resident_get (KsResident *resident, const KsGeneration *generation, GError **error)
{
	gpointer object = GUINT_TO_POINTER (generation->key_object);
	guint forgotten;
	KsKey *key = lookup (resident, generation->key_object, &forgotten);

	if (key != NULL)
		return key;
	if (generation->key_object == 0 || generation->state == KS_STATE_INTENT ||
	    generation->state == KS_STATE_REVOKED) {
		g_set_error (error, KS_ERROR, KS_ERROR_NOT_FOUND, "there is no such key to use");
		return NULL;
	}
	key = load (resident, generation, error);
	if (key == NULL)
		return NULL;
	g_rw_lock_writer_lock (&resident->lock);
	/* Destroyed while it was being read: good for the caller's operation, but not kept. */
	if (resident->forgotten == forgotten &&
	    g_hash_table_lookup (resident->keys, object) == NULL)
		g_hash_table_insert (resident->keys, object, ks_key_ref (key));
	g_rw_lock_writer_unlock (&resident->lock);
	return key;
}

void
ks_resident_forget (KsResident *resident, guint32 object)
{
	g_rw_lock_writer_lock (&resident->lock);
	resident->forgotten++;
	g_hash_table_remove (resident->keys, GUINT_TO_POINTER (object));
	g_rw_lock_writer_unlock (&resident->lock);
}
