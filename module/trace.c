/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See trace.h. */
#include <config.h>

#include "module/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 512

static char path[PATH_MAX]; /* empty: silent */
static bool prepared;       /* atomic */

void
mod_trace_prepare (void)
{
	const char *named = secure_getenv ("ENROLEE_PKCS11_DEBUG");

	if (__atomic_exchange_n (&prepared, true, __ATOMIC_ACQ_REL))
		return;
	if (named != NULL && strlen (named) < sizeof path)
		memcpy (path, named, strlen (named) + 1);
}

void
mod_trace (const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	int saved_errno = errno;
	va_list args;
	int fd, len, text;

	if (path[0] == '\0')
		return;
	len = snprintf (line, sizeof line, "enrolee-pkcs11[%ld]: ", (long)getpid ());
	va_start (args, format);
	text = vsnprintf (line + len, sizeof line - (size_t)len - 1, format, args);
	va_end (args);
	if (text < 0)
		return;
	len = (int)strlen (line);
	line[len++] = '\n';
	fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd >= 0) {
		/* a trace that cannot be written is lost */
		if (write (fd, line, (size_t)len) < 0)
			len = 0;
		close (fd);
	}
	errno = saved_errno;
}
