/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The snapshot: what is built is found again, in order; damaged maps are read safely. */
#include <config.h>

#include "keystore/wire/snapshot.h"

#include "keystore/wire/snapshot-layout.h"

#include <glib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CKA_TOKEN 0x001u
#define CKA_VALUE 0x011u
#define CKA_ALLOWED_MECHANISMS 0x40000600u

static void
add_key (WireSnapshotBuilder *builder, uint32_t handle, const char *id, const char *label)
{
	const uint64_t mechanisms[] = {0x1041, 0x1044};

	wire_snapshot_add_object (builder, handle, 3);
	wire_snapshot_add_bool (builder, CKA_TOKEN, true);
	wire_snapshot_add_bytes (builder, SNAPSHOT_CKA_ID, id, strlen (id));
	wire_snapshot_add_bytes (builder, SNAPSHOT_CKA_LABEL, label, strlen (label));
	wire_snapshot_add_sensitive (builder, CKA_VALUE);
	wire_snapshot_add_ulongs (builder, CKA_ALLOWED_MECHANISMS, mechanisms, 2);
}

static uint8_t *
written (WireSnapshotBuilder *builder, size_t *size)
{
	int fd = memfd_create ("snapshot", MFD_CLOEXEC);
	uint8_t *map;

	g_assert_cmpint (fd, >=, 0);
	*size = wire_snapshot_builder_write (builder, fd);
	g_assert_cmpuint (*size, >, 0);
	map = g_malloc (*size);
	g_assert_cmpint (pread (fd, map, *size, 0), ==, *size);
	close (fd);
	wire_snapshot_builder_free (builder);
	return map;
}

static uint8_t *
three_keys (size_t *size)
{
	WireSnapshotBuilder *builder = wire_snapshot_builder_new (9);

	add_key (builder, 30, "new", "gw");
	add_key (builder, 10, "old", "gw");
	add_key (builder, 20, "other", "web");
	return written (builder, size);
}

static void
test_find (void)
{
	size_t size;
	g_autofree uint8_t *map = three_keys (&size);
	WireSnapshot snapshot;
	WireObject object;
	uint32_t index;

	g_assert_true (wire_snapshot_open (&snapshot, map, size));
	g_assert_cmpuint (snapshot.generation, ==, 9);
	g_assert_cmpuint (snapshot.n_objects, ==, 3);
	index = wire_snapshot_find_label (&snapshot, WIRE_NONE, "gw", 2);
	g_assert_true (wire_snapshot_object (&snapshot, index, &object));
	g_assert_cmpuint (object.handle, ==, 30);
	index = wire_snapshot_find_label (&snapshot, index, "gw", 2);
	g_assert_true (wire_snapshot_object (&snapshot, index, &object));
	g_assert_cmpuint (object.handle, ==, 10);
	g_assert_cmpuint (wire_snapshot_find_label (&snapshot, index, "gw", 2), ==, WIRE_NONE);
	g_assert_cmpuint (wire_snapshot_find_id (&snapshot, WIRE_NONE, "other", 5), ==, 2);
	g_assert_cmpuint (wire_snapshot_find_id (&snapshot, WIRE_NONE, "othe", 4), ==, WIRE_NONE);
	g_assert_cmpuint (wire_snapshot_find_handle (&snapshot, 10), ==, 1);
	g_assert_cmpuint (wire_snapshot_find_handle (&snapshot, 11), ==, WIRE_NONE);
	g_assert_cmpuint (wire_snapshot_find_class (&snapshot, 0, 3), ==, 1);
	g_assert_cmpuint (wire_snapshot_find_class (&snapshot, 2, 3), ==, WIRE_NONE);
	g_assert_cmpuint (wire_snapshot_find_class (&snapshot, WIRE_NONE, 1), ==, WIRE_NONE);
}

