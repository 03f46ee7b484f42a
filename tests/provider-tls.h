/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whole handshakes of libssl in memory, each end with a library context of its own, with enrolee.so
 * or without.
 */
#pragma once

#include "tests/provider-prf.h"

#include <openssl/ssl.h>

#define TLS_KEY_MAX 512

/* One end of a connection: its library, and what it takes for the key. */
typedef struct {
	gboolean by_reference;
	const guint8 *key; /* (nullable): the reference */
	gsize key_len;
} TlsEnd;

/* What both ends are set to. */
typedef struct {
	int version;
	const char *suite;      /* a cipher list of TLS 1.2, a suite of TLS 1.3 */
	gboolean no_ems;        /* TLS 1.2 without extended master secret */
	gboolean old_callbacks; /* TLS 1.3 with the callbacks of TLS 1.2, as mosquitto has them */
	const char *client_groups, *server_groups; /* (nullable) */
	const char *query; /* (nullable): of the program's own, on properties */
	guint64 options;
	guint32 early_data;    /* bytes */
	const TlsEnd *ends[2]; /* client, server */
} TlsSetup;

typedef struct {
	SSL_CTX *contexts[2];
	SSL *ssl[2];  /* client, server */
	guint hellos; /* ClientHellos: two after a HelloRetryRequest */
} TlsConnection;

extern guint8 tls_real_key[TLS_KEY_MAX];
extern const TlsEnd tls_by_key, tls_by_reference, tls_other_key;

/** Fills tls_real_key and makes the certificate of RSA-PSK; frees it. */
void tls_init (void);
void tls_end (void);

/** @session: (nullable): to be resumed */
void tls_open (TlsConnection *connection, const TlsSetup *setup, SSL_SESSION *session);
void tls_close (TlsConnection *connection);

/** Ends with the first error, which the next call would forget. */
gboolean tls_shake_hands (TlsConnection *connection);

/** Data pass, and both ends have the same keys. */
void tls_check_connected (TlsConnection *connection);

/** All of the above. */
gboolean tls_connects (const TlsSetup *setup);

/** Some error of the queue says @reason. */
void tls_assert_reason (const char *reason);

/** No connection; @reason: (nullable) */
void tls_refused (const TlsSetup *setup, const char *reason);
