/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See module-fixture.h. */
#include <config.h>

#include "tests/module-fixture.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

CK_FUNCTION_LIST *p11;
ModFunctionList3 *p11_3;
void *module_handle;

static char *runtime_dir; /* one for the process: the module remembers it */

static const guint8 p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

void
fake_signature (guint32 key, const guint8 *data, gsize len, guint8 *out, gsize out_len)
{
	guint32 hash = key * 2654435761u;

	for (gsize i = 0; i < len; i++)
		hash = (hash ^ data[i]) * 16777619u;
	for (gsize i = 0; i < out_len; i++, hash = hash * 1664525u + 1013904223u)
		out[i] = (guint8)(hash >> 24);
}

/* ---- objects ---- */

static void
add_key (WireSnapshotBuilder *builder, guint32 number, guint32 class, guint32 type, const char *id)
{
	const guint64 mechanisms[] = {CKM_ECDSA, CKM_ECDSA_SHA256, CKM_ECDH1_DERIVE};
	gboolean private = class == CKO_PRIVATE_KEY;
	guint8 modulus[257] = {0, 0xc1};

	wire_snapshot_add_object (builder, number, class);
	wire_snapshot_add_ulong (builder, CKA_KEY_TYPE, type);
	wire_snapshot_add_bool (builder, CKA_TOKEN, TRUE);
	wire_snapshot_add_bool (builder, CKA_COPYABLE, FALSE);
	wire_snapshot_add_bytes (builder, CKA_ID, id, strlen (id));
	wire_snapshot_add_bytes (builder, CKA_LABEL, "gw1", 3);
	wire_snapshot_add_bool (builder, private ? CKA_SIGN : CKA_VERIFY, TRUE);
	if (private)
		wire_snapshot_add_sensitive (builder, CKA_VALUE);
	if (type == CKK_RSA) {
		wire_snapshot_add_bytes (builder, CKA_MODULUS, modulus, sizeof modulus);
		wire_snapshot_add_bool (builder, private ? CKA_DECRYPT : CKA_ENCRYPT, TRUE);
	}
	if (type == CKK_EC) {
		wire_snapshot_add_bytes (builder, CKA_EC_PARAMS, p256, sizeof p256);
		wire_snapshot_add_bool (builder, CKA_DERIVE, TRUE);
		wire_snapshot_add_ulongs (builder, CKA_ALLOWED_MECHANISMS, mechanisms, 3);
	}
}

