/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The certificate profile of TS-0003: which of an answer's certificates are anchors, and whether an
 * issued certificate is ours, chains, names us and may be used. Explicit anchors only, never the
 * system's.
 *
 * Spec: TS-0003 8.1.2.2, 8.1.2.5, 10.1.1, RFC 5280 6.1, RFC 7030 4.1.3
 */
#pragma once

#include "provisioner/identity.h"

#include <glib.h>
#include <openssl/x509.h>

/**
 * pv_x509_select_anchors:
 * @answer: (element-type X509): the answer to cacerts
 * @known: (nullable) (element-type X509): anchors configured or kept; with %NULL or none the answer
 *   is taken as delivered over an authenticated channel (PPSK)
 * @now: seconds since the epoch
 * @anchors: (out) (transfer full) (element-type X509): self-signed ones that are trusted, the known
 *   ones that are still valid among them
 * @intermediates: (out) (transfer full) (element-type X509): all others
 * @error: return location for an error
 *
 * A new anchor is accepted when it is known, or when some certificate with its key and name
 * verifies under a known one (roll-over, RFC 4210 4.4).
 *
 * Errors: PV_ERROR/CERTIFICATE when no anchor is left
 */
gboolean pv_x509_select_anchors (GPtrArray *answer,
				 GPtrArray *known,
				 gint64 now,
				 GPtrArray **anchors,
				 GPtrArray **intermediates,
				 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What an issued certificate must be. */
typedef struct {
	GBytes *spki;              /* of the key that we asked for */
	const PvSubjectName *name; /* must be in its subjectAltName */
	GPtrArray *anchors;        /* X509 */
	GPtrArray *intermediates;  /* X509, (nullable): help to build the path */
	gint64 now;                /* seconds since the epoch */
} PvX509Expectation;

/**
 * pv_x509_check_issued:
 * @answer: (element-type X509): certificates of the answer, in any order
 * @expected: what must be
 * @warnings: (nullable): text is added for what the profile wants and foreign CAs leave out: P-256,
 *   SHA-256
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable) (element-type X509): the leaf, then its chain without the
 * anchor.
 * Errors: PV_ERROR/CERTIFICATE
 */
GPtrArray *pv_x509_check_issued (GPtrArray *answer,
				 const PvX509Expectation *expected,
				 GStrvBuilder *warnings,
				 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_x509_check_mef:
 * @leaf: the certificate that authenticates the MEF
 * @sent: (element-type X509): what came with it, in any order
 * @anchors: (element-type X509): those that are meant for this MEF
 * @fqdn: its MEF-FQDN
 * @now: seconds since the epoch
 * @error: return location for an error
 *
 * R-8.1.2.5-1, -2: the FQDN in the subjectAltName, exactly and without wildcards, never in the
 * subject; a path to an anchor; keyUsage with digitalSignature (R-10.1.1.1-5), and serverAuth where
 * its use is restricted.
 *
 * Returns: whether it is the MEF's. Errors: PV_ERROR/PEER
 */
gboolean pv_x509_check_mef (X509 *leaf,
			    GPtrArray *sent,
			    GPtrArray *anchors,
			    const char *fqdn,
			    gint64 now,
			    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_x509_has_name:
 * @name: an identity
 *
 * Returns: whether the certificate's subjectAltName holds it.
 */
gboolean pv_x509_has_name (X509 *certificate, const PvSubjectName *name);
