/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Publishes many credentials that consist of one certificate each, for benchmarks and for the test
 * of a large catalogue:
 *
 *   fill RUNTIME_DIR CERTIFICATE.pem FIRST COUNT
 *
 * Their names are many-00001 and so on.
 */
#include <config.h>

#include "provisioner/keystore-client.h"

#include <stdlib.h>

static gboolean
publish_one (PvKeystore *keystore, WireBytes certificate, guint number, GError **error)
{
	g_autofree char *name = g_strdup_printf ("many-%05u", number);
	WireStageAnchors stage = {.name = pv_wire_text (name),
				  .origin = pv_wire_text ("imported"),
				  .anchors = {.count = 1, .items = {certificate}}};
	WirePublish publish = {.generations = {.count = 1}};
	WireStageReply staged;

	if (!pv_keystore_call (keystore, WIRE_MSG_STAGE_ANCHORS, &stage, &staged, error))
		return FALSE;
	publish.generations.items[0] = staged.generation;
	return pv_keystore_call (keystore, WIRE_MSG_PUBLISH, &publish, NULL, error);
}

/* One block of PEM, without its lines of head and foot. */
static guint8 *
read_certificate (const char *path, gsize *len, GError **error)
{
	g_autofree char *text = NULL;
	char *begin, *end;

	if (!g_file_get_contents (path, &text, NULL, error))
		return NULL;
	begin = strstr (text, "-----BEGIN CERTIFICATE-----\n");
	end = strstr (text, "-----END CERTIFICATE-----");
	if (begin == NULL || end == NULL) {
		g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s holds no certificate", path);
		return NULL;
	}
	*end = '\0';
	return g_base64_decode (strchr (begin, '\n') + 1, len);
}

int
main (int argc, char *argv[])
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PvKeystore) keystore = NULL;
	g_autofree guint8 *certificate = NULL;
	gsize len = 0;

	if (argc != 5) {
		g_printerr ("usage: fill RUNTIME_DIR CERTIFICATE.pem FIRST COUNT\n");
		return 2;
	}
	keystore = pv_keystore_new (argv[1]);
	certificate = read_certificate (argv[2], &len, &error);
	for (int i = 0; certificate != NULL && error == NULL && i < atoi (argv[4]); i++) {
		if (!publish_one (keystore, (WireBytes){certificate, len}, (guint) (atoi (argv[3]) + i), &error))
			break;
	}
	if (error != NULL)
		g_printerr ("fill: %s\n", error->message);
	return error != NULL ? 1 : 0;
}
