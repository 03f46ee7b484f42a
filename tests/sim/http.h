/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The small HTTP/1.1 server side of the simulated MEF: one request after the other on a stream. It
 * is our own so that an answer can be wrong in every byte. No chunked requests, no pipelining: the
 * client under test sends neither.
 */
#pragma once

#include <gio/gio.h>

/* A TLS session or a socket. Receive returns 0 at the end. */
typedef struct {
	gssize (*receive) (gpointer peer, void *buffer, gsize size, GError **error);
	gboolean (*send) (gpointer peer, const void *data, gsize size, GError **error);
	gpointer peer;
	GByteArray *ahead; /* received, not yet read */
} SimStream;

typedef struct {
	char *method;
	char *path;
	GHashTable *query;   /* decoded name -> decoded value */
	GHashTable *headers; /* lower-case name -> value */
	GByteArray *body;
} SimRequest;

typedef struct {
	int status;
	char *content_type; /* (nullable) */
	GPtrArray *headers; /* "Name: value" */
	GByteArray *body;
	gint64 announced; /* Content-Length; -1 the true one, -2 none (closed at the end), -3
			     chunked */
	gboolean close;
} SimResponse;

/* NULL without an error: the peer closed between two requests. */
SimRequest *sim_http_receive (SimStream *stream, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void sim_request_free (SimRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SimRequest, sim_request_free)
const char *sim_request_header (const SimRequest *request, const char *name);
const char *sim_request_query (const SimRequest *request, const char *name);

SimResponse *sim_response_new (int status);
void sim_response_free (SimResponse *response);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SimResponse, sim_response_free)
void sim_response_add (SimResponse *response, const char *format, ...) G_GNUC_PRINTF (2, 3);
void sim_response_drop (SimResponse *response, const char *name);
void sim_response_set_text (SimResponse *response, const char *content_type, const char *text);

/* The bytes of the answer. */
GByteArray *sim_http_render (const SimResponse *response);
