/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * m2m:timestamp and xs:duration, to and from seconds.
 *
 * Spec: TS-0004 6.3.3 (R-TS4-6.3.3-1)
 */
#pragma once

#include <glib.h>

/**
 * pv_timestamp_parse:
 * @text: `YYYYMMDDThhmmss[,f{1,6}]`, UTC
 * @seconds: (out): seconds since the epoch, the fraction dropped
 * @error: return location for an error
 *
 * Errors: PV_ERROR/MALFORMED
 */
gboolean
pv_timestamp_parse (const char *text, gint64 *seconds, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_timestamp_format:
 * @seconds: since the epoch; years 1 to 9999
 *
 * Returns: (transfer full): the basic form without fraction.
 */
char *pv_timestamp_format (gint64 seconds);

/**
 * pv_duration_parse:
 * @text: an xs:duration, not negative, e.g. `PT1H30M`
 * @seconds: (out): a year counts 365 days, a month 30; a fraction is rounded up
 * @error: return location for an error
 *
 * Errors: PV_ERROR/MALFORMED, also when longer than %PV_LIFETIME_MAX_S
 */
gboolean
pv_duration_parse (const char *text, gint64 *seconds, GError **error) G_GNUC_WARN_UNUSED_RESULT;
