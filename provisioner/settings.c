/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading of the settings. GKeyFile gives the values; a scan of our own gives the line of each key,
 * which GKeyFile does not tell.
 */
#include <config.h>

#include "provisioner/settings.h"

#include <string.h>

#include "keystore/wire/limits.h"
#include "provisioner/error.h"
#include "provisioner/identity.h"
#include "provisioner/on-renew.h"
#include "provisioner/specifier.h"

#define FILE_SIZE_MAX (1024 * 1024)

struct _PvSettings {
	GKeyFile *values;
	GHashTable *sources; /* "heading\nkey" -> "file:line" */
	GPtrArray *files;    /* NULL-terminated */
};

void
pv_settings_free (PvSettings *settings)
{
	if (settings == NULL)
		return;
	g_key_file_unref (settings->values);
	g_hash_table_unref (settings->sources);
	g_ptr_array_unref (settings->files);
	g_free (settings);
}

static char *
source_key (const char *heading, const char *key)
{
	return g_strconcat (heading, "\n", key, NULL);
}

const char *
pv_settings_source (const PvSettings *settings, const char *heading, const char *key)
{
	g_autofree char *at = source_key (heading, key);

	return g_hash_table_lookup (settings->sources, at);
}

G_GNUC_PRINTF (4, 5)
static gboolean
refuse (const char *file, guint line, GError **error, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start (args, format);
	text = g_strdup_vprintf (format, args);
	va_end (args);
	g_set_error (error, PV_ERROR, PV_ERROR_JOB, "%s:%u: %s", file, line, text);
	return FALSE;
}

/* The group word of a heading: "mef" of "mef NAME". */
static char *
heading_word (const char *heading)
{
	return g_strndup (heading, strcspn (heading, " "));
}

static const char *
heading_name (const char *heading)
{
	const char *blank = strchr (heading, ' ');

	return blank != NULL ? blank + 1 : NULL;
}

static gboolean
check_heading (const char *file, guint line, const char *heading, GError **error)
{
	g_autofree char *word = heading_word (heading);
	const char *name = heading_name (heading);

	if (!pv_setting_group_is_known (word))
		return refuse (file, line, error, "unknown group [%s]", heading);
	if (pv_setting_group_is_named (word) && (name == NULL || !pv_name_is_valid (name)))
		return refuse (file, line, error, "group [%s] needs a name: [%s NAME]", heading, word);
	if (!pv_setting_group_is_named (word) && name != NULL)
		return refuse (file, line, error, "group [%s] takes no name", word);
	return TRUE;
}

/* Which values are a gateway's own. The keystore reads its group itself. */
static gboolean
has_specifiers (const PvSetting *setting)
{
	if (g_str_equal (setting->group, "keystore"))
		return FALSE;
	return setting->kind == PV_SETTING_TEXT || setting->kind == PV_SETTING_FQDN ||
	       setting->kind == PV_SETTING_URI || setting->kind == PV_SETTING_LIST ||
	       setting->kind == PV_SETTING_PATH;
}

/* Specifiers, and files that the service manager hands over: credential:NAME. */
static char *
expand (const PvSetting *setting, const char *value, GError **error)
{
	const char *folder = g_getenv ("CREDENTIALS_DIRECTORY");
	g_autofree char *expanded =
		has_specifiers (setting)
			? pv_specifier_expand (value, setting->kind == PV_SETTING_FQDN, error)
			: g_strdup (value);
	const char *name = expanded;

	if (expanded == NULL || setting->kind != PV_SETTING_PATH || folder == NULL ||
	    !g_str_has_prefix (expanded, PV_SETTING_CREDENTIAL))
		return g_steal_pointer (&expanded);
	name += strlen (PV_SETTING_CREDENTIAL);
	return pv_name_is_valid (name) ? g_build_filename (folder, name, NULL)
				       : g_steal_pointer (&expanded);
}

/* The value of one line, as GKeyFile understands it: of a whole file it tells only a key's last. */
static char *
parse_value (const char *text)
{
	g_autofree char *alone = g_strconcat ("[x]\nx=", text, NULL);
	g_autoptr (GKeyFile) parsed = g_key_file_new ();

	return g_key_file_load_from_data (parsed, alone, -1, G_KEY_FILE_NONE, NULL)
		       ? g_key_file_get_string (parsed, "x", "x", NULL)
		       : NULL;
}

