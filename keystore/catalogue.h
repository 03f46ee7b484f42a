/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The catalogue: everything but keys, in one SQLite file. It is read once into an immutable state;
 * each mutation is one durable transaction that yields a new state. Readers hold a state as long as
 * they like; mutations are serialised inside. Knows nothing of tokens: the order between the two
 * stores is publish.c's.
 */
#pragma once

#include "keystore/credential.h"
#include "keystore/error.h"

typedef struct _KsCatalogue KsCatalogue;
typedef struct _KsCatalogueState KsCatalogueState;

typedef enum {
	KS_ROLE_KEY = 1,    /* private or secret key */
	KS_ROLE_PUBLIC = 2, /* public key */
	KS_ROLE_LEAF = 3,
	KS_ROLE_CHAIN = 4,
	KS_ROLE_ANCHOR = 5,
} KsRole;

/* Where an object number points; all borrowed from the state. */
typedef struct {
	KsCredential *credential;
	KsGeneration *generation;
	KsCertificate *certificate; /* %NULL for keys */
	KsRole role;
} KsPlace;

/* One symmetric key's reference; all borrowed from the state. */
typedef struct {
	KsCredential *credential;
	KsGeneration *generation;
	KsReference *reference;
} KsReferencePlace;

/* ---- opening ---- */

/**
 * ks_catalogue_open:
 * @path: the database; made (0600) when missing
 *
 * Opens it exclusively, migrates an older schema, reads everything. A damaged file is kept as
 * `PATH.corrupt-TIME` (once) and stays where it is, so that a restart refuses again.
 *
 * Returns: (transfer full): the catalogue; %NULL with %KS_ERROR_CORRUPT, %KS_ERROR_NEWER,
 *     %KS_ERROR_IN_USE or %KS_ERROR_STORAGE
 */
KsCatalogue *ks_catalogue_open (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ks_catalogue_close (KsCatalogue *catalogue);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KsCatalogue, ks_catalogue_close)

typedef void (*KsCatalogueChanged) (gpointer user_data);

/**
 * ks_catalogue_set_changed:
 * @changed: (nullable): called after every mutation, in the thread that made it, with no lock held
 *
 * One listener; set it before other threads use the catalogue.
 */
void
ks_catalogue_set_changed (KsCatalogue *catalogue, KsCatalogueChanged changed, gpointer user_data);

/* ---- reading ---- */

/**
 * ks_catalogue_ref_state:
 *
 * Returns: (transfer full): the newest state. Cheap; any thread.
 */
KsCatalogueState *ks_catalogue_ref_state (KsCatalogue *catalogue);
KsCatalogueState *ks_catalogue_state_ref (KsCatalogueState *state);
void ks_catalogue_state_unref (KsCatalogueState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KsCatalogueState, ks_catalogue_state_unref)

/**
 * ks_catalogue_state_serial:
 *
 * Returns: a number that grows with every mutation of this process; starts at 1
 */
guint64 ks_catalogue_state_serial (const KsCatalogueState *state);

/**
 * ks_catalogue_state_credentials:
 *
 * Returns: (transfer none) (element-type KsCredential): all of them, by name, also those with
 *     intents or staged generations only
 */
const GPtrArray *ks_catalogue_state_credentials (const KsCatalogueState *state);

/**
 * ks_catalogue_state_find:
 *
 * Returns: (transfer none) (nullable): the credential of that name
 */
KsCredential *ks_catalogue_state_find (const KsCatalogueState *state, const char *name);

/**
 * ks_catalogue_state_find_object:
 * @object: an object number, of any generation in any state
 * @place: (out): where it belongs
 *
 * Returns: whether there is such an object
 */
gboolean
ks_catalogue_state_find_object (const KsCatalogueState *state, guint32 object, KsPlace *place);

/**
 * ks_catalogue_state_find_reference:
 * @handle: "pskref1:..." (NUL-terminated)
 * @place: (out): the symmetric key it stands for
 *
 * Returns: whether there is such a reference in a current or retained generation
 */
