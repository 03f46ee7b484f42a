/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For the catalogue's own files: the frame of every mutation.
 */
#pragma once

#include "keystore/catalogue.h"
#include "keystore/sql.h"

/* One transaction: what it starts from, and the names of the credentials it changes. */
typedef struct {
	sqlite3 *db;
	KsCatalogueState *state; /* (transfer none): before the mutation */
	GPtrArray *touched;      /* (element-type utf8): names of credentials to read anew */
} KsMutation;

typedef gboolean (*KsMutate) (KsMutation *mutation, gpointer arguments, GError **error);

/**
 * ks_catalogue_mutate:
 *
 * Runs @mutate in a transaction, reads the touched credentials anew, commits, replaces the state
 * and tells the listener. After an error nothing is changed.
 */
gboolean
ks_catalogue_mutate (KsCatalogue *catalogue, KsMutate mutate, gpointer arguments, GError **error);

/**
 * ks_mutation_touch:
 *
 * Notes that the credential of that name changes.
 */
void ks_mutation_touch (KsMutation *mutation, const char *name);

/**
 * ks_mutation_find:
 * @credential: (out) (transfer none)
 *
 * Returns: (transfer none) (nullable): the generation, touched; %NULL with %KS_ERROR_NOT_FOUND
 */
KsGeneration *ks_mutation_find (KsMutation *mutation,
				const char *name,
				guint32 number,
				KsCredential **credential,
				GError **error);

/**
 * ks_mutation_take_objects:
 * @count: how many object numbers
 * @first: (out): the first of them
 */
gboolean
ks_mutation_take_objects (KsMutation *mutation, guint count, guint32 *first, GError **error);

/**
 * ks_mutation_sync_references:
 * @credential: row of a symmetric key's credential
 *
 * One reference per principal and current or retained generation, no others.
 */
gboolean ks_mutation_sync_references (KsMutation *mutation, gint64 credential, GError **error);

/**
 * ks_mutation_set_principals:
 * @names: (nullable): %NULL leaves them
 */
gboolean ks_mutation_set_principals (KsMutation *mutation,
				     gint64 credential,
				     gboolean groups,
				     const char *const *names,
				     GError **error);
