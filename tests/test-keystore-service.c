/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enrolee-keystored as its peers see it: conversation, provisioning, default deny and grants for
 * other users, rubbish, too many connections, restarts.
 */
#include <config.h>

#include "tests/keystore-daemon.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <p11-kit/pkcs11.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define OTHER_UID 54321
#define THIRD_UID 54322

/* What a child that is another user is asked to do. */
typedef struct {
	Daemon *daemon;
	guint32 key;
} Task;

static gboolean
can_be_others (void)
{
	if (geteuid () == 0)
		return TRUE;
	g_test_skip ("becoming another user needs root");
	return FALSE;
}

/* ---- conversation ---- */

static void
test_hello (void)
{
	Daemon *daemon = daemon_running ();
	Peer *peer = peer_connect (daemon->token);
	WireHello hello = {1, 1, WIRE_CLIENT_MODULE}, future = {7, 9, WIRE_CLIENT_MODULE};
	const WirePage *page;
	WireSnapshot map;
	guint64 instance;

	g_assert_cmpuint (peer_call (peer, WIRE_MSG_VIEW, NULL), ==,
			  G_MAXUINT32); /* before HELLO */
	peer_free (peer);

	peer = peer_connect (daemon->token);
	g_assert_cmpuint (peer_call (peer, WIRE_MSG_HELLO, &future), ==,
			  CKR_FUNCTION_NOT_SUPPORTED);
	g_assert_nonnull (peer->failure);
	g_assert_true (peer_ended (peer));
	peer_free (peer);

	peer = peer_connect (daemon->token);
	g_assert_cmpuint (peer_call (peer, WIRE_MSG_HELLO, &hello), ==, CKR_OK);
	instance = peer->reply.hello_reply.instance;
	peer_view (peer, &map, &page);
	g_assert_cmpuint (map.n_objects, ==, 0);
	g_assert_cmpuint (page->instance, ==, instance);
	g_assert_cmpuint (wire_page_generation (page), ==, map.generation);
	g_assert_cmpuint (peer_call (peer, WIRE_MSG_STATUS, NULL), ==, CKR_ACTION_PROHIBITED);
	g_assert_cmpuint (peer_call (peer, WIRE_MSG_HELLO, &hello), ==, G_MAXUINT32); /* again */
	peer_free (peer);
	daemon_free (daemon);
}

static void
test_provision (void)
{
	Daemon *daemon = daemon_running ();
	Peer *provisioner = peer_new (daemon->provision), *application = peer_new (daemon->token);
	WireStageReply staged = stage_pair (provisioner, "gw", CKK_EC, 256),
		       other = stage_pair (provisioner, "gw-2", CKK_EC, 256);
	g_autoptr (GBytes) spki = NULL, leaf = NULL, wrong = NULL;

	/* the spki of the first reply is gone with the second: ask again */
	WireName name = {wire_text ("gw-2")};
	wrong = issue (other.spki, "gw-2", 86400);
	name.name = wire_text ("gw");
	g_assert_cmpuint (peer_call (provisioner, WIRE_MSG_SHOW, &name), ==, CKR_OK);
	leaf = issue (provisioner->reply.show_reply.staged_spki, "gw", 86400);

	g_assert_cmpuint (sign (provisioner, staged.key), ==, CKR_OK); /* a request's signature */
	g_assert_cmpuint (provisioner->reply.result.output.len, ==, 64);
	g_assert_cmpuint (sign (application, staged.key), ==, CKR_KEY_HANDLE_INVALID);
	g_assert_cmpuint (count_objects (application), ==, 0);
	g_assert_cmpuint (count_objects (provisioner), ==, 4);

	g_assert_cmpuint (publish (provisioner, staged.generation, FALSE), !=,
			  CKR_OK); /* no certificate */
	g_assert_cmpuint (attach (provisioner, staged.generation, wrong), ==,
			  CKR_ATTRIBUTE_VALUE_INVALID);
	g_assert_cmpuint (attach (provisioner, 4711, leaf), ==, CKR_KEY_HANDLE_INVALID);
	g_assert_cmpuint (attach (provisioner, staged.generation, leaf), ==, CKR_OK);
	g_assert_cmpuint (publish (provisioner, staged.generation, FALSE), ==, CKR_OK);
	g_assert_cmpuint (publish (provisioner, staged.generation, FALSE), !=, CKR_OK); /* once */
	g_assert_cmpuint (sign (application, staged.key), ==, CKR_OK);
	g_assert_cmpuint (count_objects (application), ==, 4); /* key, public key, leaf, anchor */

	WirePublish discarded = {.generations = {1, {other.generation}}};
	g_assert_cmpuint (peer_call (provisioner, WIRE_MSG_DISCARD, &discarded), ==, CKR_OK);
	g_assert_cmpuint (sign (provisioner, other.key), ==, CKR_KEY_HANDLE_INVALID);
	peer_free (provisioner);
	peer_free (application);
	daemon_free (daemon);
}

