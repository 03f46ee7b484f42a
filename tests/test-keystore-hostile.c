/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hostile local peers, the cases of tests/hostile/ against one running enrolee-keystored: whatever a user of
 * the machine sends, maps, keeps open or passes on, another user's key signs within a bounded time
 * meanwhile, and afterwards the keystore has the descriptors, threads and memory that it had. No secret is
 * in the log.
 */
#include <config.h>

#include "tests/hostile/scene.h"

#include <p11-kit/pkcs11.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LATENCY_MS 3000 /* for a signature of another user under attack, on a busy machine */
#define SETTLE_MS 20000
#define RSS_GROWTH_KIB (16 * 1024)

static Peer *victim; /* made by the victim before the attack; every process of the test signs by it in turn */

void
hostile_victim_signs (void)
{
	gint64 before_us = g_get_monotonic_time ();

	g_assert_cmpuint (sign (victim, hostile_scene.theirs), ==, CKR_OK);
	g_assert_cmpint (g_get_monotonic_time () - before_us, <, LATENCY_MS * 1000);
}

/* A number of /proc/PID/status. */
static gint64
status_number (const char *key)
{
	g_autofree char *path = g_strdup_printf ("/proc/%d/status", hostile_scene.daemon->pid);
	g_autofree char *text = NULL;
	const char *line;

	g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
	line = strstr (text, key);
	g_assert_nonnull (line);
	return g_ascii_strtoll (line + strlen (key), NULL, 10);
}

static gint64
count_descriptors (void)
{
	g_autofree char *path = g_strdup_printf ("/proc/%d/fd", hostile_scene.daemon->pid);
	GDir *dir = g_dir_open (path, 0, NULL);
	gint64 count = 0;

	g_assert_nonnull (dir);
	while (g_dir_read_name (dir) != NULL)
		count++;
	g_dir_close (dir);
	return count;
}

static gint64 threads_before, descriptors_before, memory_before;

static gboolean
is_settled (void)
{
	return status_number ("Threads:") <= threads_before &&
	       count_descriptors () <= descriptors_before;
}

/* Connections that were closed are noticed by their threads, in their time. */
static void
settle (void)
{
	for (int waited_ms = 0; !is_settled (); waited_ms += 10) {
		if (waited_ms > SETTLE_MS)
			g_error ("%d threads of %d, %d descriptors of %d are left",
				 (int)status_number ("Threads:"), (int)threads_before,
				 (int)count_descriptors (), (int)descriptors_before);
		g_usleep (10000);
	}
}

static int
run_case (gpointer data)
{
	((const HostileCase *)data)->run ();
	return 0;
}

static void
test_case (gconstpointer data)
{
	const HostileCase *hostile = data;

	/* in a process of its own each time: what it opens ends with it */
	g_assert_cmpint (run_as (hostile->as_root ? 0 : HOSTILE_ATTACKER, run_case, (gpointer)data), ==, 0);
	hostile_victim_signs ();
	settle ();
}

static void
test_memory (void)
{
	gint64 memory = status_number ("VmRSS:");

	g_test_message ("%d KiB, before %d KiB", (int)memory, (int)memory_before);
#ifndef SANITIZED /* keeps what was freed for a while */
	g_assert_cmpint (memory, <, memory_before + RSS_GROWTH_KIB);
#endif
}

static void
test_log (void)
{
	g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", hostile_scene.log);
	g_autofree char *text = NULL;
	gsize len;

	g_assert_true (g_file_get_contents (path, &text, &len, NULL));
	g_assert_nonnull (strstr (text, "is not for uid 4711")); /* control: it is the log */
	g_assert_null (strstr (text, HOSTILE_SECRET));
	g_assert_null (strstr (text, "6120736563726574")); /* in hexadecimal */
	g_assert_null (strstr (text, hostile_scene.mine_reference + strlen ("pskref1:")));
	g_assert_cmpuint (len, <, 256 * 1024); /* nor is the journal filled */
}

/* ---- the scene ---- */

