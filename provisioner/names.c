/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one table of names on the Mmef interface. The order of rows is that of PvName.
 */
#include <config.h>

#include "provisioner/names.h"

static const PvNameEntry table[PV_N_NAMES] = {
	[PV_NAME_MEF_BASE] = {"MEFBase", "mefb", {"meb"}},
	[PV_NAME_MEF_CLIENT_REG] = {"mefClientReg", "mecr", {"mefcr", "mcr"}},
	[PV_NAME_SYMM_KEY_REG] = {"symmKeyReg", "skr", {"sykr", "syk"}},
	[PV_NAME_MEF_CLIENT_CMD] = {"mefClientCmd", "mecc", {"mefcc", "mcc"}},
	[PV_NAME_RESOURCE_TYPE] = {"resourceType", "ty", {NULL}},
	[PV_NAME_RESOURCE_ID] = {"resourceID", "ri", {NULL}},
	[PV_NAME_RESOURCE_NAME] = {"resourceName", "rn", {NULL}},
	[PV_NAME_PARENT_ID] = {"parentID", "pi", {NULL}},
	[PV_NAME_CREATION_TIME] = {"creationTime", "ct", {NULL}},
	[PV_NAME_LAST_MODIFIED_TIME] = {"lastModifiedTime", "lt", {NULL}},
	[PV_NAME_EXPIRATION_TIME] = {"expirationTime", "et", {NULL}},
	[PV_NAME_LABELS] = {"labels", "lbl", {NULL}},
	[PV_NAME_CREATOR] = {"creator", "cr", {NULL}},
	[PV_NAME_CHILD_RESOURCE] = {"childResource", "ch", {NULL}},
	[PV_NAME_CHILD_NAME] = {"name", "nm", {NULL}},
	[PV_NAME_CHILD_TYPE] = {"type", "typ", {NULL}},
	[PV_NAME_CHILD_VALUE] = {"value", "val", {NULL}},
	[PV_NAME_ADMIN_FQDN] = {"adminFQDN", "adfq", {"adminfqdn"}},
	[PV_NAME_ASSIGNED_SYMM_KEY_ID] = {"assignedSymmKeyID", "aski", {"ask"}},
	[PV_NAME_SUID] = {"SUID", "suid", {NULL}},
	[PV_NAME_TARGET_IDS] = {"targetIDs", "tgis", {"tids", "tgi"}},
	[PV_NAME_KEY_VALUE] = {"keyValue", "kv", {"kvl", "skv"}},
	[PV_NAME_CMD_ID] = {"cmdID", "cmid", {"cid", "cmdi"}},
	[PV_NAME_CMD_DESCRIPTION] = {"cmdDescription", "cmde", {"cmdd", "cds"}},
	[PV_NAME_CMD_STATUS_CODE] = {"cmdStatusCode", "cmsc", {"cmdStatus", "cmst", "csc", "cmds"}},
	[PV_NAME_CMD_CLASS_ID] = {"cmdClassID", "cmci", {NULL}},
	[PV_NAME_CMD_ARGS] = {"cmdArgs", "cmar", {NULL}},
	[PV_NAME_TARGET_ID] = {"targetID", "tgid", {"tgi"}},
	[PV_NAME_NO_MORE_CMD_ARGS] = {"noMoreCmdArgs", "nmca", {"noMoreArgs"}},
	[PV_NAME_CERT_PROV_CMD_ARGS] = {"certProvCmdArgs", "cpca", {"certProvArgs"}},
	[PV_NAME_DEV_CFG_CMD_ARGS] = {"devCfgCmdArgs", "dcca", {"devCfgArgs"}},
	[PV_NAME_MO_NODE_CMD_ARGS] = {"MONodeCmdArgs", "mnca", {"MONodeArgs"}},
	[PV_NAME_RETRY_DURATION] = {"retryDuration", "rtdu", {"rd"}},
	[PV_NAME_CERT_PROV_PROTOCOL_ID] = {"certProvProtocolID", "cppi", {"certProvProtocol"}},
	[PV_NAME_URI] = {"URI", "uri", {"estBaseURI", "scepBaseURI"}},
	[PV_NAME_CERT_SUBJECT_TYPE] = {"certSubjectType", "crst", {NULL}},
	[PV_NAME_CERT_SUBJECT_ID] = {"certSubjectID", "crsi", {NULL}},
	[PV_NAME_DEVICE_CONFIG_URI] = {"deviceConfigURI", "dcu", {NULL}},
	[PV_NAME_OBJECT_PATH] = {"objectPath", "obpa", {NULL}},
	[PV_NAME_OBJECT_TYPE_ID] = {"objectTypeID", "obti", {NULL}},
	[PV_NAME_OBJECT_TYPE_SPECIFIC_ARGS] = {"objectTypeSpecificArgs",
					       "otsa",
					       {"objectTypeSpecifcArgs"}},
	[PV_NAME_DEBUG_INFO] = {"debugInfo", "dbg", {NULL}},
};

const PvNameEntry *
pv_name_entry (PvName name)
{
	g_return_val_if_fail (name < PV_N_NAMES, NULL);
	return &table[name];
}

PvName
pv_name_by_long_name (const char *long_name)
{
	for (guint i = 0; i < PV_N_NAMES; i++)
		if (g_str_equal (table[i].long_name, long_name))
			return i;
	return PV_N_NAMES;
}
