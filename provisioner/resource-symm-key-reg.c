/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * <symmKeyReg>: built and parsed.
 */
#include <config.h>

#include "provisioner/resource-symm-key-reg.h"

#include "provisioner/codec-json.h"
#include "provisioner/error.h"
#include "provisioner/identity.h"
#include "provisioner/limits.h"
#include "provisioner/primitive.h"
#include "provisioner/timestamp.h"

void
pv_symm_key_reg_free (PvSymmKeyReg *registration)
{
	if (registration == NULL)
		return;
	g_free (registration->relative_id);
	g_free (registration->admin_fqdn);
	g_free (registration->source_id);
	g_strfreev (registration->targets);
	g_strfreev (registration->labels);
	g_free (registration);
}

JsonNode *
pv_symm_key_reg_build (const PvDialect *dialect, const PvSymmKeyRegRequest *request)
{
	g_autofree char *expires = pv_timestamp_format (request->expires);
	JsonObject *object = json_object_new ();

	json_object_set_string_member (object, pv_dialect_sent (dialect, PV_NAME_EXPIRATION_TIME),
				       expires);
	json_object_set_string_member (object, pv_dialect_sent (dialect, PV_NAME_ADMIN_FQDN),
				       request->admin_fqdn);
	json_object_set_int_member (object, pv_dialect_sent (dialect, PV_NAME_SUID), request->suid);
	pv_json_set_strings (object, pv_dialect_sent (dialect, PV_NAME_TARGET_IDS),
			     request->targets);
	pv_json_set_strings (object, pv_dialect_sent (dialect, PV_NAME_LABELS), request->labels);
	return pv_content_wrap (dialect, PV_NAME_SYMM_KEY_REG, object);
}

PvSymmKeyReg *
pv_symm_key_reg_parse (const PvDialect *dialect, JsonNode *content, GError **error)
{
	g_autoptr (PvSymmKeyReg) registration = g_new0 (PvSymmKeyReg, 1);
	JsonObject *object = pv_content_unwrap (dialect, PV_NAME_SYMM_KEY_REG, content, error);
	PvJsonReader reader = PV_JSON_READER (dialect, object, "symmKeyReg");

	if (object == NULL)
		return NULL;
	registration->relative_id = g_strdup (pv_json_read_string (
		&reader, PV_NAME_RESOURCE_ID, PV_REQUIRED, PV_RELATIVE_KEY_ID_MAX));
	registration->expires = pv_json_read_time (&reader, PV_NAME_EXPIRATION_TIME, PV_REQUIRED);
	registration->admin_fqdn = g_strdup (
		pv_json_read_string (&reader, PV_NAME_ADMIN_FQDN, PV_REQUIRED, PV_FQDN_MAX));
	registration->source_id =
		g_strdup (pv_json_read_string (&reader, PV_NAME_CREATOR, PV_OPTIONAL, PV_ID_MAX));
	registration->suid = pv_json_read_int (&reader, PV_NAME_SUID, PV_REQUIRED, 0, 999, 0);
	registration->targets =
		pv_json_read_strings (&reader, PV_NAME_TARGET_IDS, PV_OPTIONAL, PV_TARGETS_MAX);
	registration->labels =
		pv_json_read_strings (&reader, PV_NAME_LABELS, PV_OPTIONAL, PV_LABELS_MAX);
	if (!pv_json_reader_finish (&reader, error))
		return NULL;
	return g_steal_pointer (&registration);
}

gboolean
pv_symm_key_reg_check (const PvSymmKeyReg *registration,
		       const PvSymmKeyRegRequest *request,
		       const char *client_id,
		       gint64 now,
		       GError **error)
{
	const char *why = NULL;

	if (registration->expires <= now)
		why = "it is over already (is the clock right?)";
	else if (registration->source_id != NULL &&
		 !g_str_equal (registration->source_id, client_id))
		why = "its source is another client";
	else if (!g_str_equal (registration->admin_fqdn, request->admin_fqdn))
		why = "it belongs to another stakeholder";
	else if (registration->suid != request->suid)
		why = "its SUID is another";
	else if (!pv_relative_key_id_is_valid (registration->relative_id))
		why = "its RelativeKeyID is malformed";
	if (why == NULL)
		return TRUE;
	g_set_error (error, PV_ERROR, PV_ERROR_MISMATCH, "the key registration is not usable: %s",
		     why);
	return FALSE;
}

gboolean
pv_targets_check (guint suid, const char *const *targets, GError **error)
{
	guint count = targets != NULL ? g_strv_length ((char **)targets) : 0;
	gboolean single = suid >= 21 && suid <= 23;

	if (suid < 21 || suid > 25) {
		g_set_error (error, PV_ERROR, PV_ERROR_JOB,
			     "SUID %u is not registered at an MEF (21 to 25 are)", suid);
		return FALSE;
	}
	if ((single && count != 1) || count < 1 || count > PV_TARGETS_MAX) {
		g_set_error (error, PV_ERROR, PV_ERROR_JOB, "SUID %u needs %s target", suid,
			     single ? "exactly one" : "at least one");
		return FALSE;
	}
	for (guint i = 0; i < count; i++) {
		if (suid == 21 ? pv_fqdn_is_valid (targets[i])
			       : pv_identifier_is_valid (PV_ENTITY_AE, targets[i]))
			continue;
		g_set_error (error, PV_ERROR, PV_ERROR_JOB, "“%s” is not a target of SUID %u",
			     targets[i], suid);
		return FALSE;
	}
	return TRUE;
}
