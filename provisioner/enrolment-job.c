/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The job of an exchange, from settings, progress and keystore; see enrolment-job.h. */
#include <config.h>

#include "provisioner/codec-json.h"
#include "provisioner/enrolment-job-auth.h"
#include "provisioner/enrolment-job-keys.h"
#include "provisioner/enrolment-job.h"
#include "provisioner/error.h"
#include "provisioner/exchange-protocol.h"
#include "provisioner/limits.h"
#include "provisioner/schedule.h"

static char *
get (const PvContext *context, const char *group, const char *name, const char *key)
{
	return pv_settings_get (context->settings, group, name, key);
}

static void
set_text (JsonObject *object, const char *member, const char *value)
{
	if (value != NULL)
		json_object_set_string_member (object, member, value);
}

static void
set_setting (const PvContext *context,
	     JsonObject *object,
	     const char *member,
	     const char *group,
	     const char *name,
	     const char *key)
{
	g_autofree char *value = get (context, group, name, key);

	set_text (object, member, value);
}

static void
set_seconds (const PvContext *context,
	     JsonObject *object,
	     const char *member,
	     const char *group,
	     const char *name,
	     const char *key)
{
	json_object_set_int_member (
		object, member, pv_settings_get_seconds (context->settings, group, name, key));
}

static void
set_list (const PvContext *context,
	  JsonObject *object,
	  const char *member,
	  const char *name,
	  const char *key)
{
	g_auto (GStrv) values = pv_settings_get_list (context->settings, "enrolment", name, key);

	if (values[0] != NULL)
		pv_json_set_strings (object, member, (const char *const *) values);
}

static gboolean
set_anchors (const PvContext *context, JsonObject *object, const char *mef, GError **error)
{
	g_autofree char *path = get (context, "mef", mef, "TrustAnchors");
	g_autofree char *pem = NULL;
	g_autoptr (GError) local = NULL;
	gsize len;

	if (path == NULL)
		return TRUE;
	if (!g_file_get_contents (path, &pem, &len, &local) || len > PV_JOB_MAX / 2 ||
	    !g_utf8_validate (pem, len, NULL)) {
		g_set_error (error,
			     PV_ERROR,
			     PV_ERROR_JOB,
			     "[mef %s] TrustAnchors: %s",
			     mef,
			     local != NULL ? local->message : "not a PEM file");
		return FALSE;
	}
	json_object_set_string_member (object, "anchors", pem);
	return TRUE;
}

static gboolean
add_mef (const PvContext *context, JsonObject *job, const char *mef, GError **error)
{
	JsonObject *object = json_object_new ();

	json_object_set_object_member (job, "mef", object);
	set_setting (context, object, "fqdn", "mef", mef, "FQDN");
	set_setting (context, object, "uri", "mef", mef, "URI");
	set_setting (context, object, "address", "mef", mef, "Address");
	set_setting (context, object, "interface", "mef", mef, "Interface");
	set_setting (context, object, "proxy", "mef", mef, "Proxy");
	set_setting (context, object, "dialect", "mef", mef, "Dialect");
	set_seconds (context, object, "connect_s", "mef", mef, "ConnectTimeSec");
	set_seconds (context, object, "total_s", "mef", mef, "RequestTimeSec");
	set_seconds (context, object, "stall_s", "mef", mef, "StallTimeSec");
	return set_anchors (context, object, mef, error);
}

static void
add_client (const PvContext *context, JsonObject *job, const char *name)
{
	JsonObject *object = json_object_new ();

	json_object_set_object_member (job, "client", object);
	set_setting (context, object, "id", "enrolment", name, "Client");
	set_setting (context, object, "kind", "enrolment", name, "ClientKind");
	set_setting (context, object, "public_domain_name", "enrolment", name, "PublicDomainName");
}

static void
add_registration (const PvContext *context,
		  JsonObject *job,
		  const char *name,
		  const char *mef,
		  const PvProgress *progress)
{
	JsonObject *object = json_object_new ();

	json_object_set_object_member (job, "registration", object);
	set_setting (context, object, "admin_fqdn", "mef", mef, "AdminFQDN");
	set_seconds (context, object, "lifetime_s", "enrolment", name, "RegistrationTimeSec");
	set_list (context, object, "labels", name, "Labels");
	if (progress->registration_id == NULL)
		return;
	json_object_set_string_member (object, "id", progress->registration_id);
	json_object_set_int_member (object, "expires", progress->registration_expires_s);
	if (progress->registration_renew_s != 0)
		json_object_set_int_member (object, "renew_from", progress->registration_renew_s);
}

static void
add_certificate (const PvContext *context,
		 JsonObject *job,
		 const char *name,
		 const PvProgress *progress)
{
	JsonObject *object = json_object_new ();
	JsonObject *pending;

	json_object_set_object_member (job, "certificate", object);
	set_text (object, "est_uri", progress->est_uri);
	set_setting (context, object, "est_uri", "enrolment", name, "EstURI");
	set_setting (context, object, "key_type", "enrolment", name, "KeyType");
	json_object_set_boolean_member (object, "staged", progress->staged_certificate != 0);
	if (progress->pending_staged == 0 || progress->pending_csr == NULL)
		return;
	pending = json_object_new ();
	json_object_set_object_member (object, "pending", pending);
	json_object_set_int_member (pending, "staged", progress->pending_staged);
	json_object_set_string_member (pending, "csr", progress->pending_csr);
}

