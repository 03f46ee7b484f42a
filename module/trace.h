/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the module did, for whoever debugs an application. Silent unless ENROLEE_PKCS11_DEBUG names
 * a file; never data, keys or PINs. The file is opened for each line: no descriptor is kept.
 */
#pragma once

/** Reads the environment; the first call counts, for a program may wipe it later. */
void mod_trace_prepare (void);

void mod_trace (const char *format, ...) __attribute__ ((format (printf, 1, 2)));
