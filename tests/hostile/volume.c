/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time, numbers, and who it is: see scene.h. */
#include <config.h>

#include "tests/hostile/scene.h"

#include <grp.h>
#include <p11-kit/pkcs11.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void
case_closed_mid_request (void)
{
	guint8 frame[WIRE_FRAME_MAX];
	const WireOperate sign = hostile_signing (hostile_scene.mine);
	gsize len = hostile_build (frame, WIRE_MSG_SIGN, &sign);

	for (int i = 0; i < 500; i++) {
		Peer *peer = i % 2 == 0 ? hostile_attacker () : peer_connect (hostile_scene.daemon->token);

		g_assert_true (peer_send (peer, frame, len, -1));
		peer_free (peer);
	}
}

static void
case_half_closed (void)
{
	Peer *peer = hostile_attacker ();

	g_assert_no_errno (shutdown (peer->fd, SHUT_WR));
	g_assert_true (peer_ended (peer));
	peer_free (peer);
}

/* Requests until neither end takes more. */
static void
fill (Peer *peer)
{
	guint8 frame[WIRE_FRAME_MAX];
	const WireOperate sign = hostile_signing (hostile_scene.mine);
	gsize len = hostile_build (frame, WIRE_MSG_SIGN, &sign);

	while (send (peer->fd, frame, len, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
}

static void
case_never_reads (void)
{
	Peer *peers[8];

	for (gsize i = 0; i < G_N_ELEMENTS (peers); i++)
		fill (peers[i] = hostile_attacker ());
	for (int i = 0; i < 20; i++)
		hostile_victim_signs ();
	for (gsize i = 0; i < G_N_ELEMENTS (peers); i++)
		peer_free (peers[i]);
}

/* With full buffers, and killed in the end. */
static void
case_stopped (void)
{
	Peer *peer = hostile_attacker ();
	int status;
	pid_t child = fork ();

	if (child == 0) {
		fill (peer);
		raise (SIGSTOP);
		_exit (0);
	}
	peer_free (peer); /* the child has it alone */
	g_assert_cmpint (waitpid (child, &status, WUNTRACED), ==, child);
	g_assert_true (WIFSTOPPED (status));
	for (int i = 0; i < 20; i++)
		hostile_victim_signs ();
	g_assert_no_errno (kill (child, SIGKILL));
	g_assert_cmpint (waitpid (child, &status, 0), ==, child);
}

/* Who says nothing, or a byte a minute, waits for nobody but himself: a datagram is a frame. */
static void
case_silent (void)
{
	Peer *silent[64];

	for (gsize i = 0; i < G_N_ELEMENTS (silent); i++)
		silent[i] = i % 2 == 0 ? peer_connect (hostile_scene.daemon->token) : hostile_attacker ();
	for (int i = 0; i < 20; i++)
		hostile_victim_signs ();
	for (gsize i = 0; i < G_N_ELEMENTS (silent); i += 2) {
		g_assert_true (peer_send (silent[i], "\1", 1, -1));
		g_assert_true (peer_ended (silent[i]));
	}
	for (gsize i = 0; i < G_N_ELEMENTS (silent); i++)
		peer_free (silent[i]);
}

/* As many as there are: those beyond the quota are closed, and others come in meanwhile. */
static void
case_thousands_of_connections (void)
{
	static Peer *peers[2000];
	struct rlimit limit = {4096, 4096};

	if (setrlimit (RLIMIT_NOFILE, &limit) < 0)
		g_assert_no_errno (getrlimit (RLIMIT_NOFILE, &limit));
	for (gsize i = 0; i < G_N_ELEMENTS (peers); i++) {
		peers[i] = peer_connect (hostile_scene.daemon->token);
		if (i % 100 == 0)
			hostile_victim_signs ();
	}
	hostile_victim_signs ();
	for (gsize i = 0; i < G_N_ELEMENTS (peers); i++) {
		if (peers[i] != NULL)
			peer_free (peers[i]);
	}
}

static void
case_connection_storm (void)
{
	for (int i = 0; i < 2000; i++) {
		Peer *peer = peer_connect (hostile_scene.daemon->token);

		if (peer != NULL)
			peer_free (peer);
		if (i % 200 == 0)
			hostile_victim_signs ();
	}
}

static gpointer
sign_on (gpointer stop)
{
	Peer *peer = hostile_attacker ();

	while (!g_atomic_int_get ((gint *)stop))
		g_assert_cmpuint (sign (peer, hostile_scene.mine), ==, CKR_OK);
	peer_free (peer);
	return NULL;
}

static void
case_signature_storm (void)
{
	GThread *threads[8];
	gint stop = FALSE;

	for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
		threads[i] = g_thread_new ("storm", sign_on, &stop);
	for (int i = 0; i < 50; i++)
		hostile_victim_signs ();
	g_atomic_int_set (&stop, TRUE);
	for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
		g_thread_join (threads[i]);
}

static void
case_large_inputs (void)
{
	for (int i = 0; i < 20; i++) {
		int fd = hostile_make_file (16 << 20);

		g_assert_cmphex (hostile_sign_file (fd, 16 << 20), ==, CKR_OK);
		close (fd);
		hostile_victim_signs ();
	}
}

static void
become (uid_t uid)
{
	g_assert_no_errno (setresgid (uid, uid, uid));
	g_assert_no_errno (setresuid (uid, uid, uid));
}

/* The connection is who made it: who becomes another keeps what he had, and gains nothing. As root. */
static void
case_changed_uid (void)
{
	Peer *peer;

	g_assert_no_errno (setgroups (0, NULL));
	g_assert_no_errno (setegid (HOSTILE_ATTACKER));
	g_assert_no_errno (seteuid (HOSTILE_ATTACKER));
	peer = hostile_attacker ();
	g_assert_no_errno (seteuid (0));
	become (HOSTILE_VICTIM);
	g_assert_cmphex (sign (peer, hostile_scene.theirs), ==, CKR_KEY_HANDLE_INVALID);
	g_assert_cmphex (sign (peer, hostile_scene.mine), ==, CKR_OK);
	peer_free (peer);
}

/* Two processes on one connection get the answers of one, whole ones. */
static void
case_shared_connection (void)
{
	guint8 frame[WIRE_FRAME_MAX];
	Peer *peer = hostile_attacker ();
	int status;
	pid_t child = fork ();

	for (int i = 0; i < 200; i++) {
		const WireOperate wanted = hostile_signing (hostile_scene.mine);
		WireHeader header;
		gssize got;

		g_assert_true (peer_send (peer, frame, hostile_build (frame, WIRE_MSG_SIGN, &wanted), -1));
		got = recv (peer->fd, frame, sizeof frame, 0);
		g_assert_true (got > 0 && wire_parse (frame, (gsize)got, &header, &peer->reply));
		g_assert_cmphex (header.status, ==, CKR_OK);
	}
	if (child == 0)
		_exit (0);
	g_assert_cmpint (waitpid (child, &status, 0), ==, child);
	g_assert_cmpint (status, ==, 0);
	peer_free (peer);
}

/* Made-up credentials are stopped by the kernel; true ones are nothing that the keystore asks for. */
static void
case_sent_credentials (void)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE (sizeof (struct ucred))];
	} control = {.header = {.cmsg_len = CMSG_LEN (sizeof (struct ucred)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_CREDENTIALS}};
	struct ucred claimed = {getpid (), 0, 0};
	guint8 frame[WIRE_FRAME_MAX];
	const WireOperate wanted = hostile_signing (hostile_scene.theirs);
	struct iovec place = {frame, hostile_build (frame, WIRE_MSG_SIGN, &wanted)};
	struct msghdr message = {.msg_iov = &place,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof control};
	Peer *peer = hostile_attacker ();

	memcpy (CMSG_DATA (&control.header), &claimed, sizeof claimed);
	g_assert_cmpint (sendmsg (peer->fd, &message, MSG_NOSIGNAL), ==, -1);
	g_assert_cmphex (sign (peer, hostile_scene.theirs), ==, CKR_KEY_HANDLE_INVALID);
	peer_free (peer);
}

