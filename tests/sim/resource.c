/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Creating, retrieving, updating and deleting the resources. */
#include <config.h>

#include "tests/sim/resource.h"

#include "tests/sim/command.h"
#include "tests/sim/json.h"
#include "tests/sim/refusal.h"
#include "tests/sim/resource-check.h"
#include "tests/sim/tls.h"

#include <gnutls/crypto.h>
#include <string.h>

static gboolean
refuse (GError **error, int rsc, const char *why)
{
	g_set_error_literal (error, SIM_REFUSAL, rsc, why);
	return FALSE;
}

static const char *
name_of (SimExchange *exchange, SimName name)
{
	return sim_name (exchange->sim->settings->dialect, name);
}

/* The earlier of what the client proposed and what policy grants. */
static gint64
granted (SimExchange *exchange, gint64 proposed, SimPolicy policy)
{
	return MIN (proposed, sim_now () + sim_policy_number (exchange->sim->settings, policy));
}

SimResource
sim_resource_find (Sim *sim, const char *target)
{
	const char *path = g_str_has_prefix (target, "-/") ? target + 2 : target;
	g_auto (GStrv) parts = g_strsplit (path, "/", -1);
	guint n = g_strv_length (parts);
	SimResource resource = {.found = TRUE};

	if (strcmp (target, "-") == 0)
		return resource;
	resource.type = SIM_TYPE_CLIENT_REG;
	resource.registration = n == 1 ? sim_store_registration (sim->store, parts[0]) : NULL;
	if (resource.registration != NULL)
		return resource;
	resource.type = SIM_TYPE_CLIENT_CMD;
	resource.registration =
		n == 1 || n == 2 ? sim_store_registration_by_command (sim->store, parts[n - 1])
				 : NULL;
	if (resource.registration != NULL &&
	    (n == 1 || strcmp (resource.registration->id, parts[0]) == 0))
		return resource;
	resource.type = SIM_TYPE_KEY_REG;
	resource.registration = NULL;
	resource.key = n == 1 ? sim_store_key (sim->store, parts[0]) : NULL;
	resource.found = resource.key != NULL;
	return resource;
}

static JsonObject *
common_members (SimExchange *exchange,
		SimType type,
		const char *id,
		gint64 created,
		gint64 modified,
		gint64 expires)
{
	JsonObject *members = json_object_new ();
	g_autofree char *ct = sim_time_text (created);
	g_autofree char *lt = sim_time_text (modified);
	g_autofree char *et = sim_time_text (expires);

	json_object_set_int_member (members, "ty",
				    sim_type_number (exchange->sim->settings->dialect, type));
	json_object_set_string_member (members, "ri", id);
	json_object_set_string_member (members, "rn", id);
	json_object_set_string_member (members, "pi", "mefb");
	json_object_set_string_member (members, "ct", ct);
	json_object_set_string_member (members, "lt", lt);
	json_object_set_string_member (members, "et", et);
	return members;
}

static void
add_child (SimExchange *exchange, JsonArray *children, const char *id, SimType type)
{
	JsonObject *child = json_object_new ();

	json_object_set_string_member (child, "nm", id);
	json_object_set_int_member (child, "typ",
				    sim_type_number (exchange->sim->settings->dialect, type));
	json_object_set_string_member (child, "val", id);
	json_array_add_object_element (children, child);
}

static JsonObject *
registration_members (SimExchange *exchange, SimRegistration *registration, gboolean with_children)
{
	JsonObject *members = common_members (exchange, SIM_TYPE_CLIENT_REG, registration->id,
					      registration->created, registration->modified,
					      registration->expires);
	const char *assigned = sim_policy_text (exchange->sim->settings, SIM_POLICY_ASSIGN_KPM_ID);

	if (registration->labels != NULL)
		json_object_set_array_member (members, "lbl",
					      json_array_ref (registration->labels));
	json_object_set_string_member (members, "cr", registration->client->identity);
	json_object_set_string_member (members, name_of (exchange, SIM_NAME_ADMIN_FQDN),
				       registration->admin);
	if (assigned[0] != '\0')
		json_object_set_string_member (
			members, name_of (exchange, SIM_NAME_ASSIGNED_KEY_ID), assigned);
	if (with_children && registration->command_id != NULL) {
		JsonArray *children = json_array_new ();

		add_child (exchange, children, registration->command_id, SIM_TYPE_CLIENT_CMD);
		json_object_set_array_member (members, "ch", children);
	}
	return members;
}

