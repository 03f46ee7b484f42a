/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The HTTP binding: addressing, headers, status codes; the resources are in resource.c. */
#include <config.h>

#include "tests/sim/mmef.h"

#include "tests/sim/json.h"
#include "tests/sim/names.h"
#include "tests/sim/refusal.h"
#include "tests/sim/resource.h"

#include <string.h>

/* TS-0009 table 6.3.2-1. */
static const struct {
	int rsc, http;
} statuses[] = {
	{SIM_RSC_OK, 200},
	{SIM_RSC_CREATED, 201},
	{SIM_RSC_DELETED, 200},
	{SIM_RSC_UPDATED, 200},
	{SIM_RSC_BAD_REQUEST, 400},
	{SIM_RSC_RELEASE_VERSION_NOT_SUPPORTED, 501},
	{SIM_RSC_NOT_FOUND, 404},
	{SIM_RSC_OPERATION_NOT_ALLOWED, 405},
	{4008, 504},
	{SIM_RSC_UNSUPPORTED_MEDIA_TYPE, 415},
	{4102, 400},
	{SIM_RSC_NO_PRIVILEGE, 403},
	{SIM_RSC_CONFLICT, 409},
	{SIM_RSC_NOT_AUTHENTICATED, 403},
	{4107, 403},
	{SIM_RSC_INVALID_CHILD_TYPE, 403},
	{SIM_RSC_ALREADY_REGISTERED, 403},
	{SIM_RSC_INTERNAL_ERROR, 500},
	{5001, 501},
	{5103, 404},
	{5105, 403},
	{5106, 409},
	{5107, 404},
	{SIM_RSC_NOT_ACCEPTABLE, 406},
};

static int
http_status (int rsc)
{
	for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
		if (statuses[i].rsc == rsc)
			return statuses[i].http;
	return rsc < 5000 ? 400 : 500;
}

static SimResponse *
answer (SimExchange *exchange, int rsc, const char *text)
{
	const char *identifier = sim_request_header (exchange->request, "x-m2m-ri");
	const char *version = sim_request_header (exchange->request, "x-m2m-rvi");
	SimResponse *response = sim_response_new (http_status (rsc));

	sim_response_add (response, "X-M2M-RSC: %d", rsc);
	if (identifier != NULL)
		sim_response_add (response, "X-M2M-RI: %s", identifier);
	if (version != NULL && rsc != SIM_RSC_RELEASE_VERSION_NOT_SUPPORTED)
		sim_response_add (response, "X-M2M-RVI: %s", version);
	if (text != NULL)
		sim_response_set_text (response, "application/json", text);
	json_object_set_int_member (exchange->line, "rsc", rsc);
	return response;
}

static SimResponse *
answer_refusal (SimExchange *exchange, const GError *refusal)
{
	g_autoptr (JsonObject) body = json_object_new ();
	g_autofree char *text = NULL;

	json_object_set_string_member (body, "m2m:dbg", refusal->message);
	text = sim_json_text (body);
	sim_log_verdict (exchange->line, refusal);
	return answer (exchange,
		       refusal->domain == SIM_REFUSAL ? refusal->code : SIM_RSC_INTERNAL_ERROR,
		       text);
}

static gboolean
refuse (GError **error, int rsc, const char *why)
{
	g_set_error_literal (error, SIM_REFUSAL, rsc, why);
	return FALSE;
}

/*
 * R-TS9-6.2.2.1-1: "//FQDN/x" travels as "/_/FQDN/x"; the host-relative "/-/x" is routed as well.
 * Gives what follows the FQDN, without a slash at either end.
 */
static char *
target_of (SimExchange *exchange, GError **error)
{
	const char *path = exchange->request->path;
	g_autofree char *prefix = g_strdup_printf ("/_/%s/", exchange->sim->settings->fqdn);
	char *target;

	if (!g_str_has_prefix (path, prefix) && !g_str_has_prefix (path, "/-")) {
		refuse (error, SIM_RSC_NOT_FOUND,
			"R-TS9-6.2.2.1-1: the path does not address this MEF");
		return NULL;
	}
	target = g_strdup (path + (path[1] == '_' ? strlen (prefix) : 1));
	if (g_str_has_suffix (target, "/"))
		target[strlen (target) - 1] = '\0';
	return target;
}

