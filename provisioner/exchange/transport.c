/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What all transports share.
 */
#include <config.h>

#include "provisioner/exchange/transport.h"

void
pv_http_response_free (PvHttpResponse *response)
{
	if (response == NULL)
		return;
	g_clear_pointer (&response->headers, g_hash_table_unref);
	g_clear_pointer (&response->body, g_bytes_unref);
	g_free (response);
}

const char *
pv_http_response_header (const PvHttpResponse *response, const char *name)
{
	return g_hash_table_lookup (response->headers, name);
}

void
pv_transport_free (PvTransport *transport)
{
	if (transport != NULL)
		transport->free (transport);
}
