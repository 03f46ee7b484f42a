/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The TLS side of a session with the MEF.
 */
#include <config.h>

#include "provisioner/exchange/tls.h"

#include "provisioner/error.h"

#include <string.h>
#include <sys/socket.h>

#define FINISHED_MAX 64

struct _PvTls {
	const PvAuthCredential *credential;
	PvCertificateHandshake certificate; /* when the credential is one */
	char *export_label;
	PvHandshakeObserver observer;
	gpointer observer_data;
	gboolean in_handshake;
	gboolean acceptable;
	guint handshakes;
	gint64 start_us;
	PvTlsFacts facts;
	int alert;
	guint8 finished[FINISHED_MAX];
	gsize finished_length;
	guint8 exported[PV_TLS_EXPORT_LENGTH];
	gboolean has_export;
};

PvTls *
pv_tls_new (const PvAuthCredential *credential,
	    const char *mef_fqdn,
	    GPtrArray *anchors,
	    const char *export_label)
{
	PvTls *tls = g_new0 (PvTls, 1);

	tls->credential = credential;
	tls->certificate = (PvCertificateHandshake){
		.own = &credential->certificate, .anchors = anchors, .mef_fqdn = mef_fqdn};
	tls->export_label = g_strdup (export_label);
	tls->alert = -1;
	tls->facts = (PvTlsFacts){.version = "", .suite = ""};
	return tls;
}

void
pv_tls_free (PvTls *tls)
{
	if (tls == NULL)
		return;
	g_free (tls->export_label);
	pv_certificate_handshake_clear (&tls->certificate);
	explicit_bzero (tls, sizeof *tls);
	g_free (tls);
}

void
pv_tls_observe (PvTls *tls, PvHandshakeObserver observer, gpointer data)
{
	tls->observer = observer;
	tls->observer_data = data;
}

/* libcurl uses the application data of neither object, but another library may come to. */
static int
context_index (void)
{
	static gsize once;

	if (g_once_init_enter (&once)) {
		int index = SSL_CTX_get_ex_new_index (0, NULL, NULL, NULL, NULL);
		g_once_init_leave (&once, (gsize)index + 1);
	}
	return (int)once - 1;
}

static PvTls *
tls_of (const SSL *ssl)
{
	return SSL_CTX_get_ex_data (SSL_get_SSL_CTX (ssl), context_index ());
}

static guint
on_psk (SSL *ssl, const char *hint, char *identity, guint identity_max, guint8 *psk, guint psk_max)
{
	return pv_auth_ppsk_answer (&tls_of (ssl)->credential->ppsk, identity, identity_max, psk, psk_max);
}

static void
tell (PvTls *tls, gboolean done)
{
	tls->in_handshake = !done;
	if (tls->observer != NULL)
		tls->observer (tls->observer_data, done);
}

/* R-10.3.1-1: no context. One handshake, one key: two exports of a session are equal, and a second
 * handshake would leave open which of them the MEF means. */
static void
take_export (PvTls *tls, SSL *ssl)
{
	gboolean first = tls->handshakes == 1;

	tls->has_export = first && tls->export_label != NULL &&
			  SSL_export_keying_material (ssl, tls->exported, sizeof tls->exported,
						      tls->export_label, strlen (tls->export_label),
						      NULL, 0, 0) == 1;
	if (!tls->has_export)
		explicit_bzero (tls->exported, sizeof tls->exported);
}

static gboolean
accepts (PvTls *tls, const SSL *ssl)
{
	switch (tls->credential->kind) {
	case PV_AUTH_PPSK:
		return pv_auth_ppsk_accepts (ssl);
	case PV_AUTH_CERTIFICATE:
		return pv_auth_certificate_accepts (&tls->certificate, ssl);
	}
	return FALSE;
}

static void
note_facts (PvTls *tls, const SSL *ssl)
{
	const SSL_CIPHER *cipher = SSL_get_current_cipher (ssl);

	tls->facts.version = SSL_get_version (ssl);
	tls->facts.suite = SSL_CIPHER_get_name (cipher);
	tls->facts.handshake_ms = (g_get_monotonic_time () - tls->start_us) / 1000;
}

static void
on_done (PvTls *tls, SSL *ssl)
{
	tls->handshakes++;
	tls->acceptable = accepts (tls, ssl);
	if (!tls->acceptable) {
		/* Nothing may be written on such a session, whoever tries. */
		shutdown (SSL_get_fd (ssl), SHUT_RDWR);
		return;
	}
	note_facts (tls, ssl);
	/* RFC 5929 3.1: the first Finished of a full handshake is the client's. */
	tls->finished_length = SSL_get_finished (ssl, tls->finished, sizeof tls->finished);
	take_export (tls, ssl);
	tell (tls, TRUE);
}

static void
on_info (const SSL *ssl, int where, int value)
{
	PvTls *tls = tls_of (ssl);

	if (where & SSL_CB_HANDSHAKE_START) {
		tls->acceptable = tls->certificate.asked = FALSE;
		tls->alert = -1;
		tls->start_us = g_get_monotonic_time ();
		tell (tls, FALSE);
	} else if (where & SSL_CB_HANDSHAKE_DONE) {
		on_done (tls, (SSL *)ssl);
	} else if (where == SSL_CB_READ_ALERT && tls->in_handshake) {
		tls->alert = value & 0xff;
	}
}

