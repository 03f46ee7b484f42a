/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the units that use OpenSSL share: cleanup functions, DER to GBytes, and its error queue as a
 * GError.
 */
#pragma once

#include "provisioner/error.h"

#include <glib.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_REQ, X509_REQ_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_STORE, X509_STORE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_STORE_CTX, X509_STORE_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_ALGOR, X509_ALGOR_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_ATTRIBUTE, X509_ATTRIBUTE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CMS_ContentInfo, CMS_ContentInfo_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GENERAL_NAMES, GENERAL_NAMES_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ASN1_BIT_STRING, ASN1_BIT_STRING_free)

/**
 * pv_crypto_fail:
 * @error: return location for an error
 * @code: what it means to the caller
 * @what: what was tried
 *
 * Sets @error from OpenSSL's queue and empties the queue.
 *
 * Returns: %FALSE
 */
gboolean pv_crypto_fail (GError **error, PvErrorCode code, const char *what);

/**
 * pv_crypto_certificates_new:
 *
 * Returns: (transfer full): an empty array of X509, owning its elements.
 */
GPtrArray *pv_crypto_certificates_new (void);

/**
 * pv_crypto_certificate_der:
 *
 * Returns: (transfer full) (nullable): its DER.
 */
GBytes *pv_crypto_certificate_der (X509 *certificate);

/**
 * pv_crypto_describe:
 *
 * Returns: (transfer full): subject, issuer, end and SHA-256 of a certificate on one line, for people.
 */
char *pv_crypto_describe (X509 *certificate);

/**
 * pv_crypto_public_key_der:
 *
 * Returns: (transfer full) (nullable): the certificate's SubjectPublicKeyInfo.
 */
GBytes *pv_crypto_public_key_der (X509 *certificate);

/**
 * pv_crypto_certificates_from_pem:
 * @pem: certificates, other text between them is ignored
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): at least one certificate.
 * Errors: PV_ERROR/MALFORMED, PV_ERROR/LIMIT
 */
GPtrArray *pv_crypto_certificates_from_pem (const char *pem,
					    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_crypto_certificate_from_base64:
 *
 * Returns: (transfer full) (nullable): %NULL when the text is not one certificate's DER in base64.
 */
X509 *pv_crypto_certificate_from_base64 (const char *text);
