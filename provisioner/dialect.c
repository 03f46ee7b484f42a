/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The dialect of one MEF: defaults, and the file that replaces single entries.
 */
#include <config.h>

#include "provisioner/dialect.h"

#include "provisioner/error.h"

#include <string.h>

#define DEFAULT_PREFIX "sec"
#define PREFIX_MAX 16

typedef struct {
	const char *word;
	int value;
} Word;

static const Word path_forms[] = {
	{"absolute", PV_PATH_ABSOLUTE}, {"relative", PV_PATH_RELATIVE}, {0}};
static const Word child_forms[] = {
	{"unstructured", PV_CHILD_UNSTRUCTURED}, {"structured", PV_CHILD_STRUCTURED}, {0}};
static const Word key_encodings[] = {
	{"hex", PV_KEY_ENCODING_HEX}, {"base64", PV_KEY_ENCODING_BASE64}, {0}};
static const Word name_types[] = {{"auto", PV_NAME_TYPE_AUTO},
				  {"uri", PV_NAME_TYPE_URI},
				  {"dns", PV_NAME_TYPE_DNS},
				  {"oid", PV_NAME_TYPE_REGISTERED_ID},
				  {0}};

/* Keys of [wire]: a text replaced, or a word out of a list. */
static const struct {
	const char *key;
	gsize offset;
	const Word *words;
} wire_keys[] = {
	{"prefix", G_STRUCT_OFFSET (PvDialect, prefix), NULL},
	{"base", G_STRUCT_OFFSET (PvDialect, base), NULL},
	{"release", G_STRUCT_OFFSET (PvDialect, release), NULL},
	{"exporter-label", G_STRUCT_OFFSET (PvDialect, exporter_label), NULL},
	{"media-type", G_STRUCT_OFFSET (PvDialect, media_type), NULL},
	{"path-form", G_STRUCT_OFFSET (PvDialect, path_form), path_forms},
	{"child-form", G_STRUCT_OFFSET (PvDialect, child_form), child_forms},
	{"key-encoding", G_STRUCT_OFFSET (PvDialect, key_encoding), key_encodings},
	{"node-name", G_STRUCT_OFFSET (PvDialect, node_name), name_types},
	{"cse-name", G_STRUCT_OFFSET (PvDialect, cse_name), name_types},
};

G_STATIC_ASSERT (sizeof (PvPathForm) == sizeof (int));
G_STATIC_ASSERT (sizeof (PvNameType) == sizeof (int));

PvDialect *
pv_dialect_new (void)
{
	PvDialect *dialect = g_new0 (PvDialect, 1);

	dialect->heard = g_new0 (PvHeard, 1);
	dialect->base = g_strdup ("-");
	dialect->release = g_strdup ("3");
	/* A22: the clause names the key Kc; with the Bootstrap label it would equal Ke. */
	dialect->exporter_label = g_strdup ("EXPORTER-oneM2M-Connection");
	dialect->media_type = g_strdup ("application/json");
	dialect->cse_name = PV_NAME_TYPE_DNS;
	dialect->mef_client_reg_type = 4;
	dialect->symm_key_reg_type = 5;
	dialect->mef_client_cmd_type = 6;
	return dialect;
}

void
pv_dialect_free (PvDialect *dialect)
{
	if (dialect == NULL)
		return;
	g_free (dialect->prefix);
	g_free (dialect->base);
	g_free (dialect->release);
	g_free (dialect->exporter_label);
	g_free (dialect->media_type);
	for (guint i = 0; i < PV_N_NAMES; i++)
		g_free (dialect->sent[i]);
	g_free (dialect->heard->prefix);
	g_free (dialect->heard);
	g_free (dialect);
}

static gboolean
fail (const char *path, const char *group, const char *key, GError **error)
{
	g_set_error (error, PV_ERROR, PV_ERROR_JOB, "%s: [%s] %s: unknown or not valid", path,
		     group, key);
	return FALSE;
}

static gboolean
set_wire (PvDialect *dialect, const char *key, const char *value)
{
	for (guint i = 0; i < G_N_ELEMENTS (wire_keys); i++) {
		if (!g_str_equal (wire_keys[i].key, key))
			continue;
		if (wire_keys[i].words == NULL) {
			char **text = &G_STRUCT_MEMBER (char *, dialect, wire_keys[i].offset);
			g_free (*text);
			*text = g_strdup (value);
			return *value != '\0' || text == &dialect->prefix;
		}
		for (const Word *word = wire_keys[i].words; word->word != NULL; word++) {
			if (!g_str_equal (word->word, value))
				continue;
			G_STRUCT_MEMBER (int, dialect, wire_keys[i].offset) = word->value;
			return TRUE;
		}
		return FALSE;
	}
	return FALSE;
}

