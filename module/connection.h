/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One connection to the keystore: opened, greeted, one request and its answer at a time. Not
 * locked: client.c gives it to one thread at a time. Its descriptor lives in a program that may
 * close any descriptor and re-use the number: it is compared with what was opened before each use,
 * and a foreign one is neither written to nor closed.
 */
#pragma once

#include "keystore/wire/message.h"

#include <sys/types.h>

typedef enum {
	MOD_CONNECTION_EMPTY,
	MOD_CONNECTION_GREETING, /* HELLO sent, not answered yet */
	MOD_CONNECTION_READY,
} ModConnectionState;

/* Whose the connection is; under the lock of client.c. */
typedef enum { MOD_IDLE, MOD_OPENING, MOD_WORKING } ModConnectionUse;

/** Who the process is to the keystore. */
typedef struct {
	uid_t uid;
	gid_t gid;
	int n_groups;
	uint64_t groups; /* hash */
} ModIds;

typedef struct {
	ModConnectionUse use;
	ModConnectionState state;
	int fd;
	dev_t device;
	ino_t inode;
	ModIds ids; /* when it was opened */
	uint32_t serial;
	uint32_t cpu;           /* of the last request: where the keystore's thread is */
	uint32_t wait_ms;       /* SO_RCVTIMEO as set */
	uint32_t reply_wait_ms; /* of the keystore's HELLO */
	uint64_t instance;
	uint8_t *frame; /* WIRE_FRAME_MAX bytes */
	size_t used;    /* bytes of the frame to wipe */
} ModConnection;

typedef enum {
	MOD_DONE,
	MOD_LOST,    /* no keystore, or the connection ended: try again */
	MOD_TIMEOUT, /* no answer in time */
	MOD_REFUSED, /* the keystore speaks no common version, or nonsense */
	MOD_TOO_BIG, /* the request exceeds the protocol's maxima */
} ModOutcome;

/** One request and what its answer brought. */
typedef struct {
	uint32_t type;       /* WIRE_MSG_* */
	const void *message; /* its struct */
	int data_fd;         /* goes with the frame; -1 for none */
	/* the answer; byte strings point into the connection's frame */
	uint32_t status;
	WireMessage reply;
	int fds[WIRE_FDS_MAX]; /* the caller closes them; -1 */
} ModExchange;

/** Milliseconds of a clock that never jumps. */
int64_t mod_now_ms (void);

/** The core that the thread runs on, or WIRE_CPU_UNKNOWN. */
uint32_t mod_cpu (void);

void mod_ids_read (ModIds *ids);
bool mod_ids_equal (const ModIds *a, const ModIds *b);

/**
 * Opens a socket at @path and sends HELLO; waits until @deadline_ms for room in the backlog. With a
 * @channel that is not -1 the connection comes from there (keystore/wire/handover.h).
 */
ModOutcome mod_connection_open (ModConnection *connection,
				const char *path,
				int channel,
				uint32_t client,
				const ModIds *ids,
				int64_t deadline_ms);

/** Waits until @deadline_ms for the answer to HELLO; MOD_TIMEOUT keeps the connection greeting. */
ModOutcome mod_connection_greet (ModConnection *connection, int64_t deadline_ms);

/** Sends the request and waits for its answer. All but MOD_DONE and MOD_TOO_BIG close. */
ModOutcome
mod_connection_exchange (ModConnection *connection, ModExchange *exchange, int64_t deadline_ms);

/** Whether the descriptor is still the socket that was opened. */
bool mod_connection_is_ours (const ModConnection *connection);

/** Whether the other end is still there; does not wait. */
bool mod_connection_is_alive (const ModConnection *connection);

/** Closes the descriptor if it is ours; keeps the frame. */
void mod_connection_close (ModConnection *connection);

/** Wipes what the last exchange left in the frame. */
void mod_connection_wipe (ModConnection *connection);

/** Closes the descriptors that an answer brought. */
void mod_exchange_close_fds (ModExchange *exchange);
