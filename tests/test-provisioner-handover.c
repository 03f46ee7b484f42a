/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the child of an exchange reaches of the keystore, taken over by whoever is at the other end:
 * every request, with a credential of its job, with one that it may only use, and with another's.
 */
#include <config.h>

#include "keystore/wire/handover.h"
#include "provisioner/handover.h"
#include "provisioner/limits.h"
#include "tests/keystore-daemon.h"

#include <errno.h>
#include <p11-kit/pkcs11.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
	int channel, connection;
	gint done; /* atomic */
} Ask;

static gpointer
ask_main (gpointer data)
{
	Ask *ask = data;

	ask->connection = wire_handover_ask (ask->channel);
	g_atomic_int_set (&ask->done, TRUE);
	g_main_context_wakeup (NULL);
	return NULL;
}

/* The child's side in a thread: enroleed answers from its main loop. */
static int
ask_for_connection (int channel)
{
	Ask ask = {channel, -1, FALSE};
	GThread *thread = g_thread_new ("child", ask_main, &ask);

	while (!g_atomic_int_get (&ask.done))
		g_main_context_iteration (NULL, TRUE);
	g_thread_join (thread);
	return ask.connection;
}

typedef struct {
	guint32 key;        /* published */
	guint32 staged_key; /* of its next generation */
	guint32 generation; /* likewise */
	GBytes *leaf;       /* likewise: a certificate */
} Pair;

typedef struct {
	Daemon *daemon;
	Peer *provisioner;
	Pair pairs[3]; /* in the order of names[] */
	char *references[3]; /* of the symmetric keys */
	guint32 secrets[3]; /* their objects */
	PvHandover *handover;
	int channel;
	Peer *child;
} Fixture;

/* What the job provisions and authenticates with; what it only authenticates with; neither. */
enum { MINE, USED, OTHER };
static const char *const names[] = {"gw1", "boot", "other"};
static const char *const secret_names[] = {"gw1-key", "kpm", "other-key"};
static const PvScope scope = {(char *)"gw1,boot,kpm", (char *)"gw1,gw1-key"};

static guint32
stage_secret (Peer *peer, const char *name)
{
	WireStageSecret wanted = {.name = wire_text (name),
				  .origin = wire_text ("enrolled"),
				  .identifier = wire_text (name),
				  .suid = 10,
				  .value = wire_text ("0123456789abcdef0123456789abcdef")};

	return peer_call (peer, WIRE_MSG_STAGE_SECRET, &wanted);
}

static void
provide_pair (Fixture *fixture, int i)
{
	Pair *pair = &fixture->pairs[i];
	WireStageReply staged;

	pair->key = provide (fixture->provisioner, names[i], FALSE);
	staged = stage_pair (fixture->provisioner, names[i], CKK_EC, 256);
	pair->staged_key = staged.key;
	pair->generation = staged.generation;
	pair->leaf = issue (staged.spki, names[i], 86400);
}

static void
provide_secret (Fixture *fixture, int i)
{
	WireReference reference = {wire_text (secret_names[i]), wire_text ("root")};
	Peer *peer = fixture->provisioner;

	g_assert_cmpuint (stage_secret (peer, secret_names[i]), ==, CKR_OK);
	fixture->secrets[i] = peer->reply.stage_reply.key;
	g_assert_cmpuint (publish (peer, peer->reply.stage_reply.generation, FALSE), ==, CKR_OK);
	g_assert_cmpuint (peer_call (peer, WIRE_MSG_REFERENCE, &reference), ==, CKR_OK);
	fixture->references[i] = g_strndup ((const char *)peer->reply.reference_reply.reference.data,
					    peer->reply.reference_reply.reference.len);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
	g_autofree char *run = NULL;
	g_autoptr (GError) error = NULL;

	fixture->daemon = daemon_running ();
	fixture->provisioner = peer_new (fixture->daemon->provision);
	for (int i = MINE; i <= OTHER; i++) {
		provide_pair (fixture, i);
		provide_secret (fixture, i);
	}
	run = g_build_filename (fixture->daemon->dir, "run", NULL);
	fixture->handover = pv_handover_new (run, &scope, &fixture->channel, &error);
	g_assert_no_error (error);
	fixture->child = peer_new_over (ask_for_connection (fixture->channel));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
	peer_free (fixture->child);
	pv_handover_free (fixture->handover);
	close (fixture->channel);
	for (int i = MINE; i <= OTHER; i++) {
		g_bytes_unref (fixture->pairs[i].leaf);
		g_free (fixture->references[i]);
	}
	peer_free (fixture->provisioner);
	daemon_free (fixture->daemon);
}

