/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hashes by their PKCS#11 names.
 */
#include <config.h>

#include "keystore/digest.h"

#include "keystore/crypto.h"

#include <errno.h>
#include <unistd.h>

#define CHUNK_LEN (64 * 1024)

static const struct {
	CK_MECHANISM_TYPE hash;
	CK_RSA_PKCS_MGF_TYPE mgf;
	const char *name;
	gsize info_len;
	guint8 info[19];
} digests[] = {
	{CKM_SHA256,
	 CKG_MGF1_SHA256,
	 "SHA256",
	 19,
	 {0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 32}},
	{CKM_SHA384,
	 CKG_MGF1_SHA384,
	 "SHA384",
	 19,
	 {0x30, 0x41, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2, 5, 0, 4, 48}},
	{CKM_SHA512,
	 CKG_MGF1_SHA512,
	 "SHA512",
	 19,
	 {0x30, 0x51, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3, 5, 0, 4, 64}},
	{CKM_SHA224,
	 CKG_MGF1_SHA224,
	 "SHA224",
	 19,
	 {0x30, 0x2d, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 4, 5, 0, 4, 28}},
	{CKM_SHA_1,
	 CKG_MGF1_SHA1,
	 "SHA1",
	 15,
	 {0x30, 0x21, 0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0, 4, 20}},
};

#define COUNT G_N_ELEMENTS (digests)

/* A fetch takes a lock and a search: once per process, not once per signature. */
static EVP_MD *const *
fetched (void)
{
	static EVP_MD *table[COUNT];
	static gsize done;

	if (g_once_init_enter (&done)) {
		ks_operate_init ();
		for (guint i = 0; i < COUNT; i++)
			table[i] = EVP_MD_fetch (NULL, digests[i].name, NULL);
		g_once_init_leave (&done, 1);
	}
	return table;
}

const EVP_MD *
ks_digest_find (CK_MECHANISM_TYPE hash)
{
	for (guint i = 0; i < COUNT; i++)
		if (digests[i].hash == hash)
			return fetched ()[i];
	return NULL;
}

const EVP_MD *
ks_digest_find_mgf (CK_RSA_PKCS_MGF_TYPE mgf)
{
	for (guint i = 0; i < COUNT; i++)
		if (digests[i].mgf == mgf)
			return fetched ()[i];
	return NULL;
}

const guint8 *
ks_digest_info (CK_MECHANISM_TYPE hash, gsize *len)
{
	for (guint i = 0; i < COUNT; i++) {
		if (digests[i].hash == hash) {
			*len = digests[i].info_len;
			return digests[i].info;
		}
	}
	*len = 0;
	return NULL;
}

CK_RV
ks_digest_feed (const KsInput *input, KsFeed feed, gpointer to)
{
	g_autofree guint8 *chunk = NULL;
	gsize at = 0;

	if (input->fd < 0)
		return input->len == 0 || feed (to, input->data, input->len) == 1
			       ? CKR_OK
			       : CKR_FUNCTION_FAILED;
	chunk = g_malloc (CHUNK_LEN);
	while (at < input->len) {
		gssize got = pread (input->fd, chunk, MIN (CHUNK_LEN, input->len - at), (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return CKR_DATA_LEN_RANGE;
		if (feed (to, chunk, (gsize)got) != 1)
			return CKR_FUNCTION_FAILED;
		at += (gsize)got;
	}
	return CKR_OK;
}

static int
feed_digest (gpointer context, const guint8 *data, gsize len)
{
	return EVP_DigestUpdate (context, data, len);
}

CK_RV
ks_digest_input (const EVP_MD *md, const KsInput *input, guint8 *digest, gsize *digest_len)
{
	g_autoptr (EVP_MD_CTX) context = NULL;
	guint len;
	CK_RV rv;

	if (input->fd < 0) {
		if (EVP_Digest (input->data, input->len, digest, &len, md, NULL) != 1)
			return CKR_FUNCTION_FAILED;
		*digest_len = len;
		return CKR_OK;
	}
	context = EVP_MD_CTX_new ();
	if (context == NULL || EVP_DigestInit_ex2 (context, md, NULL) != 1)
		return CKR_FUNCTION_FAILED;
	rv = ks_digest_feed (input, feed_digest, context);
	if (rv == CKR_OK && EVP_DigestFinal_ex (context, digest, &len) != 1)
		rv = CKR_FUNCTION_FAILED;
	if (rv == CKR_OK)
		*digest_len = len;
	return rv;
}
