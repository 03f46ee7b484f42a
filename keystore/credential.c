/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The values of the catalogue: credentials and their generations.
 */
#include <config.h>

#include "keystore/credential.h"

#include "keystore/wire/limits.h"

#include <string.h>

void
ks_certificate_free (KsCertificate *certificate)
{
	g_bytes_unref (certificate->der);
	g_free (certificate);
}

void
ks_reference_free (KsReference *reference)
{
	ks_text_wipe_free (reference->handle);
	g_free (reference->consumer);
	g_free (reference);
}

void
ks_text_wipe_free (char *text)
{
	if (text != NULL)
		explicit_bzero (text, strlen (text));
	g_free (text);
}

KsGeneration *
ks_generation_new (void)
{
	KsGeneration *generation = g_new0 (KsGeneration, 1);

	g_atomic_ref_count_init (&generation->refs);
	generation->chain = g_ptr_array_new_with_free_func ((GDestroyNotify)ks_certificate_free);
	generation->anchors = g_ptr_array_new_with_free_func ((GDestroyNotify)ks_certificate_free);
	generation->references = g_ptr_array_new_with_free_func ((GDestroyNotify)ks_reference_free);
	return generation;
}

KsGeneration *
ks_generation_ref (KsGeneration *generation)
{
	g_atomic_ref_count_inc (&generation->refs);
	return generation;
}

void
ks_generation_unref (KsGeneration *generation)
{
	if (!g_atomic_ref_count_dec (&generation->refs))
		return;
	g_clear_pointer (&generation->spki, g_bytes_unref);
	g_clear_pointer (&generation->leaf, ks_certificate_free);
	g_ptr_array_unref (generation->chain);
	g_ptr_array_unref (generation->anchors);
	g_ptr_array_unref (generation->references);
	g_free (generation->identifier);
	g_free (generation);
}

KsCredential *
ks_credential_new (void)
{
	KsCredential *credential = g_new0 (KsCredential, 1);

	g_atomic_ref_count_init (&credential->refs);
	credential->generations =
		g_ptr_array_new_with_free_func ((GDestroyNotify)ks_generation_unref);
	credential->psk.versions = KS_PSK_TLS_ALL;
	return credential;
}

KsCredential *
ks_credential_ref (KsCredential *credential)
{
	g_atomic_ref_count_inc (&credential->refs);
	return credential;
}

void
ks_credential_unref (KsCredential *credential)
{
	if (!g_atomic_ref_count_dec (&credential->refs))
		return;
	g_free (credential->name);
	g_free (credential->mef_fqdn);
	g_free (credential->admin_fqdn);
	g_free (credential->client_id);
	g_strfreev (credential->users);
	g_strfreev (credential->groups);
	g_ptr_array_unref (credential->generations);
	g_free (credential);
}

gboolean
ks_psk_policy_equal (const KsPskPolicy *a, const KsPskPolicy *b)
{
	return a->versions == b->versions && a->hash == b->hash && a->ephemeral == b->ephemeral &&
	       a->reveal == b->reveal;
}

gboolean
ks_name_is_valid (const char *name)
{
	gsize i;

	if (name == NULL || name[0] == '\0' || name[0] == '.')
		return FALSE;
	for (i = 0; name[i] != '\0'; i++) {
		if (!g_ascii_isalnum (name[i]) && strchr ("._-", name[i]) == NULL)
			return FALSE;
		if (i >= WIRE_NAME_MAX)
			return FALSE;
	}
	return i <= WIRE_NAME_MAX;
}

gboolean
ks_identifier_is_valid (const char *identifier)
{
	gsize i;

	if (identifier == NULL || identifier[0] == '\0')
		return FALSE;
	for (i = 0; identifier[i] != '\0'; i++)
		if (i >= WIRE_IDENTIFIER_MAX || !g_ascii_isgraph (identifier[i]) ||
		    identifier[i] == ':')
			return FALSE;
	return TRUE;
}

KsGeneration *
ks_credential_current (const KsCredential *credential)
{
	for (guint i = 0; i < credential->generations->len; i++) {
		KsGeneration *generation = g_ptr_array_index (credential->generations, i);

		if (generation->state == KS_STATE_CURRENT)
			return generation;
	}
	return NULL;
}

KsGeneration *
ks_credential_generation (const KsCredential *credential, guint32 number)
{
	for (guint i = 0; i < credential->generations->len; i++) {
		KsGeneration *generation = g_ptr_array_index (credential->generations, i);

		if (generation->number == number)
			return generation;
	}
	return NULL;
}

const char *
ks_credential_label (const KsCredential *credential, const KsGeneration *generation)
{
	return generation->identifier != NULL ? generation->identifier : credential->name;
}

const char *
ks_key_type_name (KsKeyType type)
{
	switch (type) {
	case KS_KEY_NONE:
		return "none";
	case KS_KEY_P256:
		return "P-256";
	case KS_KEY_P384:
		return "P-384";
	case KS_KEY_P521:
		return "P-521";
	case KS_KEY_RSA:
		return "RSA";
	case KS_KEY_ED25519:
		return "Ed25519";
	case KS_KEY_SECRET:
		return "secret";
	}
	return "unknown";
}
