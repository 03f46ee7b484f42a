/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the keystore tells the journal: one MESSAGE_ID for each kind of event, with fields to select
 * by. Under systemd the journal gets them as fields, else stderr gets a line. Never a key, never a
 * PIN. Use of keys goes here and nowhere else, sampled: once a minute for each key and user.
 */
#pragma once

#include "keystore/peer.h"

typedef enum {
	KS_EVENT_STARTED,
	KS_EVENT_STOPPED,
	KS_EVENT_REFUSED,            /* cannot start */
	KS_EVENT_WARNING,            /* goes on with less */
	KS_EVENT_TOKEN_FAILED,       /* the backing token does not answer */
	KS_EVENT_KEY_USED,           /* sampled */
	KS_EVENT_KEY_DENIED,         /* sampled */
	KS_EVENT_CONNECTION_REFUSED, /* quota or role; sampled */
	KS_EVENT_PROTOCOL,           /* a peer's frame ended its connection; sampled */
	KS_EVENT_STAGED,
	KS_EVENT_PUBLISHED,
	KS_EVENT_DESTROYED,
	KS_EVENT_POLICY,
	KS_EVENT_EXCESS, /* a narrowed connection asked for more; sampled */
} KsEvent;

/**
 * ks_audit_init:
 * @stderr_only: write lines to stderr also under systemd; borrowed for the process's life, and
 *     looked at for each line: the options that say so are read later
 *
 * Once in a process.
 */
void ks_audit_init (const gboolean *stderr_only);

/**
 * ks_audit:
 * @peer: (nullable): who asked
 * @credential: (nullable): about which
 * @format: one sentence without its full stop
 *
 * Any thread.
 */
void ks_audit (KsEvent event, const KsPeer *peer, const char *credential, const char *format, ...)
	G_GNUC_PRINTF (4, 5);

typedef struct _KsSampler KsSampler;

KsSampler *ks_sampler_new (void);
void ks_sampler_free (KsSampler *sampler);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KsSampler, ks_sampler_free)

/**
 * ks_sampler_take:
 * @number: what it is about, an object number for instance
 * @now_us: monotonic time
 *
 * Returns: whether to tell it: the first time in a minute. Bounded memory: with very many different
 *     ones in a minute some are not told. Any thread.
 */
gboolean
ks_sampler_take (KsSampler *sampler, KsEvent event, guint32 number, uid_t uid, gint64 now_us);
