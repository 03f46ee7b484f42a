/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * <mefClientCmd>: the command that an MEF has for its client, and the status that goes back.
 *
 * Spec: TS-0003 8.3.9, 12.3.2.3, 12.3.2.4, 12.4.4
 */
#pragma once

#include "provisioner/dialect.h"
#include "provisioner/identity.h"

#include <json-glib/json-glib.h>

/* sec:cmdClassID */
typedef enum {
	PV_CMD_NO_MORE_COMMANDS = 0,
	PV_CMD_CERT_PROV = 1,
	PV_CMD_DEV_CFG = 2,
	PV_CMD_MO_NODE = 3,
} PvCmdClass;

/* sec:cmdStatusCode, as far as we send or expect them */
typedef enum {
	PV_CMD_ISSUED = 10,
	PV_CMD_REISSUED = 11,
	PV_CMD_OK = 20,
	PV_CMD_REPEATED_ID = 40,
	PV_CMD_CLASS_NOT_SUPPORTED = 41,
	PV_CMD_BAD_ARGUMENTS = 42,
	PV_CMD_UNACCEPTABLE_ARGUMENTS = 43,
	PV_CMD_CERT_PROV_SERVER_ERROR = 100,
	PV_CMD_CERT_PROV_CLIENT_ERROR = 101,
	PV_CMD_MO_NODE_NOT_FOUND = 300,
} PvCmdStatus;

/* sec:certProvProtocolID */
#define PV_CERT_PROV_EST 1

typedef struct {
	guint protocol;
	char *uri;
	guint subject_kind; /* sec:certSubjectType: a PvEntityKind */
	char *subject_id;
} PvCertProvArgs;

typedef struct {
	JsonNode *id;             /* cmdID, kept as it came: number or text */
	guint status;             /* PV_CMD_ISSUED or PV_CMD_REISSUED */
	gint64 class;             /* PvCmdClass, or a number that we do not know */
	char *target;             /* (nullable): absent means ourselves (A34) */
	gboolean args_valid;      /* whether the arguments of a known class could be parsed */
	gint64 retry_s;           /* NO_MORE_COMMANDS */
	PvCertProvArgs cert_prov; /* CERT_PROV */
} PvMefClientCmd;

void pv_mef_client_cmd_free (PvMefClientCmd *command);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvMefClientCmd, pv_mef_client_cmd_free)

/**
 * pv_mef_client_cmd_parse:
 *
 * Unusable arguments do not fail the parse: they are answered with 42 (R-8.3.9.6-1).
 *
 * Returns: (transfer full) (nullable): the command.
 * Errors: PV_ERROR/MALFORMED
 */
PvMefClientCmd *pv_mef_client_cmd_parse (const PvDialect *dialect,
					 JsonNode *content,
					 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_mef_client_cmd_build_status:
 * @dialect: the MEF's
 * @id: cmdID of the command, echoed
 * @status: what became of it
 *
 * Returns: (transfer full): content of an Update.
 */
JsonNode *pv_mef_client_cmd_build_status (const PvDialect *dialect, JsonNode *id, guint status);
