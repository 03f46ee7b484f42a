/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The credentials of an exchange.
 */
#include <config.h>

#include "provisioner/exchange/auth.h"

#include "provisioner/error.h"

static const char *const words[] = {
	[PV_AUTH_PPSK] = "ppsk",
	[PV_AUTH_CERTIFICATE] = "certificate",
};

const char *
pv_auth_kind_word (PvAuthKind kind)
{
	return words[kind];
}

PvAuthCredential *
pv_auth_credential_new (PvAuthKind kind, const char *name)
{
	PvAuthCredential *credential = g_new0 (PvAuthCredential, 1);

	credential->kind = kind;
	credential->name = name;
	return credential;
}

void
pv_auth_credential_free (PvAuthCredential *credential)
{
	if (credential == NULL)
		return;
	pv_own_certificate_clear (&credential->certificate);
	g_free (credential);
}

void
pv_auth_init (PvAuth *auth, PvEvents *events, GPtrArray *credentials)
{
	*auth = (PvAuth){.events = events};
	auth->left = g_ptr_array_new ();
	auth->owned =
		g_ptr_array_new_with_free_func ((GDestroyNotify)pv_auth_credential_free);
	auth->refusals = g_string_new (NULL);
	for (guint i = 0; i < credentials->len; i++)
		g_ptr_array_add (auth->left, g_ptr_array_index (credentials, i));
}

void
pv_auth_clear (PvAuth *auth)
{
	g_clear_pointer (&auth->left, g_ptr_array_unref);
	g_clear_pointer (&auth->owned, g_ptr_array_unref);
	if (auth->refusals != NULL)
		g_string_free (auth->refusals, TRUE);
	auth->refusals = NULL;
}

PvAuthCredential *
pv_auth_current (const PvAuth *auth)
{
	return auth->left->len > 0 ? g_ptr_array_index (auth->left, 0) : NULL;
}

void
pv_auth_prefer (PvAuth *auth, PvAuthCredential *credential)
{
	g_ptr_array_add (auth->owned, credential);
	g_ptr_array_insert (auth->left, 0, credential);
}

static JsonObject *
event_of (const char *name, const PvAuthCredential *credential)
{
	JsonObject *event = pv_event_new (name);

	json_object_set_string_member (event, "kind", pv_auth_kind_word (credential->kind));
	json_object_set_string_member (event, "credential", credential->name);
	return event;
}

void
pv_auth_succeeded (PvAuth *auth, const PvAuthCredential *credential)
{
	if (auth->told == credential)
		return;
	auth->told = credential;
	pv_event_send (auth->events, event_of ("authenticated", credential));
}

gboolean
pv_auth_give_way (PvAuth *auth, const PvAuthCredential *credential, gboolean by_mef, GError **cause)
{
	JsonObject *event;

	g_ptr_array_remove (auth->left, (gpointer)credential);
	auth->renewable_refused |= by_mef && credential->certificate.renewable;
	if (auth->left->len == 0) {
		if (auth->refusals->len > 0)
			g_prefix_error (cause, "%s", auth->refusals->str);
		return FALSE;
	}
	event = event_of ("refused", credential);
	json_object_set_string_member (event, "code", pv_error_name (*cause));
	json_object_set_string_member (event, "message", (*cause)->message);
	pv_event_send (auth->events, event);
	g_string_append_printf (auth->refusals, "%s; ", (*cause)->message);
	g_clear_error (cause);
	return TRUE;
}
