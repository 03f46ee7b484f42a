/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MEF Handshake with a pre-provisioned symmetric key that this process never has: libssl is given a
 * reference, and the OpenSSL provider lets the keystore compute.
 *
 * Spec: TS-0003 8.3.2.1, 8.3.5.2.2, 10.2.2; RFC 4279
 */
#pragma once

#include <glib.h>
#include <openssl/ssl.h>

typedef struct {
	const char *identity;  /* KpmID */
	const char *reference; /* pskref1:... */
} PvPpsk;

/**
 * pv_auth_ppsk_prepare:
 * @context: offers PSK suites only from now on, by name
 *
 * Returns: whether libssl took it.
 */
gboolean pv_auth_ppsk_prepare (SSL_CTX *context);

/**
 * pv_auth_ppsk_answer:
 * @ppsk: identity and reference
 *
 * What a psk_client_callback returns.
 */
guint pv_auth_ppsk_answer (
	const PvPpsk *ppsk, char *identity, guint identity_max, guint8 *psk, guint psk_max);

/**
 * pv_auth_ppsk_accepts:
 * @ssl: a session whose handshake is done
 *
 * Returns: whether a pre-shared key authenticated both ends. With a certificate suite nobody would
 * have checked the server.
 */
gboolean pv_auth_ppsk_accepts (const SSL *ssl);
