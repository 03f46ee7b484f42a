/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one codec of the keystore's wire protocol: a frame is one datagram, a 16-byte header and the
 * fields of one message in the order of its table. Little-endian, no allocation, libc only; parsed
 * byte strings point into the frame. See keystore/PROTOCOL.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_HEADER_SIZE 16
#define WIRE_REPLY 0x8000u /* set in the type of a reply */

/** A byte string or text inside a frame; not NUL-terminated, not owned. */
typedef struct {
	const uint8_t *data;
	size_t len;
} WireBytes;

/** Whether no byte is set; also of no bytes at all. Takes as long whatever they are. */
static inline bool
wire_bytes_all_zero (const WireBytes *bytes)
{
	uint8_t any = 0;

	for (size_t i = 0; i < bytes->len; i++)
		any |= bytes->data[i];
	return any == 0;
}

#define WIRE_LIST_MAX 16

/** A short list of byte strings. */
typedef struct {
	size_t count;
	WireBytes items[WIRE_LIST_MAX];
} WireList;

/** A short list of numbers. */
typedef struct {
	size_t count;
	uint32_t items[WIRE_LIST_MAX];
} WireNumbers;

typedef struct {
	uint32_t type;   /* WIRE_MSG_*, | WIRE_REPLY */
	uint32_t serial; /* chosen by the client, echoed by the reply */
	uint32_t status; /* reply: a CK_RV; request: 0 */
	uint32_t cpu;    /* request: sched_getcpu() of the client, or WIRE_CPU_UNKNOWN */
} WireHeader;

#define WIRE_CPU_UNKNOWN UINT32_MAX

typedef enum {
	WIRE_U32,     /* uint32_t */
	WIRE_U64,     /* uint64_t */
	WIRE_BYTES,   /* WireBytes: u32 length, bytes */
	WIRE_TEXT,    /* WireBytes: as WIRE_BYTES, without NUL bytes */
	WIRE_LIST,    /* WireList: u32 count, then WIRE_BYTES each; max bounds one item */
	WIRE_NUMBERS, /* WireNumbers: u32 count, then u32 each */
} WireKind;

/** One field of a message: its kind, its place in the struct, its maximal length in bytes. */
typedef struct {
	WireKind kind;
	size_t offset;
	size_t max;
} WireField;

/** A message's fields in wire order. */
typedef struct {
	const WireField *fields;
	size_t n_fields;
} WireLayout;

/** Growing end of a caller's buffer. After a failure nothing more is written. */
typedef struct {
	uint8_t *data;
	size_t size;
	size_t len;
	bool failed;
} WireWriter;

/** Rest of a parsed buffer. After a failure every read fails. */
typedef struct {
	const uint8_t *data;
	size_t len;
	size_t pos;
	bool failed;
} WireReader;

void wire_put_u32 (WireWriter *writer, uint32_t value);
void wire_put_u64 (WireWriter *writer, uint64_t value);
void wire_put_bytes (WireWriter *writer, const void *data, size_t len);

uint32_t wire_get_u32 (WireReader *reader);
uint64_t wire_get_u64 (WireReader *reader);
WireBytes wire_get_bytes (WireReader *reader, size_t max);

void wire_put_header (WireWriter *writer, const WireHeader *header);
bool wire_get_header (WireReader *reader, WireHeader *header);

/**
 * wire_put_fields / wire_get_fields:
 * Write or read the struct @message as @layout says. Reading needs every field of the layout and
 * ignores what a newer peer appended after them. Returns false when a field exceeds its maximum,
 * the buffer ends early or a text holds a NUL byte.
 */
bool wire_put_fields (WireWriter *writer, const WireLayout *layout, const void *message);
bool wire_get_fields (WireReader *reader, const WireLayout *layout, void *message);