gboolean ks_catalogue_state_find_reference (const KsCatalogueState *state,
					    const char *handle,
					    KsReferencePlace *place);

/**
 * ks_catalogue_state_find_identifier:
 * @identifier: a symmetric key's wire identifier
 * @generation: (out) (transfer none) (optional): its generation, current before retained
 *
 * Returns: (transfer none) (nullable): the credential with a current or retained key so named
 */
KsCredential *ks_catalogue_state_find_identifier (const KsCatalogueState *state,
						  const char *identifier,
						  KsGeneration **generation);

/* ---- policy: the only mutations that need no token; any thread ---- */

/**
 * ks_catalogue_set_policy:
 * @users: (nullable): names; %NULL leaves the users as they are
 * @groups: (nullable): likewise
 *
 * Replaces who may use a credential; makes and drops the consumers' references of symmetric keys.
 *
 * Returns: %FALSE with %KS_ERROR_NOT_FOUND, %KS_ERROR_INVALID (a name), %KS_ERROR_LIMIT,
 *     %KS_ERROR_STORAGE
 */
gboolean ks_catalogue_set_policy (KsCatalogue *catalogue,
				  const char *name,
				  const char *const *users,
				  const char *const *groups,
				  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_catalogue_set_psk:
 * @changed: (out): whether it was another before
 *
 * Replaces what TLS may do with a symmetric key.
 *
 * Returns: %FALSE with %KS_ERROR_NOT_FOUND (also for another kind), %KS_ERROR_STORAGE
 */
gboolean ks_catalogue_set_psk (KsCatalogue *catalogue,
			       const char *name,
			       const KsPskPolicy *psk,
			       gboolean *changed,
			       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- key generations: called by publish.c only ---- */

/* What a new generation of a (perhaps new) credential is to be. */
typedef struct {
	const char *name;
	KsKind kind;
	KsOrigin origin;
	const char *mef_fqdn;   /* (nullable) */
	const char *admin_fqdn; /* (nullable) */
	const char *client_id;  /* (nullable) */
	guint suid;
	gint64 retain_s; /* %KS_RETAIN_UNTIL_EXPIRY or seconds */
	const char *const
		*users; /* (nullable): of a new credential; an existing one keeps its own */
	const char *const *groups; /* (nullable) */
	const char *identifier;    /* symmetric keys: their wire identifier */
	gint64 expires_s;          /* symmetric keys: Unix seconds; 0 for never */
} KsIntent;

/* One member of a credential set that is published in one transaction. */
typedef struct {
	const char *name;
	guint32 generation;     /* a staged one */
	GBytes *leaf;           /* (nullable): required for key pairs */
	GPtrArray *chain;       /* (nullable) (element-type GBytes): issuer first */
	GPtrArray *anchors;     /* (nullable) (element-type GBytes): required for anchors */
	gboolean allow_expired; /* publish a certificate that is past its end */
} KsPublication;

gboolean ks_catalogue_add_intent (KsCatalogue *catalogue,
				  const KsIntent *intent,
				  KsKeyType key_type,
				  guint key_bits,
				  KsGeneration **generation,
				  GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean ks_catalogue_set_staged (KsCatalogue *catalogue,
				  const char *name,
				  guint32 generation,
				  GBytes *spki,
				  GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean ks_catalogue_publish (KsCatalogue *catalogue,
			       const KsPublication *set,
			       guint count,
			       gint64 now_s,
			       GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean ks_catalogue_set_revoked (KsCatalogue *catalogue,
				   const char *name,
				   guint32 generation,
				   GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean ks_catalogue_drop_generation (KsCatalogue *catalogue,
				       const char *name,
				       guint32 generation,
				       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- small facts ---- */

/**
 * ks_catalogue_get_fact:
 *
 * Returns: (transfer full) (nullable): what was stored under @key, %NULL for nothing
 */
char *ks_catalogue_get_fact (KsCatalogue *catalogue, const char *key);
gboolean ks_catalogue_set_fact (KsCatalogue *catalogue,
				const char *key,
				const char *value,
				GError **error) G_GNUC_WARN_UNUSED_RESULT;
