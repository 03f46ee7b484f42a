/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of the PKCS#10 request. */
#include <config.h>

#include "tests/sim/est-request.h"

#include "tests/sim/refusal.h"
#include "tests/sim/tls.h"

#include <gnutls/abstract.h>
#include <string.h>

static gboolean
refuse (GError **error, int status, const char *why)
{
	g_set_error_literal (error, SIM_EST_REFUSAL, status, why);
	return FALSE;
}

void
sim_est_name (const SimClient *client, gnutls_x509_subject_alt_name_t *type, const char **name)
{
	gboolean domain = client->subject == SIM_SUBJECT_CSE;

	/* A14: a Node-ID is a URI when it contains ':', else a dNSName. */
	if (client->subject == SIM_SUBJECT_NODE && strchr (client->identity, ':') == NULL)
		domain = TRUE;
	*type = domain ? GNUTLS_SAN_DNSNAME : GNUTLS_SAN_URI;
	*name = domain && client->domain_name != NULL ? client->domain_name : client->identity;
}

/* RFC 8951 3: base64 of RFC 4648 section 4, white space allowed, nothing else. */
static GBytes *
decode (const GByteArray *body, GError **error)
{
	g_autoptr (GString) text = g_string_new (NULL);
	gsize length;
	guchar *octets;

	for (guint i = 0; i < body->len; i++) {
		char c = (char)body->data[i];

		if (!g_ascii_isspace (c))
			g_string_append_c (text, c);
	}
	if (text->len % 4 != 0 || strlen (text->str) != text->len ||
	    !g_regex_match_simple ("^[A-Za-z0-9+/]+={0,2}$", text->str, G_REGEX_DOLLAR_ENDONLY,
				   0)) {
		refuse (error, 400, "RFC 8951 3: the body is not base64");
		return NULL;
	}
	octets = g_base64_decode (text->str, &length);
	return g_bytes_new_take (octets, length);
}

/* R-10.1.1.1-2, R-10.1.1.1-4: P-256 and SHA-256. */
static gboolean
check_algorithms (gnutls_x509_crq_t request, GError **error)
{
	gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
	gnutls_pubkey_t key;
	int result;

	gnutls_pubkey_init (&key);
	result = gnutls_pubkey_import_x509_crq (key, request, 0);
	if (result >= 0)
		result = gnutls_pubkey_export_ecc_raw2 (key, &curve, NULL, NULL, 0);
	gnutls_pubkey_deinit (key);
	if (result < 0 || curve != GNUTLS_ECC_CURVE_SECP256R1)
		return refuse (error, 400, "R-10.1.1.1-2: the key is not on P-256");
	if (gnutls_x509_crq_get_signature_algorithm (request) != GNUTLS_SIGN_ECDSA_SHA256)
		return refuse (error, 400,
			       "R-10.1.1.1-4: the request is not signed by ECDSA with SHA-256");
	return TRUE;
}

/* R-10.1.4-1: one subjectAltName, the client's own, in the right name type. */
static gboolean
check_name (gnutls_x509_crq_t request, const SimClient *client, GError **error)
{
	gnutls_x509_subject_alt_name_t type;
	const char *wanted;
	char name[512] = "", more[512];
	size_t size = sizeof name - 1, more_size = sizeof more;
	unsigned found = 0, other;

	sim_est_name (client, &type, &wanted);
	if (gnutls_x509_crq_get_subject_alt_name (request, 0, name, &size, &found, NULL) < 0)
		return refuse (error, 400, "R-10.1.4-1: no subjectAltName");
	name[size] = '\0';
	if (found != (unsigned)type || strcmp (name, wanted) != 0)
		return refuse (error, 403,
			       "R-8.3.6.2.2-3: subjectAltName is not the authenticated identity in "
			       "its name type");
	if (gnutls_x509_crq_get_subject_alt_name (request, 1, more, &more_size, &other, NULL) >= 0)
		return refuse (error, 403, "R-10.1.4-1: more than one subjectAltName");
	return TRUE;
}

/* R-8.3.6.2.2-3, A25. */
static gboolean
check_challenge (SimExchange *exchange, gnutls_x509_crq_t request, GError **error)
{
	Sim *sim = exchange->sim;
	const char *mode = sim_policy_text (sim->settings, SIM_POLICY_CHALLENGE);
	const char *given =
		g_hash_table_lookup (sim->store->challenges, exchange->peer->client->name);
	g_autofree char *unique = NULL;
	g_autofree char *plain = NULL;
	char password[256] = "";
	size_t size = sizeof password - 1;

	if (strcmp (mode, "none") == 0)
		return TRUE;
	if (gnutls_x509_crq_get_challenge_password (request, password, &size) < 0)
		return refuse (error, 400, "R-8.3.6.2.2-3: no challengePassword");
	password[MIN (size, sizeof password - 1)] = '\0';
	if (strcmp (mode, "tls-unique") == 0)
		given = unique = sim_tls_unique (exchange->peer);
	if (given == NULL)
		return refuse (error, 400, "R-8.3.6.2.2-1: csrattrs was not asked before");
	/* GnuTLS tells it as it would a part of a name, with a backslash before a plus (RFC 4514). */
	plain = g_strcompress (password);
	if (strcmp (plain, given) != 0)
		return refuse (error, 403,
			       "R-8.3.6.2.2-3: challengePassword is not what csrattrs gave");
	return TRUE;
}

