/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening of the state; see stores.h. */
#include <config.h>

#include "keystore/stores.h"

#include "keystore/binding.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean
fail (GError **error, const char *what, const char *path)
{
	g_set_error (error, KS_ERROR, KS_ERROR_STORAGE, "%s %s: %s", what, path,
		     g_strerror (errno));
	return FALSE;
}

/* The umask hides everything from everybody: what others read is opened again. */
static gboolean
make_folder (const char *path, mode_t mode, GError **error)
{
	if (mkdir (path, mode) == 0)
		return chmod (path, mode) == 0 || fail (error, "cannot open the folder", path);
	return errno == EEXIST || fail (error, "cannot make the folder", path);
}

/* Writing tells what access(2) does not: a read-only file system. */
static gboolean
take_lock (const char *folder, int *lock_fd, GError **error)
{
	g_autofree char *path = g_build_filename (folder, "lock", NULL);
	int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return fail (error, "the state folder is not writable:", path);
	if (flock (fd, LOCK_EX | LOCK_NB) == 0) {
		*lock_fd = fd;
		return TRUE;
	}
	close (fd);
	g_set_error (error, KS_ERROR, KS_ERROR_IN_USE, "another enrolee-keystored runs on %s",
		     folder);
	return FALSE;
}

static gboolean
bind_machine (KsCatalogue *catalogue, gboolean adopt, GError **error)
{
	if (adopt)
		return ks_binding_adopt (catalogue, KS_BINDING_MACHINE_ID, error);
	return ks_binding_check (catalogue, KS_BINDING_MACHINE_ID, error);
}

static gboolean
open_all (KsStores *stores, const KsSettings *settings, gboolean adopt, GError **error)
{
	g_autofree char *folder = g_build_filename (settings->state_dir, "keystore", NULL);
	g_autofree char *catalogue = g_build_filename (folder, "catalogue.db", NULL);
	g_autofree char *credentials = g_build_filename (settings->state_dir, "credentials", NULL);
	KsTokenConfig config = {
		.module = settings->backing_module,
		.state_dir = folder,
		.label = settings->backing_token,
		.pin_file = settings->backing_pin_file,
	};

	if (!make_folder (settings->state_dir, 0755, error) || !make_folder (folder, 0700, error) ||
	    !make_folder (credentials, 0755, error) || !take_lock (folder, &stores->lock_fd, error))
		return FALSE;
	stores->catalogue = ks_catalogue_open (catalogue, error);
	if (stores->catalogue == NULL || !bind_machine (stores->catalogue, adopt, error))
		return FALSE;
	stores->token = ks_token_new (&config);
	stores->resident = ks_resident_new (stores->token, settings->residency);
	stores->folder = ks_folder_new (credentials, stores->resident, error);
	if (stores->folder == NULL)
		return FALSE;
	stores->publisher = ks_publisher_new (stores->catalogue, stores->token, stores->resident,
					      stores->folder);
	return ks_publisher_check (stores->publisher, error);
}

KsStores *
ks_stores_open (const KsSettings *settings, gboolean adopt, GError **error)
{
	g_autoptr (KsStores) stores = g_new0 (KsStores, 1);

	stores->lock_fd = -1;
	if (!open_all (stores, settings, adopt, error))
		return NULL;
	return g_steal_pointer (&stores);
}

void
ks_stores_free (KsStores *stores)
{
	g_clear_pointer (&stores->publisher, ks_publisher_free);
	g_clear_pointer (&stores->folder, ks_folder_free);
	g_clear_pointer (&stores->resident, ks_resident_free);
	g_clear_pointer (&stores->token, ks_token_free);
	g_clear_pointer (&stores->catalogue, ks_catalogue_close);
	if (stores->lock_fd >= 0)
		close (stores->lock_fd);
	g_free (stores);
}
