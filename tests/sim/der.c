/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A DER writer of three lines and the two structures made with it. */
#include <config.h>

#include "tests/sim/der.h"

#include <string.h>

enum {
	DER_INTEGER = 0x02,
	DER_OID = 0x06,
	DER_UTF8 = 0x0c,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT_0 = 0xa0
};

typedef struct {
	guint8 length;
	guint8 octets[9];
} Oid;

static const Oid signed_data = {9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}};
static const Oid data = {9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01}};
static const Oid challenge_password = {9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x07}};
static const Oid extension_request = {9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e}};
static const Oid subject_alt_name = {3, {0x55, 0x1d, 0x11}};
static const Oid ec_public_key = {7, {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01}};
static const Oid prime256v1 = {8, {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}};
static const Oid ecdsa_with_sha256 = {8, {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02}};

/* Appends tag, length and content. */
static void
put (GByteArray *out, guint8 tag, const void *content, gsize length)
{
	guint8 head[6] = {tag, (guint8)length};
	guint used = 2;

	if (length >= 0x80) {
		guint octets = length > 0xffffff ? 4 : length > 0xffff ? 3 : length > 0xff ? 2 : 1;

		head[1] = (guint8)(0x80 | octets);
		for (guint i = 0; i < octets; i++)
			head[2 + i] = (guint8)(length >> (8 * (octets - 1 - i)));
		used = 2 + octets;
	}
	g_byte_array_append (out, head, used);
	g_byte_array_append (out, content, (guint)length);
}

static void
put_oid (GByteArray *out, const Oid *oid)
{
	put (out, DER_OID, oid->octets, oid->length);
}

/* Appends a constructed value and takes its content. */
static void
put_all (GByteArray *out, guint8 tag, GByteArray *content)
{
	put (out, tag, content->data, content->len);
	g_byte_array_unref (content);
}

GBytes *
sim_der_certs_only (GPtrArray *certificates)
{
	GByteArray *all = g_byte_array_new (), *type = g_byte_array_new (),
		   *body = g_byte_array_new ();
	GByteArray *explicit_body = g_byte_array_new (), *info = g_byte_array_new (),
		   *out = g_byte_array_new ();

	for (guint i = 0; i < certificates->len; i++) {
		GBytes *certificate = g_ptr_array_index (certificates, i);
		gsize length;
		const void *octets = g_bytes_get_data (certificate, &length);

		g_byte_array_append (all, octets, (guint)length);
	}
	put (body, DER_INTEGER, "\x01", 1);
	put (body, DER_SET, "", 0);
	put_oid (type, &data);
	put_all (body, DER_SEQUENCE, type);
	put_all (body, DER_CONTEXT_0, all);
	put (body, DER_SET, "", 0);
	put_all (explicit_body, DER_SEQUENCE, body);
	put_oid (info, &signed_data);
	put_all (info, DER_CONTEXT_0, explicit_body);
	put_all (out, DER_SEQUENCE, info);
	return g_byte_array_free_to_bytes (out);
}

/* Attribute { type, SET { one value } }. */
static void
put_attribute (GByteArray *out, const Oid *type, GByteArray *value)
{
	GByteArray *attribute = g_byte_array_new ();

	put_oid (attribute, type);
	put_all (attribute, DER_SET, value);
	put_all (out, DER_SEQUENCE, attribute);
}

static GByteArray *
one_oid (const Oid *oid)
{
	GByteArray *value = g_byte_array_new ();

	put_oid (value, oid);
	return value;
}

GBytes *
sim_der_csr_attributes (const char *challenge)
{
	GByteArray *list = g_byte_array_new (), *out = g_byte_array_new ();

	if (challenge != NULL && challenge[0] == '\0')
		put_oid (list, &challenge_password);
	if (challenge != NULL && challenge[0] != '\0') {
		GByteArray *value = g_byte_array_new ();

		put (value, DER_UTF8, challenge, strlen (challenge));
		put_attribute (list, &challenge_password, value);
	}
	put_attribute (list, &extension_request, one_oid (&subject_alt_name));
	put_attribute (list, &ec_public_key, one_oid (&prime256v1));
	put_oid (list, &ecdsa_with_sha256);
	put_all (out, DER_SEQUENCE, list);
	return g_byte_array_free_to_bytes (out);
}
