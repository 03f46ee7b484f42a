/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an EST server wants to see in a certificate request.
 *
 * Spec: RFC 7030 4.5.2, RFC 8951 4, TS-0003 8.3.6.2.2, A25
 */
#pragma once

#include "provisioner/keystore-ops.h"

typedef struct {
	char *challenge;          /* (nullable): value handed out, to be copied */
	gboolean link_tls_unique; /* bare challengePassword: RFC 7030 3.5 */
	gboolean key_usage;       /* keyUsage wanted */
	gboolean has_key_type;
	PvKeyType key_type;
	GBytes *subject_alt_name; /* (nullable): value given; must be ours */
	GPtrArray *extensions;    /* X509_EXTENSION given with a value that we copy */
} PvCsrAttributes;

void pv_csr_attributes_free (PvCsrAttributes *attributes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvCsrAttributes, pv_csr_attributes_free)

/**
 * pv_csr_attributes_new:
 *
 * Returns: (transfer full): the server wants nothing in particular.
 */
PvCsrAttributes *pv_csr_attributes_new (void);

/**
 * pv_csr_attributes_parse:
 * @der: CsrAttrs; empty means nothing
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): what the server wants; what we do not know is left out.
 * Errors: PV_ERROR/MALFORMED, PV_ERROR/LIMIT, PV_ERROR/UNSUPPORTED for a key we do not make
 */
PvCsrAttributes *pv_csr_attributes_parse (GBytes *der, GError **error) G_GNUC_WARN_UNUSED_RESULT;
