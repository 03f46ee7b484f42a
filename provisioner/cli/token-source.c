/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See token-source.h. The key comes wrapped by a key of one session (CKM_AES_KEY_WRAP_PAD, RFC 5649), which
 * is how a sensitive key leaves a token, and does for every type of key.
 */
#include <config.h>

#include "provisioner/cli/token-source.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "provisioner/cli/token-session.h"
#include "provisioner/error.h"

#define OBJECTS_MAX 64
#define WRAPPING_KEY_LEN 32
#define WRAPPED_MAX 16384
#define CERTIFICATE_MAX 65536

/* The second is PKCS#11 3.0's name for the same. */
static const CK_MECHANISM_TYPE wraps[] = {0x210a /* CKM_AES_KEY_WRAP_PAD */, 0x210b /* CKM_AES_KEY_WRAP_KWP */};

static gboolean
fail (const CliTokenSession *session, const char *why, GError **error)
{
	g_set_error (error, PV_ERROR, PV_ERROR_JOB, "%s: %s", session->label, why);
	return FALSE;
}

/* Objects of @class that the URI's label and identifier fit, when @named. */
static guint
find (const CliTokenSession *session, CK_OBJECT_CLASS class, gboolean named, CK_OBJECT_HANDLE *found)
{
	static const CK_ATTRIBUTE_TYPE taken[] = {CKA_LABEL, CKA_ID};
	CK_ATTRIBUTE template[3] = {{CKA_CLASS, &class, sizeof class}};
	CK_ULONG count = 1, n_found = 0;

	for (gsize i = 0; named && i < G_N_ELEMENTS (taken); i++) {
		CK_ATTRIBUTE *attribute = p11_kit_uri_get_attribute (session->uri, taken[i]);

		if (attribute != NULL)
			template[count++] = *attribute;
	}
	if (session->module->C_FindObjectsInit (session->session, template, count) != CKR_OK)
		return 0;
	if (session->module->C_FindObjects (session->session, found, OBJECTS_MAX, &n_found) != CKR_OK)
		n_found = 0;
	session->module->C_FindObjectsFinal (session->session);
	return n_found;
}

/* TRUE also when the token does not tell: then the attempt shows it. */
static gboolean
may_leave (const CliTokenSession *session, CK_OBJECT_HANDLE key)
{
	CK_BBOOL extractable = CK_TRUE;
	CK_ATTRIBUTE attribute = {CKA_EXTRACTABLE, &extractable, sizeof extractable};

	return session->module->C_GetAttributeValue (session->session, key, &attribute, 1) != CKR_OK ||
	       extractable != CK_FALSE;
}

static gboolean
find_key (const CliTokenSession *session, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *key, GError **error)
{
	CK_OBJECT_HANDLE found[OBJECTS_MAX];
	guint count = find (session, class, TRUE, found);
	gboolean private = class == CKO_PRIVATE_KEY;

	if (count == 0)
		return fail (session,
			     private ? "no private key fits the URI" : "no symmetric key fits the URI",
			     error);
	if (count > 1)
		return fail (session,
			     private ? "more than one private key fits the URI; name it by object= and id="
				     : "more than one symmetric key fits the URI; name it by object= and id=",
			     error);
	if (!may_leave (session, found[0]))
		return fail (session,
			     "this key never leaves its token (CKA_EXTRACTABLE is false), and that is "
			     "its purpose. Let a new one be made: `enrolee enrol`, or from a file of "
			     "its backup, if there is one, `enrolee import`",
			     error);
	*key = found[0];
	return TRUE;
}

static gboolean
make_wrapping_key (const CliTokenSession *session,
		   guint8 *value,
		   CK_OBJECT_HANDLE *handle,
		   GError **error)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_AES;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class, sizeof class}, {CKA_KEY_TYPE, &type, sizeof type},
		{CKA_TOKEN, &no, sizeof no},	   {CKA_PRIVATE, &no, sizeof no},
		{CKA_WRAP, &yes, sizeof yes},	   {CKA_VALUE, value, WRAPPING_KEY_LEN},
	};
	CK_RV status;

	if (RAND_priv_bytes (value, WRAPPING_KEY_LEN) != 1)
		return fail (session, "no random numbers", error);
	status = session->module->C_CreateObject (
		session->session, template, G_N_ELEMENTS (template), handle);
	return status == CKR_OK ||
	       cli_token_fail (session, "takes no key to wrap another with", status, error);
}

