/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The client of provision.sock against a keystore of the test's own: requests arrive as they were
 * meant, replies are understood, a restart is bridged where that is safe, and nonsense is refused.
 */
#include <config.h>

#include <glib/gstdio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "provisioner/error.h"
#include "provisioner/keystore-credential.h"

typedef enum { BEHAVE, DROP_ONCE, DROP_ALWAYS, GARBAGE, REFUSE } Mood;

typedef struct {
	char *dir;
	int listener;
	GThread *thread;
	Mood mood;
	guint n_requests;    /* without HELLO */
	guint n_connections;
	GBytes *spki;
	char *seen_name;
	PvKeystore *keystore;
} Fixture;

static gsize
answer (Fixture *fixture, const WireHeader *request, const WireMessage *message, guint8 *frame)
{
	static const guint8 raw[64] = {1, [63] = 2};
	WireHeader header = {.type = request->type | WIRE_REPLY, .serial = request->serial};
	guint8 records[4096];
	WireWriter writer = {.data = records, .size = sizeof records};
	const WireCredential record = {.name = pv_wire_text ("gw1"),
				       .users = pv_wire_text ("www-data,mqtt"),
				       .staged_generation = 7,
				       .staged_key = 42};
	WireMessage reply = {0};

	wire_put_fields (&writer, &wire_credential_layout, &record);
	if (request->type == WIRE_MSG_HELLO)
		reply.hello_reply.version = WIRE_VERSION;
	if (fixture->mood == REFUSE && request->type != WIRE_MSG_HELLO) {
		header.status = PV_CKR_KEY_HANDLE_INVALID;
		reply.failure.message = pv_wire_text ("no credential of that name");
		return wire_build (frame, WIRE_FRAME_MAX, &header, &reply);
	}
	if (request->type == WIRE_MSG_LIST)
		reply.list_reply = (WireListReply){1, 0, {records, writer.len}};
	if (request->type == WIRE_MSG_SHOW) {
		reply.show_reply.record = (WireBytes){records, writer.len};
		reply.show_reply.staged_spki = pv_wire_bytes (fixture->spki);
	}
	if (request->type == WIRE_MSG_STAGE_KEY_PAIR)
		reply.stage_reply = (WireStageReply){7, 42, pv_wire_bytes (fixture->spki)};
	if (request->type == WIRE_MSG_SIGN) {
		g_assert_cmpuint (message->operate.key, ==, 42);
		g_assert_cmpuint (message->operate.mechanism, ==, PV_CKM_ECDSA_SHA256);
		reply.result.output = (WireBytes){raw, sizeof raw};
	}
	if (request->type == WIRE_MSG_STAGE_SECRET) {
		g_free (fixture->seen_name);
		fixture->seen_name = pv_wire_dup (message->stage_secret.name);
		reply.stage_reply.generation = 9;
	}
	return wire_build (frame, WIRE_FRAME_MAX, &header, &reply);
}

/* Serves one connection until it ends or the mood ends it. */
static void
serve (Fixture *fixture, int fd)
{
	g_autofree guint8 *frame = g_malloc (WIRE_FRAME_MAX);

	for (;;) {
		gssize len = recv (fd, frame, WIRE_FRAME_MAX, 0);
		WireHeader header;
		WireMessage message;

		if (len <= 0)
			return;
		g_assert_true (wire_parse (frame, len, &header, &message));
		if (header.type != WIRE_MSG_HELLO) {
			fixture->n_requests++;
			if (fixture->mood == DROP_ALWAYS)
				return;
			if (fixture->mood == DROP_ONCE) {
				fixture->mood = BEHAVE;
				return;
			}
		}
		len = fixture->mood == GARBAGE ? 5 : (gssize) answer (fixture, &header, &message, frame);
		g_assert_cmpint (send (fd, frame, len, MSG_NOSIGNAL), ==, len);
	}
}

static gpointer
keystore_thread (gpointer data)
{
	Fixture *fixture = data;
	int fd;

	while ((fd = accept (fixture->listener, NULL, NULL)) >= 0) {
		fixture->n_connections++;
		serve (fixture, fd);
		close (fd);
	}
	return NULL;
}

