/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading of the simulated MEF's GKeyFile: one table of policy keys, one table of client keys. */
#include <config.h>

#include "tests/sim/settings.h"

#include "tests/sim/names.h"

#include <string.h>

typedef enum { KIND_NUMBER, KIND_FLAG, KIND_TEXT } PolicyKind;

static const struct {
	const char *name;
	PolicyKind kind;
	const char *standard;
	const char *allowed; /* (nullable): the words allowed, each between bars */
} policy_keys[SIM_POLICY_N] = {
	/* Granted lifetimes in seconds: never more than what the client proposed. */
	[SIM_POLICY_REGISTRATION_LIFETIME] = {"RegistrationLifetime", KIND_NUMBER, "31536000",
					      NULL},
	[SIM_POLICY_KEY_LIFETIME] = {"KeyLifetime", KIND_NUMBER, "2592000", NULL},
	[SIM_POLICY_CERTIFICATE_VALIDITY] = {"CertificateValidity", KIND_NUMBER, "7776000", NULL},
	[SIM_POLICY_CERTIFICATE_BACKDATE] = {"CertificateBackdate", KIND_NUMBER, "0", NULL},
	/* How many times a request is answered 202 first, and with what Retry-After. */
	[SIM_POLICY_EST_PENDING] = {"EstPending", KIND_NUMBER, "0", NULL},
	[SIM_POLICY_EST_RETRY_AFTER] = {"EstRetryAfter", KIND_NUMBER, "1", NULL},
	/* One more base path at which EST answers, for base URIs without /.well-known/est (A26). */
	[SIM_POLICY_EST_PATH] = {"EstPath", KIND_TEXT, "", NULL},
	[SIM_POLICY_ENROL_CHAIN] = {"EnrolChain", KIND_FLAG, "false", NULL},
	[SIM_POLICY_CHALLENGE] = {"Challenge", KIND_TEXT, "value", "|value|tls-unique|none|"},
	[SIM_POLICY_RELATIVE_KEY_ID] = {"RelativeKeyID", KIND_TEXT, "exported",
					"|exported|random|"},
	/* For example dns:example.com;uri:sp.example.com; takes effect when the CA is made. */
	[SIM_POLICY_NAME_CONSTRAINTS] = {"NameConstraints", KIND_TEXT, "", NULL},
	[SIM_POLICY_REQUIRE_SNI] = {"RequireSNI", KIND_FLAG, "true", NULL},
	[SIM_POLICY_REFUSE_PSK_AFTER_CERTIFICATE] = {"RefusePskAfterCertificate", KIND_FLAG,
						     "false", NULL},
	[SIM_POLICY_REQUIRE_LATEST_CERTIFICATE] = {"RequireLatestCertificate", KIND_FLAG, "false",
						   NULL},
	[SIM_POLICY_RETRY_DURATION] = {"RetryDuration", KIND_TEXT, "PT1H", NULL},
	[SIM_POLICY_ANNOUNCE_COMMAND] = {"AnnounceCommand", KIND_FLAG, "true", NULL},
	[SIM_POLICY_ALREADY_REGISTERED] = {"AlreadyRegistered", KIND_TEXT, "replace",
					   "|replace|refuse|"},
	/* A KpmID that the answers to registrations assign (A20). */
	[SIM_POLICY_ASSIGN_KPM_ID] = {"AssignKpmID", KIND_TEXT, "", NULL},
	[SIM_POLICY_RELEASE_VERSIONS] = {"ReleaseVersions", KIND_TEXT, "|2|2a|3|4|", NULL},
	[SIM_POLICY_PRIORITIES] =
		{"Priorities", KIND_TEXT,
		 "NONE:+VERS-TLS1.2:+COMP-NULL:+PSK:+ECDHE-PSK:+ECDHE-ECDSA:+AES-128-CBC:+AES-128-"
		 "GCM:+AES-128-CCM:"
		 "+AES-128-CCM-8:+SHA256:+AEAD:+GROUP-SECP256R1:+SIGN-ECDSA-SHA256:%NO_TICKETS",
		 NULL},
};

static void
client_free (gpointer data)
{
	SimClient *client = data;

	g_free (client->name);
	g_free (client->kpm_id);
	g_clear_pointer (&client->kpm, g_bytes_unref);
	g_free (client->identity);
	g_free (client->domain_name);
	g_strfreev (client->admins);
	g_strfreev (client->targets);
	g_strfreev (client->commands);
	g_free (client);
}

