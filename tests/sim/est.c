/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The EST operations and the forms of their answers. */
#include <config.h>

#include "tests/sim/est.h"

#include "tests/sim/der.h"
#include "tests/sim/est-request.h"
#include "tests/sim/refusal.h"

#include <string.h>

/* How often a client's request was answered 202 (RFC 7030 4.2.3: it must come again byte for byte).
 */
typedef struct {
	guint times;
	char digest[65];
} Pending;

static gpointer
refuse (GError **error, int status, const char *why)
{
	g_set_error_literal (error, SIM_EST_REFUSAL, status, why);
	return NULL;
}

/* The operation at the end of the path; NULL when the path is not EST's. */
static const char *
operation (Sim *sim, const char *path)
{
	static const char well_known[] = "/.well-known/est/";
	const char *own = sim_policy_text (sim->settings, SIM_POLICY_EST_PATH), *rest, *slash;

	if (own[0] != '\0' && g_str_has_prefix (path, own) && path[strlen (own)] == '/')
		return path + strlen (own) + 1;
	if (!g_str_has_prefix (path, well_known))
		return NULL;
	rest = path + strlen (well_known);
	slash = strchr (rest, '/');
	/* RFC 7030 3.2.2: one label may stand before the operation. */
	return slash != NULL ? slash + 1 : rest;
}

gboolean
sim_est_path (Sim *sim, const char *path)
{
	return operation (sim, path) != NULL;
}

static char *
wrap (const char *text, const char *line_end)
{
	GString *lines = g_string_new (NULL);

	for (gsize i = 0; text[i] != '\0'; i += MIN (76, strlen (text + i))) {
		g_string_append_len (lines, text + i, (gssize)MIN (76, strlen (text + i)));
		g_string_append (lines, line_end);
	}
	return g_string_free (lines, FALSE);
}

static void
set_body (SimResponse *response, const SimFault *fault, GBytes *der)
{
	gsize length;
	const guint8 *octets = g_bytes_get_data (der, &length);
	g_autoptr (GByteArray) all = g_byte_array_new ();
	g_autofree char *text = NULL, *changed = NULL;

	g_byte_array_append (all, octets, (guint)length);
	if (fault->kind == SIM_FAULT_TRAILING_DATA)
		g_byte_array_append (all, (const guint8 *)"\x30\x03\x02\x01\x00", 5);
	if (fault->kind == SIM_FAULT_RAW_DER) {
		g_byte_array_append (response->body, all->data, all->len);
		return;
	}
	text = g_base64_encode (all->data, all->len);
	if (fault->kind == SIM_FAULT_BROKEN_BASE64)
		text[2] = '!';
	if (fault->kind == SIM_FAULT_CRLF_BASE64)
		changed = wrap (text, "\r\n");
	if (fault->kind == SIM_FAULT_PEM) {
		g_autofree char *lines = wrap (text, "\n");

		changed = g_strdup_printf ("-----BEGIN PKCS7-----\n%s-----END PKCS7-----\n", lines);
	}
	/* One line: strongSwan's client fails on CRLF. */
	g_byte_array_append (response->body, (const guint8 *)(changed != NULL ? changed : text),
			     (guint)strlen (changed != NULL ? changed : text));
}

static void
add (GPtrArray *list, gnutls_x509_crt_t certificate)
{
	g_ptr_array_add (list, sim_certificate_der (certificate));
}

