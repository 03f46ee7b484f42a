/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a confined exchange cannot, each beside what it still can: a child of the test is confined and
 * tries. Names are still resolved: the name server is one of the test's.
 */
#include <config.h>

#include "provisioner/exchange/confine.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <netdb.h>
#include <resolv.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NUMBER(value) ((const void *)(gsize)(value))
#define PARENT NUMBER (G_MAXINT) /* stands for the process that is not confined */
#define HERE NUMBER (AT_FDCWD)

static char buffer[64];
static const struct rlimit limit = {0, 0};
static const char *const arguments[] = {"true", NULL};
static const guint64 how[3];

/* In a folder that has the file "file". */
static const struct {
	const char *what;
	long call;
	const void *arguments[5];
	int error; /* 0: it works */
} attempts[] = {
	{"a unix socket", __NR_socket, {NUMBER (AF_UNIX), NUMBER (SOCK_SEQPACKET)}, EAFNOSUPPORT},
	{"another one", __NR_socket, {NUMBER (AF_UNIX), NUMBER (SOCK_STREAM)}, EAFNOSUPPORT},
	{"and another", __NR_socket, {NUMBER (AF_UNIX), NUMBER (SOCK_DGRAM)}, EAFNOSUPPORT},
	{"a raw device", __NR_socket, {NUMBER (AF_PACKET), NUMBER (SOCK_RAW)}, EAFNOSUPPORT},
	{"a host's socket", __NR_socket, {NUMBER (AF_VSOCK), NUMBER (SOCK_STREAM)}, EAFNOSUPPORT},
	{"no such family", __NR_socket, {NUMBER (0), NUMBER (SOCK_STREAM)}, EAFNOSUPPORT},
	{"IPv4", __NR_socket, {NUMBER (AF_INET), NUMBER (SOCK_STREAM)}, 0},
	{"UDP", __NR_socket, {NUMBER (AF_INET), NUMBER (SOCK_DGRAM)}, 0},
	{"netlink", __NR_socket, {NUMBER (AF_NETLINK), NUMBER (SOCK_RAW)}, 0},
	{"a pair", __NR_socketpair, {NUMBER (AF_UNIX), NUMBER (SOCK_STREAM), NUMBER (0), buffer}, 0},
	{"a program", __NR_execve, {"/bin/true", arguments, arguments + 1}, EPERM},
	{"a program by descriptor", __NR_execveat, {HERE, "file", arguments, arguments + 1}, EPERM},
	{"a namespace", __NR_unshare, {NUMBER (0)}, EPERM},
#ifndef SANITIZED
	{"a process to trace", __NR_ptrace, {NUMBER (0x4206), PARENT}, EPERM}, /* PTRACE_SEIZE */
#endif
	{"a process's memory", __NR_process_vm_readv, {PARENT}, EPERM},
	{"a process's memory to write", __NR_process_vm_writev, {PARENT}, EPERM},
	{"a process's descriptor", __NR_pidfd_open, {PARENT}, EPERM},
	{"descriptors of a process", __NR_pidfd_getfd, {NUMBER (0), NUMBER (0)}, EPERM},
	{"a signal", __NR_kill, {PARENT, NUMBER (0)}, EPERM},
	{"a signal to all", __NR_kill, {NUMBER (-1), NUMBER (0)}, EPERM},
	{"a signal to a thread", __NR_tgkill, {PARENT, PARENT, NUMBER (0)}, EPERM},
	{"another thread's", __NR_tkill, {PARENT, NUMBER (0)}, EPERM},
	{"a limit", __NR_prlimit64, {PARENT, NUMBER (RLIMIT_NOFILE), &limit}, EPERM},
	{"an own limit", __NR_prlimit64, {NUMBER (0), NUMBER (RLIMIT_CORE), &limit}, 0},
	{"rings", __NR_io_uring_setup, {NUMBER (1), buffer}, ENOSYS},
	{"a file", __NR_openat, {HERE, "file", NUMBER (O_RDONLY)}, 0},
	{"a folder", __NR_openat, {HERE, ".", NUMBER (O_RDONLY | O_DIRECTORY)}, 0},
#ifndef SANITIZED /* they write reports */
	{"a file to write", __NR_openat, {HERE, "file", NUMBER (O_WRONLY)}, EACCES},
	{"to read and write", __NR_openat, {HERE, "file", NUMBER (O_RDWR | O_CLOEXEC)}, EACCES},
	{"to empty", __NR_openat, {HERE, "file", NUMBER (O_RDONLY | O_TRUNC)}, EACCES},
	{"a new file", __NR_openat, {HERE, "new", NUMBER (O_RDONLY | O_CREAT), NUMBER (0600)}, EACCES},
#endif
	{"in another way", __NR_openat2, {HERE, "file", how, NUMBER (sizeof how)}, ENOSYS},
	{"a length", __NR_truncate, {"file", NUMBER (0)}, EACCES},
	{"a new folder", __NR_mkdirat, {HERE, "new", NUMBER (0700)}, EACCES},
	{"a file to remove", __NR_unlinkat, {HERE, "file", NUMBER (0)}, EACCES},
	{"a file to move", __NR_renameat2, {HERE, "file", HERE, "new"}, EACCES},
	{"another name", __NR_linkat, {HERE, "file", HERE, "new"}, EACCES},
	{"a link", __NR_symlinkat, {"file", HERE, "new"}, EACCES},
	{"a mode", __NR_fchmodat, {HERE, "file", NUMBER (0666)}, EACCES},
#ifdef __NR_open /* calls that newer architectures do not have */
	{"open", __NR_open, {"file", NUMBER (O_RDONLY)}, 0},
	{"creat", __NR_creat, {"new", NUMBER (0600)}, EACCES},
	{"unlink", __NR_unlink, {"file"}, EACCES},
	{"rename", __NR_rename, {"file", "new"}, EACCES},
#endif
	{"memory as a file", __NR_memfd_create, {"memory", NUMBER (0)}, 0},
};

