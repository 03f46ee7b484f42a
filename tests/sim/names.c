/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of names; written from the standard, not from the client's table. */
#include <config.h>

#include "tests/sim/names.h"

#include <string.h>

static const char *const names[SIM_NAME_N][SIM_DIALECT_N] = {
	[SIM_NAME_TARGET_IDS] = {"tgis", "tids"},
	[SIM_NAME_SUID] = {"suid", "suid"},
	[SIM_NAME_ADMIN_FQDN] = {"adfq", "adminfqdn"},
	[SIM_NAME_FQDN] = {"fq", "fq"},
	[SIM_NAME_ASSIGNED_KEY_ID] = {"aski", "ask"},
	[SIM_NAME_KEY_VALUE] = {"kv", "kvl"},
	[SIM_NAME_DEVICE_CONFIG_URI] = {"dcu", "deviceConfigURI"},
	[SIM_NAME_CMD_ID] = {"cmid", "cmdi"},
	[SIM_NAME_CMD_DESCRIPTION] = {"cmde", "cmdd"},
	[SIM_NAME_CMD_STATUS] = {"cmsc", "cmst"},
	[SIM_NAME_CMD_CLASS] = {"cmci", "cmdClassID"},
	[SIM_NAME_CMD_ARGS] = {"cmar", "cmdArgs"},
	[SIM_NAME_TARGET_ID] = {"tgid", "targetID"},
	[SIM_NAME_NO_MORE_ARGS] = {"nmca", "noMoreCmdArgs"},
	[SIM_NAME_CERT_PROV_ARGS] = {"cpca", "certProvCmdArgs"},
	[SIM_NAME_DEV_CFG_ARGS] = {"dcca", "devCfgCmdArgs"},
	[SIM_NAME_MO_NODE_ARGS] = {"mnca", "MONodeCmdArgs"},
	[SIM_NAME_RETRY_DURATION] = {"rtdu", "rd"},
	[SIM_NAME_CERT_PROV_PROTOCOL] = {"cppi", "certProvProtocolID"},
	[SIM_NAME_URI] = {"uri", "URI"},
	[SIM_NAME_CERT_SUBJECT_TYPE] = {"crst", "certSubjectType"},
	[SIM_NAME_CERT_SUBJECT_ID] = {"crsi", "certSubjectID"},
	[SIM_NAME_OBJECT_PATH] = {"obpa", "objectPath"},
	[SIM_NAME_OBJECT_TYPE] = {"obti", "objectTypeID"},
	[SIM_NAME_OBJECT_ARGS] = {"otsa", "objectTypeSpecifcArgs"},
};

static const struct {
	int number[SIM_DIALECT_N];
	const char *root[SIM_DIALECT_N];
} types[SIM_TYPE_N] = {
	[SIM_TYPE_MEF_BASE] = {{2, 10002}, {"sec:mefb", "m2m:meb"}},
	[SIM_TYPE_CLIENT_REG] = {{4, 10004}, {"sec:mecr", "m2m:mefcr"}},
	[SIM_TYPE_KEY_REG] = {{5, 10005}, {"sec:skr", "m2m:sykr"}},
	[SIM_TYPE_CLIENT_CMD] = {{6, 10006}, {"sec:mecc", "m2m:mefcc"}},
};

gboolean
sim_dialect_from_text (const char *text, guint *dialect)
{
	if (strcmp (text, "standard") != 0 && strcmp (text, "alternate") != 0)
		return FALSE;
	*dialect = text[0] == 's' ? SIM_DIALECT_STANDARD : SIM_DIALECT_ALTERNATE;
	return TRUE;
}

const char *
sim_name (guint dialect, SimName name)
{
	return names[name][dialect];
}

int
sim_type_number (guint dialect, SimType type)
{
	return types[type].number[dialect];
}

/* The member that holds a resource: prefix, colon, short name (TS-0004 8.4.2). */
const char *
sim_root_name (guint dialect, SimType type)
{
	return types[type].root[dialect];
}

/* A22: TS-0003 10.3.1 defines both labels; "Bootstrap" would distribute Ke itself. */
const char *
sim_exporter_label (guint dialect)
{
	return dialect == SIM_DIALECT_STANDARD ? "EXPORTER-oneM2M-Connection"
					       : "EXPORTER-oneM2M-Bootstrap";
}

/* Text form of keyValue: hexBinary, or base64 in the alternate dialect. */
gboolean
sim_keys_are_hex (guint dialect)
{
	return dialect == SIM_DIALECT_STANDARD;
}
