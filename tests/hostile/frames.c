/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames that are none, or of another time: see scene.h. */
#include <config.h>

#include "tests/hostile/scene.h"

#include <p11-kit/pkcs11.h>
#include <string.h>
#include <sys/socket.h>

static void
case_empty (void)
{
	hostile_ends_at_once ("", 0);
}

static void
case_one_byte (void)
{
	hostile_ends_at_once ("\1", 1);
}

static void
case_one_byte_greeted (void)
{
	hostile_ends_greeted ("\3", 1, -1);
}

static void
case_cut_header (void)
{
	guint8 frame[WIRE_FRAME_MAX];

	hostile_build (frame, WIRE_MSG_VIEW, NULL);
	for (gsize len = 1; len < WIRE_HEADER_SIZE; len++)
		hostile_ends_greeted (frame, len, -1);
}

static void
case_cut_hello (void)
{
	guint8 frame[WIRE_FRAME_MAX];
	const WireHello hello = {1, 1, 1};
	gsize len = hostile_build (frame, WIRE_MSG_HELLO, &hello);

	for (gsize cut = 1; cut < len; cut++)
		hostile_ends_at_once (frame, cut);
}

static void
case_cut_request (void)
{
	guint8 frame[WIRE_FRAME_MAX];
	const WireOperate sign = hostile_signing (hostile_scene.mine);
	gsize len = hostile_build (frame, WIRE_MSG_SIGN, &sign);

	for (gsize cut = WIRE_HEADER_SIZE; cut < len; cut += 3)
		hostile_ends_greeted (frame, cut, -1);
}

static void
case_oversized (void)
{
	static guint8 frame[WIRE_FRAME_MAX + 1];

	hostile_ends_greeted (frame, sizeof frame, -1);
}

static void
case_noise (void)
{
	g_autoptr (GRand) random = g_rand_new_with_seed (7);
	guint8 noise[256];

	for (int i = 0; i < 200; i++) {
		Peer *peer = hostile_attacker ();

		for (gsize j = 0; j < sizeof noise; j++)
			noise[j] = (guint8)g_rand_int (random);
		if (i % 2 == 0) /* a known type before the noise */
			memcpy (noise, (guint32[]){GUINT32_TO_LE ((guint32)g_rand_int_range (random, 1, 50))}, 4);
		g_assert_true (peer_send (peer, noise, (gsize)g_rand_int_range (random, 1, sizeof noise), -1));
		peer_free (peer);
	}
}

static void
case_flipped_bits (void)
{
	guint8 frame[WIRE_FRAME_MAX];
	const WireOperate sign = hostile_signing (hostile_scene.mine);
	gsize len = hostile_build (frame, WIRE_MSG_SIGN, &sign);

	for (gsize bit = 0; bit < len * 8; bit += 5) {
		Peer *peer = hostile_attacker ();

		frame[bit / 8] ^= (guint8)(1u << bit % 8);
		hostile_is_answered (peer, frame, len, -1);
		frame[bit / 8] ^= (guint8)(1u << bit % 8);
		peer_free (peer);
	}
}

static void
type_ends (guint32 type)
{
	guint8 frame[WIRE_FRAME_MAX] = {0};

	hostile_build (frame, WIRE_MSG_VIEW, NULL);
	memcpy (frame, (guint32[]){GUINT32_TO_LE (type)}, 4);
	hostile_ends_greeted (frame, sizeof frame, -1);
}

static void
case_unknown_types (void)
{
	for (guint32 type = 0; type < 256; type++) {
		if (wire_layout (type) == NULL)
			type_ends (type);
	}
	type_ends (G_MAXUINT32);
}

static void
case_replies (void)
{
	type_ends (WIRE_MSG_HELLO | WIRE_REPLY);
	type_ends (WIRE_MSG_SIGN | WIRE_REPLY);
}

static void
case_reserved (void)
{
	type_ends (WIRE_MSG_ADOPT);
}

static void
case_narrow (void)
{
	guint8 frame[WIRE_FRAME_MAX];
	const WireNarrow narrow = {wire_text ("theirs"), wire_text ("theirs")};
	gsize len = hostile_build (frame, WIRE_MSG_NARROW, &narrow);

	hostile_ends_at_once (frame, len);
	hostile_ends_greeted (frame, len, -1);
}

static void
case_before_hello (void)
{
	guint8 frame[WIRE_FRAME_MAX];
	const WireOperate sign = hostile_signing (hostile_scene.mine);

	hostile_ends_at_once (frame, hostile_build (frame, WIRE_MSG_SIGN, &sign));
}

static void
case_second_hello (void)
{
	guint8 frame[WIRE_FRAME_MAX];
	const WireHello hello = {1, 1, 1};

	hostile_ends_greeted (frame, hostile_build (frame, WIRE_MSG_HELLO, &hello), -1);
}

static void
case_other_version (void)
{
	const WireHello hello = {WIRE_VERSION + 1, G_MAXUINT32, 1};
	Peer *peer = peer_connect (hostile_scene.daemon->token);

	g_assert_cmpuint (peer_call (peer, WIRE_MSG_HELLO, &hello), ==, CKR_FUNCTION_NOT_SUPPORTED);
	g_assert_true (peer_ended (peer));
	peer_free (peer);
}