/* Exit statuses of the child. */
enum { ALL_WELL, NOT_CONFINED, ATTEMPTS = 10 };

static gboolean
turns_out (gsize i)
{
	const void *values[5];
	long done;

	for (gsize j = 0; j < G_N_ELEMENTS (values); j++)
		values[j] = attempts[i].arguments[j] == PARENT ? NUMBER (getppid ())
							       : attempts[i].arguments[j];
	errno = 0;
	done = syscall (attempts[i].call, values[0], values[1], values[2], values[3], values[4]);
	return attempts[i].error == 0 ? done >= 0 : done == -1 && errno == attempts[i].error;
}

static gboolean
confine (void)
{
	g_autoptr (GError) error = NULL;

	return prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && pv_confine (&error);
}

static int
in_child (int (*body) (gconstpointer data), gconstpointer data)
{
	int status = 0;
	pid_t child = fork ();

	if (child == 0)
		_exit (confine () ? body (data) : NOT_CONFINED);
	g_assert_cmpint (waitpid (child, &status, 0), ==, child);
	g_assert_true (WIFEXITED (status));
	return WEXITSTATUS (status);
}

static int
try_all (gconstpointer data)
{
	for (gsize i = 0; i < G_N_ELEMENTS (attempts); i++) {
		if (!turns_out (i))
			return ATTEMPTS + (int)i;
	}
	return ALL_WELL;
}

static void
test_attempts (void)
{
	g_autofree char *dir = g_dir_make_tmp ("enrolee-confine-XXXXXX", NULL);
	g_autofree char *before = g_get_current_dir ();
	int status;

	G_STATIC_ASSERT (ATTEMPTS + G_N_ELEMENTS (attempts) < 256);
	g_assert_no_errno (g_chdir (dir));
	g_assert_true (g_file_set_contents ("file", "text", -1, NULL));
	status = in_child (try_all, NULL);
	g_assert_cmpint (status, !=, NOT_CONFINED);
	if (status >= ATTEMPTS)
		g_error ("%s: turned out otherwise", attempts[status - ATTEMPTS].what);
	g_unlink ("file");
	g_assert_no_errno (g_chdir (before));
	g_assert_no_errno (g_rmdir (dir));
}

/* ---- names ---- */

/* Answers one question with the address 192.0.2.7, or none of that type. */
static void
answer_query (int fd)
{
	static const guint8 address[] = {0xc0, 12, 0, ns_t_a, 0, ns_c_in, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7};
	guint8 packet[1024];
	struct sockaddr_in peer;
	socklen_t size = sizeof peer;
	gssize len = recvfrom (fd, packet, 512, 0, (struct sockaddr *)&peer, &size);
	gssize end = NS_HFIXEDSZ;

	if (len < NS_HFIXEDSZ + 5)
		return;
	while (end < len && packet[end] != 0)
		end += packet[end] + 1;
	end += 1 + NS_QFIXEDSZ;
	packet[2] |= 0x80; /* an answer */
	packet[7] = packet[end - 3] == ns_t_a;
	packet[11] = 0; /* nothing additional */
	memcpy (packet + end, address, sizeof address);
	sendto (fd, packet, (gsize)end + (packet[7] ? sizeof address : 0), 0,
		(struct sockaddr *)&peer, size);
}

static gpointer
serve_names (gpointer data)
{
	for (;;)
		answer_query (GPOINTER_TO_INT (data));
	return NULL;
}

static int
resolve (gconstpointer data)
{
	const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	char text[INET_ADDRSTRLEN] = "";

	if (res_init () != 0)
		return 2;
	_res.nscount = 1;
	_res.nsaddr_list[0] = *(const struct sockaddr_in *)data;
	_res.options &= ~(RES_DNSRCH | RES_DEFNAMES);
	if (getaddrinfo ("mef.example.com", "443", &hints, &found) != 0)
		return 3;
	inet_ntop (AF_INET, &((struct sockaddr_in *)found->ai_addr)->sin_addr, text, sizeof text);
	freeaddrinfo (found);
	if (strcmp (text, "192.0.2.7") != 0)
		return 4;
	return getaddrinfo ("localhost", "443", &hints, &found) == 0 ? ALL_WELL : 5;
}

static void
test_names (void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	g_assert_no_errno (bind (fd, (struct sockaddr *)&address, size));
	g_assert_no_errno (getsockname (fd, (struct sockaddr *)&address, &size));
	g_thread_unref (g_thread_new ("names", serve_names, GINT_TO_POINTER (fd)));
	g_assert_cmpint (in_child (resolve, &address), ==, ALL_WELL);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/provisioner/confine/attempts", test_attempts);
	g_test_add_func ("/provisioner/confine/names", test_names);
	return g_test_run ();
}