static void
test_report (void)
{
	Daemon *daemon = daemon_running ();
	Peer *provisioner = peer_new (daemon->provision);
	WireListRequest first = {{NULL, 0}}, after = {wire_text ("a")};
	WireName name = {wire_text ("b")}, unknown = {wire_text ("zz")};
	WireCredential record;
	WireReader reader;

	provide (provisioner, "a", FALSE);
	provide (provisioner, "b", FALSE);
	g_assert_cmpuint (peer_call (provisioner, WIRE_MSG_STATUS, NULL), ==, CKR_OK);
	g_assert_cmpuint (provisioner->reply.status_reply.credentials, ==, 2);
	g_assert_cmpuint (provisioner->reply.status_reply.token_ready, ==, 1);
	g_assert_cmpuint (provisioner->reply.status_reply.problem.len, ==, 0);
	g_assert_cmpuint (peer_call (provisioner, WIRE_MSG_LIST, &first), ==, CKR_OK);
	g_assert_cmpuint (provisioner->reply.list_reply.count, ==, 2);
	g_assert_cmpuint (peer_call (provisioner, WIRE_MSG_LIST, &after), ==, CKR_OK);
	g_assert_cmpuint (provisioner->reply.list_reply.count, ==, 1);
	reader = (WireReader){.data = provisioner->reply.list_reply.records.data,
			      .len = provisioner->reply.list_reply.records.len};
	g_assert_true (wire_get_fields (&reader, &wire_credential_layout, &record));
	g_assert_cmpmem (record.name.data, record.name.len, "b", 1);
	g_assert_cmpmem (record.subject.data, record.subject.len, "CN=b", 4);
	g_assert_cmpuint (record.key_bits, ==, 256);
	g_assert_cmpuint (record.users.len, ==, 0);
	g_assert_cmpuint (peer_call (provisioner, WIRE_MSG_SHOW, &name), ==, CKR_OK);
	g_assert_cmpuint (provisioner->reply.show_reply.leaf.len, >, 0);
	g_assert_cmpuint (provisioner->reply.show_reply.anchors.count, ==, 1);
	g_assert_cmpuint (peer_call (provisioner, WIRE_MSG_SHOW, &unknown), ==,
			  CKR_KEY_HANDLE_INVALID);
	g_assert_cmpuint (peer_call (provisioner, WIRE_MSG_REMOVE, &name), ==, CKR_OK);
	g_assert_cmpuint (peer_call (provisioner, WIRE_MSG_SHOW, &name), ==,
			  CKR_KEY_HANDLE_INVALID);
	peer_free (provisioner);
	daemon_free (daemon);
}

/* STATUS tells what keeps the token from opening, and does not open it itself. */
static void
test_no_token (void)
{
	static const char *const options[] = {"--backing-module=/nonexistent/token.so", NULL};
	Daemon *daemon = daemon_new ();
	g_autofree char *tokens = g_build_filename (daemon->dir, "state", "tokens", NULL);
	Peer *provisioner;

	daemon_start (daemon, options);
	provisioner = peer_new (daemon->provision);
	for (guint i = 0; i < 3; i++) {
		g_assert_cmpuint (peer_call (provisioner, WIRE_MSG_STATUS, NULL), ==, CKR_OK);
		g_assert_cmpuint (provisioner->reply.status_reply.token_ready, ==, 0);
		g_assert_cmpuint (provisioner->reply.status_reply.problem.len, >, 0);
	}
	g_assert_false (g_file_test (tokens, G_FILE_TEST_EXISTS));
	peer_free (provisioner);
	daemon_free (daemon);
}

