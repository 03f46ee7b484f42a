/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading of the ClientHello's body. */
#include <config.h>

#include "tests/sim/hello.h"

typedef struct {
	const guint8 *at;
	gsize left;
} Bytes;

static gboolean
take (Bytes *bytes, gsize length, Bytes *part)
{
	if (bytes->left < length)
		return FALSE;
	*part = (Bytes){bytes->at, length};
	bytes->at += length;
	bytes->left -= length;
	return TRUE;
}

/* A vector with a length of one or two octets in front. */
static gboolean
take_vector (Bytes *bytes, guint octets, Bytes *part)
{
	Bytes head;
	gsize length = 0;

	if (!take (bytes, octets, &head))
		return FALSE;
	for (guint i = 0; i < octets; i++)
		length = length << 8 | head.at[i];
	return take (bytes, length, part);
}

static guint
number (const Bytes *bytes)
{
	return (guint)bytes->at[0] << 8 | bytes->at[1];
}

static gboolean
read_server_name (Bytes extension, SimHello *hello)
{
	Bytes list, type, name;

	if (!take_vector (&extension, 2, &list) || !take (&list, 1, &type) ||
	    !take_vector (&list, 2, &name))
		return FALSE;
	g_free (hello->server_name);
	hello->server_name = g_strndup ((const char *)name.at, name.left);
	return g_utf8_validate (hello->server_name, -1, NULL);
}

static gboolean
read_extensions (Bytes rest, SimHello *hello)
{
	Bytes all, type, extension;

	if (rest.left == 0)
		return TRUE;
	if (!take_vector (&rest, 2, &all))
		return FALSE;
	while (all.left > 0) {
		if (!take (&all, 2, &type) || !take_vector (&all, 2, &extension))
			return FALSE;
		if (number (&type) == 0 && !read_server_name (extension, hello))
			return FALSE;
	}
	return TRUE;
}

gboolean
sim_hello_read (const guint8 *octets, gsize length, SimHello *hello)
{
	Bytes rest = {octets, length}, part, suites, suite;

	if (!take (&rest, 34, &part) || !take_vector (&rest, 1, &part) ||
	    !take_vector (&rest, 2, &suites) || !take_vector (&rest, 1, &part))
		return FALSE;
	while (take (&suites, 2, &suite)) {
		if (number (&suite) == 0x00ae || number (&suite) == 0xc023)
			hello->mandatory = TRUE;
		if (hello->suites_n < G_N_ELEMENTS (hello->suites))
			hello->suites[hello->suites_n++] = (guint16)number (&suite);
	}
	return read_extensions (rest, hello);
}

void
sim_hello_clear (SimHello *hello)
{
	g_clear_pointer (&hello->server_name, g_free);
}

void
sim_hello_log (const SimHello *hello, JsonObject *line)
{
	JsonArray *offered = json_array_new ();

	for (guint i = 0; i < hello->suites_n; i++) {
		g_autofree char *text = g_strdup_printf ("%04X", hello->suites[i]);

		json_array_add_string_element (offered, text);
	}
	json_object_set_array_member (line, "offered", offered);
	if (hello->server_name != NULL)
		json_object_set_string_member (line, "server_name", hello->server_name);
}