/* R-8.3.5.2.3-4: authorised by the stakeholder; not registered already, or replaced. */
static gboolean
admit (SimExchange *exchange, const char *admin, GError **error)
{
	Sim *sim = exchange->sim;
	const SimClient *client = exchange->peer->client;
	SimRegistration *old = sim_store_registration_of (sim->store, client, admin);

	if (!g_strv_contains ((const char *const *)client->admins, admin))
		return refuse (error, SIM_RSC_NO_PRIVILEGE,
			       "R-8.3.5.2.3-4: the stakeholder has not authorised this client");
	if (old == NULL)
		return TRUE;
	if (strcmp (sim_policy_text (sim->settings, SIM_POLICY_ALREADY_REGISTERED), "refuse") == 0)
		return refuse (error, SIM_RSC_ALREADY_REGISTERED,
			       "TS-0032 4.2: already registered for this stakeholder");
	g_ptr_array_remove (sim->store->registrations, old);
	return TRUE;
}

JsonObject *
sim_registration_create (SimExchange *exchange, JsonObject *body, char **location, GError **error)
{
	static const char rule[] = "R-8.3.5.2.3-1";
	const SimClient *client = exchange->peer->client;
	const char *admin_name = name_of (exchange, SIM_NAME_ADMIN_FQDN);
	g_autofree char *known = g_strdup_printf ("|et|lbl|rn|cr|%s|", admin_name);
	SimRegistration *registration;
	JsonArray *labels = NULL;
	const char *admin;
	gint64 expires;

	if (!sim_check_known (body, known, rule, error) ||
	    !sim_check_expiry (body, FALSE, rule, &expires, error) ||
	    !sim_check_list (body, "lbl", rule, &labels, error))
		return NULL;
	admin = sim_check_admin (body, admin_name, rule, error);
	if (admin == NULL || !admit (exchange, admin, error))
		return NULL;
	registration = sim_store_register (exchange->sim->store, client);
	registration->admin = g_strdup (admin);
	registration->labels = labels != NULL ? json_array_ref (labels) : NULL;
	registration->expires = granted (exchange, expires, SIM_POLICY_REGISTRATION_LIFETIME);
	for (char **command = client->commands; command != NULL && *command != NULL; command++)
		sim_command_add (registration, *command);
	*location = g_strdup (registration->id);
	return registration_members (
		exchange, registration,
		sim_policy_flag (exchange->sim->settings, SIM_POLICY_ANNOUNCE_COMMAND));
}

static JsonObject *
key_members (SimExchange *exchange, SimKey *key, gboolean for_target)
{
	JsonObject *members = common_members (exchange, SIM_TYPE_KEY_REG, key->id, key->created,
					      key->modified, key->expires);

	if (key->labels != NULL)
		json_object_set_array_member (members, "lbl", json_array_ref (key->labels));
	json_object_set_string_member (members, "cr", key->client->identity);
	json_object_set_string_member (members, name_of (exchange, SIM_NAME_ADMIN_FQDN),
				       key->admin);
	json_object_set_int_member (members, name_of (exchange, SIM_NAME_SUID), key->suid);
	if (for_target) {
		g_autofree char *text = NULL;
		gsize length;
		const void *octets = g_bytes_get_data (key->value, &length);

		if (sim_keys_are_hex (exchange->sim->settings->dialect))
			text = sim_hex (key->value);
		else
			text = g_base64_encode (octets, length);
		json_object_set_string_member (members, name_of (exchange, SIM_NAME_KEY_VALUE),
					       text);
	} else {
		json_object_set_array_member (members, name_of (exchange, SIM_NAME_TARGET_IDS),
					      json_array_ref (key->targets));
	}
	return members;
}

