/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* With what an exchange authenticates; see enrolment-job-auth.h. */
#include <config.h>

#include "provisioner/enrolment-job-auth.h"

#include "provisioner/error.h"
#include "provisioner/keystore-credential.h"

/* One list being made. */
typedef struct {
	const PvContext *context;
	const char *name; /* of the enrolment */
	const PvProgress *progress;
	gboolean mef_has_anchors; /* of the settings */
	JsonArray *credentials;
} List;

static JsonObject *
add_object (List *list, const char *kind, const char *credential)
{
	JsonObject *object = json_object_new ();

	json_object_set_string_member (object, "kind", kind);
	json_object_set_string_member (object, "credential", credential);
	json_array_add_object_element (list->credentials, object);
	return object;
}

static gboolean
fail (GError **error, PvErrorCode code, const char *why)
{
	g_set_error (error, PV_ERROR, code, "%s", why);
	return FALSE;
}

/* What the child could not use either. */
static gboolean
is_usable (const List *list, const PvCredential *credential, GError **error)
{
	gint64 now_s = pv_clock_now (list->context->clock);

	if (credential->generation == 0 || credential->leaf == NULL)
		return fail (error, PV_ERROR_CREDENTIAL, "it has no certificate");
	if (now_s < credential->not_before_s)
		return fail (error, PV_ERROR_LOCAL, "its certificate is not valid yet");
	if (now_s >= credential->not_after_s)
		return fail (error, PV_ERROR_CREDENTIAL, "its certificate has expired");
	if (credential->anchors->len == 0 && !list->mef_has_anchors)
		return fail (error, PV_ERROR_CREDENTIAL, "nothing verifies the MEF: TrustAnchors= is not set");
	return TRUE;
}

static void
add_der (JsonArray *array, GBytes *der)
{
	g_autofree char *text =
		g_base64_encode (g_bytes_get_data (der, NULL), g_bytes_get_size (der));

	json_array_add_string_element (array, text);
}

/* RFC 7512, for pkcs11-provider on our module: the CKA_ID is of one generation only. */
static char *
key_uri (GBytes *id)
{
	GString *uri = g_string_new ("pkcs11:id=");
	gsize length;
	const guint8 *octets = g_bytes_get_data (id, &length);

	for (gsize i = 0; i < length; i++)
		g_string_append_printf (uri, "%%%02X", octets[i]);
	g_string_append (uri, ";type=private");
	return g_string_free (uri, FALSE);
}

static void
add_certificate (List *list, const PvCredential *credential, gboolean renewable)
{
	JsonObject *object = add_object (list, "certificate", credential->name);
	JsonArray *chain = json_array_new ();
	JsonArray *anchors = json_array_new ();
	g_autofree char *uri = key_uri (credential->id);

	add_der (chain, credential->leaf);
	for (guint i = 0; i < credential->chain->len; i++)
		add_der (chain, credential->chain->pdata[i]);
	for (guint i = 0; i < credential->anchors->len; i++)
		add_der (anchors, credential->anchors->pdata[i]);
	json_object_set_string_member (object, "key", uri);
	json_object_set_array_member (object, "chain", chain);
	json_object_set_array_member (object, "anchors", anchors);
	json_object_set_boolean_member (object, "renewable", renewable);
}

/* R-8.3.1.2-1: of this MEF, for this stakeholder and this Enrolee; a credential of the same name may be another's. */
static gboolean
is_provisioned (const List *list, const PvCredential *credential)
{
	return g_strcmp0 (credential->origin, "enrolled") == 0 && credential->leaf != NULL &&
	       g_strcmp0 (credential->mef, list->progress->mef) == 0 &&
	       g_strcmp0 (credential->admin, list->progress->admin) == 0 &&
	       g_strcmp0 (credential->client, list->progress->client) == 0;
}

static void
skip (const List *list, const char *credential, const GError *error)
{
	g_message ("%s: %s does not authenticate us to the MEF: %s",
		   list->name,
		   credential,
		   error->message);
}

