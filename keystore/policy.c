/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The policy; see policy.h. */
#include <config.h>

#include "keystore/policy.h"

static gboolean
is_user (const KsPeer *peer, const char *principal)
{
	return g_strcmp0 (principal, peer->user) == 0 || g_strcmp0 (principal, peer->uid_text) == 0;
}

static gboolean
is_in_group (const KsPeer *peer, const char *principal)
{
	return g_strv_contains ((const char *const *)peer->groups, principal);
}

gboolean
ks_policy_is_narrowed (const KsPeer *peer)
{
	return peer->uses != NULL;
}

static gboolean
is_among (const GStrv names, const char *name)
{
	return g_strv_contains ((const char *const *)names, name);
}

gboolean
ks_policy_admits (const KsPeer *peer, const char *name)
{
	return !ks_policy_is_narrowed (peer) || is_among (peer->uses, name) ||
	       is_among (peer->stages, name);
}

gboolean
ks_policy_may_stage (const KsPeer *peer, const char *name)
{
	return !ks_policy_is_narrowed (peer) || is_among (peer->stages, name);
}

gboolean
ks_policy_allows (const KsPeer *peer, const KsCredential *credential)
{
	if (!ks_policy_admits (peer, credential->name))
		return FALSE;
	if (peer->trusted)
		return TRUE;
	for (gsize i = 0; credential->users[i] != NULL; i++) {
		if (is_user (peer, credential->users[i]))
			return TRUE;
	}
	for (gsize i = 0; credential->groups[i] != NULL; i++) {
		if (is_in_group (peer, credential->groups[i]))
			return TRUE;
	}
	return FALSE;
}

gboolean
ks_policy_shows (const KsPeer *peer, const KsCredential *credential, KsState state)
{
	switch (state) {
	case KS_STATE_CURRENT:
	case KS_STATE_RETAINED:
		return ks_policy_allows (peer, credential) &&
		       (!ks_policy_is_narrowed (peer) || is_among (peer->uses, credential->name));
	case KS_STATE_STAGED:
		return peer->socket == KS_SOCKET_PROVISION && peer->trusted &&
		       ks_policy_may_stage (peer, credential->name);
	case KS_STATE_INTENT:
	case KS_STATE_REVOKED:
		return FALSE;
	}
	return FALSE;
}

gboolean
ks_policy_allows_object (const KsPeer *peer, const KsPlace *place)
{
	if (place->certificate != NULL && place->generation->state == KS_STATE_RETAINED)
		return FALSE;
	/* an exchange uses a symmetric key by its reference, and stages one without using it */
	if (ks_policy_is_narrowed (peer) && place->credential->kind == KS_KIND_SECRET)
		return FALSE;
	return ks_policy_shows (peer, place->credential, place->generation->state);
}

gboolean
ks_policy_is_stranger (const KsPeer *peer, const KsCatalogueState *state)
{
	const GPtrArray *credentials = ks_catalogue_state_credentials (state);

	if (peer->trusted)
		return FALSE;
	for (guint i = 0; i < credentials->len; i++) {
		if (ks_policy_allows (peer, credentials->pdata[i]))
			return FALSE;
	}
	return TRUE;
}

gboolean
ks_policy_allows_reference (const KsPeer *peer, const KsReferencePlace *place)
{
	const char *consumer = place->reference->consumer;

	if (!ks_policy_shows (peer, place->credential, place->generation->state))
		return FALSE;
	if (peer->trusted)
		return TRUE;
	return consumer[0] == '@' ? is_in_group (peer, consumer + 1) : is_user (peer, consumer);
}

gboolean
ks_policy_is_expired (const KsGeneration *generation, gint64 now_s)
{
	return generation->key_type == KS_KEY_SECRET && generation->not_after_s != 0 &&
	       generation->not_after_s <= now_s;
}
