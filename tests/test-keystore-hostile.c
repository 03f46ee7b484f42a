/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Peers that send rubbish or do not read: enrolee-keystored ends their connections and goes on.
 */
#include <config.h>

#include "tests/keystore-daemon.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
test_rubbish (void)
{
	static guint8 large[WIRE_FRAME_MAX + 1];
	Daemon *daemon = daemon_running ();
	Peer *witness = peer_new (daemon->token);
	g_autoptr (GRand) random = g_rand_new_with_seed (7);
	WireHeader header = {.type = WIRE_MSG_HELLO};
	WireHello hello = {1, 1, 1};
	gsize len = wire_build (large, sizeof large, &header, &hello);

	for (gsize cut = 1; cut < len; cut++) {
		Peer *peer = peer_connect (daemon->token);

		g_assert_true (peer_send (peer, large, cut, -1));
		g_assert_true (peer_ended (peer));
		peer_free (peer);
	}
	for (int i = 0; i < 200; i++) {
		Peer *peer = peer_new (daemon->token);
		guint8 noise[256];
		gsize size = (gsize)g_rand_int_range (random, 1, sizeof noise);

		for (gsize j = 0; j < size; j++)
			noise[j] = (guint8)g_rand_int (random);
		if (i % 2 == 0 && size > 4) /* a known type before the noise */
			memcpy (noise,
				&(guint32){
					GUINT32_TO_LE ((guint32)g_rand_int_range (random, 1, 50))},
				4);
		g_assert_true (peer_send (peer, noise, size, -1));
		peer_free (peer);
	}
	Peer *peer = peer_new (daemon->token);
	g_assert_true (peer_send (peer, large, sizeof large, -1)); /* oversized */
	g_assert_true (peer_ended (peer));
	peer_free (peer);
	peer = peer_new (daemon->token);
	g_assert_no_errno (shutdown (peer->fd, SHUT_WR));
	g_assert_true (peer_ended (peer));
	peer_free (peer);
	g_assert_cmpuint (count_objects (witness), ==, 0); /* still there */
	peer_free (witness);
	daemon_free (daemon);
}

/* Who asks for views and reads none holds no descriptors of everybody. */
static void
test_unread_views (void)
{
	Daemon *daemon = daemon_running ();
	Peer *greedy = peer_new (daemon->token), *other = peer_new (daemon->token);
	WireHeader header = {.type = WIRE_MSG_VIEW};
	guint8 frame[64];
	gsize len = wire_build (frame, sizeof frame, &header, NULL);
	int sent = 0;

	while (sent < 10000 && peer_send (greedy, frame, len, -1))
		sent++;
	g_assert_cmpint (sent, <, 10000);
	g_assert_cmpuint (count_objects (other), ==, 0);
	peer_free (greedy);
	peer_free (other);
	daemon_free (daemon);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/keystore/hostile/rubbish", test_rubbish);
	g_test_add_func ("/keystore/hostile/unread-views", test_unread_views);
	return g_test_run ();
}
