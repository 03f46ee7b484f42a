/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See keystore-daemon.h. */
#include <config.h>

#include "tests/keystore-daemon.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <p11-kit/pkcs11.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the daemon ---- */

static struct sockaddr_un
address_of (const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	g_assert_cmpuint (g_strlcpy (address.sun_path, path, sizeof address.sun_path), <,
			  sizeof address.sun_path);
	return address;
}

Daemon *
daemon_new (void)
{
	Daemon *daemon = g_new0 (Daemon, 1);
	g_autofree char *notify = NULL;
	struct sockaddr_un address;

	daemon->dir = g_dir_make_tmp ("enrolee-ks-XXXXXX", NULL);
	g_assert_nonnull (daemon->dir);
	g_assert_no_errno (chmod (daemon->dir, 0755));
	daemon->token = g_build_filename (daemon->dir, "run", "token.sock", NULL);
	daemon->provision = g_build_filename (daemon->dir, "run", "provision.sock", NULL);
	notify = g_build_filename (daemon->dir, "notify", NULL);
	address = address_of (notify);
	daemon->notify_fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	g_assert_no_errno (bind (daemon->notify_fd, (struct sockaddr *)&address, sizeof address));
	return daemon;
}

/* Ends the test when the daemon ended instead. */
static void
wait_notified (Daemon *daemon)
{
	int process = (int)syscall (SYS_pidfd_open, daemon->pid, 0);
	struct pollfd either[] = {{daemon->notify_fd, POLLIN, 0}, {process, POLLIN, 0}};

	g_assert_cmpint (process, >=, 0);
	while (poll (either, G_N_ELEMENTS (either), -1) < 0)
		g_assert_cmpint (errno, ==, EINTR);
	close (process);
	if (either[0].revents == 0)
		g_error ("enrolee-keystored ended before it was ready");
}

static void
wait_ready (Daemon *daemon)
{
	char text[256];
	gssize got;

	do {
		wait_notified (daemon);
		got = recv (daemon->notify_fd, text, sizeof text - 1, 0);
		g_assert_cmpint (got, >, 0);
		text[got] = '\0';
	} while (strstr (text, "READY=1") == NULL);
}

/* A test that fails leaves no daemon behind. */
static void
end_with_parent (gpointer data)
{
	prctl (PR_SET_PDEATHSIG, SIGKILL);
}

void
daemon_start (Daemon *daemon, const char *const *options)
{
	g_autofree char *program =
		g_test_build_filename (G_TEST_BUILT, "..", "enrolee-keystored", NULL);
	g_autofree char *run = g_strconcat ("--runtime-dir=", daemon->dir, "/run", NULL);
	g_autofree char *state = g_strconcat ("--state-dir=", daemon->dir, "/state", NULL);
	g_autofree char *etc = g_strconcat ("--config-dir=", daemon->dir, "/etc", NULL);
	g_autofree char *notify = g_build_filename (daemon->dir, "notify", NULL);
	g_autoptr (GPtrArray) argv = g_ptr_array_new ();
	g_auto (GStrv) environment =
		g_environ_setenv (g_get_environ (), "NOTIFY_SOCKET", notify, TRUE);
	g_autoptr (GError) error = NULL;

	g_ptr_array_add (argv, program);
	g_ptr_array_add (argv, run);
	g_ptr_array_add (argv, state);
	g_ptr_array_add (argv, etc);
	for (gsize i = 0; options != NULL && options[i] != NULL; i++)
		g_ptr_array_add (argv, (char *)options[i]);
	g_ptr_array_add (argv, NULL);
	g_spawn_async (NULL, (char **)argv->pdata, environment, G_SPAWN_DO_NOT_REAP_CHILD,
		       end_with_parent, NULL, &daemon->pid, &error);
	g_assert_no_error (error);
	wait_ready (daemon);
}

