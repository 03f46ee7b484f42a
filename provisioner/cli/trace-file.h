/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file of enrolee enrol --trace: made here, written by the exchange's process. */
#pragma once

#include <gio/gio.h>

/**
 * CliTraceFile:
 * @path: a file, which is made or emptied; or a pipe or device that exists
 * @descriptor: -1: not open
 */
typedef struct {
	const char *path;
	int descriptor;
	gboolean made; /* by us: removed when nothing comes of it */
} CliTraceFile;

/**
 * cli_trace_file_open:
 *
 * The file is for its owner only, also when it was there before.
 *
 * Returns: %FALSE with PV_ERROR/JOB
 */
gboolean cli_trace_file_open (CliTraceFile *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** Nothing will be written: removes what was made. */
void cli_trace_file_drop (CliTraceFile *file);

/** Tells on stderr where the trace is, and whether its end is missing. */
void cli_trace_file_report (const CliTraceFile *file);

void cli_trace_file_close (CliTraceFile *file);
