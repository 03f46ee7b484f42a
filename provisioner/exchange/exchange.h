/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One Enrolment Exchange: its job, its session, and what it has brought so far.
 *
 * Spec: TS-0003 8.3.4, 8.3.5
 */
#pragma once

#include "provisioner/exchange/event.h"
#include "provisioner/exchange/job.h"
#include "provisioner/exchange/session.h"
#include "provisioner/resource-mef-client-reg.h"

typedef struct {
	const PvJob *job;
	PvEvents *events;
	const PvKeystoreOps *ops;
	gpointer keystore;
	PvAuth auth;
	PvSession *session;           /* the MEF Handshake's */
	char *release;                /* Release Version Indicator in use */
	PvMefClientReg *registration; /* (nullable) */
	GArray *staged;               /* guint32: pieces to publish */
	gboolean has_certificate;     /* one is staged, or was provisioned in this exchange */
	gboolean has_spare;           /* one was staged before, and no command has brought it */
	guint32 certificate;          /* the latest that this exchange staged; 0: none */
	PvAuthCredential *issued;     /* (nullable): the one of this exchange, until it is published */
	gboolean made_anew;           /* the MEF had lost the registration */
} PvExchange;

/**
 * pv_exchange_run:
 * @job: what to do
 * @events: where to tell
 * @ops: the keystore
 * @keystore: first argument of @ops
 * @error: return location for an error
 *
 * Does the job's steps in their order. When it fails, events->phase names where.
 */
gboolean pv_exchange_run (const PvJob *job,
			  PvEvents *events,
			  const PvKeystoreOps *ops,
			  gpointer keystore,
			  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_exchange_publish:
 * @more: other steps follow
 *
 * Makes all that is staged visible, when enroleed agrees. From then on a certificate among it authenticates
 * us (R-8.3.6.2.2-4).
 */
gboolean pv_exchange_publish (PvExchange *exchange,
			      gboolean more,
			      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** Returns: seconds since the epoch. */
gint64 pv_exchange_now (void);