static void
test_rollover (void)
{
	Daemon *daemon = daemon_running ();
	Peer *provisioner = peer_new (daemon->provision), *application = peer_new (daemon->token);
	guint32 first = provide (provisioner, "gw", FALSE), second, third;

	second = provide (provisioner, "gw", FALSE);
	g_assert_cmpuint (sign (application, first), ==, CKR_OK); /* retained */
	g_assert_cmpuint (sign (application, second), ==, CKR_OK);
	third = provide (provisioner, "gw", TRUE);
	g_assert_cmpuint (sign (application, first), ==, CKR_KEY_HANDLE_INVALID);
	g_assert_cmpuint (sign (application, second), ==, CKR_KEY_HANDLE_INVALID);
	g_assert_cmpuint (sign (application, third), ==, CKR_OK);
	peer_free (provisioner);
	peer_free (application);
	daemon_free (daemon);
}

/* ---- mechanisms ---- */

/* An application verifies with the public key it brings along, or with one of ours. */
static void
test_verify (void)
{
	Daemon *daemon = daemon_running ();
	Peer *provisioner = peer_new (daemon->provision), *application = peer_new (daemon->token);
	guint32 key = provide (provisioner, "gw", FALSE);
	guint8 digest[32] = {1, 2, 3}, signature[64];
	WireOperate wanted = {.mechanism = CKM_ECDSA,
			      .data = {digest, sizeof digest},
			      .signature = {signature, sizeof signature}};
	const WirePage *page;
	WireSnapshot map;
	WireObject object;
	WireAttribute params, point;

	g_assert_cmpuint (sign (application, key), ==, CKR_OK);
	memcpy (signature, application->reply.result.output.data, sizeof signature);
	peer_view (application, &map, &page);
	g_assert_true (wire_snapshot_object (
		&map, wire_snapshot_find_class (&map, WIRE_NONE, CKO_PUBLIC_KEY), &object));
	wanted.key = object.handle;
	g_assert_cmpuint (peer_call (application, WIRE_MSG_VERIFY, &wanted), ==, CKR_OK);
	g_assert_true (wire_snapshot_attribute (&map, &object, CKA_EC_PARAMS, &params));
	g_assert_true (wire_snapshot_attribute (&map, &object, CKA_EC_POINT, &point));
	wanted.key = 0;
	wanted.key_type = CKK_EC;
	wanted.public_a = (WireBytes){params.data, params.len};
	wanted.public_b = (WireBytes){point.data, point.len};
	g_assert_cmpuint (peer_call (application, WIRE_MSG_VERIFY, &wanted), ==, CKR_OK);
	digest[0] ^= 1;
	g_assert_cmpuint (peer_call (application, WIRE_MSG_VERIFY, &wanted), ==,
			  CKR_SIGNATURE_INVALID);
	wanted.public_b.len--;
	g_assert_cmpuint (peer_call (application, WIRE_MSG_VERIFY, &wanted), !=, CKR_OK);
	wanted = (WireOperate){.key = key, .mechanism = CKM_RSA_PKCS, .data = {digest, 32}};
	g_assert_cmpuint (peer_call (application, WIRE_MSG_SIGN, &wanted), ==,
			  CKR_MECHANISM_INVALID);
	g_assert_cmpuint (peer_call (application, WIRE_MSG_DECRYPT, &wanted), ==,
			  CKR_KEY_FUNCTION_NOT_PERMITTED);
	peer_free (provisioner);
	peer_free (application);
	daemon_free (daemon);
}

