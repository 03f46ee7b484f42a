/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How one MEF spells the Mmef interface: names, type numbers, namespace prefix, path form, exporter
 * label, key encoding. The default is what the digests recommend; a file replaces single entries,
 * so that a foreign MEF needs no rebuild. What no file says, an MEF says by what it writes: it is answered
 * with the names that it uses itself.
 *
 * The file is a GKeyFile: [names] <long name>=<short name>; [types] <long name>=<number>; [wire]
 * with prefix=, path-form=absolute|relative, base=, child-form=unstructured|structured, release=,
 * exporter-label=, key-encoding=hex|base64, media-type=, node-name=auto|uri|dns|oid,
 * cse-name=dns|uri. enrolee-dialect(5) has all of it.
 */
#pragma once

#include "provisioner/names.h"

/* For errors that a wrong dialect explains. */
#define PV_DIALECT_HINT "does this MEF spell it otherwise? Dialect= in enrolee.conf(5) says how"

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

/* How the MEF itself spelled what it wrote; NULL: not otherwise than we. */
typedef struct {
	char *prefix;
	const char *names[PV_N_NAMES]; /* out of the table */
} PvHeard;

typedef struct {
	char *prefix; /* NULL: the default, or the MEF's own */
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
	char *sent[PV_N_NAMES]; /* by the file; NULL: the MEF's own, or the table's short name */
	PvHeard *heard;
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
 * pv_dialect_prefix:
 * @dialect: a dialect
 *
 * Returns: (transfer none): what stands before the ':' of the root member; "" for no prefix at all.
 */
const char *pv_dialect_prefix (const PvDialect *dialect);

/**
 * pv_dialect_hear:
 * @dialect: a dialect
 * @name: a name
 * @member: how the MEF spelled it, which matches
 *
 * From now on it is sent so, unless a file says how.
 */
void pv_dialect_hear (const PvDialect *dialect, PvName name, const char *member);

/**
 * pv_dialect_hear_prefix:
 * @dialect: a dialect
 * @member: a root member as the MEF wrote it
 *
 * The same for the prefix.
 */
void pv_dialect_hear_prefix (const PvDialect *dialect, const char *member);

/**
 * pv_dialect_wire_key:
 * @index: from 0 on
 *
 * Returns: (transfer none) (nullable): the key of [wire] at that place, %NULL behind the last.
 */
const char *pv_dialect_wire_key (guint index);

/**
 * pv_dialect_matches:
 * @dialect: a dialect
 * @name: a name
 * @member: a member name as it came; whatever stands before a ':' is ignored
 *
 * Returns: whether @member means @name: as sent, in the table's short or long form, or an alias.
 */
gboolean pv_dialect_matches (const PvDialect *dialect, PvName name, const char *member);