/* The forged fields of a header decide nothing: status, serial, core. */
static void
case_forged_header (void)
{
	guint8 frame[WIRE_FRAME_MAX];
	const WireOperate sign = hostile_signing (hostile_scene.mine);
	gsize len = hostile_build (frame, WIRE_MSG_SIGN, &sign);
	Peer *peer = hostile_attacker ();

	for (gsize at = 4; at < WIRE_HEADER_SIZE; at++) {
		frame[at] ^= 0xa5;
		g_assert_true (hostile_is_answered (peer, frame, len, -1));
	}
	peer_free (peer);
}

/* A length or a count at @at of a SIGN or HELLO is replaced. */
static void
number_ends (guint32 type, gconstpointer message, gsize at, guint32 value)
{
	guint8 frame[WIRE_FRAME_MAX];
	gsize len = hostile_build (frame, type, message);

	memcpy (frame + at, (guint32[]){GUINT32_TO_LE (value)}, 4);
	hostile_ends_greeted (frame, len, -1);
}

static void
case_huge_lengths (void)
{
	const WireOperate sign = hostile_signing (hostile_scene.mine);
	gsize lengths = WIRE_HEADER_SIZE + 6 * 4; /* after the six numbers */

	number_ends (WIRE_MSG_SIGN, &sign, lengths, G_MAXUINT32);
	number_ends (WIRE_MSG_SIGN, &sign, lengths, G_MAXINT32);
	number_ends (WIRE_MSG_SIGN, &sign, lengths + 4, WIRE_FRAME_MAX);
	number_ends (WIRE_MSG_SIGN, &sign, lengths + 8, G_MAXUINT32 - 3);
}

static void
case_huge_counts (void)
{
	const WirePublish set = {.generations = {1, {1}}};

	number_ends (WIRE_MSG_PUBLISH, &set, WIRE_HEADER_SIZE, G_MAXUINT32);
	number_ends (WIRE_MSG_PUBLISH, &set, WIRE_HEADER_SIZE, WIRE_LIST_MAX + 1);
}

static void
case_nul_in_text (void)
{
	guint8 frame[WIRE_FRAME_MAX];
	const WireName name = {wire_text ("gateway")};
	gsize len = hostile_build (frame, WIRE_MSG_SHOW, &name);

	frame[len - 3] = '\0';
	hostile_ends_greeted (frame, len, -1);
}

/* What a newer client appends is passed over, also in large. */
static void
case_appended (void)
{
	static guint8 frame[WIRE_FRAME_MAX];
	const WireOperate sign = hostile_signing (hostile_scene.mine);
	Peer *peer = hostile_attacker ();

	hostile_build (frame, WIRE_MSG_SIGN, &sign);
	g_assert_true (hostile_is_answered (peer, frame, sizeof frame, -1));
	peer_free (peer);
}

static void
case_provisioning (void)
{
	static const guint8 fields[8192];
	Peer *peer = hostile_attacker ();

	for (guint32 type = WIRE_MSG_STATUS; type <= WIRE_MSG_REFERENCE; type++) {
		guint8 frame[WIRE_FRAME_MAX];
		WireHeader header;
		gssize got;

		hostile_build (frame, WIRE_MSG_VIEW, NULL);
		memcpy (frame, (guint32[]){GUINT32_TO_LE (type)}, 4);
		memcpy (frame + WIRE_HEADER_SIZE, fields, sizeof fields); /* all fields empty */
		g_assert_true (peer_send (peer, frame, WIRE_HEADER_SIZE + sizeof fields, -1));
		got = recv (peer->fd, frame, sizeof frame, 0);
		g_assert_true (got > 0 && wire_parse (frame, (gsize)got, &header, &peer->reply));
		g_assert_cmphex (header.status, ==, CKR_ACTION_PROHIBITED);
	}
	peer_free (peer);
}

static void
case_provision_socket (void)
{
	g_assert_null (peer_connect (hostile_scene.daemon->provision));
}

const HostileCase hostile_frames[] = {
	{"empty", case_empty, FALSE},
	{"one-byte", case_one_byte, FALSE},
	{"one-byte-greeted", case_one_byte_greeted, FALSE},
	{"cut-header", case_cut_header, FALSE},
	{"cut-hello", case_cut_hello, FALSE},
	{"cut-request", case_cut_request, FALSE},
	{"oversized", case_oversized, FALSE},
	{"noise", case_noise, FALSE},
	{"flipped-bits", case_flipped_bits, FALSE},
	{"unknown-types", case_unknown_types, FALSE},
	{"replies", case_replies, FALSE},
	{"reserved", case_reserved, FALSE},
	{"narrow", case_narrow, FALSE},
	{"before-hello", case_before_hello, FALSE},
	{"second-hello", case_second_hello, FALSE},
	{"other-version", case_other_version, FALSE},
	{"forged-header", case_forged_header, FALSE},
	{"huge-lengths", case_huge_lengths, FALSE},
	{"huge-counts", case_huge_counts, FALSE},
	{"nul-in-text", case_nul_in_text, FALSE},
	{"appended", case_appended, FALSE},
	{"provisioning", case_provisioning, FALSE},
	{"provision-socket", case_provision_socket, FALSE},
	{NULL, NULL, FALSE},
};