static void
set_up (Fixture *fixture, gconstpointer mood)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	g_autofree char *path = NULL;
	EVP_PKEY *key = EVP_EC_gen ("P-256");
	unsigned char *der = NULL;
	int len = i2d_PUBKEY (key, &der);

	fixture->spki = g_bytes_new (der, len);
	OPENSSL_free (der);
	EVP_PKEY_free (key);
	fixture->mood = GPOINTER_TO_INT (mood);
	fixture->dir = g_dir_make_tmp ("enrolee-test-XXXXXX", NULL);
	path = g_build_filename (fixture->dir, PV_KEYSTORE_SOCKET, NULL);
	g_strlcpy (address.sun_path, path, sizeof address.sun_path);
	fixture->listener = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	g_assert_cmpint (
		bind (fixture->listener, (struct sockaddr *) &address, sizeof address), ==, 0);
	g_assert_cmpint (listen (fixture->listener, 4), ==, 0);
	fixture->thread = g_thread_new ("keystore", keystore_thread, fixture);
	fixture->keystore = pv_keystore_new (fixture->dir);
}

static void
tear_down (Fixture *fixture, gconstpointer mood)
{
	g_autofree char *path = g_build_filename (fixture->dir, PV_KEYSTORE_SOCKET, NULL);

	pv_keystore_free (fixture->keystore);
	shutdown (fixture->listener, SHUT_RDWR);
	g_thread_join (fixture->thread);
	close (fixture->listener);
	g_unlink (path);
	g_rmdir (fixture->dir);
	g_free (fixture->dir);
	g_free (fixture->seen_name);
	g_bytes_unref (fixture->spki);
}

static void
test_list (Fixture *fixture, gconstpointer mood)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GPtrArray) all = pv_keystore_list (fixture->keystore, &error);
	PvCredential *credential;

	g_assert_no_error (error);
	g_assert_cmpuint (all->len, ==, 1);
	credential = all->pdata[0];
	g_assert_cmpstr (credential->name, ==, "gw1");
	g_assert_cmpstr (credential->users[1], ==, "mqtt");
	g_assert_null (credential->users[2]);
	g_assert_null (credential->groups[0]);
	g_assert_cmpuint (fixture->n_connections, ==, mood == GINT_TO_POINTER (DROP_ONCE) ? 2 : 1);
}

static void
test_sign (Fixture *fixture, gconstpointer mood)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) spki = NULL;
	g_autoptr (GBytes) tbs = g_bytes_new_static ("tbs", 3);
	g_autoptr (GBytes) signature = NULL;
	g_autoptr (GBytes) unknown = NULL;
	guint32 staged;
	gsize len;
	const guint8 *der;

	g_assert_true (pv_keystore_ops.stage_key_pair (
		fixture->keystore, "gw1", PV_KEY_TYPE_P256, &staged, &spki, &error));
	g_assert_cmpuint (staged, ==, 7);
	g_assert_true (pv_keystore_ops.sign (fixture->keystore, 7, tbs, &signature, &error));
	g_assert_no_error (error);
	der = g_bytes_get_data (signature, &len);
	g_assert_cmphex (der[0], ==, 0x30);
	g_assert_false (pv_keystore_ops.sign (fixture->keystore, 8, tbs, &unknown, &error));
	g_assert_error (error, PV_ERROR, PV_ERROR_KEYSTORE);
	g_assert_null (unknown);
}

/* A key staged before a restart of the exchange is found again by its number. */
static void
test_staged_before (Fixture *fixture, gconstpointer mood)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) spki = NULL;
	g_autoptr (GBytes) unknown = NULL;

	g_assert_true (
		pv_keystore_ops.staged_public_key (fixture->keystore, "gw1", 7, &spki, &error));
	g_assert_true (g_bytes_equal (spki, fixture->spki));
	g_assert_false (
		pv_keystore_ops.staged_public_key (fixture->keystore, "gw1", 8, &unknown, &error));
	g_assert_error (error, PV_ERROR, PV_ERROR_KEYSTORE);
	g_assert_null (unknown);
}

