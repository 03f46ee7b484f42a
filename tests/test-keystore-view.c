/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Views: which objects, which attributes, shared by whom, replaced when; and that nobody but the
 * keystore can change a byte of what others map.
 */
#include <config.h>

#include "keystore/view.h"
#include "tests/keystore-daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <p11-kit/pkcs11.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
	char *dir, *path;
	KsCatalogue *catalogue;
	KsView *view;
} Fixture;

static char *no_groups[] = {NULL};

static KsPeer
peer (KsSocket socket, const char *user)
{
	return (KsPeer){.socket = socket,
			.uid = user == NULL ? 0 : 1000,
			.trusted = user == NULL,
			.user = (char *)user,
			.groups = no_groups};
}

static void
on_changed (gpointer data)
{
	ks_view_changed (((Fixture *)data)->view);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
	g_autoptr (GError) error = NULL;

	fixture->dir = g_dir_make_tmp ("enrolee-view-XXXXXX", NULL);
	fixture->path = g_build_filename (fixture->dir, "catalogue.db", NULL);
	fixture->catalogue = ks_catalogue_open (fixture->path, &error);
	g_assert_no_error (error);
	fixture->view = ks_view_new (fixture->catalogue, 42, &error);
	g_assert_no_error (error);
	ks_catalogue_set_changed (fixture->catalogue, on_changed, fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
	ks_view_free (fixture->view);
	ks_catalogue_close (fixture->catalogue);
	g_remove (fixture->path);
	g_rmdir (fixture->dir);
	g_free (fixture->path);
	g_free (fixture->dir);
}

static GBytes *
make_spki (const char *curve)
{
	EVP_PKEY *key = strcmp (curve, "RSA") == 0 ? EVP_RSA_gen (2048) : EVP_EC_gen (curve);
	guchar *der = NULL;
	int len = i2d_PUBKEY (key, &der);
	GBytes *spki = g_bytes_new (der, (gsize)len);

	OPENSSL_free (der);
	EVP_PKEY_free (key);
	return spki;
}

/* A generation of @name, staged and, unless @leaf_name is %NULL, published. */
static void
add_pair (Fixture *fixture, const char *name, KsKeyType type, const char *curve, gboolean publish)
{
	const char *users[] = {"alice", NULL};
	KsIntent intent = {.name = name,
			   .kind = KS_KIND_KEY_PAIR,
			   .origin = KS_ORIGIN_ENROLLED,
			   .retain_s = KS_RETAIN_UNTIL_EXPIRY,
			   .users = users};
	g_autoptr (KsGeneration) generation = NULL;
	g_autoptr (GBytes) spki = make_spki (curve), leaf = NULL;
	g_autoptr (GPtrArray) authorities =
		g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
	KsPublication publication = {.name = name};
	g_autoptr (GError) error = NULL;
	gboolean done;

	done = ks_catalogue_add_intent (fixture->catalogue, &intent, type,
					type == KS_KEY_RSA ? 2048 : 0, &generation, &error);
	g_assert_no_error (error);
	done = done &&
	       ks_catalogue_set_staged (fixture->catalogue, name, generation->number, spki, &error);
	g_assert_no_error (error);
	if (!publish)
		return;
	leaf = issue (wire_gbytes (spki), name, 86400);
	g_ptr_array_add (authorities, issuer ());
	publication.generation = generation->number;
	publication.leaf = leaf;
	publication.chain = publication.anchors = authorities;
	done = done && ks_catalogue_publish (fixture->catalogue, &publication, 1,
					     g_get_real_time () / G_USEC_PER_SEC, &error);
	g_assert_no_error (error);
	g_assert_true (done);
}

static KsSnapshot *
map_view (Fixture *fixture, const KsPeer *who, WireSnapshot *map)
{
	g_autoptr (GError) error = NULL;
	KsSnapshot *snapshot = ks_view_get (fixture->view, who, &error);
	void *place;

	g_assert_no_error (error);
	place = mmap (NULL, snapshot->size, PROT_READ, MAP_SHARED, snapshot->fd, 0);
	g_assert_true (place != MAP_FAILED);
	g_assert_true (wire_snapshot_open (map, place, snapshot->size));
	return snapshot;
}

static guint
count_class (const WireSnapshot *map, guint32 class)
{
	guint count = 0;

	for (guint32 i = WIRE_NONE; (i = wire_snapshot_find_class (map, i, class)) != WIRE_NONE;)
		count++;
	return count;
}

static guint64
number (const WireSnapshot *map, const WireObject *object, guint32 type)
{
	WireAttribute attribute;
	guint64 value = 0;

	g_assert_true (wire_snapshot_attribute (map, object, type, &attribute));
	g_assert_cmpuint (attribute.len, <=, sizeof value);
	memcpy (&value, attribute.data, attribute.len);
	return value;
}

static WireObject
first_of (const WireSnapshot *map, guint32 class)
{
	WireObject object;

	g_assert_true (wire_snapshot_object (map, wire_snapshot_find_class (map, WIRE_NONE, class),
					     &object));
	return object;
}

static void
test_classes (Fixture *fixture, gconstpointer data)
{
	KsPeer root = peer (KS_SOCKET_TOKEN, NULL), alice = peer (KS_SOCKET_TOKEN, "alice"),
	       bob = peer (KS_SOCKET_TOKEN, "bob"), provisioner = peer (KS_SOCKET_PROVISION, NULL);
	g_autoptr (KsSnapshot) a = NULL, b = NULL, c = NULL, d = NULL;
	WireSnapshot map;

	add_pair (fixture, "gw", KS_KEY_P256, "P-256", TRUE);
	add_pair (fixture, "gw", KS_KEY_P256, "P-256", FALSE);
	a = map_view (fixture, &root, &map);
	g_assert_cmpuint (map.n_objects, ==, 5); /* key, public key, leaf, chain, anchor */
	g_assert_cmpuint (map.generation, ==, ks_view_generation (fixture->view));
	b = map_view (fixture, &alice, &map);
	g_assert_true (a == b); /* one class, one snapshot */
	c = map_view (fixture, &bob, &map);
	g_assert_cmpuint (map.n_objects, ==, 0);
	d = map_view (fixture, &provisioner, &map);
	g_assert_cmpuint (map.n_objects, ==, 7); /* and the staged pair */
}

static void
test_rollover (Fixture *fixture, gconstpointer data)
{
	KsPeer alice = peer (KS_SOCKET_TOKEN, "alice");
	g_autoptr (KsSnapshot) before = NULL, after = NULL;
	WireObject old_key, new_key, object;
	WireSnapshot map;
	guint32 index, generation = ks_view_generation (fixture->view);

	add_pair (fixture, "gw", KS_KEY_P256, "P-256", TRUE);
	before = map_view (fixture, &alice, &map);
	old_key = first_of (&map, CKO_PRIVATE_KEY);
	g_assert_cmpuint (ks_view_generation (fixture->view), >, generation);
	add_pair (fixture, "gw", KS_KEY_P256, "P-256", TRUE);
	after = map_view (fixture, &alice, &map);
	g_assert_cmpuint (after->generation, >, before->generation);
	new_key = first_of (&map, CKO_PRIVATE_KEY);
	g_assert_cmpuint (new_key.handle, !=, old_key.handle);
	g_assert_cmpuint (count_class (&map, CKO_PRIVATE_KEY), ==, 2);
	g_assert_cmpuint (count_class (&map, CKO_PUBLIC_KEY), ==, 2);
	g_assert_cmpuint (count_class (&map, CKO_CERTIFICATE), ==, 3);
	index = wire_snapshot_find_handle (&map, old_key.handle);
	g_assert_cmpuint (index, !=, WIRE_NONE);
	g_assert_cmpuint (index, >, new_key.index); /* after the current one */
	/* one certificate of that label, the new one */
	index = wire_snapshot_find_label (&map, WIRE_NONE, "gw", 2);
	for (guint leaves = 0; index != WIRE_NONE;
	     index = wire_snapshot_find_label (&map, index, "gw", 2)) {
		g_assert_true (wire_snapshot_object (&map, index, &object));
		leaves += object.object_class == CKO_CERTIFICATE;
		g_assert_cmpuint (leaves, <=, 1);
	}
}

typedef struct {
	guint32 class, type;
	guint64 value;
} Expected;

static void
check_numbers (const WireSnapshot *map, const Expected *expected, gsize count)
{
	for (gsize i = 0; i < count; i++) {
		WireObject object = first_of (map, expected[i].class);

		g_test_message ("class %u attribute 0x%x", expected[i].class, expected[i].type);
		g_assert_cmpuint (number (map, &object, expected[i].type), ==, expected[i].value);
	}
}

static void
test_attributes (Fixture *fixture, gconstpointer data)
{
	static const Expected expected[] = {
		{CKO_PRIVATE_KEY, CKA_TOKEN, 1},
		{CKO_PRIVATE_KEY, CKA_PRIVATE, 1},
		{CKO_PRIVATE_KEY, CKA_SENSITIVE, 1},
		{CKO_PRIVATE_KEY, CKA_EXTRACTABLE, 0},
		{CKO_PRIVATE_KEY, CKA_COPYABLE, 0},
		{CKO_PRIVATE_KEY, CKA_ALWAYS_AUTHENTICATE, 0},
		{CKO_PRIVATE_KEY, CKA_SIGN, 1},
		{CKO_PRIVATE_KEY, CKA_DECRYPT, 0},
		{CKO_PRIVATE_KEY, CKA_KEY_TYPE, CKK_EC},
		{CKO_PRIVATE_KEY, CKA_LOCAL, 1},
		{CKO_PRIVATE_KEY, CKA_KEY_GEN_MECHANISM, CKM_EC_KEY_PAIR_GEN},
		{CKO_PUBLIC_KEY, CKA_PRIVATE, 0},
		{CKO_PUBLIC_KEY, CKA_VERIFY, 1},
		{CKO_CERTIFICATE, CKA_PRIVATE, 0},
		{CKO_CERTIFICATE, CKA_TRUSTED, 0},
		{CKO_CERTIFICATE, CKA_CERTIFICATE_CATEGORY, 1},
		{CKO_CERTIFICATE, CKA_CERTIFICATE_TYPE, CKC_X_509},
	};
	static const CK_ATTRIBUTE_TYPE told[] = {
		CKA_EC_PARAMS, CKA_EC_POINT, CKA_PUBLIC_KEY_INFO, CKA_SUBJECT,
		CKA_ID,        CKA_LABEL,    CKA_END_DATE,        CKA_ALLOWED_MECHANISMS};
	KsPeer alice = peer (KS_SOCKET_TOKEN, "alice");
	g_autoptr (KsSnapshot) snapshot = NULL;
	WireAttribute attribute;
	WireObject key;
	WireSnapshot map;

	add_pair (fixture, "gw", KS_KEY_P256, "P-256", TRUE);
	snapshot = map_view (fixture, &alice, &map);
	check_numbers (&map, expected, G_N_ELEMENTS (expected));
	key = first_of (&map, CKO_PRIVATE_KEY);
	for (gsize i = 0; i < G_N_ELEMENTS (told); i++) {
		g_assert_true (wire_snapshot_attribute (&map, &key, (guint32)told[i], &attribute));
		g_assert_cmpuint (attribute.len, >, 0);
	}
	g_assert_true (wire_snapshot_attribute (&map, &key, CKA_VALUE, &attribute));
	g_assert_cmpint (attribute.kind, ==, WIRE_ATTR_SENSITIVE);
	g_assert_false (wire_snapshot_attribute (&map, &key, CKA_MODULUS, &attribute));
	g_assert_false (wire_snapshot_attribute (&map, &key, CKA_PRIVATE_EXPONENT, &attribute));
}

static void
test_rsa_attributes (Fixture *fixture, gconstpointer data)
{
	KsPeer alice = peer (KS_SOCKET_TOKEN, "alice");
	g_autoptr (KsSnapshot) snapshot = NULL;
	WireAttribute attribute;
	WireObject key, public_key;
	WireSnapshot map;

	add_pair (fixture, "gw", KS_KEY_RSA, "RSA", TRUE);
	snapshot = map_view (fixture, &alice, &map);
	key = first_of (&map, CKO_PRIVATE_KEY);
	public_key = first_of (&map, CKO_PUBLIC_KEY);
	g_assert_true (wire_snapshot_attribute (&map, &key, CKA_MODULUS, &attribute));
	g_assert_cmpuint (attribute.len, ==, 256);
	g_assert_true (wire_snapshot_attribute (&map, &key, CKA_PRIVATE_EXPONENT, &attribute));
	g_assert_cmpint (attribute.kind, ==, WIRE_ATTR_SENSITIVE);
	g_assert_false (wire_snapshot_attribute (&map, &key, CKA_EC_POINT, &attribute));
	g_assert_cmpuint (number (&map, &public_key, CKA_MODULUS_BITS), ==, 2048);
	g_assert_cmpuint (number (&map, &key, CKA_DECRYPT), ==, 1);
}

static void
test_labels (Fixture *fixture, gconstpointer data)
{
	static const char *const labels[] = {"gw", "gw issuer 1", "gw anchor 1 Test  CA"};
	KsPeer alice = peer (KS_SOCKET_TOKEN, "alice");
	g_autoptr (KsSnapshot) snapshot = NULL;
	g_autoptr (GHashTable) ids = g_hash_table_new_full (g_bytes_hash, g_bytes_equal,
							    (GDestroyNotify)g_bytes_unref, NULL);
	WireAttribute attribute;
	WireObject object;
	WireSnapshot map;
	guint place = 0;

	add_pair (fixture, "gw", KS_KEY_P256, "P-256", TRUE);
	snapshot = map_view (fixture, &alice, &map);
	for (guint32 i = WIRE_NONE;
	     (i = wire_snapshot_find_class (&map, i, CKO_CERTIFICATE)) != WIRE_NONE;) {
		g_assert_true (wire_snapshot_object (&map, i, &object));
		g_assert_true (wire_snapshot_attribute (&map, &object, CKA_LABEL, &attribute));
		g_assert_cmpmem (attribute.data, attribute.len, labels[place],
				 strlen (labels[place]));
		g_assert_cmpuint (number (&map, &object, CKA_TRUSTED), ==, place == 2);
		g_assert_true (wire_snapshot_attribute (&map, &object, CKA_ID, &attribute));
		g_assert_true (g_hash_table_add (ids, g_bytes_new (attribute.data, attribute.len)));
		place++;
	}
	g_assert_cmpuint (place, ==, G_N_ELEMENTS (labels));
}

/* ---- seals ---- */

/* Everything that would change what others map, tried on a descriptor. Returns what succeeded, 0
 * for none. */
static int
attack (int fd)
{
	g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
	int again = open (path, O_RDWR | O_CLOEXEC);
	int target = again >= 0 ? again : fd;
	void *map;

	if (ftruncate (target, 0) == 0 || truncate (path, 0) == 0)
		return 1;
	if (ftruncate (target, 1 << 20) == 0)
		return 2;
	if (pwrite (target, "x", 1, 0) >= 0)
		return 3;
	map = mmap (NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, target, 0);
	if (map != MAP_FAILED)
		return 4;
	map = mmap (NULL, 4096, PROT_READ, MAP_SHARED, target, 0);
	if (map == MAP_FAILED || mprotect (map, 4096, PROT_READ | PROT_WRITE) == 0)
		return 5;
	if (fallocate (target, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) == 0)
		return 6;
	if (fcntl (target, F_ADD_SEALS, F_SEAL_WRITE) == 0)
		return 7;
	open (path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	return 0;
}

static int
attack_both (gpointer data)
{
	const int *fds = data;
	int result = attack (fds[0]);

	return result != 0 ? result : attack (fds[1]) * 10;
}

static int
attack_unsealed (gpointer data)
{
	return attack (*(int *)data);
}

static void
test_seals (Fixture *fixture, gconstpointer data)
{
	KsPeer alice = peer (KS_SOCKET_TOKEN, "alice");
	g_autoptr (KsSnapshot) snapshot = NULL;
	WireSnapshot map;
	struct stat status;
	guint32 generation;
	int fds[2], unsealed;

	add_pair (fixture, "gw", KS_KEY_P256, "P-256", TRUE);
	snapshot = map_view (fixture, &alice, &map);
	fds[0] = snapshot->fd;
	fds[1] = ks_view_page_fd (fixture->view);
	g_assert_cmpint (fcntl (fds[0], F_GET_SEALS), ==,
			 F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	g_assert_cmpint (fcntl (fds[1], F_GET_SEALS), ==,
			 F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL);
	g_assert_cmpint (attack_both (fds), ==, 0); /* the keystore's own user */
	if (geteuid () == 0) {
		unsealed = memfd_create ("control", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		g_assert_cmpint (run_as (54321, attack_both, fds), ==, 0);
		g_assert_cmpint (run_as (54321, attack_unsealed, &unsealed), !=,
				 0); /* the attack works */
		close (unsealed);
	}
	g_assert_no_errno (fstat (fds[0], &status));
	g_assert_cmpuint (status.st_size, ==, snapshot->size);
	g_assert_no_errno (fstat (fds[1], &status));
	g_assert_cmpuint (status.st_size, ==, WIRE_PAGE_SIZE);
	/* and the keystore still writes its page */
	generation = ks_view_generation (fixture->view);
	add_pair (fixture, "gw2", KS_KEY_P256, "P-256", TRUE);
	g_assert_cmpuint (ks_view_generation (fixture->view), >, generation);
	ks_view_end (fixture->view);
	g_assert_cmpuint (ks_view_generation (fixture->view), ==, 0);
}

#define ADD(name, function)                                                                        \
	g_test_add ("/keystore/view/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	ADD ("classes", test_classes);
	ADD ("rollover", test_rollover);
	ADD ("attributes", test_attributes);
	ADD ("attributes-rsa", test_rsa_attributes);
	ADD ("labels", test_labels);
	ADD ("seals", test_seals);
	return g_test_run ();
}
