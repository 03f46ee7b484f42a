/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * oneM2M primitives: addresses, content, and what a response status means.
 */
#include <config.h>

#include "provisioner/primitive.h"

#include "provisioner/codec-json.h"
#include "provisioner/error.h"
#include "provisioner/limits.h"

#include <string.h>

PvRequest *
pv_request_new (PvOperation operation, const char *to)
{
	PvRequest *request = g_new0 (PvRequest, 1);

	request->operation = operation;
	request->to = g_strdup (to);
	return request;
}

void
pv_request_free (PvRequest *request)
{
	if (request == NULL)
		return;
	g_free (request->to);
	g_free (request->from);
	g_free (request->request_id);
	g_free (request->release);
	g_clear_pointer (&request->content, json_node_unref);
	g_free (request);
}

void
pv_response_free (PvResponse *response)
{
	if (response == NULL)
		return;
	g_free (response->request_id);
	g_clear_pointer (&response->content, json_node_unref);
	g_free (response);
}

char *
pv_address_base (const PvDialect *dialect, const char *fqdn)
{
	return g_strdup_printf ("//%s/%s", fqdn, dialect->base);
}

/* 1*unreserved with slashes between; no empty or dot segments, so no id climbs out of its place. */
static gboolean
path_is_valid (const char *path)
{
	g_auto (GStrv) segments = g_strsplit (path, "/", -1);

	if (*path == '\0' || strlen (path) > PV_ID_MAX)
		return FALSE;
	for (guint i = 0; segments[i] != NULL; i++) {
		const char *segment = segments[i];
		if (*segment == '\0' || g_str_equal (segment, ".") || g_str_equal (segment, ".."))
			return FALSE;
		for (; *segment != '\0'; segment++)
			if (!g_ascii_isalnum (*segment) && strchr ("-._~", *segment) == NULL)
				return FALSE;
	}
	return TRUE;
}

/* What stands behind the host, in whichever form the MEF wrote it. */
static const char *
path_of_id (const char *id)
{
	const char *slash;

	if (!g_str_has_prefix (id, "//"))
		return id[0] == '/' ? id + 1 : id;
	slash = strchr (id + 2, '/');
	return slash != NULL ? slash + 1 : "";
}

gboolean
pv_resource_id_is_valid (const char *id)
{
	return path_is_valid (path_of_id (id));
}

char *
pv_address_child (const PvDialect *dialect,
		  const char *fqdn,
		  const char *id,
		  gboolean other_form,
		  GError **error)
{
	g_autofree char *own = g_strdup_printf ("//%s/", fqdn);
	gboolean elsewhere = g_str_has_prefix (id, "//") && !g_str_has_prefix (id, own);
	const char *path = path_of_id (id);
	gboolean structured = (dialect->child_form == PV_CHILD_STRUCTURED) != other_form;

	if (elsewhere || !path_is_valid (path)) {
		g_autofree char *shown = g_strescape (id, NULL);
		g_set_error (error, PV_ERROR, PV_ERROR_MALFORMED,
			     "“%.80s” is not a resource identifier", shown);
		return NULL;
	}
	if (strchr (path, '/') != NULL || !structured)
		return g_strdup_printf ("//%s/%s", fqdn, path);
	return g_strdup_printf ("//%s/%s%s%s", fqdn, dialect->base,
				g_str_has_suffix (dialect->base, "/") ? "" : "/", path);
}

JsonNode *
pv_content_wrap (const PvDialect *dialect, PvName type, JsonObject *resource)
{
	const char *prefix = pv_dialect_prefix (dialect);
	g_autofree char *member = g_strconcat (prefix, *prefix != '\0' ? ":" : "",
					       pv_dialect_sent (dialect, type), NULL);
	JsonObject *root = json_object_new ();
	JsonNode *node = json_node_new (JSON_NODE_OBJECT);

	json_object_set_object_member (root, member, resource);
	json_node_take_object (node, root);
	return node;
}

