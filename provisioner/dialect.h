/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How one MEF spells the Mmef interface: names, type numbers, namespace prefix, path form, exporter
 * label, key encoding. The default is what the digests recommend; a file replaces single entries,
 * so that a foreign MEF needs no rebuild. Immutable after it was made.
 *
 * The file is a GKeyFile: [names] <long name>=<short name>; [types] <long name>=<number>; [wire]
 * with prefix=, path-form=absolute|relative, base=, child-form=unstructured|structured, release=,
 * exporter-label=, key-encoding=hex|base64, media-type=, node-name=auto|uri|dns|oid,
 * cse-name=dns|uri.
 */
#pragma once

#include "provisioner/names.h"

typedef enum {
	PV_PATH_ABSOLUTE, /* /_/mef.example.com/-/x (TS-0009 6.2.2.1) */
	PV_PATH_RELATIVE, /* /-/x */
} PvPathForm;

typedef enum {
	PV_CHILD_UNSTRUCTURED, /* //FQDN/{ri} */
	PV_CHILD_STRUCTURED,   /* //FQDN/-/{ri} */
} PvChildForm;

typedef enum {
	PV_KEY_ENCODING_HEX,
	PV_KEY_ENCODING_BASE64,
} PvKeyEncoding;

/* Which GeneralName carries a Node-ID or CSE-ID (decisions 1, A13, A14). */
typedef enum {
	PV_NAME_TYPE_AUTO,
	PV_NAME_TYPE_URI,
	PV_NAME_TYPE_DNS,
	PV_NAME_TYPE_REGISTERED_ID,
} PvNameType;

typedef struct {
	char *prefix;
	char *base;
	char *release;
	char *exporter_label;
	char *media_type;
	PvPathForm path_form;
	PvChildForm child_form;
	PvKeyEncoding key_encoding;
	PvNameType node_name;
	PvNameType cse_name;
	guint mef_client_reg_type;
	guint symm_key_reg_type;
	guint mef_client_cmd_type;
	char *sent[PV_N_NAMES]; /* NULL: the table's short name */
} PvDialect;

/**
 * pv_dialect_new:
 *
 * Returns: (transfer full): the default dialect.
 */
PvDialect *pv_dialect_new (void);

/**
 * pv_dialect_load:
 * @path: a dialect file
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): the default dialect with the file's entries in place.
 * Errors: PV_ERROR/JOB naming the file and the entry; unknown groups, keys and values are errors.
 */
PvDialect *pv_dialect_load (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void pv_dialect_free (PvDialect *dialect);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvDialect, pv_dialect_free)

/**
 * pv_dialect_sent:
 * @dialect: a dialect
 * @name: a name
 *
 * Returns: (transfer none): the member name that we write.
 */
const char *pv_dialect_sent (const PvDialect *dialect, PvName name);

/**
 * pv_dialect_matches:
 * @dialect: a dialect
 * @name: a name
 * @member: a member name as it came; whatever stands before a ':' is ignored
 *
 * Returns: whether @member means @name: as sent, in the table's short or long form, or an alias.
 */
gboolean pv_dialect_matches (const PvDialect *dialect, PvName name, const char *member);