/* leaf (nullable) and the CAs in the order that the answer, or its misbehaviour, wants. */
static SimResponse *
answer_certificates (SimExchange *exchange, gnutls_x509_crt_t leaf)
{
	Sim *sim = exchange->sim;
	SimFaultKind fault = exchange->fault.kind;
	SimCa *ca = fault == SIM_FAULT_FOREIGN_CA ? sim->foreign : sim->ca;
	gboolean chain = leaf == NULL || sim_policy_flag (sim->settings, SIM_POLICY_ENROL_CHAIN);
	g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
	SimResponse *response = sim_response_new (200);

	if (fault == SIM_FAULT_EXTRA_CERTIFICATES) {
		add (list, sim->foreign->root);
		add (list, sim->foreign->issuing);
	}
	if (fault == SIM_FAULT_MISORDERED) {
		add (list, leaf != NULL ? ca->root : ca->issuing);
		add (list, leaf != NULL ? ca->issuing : ca->root);
	}
	if (leaf != NULL)
		add (list, leaf);
	if (fault != SIM_FAULT_MISORDERED && leaf == NULL)
		add (list, ca->root);
	if (fault != SIM_FAULT_MISORDERED && chain && fault != SIM_FAULT_NO_CHAIN)
		add (list, ca->issuing);
	if (fault == SIM_FAULT_EMPTY_PKCS7)
		g_ptr_array_set_size (list, 0);
	g_autoptr (GBytes) der = sim_der_certs_only (list);
	set_body (response, &exchange->fault, der);
	response->content_type = g_strdup ("application/pkcs7-mime; smime-type=certs-only");
	sim_response_add (response, "Content-Transfer-Encoding: base64");
	return response;
}

/* R-8.3.6.2.2-2: a challengePassword with a value, kept until it was used. */
static SimResponse *
answer_attributes (SimExchange *exchange)
{
	Sim *sim = exchange->sim;
	const char *mode = sim_policy_text (sim->settings, SIM_POLICY_CHALLENGE);
	const char *client = exchange->peer->client->name;
	const char *challenge = strcmp (mode, "tls-unique") == 0 ? "" : NULL;
	g_autoptr (GBytes) der = NULL;
	SimResponse *response;

	if (exchange->fault.kind == SIM_FAULT_NO_ATTRIBUTES)
		return sim_response_new ((int)sim_fault_number (&exchange->fault, 204));
	if (strcmp (mode, "value") == 0) {
		if (!g_hash_table_contains (sim->store->challenges, client))
			g_hash_table_insert (sim->store->challenges, g_strdup (client),
					     g_uuid_string_random ());
		challenge = g_hash_table_lookup (sim->store->challenges, client);
	}
	der = exchange->fault.kind == SIM_FAULT_EMPTY_ATTRIBUTES
		      ? g_bytes_new_static ("\x30", 2)
		      : sim_der_csr_attributes (challenge);
	response = sim_response_new (200);
	set_body (response, &exchange->fault, der);
	response->content_type = g_strdup ("application/csrattrs");
	sim_response_add (response, "Content-Transfer-Encoding: base64");
	return response;
}

/* @as_date: the server's clock is a day ahead, and its Date says so */
static SimResponse *
answer_pending (gint64 retry_after, gboolean as_date)
{
	SimResponse *response = sim_response_new (202);
	g_autoptr (GDateTime) now = g_date_time_new_from_unix_utc (sim_now () + 86400);
	g_autoptr (GDateTime) until = g_date_time_add_seconds (now, (double)retry_after);

	if (as_date) {
		g_autofree char *now_text = g_date_time_format (now, "%a, %d %b %Y %H:%M:%S GMT");
		g_autofree char *text = g_date_time_format (until, "%a, %d %b %Y %H:%M:%S GMT");

		sim_response_add (response, "Date: %s", now_text);
		sim_response_add (response, "Retry-After: %s", text);
	} else if (retry_after >= 0)
		sim_response_add (response, "Retry-After: %" G_GINT64_FORMAT, retry_after);
	sim_response_set_text (response, "text/plain", "not yet");
	return response;
}

/* 202 as long as misbehaviour or policy wants; NULL without an error when the request's time has
 * come. */
