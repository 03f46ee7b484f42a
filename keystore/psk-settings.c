/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See psk-settings.h. */
#include <config.h>

#include "keystore/psk-settings.h"

#include "keystore/audit.h"
#include "keystore/settings-file.h"

#include <string.h>

#define GROUP "credential "

typedef enum { CHOICE_VERSION, CHOICE_HASH, CHOICE_EPHEMERAL, CHOICE_REVEAL } Choice;

/* Every key and its values; the same words as in provisioner/settings-table.c. */
static const struct {
	const char *key, *value;
	Choice choice;
	guint number;
} values[] = {
	{"TLSVersion", "all", CHOICE_VERSION, KS_PSK_TLS_ALL},
	{"TLSVersion", "1.2", CHOICE_VERSION, KS_PSK_TLS12},
	{"TLSVersion", "1.3", CHOICE_VERSION, KS_PSK_TLS13},
	{"TLSHash", "any", CHOICE_HASH, KS_PSK_HASH_ANY},
	{"TLSHash", "sha256", CHOICE_HASH, KS_PSK_HASH_SHA256},
	{"TLSHash", "sha384", CHOICE_HASH, KS_PSK_HASH_SHA384},
	{"TLSEphemeral", "yes", CHOICE_EPHEMERAL, TRUE},
	{"TLSEphemeral", "true", CHOICE_EPHEMERAL, TRUE},
	{"TLSEphemeral", "1", CHOICE_EPHEMERAL, TRUE},
	{"TLSEphemeral", "on", CHOICE_EPHEMERAL, TRUE},
	{"TLSEphemeral", "no", CHOICE_EPHEMERAL, FALSE},
	{"TLSEphemeral", "false", CHOICE_EPHEMERAL, FALSE},
	{"TLSEphemeral", "0", CHOICE_EPHEMERAL, FALSE},
	{"TLSEphemeral", "off", CHOICE_EPHEMERAL, FALSE},
	{"Reveal", "yes", CHOICE_REVEAL, TRUE},
	{"Reveal", "true", CHOICE_REVEAL, TRUE},
	{"Reveal", "1", CHOICE_REVEAL, TRUE},
	{"Reveal", "on", CHOICE_REVEAL, TRUE},
	{"Reveal", "no", CHOICE_REVEAL, FALSE},
	{"Reveal", "false", CHOICE_REVEAL, FALSE},
	{"Reveal", "0", CHOICE_REVEAL, FALSE},
	{"Reveal", "off", CHOICE_REVEAL, FALSE},
};

static const KsPskPolicy fallback = {.versions = KS_PSK_TLS_ALL};

static void
choose (KsPskPolicy *policy, Choice choice, guint number)
{
	switch (choice) {
	case CHOICE_VERSION:
		policy->versions = number;
		return;
	case CHOICE_HASH:
		policy->hash = (KsPskHash)number;
		return;
	case CHOICE_EPHEMERAL:
		policy->ephemeral = (gboolean)number;
		return;
	case CHOICE_REVEAL:
		policy->reveal = (gboolean)number;
		return;
	}
}

static KsPskPolicy *
policy_of (GHashTable *all, const char *name)
{
	KsPskPolicy *policy = g_hash_table_lookup (all, name);

	if (policy == NULL) {
		policy = g_memdup2 (&fallback, sizeof fallback);
		g_hash_table_insert (all, g_strdup (name), policy);
	}
	return policy;
}

/* Keys that are none of ours are the provisioner's to judge. */
static gboolean
take_line (gpointer all, const char *group, const char *key, const char *value, GError **error)
{
	gboolean ours = FALSE;

	if (!g_str_has_prefix (group, GROUP))
		return TRUE;
	for (guint i = 0; i < G_N_ELEMENTS (values); i++) {
		if (strcmp (values[i].key, key) != 0)
			continue;
		ours = TRUE;
		if (g_strcmp0 (values[i].value, value) == 0) {
			choose (policy_of (all, group + strlen (GROUP)), values[i].choice,
				values[i].number);
			return TRUE;
		}
	}
	if (!ours)
		return TRUE;
	g_set_error (error, KS_ERROR, KS_ERROR_INVALID, "%s=%s: not one of its values", key,
		     value != NULL ? value : "");
	return FALSE;
}

GHashTable *
ks_psk_settings_read (const char *config_dir, GError **error)
{
	g_autoptr (GHashTable) all =
		g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

	if (!ks_settings_read (config_dir, take_line, all, error))
		return NULL;
	return g_steal_pointer (&all);
}

static gboolean
apply_one (KsPublisher *publisher,
	   const KsCredential *credential,
	   const KsPskPolicy *wanted,
	   GError **error)
{
	if (ks_psk_policy_equal (&credential->psk, wanted))
		return TRUE;
	if (!ks_publisher_set_psk (publisher, credential->name, wanted, error))
		return FALSE;
	ks_audit (KS_EVENT_POLICY, NULL, credential->name, "%s: what TLS may do with it changed%s",
		  credential->name,
		  wanted->reveal           ? ", and the key is revealed to its users"
		  : credential->psk.reveal ? ", and the key is no longer revealed"
					   : "");
	return TRUE;
}

gboolean
ks_psk_settings_apply (const char *config_dir,
		       KsPublisher *publisher,
		       const KsCatalogueState *state,
		       const char *name,
		       GError **error)
{
	g_autoptr (GHashTable) all = ks_psk_settings_read (config_dir, error);
	const GPtrArray *credentials = ks_catalogue_state_credentials (state);
	g_autoptr (GError) first = NULL;

	if (all == NULL)
		return FALSE;
	for (guint i = 0; i < credentials->len; i++) {
		const KsCredential *credential = credentials->pdata[i];
		const KsPskPolicy *wanted = g_hash_table_lookup (all, credential->name);
		g_autoptr (GError) failure = NULL;

		if (credential->kind != KS_KIND_SECRET ||
		    (name != NULL && strcmp (credential->name, name) != 0))
			continue;
		if (!apply_one (publisher, credential, wanted != NULL ? wanted : &fallback,
				&failure) &&
		    first == NULL)
			first = g_steal_pointer (&failure);
	}
	if (first == NULL)
		return TRUE;
	g_propagate_error (error, g_steal_pointer (&first));
	return FALSE;
}
