/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PvKeystoreOps on provision.sock: key pairs made and used in the keystore, symmetric keys handed
 * over, certificates attached, all published in one transaction.
 */
#include <config.h>

#include "provisioner/keystore-private.h"

#include <openssl/ecdsa.h>

#include "provisioner/error.h"
#include "provisioner/keystore-credential.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ECDSA_SIG, ECDSA_SIG_free)

static const struct {
	guint32 key_type, key_bits;
} key_types[] = {
	[PV_KEY_TYPE_P256] = {PV_CKK_EC, 256},
	[PV_KEY_TYPE_P384] = {PV_CKK_EC, 384},
	[PV_KEY_TYPE_RSA_2048] = {PV_CKK_RSA, 2048},
};

static gboolean
fail_unknown (guint32 staged, GError **error)
{
	g_set_error (error,
		     PV_ERROR,
		     PV_ERROR_KEYSTORE,
		     "the keystore has nothing staged under number %u",
		     staged);
	return FALSE;
}

static gboolean
stage_key_pair (gpointer data,
		const char *credential,
		PvKeyType type,
		guint32 *staged,
		GBytes **spki,
		GError **error)
{
	PvKeystore *keystore = data;
	const WireStageKeyPair request = {
		.name = pv_wire_text (credential),
		.origin = pv_wire_text (keystore->origin),
		.mef = pv_wire_text (keystore->mef),
		.admin = pv_wire_text (keystore->admin),
		.client = pv_wire_text (keystore->client),
		.key_type = key_types[type].key_type,
		.key_bits = key_types[type].key_bits,
	};
	WireStageReply reply;
	PvStagedKey key;

	if (!pv_keystore_call (keystore, WIRE_MSG_STAGE_KEY_PAIR, &request, &reply, error))
		return FALSE;
	key = (PvStagedKey){reply.generation, reply.key, request.key_type, request.key_bits};
	g_array_append_val (keystore->staged, key);
	*staged = reply.generation;
	*spki = g_bytes_new (reply.spki.data, reply.spki.len);
	return TRUE;
}

static gboolean
staged_public_key (
	gpointer data, const char *credential, guint32 staged, GBytes **spki, GError **error)
{
	g_autoptr (PvCredential) found = pv_keystore_show (data, credential, error);

	if (found == NULL)
		return FALSE;
	if (found->staged_generation != staged)
		return fail_unknown (staged, error);
	*spki = g_bytes_ref (found->staged_spki);
	return TRUE;
}

static gboolean
find_key (PvKeystore *keystore, guint32 staged, PvStagedKey *key, GError **error)
{
	for (guint i = 0; i < keystore->staged->len; i++) {
		*key = g_array_index (keystore->staged, PvStagedKey, i);
		if (key->generation == staged)
			return TRUE;
	}
	return fail_unknown (staged, error);
}

/* PKCS#11's r || s as X.509 carries it. */
static GBytes *
ecdsa_to_der (WireBytes raw, GError **error)
{
	g_autoptr (ECDSA_SIG) signature = ECDSA_SIG_new ();
	BIGNUM *r = BN_bin2bn (raw.data, raw.len / 2, NULL);
	BIGNUM *s = BN_bin2bn (raw.data + raw.len / 2, raw.len / 2, NULL);
	unsigned char *der = NULL;
	GBytes *bytes;
	int len;

	if (signature == NULL || raw.len == 0 || raw.len % 2 != 0 ||
	    !ECDSA_SIG_set0 (signature, r, s)) {
		BN_free (r);
		BN_free (s);
		g_set_error (error, PV_ERROR, PV_ERROR_KEYSTORE, "a signature of the wrong form");
		return NULL;
	}
	len = i2d_ECDSA_SIG (signature, &der);
	bytes = len > 0 ? g_bytes_new (der, len) : NULL;
	OPENSSL_free (der);
	if (bytes == NULL)
		g_set_error (error, PV_ERROR, PV_ERROR_LOCAL, "cannot encode a signature");
	return bytes;
}

