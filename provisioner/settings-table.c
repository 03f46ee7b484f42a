/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings; see settings-table.h. */
#include <config.h>

#include "provisioner/settings-table.h"

#include <string.h>

#include "keystore/wire/limits.h"
#include "provisioner/identity.h"
#include "provisioner/limits.h"
#include "provisioner/on-renew.h"

static const PvSetting settings[] = {
	{"keystore", "BackingModule", PV_SETTING_PATH, NULL, NULL, FALSE,
	 "PKCS#11 module of the token that holds the keys; default: SoftHSMv2"},
	{"keystore", "BackingToken", PV_SETTING_TEXT, NULL, NULL, FALSE, "label of that token"},
	{"keystore", "BackingPinFile", PV_SETTING_PATH, NULL, NULL, FALSE,
	 "file with that token's user PIN; default: made with the token"},
	{"keystore", "Residency", PV_SETTING_CHOICE, "auto", "auto memory token", FALSE,
	 "where keys are used: memory (SoftHSM's default) or token"},

	{"provisioner", "ExchangeTimeSec", PV_SETTING_SECONDS, "300", NULL, FALSE,
	 "longest life of one Enrolment Exchange"},
	{"provisioner", "ExchangesMax", PV_SETTING_COUNT, "4", NULL, FALSE,
	 "Enrolment Exchanges at once; others wait for their turn"},
	{"provisioner", "RetryMinSec", PV_SETTING_SECONDS, "5", NULL, FALSE,
	 "first pause after a failure, doubled by each further one"},
	{"provisioner", "RetryMaxSec", PV_SETTING_SECONDS, "3600", NULL, FALSE,
	 "longest pause after a failure that may pass"},
	{"provisioner", "RetryRefusedSec", PV_SETTING_SECONDS, "21600", NULL, FALSE,
	 "pause after a refusal, which the same attempt would meet again"},
	{"provisioner", "HookTimeSec", PV_SETTING_SECONDS, "60", NULL, FALSE,
	 "longest time of one action of OnRenew="},

	{"mef", "FQDN", PV_SETTING_FQDN, NULL, NULL, TRUE, "name of the MEF (MEF-ID)"},
	{"mef", "URI", PV_SETTING_URI, NULL, NULL, FALSE, "where it is; default: https://FQDN"},
	{"mef", "Address", PV_SETTING_TEXT, NULL, NULL, FALSE,
	 "IP address to connect to, instead of asking DNS"},
	{"mef", "Interface", PV_SETTING_TEXT, NULL, NULL, FALSE,
	 "network interface or address to connect from"},
	{"mef", "Proxy", PV_SETTING_TEXT, NULL, NULL, FALSE, "HTTP proxy; default: none"},
	{"mef", "TrustAnchors", PV_SETTING_PATH, NULL, NULL, FALSE,
	 "PEM file with the certificates that verify the MEF"},
	{"mef", "AdminFQDN", PV_SETTING_FQDN, NULL, NULL, TRUE, "the administrating stakeholder"},
	{"mef", "Dialect", PV_SETTING_PATH, NULL, NULL, FALSE, "names on this MEF's wire"},
	{"mef", "ConnectTimeSec", PV_SETTING_SECONDS, "10", NULL, FALSE, "longest wait for a connection"},
	{"mef", "RequestTimeSec", PV_SETTING_SECONDS, "60", NULL, FALSE, "longest time of one request"},
	{"mef", "StallTimeSec", PV_SETTING_SECONDS, "20", NULL, FALSE, "longest silence within a request"},

	{"enrolment", "MEF", PV_SETTING_NAME, NULL, NULL, TRUE, "NAME of the [mef NAME] to enrol with"},
	{"enrolment", "Client", PV_SETTING_TEXT, NULL, NULL, TRUE,
	 "identity of the Enrolee: absolute CSE-ID or AE-ID, or Node-ID"},
	{"enrolment", "ClientKind", PV_SETTING_CHOICE, "cse", "cse ae node", FALSE,
	 "what the Enrolee is"},
	{"enrolment", "PublicDomainName", PV_SETTING_FQDN, NULL, NULL, FALSE,
	 "a CSE's name in its certificate"},
	{"enrolment", "BootstrapKey", PV_SETTING_NAME, NULL, NULL, FALSE,
	 "name of the imported pre-provisioned symmetric key (Kpm)"},
	{"enrolment", "BootstrapCertificate", PV_SETTING_NAME, NULL, NULL, FALSE,
	 "name of an imported certificate that authenticates the Enrolee to the MEF"},
	{"enrolment", "KpmID", PV_SETTING_TEXT, NULL, NULL, FALSE,
	 "its identifier; default: the one it was imported with"},
	{"enrolment", "Start", PV_SETTING_CHOICE, "explicit", "explicit implicit", FALSE,
	 "explicit: by `enrolee enrol`; implicit: by itself when enroleed starts"},
	{"enrolment", "RegistrationTimeSec", PV_SETTING_SECONDS, "31536000", NULL, FALSE,
	 "proposed lifetime of the MEF Client Registration"},
	{"enrolment", "Labels", PV_SETTING_LIST, NULL, NULL, FALSE, "labels of the registration"},
	{"enrolment", "Certificate", PV_SETTING_BOOLEAN, "yes", NULL, FALSE,
	 "whether a certificate is wanted (EST)"},
	{"enrolment", "KeyType", PV_SETTING_CHOICE, "p256", "p256 p384 rsa2048", FALSE,
	 "of the certificate's key; oneM2M wants p256"},
	{"enrolment", "EstURI", PV_SETTING_URI, NULL, NULL, FALSE,
	 "base URI of the EST server; default: the MEF's own"},
	{"enrolment", "KeySUID", PV_SETTING_CHOICE, NULL, "21 22 23 24 25", FALSE,
	 "a symmetric key is wanted, for this use (m2m:suid)"},
	{"enrolment", "KeyValue", PV_SETTING_CHOICE, "exported", "exported generated", FALSE,
	 "where its value comes from: the handshake with the MEF, or this gateway"},
	{"enrolment", "KeyTargets", PV_SETTING_LIST, NULL, NULL, FALSE,
	 "whom the key is shared with (Enrolment Targets)"},
	{"enrolment", "KeyTimeSec", PV_SETTING_SECONDS, "2592000", NULL, FALSE,
	 "proposed lifetime of the key"},
	{"enrolment", "KeyLabels", PV_SETTING_LIST, NULL, NULL, FALSE, "labels of the key registration"},
	{"enrolment", "RetrieveKeys", PV_SETTING_KEYS, NULL, NULL, FALSE,
	 "keys of others that are made for the Enrolee (RelativeKeyID@MEF-FQDN)"},
	{"enrolment", "Commands", PV_SETTING_BOOLEAN, "yes", NULL, FALSE,
	 "whether the MEF's commands are asked for"},
	{"enrolment", "CommandPollSec", PV_SETTING_SECONDS, "3600", NULL, FALSE,
	 "how often to ask, when the MEF does not say"},

	{"credential", "Users", PV_SETTING_LIST, NULL, NULL, FALSE, "users who may use the credential"},
	{"credential", "Groups", PV_SETTING_LIST, NULL, NULL, FALSE,
	 "groups whose members may use it"},
	{"credential", "OnRenew", PV_SETTING_ACTIONS, NULL, NULL, FALSE,
	 "what is done when it was published: reload SERVICE; run USER /COMMAND ARGUMENT..."},
	/* Read by enrolee-keystored (keystore/psk-settings.c), which has the same words. */
	{"credential", "TLSVersion", PV_SETTING_CHOICE, "all", "all 1.2 1.3", FALSE,
	 "a symmetric key: the only version of TLS it is good for"},
	{"credential", "TLSHash", PV_SETTING_CHOICE, "any", "any sha256 sha384", FALSE,
	 "a symmetric key: the only hash it is good for"},
	{"credential", "TLSEphemeral", PV_SETTING_BOOLEAN, "no", NULL, FALSE,
	 "a symmetric key: good for handshakes with Diffie-Hellman only"},
	{"credential", "Reveal", PV_SETTING_BOOLEAN, "no", NULL, FALSE,
	 "a symmetric key: written into a file for programs on GnuTLS"},
};

