/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Handshakes: credentials for each connection, the checks of the ClientHello, the client's
 * identity, the alerts. */
#include <config.h>

#include "tests/sim/tls.h"

#include "tests/sim/hello.h"
#include "tests/sim/refusal.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <string.h>

#define IDLE_TIMEOUT_S 120

/* GSocket waits by itself and ends when the simulated MEF stops. */
static ssize_t
pull (gnutls_transport_ptr_t data, void *buffer, size_t size)
{
	SimPeer *peer = data;
	gssize n = g_socket_receive (peer->socket, buffer, size, peer->sim->stop, NULL);

	if (n < 0)
		gnutls_transport_set_errno (peer->session, ECONNRESET);
	return n;
}

static ssize_t
push (gnutls_transport_ptr_t data, const void *buffer, size_t size)
{
	SimPeer *peer = data;
	gssize n = g_socket_send (peer->socket, buffer, size, peer->sim->stop, NULL);

	if (n < 0)
		gnutls_transport_set_errno (peer->session, ECONNRESET);
	return n;
}

static int
wait_readable (gnutls_transport_ptr_t data, unsigned milliseconds)
{
	SimPeer *peer = data;
	gint64 limit = milliseconds == GNUTLS_INDEFINITE_TIMEOUT ? -1 : (gint64)milliseconds * 1000;

	return g_socket_condition_timed_wait (peer->socket, G_IO_IN, limit, peer->sim->stop, NULL)
		       ? 1
		       : 0;
}

static void refuse (SimPeer *peer, gnutls_alert_description_t alert, const char *format, ...)
	G_GNUC_PRINTF (3, 4);

/* Keeps the first reason. */
static void
refuse (SimPeer *peer, gnutls_alert_description_t alert, const char *format, ...)
{
	va_list arguments;

	if (peer->refusal != NULL)
		return;
	va_start (arguments, format);
	peer->refusal = g_error_new_valist (SIM_ALERT, (int)alert, format, arguments);
	va_end (arguments);
}

/* R-10.2.1-3, R-10.2.1-4: the name asked for and the suites offered. */
static int
on_client_hello (gnutls_session_t session,
		 unsigned type,
		 unsigned when,
		 unsigned incoming,
		 const gnutls_datum_t *message)
{
	SimPeer *peer = gnutls_session_get_ptr (session);
	Sim *sim = peer->sim;
	SimHello hello = {0};

	if (!sim_hello_read (message->data, message->size, &hello))
		refuse (peer, GNUTLS_A_DECODE_ERROR, "RFC 5246: the ClientHello cannot be read");
	sim_hello_log (&hello, peer->line);
	if (!hello.mandatory)
		refuse (peer, GNUTLS_A_HANDSHAKE_FAILURE,
			"R-10.2.1-4: no mandatory suite of 10.2.2 or 10.2.3 is offered");
	g_mutex_lock (&sim->lock);
	if (hello.server_name == NULL && sim_policy_flag (sim->settings, SIM_POLICY_REQUIRE_SNI))
		refuse (peer, GNUTLS_A_UNRECOGNIZED_NAME, "R-10.2.1-3: no server name");
	if (hello.server_name != NULL &&
	    g_ascii_strcasecmp (hello.server_name, sim->settings->fqdn) != 0)
		refuse (peer, GNUTLS_A_UNRECOGNIZED_NAME, "R-10.2.1-3: server name %s",
			hello.server_name);
	g_mutex_unlock (&sim->lock);
	sim_hello_clear (&hello);
	return peer->refusal != NULL ? GNUTLS_E_UNRECOGNIZED_NAME : 0;
}

