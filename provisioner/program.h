/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the programs begin with: defaults of their options, and the way to the bus. */
#pragma once

#include <gio/gio.h>

/**
 * pv_option_default:
 * @variable: (inout): set to a copy of @value when the command line gave none
 *
 * GOption does not free what a variable held before: defaults come after the options.
 */
void pv_option_default (char **variable, const char *value);

/**
 * pv_bus_connect:
 * @address: (nullable): of --bus
 *
 * Returns: (transfer full) (nullable): that bus, or the system's; %NULL with G_IO_ERROR
 */
GDBusConnection *pv_bus_connect (const char *address, GError **error) G_GNUC_WARN_UNUSED_RESULT;
