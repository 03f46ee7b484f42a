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
