/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names on the wire, as the simulated MEF spells them, in two dialects. It reads and writes the
 * names of its own dialect only, so that a client that mixes them up is found out. TS-0032 digest
 * section 9.
 */
#pragma once

#include <glib.h>

typedef enum { SIM_DIALECT_STANDARD, SIM_DIALECT_ALTERNATE, SIM_DIALECT_N } SimDialect;

typedef enum {
	SIM_NAME_TARGET_IDS,
	SIM_NAME_SUID,
	SIM_NAME_ADMIN_FQDN,
	SIM_NAME_FQDN,
	SIM_NAME_ASSIGNED_KEY_ID,
	SIM_NAME_KEY_VALUE,
	SIM_NAME_DEVICE_CONFIG_URI,
	SIM_NAME_CMD_ID,
	SIM_NAME_CMD_DESCRIPTION,
	SIM_NAME_CMD_STATUS,
	SIM_NAME_CMD_CLASS,
	SIM_NAME_CMD_ARGS,
	SIM_NAME_TARGET_ID,
	SIM_NAME_NO_MORE_ARGS,
	SIM_NAME_CERT_PROV_ARGS,
	SIM_NAME_DEV_CFG_ARGS,
	SIM_NAME_MO_NODE_ARGS,
	SIM_NAME_RETRY_DURATION,
	SIM_NAME_CERT_PROV_PROTOCOL,
	SIM_NAME_URI,
	SIM_NAME_CERT_SUBJECT_TYPE,
	SIM_NAME_CERT_SUBJECT_ID,
	SIM_NAME_OBJECT_PATH,
	SIM_NAME_OBJECT_TYPE,
	SIM_NAME_OBJECT_ARGS,
	SIM_NAME_N
} SimName;

typedef enum {
	SIM_TYPE_MEF_BASE,
	SIM_TYPE_CLIENT_REG,
	SIM_TYPE_KEY_REG,
	SIM_TYPE_CLIENT_CMD,
	SIM_TYPE_N
} SimType;

gboolean sim_dialect_from_text (const char *text, guint *dialect);
const char *sim_name (guint dialect, SimName name);
int sim_type_number (guint dialect, SimType type);
const char *sim_root_name (guint dialect, SimType type);
const char *sim_exporter_label (guint dialect);
gboolean sim_keys_are_hex (guint dialect);
