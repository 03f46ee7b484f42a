/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Scripted misbehaviour: one table of kinds, each with the place where it acts. "[misbehave]
 * step=kind:argument*count" in the settings or the control interface's /misbehave sets one per
 * step; without a count it stays. The step "any" stands for all.
 */
#pragma once

#include "tests/sim/http.h"

typedef enum {
	SIM_FAULT_NONE,
	/* in the handshake */
	SIM_FAULT_CERTIFICATE_ONLY,
	SIM_FAULT_PSK_ONLY,
	SIM_FAULT_WRONG_PSK,
	SIM_FAULT_FOREIGN_SERVER,
	SIM_FAULT_OTHER_SERVER_NAME,
	SIM_FAULT_WILDCARD_SERVER,
	SIM_FAULT_EXPIRED_SERVER,
	SIM_FAULT_CLIENT_SERVER,
	SIM_FAULT_UNSIGNING_SERVER,
	SIM_FAULT_NO_CERTIFICATE_REQUEST,
	SIM_FAULT_SILENT_HANDSHAKE,
	SIM_FAULT_CLOSED_HANDSHAKE,
	SIM_FAULT_ALERT_HANDSHAKE,
	SIM_FAULT_NOT_TLS,
	/* instead of the procedure */
	SIM_FAULT_STATUS,
	SIM_FAULT_GONE,
	SIM_FAULT_HTTP_STATUS,
	/* on the finished answer */
	SIM_FAULT_WRONG_HTTP,
	SIM_FAULT_WRONG_RSC,
	SIM_FAULT_NO_RSC,
	SIM_FAULT_WRONG_RI,
	SIM_FAULT_NO_RI,
	SIM_FAULT_EMPTY,
	SIM_FAULT_TRUNCATED,
	SIM_FAULT_DEEP,
	SIM_FAULT_HUGE,
	SIM_FAULT_HTML,
	SIM_FAULT_BOM,
	SIM_FAULT_BAD_UTF8,
	SIM_FAULT_WRONG_TYPES,
	SIM_FAULT_DUPLICATE_KEYS,
	SIM_FAULT_UNKNOWN_MEMBERS,
	SIM_FAULT_WRONG_ROOT,
	SIM_FAULT_REPLACE,
	SIM_FAULT_DROP,
	SIM_FAULT_WRONG_CONTENT_TYPE,
	SIM_FAULT_REDIRECT,
	SIM_FAULT_HTTP_AUTH,
	SIM_FAULT_CHUNKED,
	SIM_FAULT_NO_LENGTH,
	SIM_FAULT_SHORT_LENGTH,
	SIM_FAULT_LONG_LENGTH,
	SIM_FAULT_MANY_HEADERS,
	/* on the way out */
	SIM_FAULT_SLOW,
	SIM_FAULT_DRIP,
	SIM_FAULT_SILENT,
	SIM_FAULT_CUT_HEAD,
	SIM_FAULT_CUT_BODY,
	SIM_FAULT_CLOSE,
	SIM_FAULT_GARBAGE,
	SIM_FAULT_ALERT,
	/* in EST */
	SIM_FAULT_BROKEN_BASE64,
	SIM_FAULT_CRLF_BASE64,
	SIM_FAULT_RAW_DER,
	SIM_FAULT_PEM,
	SIM_FAULT_EMPTY_PKCS7,
	SIM_FAULT_TRAILING_DATA,
	SIM_FAULT_NO_CHAIN,
	SIM_FAULT_MISORDERED,
	SIM_FAULT_EXTRA_CERTIFICATES,
	SIM_FAULT_OTHER_KEY,
	SIM_FAULT_OTHER_NAME,
	SIM_FAULT_WILDCARD_NAME,
	SIM_FAULT_UNSIGNING,
	SIM_FAULT_EXPIRED,
	SIM_FAULT_NOT_YET_VALID,
	SIM_FAULT_FOREIGN_CA,
	SIM_FAULT_PENDING,
	SIM_FAULT_PENDING_DATE,
	SIM_FAULT_PENDING_WITHOUT_TIME,
	SIM_FAULT_NO_ATTRIBUTES,
	SIM_FAULT_EMPTY_ATTRIBUTES,
	SIM_FAULT_N
} SimFaultKind;

typedef enum {
	SIM_ACTS_HANDSHAKE,
	SIM_ACTS_REQUEST,
	SIM_ACTS_ANSWER,
	SIM_ACTS_SENDING,
	SIM_ACTS_EST
} SimActs;

/* One due misbehaviour, with its argument. */
typedef struct {
	SimFaultKind kind;
	char *argument; /* (nullable) */
} SimFault;

typedef struct SimMisbehave SimMisbehave;

SimMisbehave *sim_misbehave_new (void);
void sim_misbehave_free (SimMisbehave *misbehave);

/* text: "kind", "kind:argument", "kind*3"; empty clears the step. */
gboolean
sim_misbehave_set (SimMisbehave *misbehave, const char *step, const char *text, GError **error);

/* What is due at this step; counted down. Free the argument with sim_fault_clear(). */
SimFault sim_misbehave_take (SimMisbehave *misbehave, const char *step);
void sim_fault_clear (SimFault *fault);
const char *sim_fault_name (SimFaultKind kind);
SimActs sim_fault_acts (SimFaultKind kind);
gint64 sim_fault_number (const SimFault *fault, gint64 standard);

/* Spoils a finished answer, when the fault acts there. */
void sim_misbehave_answer (const SimFault *fault, SimResponse *response);

/* The table as JSON text, for /kinds. */
char *sim_misbehave_describe (void);