void
daemon_wait_token (Daemon *daemon)
{
	Peer *peer = peer_new (daemon->provision);

	do {
		g_usleep (10000);
		g_assert_cmpuint (peer_call (peer, WIRE_MSG_STATUS, NULL), ==, CKR_OK);
	} while (!peer->reply.status_reply.token_ready);
	peer_free (peer);
}

int
daemon_stop (Daemon *daemon, int signal)
{
	int status = 0;

	g_assert_no_errno (kill (daemon->pid, signal));
	g_assert_cmpint (waitpid (daemon->pid, &status, 0), ==, daemon->pid);
	daemon->pid = 0;
	return status;
}

static void
remove_tree (const char *path)
{
	GDir *dir = g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
		g_autofree char *entry = g_build_filename (path, name, NULL);

		remove_tree (entry);
	}
	if (dir != NULL)
		g_dir_close (dir);
	g_remove (path);
}

void
daemon_free (Daemon *daemon)
{
	if (daemon->pid != 0)
		daemon_stop (daemon, SIGKILL);
	close (daemon->notify_fd);
	remove_tree (daemon->dir);
	g_free (daemon->token);
	g_free (daemon->provision);
	g_free (daemon->dir);
	g_free (daemon);
}

Daemon *
daemon_running (void)
{
	Daemon *daemon = daemon_new ();

	daemon_start (daemon, NULL);
	return daemon;
}

/* ---- peers ---- */

static Peer *
peer_over (int fd)
{
	Peer *peer = g_new0 (Peer, 1);

	peer->fd = fd;
	peer->fds[0] = peer->fds[1] = -1;
	return peer;
}

Peer *
peer_connect (const char *path)
{
	struct sockaddr_un address = address_of (path);
	int fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	g_assert_cmpint (fd, >=, 0);
	if (connect (fd, (struct sockaddr *)&address, sizeof address) < 0) {
		close (fd);
		return NULL;
	}
	return peer_over (fd);
}

static Peer *
greeted (Peer *peer)
{
	WireHello hello = {1, WIRE_VERSION, WIRE_CLIENT_MODULE};

	g_assert_nonnull (peer);
	g_assert_cmpuint (peer_call (peer, WIRE_MSG_HELLO, &hello), ==, 0);
	g_assert_cmpuint (peer->reply.hello_reply.version, ==, 1);
	return peer;
}

Peer *
peer_new (const char *path)
{
	return greeted (peer_connect (path));
}

Peer *
peer_new_over (int fd)
{
	return greeted (peer_over (fd));
}

static void
close_descriptors (Peer *peer)
{
	for (int i = 0; i < WIRE_FDS_MAX; i++) {
		if (peer->fds[i] >= 0)
			close (peer->fds[i]);
		peer->fds[i] = -1;
	}
}

void
peer_free (Peer *peer)
{
	close_descriptors (peer);
	close (peer->fd);
	g_free (peer->failure);
	g_free (peer);
}

gboolean
peer_send (Peer *peer, gconstpointer data, gsize len, int fd)
{
	struct iovec place = {(void *)data, len};
	union {
		char bytes[CMSG_SPACE (sizeof (int))];
		struct cmsghdr align;
	} control = {0};
	struct msghdr message = {.msg_iov = &place, .msg_iovlen = 1};

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof control;
		control.align = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
						 .cmsg_type = SCM_RIGHTS,
						 .cmsg_len = CMSG_LEN (sizeof fd)};
		memcpy (CMSG_DATA (&control.align), &fd, sizeof fd);
	}
	return sendmsg (peer->fd, &message, MSG_NOSIGNAL) == (gssize)len;
}

static gssize
receive (Peer *peer)
{
	struct iovec place = {peer->frame, sizeof peer->frame};
	union {
		char bytes[CMSG_SPACE (WIRE_FDS_MAX * sizeof (int))];
		struct cmsghdr align;
	} control;
	struct msghdr message = {.msg_iov = &place,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof control};
	gssize got = recvmsg (peer->fd, &message, MSG_CMSG_CLOEXEC);
	struct cmsghdr *part = got > 0 ? CMSG_FIRSTHDR (&message) : NULL;

	close_descriptors (peer);
	if (part != NULL)
		memcpy (peer->fds, CMSG_DATA (part),
			MIN (part->cmsg_len - CMSG_LEN (0), sizeof peer->fds));
	return got;
}

