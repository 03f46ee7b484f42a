/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The module inside programs that fork, change their user, close descriptors, run out of them, have
 * threads.
 */
#include <config.h>

#include "tests/module-fixture.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- fork ---- */

static int
sign_in_child (gpointer data)
{
	ModuleFixture *fixture = data;

	for (int i = 0; i < 20; i++) {
		if (module_sign (fixture->session) != CKR_OK)
			return 1;
	}
	return module_count_class (fixture->session, CKO_PRIVATE_KEY) == 3 ? 0 : 2;
}

static int
initialize_in_child (gpointer data)
{
	ModuleFixture *fixture = data;

	if (p11->C_Initialize (NULL) != CKR_OK)
		return 1;
	if (p11->C_Initialize (NULL) != CKR_CRYPTOKI_ALREADY_INITIALIZED)
		return 2;
	return module_sign (fixture->session) == CKR_OK ? 0 : 3;
}

static int
finalize_in_child (gpointer data)
{
	ModuleFixture *fixture = data;

	clearenv ();
	if (p11->C_Finalize (NULL) != CKR_OK)
		return 1;
	if (module_sign (fixture->session) != CKR_CRYPTOKI_NOT_INITIALIZED)
		return 2;
	return module_sign (module_start ()) == CKR_OK ? 0 : 3;
}

static void
test_fork (ModuleFixture *fixture, gconstpointer data)
{
	in_child (sign_in_child, fixture);
	in_child (initialize_in_child, fixture);
	in_child (finalize_in_child, fixture);
	/* the parent's connection was not touched */
	g_assert_cmpuint (module_sign (fixture->session), ==, CKR_OK);
	g_assert_cmpuint (fake_get (fixture->fake, &fixture->fake->n_connections), ==, 4);
}

typedef struct {
	GMutex lock;
	gboolean stop;
	guint failed;
	guint done;
} Load;

static gboolean
load_ended (Load *load, CK_RV rv)
{
	gboolean stop;

	g_mutex_lock (&load->lock);
	load->done++;
	if (rv != CKR_OK)
		load->failed++;
	stop = load->stop;
	g_mutex_unlock (&load->lock);
	return stop;
}

static gpointer
sign_until_stopped (gpointer data)
{
	CK_SESSION_HANDLE session;
	CK_RV rv;

	do {
		rv = p11->C_OpenSession (0, CKF_SERIAL_SESSION, NULL, NULL, &session);
		for (int i = 0; i < 5 && rv == CKR_OK; i++)
			rv = module_sign (session);
		if (rv == CKR_OK && module_count_class (session, CKO_PRIVATE_KEY) != 3)
			rv = CKR_GENERAL_ERROR;
		p11->C_CloseSession (session);
	} while (!load_ended (data, rv));
	return NULL;
}

#define N_THREADS 12

static void
load_start (Load *load, GThread **threads)
{
	g_mutex_init (&load->lock);
	for (int i = 0; i < N_THREADS; i++)
		threads[i] = g_thread_new ("load", sign_until_stopped, load);
}

static void
load_stop (Load *load, GThread **threads)
{
	g_mutex_lock (&load->lock);
	load->stop = TRUE;
	g_mutex_unlock (&load->lock);
	for (int i = 0; i < N_THREADS; i++)
		g_thread_join (threads[i]);
	g_assert_cmpuint (load->done, >=, N_THREADS);
	g_assert_cmpuint (load->failed, ==, 0);
}

/* Locks that other threads hold when a child is forked do not stop the child. */
static void
test_fork_threads (ModuleFixture *fixture, gconstpointer data)
{
	GThread *threads[N_THREADS];
	Load load = {0};

	load_start (&load, threads);
	for (int i = 0; i < 30; i++)
		in_child (sign_in_child, fixture);
	load_stop (&load, threads);
}

/* At most eight connections, however many threads. */
static void
test_threads (ModuleFixture *fixture, gconstpointer data)
{
	GThread *threads[N_THREADS];
	Load load = {0};

	load_start (&load, threads);
	for (int i = 0; i < 5; i++) {
		g_usleep (20000);
		fake_publish (fixture->fake);
	}
	load_stop (&load, threads);
	g_assert_cmpuint (fake_get (fixture->fake, &fixture->fake->n_connections), <=, 8);
}

