/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of a PvKeystore, shared by keystore-client.c (the connection) and keystore-stage.c (the
 * operations of an Enrolment Exchange).
 */
#pragma once

#include "provisioner/keystore-client.h"

/* A key pair staged by this PvKeystore. */
typedef struct {
	guint32 generation;
	guint32 key; /* object number for SIGN */
	guint32 key_type;
	guint32 key_bits;
} PvStagedKey;

struct _PvKeystore {
	char *path;
	int channel; /* -1, or where connections come from instead of being made */
	int fd;
	guint8 *frame; /* WIRE_FRAME_MAX bytes, for requests and replies */
	guint32 serial;
	guint32 last_status;
	guint64 instance;
	int patience_ms;
	char *origin, *mef, *admin, *client;
	GArray *staged; /* PvStagedKey */
};
