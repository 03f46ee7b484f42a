/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* With what an exchange authenticates; see enrolment-job-auth.h. */
#include <config.h>

#include "provisioner/enrolment-job-auth.h"

#include "provisioner/error.h"
#include "provisioner/keystore-credential.h"

/* KpmID: the MEF's own assignment (A20), else the settings', else the key's identifier. */
static char *
find_identity (const PvContext *context,
	       const char *name,
	       const char *key,
	       const PvProgress *progress,
	       GError **error)
{
	g_autofree char *identity = pv_settings_get (context->settings, "enrolment", name, "KpmID");
	g_autoptr (PvCredential) credential = NULL;

	if (progress->assigned_identity != NULL)
		return g_strdup (progress->assigned_identity);
	if (identity != NULL)
		return g_steal_pointer (&identity);
	credential = pv_keystore_show (context->keystore, key, error);
	return credential != NULL ? g_strdup (credential->identifier) : NULL;
}

static gboolean
add_ppsk (const PvContext *context,
	  JsonArray *credentials,
	  const char *name,
	  const char *key,
	  const PvProgress *progress,
	  GError **error)
{
	g_autofree char *identity = find_identity (context, name, key, progress, error);
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
	object = json_object_new ();
	json_object_set_string_member (object, "kind", "ppsk");
	json_object_set_string_member (object, "credential", key);
	json_object_set_string_member (object, "identity", identity);
	json_object_set_string_member (object, "reference", reference);
	json_array_add_object_element (credentials, object);
	return TRUE;
}

gboolean
pv_job_add_authentication (const PvContext *context,
			   JsonObject *job,
			   const char *name,
			   const PvProgress *progress,
			   GError **error)
{
	g_autofree char *key = pv_settings_get (context->settings, "enrolment", name, "BootstrapKey");
	JsonArray *credentials = json_array_new ();

	json_object_set_array_member (job, "authentication", credentials);
	return add_ppsk (context, credentials, name, key, progress, error);
}
