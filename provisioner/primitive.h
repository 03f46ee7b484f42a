/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * oneM2M request and response primitives, free of any binding. Content is a tree of the JSON model,
 * which CBOR shares: one object with one member that names the resource.
 *
 * Spec: TS-0004 7.2 and 8.2, TS-0032
 */
#pragma once

#include "provisioner/dialect.h"

#include <json-glib/json-glib.h>

typedef enum {
	PV_CREATE = 1,
	PV_RETRIEVE = 2,
	PV_UPDATE = 3,
	PV_DELETE = 4,
} PvOperation;

#define PV_RESULT_CONTENT_DEFAULT 0
#define PV_RESULT_CONTENT_CHILD_REFERENCES 5 /* attributes and references of children */

typedef struct {
	PvOperation operation;
	char *to; /* absolute: //fqdn/... */
	char *from;
	char *request_id;
	char *release;
	guint resource_type;  /* Create only, else 0 */
	guint result_content; /* PV_RESULT_CONTENT_... */
	JsonNode *content;    /* (nullable) */
} PvRequest;

typedef struct {
	guint status;        /* rsc */
	guint retry_after_s; /* 0: the MEF did not say */
	char *request_id;    /* (nullable) */
	JsonNode *content;   /* (nullable) */
} PvResponse;

/* The status codes that somebody acts on (TS-0004 6.6.3). */
typedef enum {
	PV_RSC_OK = 2000,
	PV_RSC_CREATED = 2001,
	PV_RSC_DELETED = 2002,
	PV_RSC_UPDATED = 2004,
	PV_RSC_BAD_REQUEST = 4000,
	PV_RSC_RELEASE_VERSION_NOT_SUPPORTED = 4001,
	PV_RSC_NOT_FOUND = 4004,
	PV_RSC_CONFLICT = 4105,
	PV_RSC_ALREADY_REGISTERED = 4117,
} PvStatusCode;

PvRequest *pv_request_new (PvOperation operation, const char *to);
void pv_request_free (PvRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvRequest, pv_request_free)

void pv_response_free (PvResponse *response);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvResponse, pv_response_free)

/**
 * pv_address_base:
 * @dialect: the MEF's
 * @fqdn: the MEF's
 *
 * Returns: (transfer full): `//fqdn/-`, where resources are created.
 */
char *pv_address_base (const PvDialect *dialect, const char *fqdn);

/**
 * pv_address_child:
 * @dialect: the MEF's
 * @fqdn: the MEF's
 * @id: a resource identifier out of a response, used byte for byte
 * @other_form: whether to use the form that the dialect does not prefer (once, after 4004)
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): `//fqdn/{id}` or `//fqdn/-/{id}`; an @id that is a path
 * already (`-/x`, `/x`) keeps its own form.
 * Errors: PV_ERROR/MALFORMED for characters that no resource identifier has
 */
char *pv_address_child (const PvDialect *dialect,
			const char *fqdn,
			const char *id,
			gboolean other_form,
			GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_resource_id_is_valid:
 * @id: a resource identifier out of a response
 *
 * Returns: whether it can be one: `x`, `-/x`, `/x`, `//host/x` of unreserved characters, no longer than
 * %PV_ID_MAX, without segments that climb (TS-0004 6.2.4).
 */
gboolean pv_resource_id_is_valid (const char *id);

/**
 * pv_content_wrap:
 * @dialect: the MEF's
 * @type: the resource's name
 * @resource: (transfer full): its members
 *
 * Returns: (transfer full): `{"sec:<short name>": resource}`.
 */
JsonNode *pv_content_wrap (const PvDialect *dialect, PvName type, JsonObject *resource);

/**
 * pv_content_unwrap:
 * @dialect: the MEF's
 * @type: the resource that is expected
 * @content: (nullable): a response's content
 * @error: return location for an error
 *
 * Returns: (transfer none) (nullable): the resource's members.
 * Errors: PV_ERROR/MALFORMED
 */
JsonObject *pv_content_unwrap (const PvDialect *dialect,
			       PvName type,
			       JsonNode *content,
			       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_response_check:
 * @dialect: the MEF's
 * @response: a response
 * @request_id: what the request carried
 * @expected: the status of success
 * @error: return location for an error
 *
 * Returns: whether the response answers the request with @expected.
 * Errors: by the table of TS-0003 digest 8: REQUEST, NOT_FOUND, NOT_AUTHORISED, CONFLICT, RELEASE,
 * SERVER; PV_ERROR/MISMATCH for another request's answer
 */
gboolean pv_response_check (const PvDialect *dialect,
			    const PvResponse *response,
			    const char *request_id,
			    guint expected,
			    GError **error) G_GNUC_WARN_UNUSED_RESULT;
