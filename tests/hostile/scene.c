/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See scene.h. */
#include <config.h>

#include "tests/hostile/scene.h"

#include <p11-kit/pkcs11.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

HostileScene hostile_scene;

const guint8 hostile_digest[32] = {1, 2, 3};

WireOperate
hostile_signing (guint32 key)
{
	return (WireOperate){.key = key, .mechanism = CKM_ECDSA, .data = {hostile_digest, sizeof hostile_digest}};
}

gsize
hostile_build (guint8 *frame, guint32 type, gconstpointer message)
{
	WireHeader header = {.type = type, .serial = 1, .cpu = WIRE_CPU_UNKNOWN};
	gsize len = wire_build (frame, WIRE_FRAME_MAX, &header, message);

	g_assert_cmpuint (len, >, 0);
	return len;
}

Peer *
hostile_attacker (void)
{
	return peer_new (hostile_scene.daemon->token);
}

/* The connection ends, and nothing was answered. */
static void
ends (Peer *peer, gconstpointer data, gsize len, int fd)
{
	g_assert_true (peer_send (peer, data, len, fd));
	g_assert_true (peer_ended (peer));
	peer_free (peer);
}

void
hostile_ends_at_once (gconstpointer data, gsize len)
{
	ends (peer_connect (hostile_scene.daemon->token), data, len, -1);
}

void
hostile_ends_greeted (gconstpointer data, gsize len, int fd)
{
	ends (hostile_attacker (), data, len, fd);
}

/* An answer, and whichever: the keystore read it and lives. */
gboolean
hostile_is_answered (Peer *peer, gconstpointer data, gsize len, int fd)
{
	return peer_send (peer, data, len, fd) && !peer_ended (peer);
}


guint32
hostile_sign_file (int fd, guint64 size)
{
	guint8 frame[WIRE_FRAME_MAX];
	WireOperate sign = {
		.key = hostile_scene.mine, .mechanism = CKM_ECDSA_SHA256, .data_fd_size = size};
	gsize len = hostile_build (frame, WIRE_MSG_SIGN, &sign);
	Peer *peer = hostile_attacker ();
	WireHeader header = {.status = G_MAXUINT32};
	gssize got;

	g_assert_true (peer_send (peer, frame, len, fd));
	got = recv (peer->fd, frame, sizeof frame, 0);
	if (got > 0)
		g_assert_true (wire_parse (frame, (gsize)got, &header, &peer->reply));
	peer_free (peer);
	return header.status;
}

int
hostile_make_file (gsize size)
{
	int fd = memfd_create ("input", MFD_CLOEXEC);

	g_assert_no_errno (ftruncate (fd, (off_t)size));
	return fd;
}