static gboolean
prepare_credential (PvTls *tls, SSL_CTX *context)
{
	switch (tls->credential->kind) {
	case PV_AUTH_PPSK:
		SSL_CTX_set_psk_client_callback (context, on_psk);
		return pv_auth_ppsk_prepare (context);
	case PV_AUTH_CERTIFICATE:
		return pv_auth_certificate_prepare (&tls->certificate, context);
	}
	return FALSE;
}

gboolean
pv_tls_prepare (PvTls *tls, SSL_CTX *context)
{
	const guint64 options = SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION;

	if (context_index () < 0 || SSL_CTX_set_ex_data (context, context_index (), tls) != 1)
		return FALSE;
	SSL_CTX_set_options (context, options);
	SSL_CTX_set_session_cache_mode (context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_keylog_callback (context, NULL);
	SSL_CTX_set_info_callback (context, on_info);
	return SSL_CTX_set_min_proto_version (context, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_max_proto_version (context, TLS1_2_VERSION) == 1 &&
	       prepare_credential (tls, context);
}

gboolean
pv_tls_is_acceptable (const PvTls *tls)
{
	return tls->acceptable;
}

guint
pv_tls_handshakes (const PvTls *tls)
{
	return tls->handshakes;
}

const PvTlsFacts *
pv_tls_facts (const PvTls *tls)
{
	return &tls->facts;
}

GPtrArray *
pv_tls_presented (const PvTls *tls)
{
	return tls->certificate.presented;
}

/* What an alert of the MEF says about our credential (RFC 5246 7.2.2, RFC 4279 2). */
static const struct {
	int alert;
	gboolean refused[2]; /* by PvAuthKind */
	const char *what[2]; /* (nullable): a text of its own */
} alerts[] = {
	{SSL_AD_UNKNOWN_PSK_IDENTITY,
	 {TRUE, FALSE},
	 {"the MEF does not know our key identifier (KpmID)", NULL}},
	{SSL_AD_DECRYPT_ERROR,
	 {TRUE, TRUE},
	 {"the MEF has another key under our key identifier (KpmID)", NULL}},
	{SSL_AD_BAD_RECORD_MAC,
	 {TRUE, FALSE},
	 {"the MEF has another key under our key identifier (KpmID)", NULL}},
	{SSL_AD_HANDSHAKE_FAILURE,
	 {FALSE, TRUE},
	 {"the MEF takes none of the cipher suites for pre-shared keys", NULL}},
	{SSL_AD_ACCESS_DENIED, {TRUE, TRUE}, {NULL, NULL}},
	{SSL_AD_BAD_CERTIFICATE, {TRUE, TRUE}, {NULL, NULL}},
	{SSL_AD_UNSUPPORTED_CERTIFICATE, {FALSE, TRUE}, {NULL, NULL}},
	{SSL_AD_CERTIFICATE_EXPIRED, {TRUE, TRUE}, {NULL, NULL}},
	{SSL_AD_CERTIFICATE_REVOKED, {TRUE, TRUE}, {NULL, NULL}},
	{SSL_AD_CERTIFICATE_UNKNOWN, {TRUE, TRUE}, {NULL, NULL}},
	{SSL_AD_UNKNOWN_CA, {FALSE, TRUE}, {NULL, NULL}},
};

gboolean
pv_tls_is_refused (const PvTls *tls)
{
	if (tls->certificate.distrust != NULL)
		return FALSE; /* it is we who refuse the MEF, whatever it says then */
	for (guint i = 0; tls->in_handshake && i < G_N_ELEMENTS (alerts); i++)
		if (alerts[i].alert == tls->alert)
			return alerts[i].refused[tls->credential->kind];
	return FALSE;
}

static const char *
text_of_alert (const PvTls *tls)
{
	for (guint i = 0; i < G_N_ELEMENTS (alerts); i++)
		if (alerts[i].alert == tls->alert)
			return alerts[i].what[tls->credential->kind];
	return NULL;
}

gboolean
pv_tls_explain (const PvTls *tls, GError **error)
{
	gboolean refused = pv_tls_is_refused (tls);
	const char *text = text_of_alert (tls);

	if (tls->certificate.distrust != NULL) {
		g_propagate_error (error, g_error_copy (tls->certificate.distrust));
		return TRUE;
	}
	if (tls->alert < 0)
		return FALSE;
	if (text != NULL)
		g_set_error_literal (error, PV_ERROR,
				     refused ? PV_ERROR_CREDENTIAL : PV_ERROR_HANDSHAKE, text);
	else if (refused)
		g_set_error (error, PV_ERROR, PV_ERROR_CREDENTIAL,
			     "the MEF refuses our %s: alert %s",
			     tls->credential->kind == PV_AUTH_PPSK ? "key" : "certificate",
			     SSL_alert_desc_string_long (tls->alert));
	else
		g_set_error (error, PV_ERROR, PV_ERROR_HANDSHAKE,
			     "the MEF ended the handshake: alert %s",
			     SSL_alert_desc_string_long (tls->alert));
	return TRUE;
}

char *
pv_tls_unique (const PvTls *tls)
{
	if (tls->finished_length == 0 || tls->finished_length > sizeof tls->finished)
		return NULL;
	return g_base64_encode (tls->finished, tls->finished_length);
}

const guint8 *
pv_tls_reveal_exported (const PvTls *tls)
{
	return tls->has_export && tls->handshakes == 1 ? tls->exported : NULL;
}
