/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an operator's files hold: one private key and certificates, in PEM, DER, PKCS#8 or PKCS#12.
 */
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "provisioner/cli/secret-file.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)

/**
 * CliBundle:
 * @key: (nullable): the private key
 * @certificates: (element-type X509): in the order of the files
 * @leaf: (nullable): the certificate of @key; set by cli_bundle_sort()
 * @chain: (element-type GBytes): DER, the leaf first, then issuers; set by cli_bundle_sort()
 * @warnings: (element-type utf8): what the operator should know
 */
typedef struct {
	EVP_PKEY *key;
	GPtrArray *certificates;
	X509 *leaf;
	GPtrArray *chain;
	GPtrArray *warnings;
} CliBundle;

CliBundle *cli_bundle_new (void);
void cli_bundle_free (CliBundle *bundle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CliBundle, cli_bundle_free)

/**
 * cli_bundle_add_file:
 * @path: a file, or "-" for stdin
 *
 * Adds what the file holds, whatever its form.
 *
 * Returns: %FALSE with PV_ERROR/JOB: unreadable, unknown, a second key, a wrong passphrase, or an
 * unencrypted key that others may read
 */
gboolean cli_bundle_add_file (CliBundle *bundle,
			      const char *path,
			      CliPassphrase *passphrase,
			      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * cli_bundle_sort:
 * @now_s: Unix time
 *
 * Finds the certificate of the key, puts its issuers in their order behind it, and the rest after
 * them with a warning. Self-signed certificates are left out: trust is given by --anchors.
 *
 * Returns: %FALSE with PV_ERROR/CERTIFICATE: no certificate fits the key, or it is expired
 */
gboolean
cli_bundle_sort (CliBundle *bundle, gint64 now_s, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * cli_bundle_pkcs8:
 *
 * Returns: (transfer full) (nullable): the key as unencrypted PKCS#8 DER, in memory that
 * cli_secret_free() wipes
 */
CliSecret *cli_bundle_pkcs8 (const CliBundle *bundle, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** (transfer full): a certificate's DER. */
GBytes *cli_certificate_der (X509 *certificate);
