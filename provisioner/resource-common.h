/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the registrations of clients and of keys have in common, and references to children.
 *
 * Spec: TS-0003 8.3.5.2, TS-0004 8.2.3
 */
#pragma once

#include "provisioner/codec-json.h"

/* What the MEF granted; its values count (R-8.3.5.2.3-3). */
typedef struct {
	char *id;       /* MEFClientRegID or RelativeKeyID, byte for byte */
	gint64 expires; /* seconds since the epoch */
	char *admin_fqdn;
	char *client_id; /* (nullable): MEF Client ID, or Source MEF Client ID */
	GStrv labels;    /* (nullable) */
} PvGranted;

void pv_granted_clear (PvGranted *granted);

/**
 * pv_granted_read:
 * @reader: a resource's members; keeps the faults
 * @id_max: longest identifier taken
 * @granted: (out): filled as far as there was no fault
 */
void pv_granted_read (PvJsonReader *reader, gsize id_max, PvGranted *granted);

/**
 * pv_granted_refusal:
 * @granted: what the MEF granted
 * @client_id: our own identifier
 * @admin_fqdn: what we asked for
 * @now: seconds since the epoch
 *
 * Returns: (transfer none) (nullable): why it is not for us, for that stakeholder, or past
 * (R-8.3.5.2.3-5, R-8.3.9.9.4-3).
 */
const char *pv_granted_refusal (const PvGranted *granted,
				const char *client_id,
				const char *admin_fqdn,
				gint64 now);

/**
 * pv_proposal_new:
 * @expires: proposed end, seconds since the epoch; 0 to leave it out
 * @admin_fqdn: (nullable): the stakeholder; %NULL to leave it out
 * @labels: (nullable)
 *
 * Returns: (transfer full): members of a Create or an Update.
 */
JsonObject *pv_proposal_new (const PvDialect *dialect,
			     gint64 expires,
			     const char *admin_fqdn,
			     const char *const *labels);

/**
 * pv_update_parse:
 * @type: of the resource
 * @content: (nullable): content of an Update's answer: only what was asked for, or everything
 * @expires: (out): 0 when it is not in there
 * @targets: (out) (optional) (nullable) (transfer full): targetIDs
 *
 * Errors: PV_ERROR/MALFORMED
 */
gboolean pv_update_parse (const PvDialect *dialect,
			  PvName type,
			  JsonNode *content,
			  gint64 *expires,
			  GStrv *targets,
			  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_children_of_type:
 * @object: a resource's members
 * @type: resource type
 *
 * Returns: (transfer full): identifiers of the children that the resource refers to, maybe none.
 */
GStrv pv_children_of_type (const PvDialect *dialect, JsonObject *object, guint type);
