/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See secret-file.h. */
#include <config.h>

#include "keystore/secret-file.h"

#include "keystore/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX 2048

/* A service manager's credential is readable for one user by its access list, whose mask shows as
 * the group's permission. */
static mode_t
forbidden_mode (const char *path)
{
	const char *credentials = g_getenv ("CREDENTIALS_DIRECTORY");
	gboolean below = credentials != NULL && credentials[0] != '\0' &&
			 g_str_has_prefix (path, credentials) &&
			 path[strlen (credentials)] == '/';

	return below ? 037 : 077;
}

KsSecret *
ks_secret_from_file (const char *path, guint line, GError **error)
{
	int fd = open (path, O_RDONLY | O_CLOEXEC);
	g_autoptr (KsSecret) text = ks_secret_new (NULL, FILE_MAX);
	const char *start = (const char *)ks_secret_reveal (text), *end = start;
	struct stat status;
	gssize len;

	if (fd < 0) {
		g_set_error (error, KS_ERROR, KS_ERROR_STORAGE, "%s: %s", path, g_strerror (errno));
		return NULL;
	}
	len = fstat (fd, &status) == 0 ? read (fd, ks_secret_reveal_mutable (text), FILE_MAX)
				       : -1;
	close (fd);
	if (len <= 0 || (status.st_mode & forbidden_mode (path)) != 0) {
		g_set_error (error, KS_ERROR, KS_ERROR_TOKEN, "%s: %s", path,
			     len <= 0 ? "it is empty" : "others may read it: chmod 0600");
		return NULL;
	}
	for (;; line--) {
		const char *limit = (const char *)ks_secret_reveal (text) + len;

		end = memchr (start, '\n', (gsize)(limit - start));
		end = end != NULL ? end : limit;
		if (line == 0 || end == limit)
			break;
		start = end + 1;
	}
	return ks_secret_new (start, (gsize)(end - start));
}
