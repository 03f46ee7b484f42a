/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests to the MEF.
 */
#include <config.h>

#include "provisioner/exchange/mef.h"

#include "provisioner/error.h"
#include "provisioner/exchange/bind-http.h"

/* Decision 9. */
static const char *const releases[] = {"4", "3", "2a", "2"};

static gboolean
lower_release (PvExchange *exchange)
{
	for (guint i = 0; i + 1 < G_N_ELEMENTS (releases); i++) {
		if (!g_str_equal (releases[i], exchange->release))
			continue;
		g_free (exchange->release);
		exchange->release = g_strdup (releases[i + 1]);
		return TRUE;
	}
	return FALSE;
}

static gboolean
send_once (PvExchange *exchange,
	   PvTransport *transport,
	   PvRequest *request,
	   guint expected,
	   JsonNode **content,
	   GError **error)
{
	const PvDialect *dialect = exchange->job->dialect;
	g_autoptr (PvResponse) response = NULL;

	g_free (request->from);
	g_free (request->request_id);
	g_free (request->release);
	request->from = g_strdup (exchange->job->client_id);
	request->request_id = g_uuid_string_random ();
	request->release = g_strdup (exchange->release);
	response = pv_bind_http_exchange (transport, dialect, request, error);
	if (response == NULL ||
	    !pv_response_check (dialect, response, request->request_id, expected, error))
		return FALSE;
	if (content != NULL)
		*content = g_steal_pointer (&response->content);
	return TRUE;
}

static void
hint (GError *error)
{
	char *text = g_strdup_printf ("%s; %s", error->message, PV_DIALECT_HINT);

	g_free (error->message);
	error->message = text;
}

gboolean
pv_mef_request (PvExchange *exchange,
		PvTransport *transport,
		PvRequest *request,
		guint expected,
		JsonNode **content,
		GError **error)
{
	for (;;) {
		g_autoptr (GError) cause = NULL;

		if (send_once (exchange, transport, request, expected, content, &cause))
			return TRUE;
		if (g_error_matches (cause, PV_ERROR, PV_ERROR_RELEASE) && lower_release (exchange))
			continue;
		if (g_error_matches (cause, PV_ERROR, PV_ERROR_CREDENTIAL) &&
		    pv_transport_give_way (transport, &cause))
			continue;
		if (g_error_matches (cause, PV_ERROR, PV_ERROR_REQUEST))
			hint (cause);
		g_propagate_error (error, g_steal_pointer (&cause));
		return FALSE;
	}
}

gboolean
pv_mef_create (PvExchange *exchange,
	       PvTransport *transport,
	       guint type,
	       JsonNode *content,
	       JsonNode **answer,
	       GError **error)
{
	g_autofree char *to = pv_address_base (exchange->job->dialect, exchange->job->mef_fqdn);
	g_autoptr (PvRequest) request = pv_request_new (PV_CREATE, to);

	g_autoptr (GError) cause = NULL;

	request->resource_type = type;
	request->content = content;
	if (pv_mef_request (exchange, transport, request, PV_RSC_CREATED, answer, &cause))
		return TRUE;
	if (g_error_matches (cause, PV_ERROR, PV_ERROR_NOT_FOUND))
		hint (cause); /* the base is there, under another path */
	g_propagate_error (error, g_steal_pointer (&cause));
	return FALSE;
}

static gboolean
child_in_form (PvExchange *exchange,
	       PvTransport *transport,
	       PvOperation operation,
	       const char *id,
	       gboolean other_form,
	       JsonNode *content,
	       JsonNode **answer,
	       GError **error)
{
	static const guint expected[] = {
		[PV_RETRIEVE] = PV_RSC_OK,
		[PV_UPDATE] = PV_RSC_UPDATED,
		[PV_DELETE] = PV_RSC_DELETED,
	};
	g_autofree char *to = pv_address_child (exchange->job->dialect, exchange->job->mef_fqdn, id,
						other_form, error);
	g_autoptr (PvRequest) request = to != NULL ? pv_request_new (operation, to) : NULL;

	if (request == NULL)
		return FALSE;
	if (operation == PV_RETRIEVE)
		request->result_content = PV_RESULT_CONTENT_CHILD_REFERENCES;
	if (content != NULL)
		request->content = json_node_ref (content);
	return pv_mef_request (exchange, transport, request, expected[operation], answer, error);
}

