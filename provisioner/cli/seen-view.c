/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See seen-view.h. */
#include <config.h>

#include "provisioner/cli/seen-view.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "keystore/wire/message.h"
#include "provisioner/error.h"

#define TOKEN_SOCKET "token.sock"
#define REPLY_WAIT_S 10

static gboolean
fail (const char *path, const char *why, GError **error)
{
	g_set_error (error, PV_ERROR, PV_ERROR_KEYSTORE, "%s: %s", path, why);
	return FALSE;
}

static int
connect_to (const char *path, GError **error)
{
	const struct timeval wait = {.tv_sec = REPLY_WAIT_S};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd >= 0 &&
	    g_strlcpy (address.sun_path, path, sizeof address.sun_path) < sizeof address.sun_path &&
	    setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0 &&
	    connect (fd, (struct sockaddr *) &address, sizeof address) == 0)
		return fd;
	g_set_error (error,
		     PV_ERROR,
		     PV_ERROR_KEYSTORE,
		     "cannot connect to %s: %s%s",
		     path,
		     g_strerror (errno),
		     errno == ENOENT || errno == ECONNREFUSED ? "; is enrolee-keystored running?" : "");
	if (fd >= 0)
		close (fd);
	return -1;
}

static gssize
receive (int fd, guint8 *frame, int fds[WIRE_FDS_MAX])
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE (WIRE_FDS_MAX * sizeof (int))];
	} control = {0};
	struct iovec vector = {frame, WIRE_FRAME_MAX};
	struct msghdr message = {.msg_iov = &vector,
				 .msg_iovlen = 1,
				 .msg_control = control.room,
				 .msg_controllen = sizeof control.room};
	gssize got;

	do
		got = recvmsg (fd, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	for (struct cmsghdr *at = got < 0 ? NULL : CMSG_FIRSTHDR (&message); at != NULL;
	     at = CMSG_NXTHDR (&message, at)) {
		if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SCM_RIGHTS)
			memcpy (fds, CMSG_DATA (at), at->cmsg_len - CMSG_LEN (0));
	}
	return got;
}

/* One request, one reply of the same type with status 0. */
static gboolean
ask (int fd, WireMessageType type, const void *request, void *reply, int fds[WIRE_FDS_MAX])
{
	const WireHeader header = {.type = type, .serial = type, .cpu = WIRE_CPU_UNKNOWN};
	g_autofree guint8 *frame = g_malloc (WIRE_FRAME_MAX);
	gsize len = wire_build (frame, WIRE_FRAME_MAX, &header, request);
	WireHeader answer;
	gssize got;

	if (len == 0 || send (fd, frame, len, MSG_NOSIGNAL) != (gssize) len)
		return FALSE;
	got = receive (fd, frame, fds);
	return got > 0 && wire_parse (frame, got, &answer, reply) &&
	       answer.type == (type | WIRE_REPLY) && answer.status == 0;
}

/* Sealed, or it might shrink under its reader. */
static gboolean
map (CliView *view, int fd, guint64 size)
{
	int seals = fcntl (fd, F_GET_SEALS);
	struct stat status;
	void *memory;

	if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || fstat (fd, &status) != 0 || size == 0 ||
	    size > WIRE_SNAPSHOT_MAX || (guint64) status.st_size < size)
		return FALSE;
	memory = mmap (NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return FALSE;
	if (wire_snapshot_open (&view->snapshot, memory, size))
		return TRUE;
	munmap (memory, size);
	return FALSE;
}

gboolean
cli_view_open (CliView *view, const char *runtime_dir, GError **error)
{
	const WireHello hello = {WIRE_VERSION, WIRE_VERSION, WIRE_CLIENT_MODULE};
	g_autofree char *path = g_build_filename (runtime_dir, TOKEN_SOCKET, NULL);
	int fd = connect_to (path, error);
	int fds[WIRE_FDS_MAX] = {-1, -1};
	WireMessage welcome = {0};
	WireViewReply reply = {0};
	gboolean done;

	if (fd < 0)
		return FALSE;
	done = ask (fd, WIRE_MSG_HELLO, &hello, &welcome, fds) &&
	       ask (fd, WIRE_MSG_VIEW, NULL, &reply, fds) && map (view, fds[0], reply.size);
	for (gsize i = 0; i < G_N_ELEMENTS (fds); i++) {
		if (fds[i] >= 0)
			close (fds[i]);
	}
	close (fd);
	return done || fail (path, "the keystore shows nothing that can be understood", error);
}

void
cli_view_close (CliView *view)
{
	munmap ((void *) view->snapshot.map, view->snapshot.size);
}
