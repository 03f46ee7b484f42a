/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections: requests in, answers out, with the misbehaviour that lies in the sending. */
#include <config.h>

#include "tests/sim/server.h"

#include "tests/sim/control.h"
#include "tests/sim/est.h"
#include "tests/sim/mmef.h"
#include "tests/sim/tls.h"

#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MAX 256

struct SimServer {
	Sim *sim;
	GSocketService *clients, *control;
	void (*stop) (gpointer);
	gpointer stop_data;
	GMutex lock; /* guards running */
	GCond ended;
	guint running;
	guint count;
};

gboolean
sim_wait_ms (Sim *sim, gint64 milliseconds)
{
	GPollFD fd;

	if (!g_cancellable_make_pollfd (sim->stop, &fd))
		return FALSE;
	g_poll (&fd, 1, (gint)CLAMP (milliseconds, 0, G_MAXINT));
	g_cancellable_release_fd (sim->stop);
	return !g_cancellable_is_cancelled (sim->stop);
}

gboolean
sim_exchange_step (SimExchange *exchange, const char *step)
{
	exchange->step = step;
	exchange->fault = sim_misbehave_take (exchange->sim->misbehave, step);
	json_object_set_string_member (exchange->line, "step", step);
	if (exchange->fault.kind == SIM_FAULT_NONE)
		return TRUE;
	json_object_set_string_member (exchange->line, "misbehaviour",
				       sim_fault_name (exchange->fault.kind));
	return sim_fault_acts (exchange->fault.kind) != SIM_ACTS_REQUEST;
}

/* The whole answer, octet by octet or in one. */
static gboolean
send_bytes (Sim *sim, SimStream *stream, const GByteArray *bytes, gint64 pause_ms)
{
	for (guint i = 0; pause_ms > 0 && i < bytes->len; i++)
		if (!stream->send (stream->peer, bytes->data + i, 1, NULL) ||
		    !sim_wait_ms (sim, pause_ms))
			return FALSE;
	return pause_ms > 0 || stream->send (stream->peer, bytes->data, bytes->len, NULL);
}

/* FALSE: the connection ends, without TLS's good-bye where that is the misbehaviour. */
static gboolean
send_badly (SimExchange *exchange, SimStream *stream, const GByteArray *bytes)
{
	const guint8 *end = memmem (bytes->data, bytes->len, "\r\n\r\n", 4);
	gsize head = end != NULL ? (gsize)(end - bytes->data) + 4 : bytes->len;
	char buffer[256];

	if (exchange->fault.kind == SIM_FAULT_SLOW)
		return sim_wait_ms (exchange->sim, sim_fault_number (&exchange->fault, 1000)) &&
		       send_bytes (exchange->sim, stream, bytes, 0);
	if (exchange->fault.kind == SIM_FAULT_DRIP)
		return send_bytes (exchange->sim, stream, bytes,
				   sim_fault_number (&exchange->fault, 100));
	if (exchange->fault.kind == SIM_FAULT_CUT_HEAD)
		stream->send (stream->peer, bytes->data, MIN (20, bytes->len), NULL);
	if (exchange->fault.kind == SIM_FAULT_CUT_BODY)
		stream->send (stream->peer, bytes->data, head + (bytes->len - head) / 2, NULL);
	if (exchange->fault.kind == SIM_FAULT_GARBAGE)
		stream->send (stream->peer, "\x00\x01garbage\xff\r\n\r\n", 14, NULL);
	if (exchange->fault.kind == SIM_FAULT_ALERT)
		gnutls_alert_send (exchange->peer->session, GNUTLS_AL_FATAL,
				   GNUTLS_A_INTERNAL_ERROR);
	while (exchange->fault.kind == SIM_FAULT_SILENT &&
	       stream->receive (stream->peer, buffer, sizeof buffer, NULL) > 0)
		continue;
	return FALSE;
}