static gboolean
wrap (const CliTokenSession *session,
      CK_OBJECT_HANDLE wrapping,
      CK_OBJECT_HANDLE key,
      guint8 *wrapped,
      CK_ULONG *length,
      GError **error)
{
	CK_RV status = CKR_MECHANISM_INVALID;

	for (gsize i = 0; i < G_N_ELEMENTS (wraps) && status != CKR_OK; i++) {
		CK_MECHANISM mechanism = {wraps[i], NULL, 0};

		*length = WRAPPED_MAX;
		status = session->module->C_WrapKey (
			session->session, &mechanism, wrapping, key, wrapped, length);
	}
	return status == CKR_OK ||
	       cli_token_fail (session,
			       "the key cannot be wrapped to leave its token; import it from a file of "
			       "its backup, or let a new one be made by `enrolee enrol`",
			       status,
			       error);
}

/* RFC 5649: returns the length of the PKCS#8 structure, 0 when it is none of that. */
static gsize
unwrap (const guint8 *wrapping, const guint8 *wrapped, gsize wrapped_length, guint8 *plain)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new ();
	int length = 0;

	EVP_CIPHER_CTX_set_flags (context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	if (EVP_DecryptInit_ex (context, EVP_aes_256_wrap_pad (), NULL, wrapping, NULL) != 1 ||
	    EVP_DecryptUpdate (context, plain, &length, wrapped, wrapped_length) != 1)
		length = 0;
	EVP_CIPHER_CTX_free (context);
	ERR_clear_error ();
	return length;
}

/* @plain: WRAPPED_MAX + 16 bytes, to be wiped. Returns: how many of them it needs, 0 with @error */
static gsize
let_out (const CliTokenSession *session, CK_OBJECT_HANDLE key, guint8 *plain, GError **error)
{
	guint8 value[WRAPPING_KEY_LEN], wrapped[WRAPPED_MAX];
	CK_OBJECT_HANDLE wrapping = CK_INVALID_HANDLE;
	CK_ULONG length = 0;
	gsize taken = 0;

	if (make_wrapping_key (session, value, &wrapping, error) &&
	    wrap (session, wrapping, key, wrapped, &length, error)) {
		taken = unwrap (value, wrapped, length, plain);
		if (taken == 0)
			fail (session, "what it wrapped cannot be unwrapped", error);
	}
	if (wrapping != CK_INVALID_HANDLE)
		session->module->C_DestroyObject (session->session, wrapping);
	explicit_bzero (value, sizeof value);
	return taken;
}

static EVP_PKEY *
take_key (const CliTokenSession *session, CK_OBJECT_HANDLE key, GError **error)
{
	guint8 plain[WRAPPED_MAX + 16];
	const guint8 *at = plain;
	gsize length = let_out (session, key, plain, error);
	EVP_PKEY *taken = length != 0 ? d2i_AutoPrivateKey (NULL, &at, length) : NULL;

	if (length != 0 && taken == NULL)
		fail (session, "what it wrapped is no private key that can be read", error);
	explicit_bzero (plain, sizeof plain);
	ERR_clear_error ();
	return taken;
}

static X509 *
read_certificate (const CliTokenSession *session, CK_OBJECT_HANDLE object)
{
	CK_ATTRIBUTE attribute = {CKA_VALUE, NULL, 0};
	g_autofree guint8 *der = NULL;
	const guint8 *at;

	if (session->module->C_GetAttributeValue (session->session, object, &attribute, 1) != CKR_OK ||
	    attribute.ulValueLen > CERTIFICATE_MAX)
		return NULL;
	at = attribute.pValue = der = g_malloc (attribute.ulValueLen);
	if (session->module->C_GetAttributeValue (session->session, object, &attribute, 1) != CKR_OK)
		return NULL;
	return d2i_X509 (NULL, &at, attribute.ulValueLen);
}

