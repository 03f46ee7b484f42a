/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Connection, HELLO and one request after the other on provision.sock; see keystore/PROTOCOL.md.
 */
#include <config.h>

#include "provisioner/keystore-private.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "keystore/wire/handover.h"
#include "provisioner/error.h"

/* An answer may need an RSA key made on a slow token. */
#define REPLY_WAIT_MS (120 * 1000)

/* What may be sent twice: nothing is made by it, or the same again. */
static gboolean
is_repeatable (WireMessageType type)
{
	return type == WIRE_MSG_HELLO || type == WIRE_MSG_SIGN || type == WIRE_MSG_STATUS ||
	       type == WIRE_MSG_LIST || type == WIRE_MSG_SHOW || type == WIRE_MSG_GRANT ||
	       type == WIRE_MSG_REVOKE || type == WIRE_MSG_REFERENCE || type == WIRE_MSG_DISCARD;
}

PvKeystore *
pv_keystore_new (const char *runtime_dir)
{
	PvKeystore *keystore = g_new0 (PvKeystore, 1);

	keystore->path = g_build_filename (runtime_dir, PV_KEYSTORE_SOCKET, NULL);
	keystore->channel = keystore->fd = -1;
	keystore->patience_ms = REPLY_WAIT_MS;
	keystore->frame = g_malloc0 (WIRE_FRAME_MAX);
	keystore->staged = g_array_new (FALSE, FALSE, sizeof (PvStagedKey));
	pv_keystore_set_origin (keystore, "imported", NULL, NULL, NULL);
	return keystore;
}

static void
disconnect (PvKeystore *keystore)
{
	if (keystore->fd >= 0)
		close (keystore->fd);
	keystore->fd = -1;
}

void
pv_keystore_free (PvKeystore *keystore)
{
	if (keystore == NULL)
		return;
	disconnect (keystore);
	explicit_bzero (keystore->frame, WIRE_FRAME_MAX);
	g_free (keystore->frame);
	g_free (keystore->path);
	g_free (keystore->origin);
	g_free (keystore->mef);
	g_free (keystore->admin);
	g_free (keystore->client);
	g_array_unref (keystore->staged);
	g_free (keystore);
}

void
pv_keystore_set_channel (PvKeystore *keystore, int channel)
{
	keystore->channel = channel;
}

void
pv_keystore_set_origin (PvKeystore *keystore,
			const char *origin,
			const char *mef,
			const char *admin,
			const char *client)
{
	g_free (keystore->origin);
	g_free (keystore->mef);
	g_free (keystore->admin);
	g_free (keystore->client);
	keystore->origin = g_strdup (origin);
	keystore->mef = g_strdup (mef);
	keystore->admin = g_strdup (admin);
	keystore->client = g_strdup (client);
}

guint32
pv_keystore_last_status (const PvKeystore *keystore)
{
	return keystore->last_status;
}

guint64
pv_keystore_instance (const PvKeystore *keystore)
{
	return keystore->instance;
}

void
pv_keystore_set_patience (PvKeystore *keystore, guint wait_ms)
{
	keystore->patience_ms = wait_ms;
}

static gboolean
fail_errno (PvKeystore *keystore, const char *what, int code, GError **error)
{
	const char *hint = code == ENOENT || code == ECONNREFUSED
				   ? "; is enrolee-keystored running?"
			   : code == EACCES ? "; only root and the provisioner may"
					    : "";

	disconnect (keystore);
	g_set_error (error,
		     PV_ERROR,
		     PV_ERROR_KEYSTORE,
		     "%s %s: %s%s",
		     what,
		     keystore->path,
		     g_strerror (code),
		     hint);
	return FALSE;
}

static gboolean
connect_socket (PvKeystore *keystore, GError **error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (g_strlcpy (address.sun_path, keystore->path, sizeof address.sun_path) >=
	    sizeof address.sun_path)
		return fail_errno (keystore, "cannot connect to", ENAMETOOLONG, error);
	if (keystore->channel >= 0) {
		keystore->fd = wire_handover_ask (keystore->channel);
		return keystore->fd >= 0 || fail_errno (keystore, "cannot connect to", errno, error);
	}
	keystore->fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (keystore->fd < 0)
		return fail_errno (keystore, "cannot make a socket for", errno, error);
	if (connect (keystore->fd, (struct sockaddr *) &address, sizeof address) != 0)
		return fail_errno (keystore, "cannot connect to", errno, error);
	return TRUE;
}

/* Waits for one frame. Returns its length, 0 for the end of the connection, -1 with errno. */
static gssize
receive_frame (PvKeystore *keystore)
{
	struct pollfd wait = {.fd = keystore->fd, .events = POLLIN};
	gssize got;
	int ready;

	do
		ready = poll (&wait, 1, keystore->patience_ms);
	while (ready < 0 && errno == EINTR);
	if (ready == 0)
		errno = ETIMEDOUT;
	if (ready <= 0)
		return -1;
	do
		got = recv (keystore->fd, keystore->frame, WIRE_FRAME_MAX, 0);
	while (got < 0 && errno == EINTR);
	return got < 0 && errno == ECONNRESET ? 0 : got;
}

typedef enum { EXCHANGE_OK, EXCHANGE_LOST_UNSENT, EXCHANGE_LOST, EXCHANGE_FAILED } ExchangeResult;