static void
test_restart_threads (ModuleFixture *fixture, gconstpointer data)
{
	GThread *threads[N_THREADS];
	Load load = {0};

	load_start (&load, threads);
	for (int i = 0; i < 20; i++) {
		g_usleep (10000);
		fake_stop (fixture->fake, i % 2 == 0);
		fake_start (fixture->fake);
	}
	load_stop (&load, threads);
}

/* ---- ids, descriptors ---- */

static int
change_user (gpointer data)
{
	ModuleFixture *fixture = data;

	if (setgroups (0, NULL) != 0 || setgid (65533) != 0 || setuid (65533) != 0)
		return 1;
	return module_sign (fixture->session) == CKR_OK ? 0 : 2;
}

static void
test_user (ModuleFixture *fixture, gconstpointer data)
{
	guint views;

	if (getuid () != 0) {
		g_test_skip ("needs root");
		return;
	}
	in_child (change_user, fixture);
	g_assert_cmpuint (fake_get (fixture->fake, &fixture->fake->last_uid), ==, 65533);
	/* in one process, there and back; what it may see is asked for anew */
	g_assert_cmpint (seteuid (65533), ==, 0);
	g_assert_cmpuint (module_sign (fixture->session), ==, CKR_OK);
	g_usleep (110000);
	views = fake_get (fixture->fake, &fixture->fake->n_views);
	g_assert_cmpuint (module_count_class (fixture->session, CKO_PRIVATE_KEY), ==, 3);
	g_assert_cmpuint (fake_get (fixture->fake, &fixture->fake->n_views), ==, views + 1);
	g_assert_cmpuint (module_count_class (fixture->session, CKO_PRIVATE_KEY), ==, 3);
	g_assert_cmpuint (fake_get (fixture->fake, &fixture->fake->n_views), ==, views + 1);
	g_assert_cmpint (seteuid (0), ==, 0);
	g_assert_cmpuint (module_sign (fixture->session), ==, CKR_OK);
	g_assert_cmpuint (fake_get (fixture->fake, &fixture->fake->last_uid), ==, 0);
}

/* The program closes everything and opens pipes of its own on the same numbers. */
static int
take_descriptors (gpointer data)
{
	ModuleFixture *fixture = data;
	int pipes[20][2];
	char byte;

	if (module_sign (fixture->session) != CKR_OK)
		return 1;
	for (int fd = 3; fd < 256; fd++)
		close (fd);
	for (int i = 0; i < 20; i++) {
		if (pipe2 (pipes[i], O_NONBLOCK) != 0)
			return 2;
	}
	if (module_sign (fixture->session) != CKR_OK ||
	    module_count_class (fixture->session, CKO_PRIVATE_KEY) != 3)
		return 3;
	p11->C_Finalize (NULL);
	for (int i = 0; i < 20; i++) {
		if (read (pipes[i][0], &byte, 1) != -1 || errno != EAGAIN ||
		    write (pipes[i][1], "x", 1) != 1)
			return 4;
	}
	return 0;
}

static void
test_closed_descriptors (ModuleFixture *fixture, gconstpointer data)
{
	in_child (take_descriptors, fixture);
	g_assert_cmpuint (module_sign (fixture->session), ==, CKR_OK);
}

/* What a daemon prints after it closed its standard descriptors must not reach the keystore. */
static int
close_standard (gpointer data)
{
	ModuleFixture *fixture = data;

	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		close (fd);
	if (module_sign (fixture->session) != CKR_OK)
		return 1;
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		if (write (fd, "x", 1) != -1 || errno != EBADF)
			return 2;
	}
	return 0;
}

static void
test_standard_descriptors (ModuleFixture *fixture, gconstpointer data)
{
	in_child (close_standard, fixture);
}

