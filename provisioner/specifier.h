/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Specifiers in the settings, so that one file serves every gateway.
 */
#pragma once

#include <glib.h>

/**
 * pv_specifier_expand:
 * @value: with %m (machine-id), %H (host name), %s (serial number), %% (a percent sign)
 * @lower_case: whether what is inserted becomes lower case
 *
 * The serial number: the systemd credential enrolee.serial, else the device tree's, else that of DMI
 * (which only root may read).
 *
 * Returns: (transfer full) (nullable): %NULL with PV_ERROR/JOB: an unknown specifier, or one that
 * this machine has no usable value for: 1 to 64 letters, digits and ._-
 */
char *pv_specifier_expand (const char *value,
			   gboolean lower_case,
			   GError **error) G_GNUC_WARN_UNUSED_RESULT;
