/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Identifiers of oneM2M: what is well formed, how key identifiers are put together and taken apart,
 * and which name a certificate carries for an entity. Compared byte for byte, never normalised.
 *
 * Spec: TS-0003 10.3.5, 10.4, 12.2, 10.1.1; TS-0004 6.2.3 and 6.3.1
 */
#pragma once

#include "provisioner/dialect.h"

/* sec:certSubjectType has the same numbers. */
typedef enum {
	PV_ENTITY_NODE = 1,
	PV_ENTITY_CSE = 2,
	PV_ENTITY_AE = 3,
} PvEntityKind;

/* One GeneralName of a subjectAltName. */
typedef struct {
	PvNameType type; /* never AUTO */
	char *text;
} PvSubjectName;

void pv_subject_name_free (PvSubjectName *name);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvSubjectName, pv_subject_name_free)

/**
 * pv_entity_kind_by_word:
 * @word: "node", "cse" or "ae"
 *
 * Returns: the kind, 0 when @word is another.
 */
PvEntityKind pv_entity_kind_by_word (const char *word);

/**
 * pv_fqdn_is_valid:
 * @fqdn: a name
 *
 * Returns: whether it is a lower-case host name of at most 253 characters, without wildcard and
 * without a final dot, and not an IPv4 address.
 */
gboolean pv_fqdn_is_valid (const char *fqdn);

/**
 * pv_relative_key_id_is_valid:
 * @relative: a sec:relKeyID
 *
 * Returns: whether it consists of letters, digits, '.', '_', '-' only and is not empty.
 */
gboolean pv_relative_key_id_is_valid (const char *relative);

/**
 * pv_key_identifier_new:
 * @relative: RelativeKeyID, used byte for byte
 * @fqdn: the MEF's
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): `RelativeKeyID@FQDN`.
 * Errors: PV_ERROR/MALFORMED
 */
char *pv_key_identifier_new (const char *relative,
			     const char *fqdn,
			     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_key_identifier_split:
 * @identifier: a key identifier
 * @relative: (out) (transfer full) (optional): what stands before the last '@'
 * @fqdn: (out) (transfer full) (optional): what stands behind it
 *
 * Returns: whether both halves are well formed (R-10.4-0).
 */
gboolean pv_key_identifier_split (const char *identifier, char **relative, char **fqdn);

/**
 * pv_relative_key_id_from_bytes:
 * @bytes: KcID
 * @length: its length
 *
 * Returns: (transfer full): hexBinary, upper case (A06).
 */
char *pv_relative_key_id_from_bytes (const guint8 *bytes, gsize length);

/**
 * pv_identifier_is_valid:
 * @kind: what it names
 * @id: an absolute CSE-ID or AE-ID (`//fqdn/x`, `//fqdn/x/y`), or a Node-ID
 *
 * Returns: whether it is well formed.
 */
gboolean pv_identifier_is_valid (PvEntityKind kind, const char *id);

/**
 * pv_identifier_is_same:
 * @own: a valid identifier of ours
 * @other: what a peer wrote; relative to our service provider when it begins with one '/'
 *
 * Returns: whether both name the same entity: compared in absolute form, the FQDN without case, all
 * else with it (decisions 17, 18).
 */
gboolean pv_identifier_is_same (const char *own, const char *other);

/**
 * pv_subject_name_new:
 * @dialect: the MEF's
 * @kind: what is certified
 * @id: its identifier
 * @public_domain_name: (nullable): for a CSE
 * @error: return location for an error
 *
 * The name that a certificate carries: AE-ID as URI, CSE-ID as its public domain name, Node-ID by
 * decision 1.
 *
 * Returns: (transfer full) (nullable): the name.
 * Errors: PV_ERROR/JOB, also for a wildcard (R-10.1.1.5-1 to R-10.1.1.8-1)
 * Spec: TS-0003 10.1.1.5 to 10.1.1.8
 */
PvSubjectName *pv_subject_name_new (const PvDialect *dialect,
				    PvEntityKind kind,
				    const char *id,
				    const char *public_domain_name,
				    GError **error) G_GNUC_WARN_UNUSED_RESULT;
