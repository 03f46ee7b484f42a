/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The TLS side of a session with the MEF.
 */
#include <config.h>

#include "provisioner/exchange/tls.h"

#include <string.h>
#include <sys/socket.h>

#define FINISHED_MAX 64

struct _PvTls {
	const PvPpsk *ppsk;
	char *export_label;
	PvHandshakeObserver observer;
	gpointer observer_data;
	gboolean in_handshake;
	gboolean acceptable;
	guint handshakes;
	int alert;
	guint8 finished[FINISHED_MAX];
	gsize finished_length;
	guint8 exported[PV_TLS_EXPORT_LENGTH];
	gboolean has_export;
};

PvTls *
pv_tls_new (const PvPpsk *ppsk, const char *export_label)
{
	PvTls *tls = g_new0 (PvTls, 1);

	tls->ppsk = ppsk;
	tls->export_label = g_strdup (export_label);
	tls->alert = -1;
	return tls;
}

void
pv_tls_free (PvTls *tls)
{
	if (tls == NULL)
		return;
	g_free (tls->export_label);
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
	return pv_auth_ppsk_answer (tls_of (ssl)->ppsk, identity, identity_max, psk, psk_max);
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

static void
on_done (PvTls *tls, SSL *ssl)
{
	tls->handshakes++;
	tls->acceptable = pv_auth_ppsk_accepts (ssl);
	if (!tls->acceptable) {
		/* Nothing may be written on such a session, whoever tries. */
		shutdown (SSL_get_fd (ssl), SHUT_RDWR);
		return;
	}
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
		tls->acceptable = FALSE;
		tell (tls, FALSE);
	} else if (where & SSL_CB_HANDSHAKE_DONE) {
		on_done (tls, (SSL *)ssl);
	} else if (where == SSL_CB_READ_ALERT && tls->in_handshake) {
		tls->alert = value & 0xff;
	}
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
	SSL_CTX_set_psk_client_callback (context, on_psk);
	return SSL_CTX_set_min_proto_version (context, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_max_proto_version (context, TLS1_2_VERSION) == 1 &&
	       pv_auth_ppsk_prepare (context);
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

int
pv_tls_alert (const PvTls *tls)
{
	return tls->alert;
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
