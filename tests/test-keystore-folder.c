/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The credential folders: what is in them, that they change as a whole, that they are made again.
 */
#include <config.h>

#include "keystore/certificate.h"
#include "keystore/crypto.h"
#include "tests/store-fixture.h"

#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *
path_of (Store *store, const char *name, const char *file)
{
	return g_build_filename (store->folders_path, name, file, NULL);
}

static char *
text_of (Store *store, const char *name, const char *file)
{
	g_autofree char *path = path_of (store, name, file);
	char *text = NULL;

	g_file_get_contents (path, &text, NULL, NULL);
	return text;
}

static GBytes *
pem_of (Store *store, const char *name, const char *file, guint index)
{
	g_autofree char *text = text_of (store, name, file);
	BIO *bio = BIO_new_mem_buf (text != NULL ? text : "", -1);
	char *type = NULL, *header = NULL;
	guint8 *der = NULL;
	long len = 0;
	GBytes *bytes = NULL;

	for (guint i = 0; i <= index; i++) {
		OPENSSL_free (type);
		OPENSSL_free (header);
		OPENSSL_free (der);
		type = header = NULL;
		der = NULL;
		if (PEM_read_bio (bio, &type, &header, &der, &len) != 1)
			break;
	}
	if (der != NULL)
		bytes = g_bytes_new (der, (gsize)len);
	OPENSSL_free (type);
	OPENSSL_free (header);
	OPENSSL_free (der);
	BIO_free (bio);
	return bytes;
}

static void
expect_pem (Store *store, const char *file, guint index, GBytes *expected)
{
	g_autoptr (GBytes) found = pem_of (store, "web", file, index);

	g_assert_nonnull (found);
	g_assert_true (g_bytes_equal (found, expected));
}

static void
publish_web (Store *store, GBytes **leaf, GBytes **authority)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (KsGeneration) staged = NULL;
	g_autoptr (GPtrArray) list = g_ptr_array_new ();
	KsIntent intent = store_intent ("web");
	KsPublication publication = {.name = "web", .chain = list, .anchors = list};

	g_assert_true (
		ks_publisher_generate (store->publisher, &intent, KS_KEY_P256, 0, &staged, &error));
	store_issue (staged->spki, leaf, authority);
	g_ptr_array_add (list, *authority);
	g_assert_true (ks_certificate_check_chain (*leaf, list, &error));
	publication.generation = staged->number;
	publication.leaf = *leaf;
	g_assert_true (ks_publisher_publish (store->publisher, &publication, 1, &error));
}

static void
test_files (void)
{
	static const char *const uri = "pkcs11:token=oneM2M;object=web;id=%";
	g_autoptr (GBytes) leaf = NULL;
	g_autoptr (GBytes) authority = NULL;
	g_autoptr (GBytes) key = NULL;
	g_autofree char *key_text = NULL;
	g_autofree char *path = NULL;
	struct stat status;
	Store *store;

	if (!store_has_token ())
		return;
	store = store_new (KS_RESIDENCY_AUTO);
	publish_web (store, &leaf, &authority);
	expect_pem (store, "cert.pem", 0, leaf);
	expect_pem (store, "chain.pem", 0, authority);
	expect_pem (store, "ca.pem", 0, authority);
	expect_pem (store, "fullchain.pem", 0, leaf);
	expect_pem (store, "fullchain.pem", 1, authority);
	key_text = text_of (store, "web", "key.pem");
	g_assert_nonnull (strstr (key_text, "-----BEGIN PKCS#11 PROVIDER URI-----"));
	key = pem_of (store, "web", "key.pem", 0);
	g_assert_nonnull (memmem (g_bytes_get_data (key, NULL), g_bytes_get_size (key), uri, strlen (uri)));
	path = path_of (store, "web", "key.pem");
	g_assert_cmpint (stat (path, &status), ==, 0);
	g_assert_cmpint (status.st_mode & 0777, ==, 0644);
	store_free (store);
}