/* R-8.3.2.1-2: psk_identity is a KpmID. */
static int
on_psk (gnutls_session_t session, const gnutls_datum_t *identity, gnutls_datum_t *key)
{
	SimPeer *peer = gnutls_session_get_ptr (session);
	Sim *sim = peer->sim;
	g_autofree char *shown =
		g_utf8_make_valid ((const char *)identity->data, (gssize)identity->size);
	const SimClient *client;

	json_object_set_string_member (peer->line, "psk_identity", shown);
	g_mutex_lock (&sim->lock);
	client = sim_settings_client_by_kpm_id (sim->settings, identity->data, identity->size);
	if (client == NULL)
		refuse (peer, GNUTLS_A_UNKNOWN_PSK_IDENTITY,
			"R-8.3.2.1-2: no client has the KpmID %s", shown);
	else if (sim_store_latest (sim->store, client) != NULL &&
		 sim_policy_flag (sim->settings, SIM_POLICY_REFUSE_PSK_AFTER_CERTIFICATE))
		refuse (peer, GNUTLS_A_UNKNOWN_PSK_IDENTITY,
			"R-8.3.6.2.2-4: %s has a certificate by now", client->name);
	g_mutex_unlock (&sim->lock);
	if (peer->refusal != NULL)
		return -1;
	peer->client = client;
	key->size = (unsigned)g_bytes_get_size (client->kpm);
	key->data = gnutls_malloc (key->size);
	memcpy (key->data, g_bytes_get_data (client->kpm, NULL), key->size);
	if (peer->fault.kind == SIM_FAULT_WRONG_PSK)
		key->data[0] ^= 0xff;
	return 0;
}

/* R-8.1.2.5-1: exact match with an identity that the MEF knows. */
static const SimClient *
client_by_certificate (Sim *sim, gnutls_x509_crt_t certificate)
{
	for (unsigned i = 0;; i++) {
		char name[512];
		size_t size = sizeof name - 1;
		unsigned type;
		int result = gnutls_x509_crt_get_subject_alt_name2 (certificate, i, name, &size,
								    &type, NULL);

		if (result < 0)
			return NULL;
		name[size] = '\0';
		for (guint j = 0; j < sim->settings->clients->len; j++) {
			const SimClient *client = g_ptr_array_index (sim->settings->clients, j);
			const char *wanted =
				type == GNUTLS_SAN_URI ? client->identity : client->domain_name;

			if ((type == GNUTLS_SAN_URI || type == GNUTLS_SAN_DNSNAME) &&
			    g_strcmp0 (wanted, name) == 0)
				return client;
		}
	}
}

static void
identify_by_certificate (SimPeer *peer, gnutls_x509_crt_t certificate)
{
	Sim *sim = peer->sim;
	const SimIssued *latest;
	gboolean is_latest;

	peer->certificate = sim_certificate_der (certificate);
	g_mutex_lock (&sim->lock);
	peer->client = client_by_certificate (sim, certificate);
	latest = peer->client != NULL ? sim_store_latest (sim->store, peer->client) : NULL;
	is_latest = latest == NULL || g_bytes_equal (latest->der, peer->certificate);
	json_object_set_boolean_member (peer->line, "latest", is_latest);
	if (peer->client == NULL)
		refuse (peer, GNUTLS_A_BAD_CERTIFICATE,
			"R-8.1.2.5-1: no client has a name of this certificate");
	else if (!is_latest &&
		 sim_policy_flag (sim->settings, SIM_POLICY_REQUIRE_LATEST_CERTIFICATE))
		refuse (peer, GNUTLS_A_CERTIFICATE_REVOKED,
			"R-8.3.1.2-1: not the latest certificate from this MEF");
	g_mutex_unlock (&sim->lock);
}

