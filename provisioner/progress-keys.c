/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A group [key IDENTIFIER] of the progress for each key; the table below is its format. */
#include <config.h>

#include "provisioner/progress-keys.h"

#include <gio/gio.h>
#include <string.h>

#define GROUP "key "

static const char *const roles[PV_N_KEY_ROLES] = {
	[PV_KEY_STAGED] = "staged",
	[PV_KEY_CURRENT] = "current",
	[PV_KEY_RETIRING] = "retiring",
	[PV_KEY_OF_OTHERS] = "retrieved",
};

static const struct {
	const char *key;
	gsize offset;
} numbers[] = {
	{"Expires", offsetof (PvKeyRecord, expires_s)},
	{"SUID", offsetof (PvKeyRecord, suid)},
	{"Look", offsetof (PvKeyRecord, look_s)},
	{"Staged", offsetof (PvKeyRecord, staged)},
	{"StagedExpires", offsetof (PvKeyRecord, staged_expires_s)},
	{"Published", offsetof (PvKeyRecord, published_s)},
};

static const struct {
	const char *key;
	gsize offset;
} texts[] = {
	{"Targets", offsetof (PvKeyRecord, targets)},
	{"Asked", offsetof (PvKeyRecord, asked)},
	{"Source", offsetof (PvKeyRecord, source)},
	{"Message", offsetof (PvKeyRecord, message)},
};

static gint64 *
number_at (PvKeyRecord *record, gsize i)
{
	return (gint64 *) ((char *) record + numbers[i].offset);
}

static char **
text_at (PvKeyRecord *record, gsize i)
{
	return (char **) ((char *) record + texts[i].offset);
}

static void
free_record (gpointer data)
{
	PvKeyRecord *record = data;

	for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
		g_free (*text_at (record, i));
	g_free (record->identifier);
	g_free (record);
}

GPtrArray *
pv_keys_new (void)
{
	return g_ptr_array_new_with_free_func (free_record);
}

PvKeyRecord *
pv_keys_find (const GPtrArray *keys, const char *identifier)
{
	for (guint i = 0; identifier != NULL && i < keys->len; i++) {
		PvKeyRecord *record = keys->pdata[i];

		if (g_str_equal (record->identifier, identifier))
			return record;
	}
	return NULL;
}

PvKeyRecord *
pv_keys_in_role (const GPtrArray *keys, PvKeyRole role)
{
	for (guint i = 0; i < keys->len; i++) {
		PvKeyRecord *record = keys->pdata[i];

		if (record->role == role)
			return record;
	}
	return NULL;
}

GStrv
pv_keys_identifiers (const GPtrArray *keys, PvKeyRole role)
{
	g_autoptr (GStrvBuilder) identifiers = g_strv_builder_new ();

	for (guint i = 0; i < keys->len; i++) {
		const PvKeyRecord *record = keys->pdata[i];

		if (record->role == role)
			g_strv_builder_add (identifiers, record->identifier);
	}
	return g_strv_builder_end (identifiers);
}

PvKeyRecord *
pv_keys_ensure (GPtrArray *keys, const char *identifier, PvKeyRole role)
{
	PvKeyRecord *record = pv_keys_find (keys, identifier);

	if (record == NULL) {
		record = g_new0 (PvKeyRecord, 1);
		record->identifier = g_strdup (identifier);
		g_ptr_array_add (keys, record);
	}
	record->role = role;
	return record;
}

void
pv_keys_drop (GPtrArray *keys, PvKeyRecord *record)
{
	if (record != NULL)
		g_ptr_array_remove (keys, record);
}

static gboolean
read_role (PvKeyRecord *record, GKeyFile *file, const char *group, GError **error)
{
	g_autofree char *word = g_key_file_get_string (file, group, "Role", error);

	if (word == NULL)
		return FALSE;
	record->role = 0;
	while (record->role < PV_N_KEY_ROLES && !g_str_equal (roles[record->role], word))
		record->role++;
	if (record->role < PV_N_KEY_ROLES)
		return TRUE;
	g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "unknown role %s of a key", word);
	return FALSE;
}

static gboolean
read_record (PvKeyRecord *record, GKeyFile *file, const char *group, GError **error)
{
	g_autoptr (GError) cause = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS (numbers) && cause == NULL; i++) {
		if (g_key_file_has_key (file, group, numbers[i].key, NULL))
			*number_at (record, i) =
				g_key_file_get_int64 (file, group, numbers[i].key, &cause);
	}
	for (gsize i = 0; i < G_N_ELEMENTS (texts) && cause == NULL; i++) {
		if (g_key_file_has_key (file, group, texts[i].key, NULL))
			*text_at (record, i) =
				g_key_file_get_string (file, group, texts[i].key, &cause);
	}
	if (cause == NULL)
		return read_role (record, file, group, error);
	g_propagate_error (error, g_steal_pointer (&cause));
	return FALSE;
}

gboolean
pv_keys_read (GPtrArray *keys, GKeyFile *file, GError **error)
{
	g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);

	for (guint i = 0; groups[i] != NULL; i++) {
		if (!g_str_has_prefix (groups[i], GROUP))
			continue;
		if (!read_record (pv_keys_ensure (keys, groups[i] + strlen (GROUP), PV_KEY_STAGED),
				  file,
				  groups[i],
				  error))
			return FALSE;
	}
	return TRUE;
}

void
pv_keys_write (const GPtrArray *keys, GKeyFile *file)
{
	for (guint i = 0; i < keys->len; i++) {
		PvKeyRecord *record = keys->pdata[i];
		g_autofree char *group = g_strconcat (GROUP, record->identifier, NULL);

		g_key_file_set_string (file, group, "Role", roles[record->role]);
		for (gsize j = 0; j < G_N_ELEMENTS (numbers); j++) {
			if (*number_at (record, j) != 0)
				g_key_file_set_int64 (file, group, numbers[j].key, *number_at (record, j));
		}
		for (gsize j = 0; j < G_N_ELEMENTS (texts); j++) {
			if (*text_at (record, j) != NULL)
				g_key_file_set_string (file, group, texts[j].key, *text_at (record, j));
		}
	}
}