static void
test_attributes (void)
{
	size_t size;
	g_autofree uint8_t *map = three_keys (&size);
	WireSnapshot snapshot;
	WireObject object;
	WireAttribute attribute;

	g_assert_true (wire_snapshot_open (&snapshot, map, size));
	g_assert_true (wire_snapshot_object (&snapshot, 1, &object));
	g_assert_true (wire_snapshot_attribute (&snapshot, &object, CKA_VALUE, &attribute));
	g_assert_cmpint (attribute.kind, ==, WIRE_ATTR_SENSITIVE);
	g_assert_true (wire_snapshot_attribute (&snapshot, &object, CKA_ALLOWED_MECHANISMS, &attribute));
	g_assert_cmpint (attribute.kind, ==, WIRE_ATTR_ULONG_ARRAY);
	g_assert_cmpmem (attribute.data, attribute.len, "\x41\x10\0\0\0\0\0\0\x44\x10\0\0\0\0\0\0", 16);
	g_assert_true (wire_snapshot_attribute (&snapshot, &object, SNAPSHOT_CKA_CLASS, &attribute));
	g_assert_cmpmem (attribute.data, attribute.len, "\3\0\0\0\0\0\0\0", 8);
	g_assert_false (wire_snapshot_attribute (&snapshot, &object, 0x4711, &attribute));
	g_assert_false (wire_snapshot_object (&snapshot, 3, &object));
}

static void
test_empty (void)
{
	size_t size;
	g_autofree uint8_t *map = written (wire_snapshot_builder_new (1), &size);
	WireSnapshot snapshot;

	g_assert_true (wire_snapshot_open (&snapshot, map, size));
	g_assert_cmpuint (wire_snapshot_find_class (&snapshot, WIRE_NONE, 3), ==, WIRE_NONE);
	for (size_t shorter = 0; shorter < size; shorter++)
		g_assert_false (wire_snapshot_open (&snapshot, map, shorter));
}

static void
use_everything (const WireSnapshot *snapshot)
{
	WireObject object;
	WireAttribute attribute;
	uint32_t index = WIRE_NONE, steps = 0;

	for (uint32_t i = 0; i < snapshot->n_objects && i < 8; i++) {
		if (!wire_snapshot_object (snapshot, i, &object))
			continue;
		if (wire_snapshot_attribute (snapshot, &object, SNAPSHOT_CKA_LABEL, &attribute))
			(void) snapshot_hash_bytes (attribute.data, attribute.len);
		wire_snapshot_find_handle (snapshot, object.handle);
	}
	do {
		index = wire_snapshot_find_label (snapshot, index, "gw", 2);
		g_assert_cmpuint (steps++, <=, snapshot->n_objects);
	} while (index != WIRE_NONE);
}

/* Every single byte of the tables, damaged in three ways, under the sanitizers' eyes. */
static void
test_damaged (void)
{
	size_t size;
	g_autofree uint8_t *map = three_keys (&size);
	const uint8_t damages[] = {0x00, 0x01, 0xff};

	for (size_t i = 0; i < size; i++) {
		for (size_t j = 0; j < G_N_ELEMENTS (damages); j++) {
			uint8_t kept = map[i];
			WireSnapshot snapshot;

			map[i] = damages[j];
			if (wire_snapshot_open (&snapshot, map, size))
				use_everything (&snapshot);
			map[i] = kept;
		}
	}
}

static void
test_many (void)
{
	WireSnapshotBuilder *builder = wire_snapshot_builder_new (1);
	g_autofree uint8_t *map = NULL;
	WireSnapshot snapshot;
	size_t size;
	char id[32];

	for (uint32_t i = 1; i <= 20000; i++) {
		g_snprintf (id, sizeof id, "id-%u", i);
		add_key (builder, i, id, "label");
	}
	map = written (builder, &size);
	g_assert_true (wire_snapshot_open (&snapshot, map, size));
	for (uint32_t i = 1; i <= 20000; i++) {
		g_snprintf (id, sizeof id, "id-%u", i);
		g_assert_cmpuint (wire_snapshot_find_id (&snapshot, WIRE_NONE, id, strlen (id)), ==, i - 1);
	}
}

int
main (int argc, char *argv[])
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/wire/snapshot/find", test_find);
	g_test_add_func ("/wire/snapshot/attributes", test_attributes);
	g_test_add_func ("/wire/snapshot/empty", test_empty);
	g_test_add_func ("/wire/snapshot/damaged", test_damaged);
	g_test_add_func ("/wire/snapshot/many", test_many);
	return g_test_run ();
}
