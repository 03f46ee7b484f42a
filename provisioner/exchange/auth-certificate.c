/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MEF Handshake with certificates.
 */
#include <config.h>

#include "provisioner/exchange/auth-certificate.h"

#include "provisioner/crypto.h"
#include "provisioner/x509-profile.h"

#include <openssl/store.h>

/* R-10.2.3-1: the mandatory suite, and before it those with AEAD. */
#define SUITES                                                                                     \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-SHA256:"   \
	"ECDHE-ECDSA-AES128-CCM8"
/* P-256 with SHA-256 first; RSA for a client certificate of a foreign CA (decision 15). */
#define SIGNATURES                                                                                 \
	"ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:rsa_pss_rsae_sha256:RSA+SHA256:RSA+SHA384:"        \
	"RSA+SHA512"
#define GROUPS "P-256:P-384:X25519"

void
pv_own_certificate_clear (PvOwnCertificate *own)
{
	g_clear_pointer (&own->key, g_free);
	g_clear_pointer (&own->chain, g_ptr_array_unref);
	g_clear_pointer (&own->anchors, g_ptr_array_unref);
	g_clear_pointer (&own->pkey, EVP_PKEY_free);
}

static EVP_PKEY *
find_key (const char *uri)
{
	OSSL_STORE_CTX *store = OSSL_STORE_open (uri, NULL, NULL, NULL, NULL);
	EVP_PKEY *key = NULL;

	if (store == NULL)
		return NULL;
	if (OSSL_STORE_expect (store, OSSL_STORE_INFO_PKEY) == 1)
		while (key == NULL && !OSSL_STORE_eof (store)) {
			OSSL_STORE_INFO *info = OSSL_STORE_load (store);

			if (info == NULL)
				break;
			key = OSSL_STORE_INFO_get1_PKEY (info);
			OSSL_STORE_INFO_free (info);
		}
	OSSL_STORE_close (store);
	return key;
}

static gboolean
is_valid_at (X509 *certificate, gint64 now, GError **error)
{
	time_t at = now;
	gboolean begun = X509_cmp_time (X509_get0_notBefore (certificate), &at) < 0;

	if (begun && X509_cmp_time (X509_get0_notAfter (certificate), &at) > 0)
		return TRUE;
	g_set_error (error, PV_ERROR, PV_ERROR_CREDENTIAL, "our certificate %s",
		     begun ? "has expired" : "is not valid yet");
	return FALSE;
}

gboolean
pv_own_certificate_load (PvOwnCertificate *own, gint64 now, GError **error)
{
	X509 *leaf = g_ptr_array_index (own->chain, 0);

	if (!is_valid_at (leaf, now, error))
		return FALSE;
	if (own->pkey == NULL)
		own->pkey = find_key (own->key);
	if (own->pkey == NULL)
		return pv_crypto_fail (error, PV_ERROR_KEYSTORE,
				       "the private key of our certificate is not in the keystore");
	if (EVP_PKEY_eq (X509_get0_pubkey (leaf), own->pkey) != 1) {
		g_clear_pointer (&own->pkey, EVP_PKEY_free);
		return pv_crypto_fail (error, PV_ERROR_KEYSTORE,
				       "the private key is another than that of our certificate");
	}
	return TRUE;
}

void
pv_certificate_handshake_clear (PvCertificateHandshake *handshake)
{
	g_clear_error (&handshake->distrust);
	g_clear_pointer (&handshake->presented, g_ptr_array_unref);
}

/* The MEF has asked for our certificate: it is sent with its chain (R-8.1.2.3-1). */
static int
on_asked (SSL *ssl, void *data)
{
	PvCertificateHandshake *handshake = data;
	GPtrArray *chain = handshake->own->chain;
	STACK_OF (X509) *rest = sk_X509_new_null ();
	int taken;

	for (guint i = 1; rest != NULL && i < chain->len; i++)
		sk_X509_push (rest, g_ptr_array_index (chain, i));
	taken = rest != NULL && SSL_use_cert_and_key (ssl, g_ptr_array_index (chain, 0),
						      handshake->own->pkey, rest, 1) == 1;
	sk_X509_free (rest);
	handshake->asked = taken;
	return taken;
}

static void
add_all (GPtrArray *to, GPtrArray *from)
{
	for (guint i = 0; from != NULL && i < from->len; i++) {
		X509_up_ref (g_ptr_array_index (from, i));
		g_ptr_array_add (to, g_ptr_array_index (from, i));
	}
}

/* R-8.3.6.1-2 and R-8.1.2.4-1: the anchors that the MEF provided, and those of the settings. */
static int
on_server_certificate (X509_STORE_CTX *context, void *data)
{
	PvCertificateHandshake *handshake = data;
	g_autoptr (GPtrArray) anchors = pv_crypto_certificates_new ();
	g_autoptr (GPtrArray) sent = pv_crypto_certificates_new ();
	STACK_OF (X509) *untrusted = X509_STORE_CTX_get0_untrusted (context);
	X509 *leaf = X509_STORE_CTX_get0_cert (context);

	add_all (anchors, handshake->anchors);
	add_all (anchors, handshake->own->anchors);
	for (int i = 0; i < sk_X509_num (untrusted); i++) {
		X509_up_ref (sk_X509_value (untrusted, i));
		g_ptr_array_add (sent, sk_X509_value (untrusted, i));
	}
	pv_certificate_handshake_clear (handshake);
	handshake->presented = g_ptr_array_ref (sent);
	if (pv_x509_check_mef (leaf, sent, anchors, handshake->mef_fqdn,
			       g_get_real_time () / G_USEC_PER_SEC, &handshake->distrust)) {
		X509_STORE_CTX_set_error (context, X509_V_OK);
		return 1;
	}
	X509_STORE_CTX_set_error (context, X509_V_ERR_CERT_REJECTED); /* alert bad_certificate */
	return 0;
}

gboolean
pv_auth_certificate_prepare (PvCertificateHandshake *handshake, SSL_CTX *context)
{
	SSL_CTX_set_verify (context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback (context, on_server_certificate, handshake);
	SSL_CTX_set_cert_cb (context, on_asked, handshake);
	return SSL_CTX_set_cipher_list (context, SUITES) == 1 &&
	       SSL_CTX_set1_sigalgs_list (context, SIGNATURES) == 1 &&
	       SSL_CTX_set1_groups_list (context, GROUPS) == 1;
}

gboolean
pv_auth_certificate_accepts (PvCertificateHandshake *handshake, const SSL *ssl)
{
	const SSL_CIPHER *cipher = SSL_get_current_cipher (ssl);

	if (!handshake->asked)
		g_set_error (&handshake->distrust, PV_ERROR, PV_ERROR_PEER,
			     "the MEF did not ask for our certificate");
	return handshake->asked && handshake->distrust == NULL &&
	       SSL_version (ssl) == TLS1_2_VERSION && cipher != NULL &&
	       SSL_CIPHER_get_auth_nid (cipher) == NID_auth_ecdsa && !SSL_session_reused (ssl) &&
	       SSL_get_verify_result (ssl) == X509_V_OK;
}