static gboolean
check_extensions (gnutls_x509_crq_t request, GError **error)
{
	unsigned usage = 0, ca = 0;

	if (gnutls_x509_crq_get_key_usage (request, &usage, NULL) >= 0 &&
	    (usage & GNUTLS_KEY_DIGITAL_SIGNATURE) == 0)
		return refuse (error, 400, "R-10.1.1.1-5: keyUsage without digitalSignature");
	if (gnutls_x509_crq_get_basic_constraints (request, NULL, &ca, NULL) >= 0 && ca != 0)
		return refuse (error, 403, "RFC 5280 4.2.1.9: asks for a CA");
	return TRUE;
}

/* R-8.3.6.2.3-1, RFC 7030 4.2.2: on a session of the certificate being renewed, subject unchanged.
 */
static gboolean
check_renewal (SimExchange *exchange, gnutls_x509_crq_t request, GError **error)
{
	gnutls_datum_t der = {NULL, 0}, old = {NULL, 0}, asked = {NULL, 0};
	gnutls_x509_crt_t certificate;
	gsize length = 0;
	gboolean same;

	if (!exchange->peer->by_certificate)
		return refuse (error, 403,
			       "R-8.3.6.2.3-1: simplereenroll needs the EST client certificate");
	der.data = (guint8 *)g_bytes_get_data (exchange->peer->certificate, &length);
	der.size = (unsigned)length;
	gnutls_x509_crt_init (&certificate);
	gnutls_x509_crt_import (certificate, &der, GNUTLS_X509_FMT_DER);
	gnutls_x509_crt_get_dn3 (certificate, &old, 0);
	gnutls_x509_crq_get_dn3 (request, &asked, 0);
	same = old.size == asked.size &&
	       (old.size == 0 || memcmp (old.data, asked.data, old.size) == 0);
	gnutls_free (old.data);
	gnutls_free (asked.data);
	gnutls_x509_crt_deinit (certificate);
	return same ||
	       refuse (error, 403, "RFC 7030 4.2.2: the subject differs from the certificate's");
}

static gboolean
check_head (const SimRequest *request, GError **error)
{
	const char *type = sim_request_header (request, "content-type");

	if (strcmp (request->method, "POST") != 0)
		return refuse (error, 405, "RFC 7030 4.2: a request is posted");
	if (type == NULL || g_ascii_strcasecmp (type, "application/pkcs10") != 0)
		return refuse (error, 415,
			       "RFC 7030 4.2.1: Content-Type is not application/pkcs10");
	return TRUE;
}

static gboolean
import (gnutls_x509_crq_t request, GBytes *octets, GError **error)
{
	gnutls_datum_t der, again = {NULL, 0};
	gsize length;
	gboolean whole;

	der.data = (guint8 *)g_bytes_get_data (octets, &length);
	der.size = (unsigned)length;
	if (gnutls_x509_crq_import (request, &der, GNUTLS_X509_FMT_DER) < 0)
		return refuse (error, 400, "RFC 2986: the request cannot be read");
	whole = gnutls_x509_crq_export2 (request, GNUTLS_X509_FMT_DER, &again) >= 0 &&
		again.size == der.size && memcmp (again.data, der.data, der.size) == 0;
	gnutls_free (again.data);
	if (!whole)
		return refuse (error, 400,
			       "RFC 2986: the request is not DER, or something stands behind it");
	if (gnutls_x509_crq_verify (request, 0) < 0)
		return refuse (
			error, 400,
			"RFC 7030 4.2.1: the request's signature is wrong (proof of possession)");
	return TRUE;
}

gnutls_x509_crq_t
sim_est_read_request (SimExchange *exchange, gboolean renewal, GError **error)
{
	g_autoptr (GBytes) octets = NULL;
	gnutls_x509_crq_t request;

	if (!check_head (exchange->request, error))
		return NULL;
	octets = decode (exchange->request->body, error);
	if (octets == NULL)
		return NULL;
	gnutls_x509_crq_init (&request);
	if (import (request, octets, error) && check_algorithms (request, error) &&
	    check_name (request, exchange->peer->client, error) &&
	    check_extensions (request, error) && check_challenge (exchange, request, error) &&
	    (!renewal || check_renewal (exchange, request, error)))
		return request;
	gnutls_x509_crq_deinit (request);
	return NULL;
}