static int
sealed_file (const char *name, gsize *size, guint32 generation)
{
	WireSnapshotBuilder *builder = wire_snapshot_builder_new (generation);
	int fd = memfd_create (name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	g_assert_cmpint (fd, >=, 0);
	add_key (builder, FAKE_EC_PRIVATE, CKO_PRIVATE_KEY, CKK_EC, "ec-1");
	add_key (builder, FAKE_EC_PUBLIC, CKO_PUBLIC_KEY, CKK_EC, "ec-1");
	wire_snapshot_add_object (builder, generation > 1 ? FAKE_NEW_CERTIFICATE : FAKE_CERTIFICATE,
				  CKO_CERTIFICATE);
	wire_snapshot_add_bytes (builder, CKA_ID, "ec-1", 4);
	wire_snapshot_add_bytes (builder, CKA_LABEL, "gw1", 3);
	wire_snapshot_add_bytes (builder, CKA_VALUE, "certificate", 11);
	wire_snapshot_add_ulong (builder, CKA_CERTIFICATE_TYPE, CKC_X_509);
	add_key (builder, FAKE_RSA_PRIVATE, CKO_PRIVATE_KEY, CKK_RSA, "rsa-1");
	add_key (builder, FAKE_RSA_PUBLIC, CKO_PUBLIC_KEY, CKK_RSA, "rsa-1");
	add_key (builder, FAKE_ED_PRIVATE, CKO_PRIVATE_KEY, CKK_EC_EDWARDS, "ed-1");
	*size = wire_snapshot_builder_write (builder, fd);
	g_assert_cmpuint (*size, >, 0);
	wire_snapshot_builder_free (builder);
	fcntl (fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	return fd;
}

static void
make_page (FakeKeystore *fake)
{
	fake->page_fd = memfd_create ("page", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	g_assert_cmpint (ftruncate (fake->page_fd, WIRE_PAGE_SIZE), ==, 0);
	fake->page =
		mmap (NULL, WIRE_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fake->page_fd, 0);
	g_assert_true (fake->page != MAP_FAILED);
	fcntl (fake->page_fd, F_ADD_SEALS,
	       F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL);
	fake->page->magic = WIRE_PAGE_MAGIC;
	fake->page->version = WIRE_VERSION;
	fake->page->instance = fake->instance;
	wire_page_set_generation (fake->page, fake->generation);
}

/* ---- answers ---- */

static void
copy_seen (guint8 *to, gsize size, const WireBytes *bytes)
{
	memset (to, 0, size);
	memcpy (to, bytes->data, MIN (bytes->len, size));
}

/* Under the lock. Returns the output's length, or a status. */
static guint32
use_key (FakeKeystore *fake,
	 guint32 type,
	 const WireOperate *use,
	 int data_fd,
	 guint8 *out,
	 gsize *len)
{
	g_autofree guint8 *large = use->data_fd_size > 0 ? g_malloc (use->data_fd_size) : NULL;
	const guint8 *data = large != NULL ? large : use->data.data;
	gsize data_len = large != NULL ? use->data_fd_size : use->data.len;
	gsize out_len = use->key == FAKE_RSA_PRIVATE || use->key == FAKE_RSA_PUBLIC ? 256 : 64;

	if (large != NULL && pread (data_fd, large, data_len, 0) != (gssize)data_len)
		return CKR_DEVICE_ERROR;
	fake->n_uses++;
	fake->seen = *use;
	fake->seen_data_len = data_len;
	copy_seen (fake->seen_public_a, sizeof fake->seen_public_a, &use->public_a);
	copy_seen (fake->seen_public_b, sizeof fake->seen_public_b, &use->public_b);
	copy_seen (fake->seen_param, sizeof fake->seen_param, &use->param);
	if (fake->mood == FAKE_REFUSE)
		return CKR_KEY_HANDLE_INVALID;
	if (type == WIRE_MSG_DERIVE)
		out_len = 32;
	if (type == WIRE_MSG_DECRYPT)
		out_len = 5;
	fake_signature (type == WIRE_MSG_VERIFY ? use->key - 1 : use->key, data, data_len, out,
			out_len);
	*len = type == WIRE_MSG_VERIFY ? 0 : out_len;
	if (type == WIRE_MSG_VERIFY && use->key_type == 0 &&
	    memcmp (out, use->signature.data, out_len) != 0)
		return CKR_SIGNATURE_INVALID;
	return CKR_OK;
}

typedef struct {
	FakeKeystore *fake;
	int fd;
} Served;

static void
send_frame (int fd, const guint8 *frame, gsize len, const int *fds, gsize n_fds)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE (2 * sizeof (int))];
	} control = {0};
	struct iovec part = {(void *)frame, len};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	if (n_fds > 0) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE (n_fds * sizeof (int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN (n_fds * sizeof (int));
		memcpy (CMSG_DATA (&control.header), fds, n_fds * sizeof (int));
	}
	/* the program may be gone */
	(void)!sendmsg (fd, &message, MSG_NOSIGNAL);
}

static gssize
receive_frame (int fd, guint8 *frame, int *data_fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE (2 * sizeof (int))];
	} control;
	struct iovec part = {frame, WIRE_FRAME_MAX};
	struct msghdr message = {&(int){0}, 0, &part, 1, &control, sizeof control, 0};
	gssize got;

	message.msg_name = NULL;
	got = recvmsg (fd, &message, MSG_CMSG_CLOEXEC);
	*data_fd = -1;
	if (got > 0 && message.msg_controllen > 0)
		memcpy (data_fd, CMSG_DATA (CMSG_FIRSTHDR (&message)), sizeof (int));
	return got;
}

