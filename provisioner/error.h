/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The errors of the provisioner. A code says what the caller may do about it: whether to try again,
 * when, and whose fault it was. The text is for an operator.
 */
#pragma once

#include <glib.h>

typedef enum {
	PV_ERROR_FAILED,         /* none of the others */
	PV_ERROR_JOB,            /* the job description or the settings behind it are wrong */
	PV_ERROR_KEYSTORE,       /* the keystore refused or is not there */
	PV_ERROR_LOCAL,          /* this machine could not do its part (provider missing, memory) */
	PV_ERROR_UNREACHABLE,    /* no connection */
	PV_ERROR_TIMEOUT,        /* no answer in time */
	PV_ERROR_HANDSHAKE,      /* TLS failed */
	PV_ERROR_CREDENTIAL,     /* the peer does not know, or does not accept, our credential */
	PV_ERROR_PEER,           /* the peer is not who it should be */
	PV_ERROR_LIMIT,          /* more than we are willing to hold */
	PV_ERROR_MALFORMED,      /* an answer that cannot be understood */
	PV_ERROR_MISMATCH,       /* an answer that does not fit the question */
	PV_ERROR_REQUEST,        /* the peer calls our request wrong */
	PV_ERROR_NOT_FOUND,      /* the peer knows no such resource */
	PV_ERROR_NOT_AUTHORISED, /* the stakeholder has not (yet) authorised us */
	PV_ERROR_CONFLICT,       /* the resource exists, or the key was registered */
	PV_ERROR_RELEASE,        /* another Release Version Indicator is wanted */
	PV_ERROR_SERVER,         /* the peer has a fault of its own */
	PV_ERROR_PENDING,        /* accepted, not ready: try the same again later */
	PV_ERROR_CERTIFICATE,    /* a certificate that we must not use */
	PV_ERROR_UNSUPPORTED,    /* the peer wants something we cannot do */
} PvErrorCode;

#define PV_ERROR (pv_error_quark ())
GQuark pv_error_quark (void);

/**
 * pv_error_name:
 * @error: an error
 *
 * Returns: (transfer none): a stable lower-case word for the code, as events carry it.
 */
const char *pv_error_name (const GError *error);

/**
 * pv_error_is_permanent:
 * @error: an error
 *
 * An answer that cannot be understood is no refusal: what spoke was perhaps a proxy, or an MEF in trouble.
 *
 * Returns: whether the same attempt, unchanged, would fail in the same way.
 */
gboolean pv_error_is_permanent (const GError *error);

/**
 * pv_error_set_retry_after:
 * @error: an error of %PV_ERROR
 * @retry_after_s: seconds that the peer asked us to wait
 *
 * Spec: RFC 9110 10.2.3, RFC 7030 4.2.3
 */
void pv_error_set_retry_after (GError *error, guint retry_after_s);

/**
 * pv_error_get_retry_after:
 * @error: an error
 *
 * Returns: seconds that the peer asked us to wait, 0 if it did not say.
 */
guint pv_error_get_retry_after (const GError *error);
