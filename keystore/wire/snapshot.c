/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Readers of the snapshot's layout; see snapshot.h and snapshot-layout.h. No allocation. */
#include <config.h>

#include "keystore/wire/snapshot.h"

#include "keystore/wire/limits.h"
#include "keystore/wire/snapshot-layout.h"

#include <endian.h>
#include <string.h>

static uint32_t
read_u32 (const WireSnapshot *snapshot, size_t offset)
{
	uint32_t value;

	memcpy (&value, snapshot->map + offset, sizeof value);
	return le32toh (value);
}

static uint32_t
header_field (const WireSnapshot *snapshot, SnapshotHeaderField field)
{
	return read_u32 (snapshot, 4 * (size_t) field);
}

static bool
table_fits (const WireSnapshot *snapshot, uint32_t offset, uint64_t count, uint64_t item_size)
{
	return offset >= SNAPSHOT_HEADER_SIZE && offset <= snapshot->size && offset % 4 == 0 &&
	       count * item_size <= snapshot->size - offset;
}

bool
wire_snapshot_open (WireSnapshot *snapshot, const void *map, size_t size)
{
	WireSnapshot opened = {.map = map, .size = size};
	uint32_t n_buckets;

	if (size < SNAPSHOT_HEADER_SIZE || size > WIRE_SNAPSHOT_MAX ||
	    header_field (&opened, SNAPSHOT_MAGIC) != SNAPSHOT_MAGIC_VALUE ||
	    header_field (&opened, SNAPSHOT_VERSION) != SNAPSHOT_VERSION_VALUE ||
	    header_field (&opened, SNAPSHOT_SIZE) != size)
		return false;
	opened.generation = header_field (&opened, SNAPSHOT_GENERATION);
	opened.n_objects = header_field (&opened, SNAPSHOT_N_OBJECTS);
	n_buckets = header_field (&opened, SNAPSHOT_N_BUCKETS);
	if (opened.n_objects > WIRE_OBJECTS_MAX || n_buckets == 0 || (n_buckets & (n_buckets - 1)) != 0 ||
	    !table_fits (&opened, header_field (&opened, SNAPSHOT_OBJECTS), opened.n_objects,
	                 SNAPSHOT_OBJECT_SIZE) ||
	    !table_fits (&opened, header_field (&opened, SNAPSHOT_ATTRIBUTES),
	                 header_field (&opened, SNAPSHOT_N_ATTRIBUTES), SNAPSHOT_ATTRIBUTE_SIZE) ||
	    !table_fits (&opened, header_field (&opened, SNAPSHOT_BUCKETS),
	                 (uint64_t) n_buckets * SNAPSHOT_N_CHAINS, 4))
		return false;
	*snapshot = opened;
	return true;
}

static uint32_t
object_field (const WireSnapshot *snapshot, uint32_t index, SnapshotObjectField field)
{
	return read_u32 (snapshot, header_field (snapshot, SNAPSHOT_OBJECTS) +
	                                   (size_t) index * SNAPSHOT_OBJECT_SIZE + 4 * (size_t) field);
}

bool
wire_snapshot_object (const WireSnapshot *snapshot, uint32_t index, WireObject *object)
{
	if (index >= snapshot->n_objects)
		return false;
	object->index = index;
	object->handle = object_field (snapshot, index, OBJECT_HANDLE);
	object->object_class = object_field (snapshot, index, OBJECT_CLASS);
	object->n_attributes = object_field (snapshot, index, OBJECT_N_ATTRIBUTES);
	return object->n_attributes <= WIRE_ATTRIBUTES_MAX;
}

/* Links hold an index + 1, 0 ends a chain. Chains run forward only: a link that does not is an end. */
static uint32_t
follow (const WireSnapshot *snapshot, uint32_t link, uint32_t after)
{
	uint32_t index = link - 1;

	if (link == 0 || index >= snapshot->n_objects || (after != WIRE_NONE && index <= after))
		return WIRE_NONE;
	return index;
}

static uint32_t
chain_next (const WireSnapshot *snapshot, SnapshotChain chain, uint32_t after, uint32_t hash)
{
	uint32_t n_buckets, bucket;
	uint32_t link;

	if (after != WIRE_NONE) {
		if (after >= snapshot->n_objects)
			return WIRE_NONE;
		link = object_field (snapshot, after, OBJECT_NEXT + (uint32_t) chain);
		return follow (snapshot, link, after);
	}
	n_buckets = header_field (snapshot, SNAPSHOT_N_BUCKETS);
	bucket = (uint32_t) chain * n_buckets + (hash & (n_buckets - 1));
	link = read_u32 (snapshot, header_field (snapshot, SNAPSHOT_BUCKETS) + 4 * (size_t) bucket);
	return follow (snapshot, link, after);
}

