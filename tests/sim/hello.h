/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a ClientHello offers: the suites and the server name (RFC 5246 7.4.1.2, RFC 6066 3). */
#pragma once

#include <json-glib/json-glib.h>

typedef struct {
	guint16 suites[256];
	guint suites_n;
	gboolean mandatory; /* one of the two mandatory TLS suites of TS-0003 10.2 is among them */
	char *server_name;  /* (nullable) */
} SimHello;

gboolean sim_hello_read (const guint8 *octets, gsize length, SimHello *hello);
void sim_hello_clear (SimHello *hello);
void sim_hello_log (const SimHello *hello, JsonObject *line);
