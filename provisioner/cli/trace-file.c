/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See trace-file.h. */
#include <config.h>

#include "provisioner/cli/trace-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provisioner/error.h"
#include "provisioner/exchange-protocol.h"

#define TAIL_BYTES 128

static gboolean
refuse (CliTraceFile *file, const char *why, GError **error)
{
	g_set_error (error, PV_ERROR, PV_ERROR_JOB, "%s: %s", file->path, why);
	cli_trace_file_close (file);
	return FALSE;
}

/* A pipe without a reader is an error at once. */
static int
open_existing (const char *path)
{
	return open (path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

gboolean
cli_trace_file_open (CliTraceFile *file, GError **error)
{
	struct stat status;

	file->descriptor =
		open (file->path, O_WRONLY | O_CREAT | O_EXCL | O_NOCTTY | O_CLOEXEC, 0600);
	file->made = file->descriptor >= 0;
	if (!file->made && errno == EEXIST)
		file->descriptor = open_existing (file->path);
	if (file->descriptor < 0 || fstat (file->descriptor, &status) != 0)
		return refuse (file, g_strerror (errno), error);
	if (file->made || !S_ISREG (status.st_mode))
		return TRUE;
	if (status.st_uid != geteuid ())
		return refuse (file, "belongs to another user", error);
	if (fchmod (file->descriptor, 0600) != 0 || ftruncate (file->descriptor, 0) != 0)
		return refuse (file, g_strerror (errno), error);
	return TRUE;
}

void
cli_trace_file_drop (CliTraceFile *file)
{
	if (file->made)
		(void) unlink (file->path);
	cli_trace_file_close (file);
}

static gboolean
is_complete (const char *path, gint64 size)
{
	char tail[TAIL_BYTES + 1] = "";
	int descriptor = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	gssize length = -1;

	if (descriptor >= 0) {
		length = pread (descriptor, tail, TAIL_BYTES, MAX (size - TAIL_BYTES, 0));
		close (descriptor);
	}
	return length > 0 && strstr (tail, PV_TRACE_END "\n") != NULL;
}

void
cli_trace_file_report (const CliTraceFile *file)
{
	struct stat status;

	if (fstat (file->descriptor, &status) != 0 || !S_ISREG (status.st_mode))
		return;
	if (is_complete (file->path, status.st_size))
		g_printerr ("What was exchanged is in %s, secrets masked.\n", file->path);
	else
		g_printerr ("%s: the trace %s is not complete; the journal of enroleed says why\n",
			    g_get_prgname (),
			    file->path);
}

void
cli_trace_file_close (CliTraceFile *file)
{
	if (file->descriptor >= 0)
		close (file->descriptor);
	file->descriptor = -1;
}