/* R-8.1.2.5-2: the path to the MEF's own CA. */
static int
on_client_certificate (gnutls_session_t session)
{
	SimPeer *peer = gnutls_session_get_ptr (session);
	const gnutls_datum_t *chain;
	gnutls_x509_crt_t certificate;
	unsigned status = 0, length = 0;
	int result = gnutls_certificate_verify_peers2 (session, &status);

	chain = gnutls_certificate_get_peers (session, &length);
	if (result < 0 || length == 0)
		refuse (peer, GNUTLS_A_HANDSHAKE_FAILURE, "R-8.3.2.2-1: no client certificate");
	else if (status & (GNUTLS_CERT_EXPIRED | GNUTLS_CERT_NOT_ACTIVATED))
		refuse (peer, GNUTLS_A_CERTIFICATE_EXPIRED,
			"R-8.1.2.5-2: the client certificate is not valid now");
	else if (status != 0)
		refuse (peer, GNUTLS_A_UNKNOWN_CA, "R-8.1.2.5-2: verification status 0x%x", status);
	if (peer->refusal != NULL)
		return GNUTLS_E_CERTIFICATE_ERROR;
	gnutls_x509_crt_init (&certificate);
	if (gnutls_x509_crt_import (certificate, &chain[0], GNUTLS_X509_FMT_DER) < 0)
		refuse (peer, GNUTLS_A_BAD_CERTIFICATE,
			"RFC 5280: the client certificate cannot be read");
	else
		identify_by_certificate (peer, certificate);
	gnutls_x509_crt_deinit (certificate);
	return peer->refusal != NULL ? GNUTLS_E_CERTIFICATE_ERROR : 0;
}

/* GnuTLS would not sign with a key whose certificate does not allow it: it is told that it does. */
static int
set_key (gnutls_certificate_credentials_t to, gnutls_x509_crt_t chain[2], gnutls_x509_privkey_t key)
{
	gnutls_pcert_st sent[2];
	gnutls_privkey_t private;
	unsigned length = 2;
	int result = gnutls_pcert_import_x509_list (sent, chain, &length, 0);

	if (result < 0)
		return result;
	gnutls_pubkey_set_key_usage (sent[0].pubkey, GNUTLS_KEY_DIGITAL_SIGNATURE);
	gnutls_privkey_init (&private);
	result = gnutls_privkey_import_x509 (private, key, GNUTLS_PRIVKEY_IMPORT_COPY);
	if (result >= 0)
		result = gnutls_certificate_set_key (to, NULL, 0, sent, 2, private);
	if (result >= 0)
		return result; /* both are the credentials' now */
	gnutls_privkey_deinit (private);
	for (guint i = 0; i < length; i++)
		gnutls_pcert_deinit (&sent[i]);
	return result;
}

/* The server's FQDN certificate, as the fault wants it (TS-0003 10.1.1.6). */
static gboolean
set_server_certificate (SimPeer *peer, GError **error)
{
	Sim *sim = peer->sim;
	SimCa *ca = peer->fault.kind == SIM_FAULT_FOREIGN_SERVER ? sim->foreign : sim->ca;
	gint64 now = sim_now ();
	gnutls_x509_privkey_t key = sim_key_new (error);
	const char *name = sim->settings->fqdn;
	g_autofree char *wildcard = NULL;
	gnutls_x509_crt_t chain[2] = {NULL, ca->issuing};
	gboolean done;

	if (key == NULL)
		return FALSE;
	if (peer->fault.kind == SIM_FAULT_OTHER_SERVER_NAME)
		name = peer->fault.argument != NULL ? peer->fault.argument : "other.example.com";
	if (peer->fault.kind == SIM_FAULT_WILDCARD_SERVER)
		name = wildcard = g_strdup_printf ("*%s", strchr (name, '.'));
	SimLeaf leaf = {.key = key,
			.common_name = name,
			.name_type = GNUTLS_SAN_DNSNAME,
			.name = name,
			.server = TRUE,
			.for_clients = peer->fault.kind == SIM_FAULT_CLIENT_SERVER,
			.unsigning = peer->fault.kind == SIM_FAULT_UNSIGNING_SERVER};
	leaf.key_usage = (unsigned)sim_fault_number (&peer->fault, GNUTLS_KEY_KEY_AGREEMENT);
	leaf.not_before = now - 3600;
	leaf.not_after = peer->fault.kind == SIM_FAULT_EXPIRED_SERVER ? now - 60 : now + 30 * 86400;
	chain[0] = sim_ca_issue (ca, &leaf, error);
	done = chain[0] != NULL &&
	       sim_gnutls_ok (set_key (peer->certificates, chain, key), "server key", error);
	g_clear_pointer (&chain[0], gnutls_x509_crt_deinit);
	gnutls_x509_privkey_deinit (key);
	return done;
}

