/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The errors of the provisioner: names, permanence, and the peer's Retry-After kept beside the
 * text.
 */
#include <config.h>

#include "provisioner/error.h"

typedef struct {
	guint retry_after_s;
} PvErrorPrivate;

static void
pv_error_private_init (PvErrorPrivate *private)
{
	private->retry_after_s = 0;
}

static void
pv_error_private_copy (const PvErrorPrivate *from, PvErrorPrivate *to)
{
	*to = *from;
}

static void
pv_error_private_clear (PvErrorPrivate *private)
{
	private->retry_after_s = 0;
}

G_DEFINE_EXTENDED_ERROR (PvError, pv_error)

static const struct {
	const char *name;
	gboolean permanent;
} codes[] = {
	[PV_ERROR_FAILED] = {"failed", FALSE},
	[PV_ERROR_JOB] = {"job", TRUE},
	[PV_ERROR_KEYSTORE] = {"keystore", FALSE},
	[PV_ERROR_LOCAL] = {"local", FALSE},
	[PV_ERROR_UNREACHABLE] = {"unreachable", FALSE},
	[PV_ERROR_TIMEOUT] = {"timeout", FALSE},
	[PV_ERROR_HANDSHAKE] = {"handshake", FALSE},
	[PV_ERROR_CREDENTIAL] = {"credential", TRUE},
	[PV_ERROR_PEER] = {"peer", TRUE},
	[PV_ERROR_LIMIT] = {"limit", FALSE},
	[PV_ERROR_MALFORMED] = {"malformed", FALSE},
	[PV_ERROR_MISMATCH] = {"mismatch", FALSE},
	[PV_ERROR_REQUEST] = {"request", TRUE},
	[PV_ERROR_NOT_FOUND] = {"not-found", FALSE},
	[PV_ERROR_NOT_AUTHORISED] = {"not-authorised", FALSE},
	[PV_ERROR_CONFLICT] = {"conflict", FALSE},
	[PV_ERROR_RELEASE] = {"release", TRUE},
	[PV_ERROR_SERVER] = {"server", FALSE},
	[PV_ERROR_PENDING] = {"pending", FALSE},
	[PV_ERROR_CERTIFICATE] = {"certificate", TRUE},
	[PV_ERROR_UNSUPPORTED] = {"unsupported", TRUE},
};

static gboolean
is_ours (const GError *error)
{
	return error->domain == PV_ERROR && error->code >= 0 &&
	       error->code < (int)G_N_ELEMENTS (codes);
}

const char *
pv_error_name (const GError *error)
{
	return is_ours (error) ? codes[error->code].name : codes[PV_ERROR_FAILED].name;
}

gboolean
pv_error_is_permanent (const GError *error)
{
	return is_ours (error) && codes[error->code].permanent;
}

void
pv_error_set_retry_after (GError *error, guint retry_after_s)
{
	if (is_ours (error))
		pv_error_get_private (error)->retry_after_s = retry_after_s;
}

guint
pv_error_get_retry_after (const GError *error)
{
	return is_ours (error) ? pv_error_get_private (error)->retry_after_s : 0;
}
