/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Issuing of commands and taking of their status. */
#include <config.h>

#include "tests/sim/command.h"

#include "tests/sim/json.h"
#include "tests/sim/names.h"
#include "tests/sim/refusal.h"

#include <string.h>

enum { CLASS_NO_MORE = 0, CLASS_CERT_PROV = 1, CLASS_DEV_CFG = 2, CLASS_MO_NODE = 3 };
enum { STATUS_ISSUED = 10, STATUS_REISSUED = 11 };

static const struct {
	const char *name;
	SimName arguments;
	const char *known; /* keys, each between bars */
} classes[] = {
	[CLASS_NO_MORE] = {"NO_MORE_COMMANDS", SIM_NAME_NO_MORE_ARGS, "|retry|class|target|"},
	[CLASS_CERT_PROV] = {"CERT_PROV", SIM_NAME_CERT_PROV_ARGS,
			     "|protocol|uri|type|id|class|target|"},
	[CLASS_DEV_CFG] = {"DEV_CFG", SIM_NAME_DEV_CFG_ARGS, "|uri|class|target|"},
	[CLASS_MO_NODE] = {"MO_NODE", SIM_NAME_MO_NODE_ARGS, "|path|type|suid|class|target|"},
};

static int
class_of (const char *text)
{
	g_auto (GStrv) words = g_strsplit (text, " ", 2);

	for (guint i = 0; words[0] != NULL && i < G_N_ELEMENTS (classes); i++)
		if (strcmp (classes[i].name, words[0]) == 0)
			return (int)i;
	return -1;
}

gboolean
sim_command_check (const char *text, GError **error)
{
	g_auto (GStrv) words = g_strsplit (text, " ", -1);
	int class_id = class_of (text);

	if (class_id < 0) {
		g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			     "no command is called %s", text);
		return FALSE;
	}
	for (guint i = 1; words[i] != NULL; i++) {
		const char *equals = strchr (words[i], '=');
		g_autofree char *key =
			equals != NULL ? g_strndup (words[i], (gsize)(equals - words[i])) : NULL;
		g_autofree char *word = g_strdup_printf ("|%s|", key != NULL ? key : "?");

		if (strstr (classes[class_id].known, word) == NULL) {
			g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
				     "%s takes no %s", classes[class_id].name, words[i]);
			return FALSE;
		}
	}
	return TRUE;
}

/* The value of key= in a command's text, or the standard one. */
static char *
argument (const char *text, const char *key, const char *standard)
{
	g_auto (GStrv) words = g_strsplit (text, " ", -1);
	gsize length = strlen (key);

	for (guint i = 1; words[i] != NULL; i++)
		if (g_str_has_prefix (words[i], key) && words[i][length] == '=')
			return g_strdup (words[i] + length + 1);
	return g_strdup (standard);
}

static void
set_text (JsonObject *object, guint dialect, SimName name, char *value)
{
	json_object_set_string_member (object, sim_name (dialect, name), value);
	g_free (value);
}

static void
set_number (JsonObject *object, guint dialect, SimName name, char *value)
{
	json_object_set_int_member (object, sim_name (dialect, name),
				    g_ascii_strtoll (value, NULL, 10));
	g_free (value);
}

static JsonObject *
cert_prov_arguments (Sim *sim, const SimClient *client, const char *text)
{
	guint dialect = sim->settings->dialect;
	JsonObject *members = json_object_new ();
	const char *est = sim_policy_text (sim->settings, SIM_POLICY_EST_PATH);
	g_autofree char *uri =
		g_strdup_printf ("https://%s:%u%s", sim->settings->fqdn, sim->port,
				 est[0] != '\0' ? est : "/.well-known/est");
	g_autofree char *type = g_strdup_printf ("%d", (int)client->subject);

	set_number (members, dialect, SIM_NAME_CERT_PROV_PROTOCOL,
		    argument (text, "protocol", "1"));
	set_text (members, dialect, SIM_NAME_URI, argument (text, "uri", uri));
	set_number (members, dialect, SIM_NAME_CERT_SUBJECT_TYPE, argument (text, "type", type));
	set_text (members, dialect, SIM_NAME_CERT_SUBJECT_ID,
		  argument (text, "id", client->identity));
	return members;
}

