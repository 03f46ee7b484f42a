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
ks_policy_allows (const KsPeer *peer, const KsCredential *credential)
{
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
ks_policy_shows (const KsPeer *peer, KsState state)
{
	switch (state) {
	case KS_STATE_CURRENT:
	case KS_STATE_RETAINED:
		return TRUE;
	case KS_STATE_STAGED:
		return peer->socket == KS_SOCKET_PROVISION && peer->trusted;
	case KS_STATE_INTENT:
	case KS_STATE_REVOKED:
		return FALSE;
	}
	return FALSE;
}

gboolean
ks_policy_allows_object (const KsPeer *peer, const KsPlace *place)
{
	if (!ks_policy_shows (peer, place->generation->state))
		return FALSE;
	if (place->certificate != NULL && place->generation->state == KS_STATE_RETAINED)
		return FALSE;
	return ks_policy_allows (peer, place->credential);
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

	if (!ks_policy_shows (peer, place->generation->state))
		return FALSE;
	if (peer->trusted)
		return TRUE;
	if (!ks_policy_allows (peer, place->credential))
		return FALSE;
	return consumer[0] == '@' ? is_in_group (peer, consumer + 1) : is_user (peer, consumer);
}

gboolean
ks_policy_is_expired (const KsGeneration *generation, gint64 now_s)
{
	return generation->key_type == KS_KEY_SECRET && generation->not_after_s != 0 &&
	       generation->not_after_s <= now_s;
}