/* ---- the requests, each of one of the three ---- */

static guint32
operate (Peer *child, guint32 type, guint32 key, guint32 mechanism)
{
	WireOperate wanted = {.key = key,
			      .mechanism = mechanism,
			      .data = wire_text ("0123456789abcdef0123456789abcdef")};

	return peer_call (child, type, &wanted);
}

static guint32
ask_sign (Fixture *fixture, int whose)
{
	return sign (fixture->child, fixture->pairs[whose].key);
}

static guint32
ask_sign_staged (Fixture *fixture, int whose)
{
	return sign (fixture->child, fixture->pairs[whose].staged_key);
}

static guint32
ask_sign_by_secret (Fixture *fixture, int whose)
{
	return operate (fixture->child, WIRE_MSG_SIGN, fixture->secrets[whose], CKM_SHA256_HMAC);
}

static guint32
ask_derive (Fixture *fixture, int whose)
{
	return operate (fixture->child, WIRE_MSG_DERIVE, fixture->pairs[whose].key,
			CKM_ECDH1_DERIVE);
}

static guint32
ask_decrypt (Fixture *fixture, int whose)
{
	return operate (fixture->child, WIRE_MSG_DECRYPT, fixture->pairs[whose].key, CKM_RSA_PKCS);
}

static guint32
ask_verify (Fixture *fixture, int whose)
{
	return operate (fixture->child, WIRE_MSG_VERIFY, fixture->pairs[whose].key, CKM_ECDSA);
}

static guint32
ask_encrypt (Fixture *fixture, int whose)
{
	return operate (fixture->child, WIRE_MSG_ENCRYPT, fixture->pairs[whose].key, CKM_RSA_PKCS);
}

static guint32
ask_psk (Fixture *fixture, int whose)
{
	WirePskMasterSecret wanted = {
		.reference = wire_text (fixture->references[whose] + strlen ("pskref1:")),
		.hash = CKM_SHA256,
		.plain = 1,
		.seed = wire_text ("0123456789abcdef0123456789abcdef"
				   "0123456789abcdef0123456789abcdef")};

	return peer_call (fixture->child, WIRE_MSG_PSK_MASTER_SECRET, &wanted);
}

static guint32
ask_binder_key (Fixture *fixture, int whose)
{
	WirePskBinderKey wanted = {
		.reference = wire_text (fixture->references[whose] + strlen ("pskref1:")),
		.hash = CKM_SHA256};

	return peer_call (fixture->child, WIRE_MSG_PSK_BINDER_KEY, &wanted);
}

static guint32
ask_handshake_secret (Fixture *fixture, int whose)
{
	WirePskHandshakeSecret wanted = {
		.reference = wire_text (fixture->references[whose] + strlen ("pskref1:")),
		.hash = CKM_SHA256,
		.dhe = wire_text ("0123456789abcdef0123456789abcdef")};

	return peer_call (fixture->child, WIRE_MSG_PSK_HANDSHAKE_SECRET, &wanted);
}

static guint32
ask_secret_use (Fixture *fixture, int whose)
{
	WireSecretUse wanted = {.key = fixture->secrets[whose],
				.use = WIRE_USE_ENCRYPT,
				.mechanism = CKM_AES_GCM,
				.first = wire_text ("0123456789ab")};

	return peer_call (fixture->child, WIRE_MSG_SECRET_USE, &wanted);
}

