/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The control interface: one table of its requests. */
#include <config.h>

#include "tests/sim/control.h"

#include "tests/sim/command.h"
#include "tests/sim/est.h"
#include "tests/sim/json.h"

#include <string.h>

static void
set_time (JsonObject *object, const char *name, gint64 seconds)
{
	g_autofree char *text = sim_time_text (seconds);

	json_object_set_string_member (object, name, text);
}

static JsonObject *
describe_registration (const SimRegistration *registration)
{
	JsonObject *object = json_object_new ();

	json_object_set_string_member (object, "id", registration->id);
	json_object_set_string_member (object, "client", registration->client->name);
	json_object_set_string_member (object, "adminFQDN", registration->admin);
	set_time (object, "expires", registration->expires);
	json_object_set_int_member (object, "issued", registration->current_number);
	if (registration->current != NULL)
		json_object_set_string_member (object, "command", registration->current);
	json_object_set_array_member (object, "reports", json_array_ref (registration->reports));
	return object;
}

static JsonObject *
describe_key (const Sim *sim, const SimKey *key)
{
	JsonObject *object = json_object_new ();
	g_autofree char *identifier = g_strdup_printf ("%s@%s", key->id, sim->settings->fqdn);
	g_autofree char *value = sim_hex (key->value);

	json_object_set_string_member (object, "id", identifier);
	json_object_set_string_member (object, "client", key->client->name);
	json_object_set_int_member (object, "suid", key->suid);
	json_object_set_array_member (object, "targets", json_array_ref (key->targets));
	set_time (object, "expires", key->expires);
	json_object_set_string_member (object, "origin", key->origin);
	json_object_set_string_member (object, "value", value);
	return object;
}

static JsonObject *
describe_issued (const SimIssued *issued)
{
	JsonObject *object = json_object_new ();
	g_autofree char *digest = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, issued->der);

	json_object_set_string_member (object, "client", issued->client->name);
	json_object_set_string_member (object, "serial", issued->serial);
	set_time (object, "notBefore", issued->not_before);
	set_time (object, "notAfter", issued->not_after);
	json_object_set_string_member (object, "sha256", digest);
	return object;
}

static char *
state (Sim *sim, const SimRequest *request, GError **error)
{
	g_autoptr (JsonObject) all = json_object_new ();
	JsonArray *registrations = json_array_new (), *keys = json_array_new (),
		  *issued = json_array_new ();

	for (guint i = 0; i < sim->store->registrations->len; i++)
		json_array_add_object_element (
			registrations,
			describe_registration (g_ptr_array_index (sim->store->registrations, i)));
	for (guint i = 0; i < sim->store->keys->len; i++)
		json_array_add_object_element (
			keys, describe_key (sim, g_ptr_array_index (sim->store->keys, i)));
	for (guint i = 0; i < sim->store->issued->len; i++)
		json_array_add_object_element (
			issued, describe_issued (g_ptr_array_index (sim->store->issued, i)));
	json_object_set_array_member (all, "registrations", registrations);
	json_object_set_array_member (all, "keys", keys);
	json_object_set_array_member (all, "certificates", issued);
	return sim_json_text (all);
}

static const char *
wanted (const SimRequest *request, const char *name, GError **error)
{
	const char *value = sim_request_query (request, name);

	if (value == NULL)
		g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s is missing", name);
	return value;
}

static const SimClient *
wanted_client (Sim *sim, const SimRequest *request, GError **error)
{
	const char *name = wanted (request, "client", error);
	const SimClient *client = name != NULL ? sim_settings_client (sim->settings, name) : NULL;

	if (name != NULL && client == NULL)
		g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			     "no client is called %s", name);
	return client;
}

static char *
kinds (Sim *sim, const SimRequest *request, GError **error)
{
	return sim_misbehave_describe ();
}

static char *
misbehave (Sim *sim, const SimRequest *request, GError **error)
{
	const char *step = wanted (request, "step", error);
	const char *kind = step != NULL ? wanted (request, "kind", error) : NULL;

	return kind != NULL && sim_misbehave_set (sim->misbehave, step, kind, error)
		       ? g_strdup ("{}")
		       : NULL;
}

static char *
policy (Sim *sim, const SimRequest *request, GError **error)
{
	const char *key = wanted (request, "key", error);
	const char *value = key != NULL ? wanted (request, "value", error) : NULL;

	return value != NULL && sim_settings_set_policy (sim->settings, key, value, error)
		       ? g_strdup ("{}")
		       : NULL;
}

static char *
command (Sim *sim, const SimRequest *request, GError **error)
{
	const SimClient *client = wanted_client (sim, request, error);
	const char *text = client != NULL ? wanted (request, "command", error) : NULL;
	SimRegistration *registration;

	if (text == NULL || !sim_command_check (text, error))
		return NULL;
	registration = sim_store_registration_of (sim->store, client, NULL);
	if (registration == NULL) {
		g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s is not registered",
			     client->name);
		return NULL;
	}
	sim_command_add (registration, text);
	return g_strdup ("{}");
}

static char *
forget (Sim *sim, const SimRequest *request, GError **error)
{
	const SimClient *client = wanted_client (sim, request, error);

	if (client == NULL)
		return NULL;
	sim_store_forget_client (sim->store, client);
	return g_strdup ("{}");
}

static char *
issue (Sim *sim, const SimRequest *request, GError **error)
{
	const SimClient *client = wanted_client (sim, request, error);

	return client != NULL ? sim_est_issue_directly (sim, client, error) : NULL;
}

static char *
pause_or_resume (Sim *sim, const SimRequest *request, GError **error)
{
	g_atomic_int_set (&sim->paused, strcmp (request->path, "/pause") == 0);
	return g_strdup ("{}");
}

static const struct {
	const char *path;
	char *(*answer) (Sim *sim, const SimRequest *request, GError **error);
} requests[] = {
	{"/state", state},   {"/kinds", kinds},           {"/misbehave", misbehave},
	{"/policy", policy}, {"/command", command},       {"/forget", forget},
	{"/issue", issue},   {"/pause", pause_or_resume}, {"/resume", pause_or_resume},
};

SimResponse *
sim_control_answer (Sim *sim,
		    const SimRequest *request,
		    void (*stop) (gpointer),
		    gpointer stop_data)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *text = NULL;
	SimResponse *response;

	g_mutex_lock (&sim->lock);
	for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
		if (strcmp (requests[i].path, request->path) == 0)
			text = requests[i].answer (sim, request, &error);
	g_mutex_unlock (&sim->lock);
	if (strcmp (request->path, "/stop") == 0) {
		stop (stop_data);
		text = g_strdup ("{}");
	}
	response = sim_response_new (text != NULL ? 200 : error != NULL ? 400 : 404);
	sim_response_set_text (response, text != NULL ? "application/json" : "text/plain",
			       text != NULL    ? text
			       : error != NULL ? error->message
					       : "no such request");
	return response;
}
