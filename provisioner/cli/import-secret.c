/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enrolee import NAME --symmetric FILE: hex digits or bytes as they are, never guessed; or --from URI
 * --identifier ID: a symmetric key of another token.
 */
#include <config.h>

#include <string.h>

#include "provisioner/cli/import.h"
#include "provisioner/cli/token-source.h"
#include "provisioner/error.h"

/* Less than this can be guessed by who records a handshake. */
#define SECRET_LEN_WEAK 16

static gboolean
fail (const char *path, const char *why, GError **error)
{
	g_set_error (error, PV_ERROR, PV_ERROR_JOB, "%s: %s", path, why);
	return FALSE;
}

/* In place; blanks and line ends around the digits are taken off. */
static gboolean
decode_hex (CliSecret *secret)
{
	gsize len = 0;

	while (secret->len > 0 && g_ascii_isspace (secret->data[secret->len - 1]))
		secret->len--;
	if (secret->len == 0 || secret->len % 2 != 0)
		return FALSE;
	for (gsize i = 0; i < secret->len; i += 2) {
		int high = g_ascii_xdigit_value (secret->data[i]);
		int low = g_ascii_xdigit_value (secret->data[i + 1]);

		if (high < 0 || low < 0)
			return FALSE;
		secret->data[len++] = high << 4 | low;
	}
	secret->len = len;
	return TRUE;
}

/* What a token lets out is the key itself. */
static CliSecret *
read_source (const CliImport *import, const char *format, GError **error)
{
	const CliTokenSource token = {import->from, import->module, import->pin_file};
	g_autoptr (CliSecret) secret = NULL;

	if (import->from != NULL)
		return cli_token_read_secret (&token, error);
	secret = cli_secret_read (import->symmetric, error);

	if (secret == NULL || !cli_secret_check_private (secret, error))
		return NULL;
	if (!g_str_equal (format, "hex") && !g_str_equal (format, "binary")) {
		fail (format, "a format is hex or binary", error);
		return NULL;
	}
	if (g_str_equal (format, "hex") && !decode_hex (secret)) {
		fail (secret->path, "not hex digits; a key in bytes needs --format=binary", error);
		return NULL;
	}
	return g_steal_pointer (&secret);
}

static CliSecret *
read_secret (const CliImport *import, GError **error)
{
	g_autoptr (CliSecret) secret =
		read_source (import, import->format != NULL ? import->format : "hex", error);

	if (secret == NULL)
		return NULL;
	if (secret->len == 0 || secret->len > WIRE_SECRET_MAX) {
		fail (secret->path, "empty, or longer than a symmetric key may be (512 bytes)", error);
		return NULL;
	}
	if (secret->len < SECRET_LEN_WEAK)
		g_printerr ("%s: warning: a key of %" G_GSIZE_FORMAT " bytes can be guessed\n",
			    g_get_prgname (),
			    secret->len);
	return g_steal_pointer (&secret);
}

static gboolean
parse_expiry (const char *text, guint64 *unix_s, GError **error)
{
	g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
	g_autoptr (GDateTime) time = text != NULL ? g_date_time_new_from_iso8601 (text, utc) : NULL;

	*unix_s = 0;
	if (text == NULL)
		return TRUE;
	if (time == NULL)
		return fail (text, "not a time like 2030-12-31T00:00:00Z", error);
	if (g_date_time_to_unix (time) <= g_get_real_time () / G_USEC_PER_SEC)
		return fail (text, "this time is past", error);
	*unix_s = g_date_time_to_unix (time);
	return TRUE;
}

gboolean
cli_import_stage_secret (Cli *cli, const CliImport *import, guint32 *staged, GError **error)
{
	g_autoptr (CliSecret) secret = NULL;
	WireStageSecret request = {
		.name = pv_wire_text (import->name),
		.origin = pv_wire_text ("imported"),
		.identifier = pv_wire_text (import->identifier),
	};
	WireStageReply reply;

	if (import->suid < 0 || import->suid > 99)
		return fail ("--suid", "not a value of m2m:suid", error);
	request.suid = import->suid;
	if (!parse_expiry (import->expires, &request.not_after_s, error))
		return FALSE;
	secret = read_secret (import, error);
	if (secret == NULL)
		return FALSE;
	request.value = (WireBytes){secret->data, secret->len};
	if (!pv_keystore_call (cli_keystore (cli), WIRE_MSG_STAGE_SECRET, &request, &reply, error))
		return FALSE;
	*staged = reply.generation;
	return TRUE;
}