gboolean
peer_ended (Peer *peer)
{
	return receive (peer) <= 0;
}

guint32
peer_call (Peer *peer, guint32 type, gconstpointer message)
{
	WireHeader header = {.type = type, .serial = ++peer->serial, .cpu = 0};
	gsize len = wire_build (peer->frame, sizeof peer->frame, &header, message);
	gssize got;

	g_assert_cmpuint (len, >, 0);
	if (!peer_send (peer, peer->frame, len, -1))
		return G_MAXUINT32;
	got = receive (peer);
	if (got <= 0)
		return G_MAXUINT32;
	g_assert_true (wire_parse (peer->frame, (gsize)got, &header, &peer->reply));
	g_assert_cmphex (header.type, ==, type | WIRE_REPLY);
	g_assert_cmpuint (header.serial, ==, peer->serial);
	g_clear_pointer (&peer->failure, g_free);
	if (header.status != 0)
		peer->failure = g_strndup ((const char *)peer->reply.failure.message.data,
					   peer->reply.failure.message.len);
	return header.status;
}

void
peer_view (Peer *peer, WireSnapshot *snapshot, const WirePage **page)
{
	void *map;

	g_assert_cmpuint (peer_call (peer, WIRE_MSG_VIEW, NULL), ==, 0);
	g_assert_cmpint (peer->fds[1], >=, 0);
	map = mmap (NULL, peer->reply.view_reply.size, PROT_READ, MAP_SHARED, peer->fds[0], 0);
	g_assert_true (map != MAP_FAILED);
	g_assert_true (wire_snapshot_open (snapshot, map, peer->reply.view_reply.size));
	g_assert_cmpuint (snapshot->generation, ==, peer->reply.view_reply.generation);
	map = mmap (NULL, WIRE_PAGE_SIZE, PROT_READ, MAP_SHARED, peer->fds[1], 0);
	g_assert_true (map != MAP_FAILED);
	*page = map;
	g_assert_cmphex ((*page)->magic, ==, WIRE_PAGE_MAGIC);
}

int
run_as (uid_t uid, int (*body) (gpointer data), gpointer data)
{
	int status = 0;
	pid_t child = fork ();

	g_assert_cmpint (child, >=, 0);
	if (child == 0) {
		if (setgroups (0, NULL) < 0 || setgid (uid) < 0 || setuid (uid) < 0)
			_exit (120);
		_exit (body (data));
	}
	g_assert_cmpint (waitpid (child, &status, 0), ==, child);
	g_assert_true (WIFEXITED (status));
	return WEXITSTATUS (status);
}

/* ---- steps of a provisioner and of an application ---- */

WireStageReply
stage_pair (Peer *provisioner, const char *name, guint32 type, guint32 bits)
{
	WireStageKeyPair wanted = {.name = wire_text (name),
				   .origin = wire_text ("enrolled"),
				   .mef = wire_text ("mef.example"),
				   .key_type = type,
				   .key_bits = bits};

	g_assert_cmpuint (peer_call (provisioner, WIRE_MSG_STAGE_KEY_PAIR, &wanted), ==, CKR_OK);
	return provisioner->reply.stage_reply;
}

guint32
attach (Peer *provisioner, guint32 generation, GBytes *leaf)
{
	g_autoptr (GBytes) ca = issuer ();
	WireAttachCertificates wanted = {.generation = generation,
					 .leaf = wire_gbytes (leaf),
					 .anchors = {1, {wire_gbytes (ca)}}};

	return peer_call (provisioner, WIRE_MSG_ATTACH_CERTIFICATES, &wanted);
}

