/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A thread for each connection; see connection.h. */
#include <config.h>

#include "keystore/connection.h"

#include "keystore/policy.h"

#include <errno.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef SANITIZED
#define STACK_FACTOR 8 /* its frames are larger */
#else
#define STACK_FACTOR 1
#endif
#define STACK_SIZE (128 * 1024 * STACK_FACTOR)
#define STACK_SIZE_PROVISION (512 * 1024 * STACK_FACTOR) /* SQLite, key generation */

struct _KsConnections {
	KsDispatch *dispatch;
	uid_t provisioner;
	GMutex lock;
	GCond changed;
	GHashTable *open; /* set of Connection */
	gboolean ending;
};

typedef struct {
	KsConnections *connections;
	int fd;
	KsSocket socket;
	uid_t uid;
	guint32 cpu;       /* where the thread was moved last */
	gboolean stranger; /* counted as one */
	guint8 frame[WIRE_FRAME_MAX];
	guint8 reply[WIRE_FRAME_MAX];
} Connection;

/* ---- frames ---- */

/* Room for the descriptors of one frame; more than that are dropped by the kernel and told by a
 * flag. */
typedef union {
	char bytes[CMSG_SPACE (WIRE_FDS_MAX * sizeof (int))];
	struct cmsghdr align;
} Control;

static gsize
take_descriptors (struct msghdr *message, int fds[WIRE_FDS_MAX])
{
	gsize count = 0;

	for (struct cmsghdr *part = CMSG_FIRSTHDR (message); part != NULL;
	     part = CMSG_NXTHDR (message, part)) {
		gsize len = part->cmsg_len - CMSG_LEN (0);

		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		for (gsize i = 0; i < len / sizeof (int) && count < WIRE_FDS_MAX; i++)
			memcpy (&fds[count++], CMSG_DATA (part) + i * sizeof (int), sizeof (int));
	}
	return count;
}

static void
tell_violation (Connection *connection, const char *what)
{
	if (ks_sampler_take (connection->connections->dispatch->sampler, KS_EVENT_PROTOCOL, 0,
			     connection->uid, g_get_monotonic_time ()))
		ks_audit (KS_EVENT_PROTOCOL, NULL, NULL, "uid %u sent %s: connection ended",
			  connection->uid, what);
}