static guint32
provide_secret (const char *name, const char *user, char **reference)
{
	WireStageSecret wanted = {.name = wire_text (name),
				  .identifier = wire_text (name),
				  .suid = 10,
				  .value = wire_text (HOSTILE_SECRET)};
	WireReference asked = {wire_text (name), wire_text (user)};
	Peer *peer = hostile_scene.provisioner;
	guint32 key;

	g_assert_cmpuint (peer_call (peer, WIRE_MSG_STAGE_SECRET, &wanted), ==, CKR_OK);
	key = peer->reply.stage_reply.key;
	g_assert_cmpuint (publish (peer, peer->reply.stage_reply.generation, FALSE), ==, CKR_OK);
	g_assert_cmpuint (peer_call (peer, WIRE_MSG_REFERENCE, &asked), ==, CKR_OK);
	*reference = g_strndup ((const char *)peer->reply.reference_reply.reference.data,
				peer->reply.reference_reply.reference.len);
	return key;
}

/* The daemon writes its log where this process writes its own. */
static void
start_logged (void)
{
	int own = dup (STDERR_FILENO);

	hostile_scene.log = memfd_create ("log", MFD_CLOEXEC);
	g_assert_cmpint (dup2 (hostile_scene.log, STDERR_FILENO), ==, STDERR_FILENO);
	hostile_scene.daemon = daemon_running ();
	g_assert_cmpint (dup2 (own, STDERR_FILENO), ==, STDERR_FILENO);
	close (own);
}

/* With its view: the keystore keeps one descriptor for each. */
static Peer *
connect_as (uid_t uid)
{
	Peer *peer;

	g_assert_no_errno (setegid (uid));
	g_assert_no_errno (seteuid (uid));
	peer = peer_new (hostile_scene.daemon->token);
	g_assert_no_errno (seteuid (0));
	g_assert_no_errno (setegid (0));
	g_assert_cmpuint (count_objects (peer), >, 0);
	return peer;
}

static void
set_scene (void)
{
	start_logged ();
	daemon_wait_token (hostile_scene.daemon);
	hostile_scene.provisioner = peer_new (hostile_scene.daemon->provision);
	hostile_scene.mine = provide (hostile_scene.provisioner, "mine", FALSE);
	hostile_scene.theirs = provide (hostile_scene.provisioner, "theirs", FALSE);
	g_assert_cmpuint (grant (hostile_scene.provisioner, WIRE_MSG_GRANT, "mine", "4711"), ==, CKR_OK);
	g_assert_cmpuint (grant (hostile_scene.provisioner, WIRE_MSG_GRANT, "theirs", "4712"), ==, CKR_OK);
	hostile_scene.mine_secret = provide_secret ("mine-key", "4711", &hostile_scene.mine_reference);
	hostile_scene.theirs_secret = provide_secret ("theirs-key", "4712", &hostile_scene.theirs_reference);
	peer_free (connect_as (HOSTILE_ATTACKER));
	victim = connect_as (HOSTILE_VICTIM);
	hostile_victim_signs ();
	threads_before = status_number ("Threads:");
	descriptors_before = count_descriptors ();
	memory_before = status_number ("VmRSS:");
}

static void
end_scene (void)
{
	peer_free (victim);
	peer_free (hostile_scene.provisioner);
	daemon_free (hostile_scene.daemon);
	g_free (hostile_scene.mine_reference);
	g_free (hostile_scene.theirs_reference);
	close (hostile_scene.log);
}

static const HostileCase *const tables[] = {hostile_frames, hostile_descriptors, hostile_keys,
						   hostile_volume};

int
main (int argc, char **argv)
{
	int status;

	g_test_init (&argc, &argv, NULL);
	if (geteuid () != 0) {
		g_print ("1..0 # SKIP needs root: it becomes other users\n");
		return 77;
	}
	set_scene ();
	for (gsize i = 0; i < G_N_ELEMENTS (tables); i++) {
		for (const HostileCase *hostile = tables[i]; hostile->name != NULL; hostile++) {
			g_autofree char *name = g_strconcat ("/keystore/hostile/", hostile->name, NULL);

			g_test_add_data_func (name, hostile, test_case);
		}
	}
	g_test_add_func ("/keystore/hostile/memory", test_memory);
	g_test_add_func ("/keystore/hostile/log", test_log);
	status = g_test_run ();
	end_scene ();
	return status;
}
