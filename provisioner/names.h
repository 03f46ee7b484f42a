/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one table of names on the Mmef interface: long name, short name sent, aliases accepted.
 * Nothing else spells a short name. Largely inferred (no open text of TS-0032), so every entry can
 * be replaced for one MEF by its dialect.
 *
 * Spec: TS-0032, TS-0004 8.2, TS-0003 12.3 and 12.4
 */
#pragma once

#include <glib.h>

typedef enum {
	/* resource types */
	PV_NAME_MEF_BASE,
	PV_NAME_MEF_CLIENT_REG,
	PV_NAME_SYMM_KEY_REG,
	PV_NAME_MEF_CLIENT_CMD,
	/* attributes of every resource */
	PV_NAME_RESOURCE_TYPE,
	PV_NAME_RESOURCE_ID,
	PV_NAME_RESOURCE_NAME,
	PV_NAME_PARENT_ID,
	PV_NAME_CREATION_TIME,
	PV_NAME_LAST_MODIFIED_TIME,
	PV_NAME_EXPIRATION_TIME,
	PV_NAME_LABELS,
	PV_NAME_CREATOR,
	PV_NAME_CHILD_RESOURCE,
	PV_NAME_CHILD_NAME,
	PV_NAME_CHILD_TYPE,
	PV_NAME_CHILD_VALUE,
	/* registrations and keys */
	PV_NAME_ADMIN_FQDN,
	PV_NAME_ASSIGNED_SYMM_KEY_ID,
	PV_NAME_SUID,
	PV_NAME_TARGET_IDS,
	PV_NAME_KEY_VALUE,
	/* commands */
	PV_NAME_CMD_ID,
	PV_NAME_CMD_DESCRIPTION,
	PV_NAME_CMD_STATUS_CODE,
	PV_NAME_CMD_CLASS_ID,
	PV_NAME_CMD_ARGS,
	PV_NAME_TARGET_ID,
	PV_NAME_NO_MORE_CMD_ARGS,
	PV_NAME_CERT_PROV_CMD_ARGS,
	PV_NAME_DEV_CFG_CMD_ARGS,
	PV_NAME_MO_NODE_CMD_ARGS,
	PV_NAME_RETRY_DURATION,
	PV_NAME_CERT_PROV_PROTOCOL_ID,
	PV_NAME_URI,
	PV_NAME_CERT_SUBJECT_TYPE,
	PV_NAME_CERT_SUBJECT_ID,
	PV_NAME_DEVICE_CONFIG_URI,
	PV_NAME_OBJECT_PATH,
	PV_NAME_OBJECT_TYPE_ID,
	PV_NAME_OBJECT_TYPE_SPECIFIC_ARGS,
	/* a error's text: m2m:dbg */
	PV_NAME_DEBUG_INFO,
	PV_N_NAMES
} PvName;

/* What members of one name may be called in a message. */
typedef struct {
	const char *long_name;
	const char *short_name; /* what we send */
	const char *aliases[4]; /* what we accept besides; unused places are NULL */
} PvNameEntry;

/**
 * pv_name_entry:
 * @name: a name
 *
 * Returns: (transfer none): its row of the table.
 */
const PvNameEntry *pv_name_entry (PvName name);

/**
 * pv_name_by_long_name:
 * @long_name: a name as the standards spell it
 *
 * Returns: the name, %PV_N_NAMES if there is none such.
 */
PvName pv_name_by_long_name (const char *long_name);
