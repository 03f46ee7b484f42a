/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One authenticated session with the MEF that carries HTTP requests: the interface, so that EST and
 * the binding can be tested without a network.
 */
#pragma once

#include <glib.h>

typedef struct {
	const char *method;
	const char *path;           /* begins with '/', with its query */
	const char *const *headers; /* "Name: value", NULL-terminated, may be NULL */
	const char *body;           /* (nullable): a text */
	gsize answer_max;           /* bytes of the answer's body we are willing to hold */
} PvHttpRequest;

typedef struct {
	guint status;
	GHashTable *headers; /* name in lower case -> value */
	GBytes *body;
	guint retry_after_s; /* 0: the peer did not say */
} PvHttpResponse;

void pv_http_response_free (PvHttpResponse *response);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvHttpResponse, pv_http_response_free)

/**
 * pv_http_response_header:
 * @response: an answer
 * @name: in lower case
 *
 * Returns: (transfer none) (nullable): the last value of that header.
 */
const char *pv_http_response_header (const PvHttpResponse *response, const char *name);

/**
 * pv_http_response_check_redirect:
 * @response: an answer
 * @error: return location for an error
 *
 * Redirects are never followed: another host is not the MEF, another path is not what was asked.
 *
 * Returns: %FALSE when it is one, with PV_ERROR/MISMATCH that tells where it points.
 */
gboolean pv_http_response_check_redirect (const PvHttpResponse *response,
					  GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct _PvTransport PvTransport;

struct _PvTransport {
	/* Returns: (transfer full) (nullable): the answer, whatever its status. */
	PvHttpResponse *(*request) (PvTransport *transport,
				    const PvHttpRequest *request,
				    GError **error)G_GNUC_WARN_UNUSED_RESULT;
	/* How many handshakes the session has seen; it changes when the connection was remade. */
	guint (*handshakes) (PvTransport *transport);
	/* (transfer full) (nullable): base64 of tls-unique of the last handshake. */
	char *(*tls_unique) (PvTransport *transport);
	/* (nullable): the peer answered that it does not take what authenticated the session. Returns: whether
	 * there is another credential, with which the next request goes; then @cause was told and is cleared. */
	gboolean (*give_way) (PvTransport *transport, GError **cause);
	void (*free) (PvTransport *transport);
};

/** Returns: what give_way does; %FALSE for a transport with one credential only. */
gboolean pv_transport_give_way (PvTransport *transport, GError **cause);

void pv_transport_free (PvTransport *transport);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvTransport, pv_transport_free)