uint32_t
wire_snapshot_find_handle (const WireSnapshot *snapshot, uint32_t handle)
{
	uint32_t hash = snapshot_hash_number (handle);
	uint32_t index = chain_next (snapshot, CHAIN_HANDLE, WIRE_NONE, hash);

	while (index != WIRE_NONE && object_field (snapshot, index, OBJECT_HANDLE) != handle)
		index = chain_next (snapshot, CHAIN_HANDLE, index, hash);
	return index;
}

uint32_t
wire_snapshot_find_class (const WireSnapshot *snapshot, uint32_t after, uint32_t object_class)
{
	uint32_t hash = snapshot_hash_number (object_class);
	uint32_t index = chain_next (snapshot, CHAIN_CLASS, after, hash);

	while (index != WIRE_NONE && object_field (snapshot, index, OBJECT_CLASS) != object_class)
		index = chain_next (snapshot, CHAIN_CLASS, index, hash);
	return index;
}

static bool
attribute_equals (const WireSnapshot *snapshot,
                  uint32_t index,
                  uint32_t type,
                  const void *data,
                  size_t len)
{
	WireObject object;
	WireAttribute attribute;

	return wire_snapshot_object (snapshot, index, &object) &&
	       wire_snapshot_attribute (snapshot, &object, type, &attribute) && attribute.len == len &&
	       (len == 0 || memcmp (attribute.data, data, len) == 0);
}

static uint32_t
find_text (const WireSnapshot *snapshot,
           SnapshotChain chain,
           uint32_t type,
           uint32_t after,
           const void *data,
           size_t len)
{
	uint32_t hash = snapshot_hash_bytes (data, len);
	uint32_t index = chain_next (snapshot, chain, after, hash);

	while (index != WIRE_NONE && !attribute_equals (snapshot, index, type, data, len))
		index = chain_next (snapshot, chain, index, hash);
	return index;
}

uint32_t
wire_snapshot_find_id (const WireSnapshot *snapshot, uint32_t after, const void *id, size_t id_len)
{
	return find_text (snapshot, CHAIN_ID, SNAPSHOT_CKA_ID, after, id, id_len);
}

uint32_t
wire_snapshot_find_label (const WireSnapshot *snapshot,
                          uint32_t after,
                          const void *label,
                          size_t label_len)
{
	return find_text (snapshot, CHAIN_LABEL, SNAPSHOT_CKA_LABEL, after, label, label_len);
}

static bool
read_attribute (const WireSnapshot *snapshot, size_t entry, WireAttribute *attribute)
{
	uint32_t kind = read_u32 (snapshot, entry + 4);
	uint32_t offset = read_u32 (snapshot, entry + 8);
	uint32_t len = read_u32 (snapshot, entry + 12);

	if (kind > WIRE_ATTR_SENSITIVE || offset > snapshot->size || len > snapshot->size - offset)
		return false;
	if ((kind == WIRE_ATTR_BOOL && len != 1) || (kind == WIRE_ATTR_ULONG && len != 8) ||
	    (kind == WIRE_ATTR_ULONG_ARRAY && len % 8 != 0))
		return false;
	attribute->type = read_u32 (snapshot, entry);
	attribute->kind = (WireAttributeKind) kind;
	attribute->data = snapshot->map + offset;
	attribute->len = len;
	return true;
}

bool
wire_snapshot_attribute (const WireSnapshot *snapshot,
                         const WireObject *object,
                         uint32_t type,
                         WireAttribute *attribute)
{
	uint32_t first = object_field (snapshot, object->index, OBJECT_FIRST_ATTRIBUTE);
	uint32_t total = header_field (snapshot, SNAPSHOT_N_ATTRIBUTES);
	size_t entry;

	if (first > total || object->n_attributes > total - first)
		return false;
	entry = header_field (snapshot, SNAPSHOT_ATTRIBUTES) + (size_t) first * SNAPSHOT_ATTRIBUTE_SIZE;
	for (uint32_t i = 0; i < object->n_attributes; i++, entry += SNAPSHOT_ATTRIBUTE_SIZE) {
		if (read_u32 (snapshot, entry) == type)
			return read_attribute (snapshot, entry, attribute);
	}
	return false;
}
