/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Thousands of key pairs: the time from the start of enrolee-keystored to its first answered VIEW.
 * The rows are written past the keystore; their keys are not in the token, which a start must not
 * need.
 */
#include <config.h>

#include "tests/keystore-daemon.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <p11-kit/pkcs11.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAIRS 5000
#define STARTS 5
#ifdef SANITIZED
#define LIMIT_MS 10000
#else
#define LIMIT_MS 1000
#endif

static void
run_sql (sqlite3 *db, const char *format, ...)
{
	g_autofree char *sql = NULL;
	char *message = NULL;
	va_list arguments;

	va_start (arguments, format);
	sql = g_strdup_vprintf (format, arguments);
	va_end (arguments);
	sqlite3_exec (db, sql, NULL, NULL, &message);
	g_assert_cmpstr (message, ==, NULL);
}

static void
insert_blobs (sqlite3 *db, const char *sql, WireBytes first, WireBytes second)
{
	sqlite3_stmt *statement;

	g_assert_cmpint (sqlite3_prepare_v2 (db, sql, -1, &statement, NULL), ==, SQLITE_OK);
	sqlite3_bind_blob (statement, 1, first.data, (int)first.len, SQLITE_STATIC);
	if (second.data != NULL)
		sqlite3_bind_blob (statement, 2, second.data, (int)second.len, SQLITE_STATIC);
	g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_DONE);
	sqlite3_finalize (statement);
}

static void
add_pair (sqlite3 *db, int i, WireBytes spki, WireBytes leaf)
{
	guint32 object = 100 + 3 * (guint32)i;
	guint8 id[20] = {0};
	g_autofree char *generation = g_strdup_printf (
		"INSERT INTO generation (id, credential, number, state, key_type, key_bits, key_id,"
		" key_object, public_object, spki, not_before_s, not_after_s, created_s, "
		"published_s,"
		" retained_until_s) VALUES (%d, %d, 1, 3, 1, 0, ?1, %u, %u, ?2, 1, 4000000000, 1, "
		"1, 0)",
		100 + i, 100 + i, object, object + 1);
	g_autofree char *certificate =
		g_strdup_printf ("INSERT INTO certificate (object, generation, role, position, der)"
				 " VALUES (%u, %d, 3, 0, ?1)",
				 object + 2, 100 + i);

	memcpy (id, &object, sizeof object);
	run_sql (db,
		 "INSERT INTO credential (id, name, kind, origin, suid, retain_s, created_s,"
		 " last_generation) VALUES (%d, 'pair-%05d', 1, 2, 0, -1, 1, 1)",
		 100 + i, i);
	insert_blobs (db, generation, (WireBytes){id, sizeof id}, spki);
	insert_blobs (db, certificate, leaf, (WireBytes){NULL, 0});
}

static void
fill (const Daemon *daemon)
{
	g_autofree char *path = g_build_filename (daemon->dir, "state/keystore/catalogue.db", NULL);
	EVP_PKEY *key = EVP_EC_gen ("P-256");
	guchar *spki = NULL;
	int spki_len = i2d_PUBKEY (key, &spki);
	g_autoptr (GBytes) leaf = issue ((WireBytes){spki, (gsize)spki_len}, "pair", 86400);
	sqlite3 *db;

	g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
	run_sql (db, "BEGIN");
	for (int i = 0; i < PAIRS; i++)
		add_pair (db, i, (WireBytes){spki, (gsize)spki_len}, wire_gbytes (leaf));
	run_sql (db, "UPDATE counter SET next_object = %d; COMMIT", 100 + 3 * PAIRS);
	sqlite3_close (db);
	OPENSSL_free (spki);
	EVP_PKEY_free (key);
}

typedef struct {
	gint64 wall_ms; /* from the start to the first view */
	gint64 cpu_ms;  /* that the keystore had computed by then */
} Times;

static gint64
cpu_ms (GPid pid)
{
	g_autofree char *path = g_strdup_printf ("/proc/%d/stat", pid);
	g_autofree char *text = NULL;
	unsigned long user, system;

	g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
	g_assert_cmpint (sscanf (strrchr (text, ')'),
				 ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
				 &system),
			 ==, 2);
	return (gint64)(user + system) * 1000 / sysconf (_SC_CLK_TCK);
}

static Times
time_start (Daemon *daemon)
{
	const WirePage *page;
	WireSnapshot map;
	WireObject object;
	gint64 started_us = g_get_monotonic_time ();
	Times times;
	Peer *peer;

	daemon_start (daemon, NULL);
	peer = peer_new (daemon->token);
	peer_view (peer, &map, &page);
	times.wall_ms = (g_get_monotonic_time () - started_us) / 1000;
	times.cpu_ms = cpu_ms (daemon->pid);
	g_assert_cmpuint (map.n_objects, ==, 3 * PAIRS);
	g_assert_true (wire_snapshot_object (
		&map, wire_snapshot_find_label (&map, WIRE_NONE, "pair-04999", 10), &object));
	g_test_message ("%d key pairs, a snapshot of %zu bytes: first view after %" G_GINT64_FORMAT
			" ms, %" G_GINT64_FORMAT " ms of them computing",
			PAIRS, map.size, times.wall_ms, times.cpu_ms);
	peer_free (peer);
	daemon_stop (daemon, SIGKILL);
	return times;
}

static gboolean
machine_is_busy (void)
{
	double load = 0;

	return getloadavg (&load, 1) != 1 || load > g_get_num_processors () * 0.5;
}

/* The best of a few. On a busy machine waiting for a core is not the keystore's time. */
static void
test_start (void)
{
	Daemon *daemon = daemon_new ();
	Times best = {G_MAXINT64, G_MAXINT64};

	daemon_start (daemon, NULL);
	daemon_wait_token (daemon); /* keys without it would be refused */
	g_assert_cmpint (daemon_stop (daemon, SIGTERM), ==, 0);
	fill (daemon);
	for (int i = 0; i < STARTS && best.wall_ms > LIMIT_MS; i++) {
		Times times = time_start (daemon);

		best.wall_ms = MIN (best.wall_ms, times.wall_ms);
		best.cpu_ms = MIN (best.cpu_ms, times.cpu_ms);
	}
	g_assert_cmpint (best.cpu_ms, <=, LIMIT_MS);
	if (!machine_is_busy ())
		g_assert_cmpint (best.wall_ms, <=, LIMIT_MS);
	daemon_free (daemon);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/keystore/scale/start", test_start);
	return g_test_run ();
}
