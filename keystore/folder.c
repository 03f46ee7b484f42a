/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The credential folders. A new folder is written beside the old one, synced, and exchanged with it
 * by renameat2(RENAME_EXCHANGE): whoever opens a path finds all files of one generation. key.pem
 * names its generation's key by id, and the former key is kept for a while: so a program that opens
 * cert.pem just before a publication and key.pem just after it is the only one that gets two that
 * do not fit; it fails to start, or to reload, once.
 */
#include <config.h>

#include "keystore/folder.h"

#include "keystore/folder-files.h"
#include "keystore/usage.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names of credentials never start with a dot. */
#define NEW_PREFIX ".new-"
#define STAMP ".generation"

struct _KsFolder {
	KsResident *resident;
	char *path;
	int fd;
};

static gboolean
fail_errno (GError **error, const char *what)
{
	g_set_error (error, KS_ERROR, KS_ERROR_STORAGE, "credential folder: %s: %s", what,
		     g_strerror (errno));
	return FALSE;
}

KsFolder *
ks_folder_new (const char *path, KsResident *resident, GError **error)
{
	g_autoptr (KsFolder) folder = g_new0 (KsFolder, 1);

	folder->fd = -1;
	folder->resident = resident;
	folder->path = g_strdup (path);
	if (g_mkdir_with_parents (path, 0755) != 0 ||
	    (folder->fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
		fail_errno (error, path);
		return NULL;
	}
	return g_steal_pointer (&folder);
}

void
ks_folder_free (KsFolder *folder)
{
	if (folder == NULL)
		return;
	if (folder->fd >= 0)
		close (folder->fd);
	g_free (folder->path);
	g_free (folder);
}

/* One level deep: there are no folders inside a credential's. */
static gboolean
remove_tree (KsFolder *folder, const char *name, GError **error)
{
	g_autofree char *path = g_build_filename (folder->path, name, NULL);
	g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
	const char *file;

	while (dir != NULL && (file = g_dir_read_name (dir)) != NULL) {
		g_autofree char *inside = g_build_filename (path, file, NULL);

		if (unlink (inside) != 0)
			return fail_errno (error, inside);
	}
	if (unlinkat (folder->fd, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
		return fail_errno (error, path);
	return TRUE;
}

static char *
stamp_of (const KsGeneration *generation, gboolean revealed)
{
	g_autoptr (GString) stamp = g_string_new (NULL);

	/* Object numbers are unique for ever: another catalogue's generation 1 is told apart.
	 * Whether consumers changed shows in the references' handles, of which only a hash is
	 * written. */
	g_string_append_printf (stamp, "1 %u %u", generation->number, generation->key_object);
	for (guint i = 0; i < KS_KEY_ID_LEN; i++)
		g_string_append_printf (stamp, "%02x", generation->key_id[i]);
	for (guint i = 0; i < generation->references->len; i++) {
		const KsReference *reference = g_ptr_array_index (generation->references, i);
		g_autofree char *hash =
			g_compute_checksum_for_string (G_CHECKSUM_SHA256, reference->handle, -1);

		g_string_append_printf (stamp, " %.16s", hash);
	}
	g_string_append (stamp, revealed ? " revealed\n" : "\n");
	return g_string_free (g_steal_pointer (&stamp), FALSE);
}

/* A usage constraint that forbids TLS forbids its file as well. */
static gboolean
is_to_be_revealed (const KsCredential *credential)
{
	return credential->psk.reveal && credential->kind == KS_KIND_SECRET &&
	       (ks_usage_uses (credential->suid, KS_KEY_SECRET) & KS_USE_PSK) != 0;
}

/* The key that is to be revealed, or NULL: without it the folder is written all the same, and again at
 * the next start. */
static KsKey *
take_revealed (KsFolder *folder, const KsCredential *credential, const KsGeneration *generation)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (KsKey) key = NULL;

	if (!is_to_be_revealed (credential) || !folder->resident)
		return NULL;
	key = ks_resident_get (folder->resident, generation, &error);
	if (key != NULL && ks_key_secret (key) != NULL)
		return g_steal_pointer (&key);
	g_warning ("%s cannot be revealed: %s", credential->name,
		   error != NULL ? error->message : "its backing token does not give it away");
	return NULL;
}

static gboolean
write_folder (KsFolder *folder,
	      const char *name,
	      const KsCredential *credential,
	      const KsGeneration *generation,
	      GError **error)
{
	g_autoptr (KsKey) revealed = take_revealed (folder, credential, generation);
	g_autofree char *stamp = stamp_of (generation, revealed != NULL);
	int fd;
	gboolean done;

	if (!remove_tree (folder, name, error))
		return FALSE;
	if (mkdirat (folder->fd, name, 0755) != 0 ||
	    (fd = openat (folder->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return fail_errno (error, name);
	done = fchmod (fd, 0755) == 0 &&
	       ks_folder_write_files (fd, credential, generation, error) &&
	       (revealed == NULL || ks_folder_reveal (fd, credential, generation,
						      ks_key_secret (revealed), error)) &&
	       ks_folder_put (fd, STAMP, stamp, strlen (stamp), error);
	if (done && fsync (fd) != 0)
		done = fail_errno (error, name);
	close (fd);
	return done;
}

static gboolean
exchange (KsFolder *folder, const char *from, const char *to, GError **error)
{
	if (renameat2 (folder->fd, from, folder->fd, to, RENAME_NOREPLACE) == 0)
		return TRUE;
	if (errno == EEXIST && renameat2 (folder->fd, from, folder->fd, to, RENAME_EXCHANGE) == 0)
		return TRUE;
	if (errno != EINVAL && errno != ENOSYS)
		return fail_errno (error, to);
	/* A file system without exchange: for a moment there is no folder, never a mixed one. */
	if (!remove_tree (folder, to, error))
		return FALSE;
	return renameat (folder->fd, from, folder->fd, to) == 0 || fail_errno (error, to);
}

gboolean
ks_folder_write (KsFolder *folder, const KsCredential *credential, GError **error)
{
	const KsGeneration *generation = ks_credential_current (credential);
	g_autofree char *new = g_strconcat (NEW_PREFIX, credential->name, NULL);

	if (generation == NULL)
		return ks_folder_remove (folder, credential->name, error);
	if (!write_folder (folder, new, credential, generation, error) ||
	    !exchange (folder, new, credential->name, error))
		return FALSE;
	if (fsync (folder->fd) != 0)
		return fail_errno (error, folder->path);
	return remove_tree (folder, new, error);
}

gboolean
ks_folder_remove (KsFolder *folder, const char *name, GError **error)
{
	return remove_tree (folder, name, error);
}

static gboolean
is_current (KsFolder *folder, const KsCredential *credential)
{
	const KsGeneration *generation = ks_credential_current (credential);
	g_autofree char *path = g_build_filename (folder->path, credential->name, STAMP, NULL);
	g_autofree char *found = NULL;
	g_autofree char *wanted = NULL;

	if (!g_file_get_contents (path, &found, NULL, NULL))
		return generation == NULL;
	wanted = generation != NULL ? stamp_of (generation, is_to_be_revealed (credential)) : NULL;
	return g_strcmp0 (found, wanted) == 0;
}

static void
keep_first (GError **first, GError *error)
{
	if (error != NULL && *first == NULL)
		*first = error;
	else
		g_clear_error (&error);
}

/* Folders of ours (they have a stamp) that no credential has, and what a crash left. */
static void
remove_strays (KsFolder *folder, const KsCatalogueState *state, GError **first)
{
	g_autoptr (GDir) dir = g_dir_open (folder->path, 0, NULL);
	g_autoptr (GPtrArray) strays = g_ptr_array_new_with_free_func (g_free);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
		g_autofree char *stamp = g_build_filename (folder->path, name, STAMP, NULL);

		if (g_str_has_prefix (name, NEW_PREFIX) ||
		    (ks_catalogue_state_find (state, name) == NULL &&
		     g_file_test (stamp, G_FILE_TEST_EXISTS)))
			g_ptr_array_add (strays, g_strdup (name));
	}
	for (guint i = 0; i < strays->len; i++) {
		GError *error = NULL;

		(void)remove_tree (folder, g_ptr_array_index (strays, i), &error);
		keep_first (first, error);
	}
}

gboolean
ks_folder_restore (KsFolder *folder, const KsCatalogueState *state, GError **error)
{
	const GPtrArray *credentials = ks_catalogue_state_credentials (state);
	GError *first = NULL;

	remove_strays (folder, state, &first);
	for (guint i = 0; i < credentials->len; i++) {
		const KsCredential *credential = g_ptr_array_index (credentials, i);
		GError *failure = NULL;

		if (!is_current (folder, credential) &&
		    !ks_folder_write (folder, credential, &failure))
			keep_first (&first, failure);
	}
	if (first != NULL)
		g_propagate_error (error, first);
	return first == NULL;
}