/* One request. Returns its length; 0 at the end, and for what is larger than a frame may be. */
static gsize
receive_frame (Connection *connection, int *fd)
{
	struct iovec place = {connection->frame, sizeof connection->frame};
	int fds[WIRE_FDS_MAX] = {-1, -1};
	Control control;
	struct msghdr message;
	gssize got;
	gsize count;

	do {
		message = (struct msghdr){.msg_iov = &place,
					  .msg_iovlen = 1,
					  .msg_control = &control,
					  .msg_controllen = sizeof control};
		got = recvmsg (connection->fd, &message, MSG_CMSG_CLOEXEC);
	} while (got < 0 && errno == EINTR);
	if (got <= 0)
		return 0;
	count = take_descriptors (&message, fds);
	*fd = fds[0];
	if (count <= 1 && (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0)
		return (gsize)got;
	if (count > 1)
		close (fds[1]);
	tell_violation (connection, "more than a frame may carry");
	return 0;
}

/*
 * Descriptors in flight are counted by the kernel for this user as a whole: whoever asks for views
 * without reading the answers would use the count up for everybody.
 */
static gboolean
answers_are_read (int fd)
{
	int unread = 0;

	return ioctl (fd, SIOCOUTQ, &unread) < 0 || unread == 0;
}

static gboolean
send_reply (Connection *connection, const KsRequest *request)
{
	struct iovec place = {connection->reply, request->reply_len};
	struct msghdr message = {.msg_iov = &place, .msg_iovlen = 1};
	Control control;
	gssize sent;

	if (request->snapshot != NULL) {
		int fds[2] = {request->snapshot->fd,
			      ks_view_page_fd (connection->connections->dispatch->view)};
		struct cmsghdr *part;

		if (!answers_are_read (connection->fd))
			return FALSE;
		memset (&control, 0, sizeof control);
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE (sizeof fds);
		part = CMSG_FIRSTHDR (&message);
		part->cmsg_level = SOL_SOCKET;
		part->cmsg_type = SCM_RIGHTS;
		part->cmsg_len = CMSG_LEN (sizeof fds);
		memcpy (CMSG_DATA (part), fds, sizeof fds);
	}
	do
		sent = sendmsg (connection->fd, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == (gssize)request->reply_len;
}

/* ---- the thread ---- */

/* To the client's core. Where that is not allowed, or no such core, it stays: it is a matter of
 * speed. */
static void
follow_client (Connection *connection, const guint8 *frame, gsize len)
{
	WireReader reader = {.data = frame, .len = len};
	WireHeader header;
	cpu_set_t set;

	if (!wire_get_header (&reader, &header) || header.cpu == connection->cpu ||
	    header.cpu >= CPU_SETSIZE)
		return;
	connection->cpu = header.cpu;
	CPU_ZERO (&set);
	CPU_SET (header.cpu, &set);
	sched_setaffinity (0, sizeof set, &set);
}

/* One request and its answer. Returns whether the connection goes on. */
static gboolean
serve_one (Connection *connection, KsRequest *request)
{
	gsize len;
	gboolean go_on;

	request->fd = -1;
	request->reply_len = 0;
	len = receive_frame (connection, &request->fd);
	if (len > 0)
		follow_client (connection, connection->frame, len);
	go_on = len > 0 &&
		ks_dispatch (connection->connections->dispatch, connection->frame, len, request);
	if (len > 0 && !go_on)
		tell_violation (connection, "what is no request");
	go_on = go_on && (request->reply_len == 0 || send_reply (connection, request)) &&
		!request->final;
	if (request->fd >= 0)
		close (request->fd);
	g_clear_pointer (&request->snapshot, ks_snapshot_unref);
	/* keys arrive on provision.sock; plaintexts and master secrets leave on both */
	explicit_bzero (connection->frame, len);
	explicit_bzero (connection->reply, request->reply_len);
	return go_on;
}

static void
tell_refusal (KsConnections *connections, uid_t uid, const char *why)
{
	if (ks_sampler_take (connections->dispatch->sampler, KS_EVENT_CONNECTION_REFUSED, 0, uid,
			     g_get_monotonic_time ()))
		ks_audit (KS_EVENT_CONNECTION_REFUSED, NULL, NULL,
			  "connection of uid %u refused: %s", uid, why);
}

static gboolean
admit (Connection *connection, const KsPeer *peer)
{
	KsDispatch *dispatch = connection->connections->dispatch;
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (dispatch->catalogue);

	if (!ks_policy_is_stranger (peer, state))
		return TRUE;
	connection->stranger = ks_quota_take_stranger (dispatch->quota);
	if (!connection->stranger)
		tell_refusal (connection->connections, connection->uid,
			      "too many connections of users without a credential");
	return connection->stranger;
}

static void
serve (Connection *connection)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (KsPeer) peer = ks_peer_new (connection->fd, connection->socket,
					       connection->connections->provisioner, &error);
	KsRequest request = {.peer = peer, .reply = connection->reply};

	if (peer == NULL) {
		ks_audit (KS_EVENT_WARNING, NULL, NULL, "a peer cannot be identified: %s",
			  error->message);
		return;
	}
	if (!admit (connection, peer))
		return;
	while (serve_one (connection, &request))
		;
}

static void
connection_free (Connection *connection)
{
	close (connection->fd);
	if (connection->socket == KS_SOCKET_PROVISION) /* what was too large may have been a key */
		explicit_bzero (connection->frame, sizeof connection->frame);
	if (connection->stranger)
		ks_quota_give_stranger (connection->connections->dispatch->quota);
	ks_quota_give (connection->connections->dispatch->quota, connection->uid);
	g_free (connection);
}

/* The last thing it touches of @connections is the lock, in which the end waits for it. */
static void *
connection_main (void *data)
{
	Connection *connection = data;
	KsConnections *connections = connection->connections;

	serve (connection);
	g_mutex_lock (&connections->lock);
	g_hash_table_remove (connections->open, connection);
	connection_free (connection);
	g_cond_broadcast (&connections->changed);
	g_mutex_unlock (&connections->lock);
	return NULL;
}

/* ---- all of them ---- */

KsConnections *
ks_connections_new (KsDispatch *dispatch, uid_t provisioner)
{
	KsConnections *connections = g_new0 (KsConnections, 1);

	connections->dispatch = dispatch;
	connections->provisioner = provisioner;
	g_mutex_init (&connections->lock);
	g_cond_init (&connections->changed);
	connections->open = g_hash_table_new (NULL, NULL);
	return connections;
}

void
ks_connections_free (KsConnections *connections)
{
	g_hash_table_unref (connections->open);
	g_cond_clear (&connections->changed);
	g_mutex_clear (&connections->lock);
	g_free (connections);
}

/* Signals stay with the main thread. */
static gboolean
start_thread (Connection *connection)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	pthread_t thread;
	int rc;

	pthread_attr_init (&attributes);
	pthread_attr_setdetachstate (&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize (&attributes, connection->socket == KS_SOCKET_TOKEN
							? STACK_SIZE
							: STACK_SIZE_PROVISION);
	sigfillset (&all);
	pthread_sigmask (SIG_SETMASK, &all, &before);
	rc = pthread_create (&thread, &attributes, connection_main, connection);
	pthread_sigmask (SIG_SETMASK, &before, NULL);
	pthread_attr_destroy (&attributes);
	return rc == 0;
}

void
ks_connections_add (KsConnections *connections, int fd, KsSocket socket)
{
	gboolean trusted, started;
	Connection *connection;
	uid_t uid;

	if (!ks_peer_uid (fd, &uid)) {
		close (fd);
		return;
	}
	trusted = uid == 0 || uid == connections->provisioner;
	if (!ks_peer_may_connect (socket, uid, connections->provisioner)) {
		tell_refusal (connections, uid, "provision.sock is the provisioner's");
		close (fd);
		return;
	}
	if (!ks_quota_take (connections->dispatch->quota, uid, trusted)) {
		tell_refusal (connections, uid, "too many connections");
		close (fd);
		return;
	}
	connection = g_new0 (Connection, 1);
	*connection = (Connection){.connections = connections,
				   .fd = fd,
				   .socket = socket,
				   .uid = uid,
				   .cpu = WIRE_CPU_UNKNOWN};
	g_mutex_lock (&connections->lock);
	started = !connections->ending && start_thread (connection);
	if (started)
		g_hash_table_add (connections->open, connection);
	else
		connection_free (connection);
	g_mutex_unlock (&connections->lock);
}

/* Shuts all sockets down; the threads notice by themselves. */
static void
shut_down (KsConnections *connections, int how)
{
	GHashTableIter iter;
	gpointer connection;

	g_hash_table_iter_init (&iter, connections->open);
	while (g_hash_table_iter_next (&iter, &connection, NULL))
		shutdown (((Connection *)connection)->fd, how);
}

static gboolean
wait_for_none (KsConnections *connections, guint wait_ms)
{
	gint64 deadline_us = g_get_monotonic_time () + (gint64)wait_ms * 1000;

	while (g_hash_table_size (connections->open) > 0) {
		if (!g_cond_wait_until (&connections->changed, &connections->lock, deadline_us))
			break;
	}
	return g_hash_table_size (connections->open) == 0;
}

gboolean
ks_connections_end (KsConnections *connections, guint wait_ms)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&connections->lock);

	connections->ending = TRUE;
	shut_down (connections, SHUT_RD);
	if (wait_for_none (connections, wait_ms))
		return TRUE;
	/* those left do not read their answers */
	shut_down (connections, SHUT_RDWR);
	return wait_for_none (connections, wait_ms);
}