static const char *const plain_groups[] = {"keystore", "provisioner", NULL};
static const char *const named_groups[] = {"mef", "enrolment", "credential", NULL};

const PvSetting *
pv_settings_table (gsize *n_settings)
{
	*n_settings = G_N_ELEMENTS (settings);
	return settings;
}

const PvSetting *
pv_setting_find (const char *group, const char *key)
{
	for (gsize i = 0; i < G_N_ELEMENTS (settings); i++) {
		if (g_str_equal (settings[i].group, group) && g_str_equal (settings[i].key, key))
			return &settings[i];
	}
	return NULL;
}

gboolean
pv_setting_group_is_named (const char *group)
{
	return g_strv_contains (named_groups, group);
}

gboolean
pv_setting_group_is_known (const char *group)
{
	return g_strv_contains (plain_groups, group) || pv_setting_group_is_named (group);
}

gboolean
pv_name_is_valid (const char *name)
{
	gsize len = strlen (name);

	return len >= 1 && len <= WIRE_NAME_MAX && name[0] != '.' &&
	       strspn (name,
		       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len;
}

gboolean
pv_setting_parse_boolean (const char *value, gboolean *result)
{
	static const char *const yes[] = {"yes", "true", "1", "on", NULL};
	static const char *const no[] = {"no", "false", "0", "off", NULL};

	if (g_strv_contains (yes, value)) {
		*result = TRUE;
		return TRUE;
	}
	if (!g_strv_contains (no, value))
		return FALSE;
	*result = FALSE;
	return TRUE;
}

GStrv
pv_setting_split (const char *value)
{
	g_auto (GStrv) words = g_strsplit_set (value, " ,\t", -1);
	GPtrArray *list = g_ptr_array_new ();

	for (guint i = 0; words[i] != NULL; i++) {
		if (words[i][0] != '\0')
			g_ptr_array_add (list, g_strdup (words[i]));
	}
	g_ptr_array_add (list, NULL);
	return (GStrv) g_ptr_array_free (list, FALSE);
}

static gboolean
is_fqdn (const char *value)
{
	gsize len = strlen (value);

	return len > 0 && len <= PV_FQDN_MAX && value[0] != '.' && value[0] != '-' &&
	       strstr (value, "..") == NULL &&
	       strspn (value, "abcdefghijklmnopqrstuvwxyz0123456789.-") == len;
}

static gboolean
is_path (const PvSetting *setting, const char *value)
{
	if (!g_str_equal (setting->group, "keystore") && g_str_has_prefix (value, PV_SETTING_CREDENTIAL))
		return pv_name_is_valid (value + strlen (PV_SETTING_CREDENTIAL));
	return g_path_is_absolute (value);
}

static gboolean
is_number (const char *value)
{
	guint64 number;

	return g_ascii_string_to_unsigned (value, 10, 1, G_MAXINT32, &number, NULL);
}

static gboolean
is_choice (const char *values, const char *value)
{
	g_auto (GStrv) words = g_strsplit (values, " ", -1);

	return g_strv_contains ((const char *const *) words, value);
}

static const char *
check_actions (const char *value)
{
	const char *problem = NULL;
	g_autoptr (GPtrArray) actions = pv_on_renew_parse (value, &problem);

	return problem;
}

static gboolean
are_keys (const char *value)
{
	g_auto (GStrv) words = pv_setting_split (value);

	for (guint i = 0; words[i] != NULL; i++) {
		if (!pv_key_identifier_split (words[i], NULL, NULL))
			return FALSE;
	}
	return g_strv_length (words) <= PV_KEYS_MAX;
}

const char *
pv_setting_check (const PvSetting *setting, const char *value)
{
	gboolean boolean;

	switch (setting->kind) {
	case PV_SETTING_TEXT:
		return value[0] != '\0' && strlen (value) <= PV_ID_MAX ? NULL : "empty or too long";
	case PV_SETTING_PATH:
		return is_path (setting, value) ? NULL : "not an absolute path";
	case PV_SETTING_FQDN:
		return is_fqdn (value) ? NULL : "not a domain name in lower case";
	case PV_SETTING_URI:
		return g_str_has_prefix (value, "https://") && g_uri_is_valid (value, 0, NULL)
			       ? NULL
			       : "not an https URI";
	case PV_SETTING_CHOICE:
		return is_choice (setting->values, value) ? NULL : "not one of the possible values";
	case PV_SETTING_BOOLEAN:
		return pv_setting_parse_boolean (value, &boolean) ? NULL : "not yes or no";
	case PV_SETTING_SECONDS:
		return is_number (value) ? NULL : "not a number of seconds from 1 on";
	case PV_SETTING_COUNT:
		return is_number (value) ? NULL : "not a number from 1 on";
	case PV_SETTING_LIST:
		return NULL;
	case PV_SETTING_KEYS:
		return are_keys (value) ? NULL : "not a list of key identifiers (RelativeKeyID@MEF-FQDN)";
	case PV_SETTING_NAME:
		return pv_name_is_valid (value) ? NULL : "not a name of letters, digits and ._-";
	case PV_SETTING_ACTIONS:
		return check_actions (value);
	}
	return "of an unknown kind";
}