static SimResponse *
delay (SimExchange *exchange, GError **error)
{
	Sim *sim = exchange->sim;
	const char *client = exchange->peer->client->name;
	Pending *pending = g_hash_table_lookup (sim->store->pending, client);
	g_autofree char *digest = g_compute_checksum_for_data (
		G_CHECKSUM_SHA256, exchange->request->body->data, exchange->request->body->len);

	if (pending != NULL && strcmp (pending->digest, digest) != 0) {
		g_hash_table_remove (sim->store->pending, client);
		return refuse (error, 400,
			       "RFC 7030 4.2.3: another request than the one answered 202");
	}
	if (pending == NULL) {
		pending = g_new0 (Pending, 1);
		g_strlcpy (pending->digest, digest, sizeof pending->digest);
		g_hash_table_insert (sim->store->pending, g_strdup (client), pending);
	}
	if (exchange->fault.kind == SIM_FAULT_PENDING_WITHOUT_TIME)
		return answer_pending (-1, FALSE);
	if (exchange->fault.kind == SIM_FAULT_PENDING ||
	    exchange->fault.kind == SIM_FAULT_PENDING_DATE)
		return answer_pending (sim_fault_number (&exchange->fault, 1),
				       exchange->fault.kind == SIM_FAULT_PENDING_DATE);
	if (pending->times++ < sim_policy_number (sim->settings, SIM_POLICY_EST_PENDING))
		return answer_pending (
			sim_policy_number (sim->settings, SIM_POLICY_EST_RETRY_AFTER), FALSE);
	g_hash_table_remove (sim->store->pending, client);
	return NULL;
}

static void
fill_leaf (SimExchange *exchange, SimLeaf *leaf)
{
	Sim *sim = exchange->sim;
	SimFaultKind fault = exchange->fault.kind;
	gint64 now = sim_now ();

	sim_est_name (exchange->peer->client, &leaf->name_type, &leaf->name);
	leaf->not_before = now - sim_policy_number (sim->settings, SIM_POLICY_CERTIFICATE_BACKDATE);
	leaf->not_after = now + sim_policy_number (sim->settings, SIM_POLICY_CERTIFICATE_VALIDITY);
	if (fault == SIM_FAULT_OTHER_NAME)
		leaf->name = exchange->fault.argument != NULL ? exchange->fault.argument
							      : "//other.example.com/Sother";
	if (fault == SIM_FAULT_WILDCARD_NAME) {
		leaf->name_type = GNUTLS_SAN_DNSNAME;
		leaf->name = "*.example.com";
	}
	leaf->unsigning = fault == SIM_FAULT_UNSIGNING;
	leaf->key_usage = (unsigned)sim_fault_number (&exchange->fault, GNUTLS_KEY_KEY_AGREEMENT);
	if (fault == SIM_FAULT_EXPIRED) {
		leaf->not_before = now - 7200;
		leaf->not_after = now - 60;
	}
	if (fault == SIM_FAULT_NOT_YET_VALID) {
		leaf->not_before = now + 86400;
		leaf->not_after = now + 2 * 86400;
	}
}

/* A spoilt certificate does not become the client's latest one. */
static gboolean
leaf_is_spoilt (SimFaultKind fault)
{
	return fault >= SIM_FAULT_OTHER_KEY && fault <= SIM_FAULT_FOREIGN_CA;
}

static SimResponse *
issue (SimExchange *exchange, gnutls_x509_crq_t request, GError **error)
{
	Sim *sim = exchange->sim;
	SimCa *ca = exchange->fault.kind == SIM_FAULT_FOREIGN_CA ? sim->foreign : sim->ca;
	gnutls_x509_privkey_t other =
		exchange->fault.kind == SIM_FAULT_OTHER_KEY ? sim_key_new (error) : NULL;
	SimLeaf leaf = {.request = other == NULL ? request : NULL,
			.key = other,
			.common_name = exchange->peer->client->identity};
	gnutls_x509_crt_t certificate;
	SimResponse *response = NULL;

	fill_leaf (exchange, &leaf);
	certificate = sim_ca_issue (ca, &leaf, error);
	if (certificate != NULL) {
		g_autoptr (GBytes) der = sim_certificate_der (certificate);
		g_autofree char *serial = sim_certificate_serial (certificate);

		if (!leaf_is_spoilt (exchange->fault.kind))
			sim_store_note_issued (sim->store, exchange->peer->client, leaf.not_before,
					       leaf.not_after, der, serial);
		json_object_set_string_member (exchange->line, "serial", serial);
		response = answer_certificates (exchange, certificate);
		gnutls_x509_crt_deinit (certificate);
	}
	g_clear_pointer (&other, gnutls_x509_privkey_deinit);
	return response;
}

