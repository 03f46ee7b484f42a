/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What all transports share.
 */
#include <config.h>

#include "provisioner/exchange/transport.h"

#include "provisioner/error.h"

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

gboolean
pv_http_response_check_redirect (const PvHttpResponse *response, GError **error)
{
	const char *location = pv_http_response_header (response, "location");
	g_autofree char *shown = g_strescape (location != NULL ? location : "nowhere", NULL);

	if (response->status < 300 || response->status >= 400)
		return TRUE;
	g_set_error (error, PV_ERROR, PV_ERROR_MISMATCH,
		     "HTTP status %u points to “%.200s”: redirects are not followed", response->status,
		     shown);
	return FALSE;
}

gboolean
pv_transport_give_way (PvTransport *transport, GError **cause)
{
	return transport->give_way != NULL && transport->give_way (transport, cause);
}

void
pv_transport_free (PvTransport *transport)
{
	if (transport != NULL)
		transport->free (transport);
}