/* R-TS9-6.2 and section 5.1 of the TS-0032 digest. */
static gboolean
check_headers (SimExchange *exchange, GError **error)
{
	const char *from = sim_request_header (exchange->request, "x-m2m-origin");
	const char *identifier = sim_request_header (exchange->request, "x-m2m-ri");
	const char *version = sim_request_header (exchange->request, "x-m2m-rvi");
	const char *wanted = sim_request_header (exchange->request, "accept");
	g_autofree char *word = g_strdup_printf ("|%s|", version != NULL ? version : "1");

	if (identifier == NULL || identifier[0] == '\0')
		return refuse (error, SIM_RSC_BAD_REQUEST, "R-TS4-7.2.1.1-1: no X-M2M-RI");
	if (strstr (sim_policy_text (exchange->sim->settings, SIM_POLICY_RELEASE_VERSIONS), word) ==
	    NULL)
		return refuse (error, SIM_RSC_RELEASE_VERSION_NOT_SUPPORTED,
			       "R-TS4-7.2.1.1-1: X-M2M-RVI");
	if (from == NULL || from[0] == '\0')
		return refuse (error, SIM_RSC_BAD_REQUEST, "R-TS4-7.2.1.1-1: no X-M2M-Origin");
	if (strcmp (from, exchange->peer->client->identity) != 0)
		return refuse (error, SIM_RSC_NOT_AUTHENTICATED,
			       "R-7.2.1-1: X-M2M-Origin is not the authenticated client");
	if (wanted != NULL && strstr (wanted, "json") == NULL && strstr (wanted, "*/*") == NULL)
		return refuse (error, SIM_RSC_NOT_ACCEPTABLE, "R-TS9-6.4: the MEF speaks JSON");
	return TRUE;
}

/* The ty parameter of the Content-Type; -1 without one, -2 for a type that is not JSON. */
static gint64
content_type_number (const SimRequest *request)
{
	const char *type = sim_request_header (request, "content-type");
	g_auto (GStrv) parts = g_strsplit (type != NULL ? type : "", ";", -1);
	gint64 number = -1;

	if (parts[0] == NULL ||
	    (g_ascii_strcasecmp (g_strstrip (parts[0]), "application/json") != 0 &&
	     g_ascii_strcasecmp (parts[0], "application/vnd.onem2m-res+json") != 0))
		return -2;
	for (guint i = 1; parts[i] != NULL; i++)
		if (g_str_has_prefix (g_strstrip (parts[i]), "ty=") &&
		    !g_ascii_string_to_signed (parts[i] + 3, 10, 0, G_MAXINT32, &number, NULL))
			return -2;
	return number;
}

/* The members of the resource in the body (TS-0004 8.4.2: one member named by its prefix and short
 * name). */
static JsonObject *
read_body (SimExchange *exchange, SimType type, JsonNode **whole, GError **error)
{
	const char *root = sim_root_name (exchange->sim->settings->dialect, type);
	const SimRequest *request = exchange->request;
	JsonObject *object;

	*whole = sim_json_parse ((const char *)request->body->data, request->body->len, error);
	if (*whole == NULL)
		return NULL;
	object = JSON_NODE_HOLDS_OBJECT (*whole) ? json_node_get_object (*whole) : NULL;
	if (object == NULL || json_object_get_size (object) != 1 ||
	    sim_json_object (object, root) == NULL) {
		g_set_error (error, SIM_REFUSAL, SIM_RSC_BAD_REQUEST,
			     "R-TS4-8.4.2-1: the content is one object in %s", root);
		return NULL;
	}
	return sim_json_object (object, root);
}

static gboolean
check_no_body (const SimRequest *request, GError **error)
{
	return request->body->len == 0 ||
	       refuse (error, SIM_RSC_BAD_REQUEST, "R-TS4-7.2.1.1-1: no content is due");
}

static JsonObject *
create (SimExchange *exchange, SimType type, char **location, GError **error)
{
	g_autoptr (JsonNode) whole = NULL;
	JsonObject *body = read_body (exchange, type, &whole, error);

	if (body == NULL)
		return NULL;
	return type == SIM_TYPE_CLIENT_REG
		       ? sim_registration_create (exchange, body, location, error)
		       : sim_key_create (exchange, body, location, error);
}

/* POST to the base: the kind of resource is in the Content-Type (TS-0009 6.4.1). */
static SimResponse *
answer_create (SimExchange *exchange, const char *target, GError **error)
{
	guint dialect = exchange->sim->settings->dialect;
	gint64 number = content_type_number (exchange->request);
	SimType type = number == sim_type_number (dialect, SIM_TYPE_KEY_REG) ? SIM_TYPE_KEY_REG
									     : SIM_TYPE_CLIENT_REG;
	g_autofree char *location = NULL;
	g_autoptr (JsonObject) content = json_object_new ();
	JsonObject *members = NULL;
	SimResponse *response;

	if (!sim_exchange_step (exchange, type == SIM_TYPE_KEY_REG ? "key-register" : "register"))
		return NULL;
	if (strcmp (target, "-") != 0)
		refuse (error, SIM_RSC_OPERATION_NOT_ALLOWED,
			"R-8.3.5.2.3-1: a Create goes to the base");
	else if (number == -2)
		refuse (error, SIM_RSC_UNSUPPORTED_MEDIA_TYPE,
			"R-TS9-6.4: Content-Type is not JSON");
	else if (number == -1)
		refuse (error, SIM_RSC_BAD_REQUEST,
			"R-TS4-7.2.1.1-1: no resource type in the Content-Type");
	else if (number != sim_type_number (dialect, type))
		refuse (error, SIM_RSC_INVALID_CHILD_TYPE,
			"R-TS4-7.2.1.1-1: no such resource under the base");
	else if (check_headers (exchange, error))
		members = create (exchange, type, &location, error);
	if (members == NULL)
		return NULL;
	json_object_set_object_member (content, sim_root_name (dialect, type), members);
	g_autofree char *text = sim_json_text (content);
	response = answer (exchange, SIM_RSC_CREATED, text);
	sim_response_add (response, "Content-Location: /_/%s/%s", exchange->sim->settings->fqdn,
			  location);
	return response;
}

