/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests to the MEF: what every one of them carries, and what is tried again at once.
 *
 * Spec: TS-0032, TS-0004 7.2.1.1
 */
#pragma once

#include "provisioner/exchange/exchange.h"
#include "provisioner/primitive.h"

/**
 * pv_mef_request:
 * @exchange: whose release is lowered when the MEF does not support it (decision 9)
 * @transport: an authenticated session
 * @request: operation, address, type, content
 * @expected: status of success
 * @content: (out) (optional) (nullable) (transfer full): content of the answer
 * @error: return location for an error
 *
 * Errors: those of pv_bind_http_exchange() and pv_response_check()
 */
gboolean pv_mef_request (PvExchange *exchange,
			 PvTransport *transport,
			 PvRequest *request,
			 guint expected,
			 JsonNode **content,
			 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_mef_create:
 * @content: (transfer full): the resource
 *
 * Creates a resource under the MEF's base.
 */
gboolean pv_mef_create (PvExchange *exchange,
			PvTransport *transport,
			guint type,
			JsonNode *content,
			JsonNode **answer,
			GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_mef_child:
 * @operation: Retrieve, Update or Delete
 * @id: identifier out of an answer
 * @content: (nullable): of an Update
 *
 * Addresses a known resource in the dialect's form, and after 4004 once in the other.
 */
gboolean pv_mef_child (PvExchange *exchange,
		       PvTransport *transport,
		       PvOperation operation,
		       const char *id,
		       JsonNode *content,
		       JsonNode **answer,
		       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_mef_base:
 * @answer: (out) (nullable) (transfer full): the <MEFBase> with references of its children
 *
 * Retrieves the MEF's base.
 */
gboolean
pv_mef_base (PvExchange *exchange, JsonNode **answer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef enum {
	PV_MEF_REMOVED, /* the MEF says it is deleted, and that it has it no more */
	PV_MEF_ABSENT,  /* it had it no more before (4004) */
	PV_MEF_KEPT,    /* it refused, or says that it still has it */
} PvMefRemoval;

/**
 * pv_mef_remove:
 * @id: of a registration or a key
 * @removal: (out): what became of it
 * @error: return location for an error
 *
 * Deletes a resource, and looks whether it is gone.
 *
 * Returns: whether the MEF answered; with %PV_MEF_KEPT @error tells why.
 */
gboolean pv_mef_remove (PvExchange *exchange,
			const char *id,
			PvMefRemoval *removal,
			GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** Returns: "removed", "absent" or "refused". */
const char *pv_mef_removal_word (PvMefRemoval removal);

/**
 * pv_mef_is_answer:
 * @error: of a request
 *
 * Returns: whether the MEF answered the request, and refused it.
 */
gboolean pv_mef_is_answer (const GError *error);