void
sim_settings_free (SimSettings *settings)
{
	if (settings == NULL)
		return;
	g_free (settings->fqdn);
	g_ptr_array_unref (settings->clients);
	for (guint i = 0; i < SIM_POLICY_N; i++)
		g_free (settings->policy[i]);
	g_hash_table_unref (settings->misbehave);
	g_free (settings);
}

gboolean
sim_settings_set_policy (SimSettings *settings, const char *name, const char *value, GError **error)
{
	for (guint i = 0; i < SIM_POLICY_N; i++) {
		g_autofree char *word = g_strdup_printf ("|%s|", value);
		gint64 number;

		if (strcmp (policy_keys[i].name, name) != 0)
			continue;
		if (policy_keys[i].kind == KIND_NUMBER &&
		    !g_ascii_string_to_signed (value, 10, 0, G_MAXINT32, &number, error))
			return FALSE;
		if ((policy_keys[i].kind == KIND_FLAG && strstr ("|true|false|", word) == NULL) ||
		    (policy_keys[i].allowed != NULL &&
		     strstr (policy_keys[i].allowed, word) == NULL)) {
			g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
				     "%s cannot be %s", name, value);
			return FALSE;
		}
		g_free (settings->policy[i]);
		settings->policy[i] = g_strdup (value);
		return TRUE;
	}
	g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_KEY_NOT_FOUND,
		     "no policy is called %s", name);
	return FALSE;
}

gint64
sim_policy_number (const SimSettings *settings, SimPolicy policy)
{
	return g_ascii_strtoll (settings->policy[policy], NULL, 10);
}

gboolean
sim_policy_flag (const SimSettings *settings, SimPolicy policy)
{
	return strcmp (settings->policy[policy], "true") == 0;
}

const char *
sim_policy_text (const SimSettings *settings, SimPolicy policy)
{
	return settings->policy[policy];
}

static gboolean
read_key (GKeyFile *file, const char *group, SimClient *client, GError **error)
{
	g_autofree char *hex = g_key_file_get_string (file, group, "Kpm", NULL);
	g_autoptr (GByteArray) key = g_byte_array_new ();

	client->kpm_id = g_key_file_get_string (file, group, "KpmID", NULL);
	if (hex == NULL && client->kpm_id == NULL)
		return TRUE;
	for (const char *p = hex; p != NULL && g_ascii_isxdigit (p[0]) && g_ascii_isxdigit (p[1]);
	     p += 2) {
		guint8 byte =
			(guint8)(g_ascii_xdigit_value (p[0]) << 4 | g_ascii_xdigit_value (p[1]));

		g_byte_array_append (key, &byte, 1);
	}
	if (hex == NULL || client->kpm_id == NULL || key->len == 0 ||
	    key->len * 2 != strlen (hex)) {
		g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
			     "[%s] needs KpmID= and Kpm= in hexadecimal, or neither", group);
		return FALSE;
	}
	client->kpm = g_bytes_new (key->data, key->len);
	return TRUE;
}

/* TS-0001 7.2: an AE-ID-Stem starts with S or C; a Node-ID is an OID or a URN. */
static SimSubject
subject_of (const char *identity)
{
	const char *last = strrchr (identity, '/');

	if (last == NULL)
		return SIM_SUBJECT_NODE;
	return last[1] == 'S' || last[1] == 'C' ? SIM_SUBJECT_AE : SIM_SUBJECT_CSE;
}

static char *
domain_name_of (const SimClient *client)
{
	g_auto (GStrv) parts = g_strsplit (client->identity, "/", -1);

	/* "//sp.example.com/in-cse" -> "", "", "sp.example.com", "in-cse" (A02). */
	if (client->subject != SIM_SUBJECT_CSE || g_strv_length (parts) != 4)
		return NULL;
	g_autofree char *name = g_strdup_printf ("%s.%s", parts[3], parts[2]);
	return g_ascii_strdown (name, -1);
}

static gboolean
check_keys (GKeyFile *file, const char *group, const char *known, GError **error)
{
	g_auto (GStrv) keys = g_key_file_get_keys (file, group, NULL, error);

	for (char **key = keys; keys != NULL && *key != NULL; key++) {
		g_autofree char *word = g_strdup_printf ("|%s|", *key);

		if (strstr (known, word) == NULL) {
			g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_KEY_NOT_FOUND,
				     "unknown key %s in [%s]", *key, group);
			return FALSE;
		}
	}
	return keys != NULL;
}

