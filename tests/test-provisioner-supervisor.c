/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The supervisor with children of the test's own (shell scripts): job and events arrive, an end is
 * told once and after the last event, nonsense and time end the child.
 */
#include <config.h>

#include <signal.h>

#include "provisioner/error.h"
#include "provisioner/supervisor.h"

typedef struct {
	GMainLoop *loop;
	GPtrArray *events;
	PvSupervisor *supervisor;
	char *problem;
	guint n_ends;
} Heard;

static void
on_event (gpointer data, JsonObject *event)
{
	Heard *heard = data;
	const char *name = json_object_get_string_member (event, "event");

	g_assert_cmpuint (heard->n_ends, ==, 0);
	g_ptr_array_add (heard->events, g_strdup (name));
	if (g_str_equal (name, "ask"))
		pv_supervisor_answer (heard->supervisor, NULL);
	else if (g_str_equal (name, "ask-in-vain"))
		pv_supervisor_answer (heard->supervisor, "the disk is \"full\"");
}

static void
on_ended (gpointer data, const char *problem)
{
	Heard *heard = data;

	heard->n_ends++;
	heard->problem = g_strdup (problem);
	g_clear_pointer (&heard->supervisor, pv_supervisor_free);
	g_main_loop_quit (heard->loop);
}

static const PvSupervisorCalls calls = {on_event, on_ended};

static void
run (Heard *heard, const char *script, guint limit_s)
{
	const char *arguments[] = {"-c", script, NULL};
	const PvSupervisorSetup setup = {"/bin/sh", arguments, "/nowhere", limit_s};
	g_autoptr (GError) error = NULL;

	*heard = (Heard){.loop = g_main_loop_new (NULL, FALSE),
			 .events = g_ptr_array_new_with_free_func (g_free)};
	heard->supervisor = pv_supervisor_start (&setup, "{\"event\":\"job\"}", NULL, -1, &calls, heard, &error);
	g_assert_no_error (error);
	g_main_loop_run (heard->loop);
	g_assert_cmpuint (heard->n_ends, ==, 1);
}

static void
clear (Heard *heard)
{
	g_main_loop_unref (heard->loop);
	g_ptr_array_unref (heard->events);
	g_free (heard->problem);
}

static void
test_events (void)
{
	Heard heard;

	run (&heard,
	     "cat <&3 >&4; echo >&4; printf '{\"event\":\"%s\"}\\n' \"$ENROLEE_RUNTIME_DIR\" done >&4",
	     30);
	g_assert_null (heard.problem);
	g_assert_cmpuint (heard.events->len, ==, 3);
	g_assert_cmpstr (heard.events->pdata[0], ==, "job");
	g_assert_cmpstr (heard.events->pdata[1], ==, "/nowhere");
	g_assert_cmpstr (heard.events->pdata[2], ==, "done");
	clear (&heard);
}

static void
test_answers (void)
{
	Heard heard;

	run (&heard,
	     "for ask in ask ask-in-vain; do echo '{\"event\":\"'$ask'\"}' >&4; read -r answer <&4;"
	     " case $answer in '{\"ok\":true}') echo '{\"event\":\"yes\"}' >&4;;"
	     " '{\"ok\":false,\"message\":\"the disk is \\\"full\\\"\"}') echo '{\"event\":\"no\"}' >&4;; esac; done",
	     30);
	g_assert_null (heard.problem);
	g_assert_cmpuint (heard.events->len, ==, 4);
	g_assert_cmpstr (heard.events->pdata[1], ==, "yes");
	g_assert_cmpstr (heard.events->pdata[3], ==, "no");
	clear (&heard);
}

/* One that asks and never listens is ended before its answers are too many. */
static void
test_deaf (void)
{
	Heard heard;

	run (&heard, "while echo '{\"event\":\"ask\"}' >&4; do :; done", 60);
	g_assert_cmpstr (heard.problem, ==, "the exchange's process does not take an answer");
	clear (&heard);
}

static void
test_silent (void)
{
	Heard heard;

	run (&heard, "exit 1", 30);
	g_assert_null (heard.problem);
	g_assert_cmpuint (heard.events->len, ==, 0);
	clear (&heard);
}

static void
test_killed (void)
{
	Heard heard;

	run (&heard, "echo '{\"event\":\"a\"}' >&4; kill -KILL $$", 30);
	g_assert_cmpstr (heard.problem, ==, "the exchange's process was ended by signal 9");
	g_assert_cmpuint (heard.events->len, ==, 1);
	clear (&heard);
}

static void
test_nonsense (void)
{
	Heard heard;

	run (&heard, "echo '[1]' >&4; echo '{\"event\":\"after\"}' >&4; exec sleep 100", 30);
	g_assert_cmpstr (heard.problem, ==, "the exchange's process said something that is no event");
	g_assert_cmpuint (heard.events->len, ==, 0);
	clear (&heard);
}

static void
test_endless_line (void)
{
	Heard heard;

	run (&heard, "exec cat /dev/zero >&4", 30);
	g_assert_cmpstr (heard.problem, ==, "the exchange's process said too much at once");
	clear (&heard);
}

static void
test_limit (void)
{
	Heard heard;

	run (&heard, "echo '{\"event\":\"a\"}' >&4; exec sleep 100", 1);
	g_assert_cmpstr (heard.problem, ==, "the exchange took too long");
	g_assert_cmpuint (heard.events->len, ==, 1);
	clear (&heard);
}

static void
test_no_program (void)
{
	const PvSupervisorSetup setup = {"/nowhere/enrolee-exchange", NULL, "/nowhere", 10};
	g_autoptr (GError) error = NULL;

	g_assert_null (pv_supervisor_start (&setup, "{}", NULL, -1, &calls, NULL, &error));
	g_assert_error (error, PV_ERROR, PV_ERROR_LOCAL);
}

static gboolean
quit (gpointer loop)
{
	g_main_loop_quit (loop);
	return G_SOURCE_REMOVE;
}

/* Freed under way: the child ends, and nothing is called. */
static void
test_freed (void)
{
	const char *arguments[] = {"-c", "exec sleep 100", NULL};
	const PvSupervisorSetup setup = {"/bin/sh", arguments, "/nowhere", 30};
	g_autoptr (GError) error = NULL;
	g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
	PvSupervisor *supervisor = pv_supervisor_start (&setup, "{}", NULL, -1, &calls, NULL, &error);

	g_assert_no_error (error);
	pv_supervisor_free (supervisor);
	g_timeout_add (50, quit, loop); /* not a wait for something: what must not come would come now */
	g_main_loop_run (loop);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/supervisor/events", test_events);
	g_test_add_func ("/supervisor/answers", test_answers);
	g_test_add_func ("/supervisor/deaf", test_deaf);
	g_test_add_func ("/supervisor/silent", test_silent);
	g_test_add_func ("/supervisor/killed", test_killed);
	g_test_add_func ("/supervisor/nonsense", test_nonsense);
	g_test_add_func ("/supervisor/endless-line", test_endless_line);
	g_test_add_func ("/supervisor/limit", test_limit);
	g_test_add_func ("/supervisor/no-program", test_no_program);
	g_test_add_func ("/supervisor/freed", test_freed);
	return g_test_run ();
}