static gboolean
set_credentials (SimPeer *peer, GError **error)
{
	gnutls_x509_crt_t anchors[2] = {peer->sim->ca->root, peer->sim->ca->issuing};

	gnutls_psk_allocate_server_credentials (&peer->psk);
	gnutls_psk_set_server_credentials_function2 (peer->psk, on_psk);
	gnutls_certificate_allocate_credentials (&peer->certificates);
	gnutls_certificate_set_verify_function (peer->certificates, on_client_certificate);
	if (!sim_gnutls_ok (gnutls_certificate_set_x509_trust (peer->certificates, anchors, 2),
			    "trust anchors", error) ||
	    !set_server_certificate (peer, error))
		return FALSE;
	gnutls_credentials_set (peer->session, GNUTLS_CRD_PSK, peer->psk);
	gnutls_credentials_set (peer->session, GNUTLS_CRD_CERTIFICATE, peer->certificates);
	gnutls_certificate_server_set_request (
		peer->session, peer->fault.kind == SIM_FAULT_NO_CERTIFICATE_REQUEST
				       ? GNUTLS_CERT_IGNORE
				       : GNUTLS_CERT_REQUIRE);
	return TRUE;
}

static gboolean
set_up (SimPeer *peer, GError **error)
{
	Sim *sim = peer->sim;
	g_autofree char *priorities = NULL;
	gboolean done;

	gnutls_init (&peer->session, GNUTLS_SERVER | GNUTLS_NO_TICKETS);
	gnutls_session_set_ptr (peer->session, peer);
	gnutls_transport_set_ptr (peer->session, peer);
	gnutls_transport_set_pull_function (peer->session, pull);
	gnutls_transport_set_push_function (peer->session, push);
	gnutls_transport_set_pull_timeout_function (peer->session, wait_readable);
	gnutls_handshake_set_timeout (peer->session, GNUTLS_INDEFINITE_TIMEOUT);
	gnutls_handshake_set_hook_function (peer->session, GNUTLS_HANDSHAKE_CLIENT_HELLO,
					    GNUTLS_HOOK_PRE, on_client_hello);
	g_mutex_lock (&sim->lock);
	priorities = g_strconcat (
		sim_policy_text (sim->settings, SIM_POLICY_PRIORITIES),
		peer->fault.kind == SIM_FAULT_CERTIFICATE_ONLY ? ":-PSK:-ECDHE-PSK" : "",
		peer->fault.kind == SIM_FAULT_PSK_ONLY ? ":-ECDHE-ECDSA" : "", NULL);
	done = set_credentials (peer, error);
	g_mutex_unlock (&sim->lock);
	return done && sim_gnutls_ok (gnutls_priority_set_direct (peer->session, priorities, NULL),
				      "priorities", error);
}

SimPeer *
sim_peer_new (Sim *sim, GSocket *socket, guint number)
{
	SimPeer *peer = g_new0 (SimPeer, 1);

	peer->sim = sim;
	peer->number = number;
	peer->socket = g_object_ref (socket);
	g_socket_set_timeout (socket, IDLE_TIMEOUT_S);
	g_mutex_lock (&sim->lock);
	peer->fault = sim_misbehave_take (sim->misbehave, "handshake");
	g_mutex_unlock (&sim->lock);
	peer->line = json_object_new ();
	json_object_set_string_member (peer->line, "event", "handshake");
	json_object_set_int_member (peer->line, "connection", number);
	if (peer->fault.kind != SIM_FAULT_NONE)
		json_object_set_string_member (peer->line, "misbehaviour",
					       sim_fault_name (peer->fault.kind));
	return peer;
}

