/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listening sockets; see listen.h. */
#include <config.h>

#include "keystore/listen.h"

#include "keystore/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024

static gboolean
fail (GError **error, const char *what, const char *path)
{
	int code = errno;

	g_set_error (error, KS_ERROR, code == EADDRINUSE ? KS_ERROR_IN_USE : KS_ERROR_STORAGE,
		     "%s %s: %s", what, path, g_strerror (code));
	return FALSE;
}

static gboolean
set_address (struct sockaddr_un *address, const char *path, GError **error)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (g_strlcpy (address->sun_path, path, sizeof address->sun_path) <
	    sizeof address->sun_path)
		return TRUE;
	g_set_error (error, KS_ERROR, KS_ERROR_INVALID, "%s is longer than a socket's path may be",
		     path);
	return FALSE;
}

/* Whether somebody answers on the socket file. */
static gboolean
is_alive (const struct sockaddr_un *address)
{
	int fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	gboolean alive = connect (fd, (const struct sockaddr *)address, sizeof *address) == 0;

	close (fd);
	return alive;
}

/* Made under another name and moved into place when it listens: clients never find half a socket.
 */
static int
bind_socket (const char *path, mode_t mode, uid_t owner, GError **error)
{
	g_autofree char *draft = g_strconcat (path, ".new", NULL);
	struct sockaddr_un address, place;
	int fd;

	if (!set_address (&place, path, error) || !set_address (&address, draft, error))
		return -1;
	if (is_alive (&place)) {
		errno = EADDRINUSE;
		fail (error, "another keystore listens on", path);
		return -1;
	}
	unlink (draft);
	fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && bind (fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
	    (geteuid () != 0 || owner == (uid_t)-1 || chown (draft, owner, (gid_t)-1) == 0) &&
	    chmod (draft, mode) == 0 && listen (fd, BACKLOG) == 0 && rename (draft, path) == 0)
		return fd;
	fail (error, "cannot make the socket", path);
	if (fd >= 0)
		close (fd);
	return -1;
}

static gboolean
make_sockets (const char *runtime_dir, uid_t provisioner, KsListeners *listeners, GError **error)
{
	g_autofree char *token = g_build_filename (runtime_dir, KS_TOKEN_SOCKET, NULL);
	g_autofree char *provision = g_build_filename (runtime_dir, KS_PROVISION_SOCKET, NULL);

	if (mkdir (runtime_dir, 0755) == 0)
		chmod (runtime_dir, 0755); /* the umask hides from everybody */
	else if (errno != EEXIST)
		return fail (error, "cannot make the folder", runtime_dir);
	listeners->provision = bind_socket (provision, 0600, provisioner, error);
	if (listeners->provision < 0)
		return FALSE;
	listeners->token = bind_socket (token, 0666, (uid_t)-1, error);
	return listeners->token >= 0;
}

static gboolean
has_option (int fd, int option, int value)
{
	int found = -1;
	socklen_t len = sizeof found;

	return getsockopt (fd, SOL_SOCKET, option, &found, &len) == 0 && found == value;
}

static gboolean
is_listening (int fd)
{
	return has_option (fd, SO_DOMAIN, AF_UNIX) && has_option (fd, SO_TYPE, SOCK_SEQPACKET) &&
	       has_option (fd, SO_ACCEPTCONN, 1);
}

/* What systemd passed, by name. */
static gboolean
adopt_sockets (guint count, GStrv names, KsListeners *listeners, GError **error)
{
	for (guint i = 0; i < count && names[i] != NULL; i++) {
		int fd = KS_SYSTEMD_FIRST_FD + (int)i;

		if (!is_listening (fd) || fcntl (fd, F_SETFL, O_NONBLOCK) < 0)
			continue;
		if (strcmp (names[i], "token") == 0)
			listeners->token = fd;
		else if (strcmp (names[i], "provision") == 0)
			listeners->provision = fd;
	}
	if (listeners->token >= 0 && listeners->provision >= 0)
		return TRUE;
	g_set_error (error, KS_ERROR, KS_ERROR_INVALID,
		     "systemd must pass two SOCK_SEQPACKET sockets, named token and provision");
	return FALSE;
}

gboolean
ks_listen (const char *runtime_dir, uid_t provisioner, KsListeners *listeners, GError **error)
{
	KsListeners made = {-1, -1};
	g_auto (GStrv) names = NULL;
	guint count = ks_systemd_take_sockets (&names);
	gboolean done = count > 0 ? adopt_sockets (count, names, &made, error)
				  : make_sockets (runtime_dir, provisioner, &made, error);

	if (done)
		*listeners = made;
	else
		ks_listeners_close (&made);
	return done;
}

void
ks_listeners_close (KsListeners *listeners)
{
	if (listeners->token >= 0)
		close (listeners->token);
	if (listeners->provision >= 0)
		close (listeners->provision);
	*listeners = (KsListeners){-1, -1};
}