/* One frame there, one back into keystore->frame. */
static ExchangeResult
exchange_frames (PvKeystore *keystore,
		 const WireHeader *header,
		 const void *request,
		 gsize *reply_len,
		 GError **error)
{
	gsize len = wire_build (keystore->frame, WIRE_FRAME_MAX, header, request);
	gssize done;

	if (len == 0) {
		g_set_error (error, PV_ERROR, PV_ERROR_KEYSTORE, "more than the keystore takes");
		return EXCHANGE_FAILED;
	}
	do
		done = send (keystore->fd, keystore->frame, len, MSG_NOSIGNAL);
	while (done < 0 && errno == EINTR);
	explicit_bzero (keystore->frame, len);
	if (done < 0) {
		gboolean lost = errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN;

		fail_errno (keystore, "cannot write to", errno, error);
		return lost ? EXCHANGE_LOST_UNSENT : EXCHANGE_FAILED;
	}
	done = receive_frame (keystore);
	if (done > 0) {
		*reply_len = done;
		return EXCHANGE_OK;
	}
	fail_errno (keystore, "no answer from", done == 0 ? ECONNRESET : errno, error);
	return done == 0 ? EXCHANGE_LOST : EXCHANGE_FAILED;
}

static gboolean
check_reply (PvKeystore *keystore,
	     const WireHeader *sent,
	     gsize reply_len,
	     void *reply,
	     GError **error)
{
	WireHeader header;
	WireMessage message = {0};

	keystore->last_status = 0;
	if (!wire_parse (keystore->frame, reply_len, &header, &message) ||
	    header.type != (sent->type | WIRE_REPLY) || header.serial != sent->serial) {
		disconnect (keystore);
		g_set_error (error, PV_ERROR, PV_ERROR_KEYSTORE, "the keystore's answer is malformed");
		return FALSE;
	}
	keystore->last_status = header.status;
	if (header.status != 0) {
		g_autofree char *text = pv_wire_dup (message.failure.message);

		g_set_error (error,
			     PV_ERROR,
			     PV_ERROR_KEYSTORE,
			     "%s",
			     text[0] != '\0' ? text : "the keystore refused without a reason");
		return FALSE;
	}
	/* once more, into the struct whose size only the caller knows */
	return reply == NULL || wire_parse (keystore->frame, reply_len, &header, reply);
}

static gboolean
say_hello (PvKeystore *keystore, GError **error)
{
	const WireHello hello = {WIRE_VERSION, WIRE_VERSION, WIRE_CLIENT_PROVISIONER};
	const WireHeader header = {
		.type = WIRE_MSG_HELLO,
		.serial = ++keystore->serial,
		.cpu = WIRE_CPU_UNKNOWN,
	};
	WireHelloReply reply;
	gsize len = 0;

	if (exchange_frames (keystore, &header, &hello, &len, error) != EXCHANGE_OK ||
	    !check_reply (keystore, &header, len, &reply, error))
		return FALSE;
	keystore->instance = reply.instance;
	return TRUE;
}

gboolean
pv_keystore_call (PvKeystore *keystore,
		  WireMessageType type,
		  const void *request,
		  void *reply,
		  GError **error)
{
	for (int attempt = 0;; attempt++) {
		const WireHeader header = {
			.type = type,
			.serial = ++keystore->serial,
			.cpu = WIRE_CPU_UNKNOWN,
		};
		g_autoptr (GError) local = NULL;
		gsize len = 0;
		ExchangeResult result;

		if (keystore->fd < 0 &&
		    !(connect_socket (keystore, error) && say_hello (keystore, error)))
			return FALSE;
		result = exchange_frames (keystore, &header, request, &len, &local);
		if (result == EXCHANGE_OK)
			return check_reply (keystore, &header, len, reply, error);
		if (attempt > 0 || result == EXCHANGE_FAILED ||
		    (result == EXCHANGE_LOST && !is_repeatable (type))) {
			g_propagate_error (error, g_steal_pointer (&local));
			return FALSE;
		}
	}
}

void
pv_scope_clear (PvScope *scope)
{
	g_clear_pointer (&scope->uses, g_free);
	g_clear_pointer (&scope->stages, g_free);
}

int
pv_keystore_narrow (const char *runtime_dir, const PvScope *scope, GError **error)
{
	g_autoptr (PvKeystore) keystore = pv_keystore_new (runtime_dir);
	const WireHeader header = {.type = WIRE_MSG_NARROW, .cpu = WIRE_CPU_UNKNOWN};
	const WireNarrow narrow = {pv_wire_text (scope->uses), pv_wire_text (scope->stages)};
	gsize len = wire_build (keystore->frame, WIRE_FRAME_MAX, &header, &narrow);

	if (len == 0) {
		g_set_error (error, PV_ERROR, PV_ERROR_KEYSTORE, "more than the keystore takes");
		return -1;
	}
	if (!connect_socket (keystore, error))
		return -1;
	if (send (keystore->fd, keystore->frame, len, MSG_NOSIGNAL) != (gssize) len) {
		fail_errno (keystore, "cannot write to", errno, error);
		return -1;
	}
	return g_steal_fd (&keystore->fd);
}
