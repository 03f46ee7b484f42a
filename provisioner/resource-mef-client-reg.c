/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * <mefClientReg>: built and parsed.
 */
#include <config.h>

#include "provisioner/resource-mef-client-reg.h"

#include "provisioner/error.h"
#include "provisioner/limits.h"
#include "provisioner/primitive.h"

void
pv_mef_client_reg_free (PvMefClientReg *registration)
{
	if (registration == NULL)
		return;
	pv_granted_clear (&registration->granted);
	g_free (registration->assigned_identity);
	g_free (registration->command_id);
	g_free (registration);
}

JsonNode *
pv_mef_client_reg_build (const PvDialect *dialect, const PvMefClientRegRequest *request)
{
	return pv_content_wrap (dialect, PV_NAME_MEF_CLIENT_REG,
				pv_proposal_new (dialect, request->expires, request->admin_fqdn,
						 request->labels));
}

PvMefClientReg *
pv_mef_client_reg_parse (const PvDialect *dialect, JsonNode *content, GError **error)
{
	g_autoptr (PvMefClientReg) registration = g_new0 (PvMefClientReg, 1);
	JsonObject *object = pv_content_unwrap (dialect, PV_NAME_MEF_CLIENT_REG, content, error);
	PvJsonReader reader = PV_JSON_READER (dialect, object, "mefClientReg");
	g_auto (GStrv) commands = NULL;

	if (object == NULL)
		return NULL;
	pv_granted_read (&reader, PV_ID_MAX, &registration->granted);
	registration->assigned_identity = g_strdup (pv_json_read_string (
		&reader, PV_NAME_ASSIGNED_SYMM_KEY_ID, PV_OPTIONAL, PV_PSK_IDENTITY_MAX));
	if (!pv_json_reader_finish (&reader, error))
		return NULL;
	commands = pv_children_of_type (dialect, object, dialect->mef_client_cmd_type);
	registration->command_id = g_strdup (commands[0]);
	return g_steal_pointer (&registration);
}

gboolean
pv_mef_client_reg_check (const PvMefClientReg *registration,
			 const char *client_id,
			 const char *admin_fqdn,
			 gint64 now,
			 GError **error)
{
	const char *why =
		pv_granted_refusal (&registration->granted, client_id, admin_fqdn, now);

	if (why == NULL)
		return TRUE;
	g_set_error (error, PV_ERROR, PV_ERROR_MISMATCH, "the registration is not usable: %s", why);
	return FALSE;
}

GStrv
pv_mef_base_registrations (const PvDialect *dialect, JsonNode *content, GError **error)
{
	JsonObject *object = pv_content_unwrap (dialect, PV_NAME_MEF_BASE, content, error);

	return object != NULL
		       ? pv_children_of_type (dialect, object, dialect->mef_client_reg_type)
		       : NULL;
}