static gboolean
set_name (PvDialect *dialect, const char *key, const char *value)
{
	PvName name = pv_name_by_long_name (key);

	if (name == PV_N_NAMES || *value == '\0' || strchr (value, ':') != NULL)
		return FALSE;
	g_free (dialect->sent[name]);
	dialect->sent[name] = g_strdup (value);
	return TRUE;
}

static gboolean
set_type (PvDialect *dialect, const char *key, const char *value)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned (value, 10, 1, 65535, &number, NULL))
		return FALSE;
	switch ((int)pv_name_by_long_name (key)) {
	case PV_NAME_MEF_CLIENT_REG:
		dialect->mef_client_reg_type = number;
		return TRUE;
	case PV_NAME_SYMM_KEY_REG:
		dialect->symm_key_reg_type = number;
		return TRUE;
	case PV_NAME_MEF_CLIENT_CMD:
		dialect->mef_client_cmd_type = number;
		return TRUE;
	}
	return FALSE;
}

static const struct {
	const char *group;
	gboolean (*set) (PvDialect *dialect, const char *key, const char *value);
} groups[] = {{"wire", set_wire}, {"names", set_name}, {"types", set_type}};

static gboolean
load_group (PvDialect *dialect, GKeyFile *file, const char *path, const char *group, GError **error)
{
	g_auto (GStrv) keys = g_key_file_get_keys (file, group, NULL, NULL);

	for (guint g = 0; g < G_N_ELEMENTS (groups); g++) {
		if (!g_str_equal (groups[g].group, group))
			continue;
		for (guint i = 0; keys != NULL && keys[i] != NULL; i++) {
			g_autofree char *value = g_key_file_get_string (file, group, keys[i], NULL);
			if (value == NULL || !groups[g].set (dialect, keys[i], value))
				return fail (path, group, keys[i], error);
		}
		return TRUE;
	}
	return fail (path, group, "", error);
}

PvDialect *
pv_dialect_load (const char *path, GError **error)
{
	g_autoptr (GKeyFile) file = g_key_file_new ();
	g_autoptr (PvDialect) dialect = pv_dialect_new ();
	g_autoptr (GError) cause = NULL;
	g_auto (GStrv) names = NULL;

	if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, &cause)) {
		g_set_error (error, PV_ERROR, PV_ERROR_JOB, "%s: %s", path, cause->message);
		return NULL;
	}
	names = g_key_file_get_groups (file, NULL);
	for (guint i = 0; names[i] != NULL; i++)
		if (!load_group (dialect, file, path, names[i], error))
			return NULL;
	return g_steal_pointer (&dialect);
}

const char *
pv_dialect_sent (const PvDialect *dialect, PvName name)
{
	g_return_val_if_fail (name < PV_N_NAMES, NULL);
	return dialect->sent[name] != NULL           ? dialect->sent[name]
	       : dialect->heard->names[name] != NULL ? dialect->heard->names[name]
						     : pv_name_entry (name)->short_name;
}

const char *
pv_dialect_prefix (const PvDialect *dialect)
{
	return dialect->prefix != NULL          ? dialect->prefix
	       : dialect->heard->prefix != NULL ? dialect->heard->prefix
						: DEFAULT_PREFIX;
}

static const char *
local_part (const char *member)
{
	const char *colon = strrchr (member, ':');

	return colon != NULL ? colon + 1 : member;
}

/* The table's own text of that spelling, NULL when it has none such. */
static const char *
spelling (PvName name, const char *local)
{
	const PvNameEntry *entry = pv_name_entry (name);

	if (g_str_equal (local, entry->short_name))
		return entry->short_name;
	if (g_str_equal (local, entry->long_name))
		return entry->long_name;
	for (guint i = 0; i < G_N_ELEMENTS (entry->aliases) && entry->aliases[i] != NULL; i++)
		if (g_str_equal (local, entry->aliases[i]))
			return entry->aliases[i];
	return NULL;
}

gboolean
pv_dialect_matches (const PvDialect *dialect, PvName name, const char *member)
{
	const char *local = local_part (member);

	return g_str_equal (local, pv_dialect_sent (dialect, name)) || spelling (name, local) != NULL;
}

void
pv_dialect_hear (const PvDialect *dialect, PvName name, const char *member)
{
	const char *known = spelling (name, local_part (member));

	if (known != NULL)
		dialect->heard->names[name] = known;
}

void
pv_dialect_hear_prefix (const PvDialect *dialect, const char *member)
{
	gsize length = local_part (member) - member;

	for (gsize i = 0; i + 1 < length; i++)
		if (!g_ascii_isalnum (member[i]))
			return;
	if (length > PREFIX_MAX)
		return;
	g_free (dialect->heard->prefix);
	dialect->heard->prefix = g_strndup (member, length > 0 ? length - 1 : 0);
}

const char *
pv_dialect_wire_key (guint index)
{
	return index < G_N_ELEMENTS (wire_keys) ? wire_keys[index].key : NULL;
}
