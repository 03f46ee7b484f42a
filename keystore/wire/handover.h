/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Connections to the keystore for a process that cannot make any: enroleed's child asks on a
 * SOCK_SEQPACKET pair, its channel, and gets one that is narrowed to its job (NARROW), not greeted yet,
 * as if from connect(2). One ask is as good as another: threads may share a channel.
 */
#pragma once

#include <stdbool.h>

/** Environment: the number of the channel's descriptor, where there is one. */
#define WIRE_HANDOVER_ENV "ENROLEE_KEYSTORE_CHANNEL"

/** The channel's descriptor as the environment names it (secure_getenv), or -1. */
int wire_handover_channel (void);

/** Asks for a connection, close-on-exec. Returns -1 with errno: ECONNREFUSED when there is none now. */
int wire_handover_ask (int channel);

/** Takes one ask off @channel. Returns false at its end. */
bool wire_handover_wanted (int channel);

/** Answers one ask: with @connection, which stays the caller's, or with none when it is -1. */
bool wire_handover_give (int channel, int connection);