static void
case_no_descriptors_left (void)
{
	Peer *peers[40];
	struct rlimit before, few;

	g_assert_no_errno (prlimit (hostile_scene.daemon->pid, RLIMIT_NOFILE, NULL, &before));
	few = before;
	few.rlim_cur = 24;
	g_assert_no_errno (prlimit (hostile_scene.daemon->pid, RLIMIT_NOFILE, &few, NULL));
	for (gsize i = 0; i < G_N_ELEMENTS (peers); i++)
		peers[i] = peer_connect (hostile_scene.daemon->token);
	hostile_victim_signs ();
	for (gsize i = 0; i < G_N_ELEMENTS (peers); i++) {
		if (peers[i] != NULL)
			peer_free (peers[i]);
	}
	g_assert_no_errno (prlimit (hostile_scene.daemon->pid, RLIMIT_NOFILE, &before, NULL));
	peer_free (peer_new (hostile_scene.daemon->token));
}

const HostileCase hostile_volume[] = {
	{"closed-mid-request", case_closed_mid_request, FALSE},
	{"half-closed", case_half_closed, FALSE},
	{"never-reads", case_never_reads, FALSE},
	{"stopped", case_stopped, FALSE},
	{"silent", case_silent, FALSE},
	{"thousands-of-connections", case_thousands_of_connections, FALSE},
	{"connection-storm", case_connection_storm, FALSE},
	{"signature-storm", case_signature_storm, FALSE},
	{"large-inputs", case_large_inputs, FALSE},
	{"changed-uid", case_changed_uid, TRUE},
	{"shared-connection", case_shared_connection, FALSE},
	{"sent-credentials", case_sent_credentials, FALSE},
	{"no-descriptors-left", case_no_descriptors_left, TRUE},
	{NULL, NULL, FALSE},
};
