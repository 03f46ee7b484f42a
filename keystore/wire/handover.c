/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See handover.h. */
#include <config.h>

#include "keystore/wire/handover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

typedef union {
	struct cmsghdr header;
	char room[CMSG_SPACE (sizeof (int))];
} Control;

int
wire_handover_channel (void)
{
	const char *text = secure_getenv (WIRE_HANDOVER_ENV);
	char *end;
	long number;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return -1;
	number = strtol (text, &end, 10);
	return *end == '\0' && number <= 1024 ? (int)number : -1;
}

bool
wire_handover_wanted (int channel)
{
	char byte;
	ssize_t got;

	do
		got = recv (channel, &byte, 1, 0);
	while (got < 0 && errno == EINTR);
	return got > 0;
}

bool
wire_handover_give (int channel, int connection)
{
	Control control = {0};
	char byte = 0;
	struct iovec part = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t sent;

	if (connection >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof control;
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN (sizeof (int));
		memcpy (CMSG_DATA (&control.header), &connection, sizeof (int));
	}
	do
		sent = sendmsg (channel, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == 1;
}

static int
receive_connection (int channel)
{
	Control control;
	char byte;
	struct iovec part = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof control};
	ssize_t got;
	int connection = -1;

	do
		got = recvmsg (channel, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got == 1 && message.msg_controllen >= CMSG_LEN (sizeof (int)) &&
	    control.header.cmsg_level == SOL_SOCKET && control.header.cmsg_type == SCM_RIGHTS)
		memcpy (&connection, CMSG_DATA (&control.header), sizeof connection);
	return connection;
}

int
wire_handover_ask (int channel)
{
	const char byte = 0;
	int connection = -1;
	ssize_t sent;

	do
		sent = send (channel, &byte, 1, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent == 1)
		connection = receive_connection (channel);
	if (connection < 0)
		errno = ECONNREFUSED;
	return connection;
}
