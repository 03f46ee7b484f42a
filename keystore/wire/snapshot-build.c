/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Builder of the snapshot's layout; see snapshot.h. Used by the keystore (and by tests) only. */
#include <config.h>

#include "keystore/wire/limits.h"
#include "keystore/wire/snapshot-layout.h"
#include "keystore/wire/snapshot.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A growing table; little-endian words or bytes. */
typedef struct {
	uint8_t *data;
	size_t len, capacity;
} Table;

struct WireSnapshotBuilder {
	uint32_t generation;
	Table objects, attributes, values;
	uint32_t n_objects, n_attributes;
	int error; /* errno of the first failure */
};

WireSnapshotBuilder *
wire_snapshot_builder_new (uint32_t generation)
{
	WireSnapshotBuilder *builder = calloc (1, sizeof *builder);

	if (builder != NULL)
		builder->generation = generation;
	return builder;
}

void
wire_snapshot_builder_free (WireSnapshotBuilder *builder)
{
	if (builder == NULL)
		return;
	free (builder->objects.data);
	free (builder->attributes.data);
	free (builder->values.data);
	free (builder);
}

static uint8_t *
table_extend (WireSnapshotBuilder *builder, Table *table, size_t len)
{
	size_t capacity = table->capacity > 0 ? table->capacity : 4096;
	uint8_t *data;

	if (table->len + len > WIRE_SNAPSHOT_MAX)
		builder->error = E2BIG;
	if (builder->error != 0)
		return NULL;
	while (capacity < table->len + len)
		capacity *= 2;
	if (capacity != table->capacity) {
		data = realloc (table->data, capacity);
		if (data == NULL) {
			builder->error = ENOMEM;
			return NULL;
		}
		table->data = data;
		table->capacity = capacity;
	}
	table->len += len;
	return table->data + table->len - len;
}

static void
write_words (uint8_t *place, const uint32_t *words, size_t n_words)
{
	for (size_t i = 0; place != NULL && i < n_words; i++) {
		uint32_t word = htole32 (words[i]);
		memcpy (place + 4 * i, &word, 4);
	}
}

static uint32_t
read_word (const uint8_t *place, size_t word)
{
	uint32_t value;

	memcpy (&value, place + 4 * word, 4);
	return le32toh (value);
}

void
wire_snapshot_add_object (WireSnapshotBuilder *builder, uint32_t handle, uint32_t object_class)
{
	uint32_t words[OBJECT_FIELDS] = {handle, object_class, builder->n_attributes, 0};

	if (builder->n_objects == WIRE_OBJECTS_MAX)
		builder->error = E2BIG;
	write_words (table_extend (builder, &builder->objects, SNAPSHOT_OBJECT_SIZE), words, OBJECT_FIELDS);
	if (builder->error != 0)
		return;
	builder->n_objects++;
	wire_snapshot_add_ulong (builder, SNAPSHOT_CKA_CLASS, object_class);
}

/* Offsets of values are relative to the values' table until the snapshot is written. */
static void
add_attribute (WireSnapshotBuilder *builder,
               uint32_t type,
               WireAttributeKind kind,
               const void *data,
               size_t len)
{
	uint32_t entry[4] = {type, kind, (uint32_t) builder->values.len, (uint32_t) len};
	uint8_t *object, *value;
	uint32_t count;

	if (builder->error != 0 || builder->n_objects == 0)
		return;
	value = table_extend (builder, &builder->values, len);
	if (value != NULL && len > 0)
		memcpy (value, data, len);
	write_words (table_extend (builder, &builder->attributes, sizeof entry), entry, 4);
	if (builder->error != 0)
		return;
	builder->n_attributes++;
	object = builder->objects.data + builder->objects.len - SNAPSHOT_OBJECT_SIZE;
	count = read_word (object, OBJECT_N_ATTRIBUTES) + 1;
	write_words (object + 4 * OBJECT_N_ATTRIBUTES, &count, 1);
	if (count > WIRE_ATTRIBUTES_MAX)
		builder->error = E2BIG;
}

void
wire_snapshot_add_bytes (WireSnapshotBuilder *builder, uint32_t type, const void *data, size_t len)
{
	add_attribute (builder, type, WIRE_ATTR_BYTES, data, len);
}

void
wire_snapshot_add_bool (WireSnapshotBuilder *builder, uint32_t type, bool value)
{
	uint8_t byte = value ? 1 : 0;

	add_attribute (builder, type, WIRE_ATTR_BOOL, &byte, 1);
}

void
wire_snapshot_add_ulong (WireSnapshotBuilder *builder, uint32_t type, uint64_t value)
{
	uint64_t stored = htole64 (value);

	add_attribute (builder, type, WIRE_ATTR_ULONG, &stored, sizeof stored);
}

void
wire_snapshot_add_ulongs (WireSnapshotBuilder *builder,
                          uint32_t type,
                          const uint64_t *values,
                          size_t n_values)
{
	uint64_t stored[WIRE_ATTRIBUTES_MAX];

	if (n_values > WIRE_ATTRIBUTES_MAX) {
		builder->error = E2BIG;
		return;
	}
	for (size_t i = 0; i < n_values; i++)
		stored[i] = htole64 (values[i]);
	add_attribute (builder, type, WIRE_ATTR_ULONG_ARRAY, stored, n_values * sizeof stored[0]);
}

void
wire_snapshot_add_sensitive (WireSnapshotBuilder *builder, uint32_t type)
{
	add_attribute (builder, type, WIRE_ATTR_SENSITIVE, NULL, 0);
}

