/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The OpenSSL provider that resolves references to pre-shared keys, in this process.
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
