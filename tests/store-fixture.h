/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For the tests of the keystore's storage half: a temporary state folder with catalogue, SoftHSM
 * token, credential folders; and certificates for keys that only the keystore has.
 */
#pragma once

#include "keystore/binding.h"
#include "keystore/catalogue.h"
#include "keystore/folder.h"
#include "keystore/operate.h"
#include "keystore/publish.h"
#include "keystore/resident.h"
#include "keystore/token.h"

typedef struct {
	char *dir;
	char *catalogue_path;
	char *folders_path;
	KsCatalogue *catalogue;
	KsToken *token;
	KsResident *resident;
	KsFolder *folder;
	KsPublisher *publisher;
} Store;

/* A new temporary folder; nothing is opened. */
char *store_temp_dir (void);
void store_remove_dir (const char *dir);

/* Opens what is in @dir (and takes it over); store_close() leaves the files. */
Store *store_open (const char *dir, KsResidency residency);
void store_close (Store *store);

/* New folder, opened, token made. */
Store *store_new (KsResidency residency);
/* Closes and removes. */
void store_free (Store *store);

/* Whether the backing module is there; skips the test otherwise. */
gboolean store_has_token (void);

/* An intent with the defaults of an imported key pair. */
KsIntent store_intent (const char *name);
KsIntent store_secret_intent (const char *name, const char *identifier);

/* A certificate for @spki, signed by a throw-away key of its own issuer; lifetimes relative to now.
 */
GBytes *store_certificate (GBytes *spki, const char *subject, gint64 not_after_in_s);
/* A self-signed authority. */
GBytes *store_authority (const char *subject);
/* Leaf issued by that authority's key: (transfer full) both. */
void store_issue (GBytes *spki, GBytes **leaf, GBytes **authority);

/* generate and publish with a certificate; aborts on error. */
KsGeneration *store_add_pair (Store *store, const char *name, KsKeyType type, guint bits);
KsGeneration *store_add_secret (Store *store, const char *name, const char *identifier);

KsCredential *store_find (Store *store, const char *name, KsCatalogueState **state);
/* Whether the key of @generation signs and the signature verifies with its public key. */
gboolean store_key_works (Store *store, const KsGeneration *generation);
guint store_file_count (const char *dir);