static const uint8_t *
find_value (const WireSnapshotBuilder *builder, uint32_t index, uint32_t type, size_t *len)
{
	const uint8_t *object = builder->objects.data + (size_t) index * SNAPSHOT_OBJECT_SIZE;
	const uint8_t *entry = builder->attributes.data +
	                       (size_t) read_word (object, OBJECT_FIRST_ATTRIBUTE) * SNAPSHOT_ATTRIBUTE_SIZE;

	for (uint32_t i = 0; i < read_word (object, OBJECT_N_ATTRIBUTES); i++) {
		if (read_word (entry, 0) == type) {
			*len = read_word (entry, 3);
			return builder->values.data + read_word (entry, 2);
		}
		entry += SNAPSHOT_ATTRIBUTE_SIZE;
	}
	return NULL;
}

/* Whether an object belongs to a chain, and into which bucket. */
static bool
chain_hash (const WireSnapshotBuilder *builder, uint32_t index, SnapshotChain chain, uint32_t *hash)
{
	const uint8_t *object = builder->objects.data + (size_t) index * SNAPSHOT_OBJECT_SIZE;
	const uint8_t *value;
	size_t len;

	if (chain == CHAIN_HANDLE || chain == CHAIN_CLASS) {
		*hash = snapshot_hash_number (
			read_word (object, chain == CHAIN_HANDLE ? OBJECT_HANDLE : OBJECT_CLASS));
		return true;
	}
	value = find_value (builder, index, chain == CHAIN_ID ? SNAPSHOT_CKA_ID : SNAPSHOT_CKA_LABEL, &len);
	if (value == NULL)
		return false;
	*hash = snapshot_hash_bytes (value, len);
	return true;
}

/* Backwards, each object put in front of its bucket: chains then run in listing order. */
static void
link_chain (WireSnapshotBuilder *builder, uint8_t *buckets, uint32_t n_buckets, SnapshotChain chain)
{
	uint32_t hash, head, link;
	uint8_t *bucket, *object;

	for (uint32_t index = builder->n_objects; index-- > 0;) {
		if (!chain_hash (builder, index, chain, &hash))
			continue;
		object = builder->objects.data + (size_t) index * SNAPSHOT_OBJECT_SIZE;
		bucket = buckets + 4 * ((size_t) chain * n_buckets + (hash & (n_buckets - 1)));
		head = read_word (bucket, 0);
		write_words (object + 4 * (OBJECT_NEXT + chain), &head, 1);
		link = index + 1;
		write_words (bucket, &link, 1);
	}
}

static bool
write_all (int fd, const void *data, size_t len, size_t offset)
{
	while (len > 0) {
		ssize_t written = pwrite (fd, data, len, (off_t) offset);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		data = (const uint8_t *) data + written;
		len -= (size_t) written;
		offset += (size_t) written;
	}
	return true;
}

static void
relocate_values (WireSnapshotBuilder *builder, size_t values)
{
	for (uint32_t i = 0; i < builder->n_attributes; i++) {
		uint8_t *entry = builder->attributes.data + (size_t) i * SNAPSHOT_ATTRIBUTE_SIZE;
		uint32_t offset = read_word (entry, 2) + (uint32_t) values;

		write_words (entry + 8, &offset, 1);
	}
}

size_t
wire_snapshot_builder_write (WireSnapshotBuilder *builder, int fd)
{
	uint32_t n_buckets = 16;
	size_t attributes = SNAPSHOT_HEADER_SIZE + builder->objects.len;
	size_t buckets = attributes + builder->attributes.len;
	size_t buckets_len, values, size;
	uint8_t *table;
	bool written;

	while (n_buckets < builder->n_objects)
		n_buckets *= 2;
	buckets_len = 4 * (size_t) n_buckets * SNAPSHOT_N_CHAINS;
	values = buckets + buckets_len;
	size = values + builder->values.len;
	if (builder->error == 0 && size > WIRE_SNAPSHOT_MAX)
		builder->error = E2BIG;
	table = builder->error == 0 ? calloc (1, buckets_len) : NULL;
	if (table == NULL) {
		errno = builder->error != 0 ? builder->error : ENOMEM;
		return 0;
	}
	for (int chain = 0; chain < SNAPSHOT_N_CHAINS; chain++)
		link_chain (builder, table, n_buckets, (SnapshotChain) chain);
	relocate_values (builder, values);

	uint8_t header[SNAPSHOT_HEADER_SIZE] = {0};
	const uint32_t words[] = {
		[SNAPSHOT_MAGIC] = SNAPSHOT_MAGIC_VALUE,
		[SNAPSHOT_VERSION] = SNAPSHOT_VERSION_VALUE,
		[SNAPSHOT_SIZE] = (uint32_t) size,
		[SNAPSHOT_GENERATION] = builder->generation,
		[SNAPSHOT_N_OBJECTS] = builder->n_objects,
		[SNAPSHOT_N_ATTRIBUTES] = builder->n_attributes,
		[SNAPSHOT_N_BUCKETS] = n_buckets,
		[SNAPSHOT_OBJECTS] = SNAPSHOT_HEADER_SIZE,
		[SNAPSHOT_ATTRIBUTES] = (uint32_t) attributes,
		[SNAPSHOT_BUCKETS] = (uint32_t) buckets,
	};
	write_words (header, words, sizeof words / sizeof words[0]);
	written = write_all (fd, header, sizeof header, 0) &&
	          write_all (fd, builder->objects.data, builder->objects.len, SNAPSHOT_HEADER_SIZE) &&
	          write_all (fd, builder->attributes.data, builder->attributes.len, attributes) &&
	          write_all (fd, table, buckets_len, buckets) &&
	          write_all (fd, builder->values.data, builder->values.len, values);
	free (table);
	return written ? size : 0;
}