/* The list of the request, or the one that the MEF creates (R-8.3.5.2.7-4). */
static JsonArray *
choose_targets (SimExchange *exchange, JsonObject *body, gint64 suid, GError **error)
{
	const char *name = name_of (exchange, SIM_NAME_TARGET_IDS);
	char **standard = exchange->peer->client->targets;
	JsonArray *targets = NULL;

	if (!sim_check_list (body, name, "R-8.3.5.2.7-2", &targets, error))
		return NULL;
	if (targets == NULL) {
		targets = json_array_new ();
		for (char **target = standard; target != NULL && *target != NULL; target++)
			json_array_add_string_element (targets, *target);
	} else {
		json_array_ref (targets);
	}
	if (sim_check_targets (targets, suid, error))
		return targets;
	json_array_unref (targets);
	return NULL;
}

/* R-8.3.5.2.7-3: the value given, or what this TLS session exports; the latter once
 * (R-8.3.5.2.7-7).
 */
static GBytes *
choose_value (SimExchange *exchange, JsonObject *body, guint8 identifier[16], GError **error)
{
	const char *name = name_of (exchange, SIM_NAME_KEY_VALUE);
	guint dialect = exchange->sim->settings->dialect;
	guint8 octets[48];

	gnutls_rnd (GNUTLS_RND_NONCE, identifier, 16);
	if (json_object_has_member (body, name))
		return sim_check_key_value (body, name, sim_keys_are_hex (dialect), error);
	if (exchange->peer->exported) {
		refuse (error, SIM_RSC_CONFLICT,
			"R-8.3.5.2.7-7: this session has exported its key already");
		return NULL;
	}
	if (!sim_tls_export (exchange->peer, sim_exporter_label (dialect), octets, error))
		return NULL;
	exchange->peer->exported = TRUE;
	if (strcmp (sim_policy_text (exchange->sim->settings, SIM_POLICY_RELATIVE_KEY_ID),
		    "exported") == 0)
		memcpy (identifier, octets, 16);
	return g_bytes_new (octets + 16, 32);
}

static gboolean
check_key_request (
	SimExchange *exchange, JsonObject *body, gint64 *suid, gint64 *expires, GError **error)
{
	static const char rule[] = "R-8.3.5.2.7-1";
	const char *admin_name = name_of (exchange, SIM_NAME_ADMIN_FQDN);
	g_autofree char *known = g_strdup_printf (
		"|et|lbl|rn|%s|%s|%s|%s|", admin_name, name_of (exchange, SIM_NAME_SUID),
		name_of (exchange, SIM_NAME_TARGET_IDS), name_of (exchange, SIM_NAME_KEY_VALUE));
	JsonArray *labels;
	const char *admin;

	if (!sim_check_known (body, known, rule, error) ||
	    !sim_check_expiry (body, FALSE, rule, expires, error) ||
	    !sim_check_list (body, "lbl", rule, &labels, error))
		return FALSE;
	admin = sim_check_admin (body, admin_name, rule, error);
	if (admin == NULL)
		return FALSE;
	*suid = sim_json_number (body, name_of (exchange, SIM_NAME_SUID));
	if (*suid < 21 || *suid > 25)
		return refuse (error, SIM_RSC_BAD_REQUEST,
			       "R-SUID-1: keys are registered at an MEF with SUID 21 to 25");
	if (sim_store_registration_of (exchange->sim->store, exchange->peer->client, admin) == NULL)
		return refuse (error, SIM_RSC_NO_PRIVILEGE,
			       "R-8.3.5.2.7-1: not registered for this stakeholder");
	return TRUE;
}

