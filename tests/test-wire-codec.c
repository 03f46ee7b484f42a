/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The codec: what is built is parsed; truncated, oversized and foreign frames are refused. */
#include <config.h>

#include "keystore/wire/message.h"

#include <glib.h>
#include <string.h>

static const WireBytes point = {(const uint8_t *) "\x04point", 6};

static size_t
build_sign (uint8_t *frame, size_t size)
{
	WireHeader header = {.type = WIRE_MSG_SIGN, .serial = 7, .cpu = 1};
	WireOperate sign = {.key = 42, .mechanism = 0x1041, .data = point, .data_fd_size = 1ull << 33};

	return wire_build (frame, size, &header, &sign);
}

static void
test_round_trip (void)
{
	uint8_t frame[512];
	size_t len = build_sign (frame, sizeof frame);
	WireHeader header;
	WireMessage message;

	g_assert_cmpuint (len, >, WIRE_HEADER_SIZE);
	g_assert_true (wire_parse (frame, len, &header, &message));
	g_assert_cmpuint (header.type, ==, WIRE_MSG_SIGN);
	g_assert_cmpuint (header.serial, ==, 7);
	g_assert_cmpuint (header.cpu, ==, 1);
	g_assert_cmpuint (message.operate.key, ==, 42);
	g_assert_cmpuint (message.operate.data_fd_size, ==, 1ull << 33);
	g_assert_cmpmem (message.operate.data.data, message.operate.data.len, point.data, point.len);
}

static void
test_truncated (void)
{
	uint8_t frame[512];
	size_t len = build_sign (frame, sizeof frame);
	WireHeader header;
	WireMessage message;

	for (size_t shorter = 0; shorter < len; shorter++)
		g_assert_false (wire_parse (frame, shorter, &header, &message));
	for (size_t size = 0; size < len; size++)
		g_assert_cmpuint (build_sign (frame, size), ==, 0);
}

static void
test_appended (void)
{
	uint8_t frame[512] = {0};
	size_t len = build_sign (frame, sizeof frame);
	WireHeader header;
	WireMessage message;

	/* a newer peer's further fields are ignored */
	g_assert_true (wire_parse (frame, len + 9, &header, &message));
	g_assert_cmpuint (message.operate.key, ==, 42);
}

static void
test_limits (void)
{
	static uint8_t frame[WIRE_FRAME_MAX], big[WIRE_FRAME_MAX + 1];
	WireHeader header = {.type = WIRE_MSG_SHOW};
	WireName name = {{big, WIRE_NAME_MAX + 1}};
	WireMessage message;
	WireWriter writer = {.data = frame, .size = sizeof frame};

	memset (big, 'a', sizeof big);
	g_assert_cmpuint (wire_build (frame, sizeof frame, &header, &name), ==, 0);
	name.name.len = WIRE_NAME_MAX;
	g_assert_cmpuint (wire_build (frame, sizeof frame, &header, &name), ==, 20 + WIRE_NAME_MAX);

	/* a length beyond the field's maximum, though the bytes are there */
	wire_put_header (&writer, &header);
	wire_put_bytes (&writer, big, WIRE_NAME_MAX + 1);
	g_assert_false (wire_parse (frame, writer.len, &header, &message));
	g_assert_false (wire_parse (big, sizeof big, &header, &message));
}

static void
test_text_without_nul (void)
{
	uint8_t frame[64];
	WireHeader header = {.type = WIRE_MSG_REMOVE};
	WireName name = {{(const uint8_t *) "a\0b", 3}};

	g_assert_cmpuint (wire_build (frame, sizeof frame, &header, &name), ==, 0);
}

static void
test_unknown_type (void)
{
	uint8_t frame[64];
	WireWriter writer = {.data = frame, .size = sizeof frame};
	WireHeader header = {.type = 77};
	WireMessage message;

	wire_put_header (&writer, &header);
	g_assert_false (wire_parse (frame, writer.len, &header, &message));
	g_assert_cmpuint (header.type, ==, 77);
	g_assert_cmpuint (wire_build (frame, sizeof frame, &header, &message), ==, 0);
}

static void
test_failed_reply (void)
{
	uint8_t frame[128];
	WireHeader header = {.type = WIRE_MSG_SIGN | WIRE_REPLY, .status = 0x30};
	WireFailure failure = {{(const uint8_t *) "no", 2}};
	WireMessage message;
	size_t len = wire_build (frame, sizeof frame, &header, &failure);

	g_assert_true (wire_parse (frame, len, &header, &message));
	g_assert_cmpuint (header.status, ==, 0x30);
	g_assert_cmpmem (message.failure.message.data, message.failure.message.len, "no", 2);
	len = wire_build (frame, sizeof frame, &header, NULL);
	g_assert_true (wire_parse (frame, len, &header, &message));
	g_assert_cmpuint (message.failure.message.len, ==, 0);
}

static void
test_lists (void)
{
	uint8_t frame[512];
	WireHeader header = {.type = WIRE_MSG_PUBLISH};
	WirePublish publish = {.generations = {3, {5, 6, 7}}};
	WireAttachCertificates attach = {.generation = 5, .leaf = point, .chain = {2, {point, point}}};
	WireMessage message;
	size_t len = wire_build (frame, sizeof frame, &header, &publish);

	g_assert_true (wire_parse (frame, len, &header, &message));
	g_assert_cmpuint (message.publish.generations.count, ==, 3);
	g_assert_cmpuint (message.publish.generations.items[2], ==, 7);
	publish.generations.count = WIRE_LIST_MAX + 1;
	g_assert_cmpuint (wire_build (frame, sizeof frame, &header, &publish), ==, 0);
	frame[WIRE_HEADER_SIZE] = WIRE_LIST_MAX + 1;
	g_assert_false (wire_parse (frame, len, &header, &message));

	header.type = WIRE_MSG_ATTACH_CERTIFICATES;
	len = wire_build (frame, sizeof frame, &header, &attach);
	g_assert_true (wire_parse (frame, len, &header, &message));
	g_assert_cmpuint (message.attach_certificates.chain.count, ==, 2);
	g_assert_cmpuint (message.attach_certificates.anchors.count, ==, 0);
}

/* Every message type: an all-zero body is either parsed or refused, never read beyond its end. */
static void
test_every_type (void)
{
	for (uint32_t type = 0; type < 128; type++) {
		for (size_t len = WIRE_HEADER_SIZE; len < 200; len += 3) {
			g_autofree uint8_t *frame = g_malloc0 (len);
			WireHeader header;
			WireMessage message;

			frame[0] = (uint8_t) type;
			wire_parse (frame, len, &header, &message);
			frame[1] = WIRE_REPLY >> 8;
			wire_parse (frame, len, &header, &message);
			g_assert_cmpuint (header.type, ==, type | WIRE_REPLY);
		}
	}
}

int
main (int argc, char *argv[])
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/wire/codec/round-trip", test_round_trip);
	g_test_add_func ("/wire/codec/truncated", test_truncated);
	g_test_add_func ("/wire/codec/appended", test_appended);
	g_test_add_func ("/wire/codec/limits", test_limits);
	g_test_add_func ("/wire/codec/text-without-nul", test_text_without_nul);
	g_test_add_func ("/wire/codec/unknown-type", test_unknown_type);
	g_test_add_func ("/wire/codec/failed-reply", test_failed_reply);
	g_test_add_func ("/wire/codec/lists", test_lists);
	g_test_add_func ("/wire/codec/every-type", test_every_type);
	return g_test_run ();
}