static void
answer (FakeKeystore *fake,
	int fd,
	const WireHeader *request,
	const WireMessage *message,
	int data_fd)
{
	WireHeader header = {request->type | WIRE_REPLY, request->serial, CKR_OK, 0};
	g_autofree guint8 *frame = g_malloc (WIRE_FRAME_MAX);
	guint8 output[512];
	WireMessage reply = {0};
	gsize len = 0, size = 0;
	gboolean garbage;
	int fds[2] = {-1, -1};

	g_mutex_lock (&fake->lock);
	if (request->type == WIRE_MSG_HELLO) {
		reply.hello_reply =
			(WireHelloReply){WIRE_VERSION, fake->reply_wait_ms, fake->instance, {0}};
		header.status = fake->mood == FAKE_OLD ? CKR_FUNCTION_NOT_SUPPORTED : CKR_OK;
	} else if (request->type == WIRE_MSG_VIEW) {
		fake->n_views++;
		fds[0] = sealed_file ("snapshot", &size, fake->generation);
		fds[1] = fake->page_fd;
		reply.view_reply = (WireViewReply){fake->generation, size};
	} else {
		header.status =
			use_key (fake, request->type, &message->operate, data_fd, output, &len);
		reply.result.output = (WireBytes){output, len};
	}
	garbage = fake->mood == FAKE_GARBAGE && request->type != WIRE_MSG_HELLO;
	g_mutex_unlock (&fake->lock);
	if (header.status != CKR_OK)
		memset (&reply, 0, sizeof reply);
	len = wire_build (frame, WIRE_FRAME_MAX, &header, &reply);
	if (garbage)
		len = 7;
	send_frame (fd, frame, len, fds, fds[0] >= 0 ? 2 : 0);
	if (fds[0] >= 0)
		close (fds[0]);
}

/* Waits while nothing is answered. Returns FALSE when the connection is to end. */
static gboolean
obey (FakeKeystore *fake, const WireHeader *request)
{
	gboolean go_on = TRUE;

	g_mutex_lock (&fake->lock);
	while (fake->mood == FAKE_HANG)
		g_cond_wait (&fake->changed, &fake->lock);
	if (fake->mood == FAKE_SLOW && request->type > WIRE_MSG_VIEW)
		g_cond_wait_until (&fake->changed, &fake->lock,
				   g_get_monotonic_time () + WIRE_CONNECT_WAIT_MS * 1300);
	if (fake->mood == FAKE_FULL)
		go_on = FALSE;
	if (fake->mood == FAKE_DROP_ONCE && request->type != WIRE_MSG_HELLO) {
		fake->mood = FAKE_BEHAVE;
		go_on = FALSE;
	}
	g_mutex_unlock (&fake->lock);
	return go_on;
}

static gpointer
serve (gpointer data)
{
	g_autofree Served *served = data;
	g_autofree guint8 *frame = g_malloc (WIRE_FRAME_MAX);

	for (;;) {
		WireHeader header;
		WireMessage message;
		int data_fd;
		gssize got = receive_frame (served->fd, frame, &data_fd);

		if (got <= 0)
			break;
		g_assert_true (wire_parse (frame, (gsize)got, &header, &message));
		if (!obey (served->fake, &header))
			break;
		answer (served->fake, served->fd, &header, &message, data_fd);
		if (data_fd >= 0)
			close (data_fd);
	}
	shutdown (served->fd, SHUT_RDWR);
	return NULL;
}

static gpointer
accept_all (gpointer data)
{
	FakeKeystore *fake = data;
	struct pollfd waited[] = {{fake->listener, POLLIN, 0}, {fake->stop_pipe[0], POLLIN, 0}};

	/* a change of ids interrupts every thread */
	while (TEMP_FAILURE_RETRY (poll (waited, 2, -1)) > 0 && waited[1].revents == 0) {
		int fd = accept4 (fake->listener, NULL, NULL, SOCK_CLOEXEC);
		Served *served = g_new (Served, 1);
		struct ucred peer = {0};
		socklen_t len = sizeof peer;

		*served = (Served){fake, fd};
		getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
		g_mutex_lock (&fake->lock);
		fake->n_connections++;
		fake->last_uid = peer.uid;
		g_array_append_val (fake->fds, fd);
		g_ptr_array_add (fake->connections, g_thread_new ("connection", serve, served));
		g_mutex_unlock (&fake->lock);
	}
	return NULL;
}

