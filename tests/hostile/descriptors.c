/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors that come with frames, and what the keystore lets a peer map: see scene.h. */
#include <config.h>

#include "tests/hostile/scene.h"

#include <fcntl.h>
#include <p11-kit/pkcs11.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Sends with @n copies of @fd. */
static gboolean
send_many (Peer *peer, gconstpointer data, gsize len, int fd, gsize n)
{
	struct iovec place = {(void *)data, len};
	g_autofree char *room = g_malloc0 (CMSG_SPACE (n * sizeof (int)));
	struct msghdr message = {.msg_iov = &place,
				 .msg_iovlen = 1,
				 .msg_control = room,
				 .msg_controllen = CMSG_SPACE (n * sizeof (int))};
	struct cmsghdr *part = CMSG_FIRSTHDR (&message);

	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN (n * sizeof (int));
	for (gsize i = 0; i < n; i++)
		memcpy (CMSG_DATA (part) + i * sizeof (int), &fd, sizeof fd);
	return sendmsg (peer->fd, &message, MSG_NOSIGNAL) == (gssize)len;
}

static void
many_end (gsize n)
{
	guint8 frame[WIRE_FRAME_MAX];
	const WireOperate sign = hostile_signing (hostile_scene.mine);
	gsize len = hostile_build (frame, WIRE_MSG_SIGN, &sign);
	Peer *peer = hostile_attacker ();

	g_assert_true (send_many (peer, frame, len, STDERR_FILENO, n));
	g_assert_true (peer_ended (peer));
	peer_free (peer);
}

static void
case_two_descriptors (void)
{
	many_end (2);
}

static void
case_descriptor_flood (void)
{
	for (int i = 0; i < 50; i++)
		many_end (253); /* the kernel's most */
}

/* The keystore's own descriptors of a view come back to it, in each request. */
static void
case_replayed_descriptors (void)
{
	guint8 frame[WIRE_FRAME_MAX];
	const WireOperate sign = hostile_signing (hostile_scene.mine);
	gsize len = hostile_build (frame, WIRE_MSG_SIGN, &sign);
	Peer *peer = hostile_attacker ();

	g_assert_cmpuint (peer_call (peer, WIRE_MSG_VIEW, NULL), ==, CKR_OK);
	hostile_ends_greeted (frame, len, peer->fds[0]);
	hostile_ends_greeted (frame, len, peer->fds[1]);
	len = hostile_build (frame, WIRE_MSG_VIEW, NULL);
	hostile_ends_greeted (frame, len, peer->fds[1]);
	peer_free (peer);
}

/* A socket that travels in itself is no leak of the keystore. */
static void
case_own_socket (void)
{
	guint8 frame[WIRE_FRAME_MAX];
	gsize len = hostile_build (frame, WIRE_MSG_VIEW, NULL);

	for (int i = 0; i < 100; i++) {
		Peer *peer = hostile_attacker ();

		g_assert_true (peer_send (peer, frame, len, peer->fd));
		peer_free (peer);
	}
}

static void
case_no_descriptor (void)
{
	g_assert_cmpuint (hostile_sign_file (-1, 1000), ==, G_MAXUINT32); /* ended */
}

static void
case_no_file (void)
{
	int pipes[2], folder = open ("/", O_RDONLY | O_CLOEXEC), zero = open ("/dev/zero", O_RDONLY);

	g_assert_no_errno (pipe (pipes)); /* a read of it would wait for ever */
	g_assert_cmphex (hostile_sign_file (pipes[0], 1000), ==, CKR_DATA_LEN_RANGE);
	g_assert_cmphex (hostile_sign_file (folder, 1000), ==, CKR_DATA_LEN_RANGE);
	g_assert_cmphex (hostile_sign_file (zero, 1000), ==, CKR_DATA_LEN_RANGE);
}

static void
case_short_file (void)
{
	g_assert_cmphex (hostile_sign_file (hostile_make_file (999), 1000), ==, CKR_DATA_LEN_RANGE);
}

static void
case_large_file (void)
{
	g_assert_cmphex (hostile_sign_file (hostile_make_file (WIRE_DATA_FD_MAX + 1), WIRE_DATA_FD_MAX + 1), ==,
			 CKR_DATA_LEN_RANGE);
	g_assert_cmphex (hostile_sign_file (hostile_make_file (1000), G_MAXUINT64), ==, CKR_DATA_LEN_RANGE);
}

static void
case_unreadable_file (void)
{
	int fd = hostile_make_file (1000);
	g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);

	g_assert_cmphex (hostile_sign_file (open (path, O_WRONLY | O_CLOEXEC), 1000), !=, CKR_OK);
}

