/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See settings-file.h. Line by line, so that an error can name the line. */
#include <config.h>

#include "keystore/settings-file.h"

#include <string.h>

#define FILE_MAX (1024 * 1024) /* bytes of one settings file */

typedef struct {
	KsSettingsTake take;
	gpointer data;
	char *group;
} Reader;

static gboolean
read_line (Reader *reader, char *line, GError **error)
{
	char *end;

	if (line[0] == '\0' || line[0] == '#')
		return TRUE;
	if (line[0] == '[') {
		end = strchr (line, ']');
		g_free (reader->group);
		reader->group = end != NULL && end[1] == '\0' ? g_strndup (line + 1, end - line - 1)
							      : g_strdup ("");
		return TRUE;
	}
	end = strchr (line, '=');
	if (end != NULL)
		*end = '\0';
	g_strchomp (line);
	return reader->take (reader->data, reader->group, line,
			     end != NULL ? g_strchug (end + 1) : NULL, error);
}

/* A missing file is no error. */
static gboolean
read_file (Reader *reader, const char *path, GError **error)
{
	g_autoptr (GError) local = NULL;
	g_autofree char *text = NULL;
	g_auto (GStrv) lines = NULL;
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
	g_free (reader->group);
	reader->group = g_strdup ("");
	lines = g_strsplit (text, "\n", -1);
	for (guint i = 0; lines[i] != NULL; i++) {
		if (!read_line (reader, g_strstrip (lines[i]), error)) {
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

static GPtrArray *
list_files (const char *config_dir)
{
	g_autofree char *folder = g_build_filename (config_dir, "conf.d", NULL);
	GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
	g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
		if (g_str_has_suffix (name, ".conf") && name[0] != '.')
			g_ptr_array_add (paths, g_build_filename (folder, name, NULL));
	}
	g_ptr_array_sort (paths, compare_names);
	g_ptr_array_insert (paths, 0, g_build_filename (config_dir, "enrolee.conf", NULL));
	return paths;
}

gboolean
ks_settings_read (const char *config_dir, KsSettingsTake take, gpointer data, GError **error)
{
	g_autoptr (GPtrArray) paths = list_files (config_dir);
	Reader reader = {take, data, NULL};
	gboolean done = TRUE;

	for (guint i = 0; i < paths->len && done; i++)
		done = read_file (&reader, paths->pdata[i], error);
	g_free (reader.group);
	return done;
}