/* Input above a frame comes as a memory file; anything else as a descriptor ends the connection. */
static void
test_descriptor (void)
{
	Daemon *daemon = daemon_running ();
	Peer *provisioner = peer_new (daemon->provision), *application = peer_new (daemon->token);
	guint32 key = provide (provisioner, "gw", FALSE);
	WireOperate wanted = {.key = key, .mechanism = CKM_ECDSA_SHA256, .data_fd_size = 1 << 20};
	WireHeader header = {.type = WIRE_MSG_SIGN, .serial = 9};
	guint8 frame[512];
	gsize len = wire_build (frame, sizeof frame, &header, &wanted);
	int file = memfd_create ("input", MFD_CLOEXEC), pipes[2];
	WireMessage reply;

	g_assert_no_errno (ftruncate (file, 1 << 20));
	g_assert_true (peer_send (application, frame, len, file));
	len = (gsize)read (application->fd, application->frame, WIRE_FRAME_MAX);
	g_assert_true (wire_parse (application->frame, len, &header, &reply));
	g_assert_cmpuint (header.status, ==, CKR_OK);
	g_assert_cmpuint (reply.result.output.len, ==, 64);

	/* shorter than it says; a pipe */
	header = (WireHeader){.type = WIRE_MSG_SIGN};
	len = wire_build (frame, sizeof frame, &header, &wanted);
	g_assert_no_errno (ftruncate (file, 100));
	g_assert_no_errno (pipe (pipes));
	for (int i = 0; i < 2; i++) {
		g_assert_true (peer_send (application, frame, len, i == 0 ? file : pipes[0]));
		gssize got = read (application->fd, application->frame, WIRE_FRAME_MAX);
		g_assert_true (wire_parse (application->frame, (gsize)got, &header, &reply));
		g_assert_cmpuint (header.status, ==, CKR_DATA_LEN_RANGE);
	}
	/* told, but not there */
	g_assert_true (peer_send (application, frame, len, -1));
	g_assert_true (peer_ended (application));
	peer_free (application);

	application = peer_new (daemon->token);
	header = (WireHeader){.type = WIRE_MSG_VIEW};
	len = wire_build (frame, sizeof frame, &header, NULL);
	g_assert_true (peer_send (application, frame, len, file)); /* nobody asked for it */
	g_assert_true (peer_ended (application));
	close (file);
	close (pipes[0]);
	close (pipes[1]);
	peer_free (application);
	peer_free (provisioner);
	daemon_free (daemon);
}

static void
test_pre_shared_key (void)
{
	static const char value[] = "0123456789abcdef0123456789abcdef";
	Daemon *daemon = daemon_running ();
	Peer *provisioner = peer_new (daemon->provision), *application = peer_new (daemon->token);
	guint8 seed[64] = {7}, master[48];
	WireStageSecret wanted = {.name = wire_text ("psk"),
				  .origin = wire_text ("imported"),
				  .identifier = wire_text ("id1@mef.example"),
				  .value = {(const guint8 *)value, 32}};
	WireReference consumer = {wire_text ("psk"), wire_text ("54321")};
	WirePskMasterSecret operation = {
		.hash = CKM_SHA256, .plain = 1, .seed = {seed, sizeof seed}};
	g_autofree char *reference = NULL;

	g_assert_cmpuint (peer_call (provisioner, WIRE_MSG_REFERENCE, &consumer), !=, CKR_OK);
	g_assert_cmpuint (peer_call (provisioner, WIRE_MSG_STAGE_SECRET, &wanted), ==, CKR_OK);
	g_assert_cmpuint (publish (provisioner, provisioner->reply.stage_reply.generation, FALSE),
			  ==, CKR_OK);
	g_assert_cmpuint (peer_call (provisioner, WIRE_MSG_REFERENCE, &consumer), ==, CKR_OK);
	reference = g_strndup ((const char *)provisioner->reply.reference_reply.reference.data,
			       provisioner->reply.reference_reply.reference.len);
	g_assert_true (g_str_has_prefix (reference, "pskref1:"));
	operation.reference = wire_text (reference + strlen ("pskref1:"));
	g_assert_cmpuint (peer_call (application, WIRE_MSG_PSK_MASTER_SECRET, &operation), ==,
			  CKR_OK);
	g_assert_cmpuint (application->reply.result.output.len, ==, sizeof master);
	operation.hash = CKM_SHA_1;
	g_assert_cmpuint (peer_call (application, WIRE_MSG_PSK_MASTER_SECRET, &operation), !=,
			  CKR_OK);
	operation.hash = CKM_SHA256;
	operation.reference = wire_text ("AAAAAAAAAAAAAAAAAAAAAAAA");
	g_assert_cmpuint (peer_call (application, WIRE_MSG_PSK_MASTER_SECRET, &operation), ==,
			  CKR_KEY_HANDLE_INVALID);
	peer_free (provisioner);
	peer_free (application);
	daemon_free (daemon);
}

