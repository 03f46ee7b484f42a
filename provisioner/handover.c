/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See handover.h. */
#include <config.h>

#include "provisioner/handover.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <unistd.h>

#include "keystore/wire/handover.h"
#include "provisioner/error.h"
#include "provisioner/limits.h"

#define ANSWER_WAIT_S 15 /* what the child waits at most: enroleed itself may wait for the keystore */

struct _PvHandover {
	char *runtime_dir;
	PvScope scope;
	int channel;
	guint source;
	guint given;
};

static gboolean
answer (PvHandover *handover)
{
	g_autoptr (GError) error = NULL;
	int connection = pv_keystore_narrow (handover->runtime_dir, &handover->scope, &error);
	gboolean given = wire_handover_give (handover->channel, connection);

	if (connection < 0)
		return given; /* none now: the child asks again in its own time */
	close (connection);
	handover->given++;
	return given;
}

/* No exchange needs so many, but one that is to shut others out. */
static gboolean
on_ask (gint channel, GIOCondition condition, gpointer data)
{
	PvHandover *handover = data;

	if (wire_handover_wanted (channel) && handover->given < PV_HANDOVERS_MAX &&
	    answer (handover))
		return G_SOURCE_CONTINUE;
	handover->source = 0;
	shutdown (channel, SHUT_RDWR);
	return G_SOURCE_REMOVE;
}

PvHandover *
pv_handover_new (const char *runtime_dir, const PvScope *scope, int *child_fd, GError **error)
{
	const struct timeval wait = {.tv_sec = ANSWER_WAIT_S};
	PvHandover *handover;
	int pair[2];

	if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		g_set_error (error, PV_ERROR, PV_ERROR_LOCAL, "no channel: %s", g_strerror (errno));
		return NULL;
	}
	(void) setsockopt (pair[1], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	handover = g_new0 (PvHandover, 1);
	handover->runtime_dir = g_strdup (runtime_dir);
	handover->scope = (PvScope){g_strdup (scope->uses), g_strdup (scope->stages)};
	handover->channel = pair[0];
	handover->source = g_unix_fd_add (pair[0], G_IO_IN | G_IO_HUP, on_ask, handover);
	*child_fd = pair[1];
	return handover;
}

void
pv_handover_free (PvHandover *handover)
{
	if (handover == NULL)
		return;
	if (handover->source != 0)
		g_source_remove (handover->source);
	close (handover->channel);
	g_free (handover->runtime_dir);
	pv_scope_clear (&handover->scope);
	g_free (handover);
}