static SimResponse *
enrol (SimExchange *exchange, gboolean renewal, GError **error)
{
	gnutls_x509_crq_t request = sim_est_read_request (exchange, renewal, error);
	SimResponse *response;

	if (request == NULL)
		return NULL;
	response = delay (exchange, error);
	if (response == NULL && (error == NULL || *error == NULL)) {
		response = issue (exchange, request, error);
		g_hash_table_remove (exchange->sim->store->challenges,
				     exchange->peer->client->name);
	}
	gnutls_x509_crq_deinit (request);
	return response;
}

static SimResponse *
perform (SimExchange *exchange, const char *name, GError **error)
{
	gboolean get = strcmp (exchange->request->method, "GET") == 0;

	if (sim_request_header (exchange->request, "authorization") != NULL)
		return refuse (error, 400, "R-8.3.6-4: HTTP authentication shall not be used");
	if (strcmp (name, "simpleenroll") == 0 || strcmp (name, "simplereenroll") == 0)
		return enrol (exchange, strcmp (name, "simplereenroll") == 0, error);
	if (!get || exchange->request->body->len > 0)
		return refuse (error, 405,
			       "RFC 7030 3.2.2: this operation is a GET without content");
	return strcmp (name, "cacerts") == 0 ? answer_certificates (exchange, NULL)
					     : answer_attributes (exchange);
}

static SimResponse *
answer_refusal (SimExchange *exchange, const GError *refusal)
{
	SimResponse *response =
		sim_response_new (refusal->domain == SIM_EST_REFUSAL ? refusal->code : 500);

	sim_log_verdict (exchange->line, refusal);
	sim_response_set_text (response, "text/plain", refusal->message);
	return response;
}

SimResponse *
sim_est_answer (SimExchange *exchange)
{
	static const char *const known[] = {"cacerts", "csrattrs", "simpleenroll", "simplereenroll",
					    NULL};
	const char *name = operation (exchange->sim, exchange->request->path);
	g_autoptr (GError) refusal = NULL;
	SimResponse *response = NULL;

	if (!g_strv_contains (known, name)) {
		sim_exchange_step (exchange, "unknown");
		refuse (&refusal, 404, "RFC 7030 3.2.2: no such operation");
	} else if (sim_exchange_step (exchange, name)) {
		response = perform (exchange, name, &refusal);
	} else {
		int status = (int)sim_fault_number (&exchange->fault, 503);

		refuse (&refusal, status < 600 ? status : 500, "misbehaviour: this status");
	}
	if (response == NULL)
		return answer_refusal (exchange, refusal);
	sim_log_verdict (exchange->line, NULL);
	return response;
}

char *
sim_est_issue_directly (Sim *sim, const SimClient *client, GError **error)
{
	gint64 now = sim_now ();
	gnutls_x509_privkey_t key = sim_key_new (error);
	SimLeaf leaf = {.key = key, .common_name = client->identity, .not_before = now};
	gnutls_x509_crt_t certificate;
	gnutls_datum_t pem[3] = {{NULL, 0}};
	char *text = NULL;

	if (key == NULL)
		return NULL;
	sim_est_name (client, &leaf.name_type, &leaf.name);
	leaf.not_after = now + sim_policy_number (sim->settings, SIM_POLICY_CERTIFICATE_VALIDITY);
	certificate = sim_ca_issue (sim->ca, &leaf, error);
	if (certificate != NULL) {
		gnutls_x509_privkey_export2_pkcs8 (key, GNUTLS_X509_FMT_PEM, NULL,
						   GNUTLS_PKCS_PLAIN, &pem[0]);
		gnutls_x509_crt_export2 (certificate, GNUTLS_X509_FMT_PEM, &pem[1]);
		gnutls_x509_crt_export2 (sim->ca->issuing, GNUTLS_X509_FMT_PEM, &pem[2]);
		text = g_strdup_printf ("%s%s%s", pem[0].data, pem[1].data, pem[2].data);
		gnutls_x509_crt_deinit (certificate);
	}
	for (guint i = 0; i < 3; i++)
		gnutls_free (pem[i].data);
	gnutls_x509_privkey_deinit (key);
	return text;
}