guint32
publish (Peer *provisioner, guint32 generation, gboolean revoke_old)
{
	WirePublish wanted = {.generations = {1, {generation}}, .revoke_old = revoke_old};

	return peer_call (provisioner, WIRE_MSG_PUBLISH, &wanted);
}

/* A published pair. Returns its key's number. */
guint32
provide (Peer *provisioner, const char *name, gboolean revoke_old)
{
	WireStageReply staged = stage_pair (provisioner, name, CKK_EC, 256);
	g_autoptr (GBytes) leaf = issue (staged.spki, name, 86400);

	g_assert_cmpuint (attach (provisioner, staged.generation, leaf), ==, CKR_OK);
	g_assert_cmpuint (publish (provisioner, staged.generation, revoke_old), ==, CKR_OK);
	return staged.key;
}

guint32
grant (Peer *provisioner, guint32 type, const char *name, const char *principal)
{
	WireGrant wanted = {wire_text (name), 0, wire_text (principal)};

	return peer_call (provisioner, type, &wanted);
}

guint32
sign (Peer *peer, guint32 key)
{
	static const guint8 digest[32] = {1, 2, 3};
	WireOperate wanted = {.key = key, .mechanism = CKM_ECDSA, .data = {digest, sizeof digest}};

	return peer_call (peer, WIRE_MSG_SIGN, &wanted);
}

guint
count_objects (Peer *peer)
{
	const WirePage *page;
	WireSnapshot map;

	peer_view (peer, &map, &page);
	return map.n_objects;
}

/* ---- certificates ---- */

static EVP_PKEY *ca_key;
static X509 *ca;

static X509 *
make_certificate (EVP_PKEY *key, const char *subject, gint64 lifetime_s)
{
	X509 *certificate = X509_new ();
	X509_NAME *name = X509_get_subject_name (certificate);
	static long serial = 1000;

	X509_set_version (certificate, X509_VERSION_3);
	ASN1_INTEGER_set (X509_get_serialNumber (certificate), serial++);
	X509_gmtime_adj (X509_getm_notBefore (certificate), -2 * 86400);
	X509_gmtime_adj (X509_getm_notAfter (certificate), (long)lifetime_s);
	X509_NAME_add_entry_by_txt (name, "CN", MBSTRING_UTF8, (const guchar *)subject, -1, -1, 0);
	X509_set_pubkey (certificate, key);
	return certificate;
}

static void
make_ca (void)
{
	if (ca != NULL)
		return;
	ca_key = EVP_EC_gen ("P-256");
	ca = make_certificate (ca_key, "Test: CA", 86400);
	X509_set_issuer_name (ca, X509_get_subject_name (ca));
	g_assert_cmpint (X509_sign (ca, ca_key, EVP_sha256 ()), >, 0);
}

static GBytes *
der_of (X509 *certificate)
{
	guchar *der = NULL;
	int len = i2d_X509 (certificate, &der);
	GBytes *bytes = g_bytes_new (der, (gsize)len);

	OPENSSL_free (der);
	return bytes;
}

GBytes *
issue (WireBytes spki, const char *subject, gint64 lifetime_s)
{
	const guchar *data = spki.data;
	EVP_PKEY *key = d2i_PUBKEY (NULL, &data, (long)spki.len);
	X509 *certificate;
	GBytes *der;

	g_assert_nonnull (key);
	make_ca ();
	certificate = make_certificate (key, subject, lifetime_s);
	X509_set_issuer_name (certificate, X509_get_subject_name (ca));
	g_assert_cmpint (X509_sign (certificate, ca_key, EVP_sha256 ()), >, 0);
	der = der_of (certificate);
	X509_free (certificate);
	EVP_PKEY_free (key);
	return der;
}

GBytes *
issuer (void)
{
	make_ca ();
	return der_of (ca);
}

WireBytes
wire_text (const char *text)
{
	return (WireBytes){(const guint8 *)text, strlen (text)};
}

WireBytes
wire_gbytes (GBytes *bytes)
{
	WireBytes view;

	view.data = g_bytes_get_data (bytes, &view.len);
	return view;
}
