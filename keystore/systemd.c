/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See systemd.h. */
#include <config.h>

#include "keystore/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FDS_MAX 64

void
ks_systemd_notify (const char *state)
{
	const char *path = g_getenv ("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	gsize len = path != NULL ? strlen (path) : 0;
	int fd;

	if (len < 2 || len > sizeof address.sun_path || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy (address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = '\0'; /* the abstract namespace */
	fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	len += offsetof (struct sockaddr_un, sun_path);
	if (sendto (fd, state, strlen (state), MSG_NOSIGNAL, (struct sockaddr *)&address,
		    (socklen_t)len) < 0)
		g_printerr ("enrolee-keystored: %s is not told: %s\n", path, g_strerror (errno));
	close (fd);
}

static gboolean
number_of (const char *variable, guint64 max, guint64 *number)
{
	const char *text = g_getenv (variable);

	return text != NULL && g_ascii_string_to_unsigned (text, 10, 0, max, number, NULL);
}

guint
ks_systemd_take_sockets (GStrv *names)
{
	const char *list = g_getenv ("LISTEN_FDNAMES");
	g_auto (GStrv) split = g_strsplit (list != NULL ? list : "", ":", -1);
	guint64 pid, count;

	if (!number_of ("LISTEN_PID", G_MAXINT32, &pid) || pid != (guint64)getpid () ||
	    !number_of ("LISTEN_FDS", FDS_MAX, &count))
		count = 0;
	g_unsetenv ("LISTEN_PID");
	g_unsetenv ("LISTEN_FDS");
	g_unsetenv ("LISTEN_FDNAMES");
	for (guint64 i = 0; i < count; i++)
		fcntl (KS_SYSTEMD_FIRST_FD + (int)i, F_SETFD, FD_CLOEXEC);
	*names = count > 0 ? g_steal_pointer (&split) : NULL;
	return (guint)count;
}