static JsonObject *
mo_node_arguments (Sim *sim, const char *text)
{
	guint dialect = sim->settings->dialect;
	JsonObject *members = json_object_new ();
	char *suid = argument (text, "suid", NULL);

	set_text (members, dialect, SIM_NAME_OBJECT_PATH, argument (text, "path", "./DevCfg/ap1"));
	set_number (members, dialect, SIM_NAME_OBJECT_TYPE, argument (text, "type", "1"));
	if (suid != NULL) {
		JsonObject *special = json_object_new ();

		set_number (special, dialect, SIM_NAME_SUID, suid);
		json_object_set_object_member (members, sim_name (dialect, SIM_NAME_OBJECT_ARGS),
					       special);
	}
	return members;
}

static JsonObject *
class_arguments (Sim *sim, const SimClient *client, int class_id, const char *text)
{
	guint dialect = sim->settings->dialect;
	JsonObject *members;

	if (class_id == CLASS_CERT_PROV)
		return cert_prov_arguments (sim, client, text);
	if (class_id == CLASS_MO_NODE)
		return mo_node_arguments (sim, text);
	members = json_object_new ();
	if (class_id == CLASS_DEV_CFG) {
		g_autofree char *uri = g_strdup_printf ("3:coaps://%s:5684", sim->settings->fqdn);

		set_text (members, dialect, SIM_NAME_DEVICE_CONFIG_URI,
			  argument (text, "uri", uri));
	} else {
		set_text (members, dialect, SIM_NAME_RETRY_DURATION,
			  argument (text, "retry",
				    sim_policy_text (sim->settings, SIM_POLICY_RETRY_DURATION)));
	}
	return members;
}

/* sec:cmdDescription, TS-0003 12.4.4; class= overrides the number, for classes that do not exist.
 */
static JsonObject *
describe (Sim *sim, const SimClient *client, const char *text)
{
	guint dialect = sim->settings->dialect;
	int class_id = class_of (text);
	g_autofree char *number = g_strdup_printf ("%d", class_id);
	JsonObject *description = json_object_new (), *choice = json_object_new ();

	json_object_set_object_member (choice, sim_name (dialect, classes[class_id].arguments),
				       class_arguments (sim, client, class_id, text));
	set_number (description, dialect, SIM_NAME_CMD_CLASS, argument (text, "class", number));
	set_text (description, dialect, SIM_NAME_TARGET_ID,
		  argument (text, "target", client->identity));
	json_object_set_object_member (description, sim_name (dialect, SIM_NAME_CMD_ARGS), choice);
	return description;
}

void
sim_command_add (SimRegistration *registration, const char *text)
{
	if (registration->command_id == NULL)
		registration->command_id = g_strdup_printf ("cmd-%s", registration->id);
	g_queue_push_tail (registration->script, g_strdup (text));
}

/*
 * R-8.3.9.2-1: a Retrieve before the report is a client that lost its state: the same command
 * again, REISSUED. After NO_MORE_COMMANDS nothing is reported, so the next Retrieve always gets a
 * new command.
 */
static int
issue (SimRegistration *registration)
{
	if (registration->current != NULL && !registration->reported &&
	    class_of (registration->current) != CLASS_NO_MORE)
		return STATUS_REISSUED;
	g_free (registration->current);
	registration->current = g_queue_pop_head (registration->script);
	if (registration->current == NULL)
		registration->current = g_strdup ("NO_MORE_COMMANDS");
	registration->current_number++;
	registration->reported = FALSE;
	return STATUS_ISSUED;
}

