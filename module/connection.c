/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See connection.h. */
#include <config.h>

#include "module/connection.h"

#include "keystore/wire/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define GROUPS_MAX 1024 /* of more groups only the number is compared */
#define WAIT_SLACK_MS 50

int64_t
mod_now_ms (void)
{
	struct timespec now;

	clock_gettime (CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint32_t
mod_cpu (void)
{
	int cpu = sched_getcpu ();

	return cpu < 0 ? WIRE_CPU_UNKNOWN : (uint32_t)cpu;
}

void
mod_ids_read (ModIds *ids)
{
	gid_t groups[GROUPS_MAX];
	int n_groups = getgroups (GROUPS_MAX, groups);
	uint64_t hash = UINT64_C (14695981039346656037); /* FNV-1a */

	memset (ids, 0, sizeof *ids);
	ids->uid = geteuid ();
	ids->gid = getegid ();
	ids->n_groups = n_groups < 0 ? getgroups (0, NULL) : n_groups;
	for (int i = 0; i < n_groups; i++)
		hash = (hash ^ groups[i]) * UINT64_C (1099511628211);
	ids->groups = hash;
}

bool
mod_ids_equal (const ModIds *a, const ModIds *b)
{
	return a->uid == b->uid && a->gid == b->gid && a->n_groups == b->n_groups &&
	       a->groups == b->groups;
}

bool
mod_connection_is_ours (const ModConnection *connection)
{
	struct stat now;

	return connection->fd >= 0 && fstat (connection->fd, &now) == 0 && S_ISSOCK (now.st_mode) &&
	       now.st_dev == connection->device && now.st_ino == connection->inode;
}

bool
mod_connection_is_alive (const ModConnection *connection)
{
	char byte;

	return mod_connection_is_ours (connection) &&
	       recv (connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	       (errno == EAGAIN || errno == EINTR);
}

void
mod_connection_close (ModConnection *connection)
{
	if (mod_connection_is_ours (connection))
		close (connection->fd);
	connection->fd = -1;
	connection->state = MOD_CONNECTION_EMPTY;
}

void
mod_connection_wipe (ModConnection *connection)
{
	if (connection->frame != NULL)
		explicit_bzero (connection->frame, connection->used);
	connection->used = 0;
}

static void
note_used (ModConnection *connection, size_t len)
{
	if (len > connection->used)
		connection->used = len;
}

static void
set_socket_wait (int fd, int option, uint32_t wait_ms)
{
	struct timeval wait = {.tv_sec = wait_ms / 1000, .tv_usec = (wait_ms % 1000) * 1000};

	/* zero would mean for ever */
	if (wait_ms == 0)
		wait.tv_usec = 1000;
	setsockopt (fd, SOL_SOCKET, option, &wait, sizeof wait);
}

static uint32_t
remaining_ms (int64_t deadline_ms)
{
	int64_t left = deadline_ms - mod_now_ms ();

	return left < 0 ? 0 : (uint32_t)left;
}

/* Few system calls: the option is set anew only when the wait is clearly another than before. */
static void
set_wait (ModConnection *connection, uint32_t wait_ms)
{
	if (connection->wait_ms >= wait_ms && connection->wait_ms - wait_ms <= WAIT_SLACK_MS)
		return;
	set_socket_wait (connection->fd, SO_RCVTIMEO, wait_ms);
	connection->wait_ms = wait_ms;
}

static ModOutcome
close_with (ModConnection *connection, ModOutcome outcome)
{
	mod_connection_close (connection);
	return outcome;
}

static ModOutcome
send_frame (ModConnection *connection, size_t len, int data_fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE (sizeof (int))];
	} control = {0};
	struct iovec part = {.iov_base = connection->frame, .iov_len = len};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t sent;

	if (data_fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof control;
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN (sizeof (int));
		memcpy (CMSG_DATA (&control.header), &data_fd, sizeof (int));
	}
	do
		sent = sendmsg (connection->fd, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent == (ssize_t)len)
		return MOD_DONE;
	return errno == EAGAIN ? MOD_TIMEOUT : MOD_LOST;
}

static void
take_descriptors (struct msghdr *message, ModExchange *exchange)
{
	struct cmsghdr *header;
	size_t count = 0;

	for (header = CMSG_FIRSTHDR (message); header != NULL;
	     header = CMSG_NXTHDR (message, header)) {
		size_t n_fds = (header->cmsg_len - CMSG_LEN (0)) / sizeof (int);

		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n_fds; i++) {
			int fd;

			memcpy (&fd, CMSG_DATA (header) + i * sizeof (int), sizeof fd);
			if (count < WIRE_FDS_MAX)
				exchange->fds[count++] = fd;
			else
				close (fd);
		}
	}
}

/* The frame's length, 0 at the connection's end, -1 with errno. */
static ssize_t
receive_frame (ModConnection *connection, ModExchange *exchange, int64_t deadline_ms)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE (WIRE_FDS_MAX * sizeof (int))];
	} control;
	struct iovec part = {.iov_base = connection->frame, .iov_len = WIRE_FRAME_MAX};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control,
	};
	ssize_t got = recvmsg (connection->fd, &message, MSG_CMSG_CLOEXEC);

	while (got < 0 && errno == EINTR) {
		set_wait (connection, remaining_ms (deadline_ms));
		message.msg_controllen = sizeof control;
		got = recvmsg (connection->fd, &message, MSG_CMSG_CLOEXEC);
	}
	if (got < 0)
		return errno == EAGAIN ? -1 : 0;
	take_descriptors (&message, exchange);
	note_used (connection, (size_t)got);
	return got;
}