/* Somebody who has the old folder open reads the old files; who opens the path finds the new. */
static void
test_exchange (void)
{
	g_autoptr (GBytes) first = NULL;
	g_autoptr (GBytes) second = NULL;
	g_autoptr (GBytes) first_authority = NULL;
	g_autoptr (GBytes) second_authority = NULL;
	g_autofree char *before = NULL;
	g_autofree char *after = NULL;
	Store *store;

	if (!store_has_token ())
		return;
	store = store_new (KS_RESIDENCY_AUTO);
	publish_web (store, &first, &first_authority);
	before = text_of (store, "web", "key.pem");
	publish_web (store, &second, &second_authority);
	expect_pem (store, "cert.pem", 0, second);
	expect_pem (store, "ca.pem", 0, second_authority);
	/* The key's file names the key of the certificate beside it. */
	after = text_of (store, "web", "key.pem");
	g_assert_cmpstr (before, !=, after);
	g_assert_cmpuint (store_file_count (store->folders_path), ==, 1);
	store_free (store);
}

static void
restore (Store *store)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (store->catalogue);

	g_assert_true (ks_folder_restore (store->folder, state, &error));
	g_assert_no_error (error);
}

static void
test_restore (void)
{
	g_autoptr (GBytes) leaf = NULL;
	g_autoptr (GBytes) authority = NULL;
	g_autofree char *web = NULL;
	g_autofree char *stray = NULL;
	g_autofree char *stray_stamp = NULL;
	g_autofree char *crash = NULL;
	g_autofree char *foreign = NULL;
	Store *store;

	if (!store_has_token ())
		return;
	store = store_new (KS_RESIDENCY_AUTO);
	publish_web (store, &leaf, &authority);
	web = path_of (store, "web", NULL);
	store_remove_dir (web);
	stray = path_of (store, "gone", NULL);
	stray_stamp = path_of (store, "gone", ".generation");
	crash = path_of (store, ".new-web", NULL);
	foreign = path_of (store, "somebodys", NULL);
	g_assert_cmpint (g_mkdir (stray, 0755), ==, 0);
	g_assert_true (g_file_set_contents (stray_stamp, "1", -1, NULL));
	g_assert_cmpint (g_mkdir (crash, 0755), ==, 0);
	g_assert_cmpint (g_mkdir (foreign, 0755), ==, 0);
	restore (store);
	expect_pem (store, "cert.pem", 0, leaf);
	g_assert_false (g_file_test (stray, G_FILE_TEST_EXISTS));
	g_assert_false (g_file_test (crash, G_FILE_TEST_EXISTS));
	/* Not ours: no stamp. */
	g_assert_true (g_file_test (foreign, G_FILE_TEST_EXISTS));
	store_free (store);
}

/* ---- references ---- */

static void
test_reference (void)
{
	static const char *const one[] = {"nobody", NULL};
	static const char *const two[] = {"nobody", "root", NULL};
	g_autoptr (KsGeneration) generation = NULL;
	g_autoptr (GError) error = NULL;
	g_autofree char *line = NULL;
	g_autofree char *path = NULL;
	g_autofree char *only = NULL;
	struct stat status;
	Store *store;

	if (!store_has_token ())
		return;
	store = store_new (KS_RESIDENCY_AUTO);
	generation = store_add_secret (store, "psk", "AB01@mef.example.com");
	g_assert_null (text_of (store, "psk", "psk.txt"));
	g_assert_true (ks_publisher_set_policy (store->publisher, "psk", one, NULL, &error));
	line = text_of (store, "psk", "psk.txt");
	/* "pskref1:" in hexadecimal behind the identity. */
	g_assert_true (g_str_has_prefix (line, "AB01@mef.example.com:70736b726566313a"));
	g_assert_cmpuint (strlen (line), ==, strlen ("AB01@mef.example.com:") + 64 + 1);
	path = path_of (store, "psk", "psk-nobody.txt");
	g_assert_cmpint (stat (path, &status), ==, 0);
	g_assert_cmpint (status.st_mode & 0707, ==, 0600);
	if (geteuid () == 0)
		g_assert_cmpuint (status.st_uid, ==, 65534);
	g_assert_true (ks_publisher_set_policy (store->publisher, "psk", two, NULL, &error));
	g_assert_null (text_of (store, "psk", "psk.txt"));
	only = path_of (store, "psk", "psk-root.txt");
	g_assert_true (g_file_test (only, G_FILE_TEST_EXISTS));
	store_free (store);
}