static JsonObject *
command_members (Sim *sim, SimRegistration *registration, JsonObject *members)
{
	guint dialect = sim->settings->dialect;
	int status = issue (registration);

	json_object_set_int_member (members, sim_name (dialect, SIM_NAME_CMD_ID),
				    registration->current_number);
	json_object_set_int_member (members, sim_name (dialect, SIM_NAME_CMD_STATUS), status);
	json_object_set_object_member (members, sim_name (dialect, SIM_NAME_CMD_DESCRIPTION),
				       describe (sim, registration->client, registration->current));
	return members;
}

JsonObject *
sim_command_retrieve (Sim *sim, SimRegistration *registration)
{
	JsonObject *members = json_object_new ();
	g_autofree char *created = sim_time_text (registration->created);

	json_object_set_int_member (members, "ty",
				    sim_type_number (sim->settings->dialect, SIM_TYPE_CLIENT_CMD));
	json_object_set_string_member (members, "ri", registration->command_id);
	json_object_set_string_member (members, "rn", registration->command_id);
	json_object_set_string_member (members, "pi", registration->id);
	json_object_set_string_member (members, "ct", created);
	json_object_set_string_member (members, "lt", created);
	return command_members (sim, registration, members);
}

/* TS-0003 table 12.3.2.4-1: what a client may report about a command of this class. */
static gboolean
status_fits (int class_id, gint64 status)
{
	if (status == 40 || status == 42)
		return TRUE;
	if (class_id == CLASS_NO_MORE)
		return FALSE;
	if (status == 20 || status == 41 || status == 43)
		return TRUE;
	if (class_id == CLASS_CERT_PROV)
		return status == 100 || status == 101;
	if (class_id == CLASS_DEV_CFG)
		return status == 201 || status == 202;
	return status >= 300 && status <= 305;
}

static gboolean
check_report (Sim *sim, SimRegistration *registration, JsonObject *body, GError **error)
{
	guint dialect = sim->settings->dialect;
	gint64 number = sim_json_number (body, sim_name (dialect, SIM_NAME_CMD_ID));
	gint64 status = sim_json_number (body, sim_name (dialect, SIM_NAME_CMD_STATUS));

	if (json_object_get_size (body) != 2 || number < 0 || status < 0) {
		g_set_error (error, SIM_REFUSAL, SIM_RSC_BAD_REQUEST,
			     "R-8.3.9.3-2: an Update holds cmdID and cmdStatusCode, both numbers");
		return FALSE;
	}
	if (number != registration->current_number || registration->reported)
		return TRUE; /* discarded: answered, not recorded */
	if (class_of (registration->current) == CLASS_NO_MORE && status == 20) {
		g_set_error (error, SIM_REFUSAL, SIM_RSC_BAD_REQUEST,
			     "R-8.3.9.6-2: nothing is reported about NO_MORE_COMMANDS");
		return FALSE;
	}
	if (!status_fits (class_of (registration->current), status)) {
		g_set_error (error, SIM_REFUSAL, SIM_RSC_BAD_REQUEST,
			     "R-8.3.9.3-1: %" G_GINT64_FORMAT " is no status for %s", status,
			     registration->current);
		return FALSE;
	}
	return TRUE;
}

JsonObject *
sim_command_update (Sim *sim, SimRegistration *registration, JsonObject *body, GError **error)
{
	guint dialect = sim->settings->dialect;

	if (!check_report (sim, registration, body, error))
		return NULL;
	if (sim_json_number (body, sim_name (dialect, SIM_NAME_CMD_ID)) ==
		    registration->current_number &&
	    registration->current != NULL && !registration->reported) {
		JsonObject *report = json_object_new ();

		json_object_set_int_member (report, "number", registration->current_number);
		json_object_set_string_member (report, "command", registration->current);
		json_object_set_int_member (
			report, "status",
			sim_json_number (body, sim_name (dialect, SIM_NAME_CMD_STATUS)));
		json_array_add_object_element (registration->reports, report);
		registration->reported = TRUE;
	}
	return command_members (sim, registration, json_object_new ());
}
