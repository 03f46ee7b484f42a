/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MEF Handshake with certificates: ours with a private key that this process never has (a URI that
 * an OpenSSL provider resolves), the MEF's checked by our own profile, never by OpenSSL's defaults.
 *
 * Spec: TS-0003 8.3.2.2, 8.1.2.5, 10.2.3; RFC 8422
 */
#pragma once

#include <glib.h>
#include <openssl/ssl.h>

/* A certificate of ours. */
typedef struct {
	char *key;          /* URI of the private key: pkcs11:... */
	GPtrArray *chain;   /* X509, leaf first */
	GPtrArray *anchors; /* (nullable): X509, provisioned with it */
	gboolean renewable; /* this MEF issued it for this Enrolee */
	EVP_PKEY *pkey;     /* (nullable): the key by reference, once it is loaded */
} PvOwnCertificate;

void pv_own_certificate_clear (PvOwnCertificate *own);

/**
 * pv_own_certificate_load:
 * @own: whose key is looked up, once
 * @now: seconds since the epoch
 * @error: return location for an error
 *
 * Returns: whether it can be used now. Errors: PV_ERROR/CREDENTIAL when it is not valid now,
 * PV_ERROR/KEYSTORE when its key is not there
 */
gboolean
pv_own_certificate_load (PvOwnCertificate *own, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One handshake: how, and what came of it. Must stay where it is until the session ends. */
typedef struct {
	const PvOwnCertificate *own;
	GPtrArray *anchors; /* (nullable): X509, explicit ones of the settings, besides @own's */
	const char *mef_fqdn;
	gboolean asked;   /* the MEF asked for our certificate */
	GError *distrust; /* why the MEF's certificate was not accepted */
	GPtrArray *presented; /* (nullable): X509, what the MEF has sent, leaf first */
} PvCertificateHandshake;

void pv_certificate_handshake_clear (PvCertificateHandshake *handshake);

/**
 * pv_auth_certificate_prepare:
 * @handshake: told by callbacks from now on
 * @context: offers certificate suites only, by name
 *
 * Returns: whether libssl took it.
 */
gboolean pv_auth_certificate_prepare (PvCertificateHandshake *handshake, SSL_CTX *context);

/**
 * pv_auth_certificate_accepts:
 * @ssl: a session whose handshake is done
 *
 * Returns: whether certificates authenticated both ends.
 */
gboolean pv_auth_certificate_accepts (PvCertificateHandshake *handshake, const SSL *ssl);