void
mod_exchange_close_fds (ModExchange *exchange)
{
	for (size_t i = 0; i < WIRE_FDS_MAX; i++) {
		if (exchange->fds[i] >= 0)
			close (exchange->fds[i]);
		exchange->fds[i] = -1;
	}
}

/* Descriptors come with VIEW alone. */
static bool
reply_is_sound (const ModConnection *connection, ModExchange *exchange, size_t len)
{
	WireHeader header;

	if (!wire_parse (connection->frame, len, &header, &exchange->reply) ||
	    header.type != (exchange->type | WIRE_REPLY) || header.serial != connection->serial)
		return false;
	exchange->status = header.status;
	return exchange->fds[0] < 0 || (exchange->type == WIRE_MSG_VIEW && header.status == 0);
}

static ModOutcome
receive_reply (ModConnection *connection, ModExchange *exchange, int64_t deadline_ms)
{
	ssize_t got = receive_frame (connection, exchange, deadline_ms);

	if (got < 0)
		return MOD_TIMEOUT;
	if (got == 0)
		return MOD_LOST;
	if (reply_is_sound (connection, exchange, (size_t)got))
		return MOD_DONE;
	mod_exchange_close_fds (exchange);
	return MOD_REFUSED;
}

static size_t
build_request (ModConnection *connection, const ModExchange *exchange)
{
	WireHeader header = {
		.type = exchange->type,
		.serial = ++connection->serial,
		.cpu = connection->cpu = mod_cpu (),
	};
	size_t len = wire_build (connection->frame, WIRE_FRAME_MAX, &header, exchange->message);

	note_used (connection, len);
	return len;
}

/* A program that closed its standard descriptors would print into a socket that got their number.
 */
static int
away_from_standard (int fd)
{
	int moved;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	moved = fcntl (fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close (fd);
	return moved;
}

static bool
make_socket (ModConnection *connection, int channel)
{
	struct stat opened;

	if (connection->frame == NULL)
		connection->frame = malloc (WIRE_FRAME_MAX);
	if (connection->frame == NULL)
		return false;
	connection->fd = away_from_standard (
		channel >= 0 ? wire_handover_ask (channel)
			     : socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
	if (connection->fd < 0)
		return false;
	if (fstat (connection->fd, &opened) != 0) {
		close (connection->fd);
		connection->fd = -1;
		return false;
	}
	connection->device = opened.st_dev;
	connection->inode = opened.st_ino;
	connection->wait_ms = UINT32_MAX; /* none set */
	return true;
}

static bool
connect_to (const ModConnection *connection, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int connected;

	strncpy (address.sun_path, path, sizeof address.sun_path - 1);
	do
		connected = connect (connection->fd, (struct sockaddr *)&address, sizeof address);
	while (connected != 0 && errno == EINTR);
	return connected == 0;
}

ModOutcome
mod_connection_open (ModConnection *connection,
		     const char *path,
		     int channel,
		     uint32_t client,
		     const ModIds *ids,
		     int64_t deadline_ms)
{
	const WireHello hello = {WIRE_VERSION, WIRE_VERSION, client};
	const ModExchange greeting = {.type = WIRE_MSG_HELLO, .message = &hello};
	ModOutcome outcome;

	if (!make_socket (connection, channel))
		return MOD_LOST;
	set_socket_wait (connection->fd, SO_SNDTIMEO, remaining_ms (deadline_ms));
	if (channel < 0 && !connect_to (connection, path))
		return close_with (connection, errno == EAGAIN ? MOD_TIMEOUT : MOD_LOST);
	connection->ids = *ids;
	connection->state = MOD_CONNECTION_GREETING;
	outcome = send_frame (connection, build_request (connection, &greeting), -1);
	return outcome == MOD_DONE ? MOD_DONE : close_with (connection, outcome);
}

ModOutcome
mod_connection_greet (ModConnection *connection, int64_t deadline_ms)
{
	ModExchange greeting = {.type = WIRE_MSG_HELLO, .fds = {-1, -1}};
	ModOutcome outcome;

	if (!mod_connection_is_ours (connection))
		return close_with (connection, MOD_LOST);
	set_wait (connection, remaining_ms (deadline_ms));
	outcome = receive_reply (connection, &greeting, deadline_ms);
	if (outcome == MOD_TIMEOUT)
		return MOD_TIMEOUT;
	if (outcome == MOD_DONE &&
	    (greeting.status != 0 || greeting.reply.hello_reply.version != WIRE_VERSION))
		outcome = MOD_REFUSED;
	if (outcome != MOD_DONE)
		return close_with (connection, outcome);
	connection->instance = greeting.reply.hello_reply.instance;
	connection->reply_wait_ms = greeting.reply.hello_reply.reply_wait_ms;
	connection->state = MOD_CONNECTION_READY;
	return MOD_DONE;
}

ModOutcome
mod_connection_exchange (ModConnection *connection, ModExchange *exchange, int64_t deadline_ms)
{
	size_t len = build_request (connection, exchange);
	ModOutcome outcome;

	for (size_t i = 0; i < WIRE_FDS_MAX; i++)
		exchange->fds[i] = -1;
	if (len == 0)
		return MOD_TOO_BIG;
	set_wait (connection, remaining_ms (deadline_ms));
	outcome = send_frame (connection, len, exchange->data_fd);
	if (outcome == MOD_DONE)
		outcome = receive_reply (connection, exchange, deadline_ms);
	if (outcome != MOD_DONE)
		mod_connection_close (connection);
	return outcome;
}
