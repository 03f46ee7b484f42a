/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Start, events and end of enrolee-exchange. What the child says is input from outside: lines are
 * bounded, and one that is not understood ends it.
 */
#include <config.h>

#include "provisioner/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <gio/gunixinputstream.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "provisioner/codec-json.h"
#include "provisioner/error.h"
#include "provisioner/exchange-protocol.h"
#include "provisioner/handover.h"

#define LINE_MAX_BYTES (256 * 1024)

struct _PvSupervisor {
	PvSupervisorCalls calls;
	gpointer data;
	GSubprocess *child;
	PvHandover *handover; /* (nullable) */
	int socket; /* of @events, which closes it */
	GInputStream *events;
	GByteArray *line;
	GCancellable *cancellable;
	guint timer;
	char *problem;
	gboolean events_ended, child_ended;
};

/* The first reason counts. */
void
pv_supervisor_end (PvSupervisor *supervisor, const char *problem)
{
	if (supervisor->problem == NULL)
		supervisor->problem = g_strdup (problem);
	g_subprocess_force_exit (supervisor->child);
}

void
pv_supervisor_answer (PvSupervisor *supervisor, const char *problem)
{
	g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), json_object_new ());
	g_autofree char *text = NULL;
	g_autofree char *line = NULL;
	JsonObject *answer = json_node_get_object (node);
	gssize sent;

	json_object_set_boolean_member (answer, "ok", problem == NULL);
	if (problem != NULL)
		json_object_set_string_member (answer, "message", problem);
	text = json_to_string (node, FALSE);
	line = g_strconcat (text, "\n", NULL);
	sent = send (supervisor->socket, line, strlen (line), MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent < 0 && errno == EPIPE)
		return; /* it is gone, and its end will be told */
	if (sent != (gssize) strlen (line))
		pv_supervisor_end (supervisor, "the exchange's process does not take an answer");
}

static void
maybe_ended (PvSupervisor *supervisor)
{
	if (supervisor->events_ended && supervisor->child_ended)
		supervisor->calls.ended (supervisor->data, supervisor->problem);
}

/* FALSE: @supervisor may be gone, or its child is being ended. */
static gboolean
take_line (PvSupervisor *supervisor, const char *line, gsize len)
{
	g_autoptr (JsonNode) root = NULL;

	if (supervisor->problem != NULL)
		return FALSE;
	root = pv_json_parse (line, len, LINE_MAX_BYTES, NULL);
	if (root == NULL) {
		pv_supervisor_end (supervisor, "the exchange's process said something that is no event");
		return FALSE;
	}
	supervisor->calls.event (supervisor->data, json_node_get_object (root));
	return TRUE;
}

static void
take_lines (PvSupervisor *supervisor)
{
	GByteArray *line = supervisor->line;
	guint8 *end;

	while ((end = memchr (line->data, '\n', line->len)) != NULL) {
		gsize len = end - line->data;

		if (!take_line (supervisor, (const char *) line->data, len))
			return;
		g_byte_array_remove_range (line, 0, len + 1);
	}
	if (line->len > LINE_MAX_BYTES)
		pv_supervisor_end (supervisor, "the exchange's process said too much at once");
}

static void read_events (PvSupervisor *supervisor);

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
	PvSupervisor *supervisor;
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) bytes =
		g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);
	gsize len = 0;
	const guint8 *text;

	if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return; /* the supervisor was freed */
	supervisor = data;
	text = bytes != NULL ? g_bytes_get_data (bytes, &len) : NULL;
	if (len == 0) {
		supervisor->events_ended = TRUE;
		maybe_ended (supervisor);
		return;
	}
	if (supervisor->problem == NULL) {
		g_byte_array_append (supervisor->line, text, len);
		take_lines (supervisor);
	}
	read_events (supervisor);
}

static void
read_events (PvSupervisor *supervisor)
{
	g_input_stream_read_bytes_async (supervisor->events,
					 8192,
					 G_PRIORITY_DEFAULT,
					 supervisor->cancellable,
					 on_read,
					 supervisor);
}

static void
on_child_exit (GObject *source, GAsyncResult *result, gpointer data)
{
	PvSupervisor *supervisor;
	g_autoptr (GError) error = NULL;

	(void) g_subprocess_wait_finish (G_SUBPROCESS (source), result, &error);
	if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	supervisor = data;
	if (g_subprocess_get_if_signaled (supervisor->child) && supervisor->problem == NULL)
		supervisor->problem = g_strdup_printf ("the exchange's process was ended by signal %d",
						       g_subprocess_get_term_sig (supervisor->child));
	supervisor->child_ended = TRUE;
	maybe_ended (supervisor);
}

static gboolean
on_limit (gpointer data)
{
	PvSupervisor *supervisor = data;

	supervisor->timer = 0;
	pv_supervisor_end (supervisor, "the exchange took too long");
	return G_SOURCE_REMOVE;
}

/* The job as a memory file: no pipe that could fill up. */
static int
make_job (const char *job, GError **error)
{
	int fd = memfd_create ("job", MFD_CLOEXEC);
	gsize len = strlen (job);

	if (fd >= 0 && write (fd, job, len) == (gssize) len && lseek (fd, 0, SEEK_SET) == 0)
		return fd;
	g_set_error (error, PV_ERROR, PV_ERROR_LOCAL, "no memory file: %s", g_strerror (errno));
	if (fd >= 0)
		close (fd);
	return -1;
}