/* ---- other users ---- */

static int
sees_nothing (gpointer data)
{
	Task *task = data;
	Peer *peer = peer_new (task->daemon->token);

	if (count_objects (peer) != 0)
		return 1;
	if (sign (peer, task->key) != CKR_KEY_HANDLE_INVALID)
		return 2;
	if (peer_connect (task->daemon->provision) != NULL)
		return 3;
	return 0;
}

static int
sees_and_signs (gpointer data)
{
	Task *task = data;
	Peer *peer = peer_new (task->daemon->token);

	return count_objects (peer) == 4 && sign (peer, task->key) == CKR_OK ? 0 : 1;
}

static void
test_default_deny (void)
{
	Daemon *daemon = NULL;
	Peer *provisioner;
	Task task;

	if (!can_be_others ())
		return;
	daemon = daemon_running ();
	provisioner = peer_new (daemon->provision);
	task = (Task){daemon, provide (provisioner, "gw", FALSE)};
	g_assert_cmpint (run_as (OTHER_UID, sees_nothing, &task), ==, 0);
	g_assert_cmpint (run_as (65534, sees_nothing, &task), ==, 0);
	g_assert_cmpuint (grant (provisioner, WIRE_MSG_GRANT, "gw", "54321"), ==, CKR_OK);
	g_assert_cmpint (run_as (OTHER_UID, sees_and_signs, &task), ==, 0);
	g_assert_cmpint (run_as (THIRD_UID, sees_nothing, &task), ==, 0);
	g_assert_cmpuint (grant (provisioner, WIRE_MSG_GRANT, "gw", "nobody"), !=, CKR_OK);
	g_assert_cmpuint (grant (provisioner, WIRE_MSG_GRANT, "gw", "65534"), !=, CKR_OK);
	g_assert_cmpuint (grant (provisioner, WIRE_MSG_GRANT, "no-such", "54321"), !=, CKR_OK);
	g_assert_cmpint (run_as (65534, sees_nothing, &task), ==, 0);
	g_assert_cmpuint (grant (provisioner, WIRE_MSG_REVOKE, "gw", "54321"), ==, CKR_OK);
	g_assert_cmpint (run_as (OTHER_UID, sees_nothing, &task), ==, 0);
	peer_free (provisioner);
	daemon_free (daemon);
}

/* What changes nothing is no change, also at the limit. */
static void
test_grant_again (void)
{
	Daemon *daemon = daemon_running ();
	Peer *provisioner = peer_new (daemon->provision);
	guint32 generation;

	provide (provisioner, "gw", FALSE);
	for (guint i = 0; i < WIRE_PRINCIPALS_MAX; i++) {
		g_autofree char *uid = g_strdup_printf ("%u", 70000 + i);

		g_assert_cmpuint (grant (provisioner, WIRE_MSG_GRANT, "gw", uid), ==, CKR_OK);
	}
	generation = provisioner->reply.changed.generation;
	g_assert_cmpuint (grant (provisioner, WIRE_MSG_GRANT, "gw", "80000"), !=, CKR_OK);
	g_assert_cmpuint (grant (provisioner, WIRE_MSG_GRANT, "gw", "70000"), ==, CKR_OK);
	g_assert_cmpuint (grant (provisioner, WIRE_MSG_REVOKE, "gw", "80000"), ==, CKR_OK);
	g_assert_cmpuint (provisioner->reply.changed.generation, ==, generation);
	peer_free (provisioner);
	daemon_free (daemon);
}

