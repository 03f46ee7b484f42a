/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The codec of the wire protocol; see codec.h. Must stay free of allocation and of I/O. */
#include <config.h>

#include "keystore/wire/codec.h"

#include <string.h>

static bool
writer_reserve (WireWriter *writer, size_t len)
{
	if (writer->failed || len > writer->size - writer->len)
		writer->failed = true;
	return !writer->failed;
}

static void
put_little_endian (WireWriter *writer, uint64_t value, size_t width)
{
	if (!writer_reserve (writer, width))
		return;
	for (size_t i = 0; i < width; i++)
		writer->data[writer->len + i] = (uint8_t) (value >> (8 * i));
	writer->len += width;
}

void
wire_put_u32 (WireWriter *writer, uint32_t value)
{
	put_little_endian (writer, value, 4);
}

void
wire_put_u64 (WireWriter *writer, uint64_t value)
{
	put_little_endian (writer, value, 8);
}

void
wire_put_bytes (WireWriter *writer, const void *data, size_t len)
{
	if (len > UINT32_MAX) {
		writer->failed = true;
		return;
	}
	wire_put_u32 (writer, (uint32_t) len);
	if (!writer_reserve (writer, len))
		return;
	if (len > 0)
		memcpy (writer->data + writer->len, data, len);
	writer->len += len;
}

static const uint8_t *
reader_take (WireReader *reader, size_t len)
{
	const uint8_t *start;

	if (reader->failed || len > reader->len - reader->pos) {
		reader->failed = true;
		return NULL;
	}
	start = reader->data + reader->pos;
	reader->pos += len;
	return start;
}

static uint64_t
get_little_endian (WireReader *reader, size_t width)
{
	const uint8_t *start = reader_take (reader, width);
	uint64_t value = 0;

	for (size_t i = 0; start != NULL && i < width; i++)
		value |= (uint64_t) start[i] << (8 * i);
	return value;
}

uint32_t
wire_get_u32 (WireReader *reader)
{
	return (uint32_t) get_little_endian (reader, 4);
}

uint64_t
wire_get_u64 (WireReader *reader)
{
	return get_little_endian (reader, 8);
}

WireBytes
wire_get_bytes (WireReader *reader, size_t max)
{
	WireBytes bytes = {NULL, 0};
	uint32_t len = wire_get_u32 (reader);

	if (len > max)
		reader->failed = true;
	bytes.data = reader_take (reader, len);
	bytes.len = bytes.data != NULL ? len : 0;
	return bytes;
}

void
wire_put_header (WireWriter *writer, const WireHeader *header)
{
	wire_put_u32 (writer, header->type);
	wire_put_u32 (writer, header->serial);
	wire_put_u32 (writer, header->status);
	wire_put_u32 (writer, header->cpu);
}

bool
wire_get_header (WireReader *reader, WireHeader *header)
{
	header->type = wire_get_u32 (reader);
	header->serial = wire_get_u32 (reader);
	header->status = wire_get_u32 (reader);
	header->cpu = wire_get_u32 (reader);
	return !reader->failed;
}

static bool
text_is_clean (WireBytes text)
{
	return text.len == 0 || memchr (text.data, 0, text.len) == NULL;
}

static void
put_list (WireWriter *writer, const WireList *list, size_t max)
{
	if (list->count > WIRE_LIST_MAX) {
		writer->failed = true;
		return;
	}
	wire_put_u32 (writer, (uint32_t) list->count);
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].len > max)
			writer->failed = true;
		wire_put_bytes (writer, list->items[i].data, list->items[i].len);
	}
}

static void
get_list (WireReader *reader, WireList *list, size_t max)
{
	list->count = wire_get_u32 (reader);
	if (list->count > WIRE_LIST_MAX) {
		list->count = 0;
		reader->failed = true;
	}
	for (size_t i = 0; i < list->count; i++)
		list->items[i] = wire_get_bytes (reader, max);
}

static void
put_numbers (WireWriter *writer, const WireNumbers *numbers)
{
	if (numbers->count > WIRE_LIST_MAX) {
		writer->failed = true;
		return;
	}
	wire_put_u32 (writer, (uint32_t) numbers->count);
	for (size_t i = 0; i < numbers->count; i++)
		wire_put_u32 (writer, numbers->items[i]);
}

static void
get_numbers (WireReader *reader, WireNumbers *numbers)
{
	numbers->count = wire_get_u32 (reader);
	if (numbers->count > WIRE_LIST_MAX) {
		numbers->count = 0;
		reader->failed = true;
	}
	for (size_t i = 0; i < numbers->count; i++)
		numbers->items[i] = wire_get_u32 (reader);
}

static void
put_string (WireWriter *writer, const WireField *field, const WireBytes *bytes)
{
	if (bytes->len > field->max || (field->kind == WIRE_TEXT && !text_is_clean (*bytes)))
		writer->failed = true;
	wire_put_bytes (writer, bytes->data, bytes->len);
}

static void
get_string (WireReader *reader, const WireField *field, WireBytes *bytes)
{
	*bytes = wire_get_bytes (reader, field->max);
	if (field->kind == WIRE_TEXT && !text_is_clean (*bytes))
		reader->failed = true;
}

static void
put_field (WireWriter *writer, const WireField *field, const void *place)
{
	switch (field->kind) {
	case WIRE_U32:
		wire_put_u32 (writer, *(const uint32_t *) place);
		break;
	case WIRE_U64:
		wire_put_u64 (writer, *(const uint64_t *) place);
		break;
	case WIRE_BYTES:
	case WIRE_TEXT:
		put_string (writer, field, place);
		break;
	case WIRE_LIST:
		put_list (writer, place, field->max);
		break;
	case WIRE_NUMBERS:
		put_numbers (writer, place);
		break;
	}
}

static void
get_field (WireReader *reader, const WireField *field, void *place)
{
	switch (field->kind) {
	case WIRE_U32:
		*(uint32_t *) place = wire_get_u32 (reader);
		break;
	case WIRE_U64:
		*(uint64_t *) place = wire_get_u64 (reader);
		break;
	case WIRE_BYTES:
	case WIRE_TEXT:
		get_string (reader, field, place);
		break;
	case WIRE_LIST:
		get_list (reader, place, field->max);
		break;
	case WIRE_NUMBERS:
		get_numbers (reader, place);
		break;
	}
}

bool
wire_put_fields (WireWriter *writer, const WireLayout *layout, const void *message)
{
	for (size_t i = 0; i < layout->n_fields && !writer->failed; i++)
		put_field (writer, &layout->fields[i],
		           (const uint8_t *) message + layout->fields[i].offset);
	return !writer->failed;
}

bool
wire_get_fields (WireReader *reader, const WireLayout *layout, void *message)
{
	for (size_t i = 0; i < layout->n_fields && !reader->failed; i++)
		get_field (reader, &layout->fields[i], (uint8_t *) message + layout->fields[i].offset);
	return !reader->failed;
}