/* ---- life ---- */

FakeKeystore *
fake_new (void)
{
	FakeKeystore *fake = g_new0 (FakeKeystore, 1);

	fake->dir = runtime_dir;
	fake->connections = g_ptr_array_new ();
	fake->fds = g_array_new (FALSE, FALSE, sizeof (int));
	fake->generation = 1;
	fake->reply_wait_ms = 20000;
	return fake;
}

void
fake_start (FakeKeystore *fake)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	g_autofree char *path = g_build_filename (fake->dir, "token.sock", NULL);

	fake->instance++;
	make_page (fake);
	g_strlcpy (address.sun_path, path, sizeof address.sun_path);
	fake->listener = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	g_assert_cmpint (bind (fake->listener, (struct sockaddr *)&address, sizeof address), ==, 0);
	g_assert_cmpint (chmod (path, 0666), ==, 0);
	g_assert_cmpint (listen (fake->listener, 16), ==, 0);
	g_assert_cmpint (pipe2 (fake->stop_pipe, O_CLOEXEC), ==, 0);
	fake->acceptor = g_thread_new ("keystore", accept_all, fake);
}

void
fake_stop (FakeKeystore *fake, gboolean polite)
{
	g_autofree char *path = g_build_filename (fake->dir, "token.sock", NULL);

	fake_set_mood (fake, FAKE_BEHAVE);
	close (fake->stop_pipe[1]);
	g_thread_join (fake->acceptor);
	close (fake->stop_pipe[0]);
	for (guint i = 0; i < fake->fds->len; i++) {
		shutdown (g_array_index (fake->fds, int, i), SHUT_RDWR);
		g_thread_join (g_ptr_array_index (fake->connections, i));
		close (g_array_index (fake->fds, int, i));
	}
	g_array_set_size (fake->fds, 0);
	g_ptr_array_set_size (fake->connections, 0);
	if (polite)
		wire_page_set_generation (fake->page, 0);
	/* last, so that the time without a keystore is short */
	g_unlink (path);
	close (fake->listener);
	munmap (fake->page, WIRE_PAGE_SIZE);
	close (fake->page_fd);
}

void
fake_free (FakeKeystore *fake)
{
	g_ptr_array_unref (fake->connections);
	g_array_unref (fake->fds);
	g_free (fake);
}

void
fake_set_mood (FakeKeystore *fake, FakeMood mood)
{
	g_mutex_lock (&fake->lock);
	fake->mood = mood;
	g_cond_broadcast (&fake->changed);
	g_mutex_unlock (&fake->lock);
}

void
fake_publish (FakeKeystore *fake)
{
	g_mutex_lock (&fake->lock);
	fake->generation++;
	wire_page_set_generation (fake->page, fake->generation);
	g_mutex_unlock (&fake->lock);
}

guint
fake_get (FakeKeystore *fake, const guint *member)
{
	guint value;

	g_mutex_lock (&fake->lock);
	value = *member;
	g_mutex_unlock (&fake->lock);
	return value;
}

/* ---- the module ---- */

void
module_load (void)
{
	g_autofree char *path =
		g_test_build_filename (G_TEST_BUILT, "..", ".libs", "enrolee-pkcs11.so", NULL);
	CK_RV (*get_list) (CK_FUNCTION_LIST **);
	CK_RV (*get_interface) (CK_UTF8CHAR *, CK_VERSION *, ModInterface **, CK_FLAGS);
	CK_VERSION three = {3, 0};
	ModInterface *interface;

	runtime_dir = g_dir_make_tmp ("enrolee-test-XXXXXX", NULL);
	g_assert_nonnull (runtime_dir);
	g_assert_cmpint (chmod (runtime_dir, 0755), ==, 0);
	g_setenv ("ENROLEE_RUNTIME_DIR", runtime_dir, TRUE);
	module_handle = dlopen (path, RTLD_NOW | RTLD_LOCAL);
	if (module_handle == NULL)
		g_error ("%s", dlerror ());
	*(void **)&get_list = dlsym (module_handle, "C_GetFunctionList");
	*(void **)&get_interface = dlsym (module_handle, "C_GetInterface");
	g_assert_cmpuint (get_list (&p11), ==, CKR_OK);
	g_assert_cmpuint (get_interface ((CK_UTF8CHAR *)"PKCS 11", &three, &interface, 0), ==,
			  CKR_OK);
	p11_3 = interface->functions;
}

