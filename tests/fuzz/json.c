/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an MEF sends as JSON: registration, key, command, list of registrations. Accepted or refused
 * with an error, never both; what is accepted stands the checks that follow.
 */
#include <config.h>

#include "provisioner/codec-json.h"
#include "provisioner/identity.h"
#include "provisioner/limits.h"
#include "provisioner/resource-mef-client-cmd.h"
#include "provisioner/resource-mef-client-reg.h"
#include "provisioner/resource-symm-key-reg.h"
#include "tests/fuzz/fuzz.h"

static void
try_registration (const PvDialect *dialect, JsonNode *content)
{
	g_autoptr (GError) error = NULL, unfit = NULL;
	g_autoptr (PvMefClientReg) registration = pv_mef_client_reg_parse (dialect, content, &error);

	FUZZ_CHECK ((registration == NULL) == (error != NULL));
	if (registration != NULL &&
	    !pv_mef_client_reg_check (registration, "//sp.example.com/gw1", "sp.example.com",
				      1790000000, &unfit))
		FUZZ_CHECK (unfit != NULL);
}

static void
try_key (const PvDialect *dialect, JsonNode *content)
{
	g_autoptr (GError) error = NULL, unfit = NULL;
	g_autoptr (PvSymmKeyReg) key = pv_symm_key_reg_parse (dialect, content, &error);

	FUZZ_CHECK ((key == NULL) == (error != NULL));
	if (key == NULL)
		return;
	FUZZ_CHECK (key->value_length <= PV_KEY_VALUE_MAX);
	if (!pv_symm_key_reg_check_retrieved (key, "abc", 1790000000, &unfit))
		FUZZ_CHECK (unfit != NULL);
}

static void
try_command (const PvDialect *dialect, JsonNode *content)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PvMefClientCmd) command = pv_mef_client_cmd_parse (dialect, content, &error);
	g_autoptr (JsonNode) status = NULL;

	FUZZ_CHECK ((command == NULL) == (error != NULL));
	if (command == NULL)
		return;
	status = pv_mef_client_cmd_build_status (dialect, command->id, PV_CMD_OK);
	FUZZ_CHECK (status != NULL);
}

static void
try_list (const PvDialect *dialect, JsonNode *content)
{
	g_autoptr (GError) error = NULL;
	g_auto (GStrv) registrations = pv_mef_base_registrations (dialect, content, &error);

	FUZZ_CHECK (registrations == NULL || error == NULL);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	static PvDialect *dialect;
	g_autoptr (GError) error = NULL;
	g_autoptr (JsonNode) content = pv_json_parse ((const char *)data, size, 65536, &error);

	FUZZ_CHECK ((content == NULL) == (error != NULL));
	if (content == NULL)
		return 0;
	if (dialect == NULL)
		dialect = pv_dialect_new ();
	try_registration (dialect, content);
	try_key (dialect, content);
	try_command (dialect, content);
	try_list (dialect, content);
	return 0;
}
