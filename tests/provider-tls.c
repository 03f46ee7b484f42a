/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See provider-tls.h. */
#include <config.h>

#include "tests/provider-tls.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#define IDENTITY "gateway-17@mef.example"

guint8 tls_real_key[TLS_KEY_MAX];
static X509 *certificate;
static EVP_PKEY *certificate_key;

const TlsEnd tls_by_key = {FALSE, tls_real_key, 32};
const TlsEnd tls_by_reference = {TRUE, NULL, 0};
const TlsEnd tls_other_key = {FALSE, prf_randoms, 32};

/* ---- the two ends ---- */

static const void *
key_of (const TlsEnd *end, gsize *len)
{
	*len = end->key ? end->key_len : strlen (PRF_REFERENCE);
	return end->key ? (const void *)end->key : PRF_REFERENCE;
}

static guint
give_key (SSL *ssl, gboolean server, guint8 *key, guint max)
{
	const TlsSetup *setup = SSL_CTX_get_app_data (SSL_get_SSL_CTX (ssl));
	gsize len;
	const void *bytes = key_of (setup->ends[server], &len);

	g_assert_cmpuint (len, <=, max);
	memcpy (key, bytes, len);
	return (guint)len;
}

static guint
client_key (SSL *ssl, const char *hint, char *identity, guint max_identity, guint8 *key, guint max)
{
	strcpy (identity, IDENTITY);
	return give_key (ssl, FALSE, key, max);
}

static guint
server_key (SSL *ssl, const char *identity, guint8 *key, guint max)
{
	return strcmp (identity, IDENTITY) == 0 ? give_key (ssl, TRUE, key, max) : 0;
}

/* A session whose master key is the pre-shared key; its suite says the hash. */
static SSL_SESSION *
session_new (SSL *ssl, gboolean server)
{
	const TlsSetup *setup = SSL_CTX_get_app_data (SSL_get_SSL_CTX (ssl));
	SSL_SESSION *session = SSL_SESSION_new ();
	STACK_OF (SSL_CIPHER) *ciphers = SSL_get_ciphers (ssl);
	gsize len;
	const void *key = key_of (setup->ends[server], &len);

	for (int i = 0; i < sk_SSL_CIPHER_num (ciphers); i++) {
		const SSL_CIPHER *cipher = sk_SSL_CIPHER_value (ciphers, i);

		if (strcmp (SSL_CIPHER_get_name (cipher), setup->suite) == 0)
			g_assert_true (SSL_SESSION_set_cipher (session, cipher));
	}
	g_assert_true (SSL_SESSION_set1_master_key (session, key, len));
	g_assert_true (SSL_SESSION_set_protocol_version (session, TLS1_3_VERSION));
	SSL_SESSION_set_max_early_data (session, setup->early_data);
	return session;
}

static int
client_session (
	SSL *ssl, const EVP_MD *md, const guint8 **id, size_t *id_len, SSL_SESSION **session)
{
	*id = (const guint8 *)IDENTITY;
	*id_len = strlen (IDENTITY);
	*session = session_new (ssl, FALSE);
	return 1;
}

static int
server_session (SSL *ssl, const guint8 *id, size_t id_len, SSL_SESSION **session)
{
	gboolean ours = id_len == strlen (IDENTITY) && memcmp (id, IDENTITY, id_len) == 0;

	*session = ours ? session_new (ssl, TRUE) : NULL;
	return 1;
}

static void
set_psk (SSL_CTX *context, const TlsSetup *setup, gboolean server)
{
	gboolean sessions = setup->version == TLS1_3_VERSION && !setup->old_callbacks;

	if (server && sessions)
		SSL_CTX_set_psk_find_session_callback (context, server_session);
	else if (server)
		SSL_CTX_set_psk_server_callback (context, server_key);
	else if (sessions)
		SSL_CTX_set_psk_use_session_callback (context, client_session);
	else
		SSL_CTX_set_psk_client_callback (context, client_key);
}

static void
set_versions (SSL_CTX *context, const TlsSetup *setup, const char *groups)
{
	g_assert_true (SSL_CTX_set_min_proto_version (context, setup->version));
	g_assert_true (SSL_CTX_set_max_proto_version (context, setup->version));
	if (setup->version == TLS1_3_VERSION)
		g_assert_true (SSL_CTX_set_ciphersuites (context, setup->suite));
	else
		g_assert_true (SSL_CTX_set_cipher_list (context, setup->suite));
	if (groups)
		g_assert_true (SSL_CTX_set1_groups_list (context, groups));
}

static SSL_CTX *
end_new (const TlsSetup *setup, gboolean server)
{
	SSL_CTX *context =
		SSL_CTX_new_ex (setup->ends[server]->by_reference ? prf_ours : prf_plain,
				setup->query, server ? TLS_server_method () : TLS_client_method ());

	g_assert_nonnull (context);
	SSL_CTX_set_app_data (context, (void *)setup);
	SSL_CTX_set_security_level (context, 0);
	set_versions (context, setup, server ? setup->server_groups : setup->client_groups);
	SSL_CTX_set_options (
		context, setup->options | (setup->no_ems ? SSL_OP_NO_EXTENDED_MASTER_SECRET : 0));
	set_psk (context, setup, server);
	if (server) {
		g_assert_true (SSL_CTX_set_dh_auto (context, 1));
		SSL_CTX_set_max_early_data (context, setup->early_data);
	}
	if (server && strstr (setup->suite, "RSA-PSK")) {
		g_assert_true (SSL_CTX_use_certificate (context, certificate));
		g_assert_true (SSL_CTX_use_PrivateKey (context, certificate_key));
	}
	return context;
}

