/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See provider-fake.h. */
#include <config.h>

#include "tests/provider-fake.h"

#include "keystore/operate-psk.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PEERS_MAX 64

struct FakeKeystore {
	GThread *thread;
	GMutex lock;
	GHashTable *keys; /* char * -> GBytes * */
	char *path;
	int stop_fd;
	struct pollfd polled[2 + PEERS_MAX]; /* listener, stop, peers */
	nfds_t n_polled;
	guint requests;      /* atomic */
	FakeConduct conduct; /* atomic */
};

static void
send_reply (int fd, const WireHeader *request, uint32_t status, const void *message)
{
	guint8 frame[4096];
	WireHeader header = {request->type | WIRE_REPLY, request->serial, status, WIRE_CPU_UNKNOWN};
	size_t len = wire_build (frame, sizeof frame, &header, message);

	send (fd, frame, len, MSG_NOSIGNAL);
}

static void
answer_hello (int fd, const WireHeader *header)
{
	const WireHelloReply reply = {
		.version = WIRE_VERSION,
		.reply_wait_ms = 500,
		.instance = 1,
		.server = {(const guint8 *)"fake", 4},
	};

	send_reply (fd, header, CKR_OK, &reply);
}

static const KsPskPolicy everything = {.versions = KS_PSK_TLS_ALL};

/* The reference is the first field of all three. */
static CK_RV
operate (guint32 type, const WireMessage *message, const KsPsk *key, guint8 *output, gsize *len)
{
	switch (type) {
	case WIRE_MSG_PSK_MASTER_SECRET:
		*len = KS_PSK_MASTER_SECRET_LEN;
		return ks_operate_psk_master_secret (&message->psk_master_secret, key, output);
	case WIRE_MSG_PSK_BINDER_KEY:
		return ks_operate_psk_binder_key (&message->psk_binder_key, key, output, len);
	case WIRE_MSG_PSK_HANDSHAKE_SECRET:
		return ks_operate_psk_handshake_secret (&message->psk_handshake_secret, key, output,
							len);
	default:
		return CKR_FUNCTION_NOT_SUPPORTED;
	}
}

static void
answer (FakeKeystore *fake, int fd, const WireHeader *header, const WireMessage *message)
{
	const WireBytes *text = &message->psk_binder_key.reference;
	g_autofree char *reference = g_strndup ((const char *)text->data, text->len);
	guint8 output[KS_PSK_HASH_LEN_MAX];
	WireResult result = {.output = {output, 0}};
	GBytes *key;
	CK_RV rv = CKR_KEY_HANDLE_INVALID;

	g_mutex_lock (&fake->lock);
	key = g_hash_table_lookup (fake->keys, reference);
	if (key) {
		const KsPsk psk = {g_bytes_get_data (key, NULL), g_bytes_get_size (key), &everything};

		rv = operate (header->type, message, &psk, output, &result.output.len);
	}
	g_mutex_unlock (&fake->lock);
	if (g_atomic_int_get (&fake->conduct) == FAKE_SHORT && rv == CKR_OK)
		result.output.len--;
	send_reply (fd, header, (uint32_t)rv, rv == CKR_OK ? &result : NULL);
}

/* Returns FALSE when the connection is over. */
static gboolean
serve (FakeKeystore *fake, int fd)
{
	static guint8 frame[WIRE_FRAME_MAX];
	ssize_t len = recv (fd, frame, sizeof frame, 0);
	WireHeader header;
	WireMessage message;

	if (len <= 0 || !wire_parse (frame, (size_t)len, &header, &message))
		return FALSE;
	if (header.type == WIRE_MSG_HELLO)
		return answer_hello (fd, &header), TRUE;
	g_atomic_int_inc (&fake->requests);
	if (g_atomic_int_get (&fake->conduct) == FAKE_SILENT)
		return TRUE;
	if (g_atomic_int_get (&fake->conduct) == FAKE_HANGUP)
		return FALSE;
	if (g_atomic_int_get (&fake->conduct) == FAKE_SLOW)
		g_usleep (G_USEC_PER_SEC / 3);
	answer (fake, fd, &header, &message);
	return TRUE;
}

static void
accept_peer (FakeKeystore *fake)
{
	int fd = accept4 (fake->polled[0].fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (fake->n_polled == G_N_ELEMENTS (fake->polled))
		close (fd);
	else
		fake->polled[fake->n_polled++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static gpointer
run (gpointer data)
{
	FakeKeystore *fake = data;

	while (poll (fake->polled, fake->n_polled, -1) > 0 && !fake->polled[1].revents) {
		for (nfds_t i = fake->n_polled; i-- > 2;) {
			if (!fake->polled[i].revents || serve (fake, fake->polled[i].fd))
				continue;
			close (fake->polled[i].fd);
			fake->polled[i] = fake->polled[--fake->n_polled];
		}
		if (fake->polled[0].revents)
			accept_peer (fake);
	}
	return NULL;
}

FakeKeystore *
fake_keystore_start (const char *folder)
{
	FakeKeystore *fake = g_new0 (FakeKeystore, 1);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	fake->keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
					    (GDestroyNotify)g_bytes_unref);
	fake->path = g_build_filename (folder, "token.sock", NULL);
	fake->stop_fd = eventfd (0, EFD_CLOEXEC);
	g_assert_cmpuint (strlen (fake->path), <, sizeof address.sun_path);
	strcpy (address.sun_path, fake->path);
	g_assert_cmpint (bind (listener, (struct sockaddr *)&address, sizeof address), ==, 0);
	g_assert_cmpint (listen (listener, 64), ==, 0);
	fake->polled[0] = (struct pollfd){.fd = listener, .events = POLLIN};
	fake->polled[1] = (struct pollfd){.fd = fake->stop_fd, .events = POLLIN};
	fake->n_polled = 2;
	fake->thread = g_thread_new ("keystore", run, fake);
	return fake;
}

void
fake_keystore_stop (FakeKeystore *fake)
{
	const guint64 one = 1;

	g_assert_cmpint (write (fake->stop_fd, &one, sizeof one), ==, sizeof one);
	g_thread_join (fake->thread);
	for (nfds_t i = 0; i < fake->n_polled; i++)
		close (fake->polled[i].fd);
	unlink (fake->path);
	g_hash_table_unref (fake->keys);
	g_free (fake->path);
	g_free (fake);
}

void
fake_keystore_add (FakeKeystore *fake, const char *reference, GBytes *key)
{
	g_mutex_lock (&fake->lock);
	g_hash_table_insert (fake->keys, g_strdup (reference), g_bytes_ref (key));
	g_mutex_unlock (&fake->lock);
}

void
fake_keystore_set_conduct (FakeKeystore *fake, FakeConduct conduct)
{
	g_atomic_int_set (&fake->conduct, conduct);
}

guint
fake_keystore_requests (FakeKeystore *fake)
{
	return (guint)g_atomic_int_get (&fake->requests);
}
