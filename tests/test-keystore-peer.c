/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who the kernel says the peer is, and the quotas. */
#include <config.h>

#include "keystore/audit.h"
#include "keystore/peer.h"

#include <errno.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void
test_self (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (KsPeer) peer = NULL;
	g_autofree char *uid = g_strdup_printf ("%u", geteuid ());
	int pair[2];

	g_assert_no_errno (socketpair (AF_UNIX, SOCK_SEQPACKET, 0, pair));
	peer = ks_peer_new (pair[0], KS_SOCKET_TOKEN, (uid_t)-1, &error);
	g_assert_no_error (error);
	g_assert_cmpuint (peer->uid, ==, geteuid ());
	g_assert_cmpint (peer->pid, ==, getpid ());
	g_assert_cmpstr (peer->uid_text, ==, uid);
	g_assert_cmpint (peer->trusted, ==, geteuid () == 0);
	close (pair[0]);
	close (pair[1]);
}

/* A socket pair's peer is the process that made it: one made by a child of other ids, kept here. */
static KsPeer *
peer_of (uid_t uid, const gid_t *groups, gsize n_groups)
{
	int carrier[2], pair[2], fd = -1, status;
	union {
		char bytes[CMSG_SPACE (sizeof (int))];
		struct cmsghdr align;
	} control = {0};
	char byte = 0;
	struct iovec place = {&byte, 1};
	struct msghdr message = {.msg_iov = &place,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof control};
	KsPeer *peer;
	pid_t child;

	g_assert_no_errno (socketpair (AF_UNIX, SOCK_SEQPACKET, 0, carrier));
	child = fork ();
	if (child == 0) {
		if (setgroups (n_groups, groups) < 0 || setgid (uid) < 0 || setuid (uid) < 0 ||
		    socketpair (AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0)
			_exit (1);
		control.align = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
						 .cmsg_type = SCM_RIGHTS,
						 .cmsg_len = CMSG_LEN (sizeof (int))};
		*(int *)CMSG_DATA (&control.align) = pair[0];
		_exit (sendmsg (carrier[1], &message, 0) == 1 ? 0 : 1);
	}
	g_assert_cmpint (waitpid (child, &status, 0), ==, child);
	g_assert_cmpint (status, ==, 0);
	g_assert_cmpint (recvmsg (carrier[0], &message, 0), ==, 1);
	fd = *(int *)CMSG_DATA (&control.align);
	peer = ks_peer_new (fd, KS_SOCKET_TOKEN, 4711, NULL);
	close (fd);
	close (carrier[0]);
	close (carrier[1]);
	return peer;
}

static void
test_others (void)
{
	const gid_t groups[] = {0, 1, 54399};
	g_autoptr (KsPeer) nameless = NULL, nobody = NULL, provisioner = NULL;

	if (geteuid () != 0) {
		g_test_skip ("becoming another user needs root");
		return;
	}
	nameless = peer_of (54321, groups, 3);
	g_assert_cmpuint (nameless->uid, ==, 54321);
	g_assert_null (nameless->user);
	g_assert_false (nameless->trusted);
	g_assert_true (g_strv_contains ((const char *const *)nameless->groups, "root"));
	g_assert_true (g_strv_contains ((const char *const *)nameless->groups, "daemon"));
	g_assert_true (g_strv_contains ((const char *const *)nameless->groups, "54399"));
	g_assert_true (g_strv_contains ((const char *const *)nameless->groups, "54321"));
	g_assert_false (g_strv_contains ((const char *const *)nameless->groups, "sys"));

	nobody = peer_of (KS_ID_NOBODY, groups, 0);
	g_assert_null (nobody->user);
	g_assert_null (nobody->uid_text);
	g_assert_null (nobody->groups[0]);

	provisioner = peer_of (4711, groups, 0);
	g_assert_true (provisioner->trusted);
}