static gboolean
sign (gpointer data, guint32 staged, GBytes *tbs, GBytes **signature, GError **error)
{
	PvKeystore *keystore = data;
	WireOperate request = {.data = pv_wire_bytes (tbs)};
	WireResult reply;
	PvStagedKey key;
	GBytes *result;

	if (!find_key (keystore, staged, &key, error))
		return FALSE;
	request.key = key.key;
	request.mechanism = key.key_type == PV_CKK_RSA ? PV_CKM_SHA256_RSA_PKCS
			    : key.key_bits == 384      ? PV_CKM_ECDSA_SHA384
						       : PV_CKM_ECDSA_SHA256;
	if (!pv_keystore_call (keystore, WIRE_MSG_SIGN, &request, &reply, error))
		return FALSE;
	result = key.key_type == PV_CKK_RSA ? g_bytes_new (reply.output.data, reply.output.len)
					    : ecdsa_to_der (reply.output, error);
	if (result == NULL)
		return FALSE;
	*signature = result;
	return TRUE;
}

static gboolean
attach_certificates (gpointer data,
		     guint32 staged,
		     GPtrArray *chain,
		     GPtrArray *anchors,
		     GError **error)
{
	WireAttachCertificates request = {.generation = staged};

	if (chain == NULL || chain->len == 0) {
		g_set_error (error, PV_ERROR, PV_ERROR_KEYSTORE, "no certificate to attach");
		return FALSE;
	}
	request.leaf = pv_wire_bytes (chain->pdata[0]);
	return pv_wire_list (chain, 1, &request.chain, error) &&
	       pv_wire_list (anchors, 0, &request.anchors, error) &&
	       pv_keystore_call (data, WIRE_MSG_ATTACH_CERTIFICATES, &request, NULL, error);
}

static gboolean
stage_secret (gpointer data, const PvStagedSecret *secret, guint32 *staged, GError **error)
{
	PvKeystore *keystore = data;
	const WireStageSecret request = {
		.name = pv_wire_text (secret->credential),
		.origin = pv_wire_text (keystore->origin),
		.mef = pv_wire_text (secret->mef_fqdn),
		.admin = pv_wire_text (secret->admin_fqdn),
		.client = pv_wire_text (keystore->client),
		.identifier = pv_wire_text (secret->identifier),
		.suid = secret->suid,
		.not_after_s = secret->not_after > 0 ? secret->not_after : 0,
		.value = {secret->bytes, secret->length},
	};
	WireStageReply reply;

	if (!pv_keystore_call (keystore, WIRE_MSG_STAGE_SECRET, &request, &reply, error))
		return FALSE;
	*staged = reply.generation;
	return TRUE;
}

static gboolean
publish (gpointer data,
	 const char *credential,
	 const guint32 *staged,
	 gsize n_staged,
	 GError **error)
{
	WirePublish request = {.generations.count = n_staged};

	if (n_staged == 0 || n_staged > WIRE_LIST_MAX) {
		g_set_error (error,
			     PV_ERROR,
			     PV_ERROR_KEYSTORE,
			     "cannot publish %" G_GSIZE_FORMAT " pieces of \"%s\" at once",
			     n_staged,
			     credential);
		return FALSE;
	}
	memcpy (request.generations.items, staged, n_staged * sizeof *staged);
	return pv_keystore_call (data, WIRE_MSG_PUBLISH, &request, NULL, error);
}

static void
discard (gpointer data, guint32 staged)
{
	const WirePublish request = {.generations = {.count = 1, .items = {staged}}};
	g_autoptr (GError) error = NULL;

	if (!pv_keystore_call (data, WIRE_MSG_DISCARD, &request, NULL, &error))
		g_debug ("staged generation %u not discarded: %s", staged, error->message);
}

const PvKeystoreOps pv_keystore_ops = {
	.stage_key_pair = stage_key_pair,
	.staged_public_key = staged_public_key,
	.sign = sign,
	.attach_certificates = attach_certificates,
	.stage_secret = stage_secret,
	.publish = publish,
	.discard = discard,
};