JsonObject *
sim_key_create (SimExchange *exchange, JsonObject *body, char **location, GError **error)
{
	g_autoptr (JsonArray) targets = NULL;
	JsonArray *labels = sim_json_strings (body, "lbl");
	guint8 identifier[16];
	gint64 suid, expires;
	GBytes *value;
	SimKey *key;

	if (!check_key_request (exchange, body, &suid, &expires, error))
		return NULL;
	targets = choose_targets (exchange, body, suid, error);
	value = targets != NULL ? choose_value (exchange, body, identifier, error) : NULL;
	if (value == NULL)
		return NULL;
	key = sim_store_add_key (exchange->sim->store, exchange->peer->client);
	g_autoptr (GBytes) relative = g_bytes_new (identifier, sizeof identifier);
	key->id = sim_hex (relative);
	key->value = value;
	key->origin = json_object_has_member (body, name_of (exchange, SIM_NAME_KEY_VALUE))
			      ? "given"
			      : "exported";
	key->suid = suid;
	key->targets = g_steal_pointer (&targets);
	key->labels = labels != NULL ? json_array_ref (labels) : NULL;
	key->admin = g_strdup (sim_json_string (body, name_of (exchange, SIM_NAME_ADMIN_FQDN)));
	key->expires = granted (exchange, expires, SIM_POLICY_KEY_LIFETIME);
	*location = g_strdup (key->id);
	return key_members (exchange, key, FALSE);
}

/* R-8.3.5.2.8-3: the authorised list decides; a source that is also a target asks as a target. */
static JsonObject *
key_retrieve (SimExchange *exchange, SimKey *key, GError **error)
{
	const SimClient *client = exchange->peer->client;

	for (guint i = 0; i < json_array_get_length (key->targets); i++)
		if (strcmp (json_array_get_string_element (key->targets, i), client->identity) == 0)
			return key_members (exchange, key, TRUE);
	if (key->client == client)
		return key_members (exchange, key, FALSE);
	refuse (error, SIM_RSC_NO_PRIVILEGE, "R-8.3.5.2.8-3: not a target of this key");
	return NULL;
}

static JsonObject *
base_retrieve (SimExchange *exchange)
{
	JsonObject *members = json_object_new ();
	JsonArray *children = json_array_new ();
	const GPtrArray *registrations = exchange->sim->store->registrations;

	json_object_set_int_member (
		members, "ty",
		sim_type_number (exchange->sim->settings->dialect, SIM_TYPE_MEF_BASE));
	json_object_set_string_member (members, "ri", "mefb");
	json_object_set_string_member (members, "rn", "mefb");
	json_object_set_string_member (members, name_of (exchange, SIM_NAME_FQDN),
				       exchange->sim->settings->fqdn);
	for (guint i = 0; i < registrations->len; i++) {
		const SimRegistration *registration = g_ptr_array_index (registrations, i);

		if (registration->client == exchange->peer->client)
			add_child (exchange, children, registration->id, SIM_TYPE_CLIENT_REG);
	}
	json_object_set_array_member (members, "ch", children);
	return members;
}

static gboolean
check_owner (SimExchange *exchange, const SimResource *resource, GError **error)
{
	const SimClient *owner = resource->key != NULL            ? resource->key->client
				 : resource->registration != NULL ? resource->registration->client
								  : NULL;

	return owner == exchange->peer->client ||
	       refuse (error, SIM_RSC_NO_PRIVILEGE, "TS-0032 4.8: another client's resource");
}

JsonObject *
sim_resource_retrieve (SimExchange *exchange, const SimResource *resource, GError **error)
{
	const char *wanted = sim_request_query (exchange->request, "rcn");

	if (wanted != NULL && strcmp (wanted, "1") != 0 && strcmp (wanted, "5") != 0) {
		refuse (error, SIM_RSC_BAD_REQUEST, "R-TS4-7.2.1.1-1: rcn is neither 1 nor 5");
		return NULL;
	}
	if (resource->type == SIM_TYPE_MEF_BASE)
		return base_retrieve (exchange);
	if (resource->type == SIM_TYPE_KEY_REG)
		return key_retrieve (exchange, resource->key, error);
	if (!check_owner (exchange, resource, error))
		return NULL;
	if (resource->type == SIM_TYPE_CLIENT_CMD)
		return sim_command_retrieve (exchange->sim, resource->registration);
	return registration_members (exchange, resource->registration,
				     g_strcmp0 (wanted, "5") == 0);
}