/* A later value replaces an earlier one, but actions of one file add up. Takes @value. */
static char *
add_up (PvSettings *settings,
	const PvSetting *setting,
	const char *file,
	const char *heading,
	char *value)
{
	const char *source = pv_settings_source (settings, heading, setting->key);
	g_autofree char *here = g_strconcat (file, ":", NULL);
	g_autofree char *former = NULL;
	g_autofree char *latter = value;

	if (setting->kind != PV_SETTING_ACTIONS || source == NULL || !g_str_has_prefix (source, here))
		return g_steal_pointer (&latter);
	former = g_key_file_get_string (settings->values, heading, setting->key, NULL);
	return g_strjoin (PV_ON_RENEW_SEPARATOR " ", former, latter, NULL);
}

/* One "Key=value" of a file: known and well-formed, then remembered with its line. */
static gboolean
take_value (PvSettings *settings,
	    const char *file,
	    guint line,
	    const char *heading,
	    const char *key,
	    const char *text,
	    GError **error)
{
	g_autofree char *word = heading_word (heading);
	const PvSetting *setting = pv_setting_find (word, key);
	g_autofree char *written = parse_value (text);
	g_autofree char *value = NULL;
	g_autoptr (GError) local = NULL;
	const char *wrong;

	if (setting == NULL)
		return refuse (file, line, error, "unknown key \"%s\" in group [%s]", key, heading);
	if (written == NULL)
		return refuse (file, line, error, "the value of %s is not readable text", key);
	value = expand (setting, g_strstrip (written), &local);
	if (value == NULL)
		return refuse (file, line, error, "%s=%s: %s", key, written, local->message);
	value = add_up (settings, setting, file, heading, value);
	wrong = pv_setting_check (setting, value);
	if (wrong != NULL)
		return refuse (file,
			       line,
			       error,
			       "%s=%s is %s%s%s%s",
			       key,
			       value,
			       wrong,
			       setting->values != NULL ? " (" : "",
			       setting->values != NULL ? setting->values : "",
			       setting->values != NULL ? ")" : "");
	g_key_file_set_string (settings->values, heading, key, value);
	g_hash_table_replace (settings->sources,
			      source_key (heading, key),
			      g_strdup_printf ("%s:%u", file, line));
	return TRUE;
}

static gboolean
take_line (PvSettings *settings,
	   const char *file,
	   guint line,
	   char *text,
	   char **heading,
	   GError **error)
{
	char *equals;

	g_strstrip (text);
	if (text[0] == '\0' || text[0] == '#')
		return TRUE;
	if (text[0] == '[' && text[strlen (text) - 1] == ']') {
		g_free (*heading);
		*heading = g_strndup (text + 1, strlen (text) - 2);
		if (!check_heading (file, line, *heading, error))
			return FALSE;
		/* a group without keys is there, too */
		g_hash_table_replace (settings->sources,
				      source_key (*heading, ""),
				      g_strdup_printf ("%s:%u", file, line));
		return TRUE;
	}
	equals = strchr (text, '=');
	if (equals == NULL)
		return refuse (file, line, error, "neither a group, a comment nor Key=value");
	if (*heading == NULL)
		return refuse (file, line, error, "a key before the first group");
	*equals = '\0';
	return take_value (settings, file, line, *heading, g_strstrip (text), equals + 1, error);
}

