/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The snapshot: what one peer may see, laid out in one sealed memory file, and the generation page
 * that tells whether a newer one exists. Builder and readers of the layout; libc only. Readers check
 * every offset against the map's size, so that no content makes them read outside of it.
 * All integers are little-endian and of fixed width; see keystore/PROTOCOL.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_NONE UINT32_MAX /* no object */

typedef enum {
	WIRE_ATTR_BYTES = 0,
	WIRE_ATTR_BOOL = 1,        /* one byte, 0 or 1 */
	WIRE_ATTR_ULONG = 2,       /* eight bytes */
	WIRE_ATTR_ULONG_ARRAY = 3, /* eight bytes each */
	WIRE_ATTR_SENSITIVE = 4,   /* exists, is never told: CKR_ATTRIBUTE_SENSITIVE */
} WireAttributeKind;

/** One attribute of an object; @data points into the map. */
typedef struct {
	uint32_t type; /* CKA_* */
	WireAttributeKind kind;
	const uint8_t *data;
	size_t len;
} WireAttribute;

/** One object; @index is its place in the snapshot, in listing order. */
typedef struct {
	uint32_t index;
	uint32_t handle;       /* permanent object number: CK_OBJECT_HANDLE */
	uint32_t object_class; /* CKO_* */
	uint32_t n_attributes;
} WireObject;

/** A mapped snapshot. Copyable; does not own the map. */
typedef struct {
	const uint8_t *map;
	size_t size;
	uint32_t generation;
	uint32_t n_objects;
} WireSnapshot;

/** Checks the header and the tables' bounds. Returns false when this is no snapshot of version 1. */
bool wire_snapshot_open (WireSnapshot *snapshot, const void *map, size_t size);

/** The object at @index in listing order. */
bool wire_snapshot_object (const WireSnapshot *snapshot, uint32_t index, WireObject *object);

/** Index of the object with this handle, or WIRE_NONE. Constant time. */
uint32_t wire_snapshot_find_handle (const WireSnapshot *snapshot, uint32_t handle);

/* CKA_ID, CKA_LABEL and class searches: constant time per match, in listing order; start with
 * @after = WIRE_NONE, go on with the last index. Return WIRE_NONE at the end. */
uint32_t wire_snapshot_find_id (const WireSnapshot *snapshot,
                                uint32_t after,
                                const void *id,
                                size_t id_len);
uint32_t wire_snapshot_find_label (const WireSnapshot *snapshot,
                                   uint32_t after,
                                   const void *label,
                                   size_t label_len);
uint32_t
wire_snapshot_find_class (const WireSnapshot *snapshot, uint32_t after, uint32_t object_class);

/** The attribute @type of @object; false when the object has none. */
bool wire_snapshot_attribute (const WireSnapshot *snapshot,
                              const WireObject *object,
                              uint32_t type,
                              WireAttribute *attribute);

/* Builder: objects are added in listing order, the current generation of a key before older ones. */
typedef struct WireSnapshotBuilder WireSnapshotBuilder;

/** (transfer full) NULL when memory is short. */
WireSnapshotBuilder *wire_snapshot_builder_new (uint32_t generation);
void wire_snapshot_builder_free (WireSnapshotBuilder *builder);

void wire_snapshot_add_object (WireSnapshotBuilder *builder,
                               uint32_t handle,
                               uint32_t object_class);
/* The attributes of the object added last. CKA_CLASS is added with the object. */
void wire_snapshot_add_bytes (WireSnapshotBuilder *builder,
                              uint32_t type,
                              const void *data,
                              size_t len);
void wire_snapshot_add_bool (WireSnapshotBuilder *builder, uint32_t type, bool value);
void wire_snapshot_add_ulong (WireSnapshotBuilder *builder, uint32_t type, uint64_t value);
void wire_snapshot_add_ulongs (WireSnapshotBuilder *builder,
                               uint32_t type,
                               const uint64_t *values,
                               size_t n_values);
void wire_snapshot_add_sensitive (WireSnapshotBuilder *builder, uint32_t type);

/**
 * wire_snapshot_builder_write:
 * Writes the snapshot to @fd from offset 0. Returns its size in bytes, or 0 with errno set: a failed
 * write, ENOMEM when an addition failed, E2BIG above WIRE_SNAPSHOT_MAX or WIRE_OBJECTS_MAX.
 */
size_t wire_snapshot_builder_write (WireSnapshotBuilder *builder, int fd);

/* The generation page: one shared page, written by the keystore alone. */
#define WIRE_PAGE_SIZE 4096
#define WIRE_PAGE_MAGIC 0x50474e45u /* "ENGP" */

typedef struct {
	uint32_t magic;
	uint32_t version;
	uint32_t generation; /* atomic; 0 once the keystore has said goodbye */
	uint32_t reserved;
	uint64_t instance;
} WirePage;

/** A memory barrier's worth of reading: the generation now. */
static inline uint32_t
wire_page_generation (const WirePage *page)
{
	return __atomic_load_n (&page->generation, __ATOMIC_ACQUIRE);
}

static inline void
wire_page_set_generation (WirePage *page, uint32_t generation)
{
	__atomic_store_n (&page->generation, generation, __ATOMIC_RELEASE);
}