static JsonObject *
request_line (SimPeer *peer, const SimRequest *request)
{
	JsonObject *line = json_object_new ();

	json_object_set_string_member (line, "event", "request");
	json_object_set_int_member (line, "connection", peer->number);
	json_object_set_string_member (line, "auth", peer->by_certificate ? "certificate" : "psk");
	json_object_set_string_member (line, "client", peer->client->name);
	json_object_set_string_member (line, "method", request->method);
	json_object_set_string_member (line, "path", request->path);
	return line;
}

/* One request: answered, logged, sent. FALSE: the connection ends. */
static gboolean
serve_request (SimPeer *peer, SimStream *stream, const SimRequest *request)
{
	Sim *sim = peer->sim;
	SimExchange exchange = {sim,
				peer,
				request,
				"unknown",
				{SIM_FAULT_NONE, NULL},
				request_line (peer, request)};
	g_autoptr (SimResponse) response = NULL;
	g_autoptr (GByteArray) bytes = NULL;
	gboolean go_on;

	g_mutex_lock (&sim->lock);
	response = sim_est_path (sim, request->path) ? sim_est_answer (&exchange)
						     : sim_mmef_answer (&exchange);
	g_mutex_unlock (&sim->lock);
	if (g_strcmp0 (sim_request_header (request, "connection"), "close") == 0)
		response->close = TRUE;
	sim_misbehave_answer (&exchange.fault, response);
	json_object_set_int_member (exchange.line, "http", response->status);
	sim_log_write (sim->log, exchange.line);
	bytes = sim_http_render (response);
	if (sim_fault_acts (exchange.fault.kind) == SIM_ACTS_SENDING)
		go_on = send_badly (&exchange, stream, bytes);
	else
		go_on = send_bytes (sim, stream, bytes, 0);
	if (go_on && response->close)
		sim_tls_close (peer);
	sim_fault_clear (&exchange.fault);
	return go_on && !response->close;
}

/* A request that is not HTTP is answered and is the client's fault; a broken connection only ends.
 */
static void
end_badly (SimPeer *peer, SimStream *stream, const GError *error)
{
	gboolean broken = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_FAILED);
	JsonObject *line = json_object_new ();

	json_object_set_string_member (line, "event", broken ? "ended" : "malformed");
	json_object_set_int_member (line, "connection", peer->number);
	if (broken)
		json_object_set_string_member (line, "why", error->message);
	else
		sim_log_verdict (line, error);
	sim_log_write (peer->sim->log, line);
	if (!broken) {
		g_autoptr (SimResponse) response = sim_response_new (400);
		g_autoptr (GByteArray) bytes = NULL;

		response->close = TRUE;
		bytes = sim_http_render (response);
		stream->send (stream->peer, bytes->data, bytes->len, NULL);
	}
}

static void
serve_client (SimServer *server, GSocket *socket)
{
	Sim *sim = server->sim;
	g_autoptr (SimPeer) peer = NULL;
	SimStream stream;

	if (g_atomic_int_get (&sim->paused))
		return;
	peer = sim_peer_new (sim, socket, (guint)g_atomic_int_add (&server->count, 1) + 1);
	if (!sim_tls_handshake (peer))
		return;
	stream = sim_tls_stream (peer);
	for (;;) {
		g_autoptr (GError) error = NULL;
		g_autoptr (SimRequest) request = sim_http_receive (&stream, &error);

		if (request == NULL && error != NULL && !g_cancellable_is_cancelled (sim->stop))
			end_badly (peer, &stream, error);
		if (request == NULL)
			sim_tls_close (peer);
		if (request == NULL || g_atomic_int_get (&sim->paused) ||
		    !serve_request (peer, &stream, request))
			break;
	}
	g_byte_array_unref (stream.ahead);
}

static gssize
receive_plain (gpointer data, void *buffer, gsize size, GError **error)
{
	return g_socket_receive (data, buffer, size, NULL, error);
}

