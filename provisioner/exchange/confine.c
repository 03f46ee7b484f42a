/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See confine.h. A list of what is refused, not of what is allowed: libc, libcurl and libssl differ from
 * one system to the next, and enroleed's unit has a list of what a service may do at all. */
#include <config.h>

#include "provisioner/exchange/confine.h"

#include "provisioner/error.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
	int call, error;
} Refused;

static const Refused refused[] = {
	/* other programs, and other places to be in */
	{SCMP_SYS (execve), EPERM},
	{SCMP_SYS (execveat), EPERM},
	{SCMP_SYS (setns), EPERM},
	{SCMP_SYS (unshare), EPERM},
	{SCMP_SYS (bpf), EPERM},
	{SCMP_SYS (userfaultfd), EPERM},
	/* other processes: enroleed */
#ifndef SANITIZED /* LeakSanitizer stops the process's threads by it */
	{SCMP_SYS (ptrace), EPERM},
#endif
	{SCMP_SYS (process_vm_readv), EPERM},
	{SCMP_SYS (process_vm_writev), EPERM},
	{SCMP_SYS (process_madvise), EPERM},
	{SCMP_SYS (pidfd_open), EPERM},
	{SCMP_SYS (pidfd_getfd), EPERM},
	{SCMP_SYS (pidfd_send_signal), EPERM},
	{SCMP_SYS (rt_sigqueueinfo), EPERM},
	{SCMP_SYS (rt_tgsigqueueinfo), EPERM},
	{SCMP_SYS (tkill), EPERM},
	/* as if the kernel had none: io_uring does behind the filter's back what is refused here, the others
	 * hide their arguments from it */
	{SCMP_SYS (io_uring_setup), ENOSYS},
	{SCMP_SYS (io_uring_enter), ENOSYS},
	{SCMP_SYS (io_uring_register), ENOSYS},
	{SCMP_SYS (socketcall), ENOSYS},
	{SCMP_SYS (openat2), ENOSYS},
	/* files: what is opened for writing is refused below */
	{SCMP_SYS (creat), EACCES},
	{SCMP_SYS (open_by_handle_at), EPERM},
	{SCMP_SYS (truncate), EACCES},
	{SCMP_SYS (truncate64), EACCES},
	{SCMP_SYS (mkdir), EACCES},
	{SCMP_SYS (mkdirat), EACCES},
	{SCMP_SYS (mknod), EACCES},
	{SCMP_SYS (mknodat), EACCES},
	{SCMP_SYS (rmdir), EACCES},
	{SCMP_SYS (unlink), EACCES},
	{SCMP_SYS (unlinkat), EACCES},
	{SCMP_SYS (link), EACCES},
	{SCMP_SYS (linkat), EACCES},
	{SCMP_SYS (symlink), EACCES},
	{SCMP_SYS (symlinkat), EACCES},
	{SCMP_SYS (rename), EACCES},
	{SCMP_SYS (renameat), EACCES},
	{SCMP_SYS (renameat2), EACCES},
	{SCMP_SYS (chmod), EACCES},
	{SCMP_SYS (fchmodat), EACCES},
	{SCMP_SYS (chown), EACCES},
	{SCMP_SYS (lchown), EACCES},
	{SCMP_SYS (fchownat), EACCES},
	{SCMP_SYS (setxattr), EACCES},
	{SCMP_SYS (lsetxattr), EACCES},
	{SCMP_SYS (utimensat), EACCES},
};

/* IP, and what libc asks of the kernel about its addresses. */
static const int families[] = {AF_INET, AF_INET6, AF_NETLINK};

/* The filter, and whether all of it could be written so far. */
typedef struct {
	scmp_filter_ctx context;
	int rc; /* 0, or a negative errno */
} Filter;

static void
refuse (Filter *filter, const Refused *what, const struct scmp_arg_cmp *when)
{
	if (filter->rc == 0)
		filter->rc = seccomp_rule_add_array (filter->context, SCMP_ACT_ERRNO (what->error),
						     what->call, when != NULL, when);
}

static void
refuse_sockets (Filter *filter)
{
	static const Refused call = {SCMP_SYS (socket), EAFNOSUPPORT};
	struct scmp_arg_cmp when = SCMP_A0_64 (SCMP_CMP_GT, AF_NETLINK);

	refuse (filter, &call, &when);
	for (int family = 0; family < AF_NETLINK; family++) {
		gboolean wanted = FALSE;

		for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
			wanted = wanted || families[i] == family;
		when = SCMP_A0_64 (SCMP_CMP_EQ, (scmp_datum_t)family);
		if (!wanted)
			refuse (filter, &call, &when);
	}
}

#ifndef SANITIZED
static const int write_flags[] = {O_WRONLY, O_RDWR, O_CREAT, O_TRUNC};

static void
refuse_writing (Filter *filter)
{
	static const Refused calls[] = {{SCMP_SYS (open), EACCES}, {SCMP_SYS (openat), EACCES}};

	for (gsize i = 0; i < G_N_ELEMENTS (write_flags); i++) {
		scmp_datum_t flag = (scmp_datum_t)write_flags[i];
		const struct scmp_arg_cmp open_when = SCMP_A1_64 (SCMP_CMP_MASKED_EQ, flag, flag);
		const struct scmp_arg_cmp openat_when = SCMP_A2_64 (SCMP_CMP_MASKED_EQ, flag, flag);

		refuse (filter, &calls[0], &open_when);
		refuse (filter, &calls[1], &openat_when);
	}
}
#endif

/* abort(3) sends a signal to itself; getrlimit(2) asks about process 0. */
static void
refuse_reaching_out (Filter *filter)
{
	static const Refused calls[] = {{SCMP_SYS (kill), EPERM}, {SCMP_SYS (tgkill), EPERM}};
	static const Refused limits = {SCMP_SYS (prlimit64), EPERM};
	const struct scmp_arg_cmp other = SCMP_A0_64 (SCMP_CMP_NE, (scmp_datum_t)getpid ());
	const struct scmp_arg_cmp any = SCMP_A0_64 (SCMP_CMP_NE, 0);

	for (gsize i = 0; i < G_N_ELEMENTS (calls); i++)
		refuse (filter, &calls[i], &other);
	refuse (filter, &limits, &any);
}

/* On 32-bit x86 libc makes its sockets by socketcall(2), whose arguments no filter sees. */
#ifdef __i386__
#define WRITABLE FALSE
#else
#define WRITABLE TRUE
#endif

gboolean
pv_confine (GError **error)
{
	Filter filter = {seccomp_init (SCMP_ACT_ALLOW), 0};

	if (!WRITABLE || filter.context == NULL)
		filter.rc = -EOPNOTSUPP;
	for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
		refuse (&filter, &refused[i], NULL);
	refuse_sockets (&filter);
#ifndef SANITIZED /* they write their reports to files */
	refuse_writing (&filter);
#endif
	refuse_reaching_out (&filter);
	if (filter.rc == 0)
		filter.rc = seccomp_load (filter.context);
	seccomp_release (filter.context);
	if (filter.rc == 0)
		return TRUE;
	g_set_error (error, PV_ERROR, PV_ERROR_LOCAL, "the exchange's process is not confined: %s",
		     g_strerror (-filter.rc));
	return FALSE;
}