static void
add_done (JsonObject *job, const PvProgress *progress)
{
	JsonArray *staged = json_array_new ();
	g_autoptr (JsonNode) id = progress->last_command_id != NULL
					  ? json_from_string (progress->last_command_id, NULL)
					  : NULL;
	JsonObject *object;

	if (progress->staged_certificate != 0)
		json_array_add_int_element (staged, progress->staged_certificate);
	if (progress->staged_key != 0)
		json_array_add_int_element (staged, progress->staged_key);
	for (guint i = 0; i < progress->keys->len; i++) {
		const PvKeyRecord *record = progress->keys->pdata[i];

		if (record->staged != 0)
			json_array_add_int_element (staged, record->staged);
	}
	json_object_set_array_member (job, "staged", staged);
	if (id == NULL)
		return;
	object = json_object_new ();
	json_object_set_object_member (job, "commands", object);
	json_object_set_member (object, "last_id", g_steal_pointer (&id));
	json_object_set_int_member (object, "last_status", progress->last_command_status);
}

/* What is missing or due, in the order of the exchange. */
static void
add_steps (const PvContext *context, JsonObject *job, const char *name, const PvProgress *progress)
{
	JsonArray *steps = json_array_new ();

	json_object_set_array_member (job, "steps", steps);
	json_array_add_string_element (steps, PV_STEP_REGISTER);
	if (pv_settings_get_boolean (context->settings, "enrolment", name, "Commands"))
		json_array_add_string_element (steps, PV_STEP_COMMANDS);
	if (progress->staged_certificate == 0 && pv_job_certificate_is_due (context, name, progress))
		json_array_add_string_element (steps, PV_STEP_CERTIFICATE);
	add_certificate (context, job, name, progress); /* a command may want one as well */
	pv_job_add_keys (context, job, steps, name, progress);
}

gboolean
pv_job_certificate_is_due (const PvContext *context, const char *name, const PvProgress *progress)
{
	return pv_settings_get_boolean (context->settings, "enrolment", name, "Certificate") &&
	       (progress->certificate_published_s == 0 ||
		(progress->certificate_renew_s == 0 && progress->not_after_s != 0) || /* wanted again */
		pv_schedule_is_due (progress->certificate_renew_s, pv_clock_now (context->clock)));
}

static void
add_name (GPtrArray *names, char *name)
{
	/* a longer one cannot be staged: the keystore says so */
	if (strlen (name) <= WIRE_NAME_MAX)
		g_ptr_array_add (names, name);
	else
		g_free (name);
}

static char *
join (GPtrArray *names)
{
	g_ptr_array_add (names, NULL);
	return g_strjoinv (",", (GStrv) names->pdata);
}

/* With the latest certificate, also one of this exchange, and with those before it the MEF is spoken to. */
static char *
find_uses (JsonObject *job, const char *name)
{
	g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
	JsonArray *credentials = json_object_get_array_member (job, "authentication");

	add_name (names, g_strdup (name));
	for (guint i = 0; i < json_array_get_length (credentials); i++)
		add_name (names,
			  g_strdup (json_object_get_string_member (
				  json_array_get_object_element (credentials, i), "credential")));
	return join (names);
}

/* A certificate may be commanded; keys come as the job says. */
static char *
find_stages (JsonObject *job, const char *name)
{
	g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
	JsonArray *retrieve = json_object_get_array_member (job, "retrieve");

	add_name (names, g_strdup (name));
	if (json_object_has_member (job, "key"))
		add_name (names, g_strconcat (name, PV_KEYSTORE_SECRET_SUFFIX, NULL));
	for (guint i = 0; i < json_array_get_length (retrieve); i++)
		add_name (names,
			  pv_job_secret_name (name, json_array_get_string_element (retrieve, i)));
	return join (names);
}

char *
pv_job_build (const PvContext *context,
	      const char *name,
	      const PvJobOrder *order,
	      const PvProgress *progress,
	      PvScope *scope,
	      GError **error)
{
	gboolean enrols = g_str_equal (order->purpose, PV_PURPOSE_ENROL);
	JsonObject *job = json_object_new ();
	g_autoptr (JsonNode) root = json_node_init_object (json_node_alloc (), job);
	g_autofree char *mef = get (context, "enrolment", name, "MEF");

	json_object_unref (job); /* the root's now */
	json_object_set_int_member (job, "version", PV_EXCHANGE_VERSION);
	json_object_set_string_member (job, "credential", name);
	json_object_set_string_member (job, "runtime_dir", context->exchange.runtime_dir);
	json_object_set_string_member (job, "purpose", order->purpose);
	json_object_set_boolean_member (job, "acknowledge", TRUE);
	json_object_set_int_member (job, "keystore", PV_EXCHANGE_KEYSTORE_FD);
	if (order->traced)
		json_object_set_int_member (job, "trace", PV_EXCHANGE_TRACE_FD);
	if (enrols)
		add_steps (context, job, name, progress);
	else if (g_str_equal (order->purpose, PV_PURPOSE_DECOMMISSION))
		pv_job_add_own_keys (job, progress);
	add_client (context, job, name);
	add_registration (context, job, name, mef, progress);
	add_done (job, progress);
	if (!add_mef (context, job, mef, error) ||
	    !pv_job_add_authentication (context, job, name, progress, error))
		return NULL;
	scope->uses = find_uses (job, name);
	scope->stages = enrols ? find_stages (job, name) : g_strdup ("");
	return json_to_string (root, FALSE);
}
