/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whole credentials on provision.sock: who may use them, references, removal. */
#include <config.h>

#include "keystore/describe.h"
#include "keystore/dispatch-handlers.h"

#include <string.h>

static char *
string_of (WireBytes text)
{
	return g_strndup (text.data != NULL ? (const char *)text.data : "", text.len);
}

static void
answer_changed (KsDispatch *dispatch, KsRequest *request)
{
	WireChanged reply = {ks_view_generation (dispatch->view)};

	ks_request_reply (request, &reply);
}

void
ks_handle_remove (KsDispatch *dispatch, KsRequest *request)
{
	g_autofree char *name = string_of (request->message.name.name);
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (dispatch->catalogue);
	KsCredential *credential = ks_catalogue_state_find (state, name);
	g_autoptr (GError) error = NULL;

	if (!ks_publisher_remove (dispatch->publisher, name, &error)) {
		ks_request_fail_error (request, error);
		return;
	}
	for (guint i = 0; credential != NULL && i < credential->generations->len; i++)
		ks_attachments_drop (dispatch->attachments,
				     ks_describe_number (credential->generations->pdata[i]));
	ks_audit (KS_EVENT_DESTROYED, request->peer, name, "%s: removed", name);
	answer_changed (dispatch, request);
}

/* ---- policy ---- */

/* @list with @principal added or removed. */
static GStrv
changed_list (const GStrv list, const char *principal, gboolean add)
{
	g_autoptr (GPtrArray) changed = g_ptr_array_new_with_free_func (g_free);

	for (gsize i = 0; list[i] != NULL; i++) {
		if (strcmp (list[i], principal) != 0)
			g_ptr_array_add (changed, g_strdup (list[i]));
	}
	if (add)
		g_ptr_array_add (changed, g_strdup (principal));
	g_ptr_array_add (changed, NULL);
	return (GStrv)g_ptr_array_free (g_steal_pointer (&changed), FALSE);
}

static gboolean
change_policy (KsDispatch *dispatch,
	       const char *name,
	       const char *principal,
	       gboolean group,
	       gboolean add,
	       GError **error)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&dispatch->policy_lock);
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (dispatch->catalogue);
	KsCredential *credential = ks_catalogue_state_find (state, name);
	g_autofree char *resolved = ks_peer_principal_name (principal, group);
	g_auto (GStrv) list = NULL;
	GStrv known;

	if (credential == NULL) {
		g_set_error (error, KS_ERROR, KS_ERROR_NOT_FOUND, "no credential named %s", name);
		return FALSE;
	}
	if (add && !ks_peer_principal_is_usable (principal, group)) {
		g_set_error (error, KS_ERROR, KS_ERROR_INVALID,
			     "%s is nobody: every user without a name of his own would be meant",
			     principal);
		return FALSE;
	}
	known = group ? credential->groups : credential->users;
	/* A number that was granted before its user had a name is revoked as it was granted. */
	if (add || !g_strv_contains ((const char *const *)known, principal))
		principal = resolved;
	if (g_strv_contains ((const char *const *)known, principal) == add)
		return TRUE;
	list = changed_list (known, principal, add);
	if (add && g_strv_length (credential->users) + g_strv_length (credential->groups) >=
			   WIRE_PRINCIPALS_MAX) {
		g_set_error (error, KS_ERROR, KS_ERROR_LIMIT,
			     "%s has %u users and groups already: grant a group", name,
			     WIRE_PRINCIPALS_MAX);
		return FALSE;
	}
	return ks_publisher_set_policy (dispatch->publisher, name,
					group ? NULL : (const char *const *)list,
					group ? (const char *const *)list : NULL, error);
}

static void
handle_policy (KsDispatch *dispatch, KsRequest *request, gboolean add)
{
	const WireGrant *wanted = &request->message.grant;
	g_autofree char *name = string_of (wanted->name);
	g_autofree char *principal = string_of (wanted->principal);
	g_autoptr (GError) error = NULL;

	if (!change_policy (dispatch, name, principal, wanted->group != 0, add, &error)) {
		ks_request_fail_error (request, error);
		return;
	}
	ks_audit (KS_EVENT_POLICY, request->peer, name, "%s: %s %s %s", name,
		  add ? "granted to" : "revoked from", wanted->group != 0 ? "group" : "user",
		  principal);
	answer_changed (dispatch, request);
}

void
ks_handle_grant (KsDispatch *dispatch, KsRequest *request)
{
	handle_policy (dispatch, request, TRUE);
}

void
ks_handle_revoke (KsDispatch *dispatch, KsRequest *request)
{
	handle_policy (dispatch, request, FALSE);
}

/* ---- references ---- */

/* The consumer's reference in the current generation. @exists: whether there is such a key at all.
 */
static char *
find_reference (KsDispatch *dispatch, const char *name, const char *consumer, gboolean *exists)
{
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (dispatch->catalogue);
	KsCredential *credential = ks_catalogue_state_find (state, name);
	KsGeneration *current = credential != NULL ? ks_credential_current (credential) : NULL;

	*exists = current != NULL && credential->kind == KS_KIND_SECRET;
	for (guint i = 0; *exists && i < current->references->len; i++) {
		const KsReference *reference = current->references->pdata[i];

		if (strcmp (reference->consumer, consumer) == 0)
			return g_strdup (reference->handle);
	}
	return NULL;
}

/* A reference comes with the right to use the key: asking for one of a new consumer grants it. */
static char *
make_reference (KsDispatch *dispatch,
		const KsPeer *peer,
		const char *name,
		const char *consumer,
		GError **error)
{
	gboolean group = consumer[0] == '@', exists;
	char *reference = find_reference (dispatch, name, consumer, &exists);

	if (reference != NULL)
		return reference;
	if (!exists) {
		g_set_error (error, KS_ERROR, KS_ERROR_NOT_FOUND,
			     "no published symmetric key named %s", name);
		return NULL;
	}
	if (!change_policy (dispatch, name, consumer + group, group, TRUE, error))
		return NULL;
	ks_audit (KS_EVENT_POLICY, peer, name, "%s: reference made for %s", name, consumer);
	reference = find_reference (dispatch, name, consumer, &exists);
	if (reference == NULL)
		g_set_error (error, KS_ERROR, KS_ERROR_STATE, "%s has been replaced meanwhile",
			     name);
	return reference;
}

void
ks_handle_reference (KsDispatch *dispatch, KsRequest *request)
{
	g_autofree char *name = string_of (request->message.reference.name);
	g_autofree char *wanted = string_of (request->message.reference.consumer);
	gboolean group = wanted[0] == '@';
	g_autofree char *principal = ks_peer_principal_name (wanted + group, group);
	g_autofree char *consumer = g_strconcat (group ? "@" : "", principal, NULL);
	g_autoptr (GError) error = NULL;
	g_autofree char *reference =
		make_reference (dispatch, request->peer, name, consumer, &error);
	WireReferenceReply reply = {ks_wire_text (reference)};

	if (reference == NULL)
		ks_request_fail_error (request, error);
	else
		ks_request_reply (request, &reply);
}