static gboolean
read_client (SimSettings *settings, GKeyFile *file, const char *group, GError **error)
{
	SimClient *client = g_new0 (SimClient, 1);

	g_ptr_array_add (settings->clients, client);
	client->name = g_strdup (group + strlen ("client "));
	client->identity = g_key_file_get_string (file, group, "Identity", error);
	if (client->identity == NULL ||
	    !check_keys (file, group, "|KpmID|Kpm|Identity|DomainName|AdminFQDN|Targets|Commands|",
			 error) ||
	    !read_key (file, group, client, error))
		return FALSE;
	client->subject = subject_of (client->identity);
	client->domain_name = g_key_file_get_string (file, group, "DomainName", NULL);
	if (client->domain_name == NULL)
		client->domain_name = domain_name_of (client);
	client->admins = g_key_file_get_string_list (file, group, "AdminFQDN", NULL, error);
	client->targets = g_key_file_get_string_list (file, group, "Targets", NULL, NULL);
	client->commands = g_key_file_get_string_list (file, group, "Commands", NULL, NULL);
	return client->admins != NULL;
}

static gboolean
read_mef (SimSettings *settings, GKeyFile *file, GError **error)
{
	g_autofree char *dialect = g_key_file_get_string (file, "mef", "Dialect", NULL);

	settings->fqdn = g_key_file_get_string (file, "mef", "FQDN", error);
	if (settings->fqdn == NULL || !check_keys (file, "mef", "|FQDN|Dialect|", error))
		return FALSE;
	if (dialect == NULL || sim_dialect_from_text (dialect, &settings->dialect))
		return TRUE;
	g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
		     "no dialect is called %s", dialect);
	return FALSE;
}

static gboolean
read_pairs (
	SimSettings *settings, GKeyFile *file, const char *group, gboolean policy, GError **error)
{
	g_auto (GStrv) keys = g_key_file_get_keys (file, group, NULL, NULL);

	for (char **key = keys; keys != NULL && *key != NULL; key++) {
		g_autofree char *value = g_key_file_get_string (file, group, *key, error);

		if (value == NULL ||
		    (policy && !sim_settings_set_policy (settings, *key, value, error)))
			return FALSE;
		if (!policy)
			g_hash_table_insert (settings->misbehave, g_strdup (*key),
					     g_steal_pointer (&value));
	}
	return TRUE;
}

static gboolean
read_group (SimSettings *settings, GKeyFile *file, const char *group, GError **error)
{
	if (strcmp (group, "mef") == 0)
		return read_mef (settings, file, error);
	if (strcmp (group, "policy") == 0)
		return read_pairs (settings, file, group, TRUE, error);
	if (strcmp (group, "misbehave") == 0)
		return read_pairs (settings, file, group, FALSE, error);
	if (g_str_has_prefix (group, "client "))
		return read_client (settings, file, group, error);
	g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_GROUP_NOT_FOUND,
		     "unknown group [%s]", group);
	return FALSE;
}

SimSettings *
sim_settings_load (const char *path, GError **error)
{
	g_autoptr (GKeyFile) file = g_key_file_new ();
	g_autoptr (SimSettings) settings = g_new0 (SimSettings, 1);

	settings->clients = g_ptr_array_new_with_free_func (client_free);
	settings->misbehave = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
	for (guint i = 0; i < SIM_POLICY_N; i++)
		settings->policy[i] = g_strdup (policy_keys[i].standard);
	if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, error))
		return NULL;
	g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);
	for (char **group = groups; *group != NULL; group++)
		if (!read_group (settings, file, *group, error))
			return NULL;
	if (settings->fqdn == NULL) {
		g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_GROUP_NOT_FOUND,
			     "no group [mef]");
		return NULL;
	}
	return g_steal_pointer (&settings);
}

const SimClient *
sim_settings_client (const SimSettings *settings, const char *name)
{
	for (guint i = 0; i < settings->clients->len; i++) {
		const SimClient *client = g_ptr_array_index (settings->clients, i);

		if (strcmp (client->name, name) == 0)
			return client;
	}
	return NULL;
}

const SimClient *
sim_settings_client_by_kpm_id (const SimSettings *settings, const void *id, gsize length)
{
	for (guint i = 0; i < settings->clients->len; i++) {
		const SimClient *client = g_ptr_array_index (settings->clients, i);

		if (client->kpm_id != NULL && strlen (client->kpm_id) == length &&
		    memcmp (client->kpm_id, id, length) == 0)
			return client;
	}
	return NULL;
}
