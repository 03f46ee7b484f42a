/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Certificate Provisioning: the initial procedure, and re-provisioning on a session that the certificate
 * to be renewed has authenticated. The key pair is made in the keystore and the request signed there;
 * nothing is kept unless the issued certificate passes the profile.
 */
#include <config.h>

#include "provisioner/exchange/certificate.h"

#include "provisioner/crypto.h"
#include "provisioner/csr.h"
#include "provisioner/error.h"
#include "provisioner/exchange-protocol.h"
#include "provisioner/exchange/est.h"
#include "provisioner/x509-profile.h"

#include <string.h>

/* One run. */
typedef struct {
	PvExchange *exchange;
	PvSession *session;     /* borrowed: one of the exchange's, or the own */
	PvTransport *transport; /* its */
	PvSession *own_session; /* (nullable): when EST is on a port of its own */
	char *path;
	PvSubjectName *name;
	const char *id;
	GPtrArray *anchors, *intermediates;
	const PvOwnCertificate *own; /* (nullable): authenticates the session */
	X509 *renewed;               /* (nullable): its leaf, when it is the one to be renewed */
	guint32 staged;
	GBytes *spki;
	GBytes *csr;
} Run;

static void
run_clear (Run *run)
{
	pv_session_free (run->own_session);
	g_free (run->path);
	pv_subject_name_free (run->name);
	g_clear_pointer (&run->anchors, g_ptr_array_unref);
	g_clear_pointer (&run->intermediates, g_ptr_array_unref);
	g_clear_pointer (&run->spki, g_bytes_unref);
	g_clear_pointer (&run->csr, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

/* NOTE 1 of 8.3.6.2.1: another port needs a MEF Handshake of its own. */
static gboolean
connect_to (Run *run, const char *est_uri, GError **error)
{
	PvExchange *exchange = run->exchange;
	g_autofree char *own =
		g_strdup_printf ("https://%s:%u", exchange->job->mef_fqdn, exchange->job->mef_port);
	guint port;

	if (!pv_est_parse_uri (est_uri != NULL ? est_uri : own, exchange->job->mef_fqdn, &port,
			       &run->path, error))
		return FALSE;
	if (port == exchange->session->port) {
		run->session = exchange->session;
		run->transport = run->session->transport;
		return TRUE;
	}
	run->own_session = pv_session_open (exchange->job, &exchange->auth, port, NULL);
	run->session = run->own_session;
	run->transport = run->session->transport;
	return TRUE;
}

/* Anchors that the operator knows are expected among those delivered; a MEF whose CA is another one
 * than its TLS certificate's is not wrong, so this is told and no more. */
static void
compare_anchors (Run *run)
{
	GPtrArray *known = run->exchange->job->anchors;

	for (guint i = 0; known != NULL && i < known->len; i++)
		for (guint j = 0; j < run->anchors->len; j++)
			if (X509_cmp (g_ptr_array_index (known, i),
				      g_ptr_array_index (run->anchors, j)) == 0)
				return;
	if (known != NULL)
		pv_event_warn (run->exchange->events,
			       "none of the MEF's CA certificates is a configured trust anchor");
}

static void
add_all (GPtrArray *to, GPtrArray *from)
{
	for (guint i = 0; from != NULL && i < from->len; i++) {
		X509_up_ref (g_ptr_array_index (from, i));
		g_ptr_array_add (to, g_ptr_array_index (from, i));
	}
}

/* R-8.3.6.2.3-1: the MEF issued it, and it names whom the new one is to name. */
static void
note_session (Run *run)
{
	run->own = pv_session_certificate (run->session);
	if (run->own != NULL && run->own->renewable &&
	    pv_x509_has_name (g_ptr_array_index (run->own->chain, 0), run->name))
		run->renewed = g_ptr_array_index (run->own->chain, 0);
}

/* PPSK: the session authenticates the MEF, so the set is taken as delivered (RFC 7030 4.1.1's
 * out-of-band check is the pre-shared key). With a certificate only what the anchors that authenticated the
 * MEF lead to is new. */
static gboolean
fetch_anchors (Run *run, GError **error)
{
	PvEvents *events = run->exchange->events;
	g_autoptr (GPtrArray) known = pv_crypto_certificates_new ();
	g_autoptr (GPtrArray) answer = NULL;

	pv_phase_begin (events, PV_PHASE_TRUST_ANCHORS, "8.3.6.2.2");
	answer = pv_est_cacerts (run->transport, run->path, error);
	if (answer == NULL)
		return FALSE;
	note_session (run);
	if (run->own != NULL) {
		add_all (known, run->own->anchors);
		add_all (known, run->exchange->job->anchors);
	}
	if (!pv_x509_select_anchors (answer, known, pv_exchange_now (), &run->anchors,
				     &run->intermediates, error))
		return FALSE;
	compare_anchors (run);
	pv_phase_end (events, PV_PHASE_TRUST_ANCHORS, "done");
	return TRUE;
}

/* A25: a value handed out is copied; a bare OID asks for tls-unique of this session. */
static gboolean
challenge_for (Run *run, const PvCsrAttributes *wanted, char **challenge, GError **error)
{
	*challenge = g_strdup (wanted->challenge);
	if (wanted->challenge != NULL || !wanted->link_tls_unique)
		return TRUE;
	*challenge = run->transport->tls_unique (run->transport);
	if (*challenge != NULL)
		return TRUE;
	g_set_error (error, PV_ERROR, PV_ERROR_UNSUPPORTED,
		     "the server wants tls-unique, which this session does not have");
	return FALSE;
}

static gboolean
make_request (Run *run, GError **error)
{
	PvExchange *exchange = run->exchange;
	g_autoptr (PvCsrAttributes) wanted = pv_est_csrattrs (run->transport, run->path, error);
	g_autofree char *challenge = NULL;
	PvCsrRequest request = {.name = run->name, .common_name = run->id,
				.renewed = run->renewed, .attributes = wanted};
	PvKeyType type;

	if (wanted == NULL || !challenge_for (run, wanted, &challenge, error))
		return FALSE;
	type = wanted->has_key_type ? wanted->key_type : exchange->job->key_type;
	if (!exchange->ops->stage_key_pair (exchange->keystore, exchange->job->credential, type,
					    &run->staged, &run->spki, error))
		return FALSE;
	request.spki = run->spki;
	request.challenge = challenge;
	run->csr = pv_csr_build (&request, exchange->ops, exchange->keystore, run->staged, error);
	return run->csr != NULL;
}

/* Decision 24: after 202 the same request, byte for byte. */
static gboolean
resume_request (Run *run, GError **error)
{
	const PvJob *job = run->exchange->job;

	run->staged = job->pending_staged;
	run->csr = g_bytes_ref (job->pending_csr);
	return run->exchange->ops->staged_public_key (run->exchange->keystore, job->credential,
						      run->staged, &run->spki, error);
}

static void
tell_pending (Run *run, guint retry_after_s)
{
	g_autofree char *csr =
		g_base64_encode (g_bytes_get_data (run->csr, NULL), g_bytes_get_size (run->csr));
	JsonObject *event = pv_event_new ("pending");

	json_object_set_int_member (event, "staged", run->staged);
	json_object_set_string_member (event, "csr", csr);
	json_object_set_int_member (event, "retry_after_s", retry_after_s);
	pv_event_send (run->exchange->events, event);
}

static void
tell_staged (Run *run, X509 *leaf)
{
	JsonObject *event = pv_event_new ("staged");
	BIGNUM *serial = ASN1_INTEGER_to_BN (X509_get0_serialNumber (leaf), NULL);
	char *hex = serial != NULL ? BN_bn2hex (serial) : NULL;
	struct tm end;

	json_object_set_string_member (event, "kind", "certificate");
	json_object_set_int_member (event, "staged", run->staged);
	json_object_set_string_member (event, "identifier", run->name->text);
	if (hex != NULL)
		json_object_set_string_member (event, "serial", hex);
	if (ASN1_TIME_to_tm (X509_get0_notAfter (leaf), &end) == 1)
		json_object_set_int_member (event, "not_after", timegm (&end));
	pv_event_send (run->exchange->events, event);
	OPENSSL_free (hex);
	BN_free (serial);
}

static GPtrArray *
ders_of (GPtrArray *certificates)
{
	GPtrArray *ders = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

	for (guint i = 0; i < certificates->len; i++)
		g_ptr_array_add (ders,
				 pv_crypto_certificate_der (g_ptr_array_index (certificates, i)));
	return ders;
}

static GPtrArray *
copy (GPtrArray *certificates)
{
	GPtrArray *all = pv_crypto_certificates_new ();

	add_all (all, certificates);
	return all;
}

/* What authenticates us once it is published: of the keys of one name the current one is found first. */
static PvAuthCredential *
credential_of (const Run *run, GPtrArray *chain)
{
	const char *name = run->exchange->job->credential;
	PvAuthCredential *credential = pv_auth_credential_new (PV_AUTH_CERTIFICATE, name);
	g_autofree char *label = g_uri_escape_string (name, NULL, FALSE);

	credential->certificate = (PvOwnCertificate){
		.key = g_strdup_printf ("pkcs11:object=%s;type=private", label),
		.chain = copy (chain),
		.anchors = copy (run->anchors),
		.renewable = TRUE,
	};
	return credential;
}

static gboolean
keep (Run *run, GPtrArray *answer, GError **error)
{
	PvExchange *exchange = run->exchange;
	const PvX509Expectation expected = {run->spki, run->name, run->anchors, run->intermediates,
					    pv_exchange_now ()};
	g_autoptr (GStrvBuilder) warnings = g_strv_builder_new ();
	g_autoptr (GPtrArray) chain = pv_x509_check_issued (answer, &expected, warnings, error);
	g_auto (GStrv) texts = g_strv_builder_end (warnings);
	g_autoptr (GPtrArray) chain_ders = NULL;
	g_autoptr (GPtrArray) anchor_ders = NULL;

	if (chain == NULL)
		return FALSE;
	for (guint i = 0; texts[i] != NULL; i++)
		pv_event_warn (exchange->events, texts[i]);
	chain_ders = ders_of (chain);
	anchor_ders = ders_of (run->anchors);
	if (!exchange->ops->attach_certificates (exchange->keystore, run->staged, chain_ders,
						 anchor_ders, error))
		return FALSE;
	tell_staged (run, g_ptr_array_index (chain, 0));
	pv_auth_credential_free (exchange->issued);
	exchange->issued = credential_of (run, chain);
	return TRUE;
}

/* An MEF without simplereenroll has simpleenroll, which a certificate may authenticate as well (8.3.6.2.2). */
static GPtrArray *
post (Run *run, GError **error)
{
	g_autoptr (GError) cause = NULL;
	GPtrArray *answer;

	if (run->renewed == NULL)
		return pv_est_enrol (run->transport, run->path, run->csr, FALSE, error);
	answer = pv_est_enrol (run->transport, run->path, run->csr, TRUE, &cause);
	if (g_error_matches (cause, PV_ERROR, PV_ERROR_UNSUPPORTED)) {
		pv_event_warn (run->exchange->events, cause->message);
		return pv_est_enrol (run->transport, run->path, run->csr, FALSE, error);
	}
	if (answer == NULL)
		g_propagate_error (error, g_steal_pointer (&cause));
	return answer;
}

static gboolean
enrol (Run *run, GError **error)
{
	guint handshakes;
	g_autoptr (GPtrArray) answer = NULL;

	if (!(run->exchange->job->has_pending ? resume_request (run, error)
					      : make_request (run, error)))
		return FALSE;
	handshakes = run->transport->handshakes (run->transport);
	answer = post (run, error);
	if (answer == NULL) {
		/* csrattrs and the request belong to one connection (A25): one that was closed in
		 * between explains a refusal. */
		if (run->transport->handshakes (run->transport) != handshakes)
			g_prefix_error (error, "the connection was remade; ");
		return FALSE;
	}
	return keep (run, answer, error);
}

/* The MEF commanded one more before the first was published: only the latest is wanted. */
static void
supersede (PvExchange *exchange)
{
	for (guint i = 0; exchange->certificate != 0 && i < exchange->staged->len; i++) {
		if (g_array_index (exchange->staged, guint32, i) != exchange->certificate)
			continue;
		exchange->ops->discard (exchange->keystore, exchange->certificate);
		g_array_remove_index (exchange->staged, i);
		return;
	}
}

static gboolean
certify (Run *run, GError **error)
{
	PvExchange *exchange = run->exchange;
	g_autoptr (GError) cause = NULL;

	pv_phase_begin (exchange->events, PV_PHASE_CERTIFICATE,
			run->renewed != NULL ? "8.3.6.2.3" : "8.3.6.2.2");
	if (enrol (run, &cause)) {
		supersede (exchange);
		g_array_append_val (exchange->staged, run->staged);
		exchange->certificate = run->staged;
		exchange->has_certificate = TRUE;
		pv_phase_end (exchange->events, PV_PHASE_CERTIFICATE, "done");
		return TRUE;
	}
	if (g_error_matches (cause, PV_ERROR, PV_ERROR_PENDING))
		tell_pending (run, pv_error_get_retry_after (cause));
	else if (run->staged != 0 && !exchange->job->has_pending)
		exchange->ops->discard (exchange->keystore, run->staged);
	g_propagate_error (error, g_steal_pointer (&cause));
	return FALSE;
}

gboolean
pv_certificate_provision (PvExchange *exchange,
			  const char *est_uri,
			  PvEntityKind kind,
			  const char *id,
			  GError **error)
{
	g_auto (Run) run = {.exchange = exchange, .id = id};

	run.name = pv_subject_name_new (exchange->job->dialect, kind, id,
					exchange->job->public_domain_name, error);
	return run.name != NULL && connect_to (&run, est_uri, error) &&
	       fetch_anchors (&run, error) && certify (&run, error);
}
