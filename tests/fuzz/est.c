/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an EST server sends. The first byte chooses: a body (base64 of certificates as CMS), the CMS,
 * the attributes it wants in a request, and times as in an answer's members.
 */
#include <config.h>

#include "provisioner/cms.h"
#include "provisioner/csr-attributes.h"
#include "provisioner/timestamp.h"
#include "tests/fuzz/fuzz.h"

#include <openssl/x509.h>

static void
try_cms (GBytes *der)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GPtrArray) certificates = pv_cms_certificates (der, &error);

	FUZZ_CHECK ((certificates == NULL) == (error != NULL));
	for (guint i = 0; certificates != NULL && i < certificates->len; i++)
		FUZZ_CHECK (X509_get_subject_name (certificates->pdata[i]) != NULL);
}

static void
try_body (GBytes *body)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) der = pv_cms_decode_body (body, &error);

	FUZZ_CHECK ((der == NULL) == (error != NULL));
	if (der != NULL)
		try_cms (der);
}

static void
try_attributes (GBytes *der)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PvCsrAttributes) attributes = pv_csr_attributes_parse (der, &error);

	FUZZ_CHECK ((attributes == NULL) == (error != NULL));
}

static void
try_time (GBytes *bytes)
{
	gsize length;
	const char *data = g_bytes_get_data (bytes, &length);
	g_autofree char *text = g_strndup (length > 0 ? data : "", length);
	g_autoptr (GError) error = NULL, other = NULL;
	gint64 seconds, again;

	if (pv_timestamp_parse (text, &seconds, &error)) {
		g_autofree char *written = pv_timestamp_format (seconds);

		FUZZ_CHECK (pv_timestamp_parse (written, &again, NULL) && again == seconds);
	}
	if (!pv_duration_parse (text, &seconds, &other))
		FUZZ_CHECK (other != NULL);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	static void (*const attempts[]) (GBytes *) = {try_body, try_cms, try_attributes, try_time};
	g_autoptr (GBytes) rest = NULL;

	if (size == 0)
		return 0;
	rest = g_bytes_new (data + 1, size - 1);
	attempts[*data & 3](rest);
	return 0;
}
