/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For publish.c and publish-remove.c.
 */
#pragma once

#include "keystore/publish.h"

struct _KsPublisher {
	KsCatalogue *catalogue;
	KsToken *token;
	KsResident *resident;
	KsFolder *folder;
	GMutex lock; /* one mutation at a time over both stores */
	gint ready;  /* atomic */
	KsStepHook hook;
	gpointer hook_data;
};

void ks_publisher_step (KsPublisher *publisher, KsStep step);

/* Whether a generation in that state has, or had, a key in the token that the catalogue relies on.
 */
gboolean ks_publisher_expects_keys (KsPublisher *publisher);

/* With the lock held: opens the token and sees that it is this catalogue's. */
gboolean ks_publisher_open_token (KsPublisher *publisher, GError **error);

/* With the lock held: row marked, key destroyed, row dropped. */
gboolean ks_publisher_destroy (KsPublisher *publisher,
			       const char *name,
			       const KsGeneration *generation,
			       GError **error);

/* With the lock held: the credential's folder follows the catalogue. Never fails a mutation. */
void ks_publisher_show (KsPublisher *publisher, const char *name);