/* @text stays NULL for a file that does not exist. */
static gboolean
read_file (const char *file, char **text, GError **error)
{
	g_autoptr (GError) local = NULL;
	gsize len = 0;

	*text = NULL;
	if (!g_file_get_contents (file, text, &len, &local)) {
		if (g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
			return TRUE;
		g_set_error (error, PV_ERROR, PV_ERROR_JOB, "%s", local->message);
		return FALSE;
	}
	if (len > FILE_SIZE_MAX)
		return refuse (file, 1, error, "larger than %d bytes", FILE_SIZE_MAX);
	if (!g_utf8_validate (*text, len, NULL))
		return refuse (file, 1, error, "not UTF-8 text");
	return TRUE;
}

static gboolean
load_file (PvSettings *settings, const char *file, GError **error)
{
	g_autofree char *text = NULL;
	g_autofree char *heading = NULL;
	g_autoptr (GKeyFile) parsed = g_key_file_new ();
	g_autoptr (GError) local = NULL;
	g_auto (GStrv) lines = NULL;

	if (!read_file (file, &text, error))
		return FALSE;
	if (text == NULL)
		return TRUE;
	g_ptr_array_insert (settings->files, settings->files->len - 1, g_strdup (file));
	/* its complaints come without a line: ours below are given first where we have one */
	(void) g_key_file_load_from_data (parsed, text, -1, G_KEY_FILE_NONE, &local);
	lines = g_strsplit (text, "\n", -1);
	for (guint i = 0; lines[i] != NULL; i++) {
		if (!take_line (settings, file, i + 1, lines[i], &heading, error))
			return FALSE;
	}
	if (local != NULL)
		return refuse (file, 1, error, "%s", local->message);
	return TRUE;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
	return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static gboolean
load_folder (PvSettings *settings, const char *folder, GError **error)
{
	g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
	g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
	const char *name;

	if (dir == NULL)
		return TRUE;
	while ((name = g_dir_read_name (dir)) != NULL) {
		if (g_str_has_suffix (name, ".conf") && name[0] != '.')
			g_ptr_array_add (names, g_build_filename (folder, name, NULL));
	}
	g_ptr_array_sort (names, compare_names);
	for (guint i = 0; i < names->len; i++) {
		if (!load_file (settings, names->pdata[i], error))
			return FALSE;
	}
	return TRUE;
}

/* What is wrong with one of RetrieveKeys=, %NULL when nothing is (R-8.3.4.3-1). */
static const char *
check_retrieved (const char *name, const char *mef_fqdn, const char *identifier)
{
	g_autofree char *relative_id = NULL;
	g_autofree char *fqdn = NULL;

	if (!pv_key_identifier_split (identifier, &relative_id, &fqdn) || g_strcmp0 (fqdn, mef_fqdn) != 0)
		return "is not a key of this MEF";
	if (strlen (name) + 1 + strlen (relative_id) > WIRE_NAME_MAX)
		return "makes too long a name for a credential";
	return g_str_equal (relative_id, "key") ? "has the name of the enrolment's own key" : NULL;
}

static gboolean
check_keys (const PvSettings *settings, const char *heading, const char *mef, GError **error)
{
	const char *name = heading_name (heading);
	g_autofree char *fqdn = pv_settings_get (settings, "mef", mef, "FQDN");
	g_auto (GStrv) keys = pv_settings_get_list (settings, "enrolment", name, "RetrieveKeys");

	for (guint i = 0; keys[i] != NULL; i++) {
		const char *wrong = check_retrieved (name, fqdn, keys[i]);

		if (wrong == NULL)
			continue;
		g_set_error (error,
			     PV_ERROR,
			     PV_ERROR_JOB,
			     "%s: RetrieveKeys: %s %s",
			     pv_settings_source (settings, heading, "RetrieveKeys"),
			     keys[i],
			     wrong);
		return FALSE;
	}
	return TRUE;
}

static gboolean
check_required (const PvSettings *settings, const char *heading, const char *word, GError **error)
{
	gsize n_settings;
	const PvSetting *table = pv_settings_table (&n_settings);

	for (gsize i = 0; i < n_settings; i++) {
		if (table[i].required && g_str_equal (table[i].group, word) &&
		    !g_key_file_has_key (settings->values, heading, table[i].key, NULL)) {
			g_set_error (error,
				     PV_ERROR,
				     PV_ERROR_JOB,
				     "%s: group [%s] needs %s= (%s)",
				     pv_settings_source (settings, heading, ""),
				     heading,
				     table[i].key,
				     table[i].help);
			return FALSE;
		}
	}
	if (!g_str_equal (word, "enrolment") ||
	    g_key_file_has_key (settings->values, heading, "BootstrapKey", NULL) ||
	    g_key_file_has_key (settings->values, heading, "BootstrapCertificate", NULL))
		return TRUE;
	g_set_error (error,
		     PV_ERROR,
		     PV_ERROR_JOB,
		     "%s: group [%s] needs BootstrapKey= or BootstrapCertificate=",
		     pv_settings_source (settings, heading, ""),
		     heading);
	return FALSE;
}

/* What a group lacks, and names that lead nowhere. */
static gboolean
check_group (const PvSettings *settings, const char *heading, GError **error)
{
	g_autofree char *word = heading_word (heading);
	g_autofree char *mef = NULL;

	if (!check_required (settings, heading, word, error))
		return FALSE;
	mef = g_key_file_get_string (settings->values, heading, "MEF", NULL);
	if (mef == NULL)
		return TRUE;
	if (pv_settings_has (settings, "mef", mef))
		return check_keys (settings, heading, mef, error);
	g_set_error (error,
		     PV_ERROR,
		     PV_ERROR_JOB,
		     "%s: there is no group [mef %s]",
		     pv_settings_source (settings, heading, "MEF"),
		     mef);
	return FALSE;
}

PvSettings *
pv_settings_load (const char *config_dir, GError **error)
{
	g_autoptr (PvSettings) settings = g_new0 (PvSettings, 1);
	g_autofree char *file = g_build_filename (config_dir, "enrolee.conf", NULL);
	g_autofree char *folder = g_build_filename (config_dir, "conf.d", NULL);
	g_auto (GStrv) groups = NULL;

	settings->values = g_key_file_new ();
	settings->sources = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
	settings->files = g_ptr_array_new_with_free_func (g_free);
	g_ptr_array_add (settings->files, NULL);
	if (!load_file (settings, file, error) || !load_folder (settings, folder, error))
		return NULL;
	groups = pv_settings_groups (settings);
	for (guint i = 0; groups[i] != NULL; i++) {
		if (!check_group (settings, groups[i], error))
			return NULL;
	}
	return g_steal_pointer (&settings);
}

GPtrArray *
pv_settings_on_renew (const PvSettings *settings, const char *credential)
{
	g_autofree char *value = pv_settings_get (settings, "credential", credential, "OnRenew");
	const char *problem;
	GPtrArray *actions = value != NULL ? pv_on_renew_parse (value, &problem) : NULL;

	return actions != NULL ? actions : g_ptr_array_new ();
}

const char *const *
pv_settings_files (const PvSettings *settings)
{
	return (const char *const *) settings->files->pdata;
}

GStrv
pv_settings_groups (const PvSettings *settings)
{
	GHashTableIter iter;
	gpointer at;
	GPtrArray *groups = g_ptr_array_new ();

	g_hash_table_iter_init (&iter, settings->sources);
	while (g_hash_table_iter_next (&iter, &at, NULL)) {
		if (g_str_has_suffix (at, "\n"))
			g_ptr_array_add (groups, g_strndup (at, strlen (at) - 1));
	}
	g_ptr_array_sort (groups, compare_names);
	g_ptr_array_add (groups, NULL);
	return (GStrv) g_ptr_array_free (groups, FALSE);
}

GStrv
pv_settings_names (const PvSettings *settings, const char *group)
{
	g_auto (GStrv) headings = pv_settings_groups (settings);
	GPtrArray *names = g_ptr_array_new ();

	for (guint i = 0; headings[i] != NULL; i++) {
		g_autofree char *word = heading_word (headings[i]);

		if (g_str_equal (word, group))
			g_ptr_array_add (names, g_strdup (heading_name (headings[i])));
	}
	g_ptr_array_add (names, NULL);
	return (GStrv) g_ptr_array_free (names, FALSE);
}

static char *
make_heading (const char *group, const char *name)
{
	return name != NULL ? g_strconcat (group, " ", name, NULL) : g_strdup (group);
}

gboolean
pv_settings_has (const PvSettings *settings, const char *group, const char *name)
{
	g_autofree char *heading = make_heading (group, name);

	return pv_settings_source (settings, heading, "") != NULL;
}

char *
pv_settings_get (const PvSettings *settings, const char *group, const char *name, const char *key)
{
	g_autofree char *heading = make_heading (group, name);
	char *value = g_key_file_get_string (settings->values, heading, key, NULL);
	const PvSetting *setting = pv_setting_find (group, key);

	return value != NULL || setting == NULL ? value : g_strdup (setting->fallback);
}

guint
pv_settings_get_seconds (const PvSettings *settings,
			 const char *group,
			 const char *name,
			 const char *key)
{
	g_autofree char *value = pv_settings_get (settings, group, name, key);

	return value != NULL ? g_ascii_strtoull (value, NULL, 10) : 0;
}

guint
pv_settings_get_count (const PvSettings *settings,
		       const char *group,
		       const char *name,
		       const char *key)
{
	return pv_settings_get_seconds (settings, group, name, key);
}

gboolean
pv_settings_get_boolean (const PvSettings *settings,
			 const char *group,
			 const char *name,
			 const char *key)
{
	g_autofree char *value = pv_settings_get (settings, group, name, key);
	gboolean result = FALSE;

	return value != NULL && pv_setting_parse_boolean (value, &result) && result;
}

GStrv
pv_settings_get_list (const PvSettings *settings,
		      const char *group,
		      const char *name,
		      const char *key)
{
	g_autofree char *value = pv_settings_get (settings, group, name, key);

	return pv_setting_split (value != NULL ? value : "");
}