static gboolean
send_plain (gpointer data, const void *octets, gsize size, GError **error)
{
	const char *at = octets;

	while (size > 0) {
		gssize n = g_socket_send (data, at, size, NULL, error);

		if (n < 0)
			return FALSE;
		at += n;
		size -= (gsize)n;
	}
	return TRUE;
}

/* One request per connection. */
static void
serve_control (SimServer *server, GSocket *socket)
{
	SimStream stream = {receive_plain, send_plain, socket, g_byte_array_new ()};
	g_autoptr (SimRequest) request = NULL;

	g_socket_set_timeout (socket, 10);
	request = sim_http_receive (&stream, NULL);
	if (request != NULL) {
		g_autoptr (SimResponse) response =
			sim_control_answer (server->sim, request, server->stop, server->stop_data);
		g_autoptr (GByteArray) bytes = NULL;

		response->close = TRUE;
		bytes = sim_http_render (response);
		send_plain (socket, bytes->data, bytes->len, NULL);
	}
	g_byte_array_unref (stream.ahead);
}

static gboolean
on_connection (GThreadedSocketService *service,
	       GSocketConnection *connection,
	       GObject *source,
	       gpointer data)
{
	SimServer *server = data;
	GSocket *socket = g_socket_connection_get_socket (connection);

	g_mutex_lock (&server->lock);
	server->running++;
	g_mutex_unlock (&server->lock);
	if (G_SOCKET_SERVICE (service) == server->clients)
		serve_client (server, socket);
	else
		serve_control (server, socket);
	g_socket_close (socket, NULL);
	g_mutex_lock (&server->lock);
	server->running--;
	g_cond_signal (&server->ended);
	g_mutex_unlock (&server->lock);
	return TRUE;
}

static GSocketService *
listen_at (SimServer *server, GSocketAddress *address, GSocketAddress **effective, GError **error)
{
	GSocketService *service = g_threaded_socket_service_new (THREADS_MAX);

	g_signal_connect (service, "run", G_CALLBACK (on_connection), server);
	if (g_socket_listener_add_address (G_SOCKET_LISTENER (service), address,
					   G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL,
					   effective, error)) {
		g_socket_service_start (service);
		return service;
	}
	g_object_unref (service);
	return NULL;
}

SimServer *
sim_server_start (Sim *sim,
		  const char *control_path,
		  void (*stop) (gpointer),
		  gpointer stop_data,
		  GError **error)
{
	SimServer *server = g_new0 (SimServer, 1);
	g_autoptr (GSocketAddress) loopback =
		g_inet_socket_address_new_from_string ("127.0.0.1", sim->port);
	g_autoptr (GSocketAddress) control = g_unix_socket_address_new (control_path);
	g_autoptr (GSocketAddress) effective = NULL;

	server->sim = sim;
	server->stop = stop;
	server->stop_data = stop_data;
	g_mutex_init (&server->lock);
	g_cond_init (&server->ended);
	unlink (control_path);
	server->clients = listen_at (server, loopback, &effective, error);
	if (server->clients != NULL)
		server->control = listen_at (server, control, NULL, error);
	if (server->control == NULL) {
		sim_server_stop (server);
		return NULL;
	}
	sim->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (effective));
	return server;
}

static void
close_service (GSocketService *service)
{
	g_socket_service_stop (service);
	g_socket_listener_close (G_SOCKET_LISTENER (service));
	g_object_unref (service);
}

void
sim_server_stop (SimServer *server)
{
	if (server == NULL)
		return;
	g_cancellable_cancel (server->sim->stop);
	g_clear_pointer (&server->clients, close_service);
	g_clear_pointer (&server->control, close_service);
	g_mutex_lock (&server->lock);
	while (server->running > 0)
		g_cond_wait (&server->ended, &server->lock);
	g_mutex_unlock (&server->lock);
	g_mutex_clear (&server->lock);
	g_cond_clear (&server->ended);
	g_free (server);
}