/* ---- a connection ---- */

static void
count_hello (int sent, int version, int type, const void *bytes, size_t len, SSL *ssl, void *data)
{
	TlsConnection *connection = data;

	if (sent && type == SSL3_RT_HANDSHAKE && len > 0 &&
	    *(const guint8 *)bytes == SSL3_MT_CLIENT_HELLO)
		connection->hellos++;
}

void
tls_open (TlsConnection *connection, const TlsSetup *setup, SSL_SESSION *session)
{
	BIO *bios[2];

	*connection = (TlsConnection){.hellos = 0};
	g_assert_true (BIO_new_bio_pair (&bios[0], 0, &bios[1], 0));
	for (int i = 0; i < 2; i++) {
		connection->contexts[i] = end_new (setup, i);
		connection->ssl[i] = SSL_new (connection->contexts[i]);
		SSL_set_bio (connection->ssl[i], bios[i], bios[i]);
	}
	SSL_set_connect_state (connection->ssl[0]);
	SSL_set_accept_state (connection->ssl[1]);
	SSL_set_msg_callback (connection->ssl[0], count_hello);
	SSL_set_msg_callback_arg (connection->ssl[0], connection);
	if (session)
		g_assert_true (SSL_set_session (connection->ssl[0], session));
}

void
tls_close (TlsConnection *connection)
{
	for (int i = 0; i < 2; i++) {
		SSL_shutdown (connection->ssl[i]);
		SSL_free (connection->ssl[i]);
		SSL_CTX_free (connection->contexts[i]);
	}
}

gboolean
tls_shake_hands (TlsConnection *connection)
{
	int done[2] = {0, 0};

	for (int i = 0; i < 20 && done[0] + done[1] < 2; i++) {
		SSL *ssl = connection->ssl[i & 1];
		int result = SSL_do_handshake (ssl);

		done[i & 1] = result == 1;
		if (result != 1 && SSL_get_error (ssl, result) == SSL_ERROR_SSL)
			return FALSE;
	}
	return done[0] + done[1] == 2;
}

void
tls_check_connected (TlsConnection *connection)
{
	guint8 exported[2][32];
	char line[16];

	for (int i = 0; i < 2; i++)
		g_assert_cmpint (SSL_export_keying_material (connection->ssl[i], exported[i], 32,
							     "EXPORTER-test", 13, NULL, 0, 0),
				 ==, 1);
	g_assert_cmpmem (exported[0], 32, exported[1], 32);
	for (int i = 0; i < 2; i++) {
		g_assert_cmpint (SSL_write (connection->ssl[i], "enrolee", 7), ==, 7);
		g_assert_cmpint (SSL_read (connection->ssl[!i], line, sizeof line), ==, 7);
		g_assert_cmpmem (line, 7, "enrolee", 7);
	}
}

gboolean
tls_connects (const TlsSetup *setup)
{
	TlsConnection connection;
	gboolean connected;

	tls_open (&connection, setup, NULL);
	connected = tls_shake_hands (&connection);
	if (connected)
		tls_check_connected (&connection);
	tls_close (&connection);
	return connected;
}

void
tls_assert_reason (const char *reason)
{
	gboolean found = FALSE;
	unsigned long code;

	while ((code = ERR_get_error ()) != 0) {
		const char *text = ERR_reason_error_string (code);

		found = found || (text != NULL && strstr (text, reason) != NULL);
	}
	if (!found)
		g_error ("no error says \"%s\"", reason);
}

void
tls_refused (const TlsSetup *setup, const char *reason)
{
	ERR_clear_error ();
	g_assert_false (tls_connects (setup));
	if (reason)
		tls_assert_reason (reason);
	ERR_clear_error ();
}

/* For RSA-PSK. */
static void
make_certificate (void)
{
	certificate_key = EVP_RSA_gen (2048);
	certificate = X509_new ();
	ASN1_INTEGER_set (X509_get_serialNumber (certificate), 1);
	X509_gmtime_adj (X509_getm_notBefore (certificate), -60);
	X509_gmtime_adj (X509_getm_notAfter (certificate), 3600);
	X509_set_pubkey (certificate, certificate_key);
	g_assert_cmpint (X509_sign (certificate, certificate_key, EVP_sha256 ()), >, 0);
}

void
tls_init (void)
{
	for (gsize i = 0; i < sizeof tls_real_key; i++)
		tls_real_key[i] = (guint8)(i * 7 + 3);
	make_certificate ();
}

void
tls_end (void)
{
	X509_free (certificate);
	EVP_PKEY_free (certificate_key);
}
