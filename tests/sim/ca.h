/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The MEF CA: a P-256 root and one issuing CA, made at the first start in the state folder, and the
 * certificates they issue. TS-0003 10.1.1: P-256, ECDSA with SHA-256, keyUsage with
 * digitalSignature, no wildcards.
 */
#pragma once

#include <glib.h>
#include <gnutls/x509.h>

typedef struct {
	gnutls_x509_privkey_t root_key, issuing_key;
	gnutls_x509_crt_t root, issuing;
} SimCa;

/* What a leaf is to say. */
typedef struct {
	gnutls_x509_crq_t request; /* (nullable): subject and key from here */
	gnutls_x509_privkey_t key; /* (nullable): or this key */
	const char *common_name;   /* with key only */
	gnutls_x509_subject_alt_name_t name_type;
	const char *name;
	gint64 not_before, not_after; /* seconds of the epoch */
	gboolean server;
	gboolean for_clients; /* a server's that may not be one's */
	gboolean unsigning;   /* with the keyUsage below instead of digitalSignature; 0: without any */
	unsigned key_usage;
} SimLeaf;

/* Reads the CA from the folder, or makes it and writes root.pem and issuing.pem there. NULL folder:
 * in memory only. */
SimCa *sim_ca_open (const char *folder, const char *name, const char *constraints, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;
void sim_ca_free (SimCa *ca);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SimCa, sim_ca_free)

gnutls_x509_crt_t
sim_ca_issue (SimCa *ca, const SimLeaf *leaf, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gnutls_x509_privkey_t sim_key_new (GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *sim_certificate_der (gnutls_x509_crt_t certificate);
char *sim_certificate_serial (gnutls_x509_crt_t certificate);

/* Turns a GnuTLS result into a GError of domain G_IO_ERROR; TRUE when the result is good. */
gboolean sim_gnutls_ok (int result, const char *what, GError **error);
