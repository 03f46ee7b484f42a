/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For unit tests: a keystore whose keys are in this process, and a small CA.
 */
#pragma once

#include "provisioner/crypto.h"
#include "provisioner/keystore-ops.h"

/* One key pair, one secret; counts what was asked of it. */
typedef struct {
	EVP_PKEY *key;
	guint staged_pairs;
	guint signatures;
	guint published;
	guint discarded;
	gboolean break_signatures;
	GPtrArray *chain;   /* GBytes, as attached */
	GPtrArray *anchors; /* GBytes, as attached */
	GBytes *secret;
	char *identifier;
} FakeKeystore;

extern const PvKeystoreOps fake_keystore_ops;

void fake_keystore_clear (FakeKeystore *keystore);

/* (transfer full): a certificate; with @issuer NULL it signs itself. @extensions are pairs of
 * OpenSSL extension name and value, NULL-terminated. */
X509 *fake_certificate (const char *name,
			EVP_PKEY *key,
			X509 *issuer,
			EVP_PKEY *issuer_key,
			long not_before_s,
			long not_after_s,
			const char *const *extensions);

EVP_PKEY *fake_key (const char *curve);

GBytes *fake_spki (EVP_PKEY *key);

/* (transfer full): a certs-only PKCS#7. */
GBytes *fake_certs_only (X509 *const *certificates, guint count);
