/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Durable progress; the table below is the file's format. */
#include <config.h>

#include "provisioner/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define FORMAT_VERSION 1
#define SUFFIX ".progress"

typedef enum { KIND_NUMBER, KIND_TEXT, KIND_STATE } Kind;

static const struct {
	const char *group, *key;
	Kind kind;
	gsize offset;
} members[] = {
	{"progress", "Version", KIND_NUMBER, offsetof (PvProgress, version)},
	{"progress", "State", KIND_STATE, offsetof (PvProgress, state)},
	{"progress", "Since", KIND_NUMBER, offsetof (PvProgress, since_s)},
	{"progress", "Attempts", KIND_NUMBER, offsetof (PvProgress, attempts)},
	{"progress", "Next", KIND_NUMBER, offsetof (PvProgress, next_s)},
	{"progress", "Failing", KIND_NUMBER, offsetof (PvProgress, failing_s)},
	{"identity", "MEF", KIND_TEXT, offsetof (PvProgress, mef)},
	{"identity", "AdminFQDN", KIND_TEXT, offsetof (PvProgress, admin)},
	{"identity", "Client", KIND_TEXT, offsetof (PvProgress, client)},
	{"registration", "ID", KIND_TEXT, offsetof (PvProgress, registration_id)},
	{"registration", "Expires", KIND_NUMBER, offsetof (PvProgress, registration_expires_s)},
	{"registration", "Renew", KIND_NUMBER, offsetof (PvProgress, registration_renew_s)},
	{"registration", "AssignedIdentity", KIND_TEXT, offsetof (PvProgress, assigned_identity)},
	{"registration", "AuthenticatedBy", KIND_TEXT, offsetof (PvProgress, authenticated_by)},
	{"registration", "AuthenticatedWith", KIND_TEXT, offsetof (PvProgress, authenticated_with)},
	{"registration", "Refused", KIND_TEXT, offsetof (PvProgress, refused)},
	{"commands", "LastID", KIND_TEXT, offsetof (PvProgress, last_command_id)},
	{"commands", "LastStatus", KIND_NUMBER, offsetof (PvProgress, last_command_status)},
	{"commands", "EstURI", KIND_TEXT, offsetof (PvProgress, est_uri)},
	{"commands", "Due", KIND_NUMBER, offsetof (PvProgress, commands_due_s)},
	{"commands", "Wait", KIND_NUMBER, offsetof (PvProgress, commands_wait_s)},
	{"staged", "Certificate", KIND_NUMBER, offsetof (PvProgress, staged_certificate)},
	{"staged", "CertificateNotAfter", KIND_NUMBER, offsetof (PvProgress, staged_not_after_s)},
	{"staged", "Key", KIND_NUMBER, offsetof (PvProgress, staged_key)},
	{"staged", "KeyNotAfter", KIND_NUMBER, offsetof (PvProgress, staged_key_not_after_s)},
	{"staged", "KeystoreInstance", KIND_TEXT, offsetof (PvProgress, keystore_instance)},
	{"pending", "Staged", KIND_NUMBER, offsetof (PvProgress, pending_staged)},
	{"pending", "CSR", KIND_TEXT, offsetof (PvProgress, pending_csr)},
	{"published", "Certificate", KIND_NUMBER, offsetof (PvProgress, certificate_published_s)},
	{"published", "CertificateNotAfter", KIND_NUMBER, offsetof (PvProgress, not_after_s)},
	{"published", "CertificateRenew", KIND_NUMBER, offsetof (PvProgress, certificate_renew_s)},
	{"published", "Key", KIND_NUMBER, offsetof (PvProgress, key_published_s)},
	{"published", "KeyNotAfter", KIND_NUMBER, offsetof (PvProgress, key_not_after_s)},
	{"published", "KeyRenew", KIND_NUMBER, offsetof (PvProgress, key_renew_s)},
	{"published", "Early", KIND_NUMBER, offsetof (PvProgress, early)},
	{"hooks", "Pending", KIND_TEXT, offsetof (PvProgress, hooks_pending)},
	{"hooks", "Error", KIND_TEXT, offsetof (PvProgress, hooks_error)},
	{"decommission", "Force", KIND_NUMBER, offsetof (PvProgress, force)},
	{"error", "Code", KIND_TEXT, offsetof (PvProgress, error_code)},
	{"error", "Message", KIND_TEXT, offsetof (PvProgress, error_message)},
};

static gint64 *
number_at (PvProgress *progress, gsize member)
{
	return (gint64 *) ((char *) progress + members[member].offset);
}

static char **
text_at (PvProgress *progress, gsize member)
{
	return (char **) ((char *) progress + members[member].offset);
}

PvProgress *
pv_progress_new (void)
{
	PvProgress *progress = g_new0 (PvProgress, 1);

	progress->version = FORMAT_VERSION;
	progress->keys = pv_keys_new ();
	return progress;
}

