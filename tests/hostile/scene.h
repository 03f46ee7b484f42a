/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hostile local peers: what their cases have in common. The attacker is a user who may use one credential,
 * the victim one who may use another; test-keystore-hostile.c sees to what must not come of it.
 */
#pragma once

#include "tests/keystore-daemon.h"

#define HOSTILE_ATTACKER 4711
#define HOSTILE_VICTIM 4712
#define HOSTILE_SECRET "a secret that nobody tells: 0123" /* both symmetric keys */

typedef struct {
	Daemon *daemon;
	Peer *provisioner;
	guint32 mine, theirs; /* private keys: the attacker's, the victim's */
	guint32 mine_secret, theirs_secret;
	char *mine_reference, *theirs_reference;
	int log; /* of the daemon */
} HostileScene;

extern HostileScene hostile_scene;

/* One case: run in a process of its own, as the attacker or as root. Failures end that process. */
typedef struct {
	const char *name;
	void (*run) (void);
	gboolean as_root;
} HostileCase;

/* Each ends with a case without a name. */
extern const HostileCase hostile_frames[], hostile_descriptors[], hostile_keys[], hostile_volume[];

extern const guint8 hostile_digest[32];

/** hostile_signing: the request to sign that with @key. */
WireOperate hostile_signing (guint32 key);

/** hostile_build: the frame of a request; it has room for WIRE_FRAME_MAX bytes. Returns its length. */
gsize hostile_build (guint8 *frame, guint32 type, gconstpointer message);

/** hostile_attacker: a greeted connection on token.sock. */
Peer *hostile_attacker (void);

/** hostile_ends_at_once, hostile_ends_greeted: that frame ends a new connection, and is not answered. */
void hostile_ends_at_once (gconstpointer data, gsize len);
void hostile_ends_greeted (gconstpointer data, gsize len, int fd);

/** hostile_is_answered: whichever the answer is. */
gboolean hostile_is_answered (Peer *peer, gconstpointer data, gsize len, int fd);

/** hostile_sign_file: @size bytes of a descriptor. Returns the status; G_MAXUINT32: the connection ended. */
guint32 hostile_sign_file (int fd, guint64 size);

/** hostile_make_file: in memory, of zeros. */
int hostile_make_file (gsize size);

/** hostile_victim_signs: within a bounded time. */
void hostile_victim_signs (void);
