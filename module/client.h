/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests to the keystore, from any thread of any program: a pool of at most eight connections,
 * made on demand and remade after a restart of the keystore, a fork or a change of the process's
 * ids. Waiting is bounded: see the limits in keystore/wire/limits.h; after a time-out calls fail at
 * once until the keystore answers again or WIRE_FAIL_FAST_MS are over. libc only; linked into the
 * module and into the OpenSSL provider, each with a pool of its own.
 */
#pragma once

#include "keystore/wire/message.h"
#include "module/pkcs11.h"

/**
 * mod_client_prepare:
 * @client: WIRE_CLIENT_MODULE or WIRE_CLIENT_PROVIDER
 *
 * Says who calls and notes where the socket is: $ENROLEE_RUNTIME_DIR/token.sock, unless the program
 * is privileged, or the folder compiled in. The first call counts: a program may wipe its
 * environment later. Opens nothing. Any thread.
 */
void mod_client_prepare (uint32_t client);

/**
 * mod_client_operate:
 * @type: WIRE_MSG_SIGN to WIRE_MSG_PSK_HANDSHAKE_SECRET
 * @message: its struct: a WireOperate, or one of the WirePsk*. The data of a WireOperate may have up
 *     to WIRE_DATA_FD_MAX bytes; data_fd_size is set here.
 * @output: where the result goes; (nullable) with @output_len 0
 * @output_len: (inout): room, then length. Not written unless CKR_OK or CKR_BUFFER_TOO_SMALL.
 *
 * One stateless request, sent again when the connection is lost. Any thread.
 *
 * Returns: the keystore's answer; CKR_DEVICE_ERROR when there is none; CKR_DATA_LEN_RANGE when a
 *     field exceeds the protocol's maxima; CKR_HOST_MEMORY; CKR_BUFFER_TOO_SMALL
 */
CK_RV
mod_client_operate (uint32_t type, const void *message, uint8_t *output, size_t *output_len);

/** What VIEW brought; the caller owns the descriptors. */
typedef struct {
	uint32_t generation;
	uint64_t size;
	uint64_t instance; /* run of the keystore that made it */
	int snapshot_fd;
	int page_fd;
} ModClientView;

/**
 * mod_client_view:
 * @wait_ms: how long the keystore may take to be there; 0: no longer than it takes to see
 *
 * Returns: CKR_OK, CKR_DEVICE_ERROR or the keystore's answer
 */
CK_RV mod_client_view (uint32_t wait_ms, ModClientView *view);

/**
 * mod_client_sees:
 * Whether some connection to the run @instance of the keystore is up, opened with the ids that the
 * process has now. Does not wait.
 */
bool mod_client_sees (uint64_t instance);

/** Closes the connections that no thread uses. */
void mod_client_close (void);