void
sim_peer_free (SimPeer *peer)
{
	if (peer == NULL)
		return;
	g_clear_pointer (&peer->session, gnutls_deinit);
	g_clear_pointer (&peer->psk, gnutls_psk_free_server_credentials);
	g_clear_pointer (&peer->certificates, gnutls_certificate_free_credentials);
	g_clear_pointer (&peer->line, json_object_unref);
	g_clear_pointer (&peer->certificate, g_bytes_unref);
	g_clear_error (&peer->refusal);
	sim_fault_clear (&peer->fault);
	g_object_unref (peer->socket);
	g_free (peer);
}

/* Misbehaviour before GnuTLS sees a byte; TRUE when that was all. */
static gboolean
misbehave_early (SimPeer *peer)
{
	char buffer[512];
	guint8 alert[7] = {0x15,
			   3,
			   3,
			   0,
			   2,
			   2,
			   (guint8)sim_fault_number (&peer->fault, GNUTLS_A_HANDSHAKE_FAILURE)};
	static const char clear[] = "HTTP/1.1 400 \r\nContent-Length: 0\r\n\r\n";

	if (peer->fault.kind == SIM_FAULT_CLOSED_HANDSHAKE)
		return TRUE;
	if (peer->fault.kind == SIM_FAULT_SILENT_HANDSHAKE) {
		while (g_socket_receive (peer->socket, buffer, sizeof buffer, peer->sim->stop,
					 NULL) > 0)
			continue;
		return TRUE;
	}
	if (peer->fault.kind != SIM_FAULT_ALERT_HANDSHAKE && peer->fault.kind != SIM_FAULT_NOT_TLS)
		return FALSE;
	g_socket_receive (peer->socket, buffer, sizeof buffer, peer->sim->stop, NULL);
	if (peer->fault.kind == SIM_FAULT_NOT_TLS)
		g_socket_send (peer->socket, clear, sizeof clear - 1, peer->sim->stop, NULL);
	else
		g_socket_send (peer->socket, (const char *)alert, sizeof alert, peer->sim->stop,
			       NULL);
	return TRUE;
}

/* What went wrong, when it was not one of our own refusals, and the alert for it. */
static void
explain_failure (SimPeer *peer, int result)
{
	int level = 0;
	gboolean psk = gnutls_kx_get (peer->session) == GNUTLS_KX_PSK ||
		       gnutls_kx_get (peer->session) == GNUTLS_KX_ECDHE_PSK;

	if (result == GNUTLS_E_FATAL_ALERT_RECEIVED)
		refuse (peer, 0, "peer: the client sent the alert %s",
			gnutls_alert_get_name (gnutls_alert_get (peer->session)));
	else if (result == GNUTLS_E_PREMATURE_TERMINATION || result == GNUTLS_E_PULL_ERROR ||
		 result == GNUTLS_E_UNEXPECTED_PACKET_LENGTH)
		refuse (peer, 0, "peer: the client closed the connection");
	else if (psk && result == GNUTLS_E_DECRYPTION_FAILED)
		refuse (peer, GNUTLS_A_BAD_RECORD_MAC, "R-8.3.2.1-3: the client holds another Kpm");
	else
		refuse (peer, (gnutls_alert_description_t)gnutls_error_to_alert (result, &level),
			"R-10.2.1-1: %s", gnutls_strerror (result));
	if (peer->refusal->code != 0)
		gnutls_alert_send (peer->session, GNUTLS_AL_FATAL,
				   (gnutls_alert_description_t)peer->refusal->code);
}