static guint32
ask_named (Fixture *fixture, guint32 type, const char *name)
{
	WireName wanted = {wire_text (name)};

	return peer_call (fixture->child, type, &wanted);
}

static guint32
ask_show (Fixture *fixture, int whose)
{
	return ask_named (fixture, WIRE_MSG_SHOW, names[whose]);
}

static guint32
ask_remove (Fixture *fixture, int whose)
{
	return ask_named (fixture, WIRE_MSG_REMOVE, names[whose]);
}

static guint32
ask_stage_pair (Fixture *fixture, int whose)
{
	WireStageKeyPair wanted = {.name = wire_text (names[whose]),
				   .origin = wire_text ("enrolled"),
				   .key_type = CKK_EC,
				   .key_bits = 256};

	return peer_call (fixture->child, WIRE_MSG_STAGE_KEY_PAIR, &wanted);
}

static guint32
ask_stage_key (Fixture *fixture, int whose)
{
	WireStagePrivateKey wanted = {.name = wire_text (names[whose]), .pkcs8 = wire_text ("x")};

	return peer_call (fixture->child, WIRE_MSG_STAGE_PRIVATE_KEY, &wanted);
}

static guint32
ask_stage_secret (Fixture *fixture, int whose)
{
	return stage_secret (fixture->child, secret_names[whose]);
}

static guint32
ask_stage_anchors (Fixture *fixture, int whose)
{
	g_autoptr (GBytes) anchor = issuer ();
	WireStageAnchors wanted = {.name = wire_text (names[whose]),
				   .anchors = {1, {wire_gbytes (anchor)}}};

	return peer_call (fixture->child, WIRE_MSG_STAGE_ANCHORS, &wanted);
}

static guint32
ask_attach (Fixture *fixture, int whose)
{
	const Pair *pair = &fixture->pairs[whose];

	return attach (fixture->child, pair->generation, pair->leaf);
}

static guint32
ask_publish (Fixture *fixture, int whose)
{
	return publish (fixture->child, fixture->pairs[whose].generation, whose == MINE);
}

static guint32
ask_discard (Fixture *fixture, int whose)
{
	WirePublish wanted = {.generations = {1, {fixture->pairs[whose].generation}}};

	return peer_call (fixture->child, WIRE_MSG_DISCARD, &wanted);
}

static guint32
ask_grant (Fixture *fixture, int whose)
{
	return grant (fixture->child, WIRE_MSG_GRANT, names[whose], "daemon");
}

static guint32
ask_revoke (Fixture *fixture, int whose)
{
	return grant (fixture->child, WIRE_MSG_REVOKE, names[whose], "daemon");
}

static guint32
ask_reference (Fixture *fixture, int whose)
{
	WireReference wanted = {wire_text (secret_names[whose]), wire_text ("root")};

	return peer_call (fixture->child, WIRE_MSG_REFERENCE, &wanted);
}

static guint32
ask_list (Fixture *fixture, int whose)
{
	WireListRequest wanted = {{NULL, 0}};

	return peer_call (fixture->child, WIRE_MSG_LIST, &wanted);
}

static guint32
ask_status (Fixture *fixture, int whose)
{
	return peer_call (fixture->child, WIRE_MSG_STATUS, NULL);
}

#define NEVER CKR_ACTION_PROHIBITED, CKR_ACTION_PROHIBITED, CKR_ACTION_PROHIBITED

