/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The TLS side of a session with the MEF: TLS 1.2 only, no resumption, no renegotiation; what the
 * handshake yields (exported key, tls-unique, why it failed) is taken in libssl's callbacks,
 * because libcurl keeps the SSL object to itself.
 *
 * Spec: TS-0003 10.2.1, 10.3.1; RFC 5705, RFC 5929
 */
#pragma once

#include "provisioner/exchange/auth.h"

#define PV_TLS_EXPORT_LENGTH 48 /* D2: 16 octets of identifier, 32 of key */
#define PV_TLS_EXPORT_ID_LENGTH 16

typedef struct _PvTls PvTls;

/* Told when a handshake starts and, with @done, when it has ended well. */
typedef void (*PvHandshakeObserver) (gpointer data, gboolean done);

/**
 * pv_tls_new:
 * @credential: how both ends authenticate; must live as long as the object, loaded
 * @mef_fqdn: whom a certificate must name; must live as long
 * @anchors: (nullable): of the settings; must live as long
 * @export_label: (nullable): label of the exporter; with %NULL nothing is exported
 *
 * Returns: (transfer full): settings and results of one session.
 */
PvTls *pv_tls_new (const PvAuthCredential *credential,
		   const char *mef_fqdn,
		   GPtrArray *anchors,
		   const char *export_label);
void pv_tls_free (PvTls *tls);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvTls, pv_tls_free)

/** Has @observer told of handshakes. */
void pv_tls_observe (PvTls *tls, PvHandshakeObserver observer, gpointer data);

/**
 * pv_tls_prepare:
 * @tls: settings
 * @context: a fresh context, before its first handshake
 *
 * Returns: whether libssl took all settings.
 */
gboolean pv_tls_prepare (PvTls *tls, SSL_CTX *context);

/**
 * pv_tls_is_acceptable:
 *
 * Returns: whether the last handshake ended as it must. To be asked before the first byte is sent.
 */
gboolean pv_tls_is_acceptable (const PvTls *tls);

/** Returns: the number of handshakes that were done. */
guint pv_tls_handshakes (const PvTls *tls);

/**
 * pv_tls_explain:
 * @error: return location for an error
 *
 * Sets @error to what the last handshake tells about its failure, which is more than libcurl does.
 *
 * Returns: whether it tells anything.
 * Errors: PV_ERROR/CREDENTIAL, PV_ERROR/PEER, PV_ERROR/HANDSHAKE
 */
gboolean pv_tls_explain (const PvTls *tls, GError **error);

/** Returns: whether the MEF ended the last handshake because of our credential. */
gboolean pv_tls_is_refused (const PvTls *tls);

typedef struct {
	const char *version, *suite; /* "" before the first handshake */
	guint handshake_ms;
} PvTlsFacts;

/** Returns: (transfer none): what the last handshake that was done has agreed. */
const PvTlsFacts *pv_tls_facts (const PvTls *tls);

/** Returns: (transfer none) (nullable) (element-type X509): what the MEF has sent last, leaf first, trusted or not. */
GPtrArray *pv_tls_presented (const PvTls *tls);

/** Returns: (transfer full) (nullable): base64 of tls-unique of the last handshake. */
char *pv_tls_unique (const PvTls *tls);

/**
 * pv_tls_reveal_exported:
 * @tls: a session that exports
 *
 * Returns: (transfer none) (nullable): %PV_TLS_EXPORT_LENGTH octets of the one handshake; %NULL
 * when there was none, or more than one. Wiped by pv_tls_free().
 */
const guint8 *pv_tls_reveal_exported (const PvTls *tls);
