/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the keystore reads from a certificate: the attributes a view shows, and whether key, leaf
 * and chain belong together. It is no path validation: that is the provisioner's, before
 * publication.
 */
#pragma once

#include "keystore/der.h"
#include "keystore/error.h"

/* Slices of the certificate's own DER, each a whole TLV; valid as long as the certificate is. */
typedef struct {
	KsSlice serial;  /* INTEGER: CKA_SERIAL_NUMBER */
	KsSlice issuer;  /* Name: CKA_ISSUER */
	KsSlice subject; /* Name: CKA_SUBJECT */
	KsSlice spki;    /* SubjectPublicKeyInfo: CKA_PUBLIC_KEY_INFO */
	gint64 not_before_s;
	gint64 not_after_s;
} KsCertificateFields;

/**
 * ks_certificate_parse:
 * @der: one X.509 certificate, nothing behind it
 * @fields: (out caller-allocated)
 *
 * Walks the DER without allocating.
 *
 * Returns: %FALSE with %KS_ERROR_INVALID
 */
gboolean ks_certificate_parse (GBytes *der,
			       KsCertificateFields *fields,
			       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_certificate_is_for:
 * @fields: of a certificate
 * @spki: a public key
 *
 * Returns: whether the certificate is for that key, in whichever encoding
 */
gboolean ks_certificate_is_for (const KsCertificateFields *fields, GBytes *spki);

/**
 * ks_certificate_check_chain:
 * @leaf: the certificate
 * @chain: (element-type GBytes) (nullable): issuer first
 *
 * Returns: %FALSE with %KS_ERROR_MISMATCH when one is not signed by the next: an importer warns of
 * it
 */
gboolean ks_certificate_check_chain (GBytes *leaf,
				     GPtrArray *chain,
				     GError **error) G_GNUC_WARN_UNUSED_RESULT;
