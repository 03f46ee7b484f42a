/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MEF Handshake with a pre-provisioned symmetric key, by reference.
 */
#include <config.h>

#include "provisioner/exchange/auth-ppsk.h"

#include <string.h>

/* R-10.2.2-1: the mandatory suite, and before it those with forward secrecy or AEAD. */
#define SUITES                                                                                     \
	"ECDHE-PSK-AES128-CBC-SHA256:PSK-AES128-GCM-SHA256:PSK-AES128-CBC-SHA256:"                 \
	"PSK-AES128-CCM8"

gboolean
pv_auth_ppsk_prepare (SSL_CTX *context)
{
	return SSL_CTX_set_cipher_list (context, SUITES) == 1;
}

guint
pv_auth_ppsk_answer (
	const PvPpsk *ppsk, char *identity, guint identity_max, guint8 *psk, guint psk_max)
{
	gsize length = strlen (ppsk->reference);

	/* R-8.3.2.1-2; an identity hint of the server is ignored (RFC 4279 5.2). */
	if (g_strlcpy (identity, ppsk->identity, identity_max) >= identity_max || length > psk_max)
		return 0;
	memcpy (psk, ppsk->reference, length);
	return length;
}

gboolean
pv_auth_ppsk_accepts (const SSL *ssl)
{
	const SSL_CIPHER *cipher = SSL_get_current_cipher (ssl);

	return SSL_version (ssl) == TLS1_2_VERSION && cipher != NULL &&
	       SSL_CIPHER_get_auth_nid (cipher) == NID_auth_psk && !SSL_session_reused (ssl);
}
