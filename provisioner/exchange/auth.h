/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which credentials an exchange has for the MEF Handshake, and which of them are still worth a try:
 * one that the MEF refused, or that is unusable here, makes way for the next. Nothing else does: a
 * network that fails, or a MEF that is not who it should be, is no reason to use another.
 *
 * Spec: TS-0003 8.3.1.2, 8.3.6.2.2, 8.3.6.2.3
 */
#pragma once

#include "provisioner/exchange/auth-certificate.h"
#include "provisioner/exchange/auth-ppsk.h"
#include "provisioner/exchange/event.h"

typedef enum {
	PV_AUTH_PPSK,
	PV_AUTH_CERTIFICATE,
} PvAuthKind;

typedef struct {
	PvAuthKind kind;
	const char *name; /* of the credential in the keystore */
	PvPpsk ppsk;
	PvOwnCertificate certificate;
} PvAuthCredential;

/** (transfer full): an empty one; @name must live as long. */
PvAuthCredential *pv_auth_credential_new (PvAuthKind kind, const char *name);
void pv_auth_credential_free (PvAuthCredential *credential);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvAuthCredential, pv_auth_credential_free)

/** Returns: the word for it in jobs and events. */
const char *pv_auth_kind_word (PvAuthKind kind);

typedef struct {
	PvEvents *events;
	GPtrArray *left;              /* PvAuthCredential, the next to be tried first */
	GPtrArray *owned;             /* PvAuthCredential: those that this exchange has brought */
	const PvAuthCredential *told; /* (nullable): whose success was told last */
	GString *refusals;            /* texts of those that made way */
	gboolean renewable_refused;   /* the MEF refused the certificate that it had issued */
} PvAuth;

/**
 * pv_auth_init:
 * @credentials: (element-type PvAuthCredential): in the order of their use; must live as long
 */
void pv_auth_init (PvAuth *auth, PvEvents *events, GPtrArray *credentials);
void pv_auth_clear (PvAuth *auth);

/** Returns: (nullable): the credential to use now. */
PvAuthCredential *pv_auth_current (const PvAuth *auth);

/** From now on @credential is used first. */
void pv_auth_prefer (PvAuth *auth, PvAuthCredential *credential);

/** Tells which credential authenticated, when it is another than before. */
void pv_auth_succeeded (PvAuth *auth, const PvAuthCredential *credential);

/**
 * pv_auth_give_way:
 * @credential: what did not work
 * @by_mef: the MEF refused it; else it is unusable here
 * @cause: (inout): why; when no credential is left, the reasons of all are put in front
 *
 * Returns: whether there is another; that is told as an event.
 */
gboolean pv_auth_give_way (PvAuth *auth,
			   const PvAuthCredential *credential,
			   gboolean by_mef,
			   GError **cause);
