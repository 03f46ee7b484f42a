/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * <symmKeyReg>: built and parsed.
 */
#include <config.h>

#include "provisioner/resource-symm-key-reg.h"

#include "provisioner/error.h"
#include "provisioner/identity.h"
#include "provisioner/limits.h"
#include "provisioner/primitive.h"

#include <string.h>

void
pv_symm_key_reg_free (PvSymmKeyReg *registration)
{
	if (registration == NULL)
		return;
	pv_granted_clear (&registration->granted);
	g_strfreev (registration->targets);
	explicit_bzero (registration, sizeof *registration);
	g_free (registration);
}

static void
free_wiped (char *text)
{
	explicit_bzero (text, strlen (text));
	g_free (text);
}

/* Decision 13. */
static gboolean
length_is_plausible (gsize length)
{
	return length == 16 || length == 24 || length == 32 || length == 48 || length == 64;
}

static char *
encode (PvKeyEncoding encoding, const guint8 *bytes, gsize length)
{
	static const char digits[] = "0123456789ABCDEF";
	char *text;

	if (encoding == PV_KEY_ENCODING_BASE64)
		return g_base64_encode (bytes, length);
	text = g_malloc0 (2 * length + 1);
	for (gsize i = 0; i < length; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	return text;
}

static gboolean
decode_hex (const char *text, guint8 *bytes, gsize *length)
{
	gsize count = strlen (text);

	if (count % 2 != 0 || count / 2 > PV_KEY_VALUE_MAX)
		return FALSE;
	for (gsize i = 0; i < count / 2; i++) {
		int high = g_ascii_xdigit_value (text[2 * i]);
		int low = g_ascii_xdigit_value (text[2 * i + 1]);

		if (high < 0 || low < 0)
			return FALSE;
		bytes[i] = high << 4 | low;
	}
	*length = count / 2;
	return TRUE;
}

/* GLib's decoder skips what it does not know: only what encodes to the same text is base64. */
static gboolean
decode_base64 (const char *text, guint8 *bytes, gsize *length)
{
	gsize count;
	guint8 *decoded = g_base64_decode (text, &count);
	char *again = g_base64_encode (decoded, count);
	gboolean good = g_str_equal (again, text) && count <= PV_KEY_VALUE_MAX;

	if (good) {
		memcpy (bytes, decoded, count);
		*length = count;
	}
	free_wiped (again);
	explicit_bzero (decoded, count);
	g_free (decoded);
	return good;
}

static gboolean
read_value (PvJsonReader *reader, PvSymmKeyReg *registration, GError **error)
{
	const char *text = pv_json_read_string (reader, PV_NAME_KEY_VALUE, PV_OPTIONAL,
						2 * PV_KEY_VALUE_MAX);
	gboolean hex = reader->dialect->key_encoding == PV_KEY_ENCODING_HEX;

	if (!pv_json_reader_finish (reader, error))
		return FALSE;
	if (text == NULL)
		return TRUE;
	if ((hex ? decode_hex : decode_base64) (text, registration->value,
						&registration->value_length) &&
	    length_is_plausible (registration->value_length))
		return TRUE;
	g_set_error (error, PV_ERROR, PV_ERROR_MALFORMED,
		     "symmKeyReg: keyValue is not a key of 16, 24, 32, 48 or 64 octets in %s",
		     hex ? "hex" : "base64");
	return FALSE;
}

JsonNode *
pv_symm_key_reg_build (const PvDialect *dialect, const PvSymmKeyRegRequest *request)
{
	JsonObject *object = pv_proposal_new (dialect, request->expires, request->admin_fqdn,
					      request->labels);

	json_object_set_int_member (object, pv_dialect_sent (dialect, PV_NAME_SUID), request->suid);
	pv_json_set_strings (object, pv_dialect_sent (dialect, PV_NAME_TARGET_IDS),
			     request->targets);
	if (request->value != NULL) {
		char *text =
			encode (dialect->key_encoding, request->value, request->value_length);

		json_object_set_string_member (
			object, pv_dialect_sent (dialect, PV_NAME_KEY_VALUE), text);
		free_wiped (text);
	}
	return pv_content_wrap (dialect, PV_NAME_SYMM_KEY_REG, object);
}

JsonNode *
pv_symm_key_reg_build_update (const PvDialect *dialect,
			      gint64 expires,
			      const char *const *targets,
			      const char *const *labels)
{
	JsonObject *object = pv_proposal_new (dialect, expires, NULL, labels);

	pv_json_set_strings (object, pv_dialect_sent (dialect, PV_NAME_TARGET_IDS), targets);
	return pv_content_wrap (dialect, PV_NAME_SYMM_KEY_REG, object);
}

PvSymmKeyReg *
pv_symm_key_reg_parse (const PvDialect *dialect, JsonNode *content, GError **error)
{
	g_autoptr (PvSymmKeyReg) registration = g_new0 (PvSymmKeyReg, 1);
	JsonObject *object = pv_content_unwrap (dialect, PV_NAME_SYMM_KEY_REG, content, error);
	PvJsonReader reader = PV_JSON_READER (dialect, object, "symmKeyReg");

	if (object == NULL)
		return NULL;
	pv_granted_read (&reader, PV_RELATIVE_KEY_ID_MAX, &registration->granted);
	registration->suid = pv_json_read_int (&reader, PV_NAME_SUID, PV_REQUIRED, 0, 999, 0);
	registration->targets =
		pv_json_read_strings (&reader, PV_NAME_TARGET_IDS, PV_OPTIONAL, PV_TARGETS_MAX);
	if (!read_value (&reader, registration, error))
		return NULL;
	return g_steal_pointer (&registration);
}

static gboolean
unusable (const char *why, GError **error)
{
	g_set_error (error, PV_ERROR, PV_ERROR_MISMATCH, "the key registration is not usable: %s",
		     why);
	return FALSE;
}

gboolean
pv_symm_key_reg_check (const PvSymmKeyReg *registration,
		       const PvSymmKeyRegRequest *request,
		       const char *client_id,
		       gint64 now,
		       GError **error)
{
	const char *why = pv_granted_refusal (&registration->granted, client_id,
					      request->admin_fqdn, now);

	if (why == NULL && registration->suid != request->suid)
		why = "its SUID is another";
	if (why == NULL && !pv_relative_key_id_is_valid (registration->granted.id))
		why = "its RelativeKeyID is malformed";
	return why == NULL || unusable (why, error);
}

gboolean
pv_symm_key_reg_check_retrieved (const PvSymmKeyReg *registration,
				 const char *relative_id,
				 gint64 now,
				 GError **error)
{
	if (registration->granted.expires <= now)
		return unusable ("it is over already (is the clock right?)", error);
	/* A06: the case of hexBinary is not stated */
	if (g_ascii_strcasecmp (registration->granted.id, relative_id) != 0)
		return unusable ("it is another key's", error);
	if (registration->suid < 21 || registration->suid > 25)
		return unusable ("its SUID is none of a key that an MEF distributes", error);
	if (registration->value_length == 0)
		return unusable ("it comes without the key: we are not its target", error);
	return TRUE;
}

gboolean
pv_targets_check (guint suid, const char *const *targets, GError **error)
{
	guint count = targets != NULL ? g_strv_length ((char **)targets) : 0;
	gboolean single = suid >= 21 && suid <= 23;

	if (suid < 21 || suid > 25) {
		g_set_error (error, PV_ERROR, PV_ERROR_JOB,
			     "SUID %u is not registered at an MEF (21 to 25 are)", suid);
		return FALSE;
	}
	if ((single && count != 1) || count < 1 || count > PV_TARGETS_MAX) {
		g_set_error (error, PV_ERROR, PV_ERROR_JOB, "SUID %u needs %s target", suid,
			     single ? "exactly one" : "at least one");
		return FALSE;
	}
	for (guint i = 0; i < count; i++) {
		if (suid == 21 ? pv_fqdn_is_valid (targets[i])
			       : pv_identifier_is_valid (PV_ENTITY_AE, targets[i]))
			continue;
		g_set_error (error, PV_ERROR, PV_ERROR_JOB, "“%s” is not a target of SUID %u",
			     targets[i], suid);
		return FALSE;
	}
	return TRUE;
}