static void
test_stage_secret (Fixture *fixture, gconstpointer mood)
{
	g_autoptr (GError) error = NULL;
	const PvStagedSecret secret = {
		.credential = "gw1-key", .identifier = "a@b", .bytes = (const guint8 *) "key", .length = 3};
	guint32 staged = 0;

	g_assert_true (pv_keystore_ops.stage_secret (fixture->keystore, &secret, &staged, &error));
	g_assert_no_error (error);
	g_assert_cmpuint (staged, ==, 9);
	g_assert_cmpstr (fixture->seen_name, ==, "gw1-key");
}

/* What made something before the connection broke must not be asked twice. */
static void
test_stage_lost (Fixture *fixture, gconstpointer mood)
{
	g_autoptr (GError) error = NULL;
	const PvStagedSecret secret = {.credential = "gw1"};
	guint32 staged = 77;

	g_assert_false (pv_keystore_ops.stage_secret (fixture->keystore, &secret, &staged, &error));
	g_assert_error (error, PV_ERROR, PV_ERROR_KEYSTORE);
	g_assert_cmpuint (staged, ==, 77);
	g_assert_cmpuint (fixture->n_requests, ==, 1);
}

static void
test_always_lost (Fixture *fixture, gconstpointer mood)
{
	g_autoptr (GError) error = NULL;

	g_assert_null (pv_keystore_list (fixture->keystore, &error));
	g_assert_error (error, PV_ERROR, PV_ERROR_KEYSTORE);
	g_assert_cmpuint (fixture->n_requests, ==, 2);
}

static void
test_garbage (Fixture *fixture, gconstpointer mood)
{
	g_autoptr (GError) error = NULL;

	g_assert_null (pv_keystore_list (fixture->keystore, &error));
	g_assert_error (error, PV_ERROR, PV_ERROR_KEYSTORE);
}

static void
test_refused (Fixture *fixture, gconstpointer mood)
{
	g_autoptr (GError) error = NULL;

	g_assert_null (pv_keystore_show (fixture->keystore, "gw2", &error));
	g_assert_error (error, PV_ERROR, PV_ERROR_KEYSTORE);
	g_assert_cmpstr (error->message, ==, "no credential of that name");
	g_assert_cmpuint (
		pv_keystore_last_status (fixture->keystore), ==, PV_CKR_KEY_HANDLE_INVALID);
}

static void
test_nobody_there (void)
{
	g_autofree char *dir = g_dir_make_tmp ("enrolee-test-XXXXXX", NULL);
	g_autoptr (PvKeystore) keystore = pv_keystore_new (dir);
	g_autoptr (GError) error = NULL;

	g_assert_null (pv_keystore_list (keystore, &error));
	g_assert_error (error, PV_ERROR, PV_ERROR_KEYSTORE);
	g_assert_nonnull (strstr (error->message, "is enrolee-keystored running?"));
	g_rmdir (dir);
}

static void
add (const char *path, Mood mood, void (*test) (Fixture *, gconstpointer))
{
	g_test_add (path, Fixture, GINT_TO_POINTER (mood), set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	add ("/keystore/list", BEHAVE, test_list);
	add ("/keystore/list-over-restart", DROP_ONCE, test_list);
	add ("/keystore/sign", BEHAVE, test_sign);
	add ("/keystore/staged-before", BEHAVE, test_staged_before);
	add ("/keystore/stage-secret", BEHAVE, test_stage_secret);
	add ("/keystore/stage-lost", DROP_ONCE, test_stage_lost);
	add ("/keystore/always-lost", DROP_ALWAYS, test_always_lost);
	add ("/keystore/garbage", GARBAGE, test_garbage);
	add ("/keystore/refused", REFUSE, test_refused);
	g_test_add_func ("/keystore/nobody-there", test_nobody_there);
	return g_test_run ();
}
