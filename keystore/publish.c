/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order of writes between the two stores. A power cut between two steps leaves what
 * publish-remove.c knows to end:
 *
 *   1 intent      catalogue, committed    the key's CKA_ID is claimed before the key exists
 *   2 key         token                   generated or imported
 *   3 sync        syncfs, fsync           SoftHSM itself syncs nothing
 *   4 read back   token                   a signature with the stored key verifies
 *   5 staged      catalogue, committed    the provisioner may use it
 *   6 publication catalogue, committed    a whole credential set at once
 *   7 folders     a derived view          made again at start if this is cut short
 *
 * and for the way out: revoked (committed), key destroyed and synced, row dropped (committed).
 */
#include <config.h>

#include "keystore/certificate.h"
#include "keystore/crypto.h"
#include "keystore/operate.h"
#include "keystore/publish-private.h"
#include "keystore/wire/limits.h"

#include <openssl/err.h>
#include <string.h>

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 4096

KsPublisher *
ks_publisher_new (KsCatalogue *catalogue, KsToken *token, KsResident *resident, KsFolder *folder)
{
	KsPublisher *publisher = g_new0 (KsPublisher, 1);

	publisher->catalogue = catalogue;
	publisher->token = token;
	publisher->resident = resident;
	publisher->folder = folder;
	g_mutex_init (&publisher->lock);
	return publisher;
}

void
ks_publisher_free (KsPublisher *publisher)
{
	if (publisher == NULL)
		return;
	g_mutex_clear (&publisher->lock);
	g_free (publisher);
}

void
ks_publisher_set_hook (KsPublisher *publisher, KsStepHook hook, gpointer user_data)
{
	publisher->hook = hook;
	publisher->hook_data = user_data;
}

void
ks_publisher_step (KsPublisher *publisher, KsStep step)
{
	if (publisher->hook != NULL)
		publisher->hook (step, publisher->hook_data);
}

/* ---- staging ---- */

/* What is to become a key: one of the members, or none for a key to be generated. */
typedef struct {
	KsKeyType type;
	guint bits;
	EVP_PKEY *pkey;
	const KsSecret *secret;
} Material;

static GBytes *
spki_of (EVP_PKEY *pkey)
{
	guint8 *der = NULL;
	int len = i2d_PUBKEY (pkey, &der);
	GBytes *spki = len > 0 ? g_bytes_new (der, (gsize)len) : NULL;

	OPENSSL_free (der);
	return spki;
}

static gboolean
store_key (KsPublisher *publisher,
	   const char *name,
	   const Material *material,
	   const KsGeneration *generation,
	   GBytes **spki,
	   GError **error)
{
	if (material->secret != NULL)
		return ks_token_import_secret (publisher->token, material->secret,
					       generation->key_id, name, error);
	if (material->pkey == NULL)
		return ks_token_generate (publisher->token, material->type, material->bits,
					  generation->key_id, name, spki, error);
	*spki = spki_of (material->pkey);
	return ks_token_import_key (publisher->token, material->pkey, generation->key_id, name,
				    error);
}

/* The key as stored signs, and its public key verifies. */
static gboolean
probe_pair (KsKey *key, GBytes *spki)
{
	static const guint8 probe[32] = "enrolee reads its own keys back";
	KsMechanism mechanism = {.type = CKM_ECDSA};
	KsInput input = {probe, sizeof probe, -1};
	guint8 signature[WIRE_SIGNATURE_MAX];
	g_autoptr (KsPubkey) pubkey = NULL;
	gsize signature_len, spki_len;
	const guint8 *der = g_bytes_get_data (spki, &spki_len);

	if (ks_key_type (key) == KS_KEY_RSA)
		mechanism.type = CKM_RSA_PKCS;
	else if (ks_key_type (key) == KS_KEY_ED25519)
		mechanism.type = CKM_EDDSA;
	return ks_pubkey_from_spki (der, spki_len, &pubkey) == CKR_OK &&
	       ks_operate_sign (key, &mechanism, &input, signature, &signature_len) == CKR_OK &&
	       ks_operate_verify (pubkey, &mechanism, &input, signature, signature_len) == CKR_OK;
}