int
module_run_tests (void)
{
	int result = g_test_run ();

	g_rmdir (runtime_dir);
	g_free (runtime_dir);
	return result;
}

CK_SESSION_HANDLE
module_start (void)
{
	CK_SESSION_HANDLE session;

	g_assert_cmpuint (p11->C_Initialize (NULL), ==, CKR_OK);
	g_assert_cmpuint (p11->C_OpenSession (0, CKF_SERIAL_SESSION, NULL, NULL, &session), ==,
			  CKR_OK);
	return session;
}

void
module_end (void)
{
	g_assert_cmpuint (p11->C_Finalize (NULL), ==, CKR_OK);
}

GArray *
module_find (CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count)
{
	GArray *found = g_array_new (TRUE, TRUE, sizeof (CK_OBJECT_HANDLE));
	CK_OBJECT_HANDLE handles[2];
	CK_ULONG got;

	g_assert_cmpuint (p11->C_FindObjectsInit (session, template, count), ==, CKR_OK);
	do {
		g_assert_cmpuint (p11->C_FindObjects (session, handles, 2, &got), ==, CKR_OK);
		g_array_append_vals (found, handles, (guint)got);
	} while (got > 0);
	g_assert_cmpuint (p11->C_FindObjectsFinal (session), ==, CKR_OK);
	return found;
}

guint
module_count_class (CK_SESSION_HANDLE session, CK_OBJECT_CLASS class)
{
	CK_ATTRIBUTE template = {CKA_CLASS, &class, sizeof class};
	g_autoptr (GArray) found = module_find (session, &template, 1);

	return found->len;
}

CK_RV
module_sign (CK_SESSION_HANDLE session)
{
	CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
	guint8 digest[32] = {1, 2, 3}, signature[64], expected[64];
	CK_ULONG len = sizeof signature;
	CK_RV rv = p11->C_SignInit (session, &mechanism, FAKE_EC_PRIVATE);

	if (rv == CKR_OK)
		rv = p11->C_Sign (session, digest, sizeof digest, signature, &len);
	fake_signature (FAKE_EC_PRIVATE, digest, sizeof digest, expected, sizeof expected);
	if (rv == CKR_OK && (len != sizeof signature || memcmp (signature, expected, len) != 0))
		return CKR_GENERAL_ERROR;
	return rv;
}

void
in_child (int (*body) (gpointer data), gpointer data)
{
	pid_t pid = fork ();
	int status;

	g_assert_cmpint (pid, >=, 0);
	if (pid == 0)
		_exit (body (data));
	g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
	g_assert_true (WIFEXITED (status));
	g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

/* ---- both ---- */

static void
set_up (ModuleFixture *fixture, gconstpointer data)
{
	fixture->fake = fake_new ();
	if (data != NULL)
		fixture->fake->reply_wait_ms = GPOINTER_TO_UINT (data);
	fake_start (fixture->fake);
	fixture->session = module_start ();
	g_assert_cmpuint (module_count_class (fixture->session, CKO_PRIVATE_KEY), ==, 3);
	g_assert_cmpuint (module_sign (fixture->session), ==, CKR_OK);
}

static void
tear_down (ModuleFixture *fixture, gconstpointer data)
{
	module_end ();
	fake_stop (fixture->fake, TRUE);
	fake_free (fixture->fake);
}

void
module_add (const char *name,
	    void (*test) (ModuleFixture *fixture, gconstpointer data),
	    guint reply_wait_ms)
{
	g_autofree char *path = g_strconcat ("/module/", name, NULL);

	g_test_add (path, ModuleFixture, GUINT_TO_POINTER (reply_wait_ms), set_up, test, tear_down);
}
