/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the simulated MEF is told: its name, the clients it knows, its policy, its dialect, and the
 * misbehaviour it starts with. Read from a GKeyFile; an unknown group or key is an error. Policy
 * may change while it runs.
 */
#pragma once

#include <glib.h>

/* sec:certSubjectType, TS-0003 table 12.3.2.6-1. */
typedef enum {
	SIM_SUBJECT_NODE = 1,
	SIM_SUBJECT_CSE = 2,
	SIM_SUBJECT_AE = 3,
} SimSubject;

/* One known MEF client: group [client NAME]. */
typedef struct {
	char *name;
	char *kpm_id;      /* (nullable): without it the client can only come by certificate */
	GBytes *kpm;       /* (nullable) */
	char *identity;    /* absolute AE-ID or CSE-ID, or a Node-ID */
	char *domain_name; /* (nullable): public domain name of a CSE-ID */
	SimSubject subject;
	char **admins;   /* administrating stakeholders that authorise it */
	char **targets;  /* (nullable): the targetIDs the MEF chooses when the client sends none */
	char **commands; /* the script of a new registration */
} SimClient;

/* Policy, group [policy]; the defaults are in settings.c. */
typedef enum {
	SIM_POLICY_REGISTRATION_LIFETIME,
	SIM_POLICY_KEY_LIFETIME,
	SIM_POLICY_CERTIFICATE_VALIDITY,
	SIM_POLICY_CERTIFICATE_BACKDATE,
	SIM_POLICY_EST_PENDING,
	SIM_POLICY_EST_RETRY_AFTER,
	SIM_POLICY_EST_PATH,
	SIM_POLICY_ENROL_CHAIN,
	SIM_POLICY_CHALLENGE,
	SIM_POLICY_RELATIVE_KEY_ID,
	SIM_POLICY_NAME_CONSTRAINTS,
	SIM_POLICY_REQUIRE_SNI,
	SIM_POLICY_REFUSE_PSK_AFTER_CERTIFICATE,
	SIM_POLICY_REQUIRE_LATEST_CERTIFICATE,
	SIM_POLICY_RETRY_DURATION,
	SIM_POLICY_ANNOUNCE_COMMAND,
	SIM_POLICY_ALREADY_REGISTERED,
	SIM_POLICY_ASSIGN_KPM_ID,
	SIM_POLICY_RELEASE_VERSIONS,
	SIM_POLICY_PRIORITIES,
	SIM_POLICY_N
} SimPolicy;

typedef struct {
	char *fqdn;
	guint dialect; /* SimDialect */
	GPtrArray *clients;
	char *policy[SIM_POLICY_N];
	GHashTable *misbehave; /* step -> kind, as written */
} SimSettings;

SimSettings *sim_settings_load (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void sim_settings_free (SimSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SimSettings, sim_settings_free)

gboolean sim_settings_set_policy (SimSettings *settings,
				  const char *name,
				  const char *value,
				  GError **error);
gint64 sim_policy_number (const SimSettings *settings, SimPolicy policy);
gboolean sim_policy_flag (const SimSettings *settings, SimPolicy policy);
const char *sim_policy_text (const SimSettings *settings, SimPolicy policy);

const SimClient *sim_settings_client (const SimSettings *settings, const char *name);
const SimClient *
sim_settings_client_by_kpm_id (const SimSettings *settings, const void *id, gsize length);