/* On one open connection: the grant shows on the page and counts at the next request. */
typedef struct {
	Task task;
	int go, done;
	guint expected;
} Watch;

static int
watch_grants (gpointer data)
{
	Watch *watch = data;
	Peer *peer = peer_new (watch->task.daemon->token);
	const WirePage *page;
	WireSnapshot map;
	char byte = 0;

	peer_view (peer, &map, &page);
	if (map.n_objects != 0 || write (watch->done, &byte, 1) != 1 ||
	    read (watch->go, &byte, 1) != 1)
		return 1; /* granted now */
	if (wire_page_generation (page) == map.generation ||
	    sign (peer, watch->task.key) != CKR_OK || count_objects (peer) != 4)
		return 2;
	if (write (watch->done, &byte, 1) != 1 || read (watch->go, &byte, 1) != 1)
		return 3; /* revoked now */
	return sign (peer, watch->task.key) == CKR_KEY_HANDLE_INVALID && count_objects (peer) == 0
		       ? 0
		       : 4;
}

static void
test_grant_at_once (void)
{
	int go[2], done[2], status;
	Daemon *daemon;
	Peer *provisioner;
	Watch watch;
	char byte = 0;
	pid_t child;

	if (!can_be_others ())
		return;
	daemon = daemon_running ();
	provisioner = peer_new (daemon->provision);
	g_assert_no_errno (pipe (go));
	g_assert_no_errno (pipe (done));
	watch = (Watch){{daemon, provide (provisioner, "gw", FALSE)}, go[0], done[1]};
	child = fork ();
	if (child == 0)
		_exit (run_as (OTHER_UID, watch_grants, &watch));
	g_assert_cmpint (read (done[0], &byte, 1), ==, 1);
	g_assert_cmpuint (grant (provisioner, WIRE_MSG_GRANT, "gw", "54321"), ==, CKR_OK);
	g_assert_cmpint (write (go[1], &byte, 1), ==, 1);
	g_assert_cmpint (read (done[0], &byte, 1), ==, 1);
	g_assert_cmpuint (grant (provisioner, WIRE_MSG_REVOKE, "gw", "54321"), ==, CKR_OK);
	g_assert_cmpint (write (go[1], &byte, 1), ==, 1);
	g_assert_cmpint (waitpid (child, &status, 0), ==, child);
	g_assert_cmpint (status, ==, 0);
	peer_free (provisioner);
	daemon_free (daemon);
}

/* ---- too many connections ---- */

static int
open_a_thousand (gpointer data)
{
	Watch *watch = data;
	WireHello hello = {1, 1, WIRE_CLIENT_MODULE};
	guint accepted = 0;
	char byte = 0;

	for (int i = 0; i < 1000; i++) {
		Peer *peer = peer_connect (watch->task.daemon->token);

		if (peer != NULL && peer_call (peer, WIRE_MSG_HELLO, &hello) == CKR_OK)
			accepted++;
		else if (peer != NULL)
			peer_free (peer);
	}
	if (accepted != watch->expected || write (watch->done, &byte, 1) != 1 ||
	    read (watch->go, &byte, 1) != 1)
		return 1;
	return 0;
}