static void
log_handshake (SimPeer *peer)
{
	g_autofree char *version =
		g_strdup (gnutls_protocol_get_name (gnutls_protocol_get_version (peer->session)));
	const char *suite = gnutls_cipher_suite_get_name (gnutls_kx_get (peer->session),
							  gnutls_cipher_get (peer->session),
							  gnutls_mac_get (peer->session));

	if (peer->refusal != NULL && peer->refusal->code != 0)
		json_object_set_int_member (peer->line, "alert", peer->refusal->code);
	if (peer->refusal == NULL) {
		json_object_set_string_member (peer->line, "version", version);
		json_object_set_string_member (peer->line, "suite", suite != NULL ? suite : "?");
		json_object_set_string_member (peer->line, "auth",
					       peer->by_certificate ? "certificate" : "psk");
		json_object_set_string_member (peer->line, "client", peer->client->name);
	}
	sim_log_verdict (peer->line, peer->refusal);
	sim_log_write (peer->sim->log, g_steal_pointer (&peer->line));
}

gboolean
sim_tls_handshake (SimPeer *peer)
{
	int result;

	if (misbehave_early (peer)) {
		json_object_set_string_member (peer->line, "verdict", "misbehaved");
		sim_log_write (peer->sim->log, g_steal_pointer (&peer->line));
		return FALSE;
	}
	if (!set_up (peer, &peer->refusal)) {
		sim_log_verdict (peer->line, peer->refusal);
		sim_log_write (peer->sim->log, g_steal_pointer (&peer->line));
		return FALSE;
	}
	do
		result = gnutls_handshake (peer->session);
	while (result < 0 && gnutls_error_is_fatal (result) == 0);
	if (result >= 0)
		peer->by_certificate = gnutls_kx_get (peer->session) == GNUTLS_KX_ECDHE_ECDSA;
	else
		explain_failure (peer, result);
	if (result >= 0 && peer->client == NULL) {
		refuse (peer, GNUTLS_A_ACCESS_DENIED,
			"R-8.3.5.1-4: the client is not authenticated");
		gnutls_alert_send (peer->session, GNUTLS_AL_FATAL, GNUTLS_A_ACCESS_DENIED);
	}
	log_handshake (peer);
	return peer->refusal == NULL;
}

static gssize
receive (gpointer data, void *buffer, gsize size, GError **error)
{
	SimPeer *peer = data;
	ssize_t n;

	do
		n = gnutls_record_recv (peer->session, buffer, size);
	while (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED);
	if (n >= 0 || n == GNUTLS_E_PREMATURE_TERMINATION)
		return MAX (n, 0);
	if (n == GNUTLS_E_REHANDSHAKE)
		gnutls_alert_send (peer->session, GNUTLS_AL_WARNING, GNUTLS_A_NO_RENEGOTIATION);
	sim_gnutls_ok ((int)n, "receiving", error);
	return -1;
}

static gboolean
send_all (gpointer data, const void *octets, gsize size, GError **error)
{
	SimPeer *peer = data;
	const guint8 *at = octets;

	while (size > 0) {
		ssize_t n = gnutls_record_send (peer->session, at, size);

		if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
			continue;
		if (!sim_gnutls_ok ((int)n, "sending", error))
			return FALSE;
		at += n;
		size -= (gsize)n;
	}
	return TRUE;
}

SimStream
sim_tls_stream (SimPeer *peer)
{
	return (SimStream){receive, send_all, peer, g_byte_array_new ()};
}

void
sim_tls_close (SimPeer *peer)
{
	gnutls_bye (peer->session, GNUTLS_SHUT_WR);
}

gboolean
sim_tls_export (SimPeer *peer, const char *label, guint8 octets[48], GError **error)
{
	return sim_gnutls_ok (gnutls_prf_rfc5705 (peer->session, strlen (label), label, 0, NULL, 48,
						  (char *)octets),
			      "exporter", error);
}

char *
sim_tls_unique (SimPeer *peer)
{
	gnutls_datum_t binding = {NULL, 0};
	char *text;

	if (gnutls_session_channel_binding (peer->session, GNUTLS_CB_TLS_UNIQUE, &binding) < 0)
		return g_strdup ("");
	text = g_base64_encode (binding.data, binding.size);
	gnutls_free (binding.data);
	return text;
}