static const struct {
	const char *what;
	guint32 type;
	guint32 (*ask) (Fixture *fixture, int whose);
	guint32 answers[3]; /* MINE, USED, OTHER */
} requests[] = {
	{"sign", WIRE_MSG_SIGN, ask_sign, {CKR_OK, CKR_OK, CKR_KEY_HANDLE_INVALID}},
	{"sign by a staged key", WIRE_MSG_SIGN, ask_sign_staged,
	 {CKR_OK, CKR_KEY_HANDLE_INVALID, CKR_KEY_HANDLE_INVALID}},
	{"sign by a symmetric key", WIRE_MSG_SIGN, ask_sign_by_secret,
	 {CKR_KEY_HANDLE_INVALID, CKR_KEY_HANDLE_INVALID, CKR_KEY_HANDLE_INVALID}},
	{"use a symmetric key", WIRE_MSG_PSK_MASTER_SECRET, ask_psk,
	 {CKR_KEY_HANDLE_INVALID, CKR_OK, CKR_KEY_HANDLE_INVALID}},
	{"the binder key of TLS 1.3", WIRE_MSG_PSK_BINDER_KEY, ask_binder_key, {NEVER}},
	{"its handshake secret", WIRE_MSG_PSK_HANDSHAKE_SECRET, ask_handshake_secret, {NEVER}},
	{"use it otherwise", WIRE_MSG_SECRET_USE, ask_secret_use, {NEVER}},
	{"derive", WIRE_MSG_DERIVE, ask_derive, {NEVER}},
	{"decrypt", WIRE_MSG_DECRYPT, ask_decrypt, {NEVER}},
	{"verify", WIRE_MSG_VERIFY, ask_verify, {NEVER}},
	{"encrypt", WIRE_MSG_ENCRYPT, ask_encrypt, {NEVER}},
	{"show", WIRE_MSG_SHOW, ask_show, {CKR_OK, CKR_OK, CKR_ACTION_PROHIBITED}},
	{"stage a pair", WIRE_MSG_STAGE_KEY_PAIR, ask_stage_pair,
	 {CKR_OK, CKR_ACTION_PROHIBITED, CKR_ACTION_PROHIBITED}},
	{"stage a symmetric key", WIRE_MSG_STAGE_SECRET, ask_stage_secret,
	 {CKR_OK, CKR_ACTION_PROHIBITED, CKR_ACTION_PROHIBITED}},
	{"attach", WIRE_MSG_ATTACH_CERTIFICATES, ask_attach,
	 {CKR_OK, CKR_ACTION_PROHIBITED, CKR_ACTION_PROHIBITED}},
	{"import", WIRE_MSG_STAGE_PRIVATE_KEY, ask_stage_key, {NEVER}},
	{"stage anchors", WIRE_MSG_STAGE_ANCHORS, ask_stage_anchors, {NEVER}},
	{"publish", WIRE_MSG_PUBLISH, ask_publish, {NEVER}},
	{"grant", WIRE_MSG_GRANT, ask_grant, {NEVER}},
	{"revoke", WIRE_MSG_REVOKE, ask_revoke, {NEVER}},
	{"reference", WIRE_MSG_REFERENCE, ask_reference, {NEVER}},
	{"list", WIRE_MSG_LIST, ask_list, {NEVER}},
	{"status", WIRE_MSG_STATUS, ask_status, {NEVER}},
	{"remove", WIRE_MSG_REMOVE, ask_remove, {NEVER}},
	{"discard", WIRE_MSG_DISCARD, ask_discard,
	 {CKR_OK, CKR_ACTION_PROHIBITED, CKR_ACTION_PROHIBITED}},
};

static void
test_requests (Fixture *fixture, gconstpointer data)
{
	for (gsize i = 0; i < G_N_ELEMENTS (requests); i++) {
		for (int whose = MINE; whose <= OTHER; whose++) {
			g_test_message ("%s: %s", requests[i].what, names[whose]);
			g_assert_cmphex (requests[i].ask (fixture, whose), ==,
					 requests[i].answers[whose]);
		}
	}
	for (int whose = MINE; whose <= OTHER; whose++) /* all is as it was */
		g_assert_cmpuint (sign (fixture->provisioner, fixture->pairs[whose].key), ==, CKR_OK);
}

/* A request that came later has its row above, or the child may not have it. */
static void
test_complete (void)
{
	for (guint32 type = 1; type < 256; type++) {
		gboolean tried = type == WIRE_MSG_HELLO || type == WIRE_MSG_VIEW ||
				 type == WIRE_MSG_ADOPT || type == WIRE_MSG_NARROW;

		for (gsize i = 0; i < G_N_ELEMENTS (requests); i++)
			tried = tried || requests[i].type == type;
		g_assert_cmpint (tried, ==, wire_layout (type) != NULL);
	}
}

