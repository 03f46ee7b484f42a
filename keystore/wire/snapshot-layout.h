/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Byte layout of the snapshot, private to its readers and its builder:
 *
 *   header      SnapshotHeaderField, u32 each
 *   objects     SnapshotObjectField, u32 each, in listing order
 *   attributes  {type, kind, offset, length}, u32 each; an object's are consecutive
 *   buckets     u32 links, n_buckets for each chain: the chains' heads
 *   values      the attributes' bytes, at any offset; equal values may be shared
 *
 * A link is an object's index + 1; 0 ends a chain. Chains run in listing order.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SNAPSHOT_MAGIC_VALUE 0x53564e45u /* "ENVS" */
#define SNAPSHOT_VERSION_VALUE 1u

typedef enum {
	SNAPSHOT_MAGIC,
	SNAPSHOT_VERSION,
	SNAPSHOT_SIZE, /* of the whole, bytes */
	SNAPSHOT_GENERATION,
	SNAPSHOT_N_OBJECTS,
	SNAPSHOT_N_ATTRIBUTES,
	SNAPSHOT_N_BUCKETS, /* of each chain, a power of two */
	SNAPSHOT_OBJECTS,   /* offsets of the tables */
	SNAPSHOT_ATTRIBUTES,
	SNAPSHOT_BUCKETS,
	SNAPSHOT_HEADER_FIELDS = 16,
} SnapshotHeaderField;

typedef enum { CHAIN_HANDLE, CHAIN_ID, CHAIN_LABEL, CHAIN_CLASS, SNAPSHOT_N_CHAINS } SnapshotChain;

typedef enum {
	OBJECT_HANDLE,
	OBJECT_CLASS,
	OBJECT_FIRST_ATTRIBUTE,
	OBJECT_N_ATTRIBUTES,
	OBJECT_NEXT, /* one link for each chain */
	OBJECT_FIELDS = OBJECT_NEXT + SNAPSHOT_N_CHAINS,
} SnapshotObjectField;

#define SNAPSHOT_HEADER_SIZE (4u * SNAPSHOT_HEADER_FIELDS)
#define SNAPSHOT_OBJECT_SIZE (4u * OBJECT_FIELDS)
#define SNAPSHOT_ATTRIBUTE_SIZE 16u

/* The attributes that are indexed: CKA_CLASS, CKA_LABEL, CKA_ID of PKCS#11. */
#define SNAPSHOT_CKA_CLASS 0x000u
#define SNAPSHOT_CKA_LABEL 0x003u
#define SNAPSHOT_CKA_ID 0x102u

/* FNV-1a */
static inline uint32_t
snapshot_hash_bytes (const void *data, size_t len)
{
	const uint8_t *bytes = data;
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return hash;
}

static inline uint32_t
snapshot_hash_number (uint32_t number)
{
	return (number * 2654435769u) >> 7;
}