/* The only number left is the one of the parent's connection, which the child gives up. */
static int
use_up_descriptors (gpointer data)
{
	ModuleFixture *fixture = data;
	struct rlimit few = {128, 128};

	if (setrlimit (RLIMIT_NOFILE, &few) != 0)
		return 1;
	while (open ("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
		continue;
	return errno == EMFILE && module_sign (fixture->session) == CKR_OK ? 0 : 2;
}

static void
test_no_descriptors (ModuleFixture *fixture, gconstpointer data)
{
	in_child (use_up_descriptors, fixture);
	/* the child's connection breaks: its number must be free before the next is made */
	fake_set_mood (fixture->fake, FAKE_DROP_ONCE);
	in_child (use_up_descriptors, fixture);
	g_assert_cmpuint (fake_get (fixture->fake, &fixture->fake->mood), ==, FAKE_BEHAVE);
}

static void
test_close_on_exec (ModuleFixture *fixture, gconstpointer data)
{
	guint sockets = 0;

	for (int fd = 3; fd < 256; fd++) {
		struct stat file;

		if (fstat (fd, &file) != 0 || !S_ISSOCK (file.st_mode))
			continue;
		sockets++;
		g_assert_true (fcntl (fd, F_GETFD) & FD_CLOEXEC);
	}
	g_assert_cmpuint (sockets, >=, 2);
}

/* SIGPIPE keeps its default: a write to a keystore that ended would kill the program. */
static int
no_sigpipe (gpointer data)
{
	ModuleFixture *fixture = data;

	signal (SIGPIPE, SIG_DFL);
	return module_sign (fixture->session) == CKR_OK ? 0 : 1;
}

static void
test_sigpipe (ModuleFixture *fixture, gconstpointer data)
{
	struct sigaction before, by_default = {.sa_handler = SIG_DFL};

	sigaction (SIGPIPE, &by_default, &before);
	for (int i = 0; i < 3; i++) {
		fake_stop (fixture->fake, FALSE);
		fake_start (fixture->fake);
		g_assert_cmpuint (module_sign (fixture->session), ==, CKR_OK);
		in_child (no_sigpipe, fixture);
	}
	sigaction (SIGPIPE, &before, NULL);
}

/* ---- the end of a program ---- */

/* ThreadSanitizer does not follow threads that a forked child starts. */
#ifdef __SANITIZE_THREAD__
#define CHILDREN_HAVE_THREADS FALSE
#else
#define CHILDREN_HAVE_THREADS TRUE
#endif

/* The leak checker's question: a forked child has what the test's threads own, and they are not
 * there. */
static int leaks_do_not_count;
int __lsan_is_turned_off (void);

int
__lsan_is_turned_off (void)
{
	return leaks_do_not_count;
}

static int
exit_with_threads (gpointer data)
{
	GThread *threads[N_THREADS];
	Load *load = g_new0 (Load, 1);

	leaks_do_not_count = TRUE;
	load_start (load, threads);
	g_usleep (20000);
	exit (0);
}

static void
test_exit (ModuleFixture *fixture, gconstpointer data)
{
	for (int i = 0; i < 5; i++)
		in_child (exit_with_threads, fixture);
}

static int
unload_with_threads (gpointer data)
{
	ModuleFixture *fixture = data;
	GThread *threads[N_THREADS];
	Load load = {0};

	load_start (&load, threads);
	dlclose (module_handle);
	load_stop (&load, threads);
	return module_sign (fixture->session) == CKR_OK ? 0 : 1;
}

static void
test_unload (ModuleFixture *fixture, gconstpointer data)
{
	in_child (unload_with_threads, fixture);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	module_load ();
	module_add ("fork", test_fork, 0);
	module_add ("fork-threads", test_fork_threads, 0);
	module_add ("threads", test_threads, 0);
	module_add ("restart-threads", test_restart_threads, 0);
	module_add ("user", test_user, 0);
	module_add ("closed-descriptors", test_closed_descriptors, 0);
	module_add ("standard-descriptors", test_standard_descriptors, 0);
	module_add ("no-descriptors", test_no_descriptors, 0);
	module_add ("close-on-exec", test_close_on_exec, 0);
	module_add ("sigpipe", test_sigpipe, 0);
	if (CHILDREN_HAVE_THREADS) {
		module_add ("exit", test_exit, 0);
		module_add ("unload", test_unload, 0);
	}
	return module_run_tests ();
}
