/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See bootstrap.h. */
#include <config.h>

#include "keystore/bootstrap.h"

#include "keystore/audit.h"
#include "keystore/secret-file.h"
#include "keystore/wire/limits.h"

#include <string.h>

#define SUID_MEF 10 /* m2m:suid: a pre-provisioned key, for the MEF */

static gboolean
fail (GError **error, const char *why)
{
	g_set_error_literal (error, KS_ERROR, KS_ERROR_INVALID, why);
	return FALSE;
}

static KsSecret *
decode_hex (const char *digits, gsize len)
{
	g_autoptr (KsSecret) value = ks_secret_new (NULL, len / 2);
	guint8 *octets = ks_secret_reveal_mutable (value);

	for (gsize i = 0; i < len; i += 2) {
		int high = g_ascii_xdigit_value (digits[i]);
		int low = g_ascii_xdigit_value (digits[i + 1]);

		if (high < 0 || low < 0)
			return NULL;
		octets[i / 2] = (guint8)(high << 4 | low);
	}
	return g_steal_pointer (&value);
}

/* KpmID:HEX, and perhaps a line end. */
static gboolean
parse (const KsSecret *line, char **identifier, KsSecret **value, GError **error)
{
	const char *text = (const char *)ks_secret_reveal (line);
	gsize len = ks_secret_len (line);
	const char *colon;

	while (len > 0 && g_ascii_isspace (text[len - 1]))
		len--;
	colon = memchr (text, ':', len);
	if (colon == NULL || colon == text)
		return fail (error, "it is not KpmID:HEX");
	len -= (gsize)(colon + 1 - text);
	if (len == 0 || len % 2 != 0 || len / 2 > WIRE_SECRET_MAX)
		return fail (error, "its key is empty, too long, or half an octet is missing");
	*value = decode_hex (colon + 1, len);
	if (*value == NULL)
		return fail (error, "its key is not of hex digits");
	*identifier = g_strndup (text, (gsize)(colon - text));
	return TRUE;
}

static gboolean
import (KsPublisher *publisher, const char *name, const char *path, GError **error)
{
	g_autoptr (KsSecret) line = ks_secret_from_file (path, 0, error);
	g_autoptr (KsSecret) value = NULL;
	g_autoptr (KsGeneration) generation = NULL;
	g_autofree char *identifier = NULL;
	KsIntent intent = {
		.name = name,
		.kind = KS_KIND_SECRET,
		.origin = KS_ORIGIN_IMPORTED,
		.suid = SUID_MEF,
		.retain_s = KS_RETAIN_UNTIL_EXPIRY,
	};
	KsPublication set = {.name = name};

	if (line == NULL || !parse (line, &identifier, &value, error))
		return FALSE;
	intent.identifier = identifier;
	if (!ks_publisher_import_secret (publisher, &intent, value, &generation, error))
		return FALSE;
	set.generation = generation->number;
	if (ks_publisher_publish (publisher, &set, 1, error))
		return TRUE;
	(void)!ks_publisher_discard (publisher, name, generation->number, NULL);
	return FALSE;
}

static gboolean
is_there (KsCatalogue *catalogue, const char *name)
{
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (catalogue);
	const KsCredential *credential = ks_catalogue_state_find (state, name);

	return credential != NULL && ks_credential_current (credential) != NULL;
}

static void
take (KsPublisher *publisher, KsCatalogue *catalogue, const char *folder, const char *file)
{
	const char *name = file + strlen (KS_BOOTSTRAP_PREFIX);
	g_autofree char *path = g_build_filename (folder, file, NULL);
	g_autoptr (GError) error = NULL;

	if (is_there (catalogue, name))
		return;
	if (import (publisher, name, path, &error))
		ks_audit (KS_EVENT_PUBLISHED, NULL, name, "%s: taken from the systemd credential %s",
			  name, file);
	else
		ks_audit (KS_EVENT_WARNING, NULL, name, "the systemd credential %s is not taken: %s",
			  file, error->message);
}

void
ks_bootstrap_take (KsPublisher *publisher, KsCatalogue *catalogue)
{
	const char *folder = g_getenv ("CREDENTIALS_DIRECTORY");
	g_autoptr (GDir) dir = folder != NULL ? g_dir_open (folder, 0, NULL) : NULL;
	const char *file;

	while (dir != NULL && (file = g_dir_read_name (dir)) != NULL) {
		if (g_str_has_prefix (file, KS_BOOTSTRAP_PREFIX))
			take (publisher, catalogue, folder, file);
	}
}
