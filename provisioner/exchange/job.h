/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The job of one Enrolment Exchange, as enroleed describes it (exchange-protocol.h). Whatever is
 * wrong with it is found here, before the first packet.
 */
#pragma once

#include "provisioner/dialect.h"
#include "provisioner/exchange/auth.h"
#include "provisioner/identity.h"
#include "provisioner/keystore-ops.h"

#include <json-glib/json-glib.h>

typedef enum {
	PV_JOB_ENROL,
	PV_JOB_PROBE,
	PV_JOB_DECOMMISSION,
} PvPurpose;

typedef enum {
	PV_DO_REGISTER = 1 << 0,
	PV_DO_COMMANDS = 1 << 1,
	PV_DO_CERTIFICATE = 1 << 2,
	PV_DO_KEY = 1 << 3,
	PV_DO_RETRIEVE = 1 << 4,
	PV_DO_PUBLISH = 1 << 5,
	PV_DO_RETIRE = 1 << 6,
} PvSteps;

typedef struct {
	JsonNode *root; /* owns every text below */
	const char *credential, *runtime_dir;
	PvPurpose purpose;
	PvSteps steps;
	gboolean acknowledge; /* enroleed answers events */
	int keystore;         /* the channel's descriptor, -1: it connects itself */
	int trace;            /* descriptor, -1 for none */
	const char *pkcs11_module; /* (nullable): not of the text: ours, for the keys of certificates */

	const char *mef_fqdn, *connect_host, *interface, *proxy;
	guint mef_port, connect_s, total_s, stall_s;
	GPtrArray *anchors; /* (nullable): X509 */
	PvDialect *dialect;
	char *uri_host; /* (nullable): host of the MEF URI when it is not the FQDN */

	GPtrArray *credentials; /* PvAuthCredential: in the order of their use */

	PvEntityKind client_kind;
	const char *client_id, *public_domain_name;

	const char *admin_fqdn, *registration_id;
	gint64 registration_lifetime_s, registration_expires;
	gint64 registration_renew_from; /* 0: not yet known */
	GStrv registration_labels;

	const char *est_uri; /* (nullable) */
	PvKeyType key_type;
	gboolean has_staged_certificate;
	gboolean has_pending;
	guint32 pending_staged;
	GBytes *pending_csr;

	guint key_suid;
	GStrv key_targets, key_labels;
	gint64 key_lifetime_s;
	gboolean key_is_generated;
	const char *key_current; /* (nullable): Key Identifier */
	gboolean key_update;
	GStrv retrieve, retire; /* (nullable): Key Identifiers */

	JsonNode *last_command_id; /* (nullable) */
	guint last_command_status;
	GArray *staged; /* guint32 */
} PvJob;

/**
 * pv_job_parse:
 * @text: the job
 * @length: its length
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): the job.
 * Errors: PV_ERROR/JOB, PV_ERROR/LIMIT
 */
PvJob *pv_job_parse (const char *text, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void pv_job_free (PvJob *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvJob, pv_job_free)
