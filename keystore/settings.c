/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options and the group [keystore]; see settings.h. */
#include <config.h>

#include "keystore/settings.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define GROUP "keystore"
#define FILE_MAX (1024 * 1024) /* bytes of one settings file */

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
read_key (KsSettings *settings, char *line, GError **error)
{
	char *equals = strchr (line, '=');

	if (equals == NULL) {
		g_set_error (error, KS_ERROR, KS_ERROR_INVALID,
			     "not a group, a comment or Key=Value");
		return FALSE;
	}
	*equals = '\0';
	g_strchomp (line);
	return set_by_name (settings, line, g_strchug (equals + 1), error);
}

/* Line by line, so that an error can name the line; a missing file is no error. */
static gboolean
read_file (KsSettings *settings, const char *path, GError **error)
{
	g_autoptr (GError) local = NULL;
	g_autofree char *text = NULL;
	g_auto (GStrv) lines = NULL;
	gboolean ours = FALSE;
	gsize len;

	if (!g_file_get_contents (path, &text, &len, &local)) {
		if (g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
			return TRUE;
		g_set_error (error, KS_ERROR, KS_ERROR_INVALID, "%s", local->message);
		return FALSE;
	}
	if (len > FILE_MAX || !g_utf8_validate (text, (gssize)len, NULL)) {
		g_set_error (error, KS_ERROR, KS_ERROR_INVALID, "%s: not a settings file", path);
		return FALSE;
	}
	lines = g_strsplit (text, "\n", -1);
	for (guint i = 0; lines[i] != NULL; i++) {
		char *line = g_strstrip (lines[i]);

		if (line[0] == '[')
			ours = strcmp (line, "[" GROUP "]") == 0;
		else if (ours && line[0] != '\0' && line[0] != '#' &&
			 !read_key (settings, line, error)) {
			g_prefix_error (error, "%s:%u: ", path, i + 1);
			return FALSE;
		}
	}
	return TRUE;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
	return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static gboolean
read_files (KsSettings *settings, GError **error)
{
	g_autofree char *file = g_build_filename (settings->config_dir, "enrolee.conf", NULL);
	g_autofree char *folder = g_build_filename (settings->config_dir, "conf.d", NULL);
	g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
	g_autoptr (GDir) dir = NULL;
	const char *name;

	if (!read_file (settings, file, error))
		return FALSE;
	dir = g_dir_open (folder, 0, NULL);
	while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
		if (g_str_has_suffix (name, ".conf") && name[0] != '.')
			g_ptr_array_add (names, g_build_filename (folder, name, NULL));
	}
	g_ptr_array_sort (names, compare_names);
	for (guint i = 0; i < names->len; i++) {
		if (!read_file (settings, names->pdata[i], error))
			return FALSE;
	}
	return TRUE;
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
	if (!read_files (settings, error))
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
