/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An exchange in words, for whoever looks for a fault: requests, answers, what TLS agreed on, events,
 * times; secrets masked. A trace that cannot be written ends, and the exchange does not.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "provisioner/dialect.h"
#include "provisioner/exchange/transport.h"

typedef struct _PvTrace PvTrace;

/**
 * pv_trace_new:
 * @descriptor: where it goes; not closed. A pipe that nobody reads ends the trace
 * @dialect: the MEF's; must live as long
 *
 * Returns: (transfer full): a trace. All functions take %NULL for none.
 */
PvTrace *pv_trace_new (int descriptor, const PvDialect *dialect);
void pv_trace_free (PvTrace *trace);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvTrace, pv_trace_free)

/** Writes a line: the time, @mark, and the text with what is known as secret masked. */
void pv_trace_line (PvTrace *trace, const char *mark, const char *format, ...) G_GNUC_PRINTF (3, 4);

/** An event for enroleed. */
void pv_trace_event (PvTrace *trace, JsonObject *event);

void pv_trace_request (PvTrace *trace, const PvHttpRequest *request);

/**
 * pv_trace_answer:
 * @response: (nullable): the answer
 * @error: (nullable): why there is none
 * @start_us: when the request was made, of the monotonic clock
 */
void pv_trace_answer (PvTrace *trace,
		      const PvHttpResponse *response,
		      const GError *error,
		      gint64 start_us);

/**
 * pv_trace_take_problem:
 *
 * Returns: (transfer full) (nullable): why the trace has ended before its end; told once.
 */
char *pv_trace_take_problem (PvTrace *trace);