static GPtrArray *
read_certificates (const CliTokenSession *session)
{
	GPtrArray *all = g_ptr_array_new_with_free_func ((GDestroyNotify) X509_free);
	CK_OBJECT_HANDLE found[OBJECTS_MAX];
	guint count = find (session, CKO_CERTIFICATE, FALSE, found);

	for (guint i = 0; i < count; i++) {
		X509 *certificate = read_certificate (session, found[i]);

		if (certificate != NULL)
			g_ptr_array_add (all, certificate);
	}
	ERR_clear_error ();
	return all;
}

/* The one that is valid longest: a token can hold those before as well. */
static X509 *
find_own (const CliBundle *bundle, const GPtrArray *all)
{
	X509 *own = NULL;

	for (guint i = 0; i < all->len; i++) {
		X509 *certificate = all->pdata[i];

		if (X509_check_private_key (certificate, bundle->key) == 1 &&
		    (own == NULL || ASN1_TIME_compare (X509_get0_notAfter (certificate),
						       X509_get0_notAfter (own)) > 0))
			own = certificate;
	}
	ERR_clear_error ();
	return own;
}

/* The certificate of the key and its issuers; a token can hold those of others. */
static void
take_chain (CliBundle *bundle, const GPtrArray *all)
{
	X509 *last = find_own (bundle, all);

	for (guint depth = 0; last != NULL && depth < all->len; depth++) {
		X509 *issuer = NULL;

		X509_up_ref (last);
		g_ptr_array_add (bundle->certificates, last);
		for (guint i = 0; i < all->len && issuer == NULL; i++)
			if (all->pdata[i] != last && X509_check_issued (all->pdata[i], last) == X509_V_OK &&
			    X509_check_issued (all->pdata[i], all->pdata[i]) != X509_V_OK)
				issuer = all->pdata[i];
		last = issuer;
	}
}

gboolean
cli_bundle_add_token (CliBundle *bundle, const CliTokenSource *source, GError **error)
{
	g_autoptr (CliTokenSession) session = cli_token_session_open (source, error);
	g_autoptr (GPtrArray) certificates = NULL;
	CK_OBJECT_HANDLE key;

	if (session == NULL || !find_key (session, CKO_PRIVATE_KEY, &key, error))
		return FALSE;
	if (bundle->key != NULL)
		return fail (session, "a second private key; one credential has one", error);
	bundle->key = take_key (session, key, error);
	if (bundle->key == NULL)
		return FALSE;
	certificates = read_certificates (session);
	take_chain (bundle, certificates);
	return TRUE;
}

/* As it is, where the token shows it, else wrapped. */
static gboolean
take_secret (const CliTokenSession *session, CK_OBJECT_HANDLE key, CliSecret *secret, GError **error)
{
	CK_ATTRIBUTE attribute = {CKA_VALUE, secret->data, CLI_SECRET_FILE_MAX};
	guint8 plain[WRAPPED_MAX + 16];

	if (session->module->C_GetAttributeValue (session->session, key, &attribute, 1) == CKR_OK) {
		secret->len = attribute.ulValueLen;
		return TRUE;
	}
	secret->len = let_out (session, key, plain, error);
	memcpy (secret->data, plain, MIN (secret->len, CLI_SECRET_FILE_MAX));
	explicit_bzero (plain, sizeof plain);
	return secret->len != 0;
}

CliSecret *
cli_token_read_secret (const CliTokenSource *source, GError **error)
{
	g_autoptr (CliTokenSession) session = cli_token_session_open (source, error);
	g_autoptr (CliSecret) secret = cli_secret_new (source->uri);
	CK_OBJECT_HANDLE key;

	if (session == NULL || !find_key (session, CKO_SECRET_KEY, &key, error) ||
	    !take_secret (session, key, secret, error))
		return NULL;
	return g_steal_pointer (&secret);
}
