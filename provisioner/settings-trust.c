/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See settings-trust.h. */
#include <config.h>

#include "provisioner/settings-trust.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provisioner/error.h"

#define WRITABLE_BY_OTHERS (S_IWGRP | S_IWOTH)

static gboolean
refuse (const char *path, const char *why, GError **error)
{
	g_set_error (error, PV_ERROR, PV_ERROR_JOB, "%s %s", path, why);
	return FALSE;
}

static gboolean
check_owner (const char *path, const struct stat *status, GError **error)
{
	if (status->st_uid != 0 && status->st_uid != geteuid ())
		return refuse (path, "does not belong to root", error);
	return TRUE;
}

/* A file or folder of the settings, which need not be there. */
static gboolean
check_entry (const char *path, mode_t type, GError **error)
{
	struct stat status;

	if (lstat (path, &status) != 0)
		return errno == ENOENT ? TRUE : refuse (path, g_strerror (errno), error);
	if ((status.st_mode & S_IFMT) != type)
		return refuse (path,
			       type == S_IFDIR ? "is not a folder" : "is a link, or no plain file",
			       error);
	if (status.st_mode & WRITABLE_BY_OTHERS)
		return refuse (path, "can be written by others than root", error);
	return check_owner (path, &status, error);
}

/* @path and what leads to it: resolved, without links. */
static gboolean
check_way (const char *path, GError **error)
{
	g_autofree char *at = g_strdup (path);

	if (!check_entry (path, S_IFDIR, error))
		return FALSE;
	while (strlen (at) > 1) {
		char *parent = g_path_get_dirname (at);
		struct stat status;

		g_free (at);
		at = parent;
		if (lstat (at, &status) != 0)
			return refuse (at, g_strerror (errno), error);
		if ((status.st_mode & WRITABLE_BY_OTHERS) && !(status.st_mode & S_ISVTX))
			return refuse (at, "can be written by others than root", error);
		if (!check_owner (at, &status, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
check_files (const char *folder, GError **error)
{
	g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
		g_autofree char *path = g_build_filename (folder, name, NULL);

		if (g_str_has_suffix (name, ".conf") && !check_entry (path, S_IFREG, error))
			return FALSE;
	}
	return TRUE;
}

gboolean
pv_settings_trust (const char *config_dir, GError **error)
{
	char *resolved = realpath (config_dir, NULL);
	g_autofree char *way = g_strdup (resolved);
	g_autofree char *file = g_build_filename (config_dir, "enrolee.conf", NULL);
	g_autofree char *folder = g_build_filename (config_dir, "conf.d", NULL);

	free (resolved);
	if (way == NULL)
		return refuse (config_dir, g_strerror (errno), error);
	return check_way (way, error) && check_entry (file, S_IFREG, error) &&
	       check_entry (folder, S_IFDIR, error) && check_files (folder, error);
}
