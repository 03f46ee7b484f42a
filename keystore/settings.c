/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options and the group [keystore]; see settings.h. */
#include <config.h>

#include "keystore/settings.h"

#include "keystore/settings-file.h"

#include <string.h>
#include <unistd.h>

#define GROUP "keystore"

typedef enum { TYPE_TEXT, TYPE_PATH, TYPE_RESIDENCY } SettingType;

static const struct {
	const char *key;
	SettingType type;
	gsize offset;
} keys[] = {
	{"BackingModule", TYPE_PATH, offsetof (KsSettings, backing_module)},
	{"BackingToken", TYPE_TEXT, offsetof (KsSettings, backing_token)},
	{"BackingPinFile", TYPE_PATH, offsetof (KsSettings, backing_pin_file)},
	{"Residency", TYPE_RESIDENCY, offsetof (KsSettings, residency)},
};

static gboolean
set_value (KsSettings *settings, gsize key, const char *value, GError **error)
{
	gpointer place = (guint8 *)settings + keys[key].offset;

	switch (keys[key].type) {
	case TYPE_RESIDENCY:
		if (ks_residency_parse (value, place))
			return TRUE;
		g_set_error (error, KS_ERROR, KS_ERROR_INVALID, "%s=%s: auto, memory or token",
			     keys[key].key, value);
		return FALSE;
	case TYPE_PATH:
		if (!g_path_is_absolute (value)) {
			g_set_error (error, KS_ERROR, KS_ERROR_INVALID,
				     "%s=%s: an absolute path is needed", keys[key].key, value);
			return FALSE;
		}
		break;
	case TYPE_TEXT:
		break;
	}
	g_free (*(char **)place);
	*(char **)place = g_strdup (value);
	return TRUE;
}

static gboolean
set_by_name (KsSettings *settings, const char *key, const char *value, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS (keys); i++) {
		if (strcmp (key, keys[i].key) == 0)
			return set_value (settings, i, value, error);
	}
	g_set_error (error, KS_ERROR, KS_ERROR_INVALID, "unknown key %s in [" GROUP "]", key);
	return FALSE;
}

static gboolean
take_line (gpointer settings, const char *group, const char *key, const char *value, GError **error)
{
	if (strcmp (group, GROUP) != 0)
		return TRUE;
	if (value != NULL)
		return set_by_name (settings, key, value, error);
	g_set_error (error, KS_ERROR, KS_ERROR_INVALID, "not a group, a comment or Key=Value");
	return FALSE;
}

/* By hand, the user who runs the keystore is the provisioner as well. */
static char *
default_provisioner (void)
{
	return geteuid () == 0 ? g_strdup ("enrolee") : g_strdup_printf ("%u", geteuid ());
}

static gboolean
parse_options (
	KsSettings *settings, GStrv *arguments, char **module, char **residency, GError **error)
{
	const GOptionEntry entries[] = {
		{"runtime-dir", 0, 0, G_OPTION_ARG_FILENAME, &settings->runtime_dir,
		 "folder of the sockets", "DIR"},
		{"state-dir", 0, 0, G_OPTION_ARG_FILENAME, &settings->state_dir,
		 "folder of catalogue, token and credential folders", "DIR"},
		{"config-dir", 0, 0, G_OPTION_ARG_FILENAME, &settings->config_dir,
		 "folder of enrolee.conf and conf.d", "DIR"},
		{"provisioner-user", 0, 0, G_OPTION_ARG_STRING, &settings->provisioner_user,
		 "who may provision, besides root", "NAME"},
		{"backing-module", 0, 0, G_OPTION_ARG_FILENAME, module,
		 "PKCS#11 module of the backing token", "PATH"},
		{"residency", 0, 0, G_OPTION_ARG_STRING, residency,
		 "where keys are used: auto, memory or token", "WHERE"},
		{"foreground", 0, 0, G_OPTION_ARG_NONE, &settings->foreground, "log to stderr",
		 NULL},
		{"adopt", 0, 0, G_OPTION_ARG_NONE, &settings->adopt,
		 "accept a state that was copied from another machine, and end", NULL},
		{"version", 0, 0, G_OPTION_ARG_NONE, &settings->print_version, "print it, and end",
		 NULL},
		{NULL},
	};
	g_autoptr (GOptionContext) context = g_option_context_new (NULL);

	g_option_context_add_main_entries (context, entries, NULL);
	g_option_context_set_summary (context, "Keeps the keys and credentials of enrolee.");
	if (!g_option_context_parse_strv (context, arguments, error))
		return FALSE;
	if (g_strv_length (*arguments) < 2)
		return TRUE;
	g_set_error (error, KS_ERROR, KS_ERROR_INVALID, "unexpected argument %s", (*arguments)[1]);
	return FALSE;
}

static void
default_to (char **value, const char *fallback)
{
	if (*value == NULL)
		*value = g_strdup (fallback);
}

KsSettings *
ks_settings_new (const char *const *argv, GError **error)
{
	g_autoptr (KsSettings) settings = g_new0 (KsSettings, 1);
	g_autofree char *module = NULL, *residency = NULL;
	g_auto (GStrv) arguments = g_strdupv ((char **)argv);

	if (!parse_options (settings, &arguments, &module, &residency, error))
		return NULL;
	default_to (&settings->runtime_dir, ENROLEE_RUNTIME_DIR);
	default_to (&settings->state_dir, ENROLEE_STATE_DIR);
	default_to (&settings->config_dir, ENROLEE_CONFIG_DIR);
	settings->backing_module = g_strdup (ENROLEE_BACKING_MODULE);
	settings->residency = KS_RESIDENCY_AUTO;
	if (settings->provisioner_user == NULL)
		settings->provisioner_user = default_provisioner ();
	if (!ks_settings_read (settings->config_dir, take_line, settings, error))
		return NULL;
	if (module != NULL && !set_by_name (settings, "BackingModule", module, error))
		return NULL;
	if (residency != NULL && !set_by_name (settings, "Residency", residency, error))
		return NULL;
	return g_steal_pointer (&settings);
}

void
ks_settings_free (KsSettings *settings)
{
	g_free (settings->runtime_dir);
	g_free (settings->state_dir);
	g_free (settings->config_dir);
	g_free (settings->provisioner_user);
	g_free (settings->backing_module);
	g_free (settings->backing_token);
	g_free (settings->backing_pin_file);
	g_free (settings);
}
