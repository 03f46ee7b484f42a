/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enrolee export NAME: copies of a credential's certificates and of its key's URI, for machines and
 * people elsewhere. There is nothing else to export: the key does not leave the keystore, and a
 * reference to a symmetric key is its user's own.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provisioner/cli/cli-output.h"
#include "provisioner/error.h"

#define FILE_MAX (1024 * 1024)

/* A renewal exchanges the folder under its reader, who then starts again. */
#define ATTEMPTS 3

static const char *const exported[] = {"cert.pem", "chain.pem", "fullchain.pem", "ca.pem", "key.pem"};

typedef struct {
	const char *name;
	GBytes *content;
} File;

static void
file_free (gpointer data)
{
	File *file = data;

	g_bytes_unref (file->content);
	g_free (file);
}

static gboolean
fail_errno (const char *path, int code, GError **error)
{
	g_set_error (error, PV_ERROR, PV_ERROR_LOCAL, "%s: %s", path, g_strerror (code));
	return FALSE;
}

static GBytes *
read_at (int folder, const char *name, GError **error)
{
	int fd = openat (folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat status;
	g_autofree char *content = NULL;
	gssize len = -1;

	if (fd >= 0 && fstat (fd, &status) == 0 && status.st_size <= FILE_MAX) {
		content = g_malloc (status.st_size + 1);
		len = read (fd, content, status.st_size + 1);
	}
	if (len < 0)
		fail_errno (name, errno, error);
	if (fd >= 0)
		close (fd);
	return len < 0 ? NULL : g_bytes_new_take (g_steal_pointer (&content), len);
}

/* All from one folder by its descriptor: of one generation. */
static GPtrArray *
read_files (int folder, GError **error)
{
	g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (file_free);

	for (gsize i = 0; i < G_N_ELEMENTS (exported); i++) {
		GBytes *content;
		File *file;

		if (faccessat (folder, exported[i], F_OK, 0) != 0)
			continue;
		content = read_at (folder, exported[i], error);
		if (content == NULL)
			return NULL;
		file = g_new (File, 1);
		*file = (File){exported[i], content};
		g_ptr_array_add (files, file);
	}
	return g_steal_pointer (&files);
}

/* The folder is exchanged before its files go: what was missing in one that is still there was never there. */
static gboolean
is_still (const char *path, int folder)
{
	struct stat there, read;

	return stat (path, &there) == 0 && fstat (folder, &read) == 0 && there.st_ino == read.st_ino &&
	       there.st_dev == read.st_dev;
}

static GPtrArray *
read_credential (Cli *cli, const char *name, GError **error)
{
	g_autofree char *path = g_build_filename (cli->state_dir, "credentials", name, NULL);
	GPtrArray *files = NULL;

	for (int attempt = 0; files == NULL && attempt < ATTEMPTS; attempt++) {
		int folder = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		g_clear_error (error);
		if (folder < 0) {
			g_set_error (error,
				     PV_ERROR,
				     PV_ERROR_NOT_FOUND,
				     "there is no published credential %s",
				     name);
			return NULL;
		}
		files = read_files (folder, error);
		if (files != NULL && !is_still (path, folder))
			g_clear_pointer (&files, g_ptr_array_unref);
		close (folder);
	}
	if (files == NULL && (error == NULL || *error == NULL))
		fail_errno (path, ESTALE, error);
	if (files != NULL && files->len == 0) {
		g_ptr_array_unref (files);
		files = NULL;
		g_set_error (error,
			     PV_ERROR,
			     PV_ERROR_JOB,
			     "%s is a symmetric key: there is nothing of it to export",
			     name);
	}
	return files;
}

static gboolean
write_files (const GPtrArray *files, const char *to, gboolean force, GError **error)
{
	if (g_mkdir_with_parents (to, 0755) != 0)
		return fail_errno (to, errno, error);
	for (guint i = 0; !force && i < files->len; i++) {
		const File *file = files->pdata[i];
		g_autofree char *path = g_build_filename (to, file->name, NULL);

		if (g_file_test (path, G_FILE_TEST_EXISTS | G_FILE_TEST_IS_SYMLINK)) {
			g_set_error (error,
				     PV_ERROR,
				     PV_ERROR_JOB,
				     "%s exists; nothing was written (--force replaces it)",
				     path);
			return FALSE;
		}
	}
	for (guint i = 0; i < files->len; i++) {
		const File *file = files->pdata[i];
		g_autofree char *path = g_build_filename (to, file->name, NULL);
		g_autoptr (GError) local = NULL;
		gsize len;
		const char *content = g_bytes_get_data (file->content, &len);

		if (!g_file_set_contents_full (
			    path, content, len, G_FILE_SET_CONTENTS_CONSISTENT, 0644, &local)) {
			g_set_error (error, PV_ERROR, PV_ERROR_LOCAL, "%s", local->message);
			return FALSE;
		}
	}
	return TRUE;
}

static void
print (Cli *cli, const char *name, const char *to, const GPtrArray *files)
{
	g_autoptr (GPtrArray) names = g_ptr_array_new ();
	g_autofree char *uri = g_strdup_printf ("pkcs11:token=oneM2M;object=%s", name);
	JsonBuilder *builder;

	for (guint i = 0; i < files->len; i++)
		g_ptr_array_add (names, (gpointer) ((const File *) files->pdata[i])->name);
	g_ptr_array_add (names, NULL);
	if (!cli->json) {
		for (guint i = 0; i < files->len; i++)
			printf ("%s/%s\n", to, (const char *) names->pdata[i]);
		return;
	}
	builder = cli_json_begin ();
	cli_json_text (builder, "folder", to);
	cli_json_list (builder, "files", (const char *const *) names->pdata);
	cli_json_text (builder, "uri", uri);
	cli_json_print (builder);
}

int
cli_export (Cli *cli, int argc, char **argv)
{
	g_autofree char *to = NULL;
	gboolean force = FALSE;
	const GOptionEntry entries[] = {
		{"to", 't', 0, G_OPTION_ARG_FILENAME, &to, "Write into DIR (NAME, in this folder)", "DIR"},
		{"force", 'f', 0, G_OPTION_ARG_NONE, &force, "Replace files that exist", NULL},
		{NULL},
	};
	g_autoptr (GError) error = NULL;
	g_autoptr (GPtrArray) files = NULL;

	if (!cli_parse (cli, entries, &argc, &argv, 1, 1))
		return CLI_USAGE;
	if (!pv_name_is_valid (argv[1])) {
		g_printerr ("%s: not a name: %s\n", g_get_prgname (), argv[1]);
		return CLI_USAGE;
	}
	files = read_credential (cli, argv[1], &error);
	if (to == NULL)
		to = g_strdup (argv[1]);
	if (files == NULL || !write_files (files, to, force, &error))
		return cli_fail (cli, error);
	print (cli, argv[1], to, files);
	return CLI_OK;
}