static gboolean
read_back (KsPublisher *publisher,
	   const Material *material,
	   const KsGeneration *generation,
	   GBytes *spki,
	   GError **error)
{
	/* A copy that the catalogue does not have yet: staged, so that the key may be used. */
	KsGeneration probe = *generation;
	g_autoptr (KsKey) key = NULL;
	gboolean good;

	probe.state = KS_STATE_STAGED;
	probe.spki = spki;
	key = ks_resident_get (publisher->resident, &probe, error);
	if (key == NULL)
		return FALSE;
	good = material->secret != NULL ? ks_secret_equal (ks_key_secret (key), material->secret)
					: probe_pair (key, spki);
	if (!good)
		g_set_error (error, KS_ERROR, KS_ERROR_TOKEN,
			     "the backing token does not give back the key that was stored");
	return good;
}

static gboolean
make_key (KsPublisher *publisher,
	  const char *name,
	  const Material *material,
	  const KsGeneration *generation,
	  GBytes **spki,
	  GError **error)
{
	if (!store_key (publisher, name, material, generation, spki, error))
		return FALSE;
	ks_publisher_step (publisher, KS_STEP_KEY);
	if (!ks_token_sync (publisher->token, error))
		return FALSE;
	ks_publisher_step (publisher, KS_STEP_SYNC);
	if (!read_back (publisher, material, generation, *spki, error))
		return FALSE;
	ks_publisher_step (publisher, KS_STEP_READ);
	return TRUE;
}

static gboolean
get_generation (KsPublisher *publisher,
		const char *name,
		guint32 number,
		KsGeneration **generation,
		GError **error)
{
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (publisher->catalogue);
	KsCredential *credential = ks_catalogue_state_find (state, name);
	KsGeneration *found =
		credential != NULL ? ks_credential_generation (credential, number) : NULL;

	if (found == NULL) {
		g_set_error (error, KS_ERROR, KS_ERROR_NOT_FOUND,
			     "credential %s has no generation %u", name, number);
		return FALSE;
	}
	*generation = ks_generation_ref (found);
	return TRUE;
}

static gboolean
stage_locked (KsPublisher *publisher,
	      const KsIntent *intent,
	      const Material *material,
	      KsGeneration **staged,
	      GError **error)
{
	g_autoptr (KsGeneration) generation = NULL;
	g_autoptr (GBytes) spki = NULL;
	gboolean has_key = material->type != KS_KEY_NONE;

	if (has_key && !ks_publisher_open_token (publisher, error))
		return FALSE;
	if (!ks_catalogue_add_intent (publisher->catalogue, intent, material->type, material->bits,
				      &generation, error))
		return FALSE;
	ks_publisher_step (publisher, KS_STEP_INTENT);
	if ((has_key && !make_key (publisher, intent->name, material, generation, &spki, error)) ||
	    !ks_catalogue_set_staged (publisher->catalogue, intent->name, generation->number, spki,
				      error)) {
		/* What cannot be undone now is undone at the next start. */
		(void)ks_publisher_destroy (publisher, intent->name, generation, NULL);
		return FALSE;
	}
	ks_publisher_step (publisher, KS_STEP_STAGED);
	return get_generation (publisher, intent->name, generation->number, staged, error);
}

static gboolean
stage (KsPublisher *publisher,
       const KsIntent *intent,
       const Material *material,
       KsGeneration **staged,
       GError **error)
{
	gboolean done;

	g_mutex_lock (&publisher->lock);
	done = stage_locked (publisher, intent, material, staged, error);
	g_mutex_unlock (&publisher->lock);
	return done;
}

static gboolean
check_size (KsKeyType type, guint bits, GError **error)
{
	if (type == KS_KEY_RSA ? bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX && bits % 8 == 0
			       : bits == 0 && type >= KS_KEY_P256 && type <= KS_KEY_ED25519)
		return TRUE;
	g_set_error (error, KS_ERROR, KS_ERROR_UNSUPPORTED,
		     "keys are P-256, P-384, P-521, Ed25519 or RSA with %u to %u bits",
		     RSA_BITS_MIN, RSA_BITS_MAX);
	return FALSE;
}

gboolean
ks_publisher_generate (KsPublisher *publisher,
		       const KsIntent *intent,
		       KsKeyType type,
		       guint bits,
		       KsGeneration **generation,
		       GError **error)
{
	Material material = {.type = type, .bits = bits};

	return check_size (type, bits, error) &&
	       stage (publisher, intent, &material, generation, error);
}

