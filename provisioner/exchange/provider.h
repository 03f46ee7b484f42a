/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The OpenSSL providers of this process: ours, which resolves references to pre-shared keys, and
 * pkcs11-provider over our own PKCS#11 module, which resolves URIs of private keys.
 */
#pragma once

#include <glib.h>

/**
 * pv_provider_load:
 * @directory: where enrolee.so is
 * @runtime_dir: where it finds the keystore
 * @error: return location for an error
 *
 * Returns: whether TLS1-PRF is the provider's from now on. Without it a reference would be taken
 * for the key itself. Errors: PV_ERROR/LOCAL
 */
gboolean pv_provider_load (const char *directory,
			   const char *runtime_dir,
			   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_provider_unload:
 *
 * Gives back what pv_provider_load() loaded: at the end of the process, behind whatever uses it.
 */
void pv_provider_unload (void);

/**
 * pv_provider_load_pkcs11:
 * @module: path of our PKCS#11 module; empty: there is none
 * @error: return location for an error
 *
 * To be called after pv_provider_load(), any number of times.
 *
 * Returns: whether pkcs11: URIs are resolved from now on. Errors: PV_ERROR/LOCAL
 */
gboolean pv_provider_load_pkcs11 (const char *module, GError **error) G_GNUC_WARN_UNUSED_RESULT;
