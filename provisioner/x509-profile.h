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