/* The certificate of the last procedure. FALSE: the keystore cannot say. */
static gboolean
add_provisioned (List *list, GError **error)
{
	PvKeystore *keystore = list->context->keystore;
	g_autoptr (GError) local = NULL;
	g_autoptr (PvCredential) credential = pv_keystore_show (keystore, list->name, &local);

	if (credential == NULL && pv_keystore_last_status (keystore) == PV_CKR_KEY_HANDLE_INVALID)
		return TRUE; /* not provisioned yet */
	if (credential == NULL) {
		g_propagate_error (error, g_steal_pointer (&local));
		return FALSE;
	}
	if (!is_provisioned (list, credential))
		return TRUE;
	if (is_usable (list, credential, &local))
		add_certificate (list, credential, TRUE);
	else
		skip (list, list->name, local);
	return TRUE;
}

static gboolean
add_bootstrap_certificate (List *list, const char *name, GError **error)
{
	g_autoptr (PvCredential) credential = pv_keystore_show (list->context->keystore, name, error);

	if (credential == NULL || !is_usable (list, credential, error)) {
		g_prefix_error (error, "the bootstrap certificate %s: ", name);
		return FALSE;
	}
	add_certificate (list, credential, FALSE);
	return TRUE;
}

/* KpmID: the MEF's own assignment (A20), else the settings', else the key's identifier. */
static char *
find_identity (const List *list, const char *key, GError **error)
{
	g_autofree char *identity =
		pv_settings_get (list->context->settings, "enrolment", list->name, "KpmID");
	g_autoptr (PvCredential) credential = NULL;

	if (list->progress->assigned_identity != NULL)
		return g_strdup (list->progress->assigned_identity);
	if (identity != NULL)
		return g_steal_pointer (&identity);
	credential = pv_keystore_show (list->context->keystore, key, error);
	return credential != NULL ? g_strdup (credential->identifier) : NULL;
}

static gboolean
add_ppsk (List *list, const char *key, GError **error)
{
	const PvContext *context = list->context;
	g_autofree char *identity = find_identity (list, key, error);
	const WireReference request = {pv_wire_text (key), pv_wire_text (context->consumer)};
	g_autofree char *reference = NULL;
	WireReferenceReply reply;
	JsonObject *object;

	if (identity == NULL ||
	    !pv_keystore_call (context->keystore, WIRE_MSG_REFERENCE, &request, &reply, error)) {
		g_prefix_error (error, "the bootstrap key %s: ", key);
		return FALSE;
	}
	reference = pv_wire_dup (reply.reference);
	object = add_object (list, "ppsk", key);
	json_object_set_string_member (object, "identity", identity);
	json_object_set_string_member (object, "reference", reference);
	return TRUE;
}

static const struct {
	const char *key;
	gboolean (*add) (List *list, const char *credential, GError **error);
} bootstrap[] = {
	{"BootstrapCertificate", add_bootstrap_certificate},
	{"BootstrapKey", add_ppsk},
};

/* R-8.3.6.2.3-2: what the latest certificate falls back to. One that is missing is no failure as long as
 * another is there. */
static gboolean
add_bootstrap (List *list, GError **error)
{
	g_autoptr (GError) first = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS (bootstrap); i++) {
		g_autofree char *name = pv_settings_get (
			list->context->settings, "enrolment", list->name, bootstrap[i].key);
		g_autoptr (GError) local = NULL;

		if (name == NULL || bootstrap[i].add (list, name, &local))
			continue;
		if (first == NULL)
			first = g_steal_pointer (&local);
		else
			g_prefix_error (&first, "%s; ", local->message);
	}
	if (json_array_get_length (list->credentials) == 0) {
		if (first == NULL)
			return fail (error, PV_ERROR_CREDENTIAL, "there is no credential for the MEF");
		g_propagate_error (error, g_steal_pointer (&first));
		return FALSE;
	}
	if (first != NULL)
		g_message ("%s: %s", list->name, first->message);
	return TRUE;
}

gboolean
pv_job_add_authentication (const PvContext *context,
			   JsonObject *job,
			   const char *name,
			   const PvProgress *progress,
			   GError **error)
{
	g_autofree char *mef = pv_settings_get (context->settings, "enrolment", name, "MEF");
	g_autofree char *anchors = pv_settings_get (context->settings, "mef", mef, "TrustAnchors");
	List list = {context, name, progress, anchors != NULL, json_array_new ()};

	json_object_set_array_member (job, "authentication", list.credentials);
	return add_provisioned (&list, error) && add_bootstrap (&list, error);
}