gboolean
pv_mef_child (PvExchange *exchange,
	      PvTransport *transport,
	      PvOperation operation,
	      const char *id,
	      JsonNode *content,
	      JsonNode **answer,
	      GError **error)
{
	g_autoptr (GError) cause = NULL;

	if (child_in_form (exchange, transport, operation, id, FALSE, content, answer, &cause))
		return TRUE;
	if (g_error_matches (cause, PV_ERROR, PV_ERROR_NOT_FOUND) &&
	    child_in_form (exchange, transport, operation, id, TRUE, content, answer, NULL))
		return TRUE;
	g_propagate_error (error, g_steal_pointer (&cause));
	return FALSE;
}

gboolean
pv_mef_base (PvExchange *exchange, JsonNode **answer, GError **error)
{
	g_autofree char *to = pv_address_base (exchange->job->dialect, exchange->job->mef_fqdn);
	g_autoptr (PvRequest) request = pv_request_new (PV_RETRIEVE, to);

	request->result_content = PV_RESULT_CONTENT_CHILD_REFERENCES;
	return pv_mef_request (exchange, exchange->session->transport, request, PV_RSC_OK, answer,
			       error);
}

static gboolean
is_gone (PvExchange *exchange, const char *id, GError **error)
{
	g_autoptr (GError) cause = NULL;
	g_autoptr (JsonNode) content = NULL;

	if (pv_mef_child (exchange, exchange->session->transport, PV_RETRIEVE, id, NULL, &content,
			  &cause)) {
		g_set_error (error, PV_ERROR, PV_ERROR_MISMATCH,
			     "the MEF called it deleted, and still has it");
		return FALSE;
	}
	if (g_error_matches (cause, PV_ERROR, PV_ERROR_NOT_FOUND))
		return TRUE;
	g_propagate_error (error, g_steal_pointer (&cause));
	return FALSE;
}

gboolean
pv_mef_remove (PvExchange *exchange, const char *id, PvMefRemoval *removal, GError **error)
{
	g_autoptr (GError) cause = NULL;
	gboolean answered;

	*removal = PV_MEF_KEPT;
	if (pv_mef_child (exchange, exchange->session->transport, PV_DELETE, id, NULL, NULL,
			  &cause) &&
	    is_gone (exchange, id, &cause))
		*removal = PV_MEF_REMOVED;
	else if (g_error_matches (cause, PV_ERROR, PV_ERROR_NOT_FOUND))
		*removal = PV_MEF_ABSENT;
	if (*removal != PV_MEF_KEPT)
		return TRUE;
	answered = pv_mef_is_answer (cause);
	g_propagate_error (error, g_steal_pointer (&cause));
	return answered;
}

const char *
pv_mef_removal_word (PvMefRemoval removal)
{
	static const char *const words[] = {
		[PV_MEF_REMOVED] = "removed",
		[PV_MEF_ABSENT] = "absent",
		[PV_MEF_KEPT] = "refused",
	};

	return words[removal];
}

gboolean
pv_mef_is_answer (const GError *error)
{
	static const PvErrorCode answers[] = {PV_ERROR_MISMATCH,       PV_ERROR_MALFORMED,
					      PV_ERROR_REQUEST,        PV_ERROR_NOT_FOUND,
					      PV_ERROR_NOT_AUTHORISED, PV_ERROR_CONFLICT,
					      PV_ERROR_RELEASE};

	for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
		if (g_error_matches (error, PV_ERROR, answers[i]))
			return TRUE;
	return FALSE;
}