static void
test_principals (void)
{
	static const struct {
		const char *given;
		gboolean group;
		const char *stored;
	} names[] = {{"0", FALSE, "root"},     {"0", TRUE, "root"},     {"54321", FALSE, "54321"},
		     {"54321", TRUE, "54321"}, {"nobody-yet", FALSE, "nobody-yet"}};
	uid_t uid;

	g_assert_true (ks_peer_lookup_user ("root", &uid));
	g_assert_cmpuint (uid, ==, 0);
	g_assert_true (ks_peer_lookup_user ("54321", &uid));
	g_assert_cmpuint (uid, ==, 54321);
	g_assert_false (ks_peer_lookup_user ("no-such-user-here", &uid));
	g_assert_false (ks_peer_lookup_user ("4294967295", &uid));
	g_assert_true (ks_peer_principal_is_usable ("root", FALSE));
	g_assert_true (ks_peer_principal_is_usable ("no-such-user-here", FALSE));
	g_assert_false (ks_peer_principal_is_usable ("65534", FALSE));
	g_assert_false (ks_peer_principal_is_usable ("65534", TRUE));
	g_assert_false (ks_peer_principal_is_usable ("nobody", FALSE));
	g_assert_false (ks_peer_principal_is_usable ("nogroup", TRUE));
	for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
		g_autofree char *name = ks_peer_principal_name (names[i].given, names[i].group);

		g_assert_cmpstr (name, ==, names[i].stored);
	}
}

static void
test_doors (void)
{
	g_assert_true (ks_peer_may_connect (KS_SOCKET_TOKEN, 1000, 4711));
	g_assert_true (ks_peer_may_connect (KS_SOCKET_PROVISION, 0, 4711));
	g_assert_true (ks_peer_may_connect (KS_SOCKET_PROVISION, 4711, 4711));
	g_assert_false (ks_peer_may_connect (KS_SOCKET_PROVISION, 1000, 4711));
	g_assert_false (ks_peer_may_connect (KS_SOCKET_PROVISION, KS_ID_NOBODY, 4711));
}

static void
test_quota (void)
{
	g_autoptr (KsQuota) quota = ks_quota_new ();
	guint taken = 0;

	for (guint i = 0; i < KS_CONNECTIONS_PER_UID_MAX; i++)
		g_assert_true (ks_quota_take (quota, 1000, FALSE));
	g_assert_false (ks_quota_take (quota, 1000, FALSE));
	g_assert_true (ks_quota_take (quota, 1001, FALSE));
	ks_quota_give (quota, 1000);
	g_assert_true (ks_quota_take (quota, 1000, FALSE));
	for (uid_t uid = 2000; uid < 4000; uid++)
		taken += ks_quota_take (quota, uid, FALSE);
	g_assert_cmpuint (taken, ==,
			  KS_CONNECTIONS_MAX - KS_CONNECTIONS_RESERVED -
				  KS_CONNECTIONS_PER_UID_MAX - 1);
	for (guint i = 0; i < KS_CONNECTIONS_RESERVED; i++)
		g_assert_true (ks_quota_take (quota, 0, TRUE));
	g_assert_false (ks_quota_take (quota, 0, TRUE));
	g_assert_cmpuint (ks_quota_used (quota), ==, KS_CONNECTIONS_MAX);
	for (guint i = 0; i < KS_CONNECTIONS_STRANGERS_MAX; i++)
		g_assert_true (ks_quota_take_stranger (quota));
	g_assert_false (ks_quota_take_stranger (quota));
	ks_quota_give_stranger (quota);
	g_assert_true (ks_quota_take_stranger (quota));
}

/* Told once in a minute, also when many share the table: never at every use. */
static void
test_sampler (void)
{
	KsSampler *sampler = ks_sampler_new ();
	guint told[2] = {0, 0};

	for (guint round = 0; round < 2; round++) {
		for (guint32 number = 1; number <= 100000; number++)
			told[round] += ks_sampler_take (sampler, KS_EVENT_KEY_USED, number, 1000,
							1 + round);
	}
	g_assert_cmpuint (told[0], >, 0);
	g_assert_cmpuint (told[0], <=, 1024);
	g_assert_cmpuint (told[1], ==, 0);
	g_assert_true (ks_sampler_take (sampler, KS_EVENT_KEY_USED, 1, 1000,
					61 * G_USEC_PER_SEC));
	g_assert_false (ks_sampler_take (sampler, KS_EVENT_KEY_USED, 1, 1000,
					 62 * G_USEC_PER_SEC));
	ks_sampler_free (sampler);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/keystore/peer/self", test_self);
	g_test_add_func ("/keystore/peer/others", test_others);
	g_test_add_func ("/keystore/peer/principals", test_principals);
	g_test_add_func ("/keystore/peer/doors", test_doors);
	g_test_add_func ("/keystore/peer/quota", test_quota);
	g_test_add_func ("/keystore/peer/sampler", test_sampler);
	return g_test_run ();
}
