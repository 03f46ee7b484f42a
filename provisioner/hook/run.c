/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A command as its user. All that needs memory is done before the fork: the process has other threads
 * (GDBus), so its child may only make system calls.
 */
#include <config.h>

#include "provisioner/hook/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provisioner/error.h"

/* From the asking to the end by force. */
#define GRACE_MS 5000

/* Where the child has the descriptor that tells how its start failed. */
#define PROBLEM_FD 3

typedef struct {
	const PvRenewAction *action;
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	int n_groups;
	GStrv environment;
} Plan;

static void
plan_clear (Plan *plan)
{
	g_free (plan->groups);
	g_strfreev (plan->environment);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Plan, plan_clear)

static GStrv
make_environment (const PvHookOrder *order, const struct passwd *user)
{
	g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
	const char *const variables[][2] = {
		{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		{"LANG", "C.UTF-8"},
		{"USER", user->pw_name},
		{"LOGNAME", user->pw_name},
		{"HOME", user->pw_dir},
		{"SHELL", "/bin/sh"},
		{"ENROLEE_CREDENTIAL", order->credential},
		{"ENROLEE_CREDENTIAL_DIR", order->folder},
	};

	for (gsize i = 0; i < G_N_ELEMENTS (variables); i++) {
		g_autofree char *text = g_strconcat (variables[i][0], "=", variables[i][1], NULL);

		g_strv_builder_add (builder, text);
	}
	return g_strv_builder_end (builder);
}

static gboolean
find_groups (Plan *plan, GError **error)
{
	plan->n_groups = 64;
	for (int i = 0; i < 2; i++) {
		plan->groups = g_renew (gid_t, plan->groups, plan->n_groups);
		if (getgrouplist (plan->action->user, plan->gid, plan->groups, &plan->n_groups) >= 0)
			return TRUE; /* else it has said how many there are */
	}
	g_set_error (error,
		     PV_ERROR,
		     PV_ERROR_FAILED,
		     "the groups of %s cannot be looked up",
		     plan->action->user);
	return FALSE;
}

static gboolean
make_plan (const PvHookOrder *order, const PvRenewAction *action, Plan *plan, GError **error)
{
	const struct passwd *user;

	errno = 0;
	user = getpwnam (action->user);
	if (user == NULL) {
		g_set_error (error,
			     PV_ERROR,
			     PV_ERROR_FAILED,
			     errno == 0 ? "there is no user %s" : "the user %s cannot be looked up",
			     action->user);
		return FALSE;
	}
	plan->action = action;
	plan->uid = user->pw_uid;
	plan->gid = user->pw_gid;
	plan->environment = make_environment (order, user);
	return find_groups (plan, error);
}

/* In the child, which is the user's from here on. 0 or -1 with errno. */
static int
become (const Plan *plan)
{
	if (geteuid () == 0 && setgroups (plan->n_groups, plan->groups) != 0)
		return -1;
	if (setresgid (plan->gid, plan->gid, plan->gid) != 0 ||
	    setresuid (plan->uid, plan->uid, plan->uid) != 0 ||
	    prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return prctl (PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* forgotten when the user changes */
}

static int
use_descriptors (int output, int problem)
{
	int null = open ("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null < 0 || dup2 (null, STDIN_FILENO) < 0 || dup2 (output, STDOUT_FILENO) < 0 ||
	    dup2 (output, STDERR_FILENO) < 0)
		return -1;
	if (problem != PROBLEM_FD && dup3 (problem, PROBLEM_FD, O_CLOEXEC) < 0)
		return -1;
	return close_range (PROBLEM_FD + 1, ~0u, 0);
}

static void G_GNUC_NORETURN
child (const Plan *plan, pid_t parent, int output, int problem)
{
	sigset_t none;
	int code;

	for (int i = 1; i < NSIG; i++)
		(void) signal (i, SIG_DFL);
	sigemptyset (&none);
	(void) sigprocmask (SIG_SETMASK, &none, NULL);
	(void) setsid ();
	(void) umask (022);
	if (use_descriptors (output, problem) == 0) {
		problem = PROBLEM_FD;
		if (chdir ("/") == 0 && become (plan) == 0 && getppid () == parent)
			(void) execve (plan->action->argv[0], plan->action->argv, plan->environment);
	}
	code = errno;
	if (write (problem, &code, sizeof code) < 0)
		_exit (126);
	_exit (127);
}

/* What is there, without waiting; FALSE when there was nothing. */
static gboolean
take_output (int fd, PvHookOutput *output)
{
	char buffer[4096];
	gssize len = read (fd, buffer, sizeof buffer);

	if (len > 0)
		pv_hook_output_take (output, buffer, len);
	return len > 0;
}

/* What the pipe holds at the end. Something that got away may still write, so there is an end to it. */
static void
take_rest (int fd, PvHookOutput *output)
{
	for (int i = 0; i < 64 && take_output (fd, output); i++)
		;
}

/* Waits for the end of the process, which may have to be asked for. FALSE: it had to. */
static gboolean
watch (pid_t pid, int process, int output_fd, guint limit_s, PvHookOutput *output)
{
	static const int signals[] = {SIGTERM, SIGKILL};
	struct pollfd polled[] = {{.fd = process, .events = POLLIN}, {.fd = output_fd, .events = POLLIN}};
	gint64 end_ms = g_get_monotonic_time () / 1000 + limit_s * (gint64) 1000;
	gsize sent = 0;

	while ((polled[0].revents & POLLIN) == 0) {
		gboolean may_end = sent < G_N_ELEMENTS (signals);
		gint64 left_ms = end_ms - g_get_monotonic_time () / 1000;

		if (left_ms <= 0 && may_end) {
			(void) kill (-pid, signals[sent++]);
			end_ms += GRACE_MS;
			continue;
		}
		if (poll (polled, G_N_ELEMENTS (polled), may_end ? (int) MIN (left_ms, G_MAXINT) : -1) < 0)
			polled[0].revents = polled[1].revents = 0; /* EINTR */
		if (polled[1].revents != 0 && !take_output (output_fd, output))
			polled[1].fd = -1; /* nobody has it open any more */
	}
	return sent == 0;
}

static gboolean
judge (int status, gboolean in_time, guint limit_s, GError **error)
{
	if (!in_time)
		g_set_error (error, PV_ERROR, PV_ERROR_TIMEOUT, "was ended after %u s", limit_s);
	else if (WIFSIGNALED (status))
		g_set_error (error, PV_ERROR, PV_ERROR_FAILED, "was ended by signal %d", WTERMSIG (status));
	else if (WEXITSTATUS (status) != 0)
		g_set_error (
			error, PV_ERROR, PV_ERROR_FAILED, "ended with status %d", WEXITSTATUS (status));
	else
		return TRUE;
	return FALSE;
}

static gboolean
refuse_start (int code, GError **error)
{
	g_set_error (error, PV_ERROR, PV_ERROR_LOCAL, "cannot be started: %s", g_strerror (code));
	return FALSE;
}

/* Takes the ends of the pipes that are ours. */
static gboolean
attend (pid_t pid, int output_fd, int problem_fd, const PvHookOrder *order, const char *prefix, GError **error)
{
	g_autoptr (PvHookOutput) output = pv_hook_output_new (prefix);
	int process = pidfd_open (pid, 0);
	int code = 0, status = 0;
	gboolean started, in_time;

	started = read (problem_fd, &code, sizeof code) == 0 && process >= 0;
	in_time = started && watch (pid, process, output_fd, order->limit_s, output);
	(void) kill (-pid, SIGKILL); /* what it left behind; its number is ours until it is waited for */
	while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
		;
	take_rest (output_fd, output);
	if (process >= 0)
		close (process);
	close (output_fd);
	close (problem_fd);
	return started ? judge (status, in_time, order->limit_s, error)
		       : refuse_start (code != 0 ? code : EAGAIN, error);
}

gboolean
pv_hook_run (const PvHookOrder *order, const PvRenewAction *action, GError **error)
{
	g_auto (Plan) plan = {0};
	g_autofree char *name = g_path_get_basename (action->argv[0]);
	g_autofree char *prefix = g_strconcat (order->credential, ": ", name, NULL);
	int output[2], problem[2];
	pid_t parent = getpid ();
	pid_t pid;
	int code;

	if (!make_plan (order, action, &plan, error))
		return FALSE;
	if (!g_unix_open_pipe (output, FD_CLOEXEC, error))
		return FALSE;
	if (!g_unix_open_pipe (problem, FD_CLOEXEC, error)) {
		close (output[0]);
		close (output[1]);
		return FALSE;
	}
	(void) fcntl (output[0], F_SETFL, O_NONBLOCK);
	pid = fork ();
	code = errno;
	if (pid == 0)
		child (&plan, parent, output[1], problem[1]);
	close (output[1]);
	close (problem[1]);
	if (pid > 0)
		return attend (pid, output[0], problem[0], order, prefix, error);
	close (output[0]);
	close (problem[0]);
	return refuse_start (code, error);
}
