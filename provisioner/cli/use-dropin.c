/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See use-dropin.h. */
#include <config.h>

#include "provisioner/cli/use-dropin.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "provisioner/error.h"

#define MARK "# Written by `enrolee use --write`, which may write it again.\n"

static gboolean
is_service (const char *unit)
{
	const char *end = strrchr (unit, '.');

	return end != NULL && end != unit && g_str_equal (end, ".service") &&
	       strspn (unit,
		       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@:\\") ==
		       strlen (unit);
}

CliDropin *
cli_dropin_new (const char *folder, const char *unit, const char *openssl_conf, GError **error)
{
	CliDropin *dropin;
	g_autofree char *unit_folder = g_strconcat (unit, ".d", NULL);

	if (!is_service (unit)) {
		g_set_error (error,
			     PV_ERROR,
			     PV_ERROR_JOB,
			     "%s: not the name of a service, like nginx.service",
			     unit);
		return NULL;
	}
	dropin = g_new0 (CliDropin, 1);
	dropin->path = g_build_filename (folder, unit_folder, "enrolee.conf", NULL);
	dropin->text =
		g_strdup_printf (MARK "[Service]\nEnvironment=OPENSSL_CONF=%s\n", openssl_conf);
	return dropin;
}

void
cli_dropin_free (CliDropin *dropin)
{
	if (dropin == NULL)
		return;
	g_free (dropin->path);
	g_free (dropin->text);
	g_free (dropin);
}

CliDropinState
cli_dropin_state (const CliDropin *dropin)
{
	g_autofree char *found = NULL;

	if (!g_file_get_contents (dropin->path, &found, NULL, NULL))
		return g_file_test (dropin->path, G_FILE_TEST_EXISTS) ||
				       g_file_test (dropin->path, G_FILE_TEST_IS_SYMLINK)
			       ? CLI_DROPIN_FOREIGN
			       : CLI_DROPIN_ABSENT;
	if (g_str_equal (found, dropin->text))
		return CLI_DROPIN_SAME;
	return g_str_has_prefix (found, MARK) ? CLI_DROPIN_OURS : CLI_DROPIN_FOREIGN;
}

gboolean
cli_dropin_write (const CliDropin *dropin, GError **error)
{
	g_autofree char *folder = g_path_get_dirname (dropin->path);
	g_autoptr (GError) local = NULL;

	if (cli_dropin_state (dropin) == CLI_DROPIN_SAME)
		return TRUE;
	if (cli_dropin_state (dropin) == CLI_DROPIN_FOREIGN) {
		g_set_error (error,
			     PV_ERROR,
			     PV_ERROR_JOB,
			     "%s is not from `enrolee use`; nothing was written. Add its lines there, "
			     "or move it away",
			     dropin->path);
		return FALSE;
	}
	if (g_mkdir_with_parents (folder, 0755) != 0) {
		g_set_error (error, PV_ERROR, PV_ERROR_LOCAL, "%s: %s", folder, g_strerror (errno));
		return FALSE;
	}
	if (!g_file_set_contents_full (dropin->path,
				       dropin->text,
				       -1,
				       G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
				       0644,
				       &local)) {
		g_set_error (error, PV_ERROR, PV_ERROR_LOCAL, "%s", local->message);
		return FALSE;
	}
	return TRUE;
}
