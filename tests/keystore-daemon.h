/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For tests of enrolee-keystored: one daemon in a folder of its own, peers that speak the wire
 * protocol to it, as other users too, and certificates for staged keys. Failures end the test.
 */
#pragma once

#include "keystore/wire/message.h"
#include "keystore/wire/snapshot.h"

#include <glib.h>
#include <sys/types.h>

typedef struct {
	char *dir;       /* state/, run/ and etc/ lie in it */
	char *token;     /* path of token.sock */
	char *provision; /* path of provision.sock */
	GPid pid;        /* 0: does not run */
	int notify_fd;
} Daemon;

/** daemon_new: a folder, nothing runs yet. */
Daemon *daemon_new (void);

/** daemon_start: runs it and waits until it is ready. @options: (nullable): more of the command
 * line. */
void daemon_start (Daemon *daemon, const char *const *options);

/** daemon_running: a new one that runs. */
Daemon *daemon_running (void);

/** daemon_wait_token: until the backing token is open, which happens behind the start. */
void daemon_wait_token (Daemon *daemon);

/** daemon_stop: sends @signal, waits. Returns the wait status. */
int daemon_stop (Daemon *daemon, int signal);

/** daemon_free: kills what runs, removes the folder. */
void daemon_free (Daemon *daemon);

/* One connection. */
typedef struct {
	int fd;
	guint32 serial;
	guint8 frame[WIRE_FRAME_MAX];
	int fds[WIRE_FDS_MAX]; /* of the last reply, -1 for none; closed by the next call */
	WireMessage reply;     /* of the last call; points into the frame */
	char *failure;         /* text of the last refusal */
} Peer;

/** peer_connect: without HELLO. Returns %NULL with errno when nobody answers. */
Peer *peer_connect (const char *path);

/** peer_new: connected, greeted. */
Peer *peer_new (const char *path);

/** peer_new_over: greeted over the connection @fd, which it takes. */
Peer *peer_new_over (int fd);
void peer_free (Peer *peer);

/** peer_send: bytes as they are, with a descriptor unless @fd is -1. */
gboolean peer_send (Peer *peer, gconstpointer data, gsize len, int fd);

/** peer_ended: whether the keystore ended the connection; waits for it. */
gboolean peer_ended (Peer *peer);

/** peer_call: one request and its reply. Returns the status; G_MAXUINT32 when the connection ended.
 */
guint32 peer_call (Peer *peer, guint32 type, gconstpointer message);

/** peer_view: asks for the view and maps it. */
void peer_view (Peer *peer, WireSnapshot *snapshot, const WirePage **page);

/* Steps of a provisioner; those without a status must succeed. */
WireStageReply stage_pair (Peer *provisioner, const char *name, guint32 type, guint32 bits);
guint32 attach (Peer *provisioner, guint32 generation, GBytes *leaf);
guint32 publish (Peer *provisioner, guint32 generation, gboolean revoke_old);

/** provide: a published key pair. Returns its key's number. */
guint32 provide (Peer *provisioner, const char *name, gboolean revoke_old);

/** grant: @type is WIRE_MSG_GRANT or WIRE_MSG_REVOKE, of a user. */
guint32 grant (Peer *provisioner, guint32 type, const char *name, const char *principal);

/** sign: 32 bytes with CKM_ECDSA. */
guint32 sign (Peer *peer, guint32 key);

/** count_objects: in the peer's view. */
guint count_objects (Peer *peer);

/** run_as: in a child that is @uid and nothing else. Returns what @body returned. */
int run_as (uid_t uid, int (*body) (gpointer data), gpointer data);

/** issue: a certificate of @spki by the test's CA, and that CA's own. (transfer full): DER. */
GBytes *issue (WireBytes spki, const char *subject, gint64 lifetime_s);
GBytes *issuer (void);

WireBytes wire_text (const char *text);
WireBytes wire_gbytes (GBytes *bytes);
