/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The attribute tables. Labels and identifiers keep clear of what programs index by: the leaf alone
 * has the credential's label and the key's CKA_ID; a chain certificate is "NAME issuer 1", a trust
 * anchor "NAME anchor 1 COMMON NAME" (no credential's name has a blank), each with a CKA_ID of its
 * own.
 */
#include <config.h>

#include "keystore/attributes.h"

#include "keystore/catalogue.h"
#include "keystore/certificate.h"
#include "keystore/pubkey.h"
#include "keystore/usage.h"
#include "keystore/wire/limits.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <string.h>

#ifndef CKA_UNIQUE_ID /* PKCS#11 3.0; not in p11-kit's header */
#define CKA_UNIQUE_ID 0x04UL
#endif

#define CATEGORY_TOKEN_USER 1 /* CKA_CERTIFICATE_CATEGORY */
#define CATEGORY_AUTHORITY 2
#define COMMON_NAME_MAX 64 /* ub-common-name, bytes of a label taken from it */

/* What the renderers draw from: one object at a time. */
typedef struct {
	const KsCredential *credential;
	const KsGeneration *generation;
	guint32 object;
	guint uses;
	CK_MECHANISM_TYPE mechanisms[KS_USAGE_MECHANISMS_MAX];
	guint n_mechanisms;
	KsPubkeyParts parts;              /* of the generation's key */
	KsSlice subject;                  /* of the leaf; empty without one */
	const KsCertificate *certificate; /* certificates only, as all below */
	KsCertificateFields fields;
	KsRole role;
	guint place; /* in its list, from 1 */
	guint8 digest[SHA_DIGEST_LENGTH];
} Drawn;

typedef void (*Render) (WireSnapshotBuilder *builder,
			CK_ATTRIBUTE_TYPE type,
			gulong value,
			const Drawn *drawn);

typedef struct {
	CK_ATTRIBUTE_TYPE type;
	Render render;
	gulong value; /* what it means is the renderer's */
} Row;

/* ---- renderers ---- */

static void
add_bytes (WireSnapshotBuilder *builder, CK_ATTRIBUTE_TYPE type, GBytes *bytes)
{
	gsize len = 0;
	gconstpointer data = bytes != NULL ? g_bytes_get_data (bytes, &len) : NULL;

	wire_snapshot_add_bytes (builder, (uint32_t)type, data, len);
}

static void
fixed_bool (WireSnapshotBuilder *builder, CK_ATTRIBUTE_TYPE type, gulong value, const Drawn *drawn)
{
	wire_snapshot_add_bool (builder, (uint32_t)type, value != 0);
}

static void
fixed_ulong (WireSnapshotBuilder *builder, CK_ATTRIBUTE_TYPE type, gulong value, const Drawn *drawn)
{
	wire_snapshot_add_ulong (builder, (uint32_t)type, value);
}

static void
sensitive (WireSnapshotBuilder *builder, CK_ATTRIBUTE_TYPE type, gulong value, const Drawn *drawn)
{
	wire_snapshot_add_sensitive (builder, (uint32_t)type);
}

/* @value: the KsUse bits that make the flag true. */
static void
use_flag (WireSnapshotBuilder *builder, CK_ATTRIBUTE_TYPE type, gulong value, const Drawn *drawn)
{
	wire_snapshot_add_bool (builder, (uint32_t)type, (drawn->uses & value) != 0);
}

/* Whether the private key was made in here: an imported one was once elsewhere. */
static gboolean
is_local (const Drawn *drawn)
{
	return drawn->credential->origin == KS_ORIGIN_ENROLLED &&
	       drawn->credential->kind == KS_KIND_KEY_PAIR;
}

static void
local_flag (WireSnapshotBuilder *builder, CK_ATTRIBUTE_TYPE type, gulong value, const Drawn *drawn)
{
	wire_snapshot_add_bool (builder, (uint32_t)type, is_local (drawn));
}

static CK_MECHANISM_TYPE
generation_mechanism (KsKeyType type)
{
	switch (type) {
	case KS_KEY_P256:
	case KS_KEY_P384:
	case KS_KEY_P521:
		return CKM_EC_KEY_PAIR_GEN;
	case KS_KEY_RSA:
		return CKM_RSA_PKCS_KEY_PAIR_GEN;
	case KS_KEY_ED25519:
		return CKM_EC_EDWARDS_KEY_PAIR_GEN;
	case KS_KEY_NONE:
	case KS_KEY_SECRET:
		break;
	}
	return CK_UNAVAILABLE_INFORMATION;
}

static void
made_by (WireSnapshotBuilder *builder, CK_ATTRIBUTE_TYPE type, gulong value, const Drawn *drawn)
{
	wire_snapshot_add_ulong (builder, (uint32_t)type,
				 is_local (drawn)
					 ? generation_mechanism (drawn->generation->key_type)
					 : CK_UNAVAILABLE_INFORMATION);
}

static void
kind_of_key (WireSnapshotBuilder *builder, CK_ATTRIBUTE_TYPE type, gulong value, const Drawn *drawn)
{
	wire_snapshot_add_ulong (
		builder, (uint32_t)type,
		ks_usage_key_type (drawn->credential->suid, drawn->generation->key_type));
}

static void
mechanisms (WireSnapshotBuilder *builder, CK_ATTRIBUTE_TYPE type, gulong value, const Drawn *drawn)
{
	uint64_t list[KS_USAGE_MECHANISMS_MAX];

	for (guint i = 0; i < drawn->n_mechanisms; i++)
		list[i] = drawn->mechanisms[i];
	wire_snapshot_add_ulongs (builder, (uint32_t)type, list, drawn->n_mechanisms);
}

static void
key_id (WireSnapshotBuilder *builder, CK_ATTRIBUTE_TYPE type, gulong value, const Drawn *drawn)
{
	wire_snapshot_add_bytes (builder, (uint32_t)type, drawn->generation->key_id, KS_KEY_ID_LEN);
}

/* An identifier of its own: two credentials may carry the same intermediate. */
static void
authority_id (WireSnapshotBuilder *builder,
	      CK_ATTRIBUTE_TYPE type,
	      gulong value,
	      const Drawn *drawn)
{
	guint32 object = GUINT32_TO_BE (drawn->object);
	guint8 id[KS_KEY_ID_LEN];

	memcpy (id, drawn->digest, sizeof id - sizeof object);
	memcpy (id + sizeof id - sizeof object, &object, sizeof object);
	wire_snapshot_add_bytes (builder, (uint32_t)type, id, sizeof id);
}

static void
unique_id (WireSnapshotBuilder *builder, CK_ATTRIBUTE_TYPE type, gulong value, const Drawn *drawn)
{
	char text[16];
	int len = g_snprintf (text, sizeof text, "%u", drawn->object);

	wire_snapshot_add_bytes (builder, (uint32_t)type, text, (size_t)len);
}

static void
key_label (WireSnapshotBuilder *builder, CK_ATTRIBUTE_TYPE type, gulong value, const Drawn *drawn)
{
	const char *label = ks_credential_label (drawn->credential, drawn->generation);

	wire_snapshot_add_bytes (builder, (uint32_t)type, label, strlen (label));
}

/* The common name of @name as a part of a label: valid UTF-8 of one line, no colon (NSS). */
static char *
common_name (const KsSlice *name)
{
	const unsigned char *data = name->data;
	X509_NAME *parsed = d2i_X509_NAME (NULL, &data, (long)name->len);
	int index = parsed != NULL ? X509_NAME_get_index_by_NID (parsed, NID_commonName, -1) : -1;
	unsigned char *text = NULL;
	char *label = NULL;
	int len = -1;

	if (index >= 0)
		len = ASN1_STRING_to_UTF8 (
			&text, X509_NAME_ENTRY_get_data (X509_NAME_get_entry (parsed, index)));
	if (len > 0) {
		g_autofree char *valid =
			g_utf8_make_valid ((const char *)text, MIN (len, COMMON_NAME_MAX));

		label = g_strdelimit (g_strdup (valid), ":\t\r\n", ' ');
	}
	OPENSSL_free (text);
	X509_NAME_free (parsed);
	return label;
}

static void
authority_label (WireSnapshotBuilder *builder,
		 CK_ATTRIBUTE_TYPE type,
		 gulong value,
		 const Drawn *drawn)
{
	g_autofree char *subject =
		drawn->role == KS_ROLE_ANCHOR ? common_name (&drawn->fields.subject) : NULL;
	g_autofree char *label =
		g_strdup_printf ("%s %s %u%s%s", drawn->credential->name,
				 drawn->role == KS_ROLE_ANCHOR ? "anchor" : "issuer", drawn->place,
				 subject != NULL ? " " : "", subject != NULL ? subject : "");

	wire_snapshot_add_bytes (builder, (uint32_t)type, label, strlen (label));
}

/* @value: offset of a KsSlice in Drawn. */
static void
slice (WireSnapshotBuilder *builder, CK_ATTRIBUTE_TYPE type, gulong value, const Drawn *drawn)
{
	const KsSlice *part = (const KsSlice *)((const guint8 *)drawn + value);

	wire_snapshot_add_bytes (builder, (uint32_t)type, part->data, part->len);
}

static void
certificate_value (WireSnapshotBuilder *builder,
		   CK_ATTRIBUTE_TYPE type,
		   gulong value,
		   const Drawn *drawn)
{
	add_bytes (builder, type, drawn->certificate->der);
}

static void
check_value (WireSnapshotBuilder *builder, CK_ATTRIBUTE_TYPE type, gulong value, const Drawn *drawn)
{
	wire_snapshot_add_bytes (builder, (uint32_t)type, drawn->digest, 3);
}

static void
public_key_info (WireSnapshotBuilder *builder,
		 CK_ATTRIBUTE_TYPE type,
		 gulong value,
		 const Drawn *drawn)
{
	add_bytes (builder, type, drawn->generation->spki);
}

/* @value: offset of a GBytes pointer in Drawn; the attribute belongs to other key types when it is
 * %NULL. */
static void
part (WireSnapshotBuilder *builder, CK_ATTRIBUTE_TYPE type, gulong value, const Drawn *drawn)
{
	GBytes *bytes = *(GBytes *const *)((const guint8 *)drawn + value);

	if (bytes != NULL)
		add_bytes (builder, type, bytes);
}

static void
modulus_bits (WireSnapshotBuilder *builder,
	      CK_ATTRIBUTE_TYPE type,
	      gulong value,
	      const Drawn *drawn)
{
	if (drawn->generation->key_type == KS_KEY_RSA)
		wire_snapshot_add_ulong (builder, (uint32_t)type, drawn->generation->key_bits);
}

static void
secret_len (WireSnapshotBuilder *builder, CK_ATTRIBUTE_TYPE type, gulong value, const Drawn *drawn)
{
	wire_snapshot_add_ulong (builder, (uint32_t)type, drawn->generation->key_bits / 8);
}

/* @value: the key type whose secret part this is. */
static void
secret_part (WireSnapshotBuilder *builder, CK_ATTRIBUTE_TYPE type, gulong value, const Drawn *drawn)
{
	gboolean rsa = drawn->generation->key_type == KS_KEY_RSA;

	if (rsa == (value == CKK_RSA))
		wire_snapshot_add_sensitive (builder, (uint32_t)type);
}

/* CK_DATE: YYYYMMDD; no time, an empty value. */
static void
add_date (WireSnapshotBuilder *builder, CK_ATTRIBUTE_TYPE type, gint64 time_s)
{
	g_autoptr (GDateTime) date = time_s != 0 ? g_date_time_new_from_unix_utc (time_s) : NULL;
	char text[16] = "";

	if (date != NULL)
		g_snprintf (text, sizeof text, "%04d%02d%02d", g_date_time_get_year (date),
			    g_date_time_get_month (date), g_date_time_get_day_of_month (date));
	wire_snapshot_add_bytes (builder, (uint32_t)type, text, strlen (text));
}

/* @value: whether it is the end. */
static void
key_date (WireSnapshotBuilder *builder, CK_ATTRIBUTE_TYPE type, gulong value, const Drawn *drawn)
{
	add_date (builder, type,
		  value ? drawn->generation->not_after_s : drawn->generation->not_before_s);
}

static void
certificate_date (WireSnapshotBuilder *builder,
		  CK_ATTRIBUTE_TYPE type,
		  gulong value,
		  const Drawn *drawn)
{
	add_date (builder, type, value ? drawn->fields.not_after_s : drawn->fields.not_before_s);
}

/* ---- the tables; CKA_CLASS comes with the object ---- */

static const Row every_object[] = {
	{CKA_TOKEN, fixed_bool, TRUE},     {CKA_MODIFIABLE, fixed_bool, FALSE},
	{CKA_COPYABLE, fixed_bool, FALSE}, {CKA_DESTROYABLE, fixed_bool, FALSE},
	{CKA_UNIQUE_ID, unique_id, 0},
};

static const Row every_certificate[] = {
	{CKA_PRIVATE, fixed_bool, FALSE},
	{CKA_CERTIFICATE_TYPE, fixed_ulong, CKC_X_509},
	{CKA_SUBJECT, slice, offsetof (Drawn, fields.subject)},
	{CKA_ISSUER, slice, offsetof (Drawn, fields.issuer)},
	{CKA_SERIAL_NUMBER, slice, offsetof (Drawn, fields.serial)},
	{CKA_VALUE, certificate_value, 0},
	{CKA_CHECK_VALUE, check_value, 0},
	{CKA_START_DATE, certificate_date, FALSE},
	{CKA_END_DATE, certificate_date, TRUE},
	{CKA_PUBLIC_KEY_INFO, slice, offsetof (Drawn, fields.spki)},
};

static const Row leaf[] = {
	{CKA_LABEL, key_label, 0},
	{CKA_ID, key_id, 0},
	{CKA_TRUSTED, fixed_bool, FALSE},
	{CKA_CERTIFICATE_CATEGORY, fixed_ulong, CATEGORY_TOKEN_USER},
};

static const Row chain_certificate[] = {
	{CKA_LABEL, authority_label, 0},
	{CKA_ID, authority_id, 0},
	{CKA_TRUSTED, fixed_bool, FALSE},
	{CKA_CERTIFICATE_CATEGORY, fixed_ulong, CATEGORY_AUTHORITY},
};

static const Row anchor[] = {
	{CKA_LABEL, authority_label, 0},
	{CKA_ID, authority_id, 0},
	{CKA_TRUSTED, fixed_bool, TRUE},
	{CKA_CERTIFICATE_CATEGORY, fixed_ulong, CATEGORY_AUTHORITY},
};

static const Row every_key[] = {
	{CKA_KEY_TYPE, kind_of_key, 0},
	{CKA_LABEL, key_label, 0},
	{CKA_ID, key_id, 0},
	{CKA_START_DATE, key_date, FALSE},
	{CKA_END_DATE, key_date, TRUE},
	{CKA_LOCAL, local_flag, 0},
	{CKA_KEY_GEN_MECHANISM, made_by, 0},
	{CKA_ALLOWED_MECHANISMS, mechanisms, 0},
};

/* The public attributes stand on the private key as well: clients ask there first. */
static const Row every_key_of_a_pair[] = {
	{CKA_SUBJECT, slice, offsetof (Drawn, subject)},
	{CKA_PUBLIC_KEY_INFO, public_key_info, 0},
	{CKA_MODULUS, part, offsetof (Drawn, parts.modulus)},
	{CKA_PUBLIC_EXPONENT, part, offsetof (Drawn, parts.exponent)},
	{CKA_EC_PARAMS, part, offsetof (Drawn, parts.ec_params)},
	{CKA_EC_POINT, part, offsetof (Drawn, parts.ec_point)},
};

static const Row public_key[] = {
	{CKA_PRIVATE, fixed_bool, FALSE},
	{CKA_TRUSTED, fixed_bool, FALSE},
	{CKA_VERIFY, use_flag, KS_USE_SIGN | KS_USE_VERIFY},
	{CKA_VERIFY_RECOVER, fixed_bool, FALSE},
	{CKA_ENCRYPT, use_flag, KS_USE_DECRYPT | KS_USE_ENCRYPT},
	{CKA_WRAP, use_flag, KS_USE_WRAP},
	{CKA_DERIVE, use_flag, KS_USE_DERIVE},
	{CKA_MODULUS_BITS, modulus_bits, 0},
};

static const Row private_key[] = {
	{CKA_PRIVATE, fixed_bool, TRUE},
	{CKA_SENSITIVE, fixed_bool, TRUE},
	{CKA_ALWAYS_SENSITIVE, local_flag, 0},
	{CKA_EXTRACTABLE, fixed_bool, FALSE},
	{CKA_NEVER_EXTRACTABLE, local_flag, 0},
	{CKA_ALWAYS_AUTHENTICATE, fixed_bool, FALSE},
	{CKA_WRAP_WITH_TRUSTED, fixed_bool, FALSE},
	{CKA_SIGN, use_flag, KS_USE_SIGN},
	{CKA_SIGN_RECOVER, fixed_bool, FALSE},
	{CKA_DECRYPT, use_flag, KS_USE_DECRYPT},
	{CKA_UNWRAP, use_flag, KS_USE_WRAP},
	{CKA_DERIVE, use_flag, KS_USE_DERIVE},
	{CKA_VALUE, secret_part, CKK_EC},
	{CKA_PRIVATE_EXPONENT, secret_part, CKK_RSA},
	{CKA_PRIME_1, secret_part, CKK_RSA},
	{CKA_PRIME_2, secret_part, CKK_RSA},
	{CKA_EXPONENT_1, secret_part, CKK_RSA},
	{CKA_EXPONENT_2, secret_part, CKK_RSA},
	{CKA_COEFFICIENT, secret_part, CKK_RSA},
};

static const Row secret_key[] = {
	{CKA_PRIVATE, fixed_bool, TRUE},
	{CKA_TRUSTED, fixed_bool, FALSE},
	{CKA_SENSITIVE, fixed_bool, TRUE},
	{CKA_ALWAYS_SENSITIVE, fixed_bool, FALSE},
	{CKA_EXTRACTABLE, fixed_bool, FALSE},
	{CKA_NEVER_EXTRACTABLE, fixed_bool, FALSE},
	{CKA_WRAP_WITH_TRUSTED, fixed_bool, FALSE},
	{CKA_SIGN, use_flag, KS_USE_SIGN},
	{CKA_VERIFY, use_flag, KS_USE_VERIFY},
	{CKA_ENCRYPT, use_flag, KS_USE_ENCRYPT},
	{CKA_DECRYPT, use_flag, KS_USE_DECRYPT},
	{CKA_WRAP, use_flag, KS_USE_WRAP},
	{CKA_UNWRAP, use_flag, KS_USE_WRAP},
	{CKA_DERIVE, use_flag, KS_USE_DERIVE | KS_USE_PSK},
	{CKA_VALUE_LEN, secret_len, 0},
	{CKA_VALUE, sensitive, 0},
};

#define TABLE(rows)                                                                                \
	{                                                                                          \
		rows, G_N_ELEMENTS (rows)                                                          \
	}

/* What an object is made of. */
typedef struct {
	KsRole role;
	CK_OBJECT_CLASS class;
	struct {
		const Row *rows;
		gsize n_rows;
	} tables[4];
} Shape;

static const Shape leaf_shape = {KS_ROLE_LEAF,
				 CKO_CERTIFICATE,
				 {TABLE (every_object), TABLE (every_certificate), TABLE (leaf)}};
static const Shape chain_shape = {
	KS_ROLE_CHAIN,
	CKO_CERTIFICATE,
	{TABLE (every_object), TABLE (every_certificate), TABLE (chain_certificate)}};
static const Shape anchor_shape = {
	KS_ROLE_ANCHOR,
	CKO_CERTIFICATE,
	{TABLE (every_object), TABLE (every_certificate), TABLE (anchor)}};
static const Shape public_shape = {
	KS_ROLE_PUBLIC,
	CKO_PUBLIC_KEY,
	{TABLE (every_object), TABLE (every_key), TABLE (every_key_of_a_pair), TABLE (public_key)}};
static const Shape private_shape = {KS_ROLE_KEY,
				    CKO_PRIVATE_KEY,
				    {TABLE (every_object), TABLE (every_key),
				     TABLE (every_key_of_a_pair), TABLE (private_key)}};
static const Shape secret_shape = {
	KS_ROLE_KEY, CKO_SECRET_KEY, {TABLE (every_object), TABLE (every_key), TABLE (secret_key)}};

/* ---- drawing ---- */

static void
draw (WireSnapshotBuilder *builder, Drawn *drawn, const Shape *shape, guint32 object)
{
	drawn->object = object;
	drawn->role = shape->role;
	wire_snapshot_add_object (builder, object, (uint32_t)shape->class);
	for (gsize table = 0; table < G_N_ELEMENTS (shape->tables); table++) {
		for (gsize i = 0; i < shape->tables[table].n_rows; i++) {
			const Row *row = &shape->tables[table].rows[i];

			row->render (builder, row->type, row->value, drawn);
		}
	}
}

static void
draw_certificate (WireSnapshotBuilder *builder,
		  Drawn *drawn,
		  const Shape *shape,
		  const KsCertificate *certificate,
		  guint place)
{
	gsize len;
	gconstpointer der = g_bytes_get_data (certificate->der, &len);

	if (!ks_certificate_parse (certificate->der, &drawn->fields, NULL))
		return;
	drawn->certificate = certificate;
	drawn->place = place;
	SHA1 (der, len, drawn->digest);
	draw (builder, drawn, shape, certificate->object);
}

static void
draw_certificates (WireSnapshotBuilder *builder, Drawn *drawn)
{
	const KsGeneration *generation = drawn->generation;

	if (generation->leaf != NULL)
		draw_certificate (builder, drawn, &leaf_shape, generation->leaf, 1);
	for (guint i = 0; i < generation->chain->len; i++)
		draw_certificate (builder, drawn, &chain_shape, generation->chain->pdata[i], i + 1);
	for (guint i = 0; i < generation->anchors->len; i++)
		draw_certificate (builder, drawn, &anchor_shape, generation->anchors->pdata[i],
				  i + 1);
}

static void
draw_keys (WireSnapshotBuilder *builder, Drawn *drawn)
{
	const KsGeneration *generation = drawn->generation;
	KsCertificateFields fields;

	drawn->uses = ks_usage_uses (drawn->credential->suid, generation->key_type);
	drawn->n_mechanisms = ks_usage_mechanisms (drawn->credential->suid, generation->key_type,
						   drawn->mechanisms);
	if (drawn->n_mechanisms == 0)
		return;
	if (drawn->credential->kind == KS_KIND_SECRET) {
		draw (builder, drawn, &secret_shape, generation->key_object);
		return;
	}
	if (generation->spki == NULL || !ks_pubkey_parts (generation->spki, &drawn->parts))
		return;
	if (generation->leaf != NULL && ks_certificate_parse (generation->leaf->der, &fields, NULL))
		drawn->subject = fields.subject;
	draw (builder, drawn, &private_shape, generation->key_object);
	if (generation->public_object != 0)
		draw (builder, drawn, &public_shape, generation->public_object);
	ks_pubkey_parts_clear (&drawn->parts);
}

void
ks_attributes_add_generation (WireSnapshotBuilder *builder,
			      const KsCredential *credential,
			      const KsGeneration *generation)
{
	Drawn drawn = {.credential = credential, .generation = generation};

	if (generation->key_object != 0)
		draw_keys (builder, &drawn);
	if (generation->state != KS_STATE_RETAINED)
		draw_certificates (builder, &drawn);
}