static SimResponse *
answer_members (SimExchange *exchange, int rsc, SimType type, JsonObject *members)
{
	g_autoptr (JsonObject) content = json_object_new ();
	g_autofree char *text = NULL;

	if (members == NULL)
		return NULL;
	json_object_set_object_member (
		content, sim_root_name (exchange->sim->settings->dialect, type), members);
	text = sim_json_text (content);
	return answer (exchange, rsc, text);
}

static SimResponse *
answer_update (SimExchange *exchange, const SimResource *resource, GError **error)
{
	g_autoptr (JsonNode) whole = NULL;
	gint64 number = content_type_number (exchange->request);
	JsonObject *body;

	if (number == -2) {
		refuse (error, SIM_RSC_UNSUPPORTED_MEDIA_TYPE,
			"R-TS9-6.4: Content-Type is not JSON");
		return NULL;
	}
	body = read_body (exchange, resource->type, &whole, error);
	if (body == NULL)
		return NULL;
	return answer_members (exchange, SIM_RSC_UPDATED, resource->type,
			       sim_resource_update (exchange, resource, body, error));
}

static const char *
step_name (const SimResource *resource, const char *method)
{
	static const char *const names[SIM_TYPE_N][3] = {
		[SIM_TYPE_MEF_BASE] = {"base-retrieve", "unknown", "unknown"},
		[SIM_TYPE_CLIENT_REG] = {"registration-retrieve", "registration-update",
					 "deregister"},
		[SIM_TYPE_KEY_REG] = {"key-retrieve", "key-update", "key-deregister"},
		[SIM_TYPE_CLIENT_CMD] = {"command-retrieve", "command-update", "unknown"},
	};

	if (!resource->found)
		return "unknown";
	return names[resource->type][strcmp (method, "GET") == 0   ? 0
				     : strcmp (method, "PUT") == 0 ? 1
								   : 2];
}

static SimResponse *
answer_other (SimExchange *exchange, const char *target, GError **error)
{
	const char *method = exchange->request->method;
	SimResource resource = sim_resource_find (exchange->sim, target);

	if (!sim_exchange_step (exchange, step_name (&resource, method)) ||
	    !check_headers (exchange, error))
		return NULL;
	if (!resource.found) {
		refuse (error, SIM_RSC_NOT_FOUND, "TS-0004 7.2: no such resource");
		return NULL;
	}
	if (strcmp (method, "PUT") == 0)
		return answer_update (exchange, &resource, error);
	if (!check_no_body (exchange->request, error))
		return NULL;
	if (strcmp (method, "GET") == 0)
		return answer_members (exchange, SIM_RSC_OK, resource.type,
				       sim_resource_retrieve (exchange, &resource, error));
	if (strcmp (method, "DELETE") == 0 && sim_resource_delete (exchange, &resource, error))
		return answer (exchange, SIM_RSC_DELETED, NULL);
	if (strcmp (method, "DELETE") != 0)
		refuse (error, SIM_RSC_OPERATION_NOT_ALLOWED, "R-TS9-6.2.1-1: no such operation");
	return NULL;
}

/* Misbehaviour instead of the procedure. */
static SimResponse *
answer_fault (SimExchange *exchange, GError **error)
{
	if (exchange->fault.kind == SIM_FAULT_GONE) {
		sim_store_forget_client (exchange->sim->store, exchange->peer->client);
		refuse (error, SIM_RSC_NOT_FOUND, "misbehaviour: the registration is gone");
	} else if (exchange->fault.kind == SIM_FAULT_STATUS) {
		refuse (error, (int)sim_fault_number (&exchange->fault, SIM_RSC_INTERNAL_ERROR),
			"misbehaviour: this status");
	}
	if (exchange->fault.kind == SIM_FAULT_HTTP_STATUS)
		return sim_response_new ((int)sim_fault_number (&exchange->fault, 503));
	return NULL;
}

SimResponse *
sim_mmef_answer (SimExchange *exchange)
{
	g_autoptr (GError) refusal = NULL;
	g_autofree char *target = target_of (exchange, &refusal);
	SimResponse *response = NULL;

	if (target == NULL)
		sim_exchange_step (exchange, "unknown");
	else if (strcmp (exchange->request->method, "POST") == 0)
		response = answer_create (exchange, target, &refusal);
	else
		response = answer_other (exchange, target, &refusal);
	if (response == NULL && refusal == NULL)
		response = answer_fault (exchange, &refusal);
	if (response == NULL)
		return answer_refusal (exchange, refusal);
	sim_log_verdict (exchange->line, NULL);
	return response;
}