static gpointer
resize (gpointer data)
{
	for (int i = 0; i < 20000; i++) {
		if (ftruncate (GPOINTER_TO_INT (data), i % 2 == 0 ? 0 : 1 << 20) < 0)
			break;
	}
	return NULL;
}

/* It is read, never mapped: whatever becomes of it meanwhile. */
static void
case_shrinking_file (void)
{
	int fd = hostile_make_file (1 << 20);
	GThread *thread = g_thread_new ("resize", resize, GINT_TO_POINTER (fd));

	for (int i = 0; i < 50; i++)
		hostile_sign_file (fd, 1 << 20);
	g_thread_join (thread);
}

/* Opened anew for writing, by the descriptor's name. */
static int
reopen (int fd, int flags)
{
	g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);

	return open (path, flags | O_CLOEXEC);
}

/* Neither through the descriptor that came nor through one opened anew. */
static void
cannot_change (int fd, gsize size)
{
	const int fds[] = {fd, reopen (fd, O_RDWR), reopen (fd, O_WRONLY)};

	for (gsize i = 0; i < G_N_ELEMENTS (fds); i++) {
		g_assert_cmpint (ftruncate (fds[i], 0), ==, -1);
		g_assert_cmpint (ftruncate (fds[i], (off_t)size * 2), ==, -1);
		g_assert_cmpint (pwrite (fds[i], "x", 1, 0), ==, -1);
		g_assert_cmpint (fallocate (fds[i], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096),
				 ==, -1);
		g_assert_true (mmap (NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fds[i], 0) ==
			       MAP_FAILED);
	}
}

static void
cannot_change_view (int which)
{
	Peer *peer = hostile_attacker ();

	g_assert_cmpuint (peer_call (peer, WIRE_MSG_VIEW, NULL), ==, CKR_OK);
	cannot_change (peer->fds[which],
		       which == 0 ? peer->reply.view_reply.size : WIRE_PAGE_SIZE);
	peer_free (peer);
}

static void
case_write_snapshot (void)
{
	cannot_change_view (0);
}

static void
case_write_page (void)
{
	cannot_change_view (1);
}

/* What was mapped for reading stays so. */
static void
case_mprotect (void)
{
	Peer *peer = hostile_attacker ();
	const WirePage *page;
	WireSnapshot map;

	peer_view (peer, &map, &page);
	g_assert_cmpint (mprotect ((void *)page, WIRE_PAGE_SIZE, PROT_READ | PROT_WRITE), ==, -1);
	peer_free (peer);
}

static void
case_unread_views (void)
{
	guint8 frame[WIRE_FRAME_MAX];
	gsize len = hostile_build (frame, WIRE_MSG_VIEW, NULL);
	Peer *peer = hostile_attacker ();
	int sent = 0;

	while (sent < 10000 && peer_send (peer, frame, len, -1))
		sent++;
	g_assert_cmpint (sent, <, 10000);
	peer_free (peer);
}

/* No room for the descriptors is the receiver's loss. */
static void
case_no_room_for_descriptors (void)
{
	struct rlimit limit;
	Peer *peer = hostile_attacker ();

	g_assert_no_errno (getrlimit (RLIMIT_NOFILE, &limit));
	limit.rlim_cur = (rlim_t)peer->fd + 1;
	g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &limit));
	for (int i = 0; i < 100; i++)
		g_assert_cmpuint (peer_call (peer, WIRE_MSG_VIEW, NULL), ==, CKR_OK);
	peer_free (peer);
}

const HostileCase hostile_descriptors[] = {
	{"two-descriptors", case_two_descriptors, FALSE},
	{"descriptor-flood", case_descriptor_flood, FALSE},
	{"replayed-descriptors", case_replayed_descriptors, FALSE},
	{"own-socket", case_own_socket, FALSE},
	{"no-descriptor", case_no_descriptor, FALSE},
	{"no-file", case_no_file, FALSE},
	{"short-file", case_short_file, FALSE},
	{"large-file", case_large_file, FALSE},
	{"unreadable-file", case_unreadable_file, FALSE},
	{"shrinking-file", case_shrinking_file, FALSE},
	{"write-snapshot", case_write_snapshot, FALSE},
	{"write-page", case_write_page, FALSE},
	{"mprotect", case_mprotect, FALSE},
	{"unread-views", case_unread_views, FALSE},
	{"no-room-for-descriptors", case_no_room_for_descriptors, FALSE},
	{NULL, NULL, FALSE},
};
