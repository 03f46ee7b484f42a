/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The only owner of secret bytes in the keystore.
 */
#include <config.h>

#include "keystore/secret.h"

#include <openssl/crypto.h>
#include <string.h>

struct _KsSecret {
	gatomicrefcount refs;
	gsize len;
	guint8 *bytes;
};

KsSecret *
ks_secret_new_take (guint8 *bytes, gsize len)
{
	KsSecret *secret = g_new0 (KsSecret, 1);

	g_atomic_ref_count_init (&secret->refs);
	secret->len = len;
	secret->bytes = bytes;
	return secret;
}

KsSecret *
ks_secret_new (const void *bytes, gsize len)
{
	guint8 *copy = g_malloc0 (len);

	if (bytes != NULL && len > 0)
		memcpy (copy, bytes, len);
	return ks_secret_new_take (copy, len);
}

KsSecret *
ks_secret_ref (KsSecret *secret)
{
	g_atomic_ref_count_inc (&secret->refs);
	return secret;
}

void
ks_secret_unref (KsSecret *secret)
{
	if (!g_atomic_ref_count_dec (&secret->refs))
		return;
	ks_secret_wipe (secret->bytes, secret->len);
	g_free (secret->bytes);
	g_free (secret);
}

gsize
ks_secret_len (const KsSecret *secret)
{
	return secret->len;
}

const guint8 *
ks_secret_reveal (const KsSecret *secret)
{
	return secret->bytes;
}

guint8 *
ks_secret_reveal_mutable (KsSecret *secret)
{
	return secret->bytes;
}

gboolean
ks_secret_equal (const KsSecret *a, const KsSecret *b)
{
	return a->len == b->len && (a->len == 0 || CRYPTO_memcmp (a->bytes, b->bytes, a->len) == 0);
}

void
ks_secret_wipe (void *bytes, gsize len)
{
	if (bytes != NULL)
		explicit_bzero (bytes, len);
}