#define REVEALED                                                                                   \
	"AB01@mef.example.com:3031323334353637383961626364656630313233343536373839616263646566\n"

/* The key is in a file as long as the settings say so, for its users and groups alone. */
static void
test_reveal (void)
{
	static const char *const users[] = {"nobody", "no-such-user", "12345", NULL};
	static const char *const groups[] = {"daemon", NULL};
	static const KsPskPolicy hidden = {.versions = KS_PSK_TLS_ALL};
	static const KsPskPolicy revealed = {.versions = KS_PSK_TLS_ALL, .reveal = TRUE};
	g_autoptr (KsGeneration) generation = NULL;
	g_autoptr (GError) error = NULL;
	g_autofree char *line = NULL, *again = NULL, *path = NULL, *stray = NULL;
	struct stat status;
	Store *store;

	if (!store_has_token ())
		return;
	store = store_new (KS_RESIDENCY_AUTO);
	generation = store_add_secret (store, "psk", "AB01@mef.example.com");
	path = path_of (store, "psk", "revealed-psk.txt");
	stray = path_of (store, "psk", ".generation");
	g_assert_true (ks_publisher_recover (store->publisher, &error)); /* opens the token */
	g_assert_true (ks_publisher_set_policy (store->publisher, "psk", users, groups, &error));
	g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
	g_assert_true (ks_publisher_set_psk (store->publisher, "psk", &revealed, &error));
	line = text_of (store, "psk", "revealed-psk.txt");
	g_assert_cmpstr (line, ==, REVEALED);
	g_assert_cmpint (stat (path, &status), ==, 0);
	/* nobody but its users; of an access control list the mode shows the mask */
	g_assert_cmpint (status.st_mode & 0707, ==, 0600);
	g_assert_cmpuint (status.st_uid, ==, geteuid ());
	/* a start finds it as it is, and makes it again */
	restore (store);
	g_assert_cmpint (g_unlink (path), ==, 0);
	g_assert_cmpint (g_unlink (stray), ==, 0);
	restore (store);
	again = text_of (store, "psk", "revealed-psk.txt");
	g_assert_cmpstr (again, ==, REVEALED);
	g_assert_true (ks_publisher_set_psk (store->publisher, "psk", &hidden, &error));
	g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
	restore (store);
	g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
	store_free (store);
}

static void
test_refused (void)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *dir = store_temp_dir ();
	g_autofree char *file = g_build_filename (dir, "file", NULL);

	g_assert_true (g_file_set_contents (file, "", -1, NULL));
	g_assert_null (ks_folder_new (file, NULL, &error));
	g_assert_error (error, KS_ERROR, KS_ERROR_STORAGE);
	store_remove_dir (dir);
}

/* A folder that cannot be written keeps nobody from recovering the keys. */
static void
test_folder_lost (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (KsGeneration) first = NULL;
	g_autofree char *dir = NULL;
	Store *store;

	if (!store_has_token ())
		return;
	dir = store_temp_dir ();
	store = store_open (dir, KS_RESIDENCY_AUTO);
	first = store_add_pair (store, "one", KS_KEY_P256, 0);
	store_remove_dir (store->folders_path);
	g_assert_true (g_file_set_contents (store->folders_path, "in the way", -1, NULL));
	g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "credential folders: *");
	g_assert_true (ks_publisher_recover (store->publisher, &error));
	g_test_assert_expected_messages ();
	g_assert_true (ks_publisher_is_ready (store->publisher));
	g_assert_true (store_key_works (store, first));
	store_close (store);
	store_remove_dir (dir);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/folder/files", test_files);
	g_test_add_func ("/folder/exchange", test_exchange);
	g_test_add_func ("/folder/restore", test_restore);
	g_test_add_func ("/folder/reference", test_reference);
	g_test_add_func ("/folder/reveal", test_reveal);
	g_test_add_func ("/folder/refused", test_refused);
	g_test_add_func ("/folder/in-the-way", test_folder_lost);
	return g_test_run ();
}