/* The times and labels that both kinds of Update share; the answer holds what was asked
 * (R-8.3.5.2.5-2). */
static JsonObject *
update_common (SimExchange *exchange,
	       JsonObject *body,
	       const char *rule,
	       SimPolicy policy,
	       gint64 *expires,
	       JsonArray **labels,
	       GError **error)
{
	JsonArray *list = NULL;
	gint64 proposed = 0;
	JsonObject *members;

	if (json_object_get_size (body) == 0) {
		g_set_error (error, SIM_REFUSAL, SIM_RSC_BAD_REQUEST, "%s: an Update of nothing",
			     rule);
		return NULL;
	}
	if (!sim_check_expiry (body, TRUE, rule, &proposed, error) ||
	    !sim_check_list (body, "lbl", rule, &list, error))
		return NULL;
	members = json_object_new ();
	if (proposed != 0) {
		g_autofree char *text = NULL;

		*expires = granted (exchange, proposed, policy);
		text = sim_time_text (*expires);
		json_object_set_string_member (members, "et", text);
	}
	if (list != NULL) {
		g_clear_pointer (labels, json_array_unref);
		*labels = json_array_ref (list);
		json_object_set_array_member (members, "lbl", json_array_ref (list));
	}
	return members;
}

static JsonObject *
key_update (SimExchange *exchange, SimKey *key, JsonObject *body, GError **error)
{
	static const char rule[] = "R-8.3.5.2.9-1";
	const char *name = name_of (exchange, SIM_NAME_TARGET_IDS);
	g_autofree char *known = g_strdup_printf ("|et|lbl|%s|", name);
	JsonArray *targets = NULL;
	JsonObject *members;

	if (!sim_check_known (body, known, rule, error) ||
	    !sim_check_list (body, name, rule, &targets, error) ||
	    (targets != NULL && !sim_check_targets (targets, key->suid, error)))
		return NULL;
	members = update_common (exchange, body, rule, SIM_POLICY_KEY_LIFETIME, &key->expires,
				 &key->labels, error);
	if (members == NULL)
		return NULL;
	key->modified = sim_now ();
	if (targets != NULL) {
		json_array_unref (key->targets);
		key->targets = json_array_ref (targets);
		json_object_set_array_member (members, name, json_array_ref (targets));
	}
	return members;
}

JsonObject *
sim_resource_update (SimExchange *exchange,
		     const SimResource *resource,
		     JsonObject *body,
		     GError **error)
{
	static const char rule[] = "R-8.3.5.2.5-1";

	if (resource->type == SIM_TYPE_MEF_BASE) {
		refuse (error, SIM_RSC_OPERATION_NOT_ALLOWED,
			"TS-0032 1.4: the base cannot be updated");
		return NULL;
	}
	if (!check_owner (exchange, resource, error))
		return NULL;
	if (resource->type == SIM_TYPE_KEY_REG)
		return key_update (exchange, resource->key, body, error);
	if (resource->type == SIM_TYPE_CLIENT_CMD)
		return sim_command_update (exchange->sim, resource->registration, body, error);
	if (!sim_check_known (body, "|et|lbl|", rule, error))
		return NULL;
	resource->registration->modified = sim_now ();
	return update_common (exchange, body, rule, SIM_POLICY_REGISTRATION_LIFETIME,
			      &resource->registration->expires, &resource->registration->labels,
			      error);
}

gboolean
sim_resource_delete (SimExchange *exchange, const SimResource *resource, GError **error)
{
	if (resource->type == SIM_TYPE_MEF_BASE || resource->type == SIM_TYPE_CLIENT_CMD)
		return refuse (error, SIM_RSC_OPERATION_NOT_ALLOWED,
			       "TS-0032 1.4: only the MEF deletes this");
	if (!check_owner (exchange, resource, error))
		return FALSE;
	if (resource->type == SIM_TYPE_KEY_REG)
		g_ptr_array_remove (exchange->sim->store->keys, resource->key);
	else
		g_ptr_array_remove (exchange->sim->store->registrations, resource->registration);
	return TRUE;
}
