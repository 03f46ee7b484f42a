/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files with secrets, and passphrases; see secret-file.h. */
#include <config.h>

#include "provisioner/cli/secret-file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provisioner/error.h"

#define PASSPHRASE_MAX 1024

static CliSecret *
fail (const char *path, const char *why, GError **error)
{
	g_set_error (error, PV_ERROR, PV_ERROR_JOB, "%s: %s", path, why);
	return NULL;
}

void
cli_secret_free (CliSecret *secret)
{
	if (secret == NULL)
		return;
	explicit_bzero (secret->data, CLI_SECRET_FILE_MAX + 1);
	g_free (secret->data);
	g_free (secret->path);
	g_free (secret);
}

/* Reads to the end, at most one byte more than is allowed. */
static gboolean
read_all (int fd, CliSecret *secret)
{
	gssize got;

	for (;;) {
		got = read (fd, secret->data + secret->len, CLI_SECRET_FILE_MAX + 1 - secret->len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0;
		secret->len += got;
		if (secret->len > CLI_SECRET_FILE_MAX)
			return TRUE;
	}
}

CliSecret *
cli_secret_new (const char *path)
{
	CliSecret *secret = g_new0 (CliSecret, 1);

	secret->data = g_malloc0 (CLI_SECRET_FILE_MAX + 2);
	secret->path = g_strdup (path);
	return secret;
}

CliSecret *
cli_secret_read (const char *path, GError **error)
{
	g_autoptr (CliSecret) secret = NULL;
	gboolean from_stdin = g_str_equal (path, "-");
	int fd = from_stdin ? STDIN_FILENO : open (path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	gboolean done;
	int code;

	if (fd < 0)
		return fail (path, g_strerror (errno), error);
	secret = cli_secret_new (from_stdin ? "stdin" : path);
	if (fstat (fd, &status) == 0 && S_ISREG (status.st_mode))
		secret->others_may_read = (status.st_mode & 077) != 0;
	done = read_all (fd, secret);
	code = errno;
	if (!from_stdin)
		close (fd);
	if (!done)
		return fail (path, g_strerror (code), error);
	if (secret->len > CLI_SECRET_FILE_MAX)
		return fail (path, "too large", error);
	secret->data[secret->len] = '\0';
	return g_steal_pointer (&secret);
}

gboolean
cli_secret_check_private (const CliSecret *secret, GError **error)
{
	if (!secret->others_may_read)
		return TRUE;
	g_set_error (error,
		     PV_ERROR,
		     PV_ERROR_JOB,
		     "%s holds a secret that others than its owner may read: consider it known, or "
		     "chmod 600 it if it is not",
		     secret->path);
	return FALSE;
}

void
cli_passphrase_clear (CliPassphrase *passphrase)
{
	if (passphrase->text != NULL)
		explicit_bzero (passphrase->text, strlen (passphrase->text));
	g_clear_pointer (&passphrase->text, g_free);
}

static char *
passphrase_from_file (const char *path, GError **error)
{
	g_autoptr (CliSecret) secret = cli_secret_read (path, error);
	gsize len;

	if (secret == NULL || !cli_secret_check_private (secret, error))
		return NULL;
	len = strcspn ((const char *) secret->data, "\r\n");
	if (len == 0 || len >= PASSPHRASE_MAX) {
		fail (path, "its first line is no passphrase or PIN", error);
		return NULL;
	}
	return g_strndup ((const char *) secret->data, len);
}

static char *
passphrase_from_terminal (const CliPassphrase *passphrase, const char *what, GError **error)
{
	g_autofree char *prompt =
		g_strdup_printf ("%s of %s: ", passphrase->is_pin ? "PIN" : "Passphrase", what);
	char buffer[PASSPHRASE_MAX] = "";
	char *text = NULL;
	int terminal = open ("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (terminal < 0) {
		fail (what,
		      passphrase->is_pin ? "needs its PIN; say where it is by --pin-file, or "
					   "pin-source=file:PATH in the URI"
					 : "encrypted; say where its passphrase is by --passphrase-file",
		      error);
		return NULL;
	}
	close (terminal);
	if (EVP_read_pw_string (buffer, sizeof buffer, prompt, 0) == 0 && buffer[0] != '\0')
		text = g_strdup (buffer);
	else
		fail (what,
		      passphrase->is_pin ? "no PIN given" : "encrypted, and no passphrase given",
		      error);
	explicit_bzero (buffer, sizeof buffer);
	return text;
}

const char *
cli_passphrase_get (CliPassphrase *passphrase, const char *what, GError **error)
{
	if (passphrase->text == NULL)
		passphrase->text = passphrase->file != NULL
					   ? passphrase_from_file (passphrase->file, error)
					   : passphrase_from_terminal (passphrase, what, error);
	return passphrase->text;
}