/* Its view has what it uses and what it stages: of each pair private and public key, and certificates. */
static void
test_view (Fixture *fixture, gconstpointer data)
{
	guint all = count_objects (fixture->provisioner);
	guint own = count_objects (fixture->child);
	WireName other = {wire_text ("other")}, other_key = {wire_text ("other-key")};
	WireName unused = {wire_text ("gw1-key")};

	g_test_message ("%u of %u", own, all);
	g_assert_cmpuint (peer_call (fixture->provisioner, WIRE_MSG_REMOVE, &other), ==, CKR_OK);
	g_assert_cmpuint (peer_call (fixture->provisioner, WIRE_MSG_REMOVE, &other_key), ==, CKR_OK);
	g_assert_cmpuint (peer_call (fixture->provisioner, WIRE_MSG_REMOVE, &unused), ==, CKR_OK);
	g_assert_cmpuint (count_objects (fixture->child), ==, own);
	/* and the staged pair of the one that it only uses */
	g_assert_cmpuint (count_objects (fixture->provisioner), ==, own + 2);
}

static gboolean
send_narrow (Peer *peer)
{
	WireHeader header = {.type = WIRE_MSG_NARROW};
	WireNarrow narrow = {wire_text ("gw1,other"), wire_text ("other")};
	gsize len = wire_build (peer->frame, sizeof peer->frame, &header, &narrow);

	return peer_send (peer, peer->frame, len, -1);
}

/* Neither a second time, nor after HELLO, nor by an application. */
static void
test_narrow_once (Fixture *fixture, gconstpointer data)
{
	Peer *peer = peer_connect (fixture->daemon->provision);

	g_assert_true (send_narrow (peer));
	g_assert_true (send_narrow (peer));
	g_assert_true (peer_ended (peer));
	peer_free (peer);
	peer = peer_connect (fixture->daemon->token);
	g_assert_true (send_narrow (peer));
	g_assert_true (peer_ended (peer));
	peer_free (peer);
	g_assert_true (send_narrow (fixture->child));
	g_assert_true (peer_ended (fixture->child));
}

/* A restart of the keystore: the next ask gets a connection to the new one, narrowed too. */
static void
test_restart (Fixture *fixture, gconstpointer data)
{
	daemon_stop (fixture->daemon, SIGKILL);
	g_assert_true (peer_ended (fixture->child));
	peer_free (fixture->child);
	errno = 0;
	g_assert_cmpint (ask_for_connection (fixture->channel), ==, -1);
	g_assert_cmpint (errno, ==, ECONNREFUSED);
	daemon_start (fixture->daemon, NULL);
	fixture->child = peer_new_over (ask_for_connection (fixture->channel));
	g_assert_cmpuint (ask_sign (fixture, MINE), ==, CKR_OK);
	g_assert_cmpuint (ask_sign (fixture, OTHER), ==, CKR_KEY_HANDLE_INVALID);
}

/* Connections are a means against the others as well. */
static void
test_many (Fixture *fixture, gconstpointer data)
{
	Peer *witness;
	int fds[PV_HANDOVERS_MAX];

	for (int i = 1; i < PV_HANDOVERS_MAX; i++) {
		fds[i] = ask_for_connection (fixture->channel);
		g_assert_cmpint (fds[i], >=, 0);
	}
	g_assert_cmpint (ask_for_connection (fixture->channel), ==, -1);
	witness = peer_new (fixture->daemon->provision);
	peer_free (witness);
	for (int i = 1; i < PV_HANDOVERS_MAX; i++)
		close (fds[i]);
}

#define TEST(name, test)                                                                           \
	g_test_add ("/provisioner/handover/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	TEST ("requests", test_requests);
	TEST ("view", test_view);
	TEST ("narrow-once", test_narrow_once);
	TEST ("restart", test_restart);
	TEST ("many", test_many);
	g_test_add_func ("/provisioner/handover/complete", test_complete);
	return g_test_run ();
}
