/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Credentials as wire records; see describe.h. */
#include <config.h>

#include "keystore/describe.h"

#include "keystore/certificate.h"
#include "keystore/usage.h"

#include <openssl/bio.h>
#include <openssl/x509.h>
#include <string.h>

guint32
ks_describe_number (const KsGeneration *generation)
{
	return (guint32)generation->row;
}

KsGeneration *
ks_describe_staged (const KsCredential *credential)
{
	for (guint i = 0; i < credential->generations->len; i++) {
		KsGeneration *generation = credential->generations->pdata[i];

		if (generation->state == KS_STATE_STAGED)
			return generation;
	}
	return NULL;
}

static WireBytes
text (const char *value)
{
	return (WireBytes){(const uint8_t *)value, value != NULL ? strlen (value) : 0};
}

/* A distinguished name as RFC 4514 writes it, cut at WIRE_TEXT_MAX; empty when it cannot be read.
 */
static char *
readable_name (const KsSlice *name)
{
	const unsigned char *data = name->data;
	X509_NAME *parsed = d2i_X509_NAME (NULL, &data, (long)name->len);
	BIO *output = BIO_new (BIO_s_mem ());
	char *line, *result;
	long len;

	if (parsed != NULL && output != NULL)
		X509_NAME_print_ex (output, parsed, 0,
				    XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	len = output != NULL ? BIO_get_mem_data (output, &line) : 0;
	result = g_strndup (len > 0 ? line : "", (gsize)MIN (len, WIRE_TEXT_MAX));
	BIO_free (output);
	X509_NAME_free (parsed);
	return result;
}

static guint32
key_bits (const KsGeneration *generation)
{
	switch (generation->key_type) {
	case KS_KEY_P256:
		return 256;
	case KS_KEY_P384:
		return 384;
	case KS_KEY_P521:
		return 521;
	case KS_KEY_ED25519:
		return 255;
	case KS_KEY_NONE:
	case KS_KEY_RSA:
	case KS_KEY_SECRET:
		break;
	}
	return generation->key_bits;
}

static guint32
count_retained (const KsCredential *credential)
{
	guint32 count = 0;

	for (guint i = 0; i < credential->generations->len; i++) {
		const KsGeneration *generation = credential->generations->pdata[i];

		count += generation->state == KS_STATE_RETAINED;
	}
	return count;
}

static void
describe_current (const KsGeneration *current, WireCredential *record)
{
	record->generation = ks_describe_number (current);
	record->key = current->key_object;
	record->key_type =
		current->key_type != KS_KEY_NONE ? ks_usage_key_type (0, current->key_type) : 0;
	record->key_bits = key_bits (current);
	record->id = (WireBytes){current->key_id, KS_KEY_ID_LEN};
	record->identifier = text (current->identifier);
	record->not_before_s = (guint64)MAX (current->not_before_s, 0);
	record->not_after_s = (guint64)MAX (current->not_after_s, 0);
}

gboolean
ks_describe (const KsCredential *credential, WireWriter *writer)
{
	KsGeneration *current = ks_credential_current (credential);
	KsGeneration *staged = ks_describe_staged (credential);
	g_autofree char *users = g_strjoinv (",", credential->users);
	g_autofree char *groups = g_strjoinv (",", credential->groups);
	g_autofree char *subject = NULL, *issuer = NULL;
	KsCertificateFields fields;
	WireCredential record = {
		.name = text (credential->name),
		.kind = credential->kind, /* WIRE_KIND_* are the same numbers */
		.origin = text (credential->origin == KS_ORIGIN_ENROLLED ? "enrolled" : "imported"),
		.mef = text (credential->mef_fqdn),
		.admin = text (credential->admin_fqdn),
		.client = text (credential->client_id),
		.suid = credential->suid,
		.users = text (users),
		.groups = text (groups),
		.retained = count_retained (credential),
	};

	if (current != NULL)
		describe_current (current, &record);
	if (current != NULL && current->leaf != NULL &&
	    ks_certificate_parse (current->leaf->der, &fields, NULL)) {
		subject = readable_name (&fields.subject);
		issuer = readable_name (&fields.issuer);
	}
	record.subject = text (subject);
	record.issuer = text (issuer);
	if (staged != NULL) {
		record.staged_generation = ks_describe_number (staged);
		record.staged_key = staged->key_object;
	}
	return wire_put_fields (writer, &wire_credential_layout, &record);
}

G_STATIC_ASSERT ((int)KS_KIND_KEY_PAIR == (int)WIRE_KIND_KEY_PAIR);
G_STATIC_ASSERT ((int)KS_KIND_SECRET == (int)WIRE_KIND_SECRET);
G_STATIC_ASSERT ((int)KS_KIND_ANCHORS == (int)WIRE_KIND_ANCHORS);
