/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PKCS#10 requests for keys that are somewhere else: the keystore gives the public key and signs.
 *
 * Spec: TS-0003 10.1.4, RFC 2986
 */
#pragma once

#include "provisioner/csr-attributes.h"
#include "provisioner/identity.h"

#include <openssl/x509.h>

typedef struct {
	GBytes *spki;                      /* SubjectPublicKeyInfo */
	const PvSubjectName *name;         /* what the certificate shall carry */
	const char *common_name;           /* cut to 64 characters */
	const char *challenge;             /* (nullable): challengePassword */
	const PvCsrAttributes *attributes; /* what the server wants besides */
	X509 *renewed;                     /* (nullable): its subject and name are taken instead */
} PvCsrRequest;

/**
 * pv_csr_build:
 * @request: what goes into it
 * @ops: the keystore's functions
 * @keystore: their first argument
 * @staged: the key pair that @request's public key belongs to
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): DER, its signature verified with the public key.
 * Errors: PV_ERROR/KEYSTORE when the signature fails; PV_ERROR/UNSUPPORTED when the server wants
 * another name than ours; PV_ERROR/LOCAL
 */
GBytes *pv_csr_build (const PvCsrRequest *request,
		      const PvKeystoreOps *ops,
		      gpointer keystore,
		      guint32 staged,
		      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_subject_alt_name_der:
 * @name: a name
 *
 * Returns: (transfer full) (nullable): DER of GeneralNames that holds it alone.
 */
GBytes *pv_subject_alt_name_der (const PvSubjectName *name);