static void
test_thousand_connections (gconstpointer data)
{
	gboolean stranger = GPOINTER_TO_INT (data);
	int go[2], done[2], status;
	Daemon *daemon;
	Peer *provisioner;
	Watch watch;
	char byte = 0;
	pid_t child;

	if (!can_be_others ())
		return;
	daemon = daemon_running ();
	provisioner = peer_new (daemon->provision);
	g_assert_no_errno (pipe (go));
	g_assert_no_errno (pipe (done));
	watch = (Watch){{daemon, provide (provisioner, "gw", FALSE)},
			go[0],
			done[1],
			stranger ? 128 : 256};
	if (!stranger)
		g_assert_cmpuint (grant (provisioner, WIRE_MSG_GRANT, "gw", "54321"), ==, CKR_OK);
	peer_free (provisioner);
	child = fork ();
	if (child == 0)
		_exit (run_as (OTHER_UID, open_a_thousand, &watch));
	g_assert_cmpint (read (done[0], &byte, 1), ==, 1);
	/* another user, root and the provisioner go on as before */
	if (!stranger)
		g_assert_cmpint (run_as (THIRD_UID, sees_nothing, &watch.task), ==, 0);
	provisioner = peer_new (daemon->provision);
	g_assert_cmpuint (grant (provisioner, WIRE_MSG_GRANT, "gw", "54322"), ==, CKR_OK);
	g_assert_cmpint (run_as (THIRD_UID, sees_and_signs, &watch.task), ==, 0);
	g_assert_cmpuint (peer_call (provisioner, WIRE_MSG_STATUS, NULL), ==, CKR_OK);
	g_assert_cmpuint (provisioner->reply.status_reply.connections, >=, watch.expected + 1);
	g_assert_cmpint (write (go[1], &byte, 1), ==, 1);
	g_assert_cmpint (waitpid (child, &status, 0), ==, child);
	g_assert_cmpint (status, ==, 0);
	peer_free (provisioner);
	daemon_free (daemon);
}

/* ---- restarts ---- */

static void
test_restart (void)
{
	Daemon *daemon = daemon_running ();
	Peer *provisioner = peer_new (daemon->provision), *application = peer_new (daemon->token);
	guint32 key = provide (provisioner, "gw", FALSE);
	WireStageReply staged = stage_pair (provisioner, "next", CKK_EC, 256);
	const WirePage *page;
	WireSnapshot map;
	int status;

	peer_view (application, &map, &page);
	status = daemon_stop (daemon, SIGKILL);
	g_assert_true (WIFSIGNALED (status));
	g_assert_cmpuint (wire_page_generation (page), ==,
			  map.generation); /* it could not say so */
	g_assert_true (peer_ended (application));
	peer_free (application);
	peer_free (provisioner);
	daemon_start (daemon, NULL);
	application = peer_new (daemon->token);
	provisioner = peer_new (daemon->provision);
	g_assert_cmpuint (sign (application, key), ==, CKR_OK);
	g_assert_cmpuint (sign (provisioner, staged.key), ==, CKR_OK);
	peer_view (application, &map, &page);
	status = daemon_stop (daemon, SIGTERM);
	g_assert_true (WIFEXITED (status));
	g_assert_cmpint (WEXITSTATUS (status), ==, 0);
	g_assert_cmpuint (wire_page_generation (page), ==, 0);
	g_assert_true (peer_ended (application));
	peer_free (application);
	g_assert_null (peer_connect (daemon->token));
	daemon_start (daemon, NULL); /* over the socket file of before */
	application = peer_new (daemon->token);
	g_assert_cmpuint (sign (application, key), ==, CKR_OK);
	peer_free (application);
	peer_free (provisioner);
	daemon_free (daemon);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/keystore/service/hello", test_hello);
	g_test_add_func ("/keystore/service/provision", test_provision);
	g_test_add_func ("/keystore/service/report", test_report);
	g_test_add_func ("/keystore/service/no-token", test_no_token);
	g_test_add_func ("/keystore/service/rollover", test_rollover);
	g_test_add_func ("/keystore/service/verify", test_verify);
	g_test_add_func ("/keystore/service/descriptor", test_descriptor);
	g_test_add_func ("/keystore/service/pre-shared-key", test_pre_shared_key);
	g_test_add_func ("/keystore/service/default-deny", test_default_deny);
	g_test_add_func ("/keystore/service/grant-again", test_grant_again);
	g_test_add_func ("/keystore/service/grant-at-once", test_grant_at_once);
	g_test_add_data_func ("/keystore/service/thousand-connections", GINT_TO_POINTER (FALSE),
			      test_thousand_connections);
	g_test_add_data_func ("/keystore/service/thousand-strangers", GINT_TO_POINTER (TRUE),
			      test_thousand_connections);
	g_test_add_func ("/keystore/service/restart", test_restart);
	return g_test_run ();
}