JsonObject *
pv_content_unwrap (const PvDialect *dialect, PvName type, JsonNode *content, GError **error)
{
	const char *name = pv_name_entry (type)->long_name;
	const char *spelled;
	JsonNode *member;

	if (content == NULL) {
		g_set_error (error, PV_ERROR, PV_ERROR_MALFORMED, "the answer carries no %s", name);
		return NULL;
	}
	spelled = pv_json_spelled (dialect, json_node_get_object (content), type);
	member = pv_json_member (dialect, json_node_get_object (content), type);
	if (spelled == NULL || !JSON_NODE_HOLDS_OBJECT (member)) {
		g_set_error (error, PV_ERROR, PV_ERROR_MALFORMED,
			     "the answer's content is not a %s (%s:%s); %s", name,
			     pv_dialect_prefix (dialect), pv_dialect_sent (dialect, type),
			     PV_DIALECT_HINT);
		return NULL;
	}
	pv_dialect_hear_prefix (dialect, spelled);
	return json_node_get_object (member);
}

/* As operators of MEFs know them (TS-0004 6.6.3). */
static const char *
status_name (guint status)
{
	static const struct {
		guint status;
		const char *name;
	} names[] = {
		{4000, " BAD_REQUEST"},
		{4001, " RELEASE_VERSION_NOT_SUPPORTED"},
		{4004, " NOT_FOUND"},
		{4005, " OPERATION_NOT_ALLOWED"},
		{4008, " REQUEST_TIMEOUT"},
		{4015, " UNSUPPORTED_MEDIA_TYPE"},
		{4102, " CONTENTS_UNACCEPTABLE"},
		{4103, " ORIGINATOR_HAS_NO_PRIVILEGE"},
		{4105, " CONFLICT"},
		{4106, " ORIGINATOR_NOT_AUTHENTICATED"},
		{4107, " SECURITY_ASSOCIATION_REQUIRED"},
		{4108, " INVALID_CHILD_RESOURCE_TYPE"},
		{4117, " ORIGINATOR_HAS_ALREADY_REGISTERED"},
		{5000, " INTERNAL_SERVER_ERROR"},
		{5001, " NOT_IMPLEMENTED"},
		{5207, " NOT_ACCEPTABLE"},
	};

	for (guint i = 0; i < G_N_ELEMENTS (names); i++)
		if (names[i].status == status)
			return names[i].name;
	return "";
}

static PvErrorCode
error_of_status (guint status)
{
	switch (status) {
	case 4001:
		return PV_ERROR_RELEASE;
	case 4004:
		return PV_ERROR_NOT_FOUND;
	case 4008:
		return PV_ERROR_TIMEOUT;
	case 4103:
	case 5105:
		return PV_ERROR_NOT_AUTHORISED;
	case 4106: /* section 5.1 of the TS-0032 digest: credential or From wrong */
	case 4107:
		return PV_ERROR_CREDENTIAL;
	case 4105:
	case 4117:
	case 5106:
		return PV_ERROR_CONFLICT;
	case 5001:
	case 5207:
		return PV_ERROR_REQUEST;
	}
	/* By class: 4xxx final, 5xxx and 6xxx repeat; a 2xxx that is not the expected one, or a
	 * 1xxx, contradicts the blocking request. */
	if (status >= 5000 && status < 7000)
		return PV_ERROR_SERVER;
	return status >= 4000 && status < 5000 ? PV_ERROR_REQUEST : PV_ERROR_MISMATCH;
}

/* m2m:dbg: shown, never parsed. */
static char *
debug_text (const PvDialect *dialect, JsonNode *content)
{
	JsonNode *node = content == NULL ? NULL
					 : pv_json_member (dialect, json_node_get_object (content),
							   PV_NAME_DEBUG_INFO);
	g_autofree char *shown = NULL;

	if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) ||
	    json_node_get_value_type (node) != G_TYPE_STRING)
		return g_strdup ("");
	shown = g_strescape (json_node_get_string (node), NULL);
	return g_strdup_printf (": %.200s", shown);
}

gboolean
pv_response_check (const PvDialect *dialect,
		   const PvResponse *response,
		   const char *request_id,
		   guint expected,
		   GError **error)
{
	g_autofree char *debug = NULL;

	if (response->request_id != NULL && !g_str_equal (response->request_id, request_id)) {
		g_set_error (error, PV_ERROR, PV_ERROR_MISMATCH,
			     "the answer belongs to another request");
		return FALSE;
	}
	if (response->status == expected)
		return TRUE;
	debug = debug_text (dialect, response->content);
	g_set_error (error, PV_ERROR, error_of_status (response->status), "the MEF answered %u%s%s",
		     response->status, status_name (response->status), debug);
	if (error != NULL)
		pv_error_set_retry_after (*error, response->retry_after_s);
	return FALSE;
}