void
pv_progress_free (PvProgress *progress)
{
	if (progress == NULL)
		return;
	for (gsize i = 0; i < G_N_ELEMENTS (members); i++) {
		if (members[i].kind == KIND_TEXT)
			g_free (*text_at (progress, i));
	}
	g_ptr_array_unref (progress->keys);
	g_free (progress);
}

void
pv_progress_set (char **member, const char *value)
{
	char *former = *member;

	*member = value != NULL && value[0] != '\0' ? g_strdup (value) : NULL;
	g_free (former);
}

static gboolean
read_member (PvProgress *progress, gsize member, GKeyFile *file, GError **error)
{
	const char *group = members[member].group;
	const char *key = members[member].key;
	g_autofree char *text = NULL;

	if (!g_key_file_has_key (file, group, key, NULL))
		return TRUE;
	switch (members[member].kind) {
	case KIND_NUMBER:
		*number_at (progress, member) = g_key_file_get_int64 (file, group, key, error);
		return *error == NULL;
	case KIND_TEXT:
		g_free (*text_at (progress, member));
		*text_at (progress, member) = g_key_file_get_string (file, group, key, error);
		return *error == NULL;
	case KIND_STATE:
		text = g_key_file_get_string (file, group, key, error);
		if (text == NULL)
			return FALSE;
		progress->state = pv_state_parse (text);
		if (progress->state < PV_N_STATES)
			return TRUE;
		g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "unknown state %s", text);
		return FALSE;
	}
	return FALSE;
}

static PvProgress *
parse (GKeyFile *file, GError **error)
{
	g_autoptr (PvProgress) progress = pv_progress_new ();

	progress->version = 0;
	for (gsize i = 0; i < G_N_ELEMENTS (members); i++) {
		if (!read_member (progress, i, file, error))
			return NULL;
	}
	if (!pv_keys_read (progress->keys, file, error))
		return NULL;
	if (progress->version == FORMAT_VERSION)
		return g_steal_pointer (&progress);
	g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "of another version");
	return NULL;
}

static char *
make_path (const char *dir, const char *name, const char *suffix)
{
	g_autofree char *file = g_strconcat (name, suffix, NULL);

	return g_build_filename (dir, file, NULL);
}

PvProgress *
pv_progress_load (const char *dir, const char *name)
{
	g_autofree char *path = make_path (dir, name, SUFFIX);
	g_autofree char *damaged = make_path (dir, name, ".damaged");
	g_autoptr (GKeyFile) file = g_key_file_new ();
	g_autoptr (GError) error = NULL;
	PvProgress *progress = NULL;

	if (g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, &error))
		progress = parse (file, &error);
	if (progress != NULL)
		return progress;
	if (!g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
		g_warning ("%s: %s; kept as %s, this enrolment starts anew",
			   path,
			   error->message,
			   damaged);
		(void) g_rename (path, damaged);
	}
	return pv_progress_new ();
}

static gboolean
sync_folder (const char *dir, GError **error)
{
	int fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = fd >= 0 ? fsync (fd) : -1;
	int code = errno;

	if (fd >= 0)
		close (fd);
	if (result == 0)
		return TRUE;
	g_set_error (error,
		     G_FILE_ERROR,
		     g_file_error_from_errno (code),
		     "%s: %s",
		     dir,
		     g_strerror (code));
	return FALSE;
}

gboolean
pv_progress_save (const PvProgress *progress, const char *dir, const char *name, GError **error)
{
	PvProgress *all = (PvProgress *) progress; /* only read */
	g_autofree char *path = make_path (dir, name, SUFFIX);
	g_autoptr (GKeyFile) file = g_key_file_new ();
	g_autofree char *text = NULL;
	gsize len;

	for (gsize i = 0; i < G_N_ELEMENTS (members); i++) {
		const char *group = members[i].group;
		const char *key = members[i].key;

		if (members[i].kind == KIND_STATE)
			g_key_file_set_string (file, group, key, pv_state_name (progress->state));
		else if (members[i].kind == KIND_NUMBER && *number_at (all, i) != 0)
			g_key_file_set_int64 (file, group, key, *number_at (all, i));
		else if (members[i].kind == KIND_TEXT && *text_at (all, i) != NULL)
			g_key_file_set_string (file, group, key, *text_at (all, i));
	}
	pv_keys_write (progress->keys, file);
	text = g_key_file_to_data (file, &len, NULL);
	return g_file_set_contents_full (path,
					 text,
					 len,
					 G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
					 0600,
					 error) &&
	       sync_folder (dir, error);
}

gboolean
pv_progress_has_staged (const PvProgress *progress, gint64 number)
{
	if (number == 0)
		return FALSE;
	for (guint i = 0; i < progress->keys->len; i++) {
		const PvKeyRecord *record = progress->keys->pdata[i];

		if (record->staged == number)
			return TRUE;
	}
	return number == progress->staged_certificate || number == progress->staged_key;
}
