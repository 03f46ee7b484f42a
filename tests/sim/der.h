/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The DER that EST needs and that must also come out wrong: certs-only PKCS#7 with the certificates
 * in a given order, and CSR attributes. Everything else of X.509 is GnuTLS's.
 */
#pragma once

#include <glib.h>

/* Degenerate SignedData (RFC 5652 5.1) around DER certificates, in the order given. */
GBytes *sim_der_certs_only (GPtrArray *certificates);

/*
 * The CSR attributes of TS-0003 8.3.6.2.2: challengePassword with a value, or bare for "", or none
 * for NULL; the wish for a subjectAltName; P-256; ecdsa-with-SHA256.
 */
GBytes *sim_der_csr_attributes (const char *challenge);
