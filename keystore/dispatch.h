/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a request's frame to its reply's: the table of message types, the role each needs and its
 * handler. Every decision about a key passes through here: policy, then usage, then the operation.
 */
#pragma once

#include "keystore/attachments.h"
#include "keystore/audit.h"
#include "keystore/publish.h"
#include "keystore/resident.h"
#include "keystore/settings.h"
#include "keystore/view.h"
#include "keystore/wire/message.h"

/* What handlers work on: made by service.c, shared by all connections. All borrowed. */
typedef struct {
	const KsSettings *settings;
	KsCatalogue *catalogue;
	KsToken *token;
	KsResident *resident;
	KsPublisher *publisher;
	KsView *view;
	KsAttachments *attachments;
	KsSampler *sampler;
	KsQuota *quota;
	GMutex policy_lock; /* reads a policy, changes it, writes it back */
	GMutex problem_lock;
	char *problem; /* (nullable): what the housekeeper could not do last; owned */
	guint32 residency;  /* WIRE_RESIDENCY_* */
	guint64 instance;
	gint64 started_s;
} KsDispatch;

/* What an operator should know now, told by STATUS; %NULL: nothing. Any thread. */
void ks_dispatch_set_problem (KsDispatch *dispatch, const char *problem);
char *ks_dispatch_dup_problem (KsDispatch *dispatch);

/* One request on its way. */
typedef struct {
	KsPeer *peer;
	WireHeader header;
	WireMessage message;
	int fd;               /* of the request's input, -1 for none; the connection closes it */
	gboolean greeted;     /* HELLO was answered; kept over requests */
	guint8 *reply;        /* room for WIRE_FRAME_MAX bytes */
	gsize reply_len;      /* 0: nothing is answered */
	gboolean excess;      /* it asked for what its connection is not for */
	KsSnapshot *snapshot; /* travels with the reply; the connection drops it */
	gboolean final;       /* end the connection after the reply */
} KsRequest;

/**
 * ks_dispatch:
 * @frame: a request of @len bytes
 * @request: its peer, descriptor and reply buffer; gets the reply
 *
 * Returns: %FALSE when the connection must end without an answer: the frame is no request of this
 *     protocol, carries a descriptor that it must not, or comes before HELLO. %TRUE with no reply
 *     after NARROW.
 */
gboolean ks_dispatch (KsDispatch *dispatch, const guint8 *frame, gsize len, KsRequest *request);
