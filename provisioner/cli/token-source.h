/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A private key and its certificates, or a symmetric key, out of another PKCS#11 token, named by a URI
 * (RFC 7512): what its owner lets out of it, that is.
 */
#pragma once

#include "provisioner/cli/bundle.h"
#include "provisioner/cli/secret-file.h"

/**
 * CliTokenSource:
 * @uri: pkcs11:...; one token, and one private key in it
 * @module: (nullable): path of the PKCS#11 module; by default those that p11-kit knows
 * @pin_file: (nullable): its first line is the PIN; without it the URI's pin-source, or the operator is
 * asked
 */
typedef struct {
	const char *uri, *module, *pin_file;
} CliTokenSource;

/**
 * cli_bundle_add_token:
 *
 * Adds the key, the certificate of it and that one's issuers, as far as they are in the token.
 *
 * Returns: %FALSE with PV_ERROR/JOB: the URI, no or several tokens or keys that fit it, the PIN, or a
 * key that does not leave its token
 */
gboolean cli_bundle_add_token (CliBundle *bundle,
			       const CliTokenSource *source,
			       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * cli_token_read_secret:
 *
 * Returns: (transfer full) (nullable): the bytes of the one symmetric key that fits the URI; %NULL with
 * PV_ERROR/JOB as above
 */
CliSecret *cli_token_read_secret (const CliTokenSource *source,
				  GError **error) G_GNUC_WARN_UNUSED_RESULT;