/* In the child, before exec: it does not outlive enroleed. */
static void
tie_to_parent (gpointer data)
{
	(void) prctl (PR_SET_PDEATHSIG, SIGKILL);
}

/* Descriptors for the child, which become its own; -1 for none. */
typedef struct {
	int job, event, trace, keystore;
} Descriptors;

static void
give (GSubprocessLauncher *launcher, const Descriptors *fds)
{
	g_subprocess_launcher_take_fd (launcher, fds->job, PV_EXCHANGE_JOB_FD);
	g_subprocess_launcher_take_fd (launcher, fds->event, PV_EXCHANGE_EVENT_FD);
	if (fds->trace >= 0)
		g_subprocess_launcher_take_fd (launcher, fds->trace, PV_EXCHANGE_TRACE_FD);
	if (fds->keystore >= 0)
		g_subprocess_launcher_take_fd (launcher, fds->keystore, PV_EXCHANGE_KEYSTORE_FD);
}

static GSubprocess *
spawn (const PvSupervisorSetup *setup, const Descriptors *fds, GError **error)
{
	g_autoptr (GSubprocessLauncher) launcher =
		g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
	g_autoptr (GPtrArray) argv = g_ptr_array_new ();
	g_autoptr (GError) local = NULL;
	GSubprocess *child;

	g_ptr_array_add (argv, (char *) setup->program);
	for (gsize i = 0; setup->arguments != NULL && setup->arguments[i] != NULL; i++)
		g_ptr_array_add (argv, (char *) setup->arguments[i]);
	g_ptr_array_add (argv, NULL);
	give (launcher, fds);
	g_subprocess_launcher_setenv (launcher, "ENROLEE_RUNTIME_DIR", setup->runtime_dir, TRUE);
	g_subprocess_launcher_set_child_setup (launcher, tie_to_parent, NULL, NULL);
	child = g_subprocess_launcher_spawnv (
		launcher, (const char *const *) argv->pdata, &local);
	if (child == NULL)
		g_set_error (error,
			     PV_ERROR,
			     PV_ERROR_LOCAL,
			     "cannot start %s: %s",
			     setup->program,
			     local->message);
	return child;
}

static gboolean
make_pair (int pair[2], GError **error)
{
	if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0)
		return TRUE;
	g_set_error (error, PV_ERROR, PV_ERROR_LOCAL, "no socket: %s", g_strerror (errno));
	return FALSE;
}

static void
close_all (const Descriptors *fds)
{
	if (fds->job >= 0)
		close (fds->job);
	if (fds->keystore >= 0)
		close (fds->keystore);
}

PvSupervisor *
pv_supervisor_start (const PvSupervisorSetup *setup,
		     const char *job,
		     const PvScope *scope,
		     int trace_fd,
		     const PvSupervisorCalls *calls,
		     gpointer data,
		     GError **error)
{
	g_autoptr (PvHandover) handover = NULL;
	Descriptors fds = {-1, -1, -1, -1};
	int pair[2];
	GSubprocess *child;
	PvSupervisor *supervisor;

	if (scope != NULL) {
		handover = pv_handover_new (setup->runtime_dir, scope, &fds.keystore, error);
		if (handover == NULL)
			return NULL;
	}
	fds.job = make_job (job, error);
	if (fds.job < 0 || !make_pair (pair, error)) {
		close_all (&fds);
		return NULL;
	}
	fds.event = pair[1];
	if (trace_fd >= 0)
		fds.trace = fcntl (trace_fd, F_DUPFD_CLOEXEC, 3);
	child = spawn (setup, &fds, error);
	if (child == NULL) {
		close (pair[0]);
		return NULL;
	}
	supervisor = g_new0 (PvSupervisor, 1);
	supervisor->calls = *calls;
	supervisor->data = data;
	supervisor->child = child;
	supervisor->handover = g_steal_pointer (&handover);
	supervisor->line = g_byte_array_new ();
	supervisor->cancellable = g_cancellable_new ();
	supervisor->socket = pair[0];
	supervisor->events = g_unix_input_stream_new (pair[0], TRUE);
	supervisor->timer = g_timeout_add_seconds (setup->limit_s, on_limit, supervisor);
	g_subprocess_wait_async (child, supervisor->cancellable, on_child_exit, supervisor);
	read_events (supervisor);
	return supervisor;
}

void
pv_supervisor_free (PvSupervisor *supervisor)
{
	if (supervisor == NULL)
		return;
	g_cancellable_cancel (supervisor->cancellable);
	g_subprocess_force_exit (supervisor->child);
	if (supervisor->timer != 0)
		g_source_remove (supervisor->timer);
	g_object_unref (supervisor->cancellable);
	g_object_unref (supervisor->events);
	g_object_unref (supervisor->child);
	pv_handover_free (supervisor->handover);
	g_byte_array_unref (supervisor->line);
	g_free (supervisor->problem);
	g_free (supervisor);
}