gboolean
ks_publisher_import_key (KsPublisher *publisher,
			 const KsIntent *intent,
			 const KsSecret *pkcs8,
			 KsGeneration **generation,
			 GError **error)
{
	const guint8 *der = ks_secret_reveal (pkcs8);
	g_autoptr (EVP_PKEY) pkey = d2i_AutoPrivateKey (NULL, &der, (long)ks_secret_len (pkcs8));
	Material material = {.pkey = pkey};

	ERR_clear_error ();
	if (pkey == NULL || der != ks_secret_reveal (pkcs8) + ks_secret_len (pkcs8)) {
		g_set_error (error, KS_ERROR, KS_ERROR_INVALID, "not an unencrypted private key");
		return FALSE;
	}
	material.type = ks_token_key_type (pkey);
	material.bits = material.type == KS_KEY_RSA ? (guint)EVP_PKEY_get_bits (pkey) : 0;
	return check_size (material.type, material.bits, error) &&
	       stage (publisher, intent, &material, generation, error);
}

gboolean
ks_publisher_import_secret (KsPublisher *publisher,
			    const KsIntent *intent,
			    const KsSecret *secret,
			    KsGeneration **generation,
			    GError **error)
{
	gsize len = ks_secret_len (secret);
	Material material = {KS_KEY_SECRET, (guint)len * 8, NULL, secret};

	if (len == 0 || len > WIRE_SECRET_MAX) {
		g_set_error (error, KS_ERROR, KS_ERROR_INVALID, "a symmetric key has 1 to %u bytes",
			     WIRE_SECRET_MAX);
		return FALSE;
	}
	return stage (publisher, intent, &material, generation, error);
}

gboolean
ks_publisher_stage_anchors (KsPublisher *publisher,
			    const KsIntent *intent,
			    KsGeneration **generation,
			    GError **error)
{
	const Material material = {.type = KS_KEY_NONE};

	return stage (publisher, intent, &material, generation, error);
}

/* ---- publication ---- */

/* Generations that a publication superseded and whose rule says: at once. */
static void
destroy_revoked (KsPublisher *publisher, const char *name)
{
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (publisher->catalogue);
	KsCredential *credential = ks_catalogue_state_find (state, name);

	for (guint i = 0; credential != NULL && i < credential->generations->len; i++) {
		KsGeneration *generation = g_ptr_array_index (credential->generations, i);

		if (generation->state == KS_STATE_REVOKED)
			(void)ks_publisher_destroy (publisher, name, generation, NULL);
	}
}

gboolean
ks_publisher_publish (KsPublisher *publisher, const KsPublication *set, guint count, GError **error)
{
	gint64 now_s = g_get_real_time () / G_USEC_PER_SEC;
	gboolean done;

	g_mutex_lock (&publisher->lock);
	done = ks_catalogue_publish (publisher->catalogue, set, count, now_s, error);
	if (done)
		ks_publisher_step (publisher, KS_STEP_PUBLISH);
	for (guint i = 0; done && i < count; i++)
		ks_publisher_show (publisher, set[i].name);
	if (done)
		ks_publisher_step (publisher, KS_STEP_FOLDER);
	for (guint i = 0; done && i < count; i++)
		destroy_revoked (publisher, set[i].name);
	g_mutex_unlock (&publisher->lock);
	return done;
}

gboolean
ks_publisher_set_policy (KsPublisher *publisher,
			 const char *name,
			 const char *const *users,
			 const char *const *groups,
			 GError **error)
{
	gboolean done;

	g_mutex_lock (&publisher->lock);
	done = ks_catalogue_set_policy (publisher->catalogue, name, users, groups, error);
	if (done)
		ks_publisher_show (publisher, name);
	g_mutex_unlock (&publisher->lock);
	return done;
}

gboolean
ks_publisher_set_psk (KsPublisher *publisher,
		      const char *name,
		      const KsPskPolicy *psk,
		      GError **error)
{
	gboolean changed, done;

	g_mutex_lock (&publisher->lock);
	done = ks_catalogue_set_psk (publisher->catalogue, name, psk, &changed, error);
	/* A key to be revealed cannot be read yet: recovery restores its folder. */
	if (done && changed && (!psk->reveal || ks_publisher_is_ready (publisher)))
		ks_publisher_show (publisher, name);
	g_mutex_unlock (&publisher->lock);
	return done;
}
