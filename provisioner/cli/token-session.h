/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A session with somebody else's PKCS#11 token, found by its URI and logged in. */
#pragma once

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>

#include "provisioner/cli/token-source.h"

typedef struct {
	P11KitUri *uri;
	CK_FUNCTION_LIST **modules; /* NULL-terminated, initialised */
	gboolean by_path;	    /* one module, not those of p11-kit's settings */
	CK_FUNCTION_LIST *module;
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE session;
	char *label; /* of the token, for messages */
} CliTokenSession;

/** Returns: (transfer full) (nullable): %NULL with PV_ERROR/JOB */
CliTokenSession *cli_token_session_open (const CliTokenSource *source,
					 GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cli_token_session_close (CliTokenSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CliTokenSession, cli_token_session_close)

/** Sets @error to "LABEL: WHAT: what PKCS#11 says"; returns FALSE. */
gboolean
cli_token_fail (const CliTokenSession *session, const char *what, CK_RV status, GError **error);
