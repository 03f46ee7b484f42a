/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making and keeping the small CA with GnuTLS. */
#include <config.h>

#include "tests/sim/ca.h"

#include <gio/gio.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509-ext.h>
#include <string.h>

#define CA_LIFETIME_S (10 * 365 * 86400)

gboolean
sim_gnutls_ok (int result, const char *what, GError **error)
{
	if (result >= 0)
		return TRUE;
	g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", what,
		     gnutls_strerror (result));
	return FALSE;
}

gnutls_x509_privkey_t
sim_key_new (GError **error)
{
	gnutls_x509_privkey_t key;

	gnutls_x509_privkey_init (&key);
	if (sim_gnutls_ok (gnutls_x509_privkey_generate (
				   key, GNUTLS_PK_ECDSA,
				   GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0),
			   "key generation", error))
		return key;
	gnutls_x509_privkey_deinit (key);
	return NULL;
}

static void
set_serial (gnutls_x509_crt_t certificate)
{
	guint8 serial[16];

	gnutls_rnd (GNUTLS_RND_NONCE, serial, sizeof serial);
	serial[0] = (guint8)((serial[0] & 0x7f) | 0x40);
	gnutls_x509_crt_set_serial (certificate, serial, sizeof serial);
}

static void
set_key_ids (gnutls_x509_crt_t certificate, gnutls_x509_crt_t issuer)
{
	guint8 id[64];
	size_t size = sizeof id;

	if (gnutls_x509_crt_get_key_id (certificate, 0, id, &size) == 0)
		gnutls_x509_crt_set_subject_key_id (certificate, id, size);
	size = sizeof id;
	if (gnutls_x509_crt_get_key_id (issuer, 0, id, &size) == 0)
		gnutls_x509_crt_set_authority_key_id (certificate, id, size);
}

/* "dns:example.com;uri:sp.example.com": permitted subtrees (TS-0003 8.1.2.2). */
static gboolean
set_constraints (gnutls_x509_crt_t certificate, const char *constraints, GError **error)
{
	g_auto (GStrv) entries = g_strsplit (constraints, ";", -1);
	gnutls_x509_name_constraints_t names;
	int result = 0;

	if (constraints[0] == '\0')
		return TRUE;
	gnutls_x509_name_constraints_init (&names);
	for (char **entry = entries; result >= 0 && *entry != NULL; entry++) {
		gboolean uri = g_str_has_prefix (*entry, "uri:");
		gnutls_datum_t name = {(guint8 *)*entry + 4, (unsigned)strlen (*entry) - 4};

		if (!uri && !g_str_has_prefix (*entry, "dns:"))
			result = GNUTLS_E_INVALID_REQUEST;
		else
			result = gnutls_x509_name_constraints_add_permitted (
				names, uri ? GNUTLS_SAN_URI : GNUTLS_SAN_DNSNAME, &name);
	}
	if (result >= 0)
		result = gnutls_x509_crt_set_name_constraints (certificate, names, 1);
	gnutls_x509_name_constraints_deinit (names);
	return sim_gnutls_ok (result, "name constraints", error);
}

/* GnuTLS notes names and identifiers for its search of issuers when it reads a certificate, not when it
 * makes one: a chain of both kinds would be sent without its end. */
static gnutls_x509_crt_t
reread (gnutls_x509_crt_t made, GError **error)
{
	gnutls_datum_t der = {NULL, 0};
	gnutls_x509_crt_t certificate;
	int result = gnutls_x509_crt_export2 (made, GNUTLS_X509_FMT_DER, &der);

	gnutls_x509_crt_deinit (made);
	gnutls_x509_crt_init (&certificate);
	if (result >= 0)
		result = gnutls_x509_crt_import (certificate, &der, GNUTLS_X509_FMT_DER);
	gnutls_free (der.data);
	if (sim_gnutls_ok (result, "reading a certificate", error))
		return certificate;
	gnutls_x509_crt_deinit (certificate);
	return NULL;
}

static gnutls_x509_crt_t
make_authority (const char *common_name,
		gnutls_x509_privkey_t key,
		gnutls_x509_crt_t issuer,
		gnutls_x509_privkey_t issuer_key,
		const char *constraints,
		GError **error)
{
	gnutls_x509_crt_t certificate;
	time_t now = time (NULL);

	gnutls_x509_crt_init (&certificate);
	gnutls_x509_crt_set_version (certificate, 3);
	set_serial (certificate);
	gnutls_x509_crt_set_dn_by_oid (certificate, GNUTLS_OID_X520_COMMON_NAME, 0, common_name,
				       (unsigned)strlen (common_name));
	gnutls_x509_crt_set_key (certificate, key);
	gnutls_x509_crt_set_activation_time (certificate, now - 3600);
	gnutls_x509_crt_set_expiration_time (certificate, now + CA_LIFETIME_S);
	gnutls_x509_crt_set_basic_constraints (certificate, 1, issuer == NULL ? -1 : 0);
	gnutls_x509_crt_set_key_usage (certificate, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN |
							    GNUTLS_KEY_DIGITAL_SIGNATURE);
	set_key_ids (certificate, issuer != NULL ? issuer : certificate);
	if (set_constraints (certificate, constraints, error) &&
	    sim_gnutls_ok (gnutls_x509_crt_sign2 (certificate,
						  issuer != NULL ? issuer : certificate, issuer_key,
						  GNUTLS_DIG_SHA256, 0),
			   "signing a CA certificate", error))
		return reread (certificate, error);
	gnutls_x509_crt_deinit (certificate);
	return NULL;
}

static SimCa *
make_ca (const char *name, const char *constraints, GError **error)
{
	g_autoptr (SimCa) ca = g_new0 (SimCa, 1);
	g_autofree char *root_name = g_strdup_printf ("%s root", name);
	g_autofree char *issuing_name = g_strdup_printf ("%s issuing", name);

	ca->root_key = sim_key_new (error);
	ca->issuing_key = ca->root_key != NULL ? sim_key_new (error) : NULL;
	if (ca->issuing_key == NULL)
		return NULL;
	ca->root = make_authority (root_name, ca->root_key, NULL, ca->root_key, "", error);
	if (ca->root == NULL)
		return NULL;
	ca->issuing = make_authority (issuing_name, ca->issuing_key, ca->root, ca->root_key,
				      constraints, error);
	return ca->issuing != NULL ? g_steal_pointer (&ca) : NULL;
}

static gboolean
write_certificate (const char *folder,
		   const char *name,
		   gnutls_x509_crt_t certificate,
		   GError **error)
{
	g_autofree char *path = g_build_filename (folder, name, NULL);
	gnutls_datum_t pem = {NULL, 0};
	gboolean done;

	if (!sim_gnutls_ok (gnutls_x509_crt_export2 (certificate, GNUTLS_X509_FMT_PEM, &pem), name,
			    error))
		return FALSE;
	done = g_file_set_contents (path, (const char *)pem.data, pem.size, error);
	gnutls_free (pem.data);
	return done;
}

static gboolean
write_key (const char *folder, const char *name, gnutls_x509_privkey_t key, GError **error)
{
	g_autofree char *path = g_build_filename (folder, name, NULL);
	gnutls_datum_t pem = {NULL, 0};
	gboolean done;

	if (!sim_gnutls_ok (gnutls_x509_privkey_export2_pkcs8 (key, GNUTLS_X509_FMT_PEM, NULL,
							       GNUTLS_PKCS_PLAIN, &pem),
			    name, error))
		return FALSE;
	done = g_file_set_contents_full (path, (const char *)pem.data, pem.size,
					 G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
	gnutls_free (pem.data);
	return done;
}

static gboolean
load_pair (const char *folder,
	   const char *name,
	   gnutls_x509_privkey_t *key,
	   gnutls_x509_crt_t *certificate,
	   GError **error)
{
	g_autofree char *key_path = g_strdup_printf ("%s/%s.key", folder, name);
	g_autofree char *certificate_path = g_strdup_printf ("%s/%s.pem", folder, name);
	gnutls_datum_t pem = {NULL, 0};
	gboolean done;

	gnutls_x509_privkey_init (key);
	gnutls_x509_crt_init (certificate);
	if (!sim_gnutls_ok (gnutls_load_file (key_path, &pem), key_path, error))
		return FALSE;
	done = sim_gnutls_ok (
		gnutls_x509_privkey_import2 (*key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0), key_path,
		error);
	gnutls_free (pem.data);
	if (!done ||
	    !sim_gnutls_ok (gnutls_load_file (certificate_path, &pem), certificate_path, error))
		return FALSE;
	done = sim_gnutls_ok (gnutls_x509_crt_import (*certificate, &pem, GNUTLS_X509_FMT_PEM),
			      certificate_path, error);
	gnutls_free (pem.data);
	return done;
}

SimCa *
sim_ca_open (const char *folder, const char *name, const char *constraints, GError **error)
{
	g_autofree char *last =
		folder != NULL ? g_build_filename (folder, "issuing.key", NULL) : NULL;
	g_autoptr (SimCa) ca = NULL;

	if (last != NULL && g_file_test (last, G_FILE_TEST_EXISTS)) {
		ca = g_new0 (SimCa, 1);
		if (!load_pair (folder, "root", &ca->root_key, &ca->root, error) ||
		    !load_pair (folder, "issuing", &ca->issuing_key, &ca->issuing, error))
			return NULL;
		return g_steal_pointer (&ca);
	}
	ca = make_ca (name, constraints, error);
	if (ca == NULL || folder == NULL)
		return g_steal_pointer (&ca);
	if (!write_certificate (folder, "root.pem", ca->root, error) ||
	    !write_certificate (folder, "issuing.pem", ca->issuing, error) ||
	    !write_key (folder, "root.key", ca->root_key, error) ||
	    !write_key (folder, "issuing.key", ca->issuing_key, error))
		return NULL;
	return g_steal_pointer (&ca);
}

void
sim_ca_free (SimCa *ca)
{
	if (ca == NULL)
		return;
	g_clear_pointer (&ca->root_key, gnutls_x509_privkey_deinit);
	g_clear_pointer (&ca->issuing_key, gnutls_x509_privkey_deinit);
	g_clear_pointer (&ca->root, gnutls_x509_crt_deinit);
	g_clear_pointer (&ca->issuing, gnutls_x509_crt_deinit);
	g_free (ca);
}

/* RFC 5280 4.2.1.6: subjectAltName is critical when the subject is empty. */
static int
set_name (gnutls_x509_crt_t certificate, const SimLeaf *leaf)
{
	gnutls_datum_t name = {(guint8 *)leaf->name, (unsigned)strlen (leaf->name)},
		       octets = {NULL, 0};
	gnutls_subject_alt_names_t names;
	size_t dn_size = 0;
	int result;

	gnutls_subject_alt_names_init (&names);
	result = gnutls_subject_alt_names_set (names, leaf->name_type, &name, NULL);
	if (result >= 0)
		result = gnutls_x509_ext_export_subject_alt_names (names, &octets);
	if (result >= 0) {
		gboolean empty = gnutls_x509_crt_get_dn (certificate, NULL, &dn_size) ==
				 GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;

		result = gnutls_x509_crt_set_extension_by_oid (certificate, "2.5.29.17",
							       octets.data, octets.size, empty);
	}
	gnutls_free (octets.data);
	gnutls_subject_alt_names_deinit (names);
	return result;
}

static int
fill_leaf (SimCa *ca, gnutls_x509_crt_t certificate, const SimLeaf *leaf)
{
	int result;

	gnutls_x509_crt_set_version (certificate, 3);
	set_serial (certificate);
	if (leaf->request != NULL) {
		result = gnutls_x509_crt_set_crq (certificate, leaf->request);
	} else {
		result = gnutls_x509_crt_set_key (certificate, leaf->key);
		gnutls_x509_crt_set_dn_by_oid (certificate, GNUTLS_OID_X520_COMMON_NAME, 0,
					       leaf->common_name,
					       (unsigned)strlen (leaf->common_name));
	}
	if (result < 0)
		return result;
	gnutls_x509_crt_set_activation_time (certificate, leaf->not_before);
	gnutls_x509_crt_set_expiration_time (certificate, leaf->not_after);
	gnutls_x509_crt_set_basic_constraints (certificate, 0, -1);
	if (!leaf->unsigning || leaf->key_usage != 0)
		gnutls_x509_crt_set_key_usage (certificate, leaf->unsigning
								    ? leaf->key_usage
								    : GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (!leaf->for_clients)
		gnutls_x509_crt_set_key_purpose_oid (certificate, GNUTLS_KP_TLS_WWW_SERVER, 0);
	if (!leaf->server || leaf->for_clients)
		gnutls_x509_crt_set_key_purpose_oid (certificate, GNUTLS_KP_TLS_WWW_CLIENT, 0);
	set_key_ids (certificate, ca->issuing);
	return set_name (certificate, leaf);
}

gnutls_x509_crt_t
sim_ca_issue (SimCa *ca, const SimLeaf *leaf, GError **error)
{
	gnutls_x509_crt_t certificate;
	int result;

	gnutls_x509_crt_init (&certificate);
	result = fill_leaf (ca, certificate, leaf);
	if (result >= 0)
		result = gnutls_x509_crt_sign2 (certificate, ca->issuing, ca->issuing_key,
						GNUTLS_DIG_SHA256, 0);
	if (sim_gnutls_ok (result, "issuing a certificate", error))
		return reread (certificate, error);
	gnutls_x509_crt_deinit (certificate);
	return NULL;
}

GBytes *
sim_certificate_der (gnutls_x509_crt_t certificate)
{
	gnutls_datum_t der = {NULL, 0};
	GBytes *bytes;

	if (gnutls_x509_crt_export2 (certificate, GNUTLS_X509_FMT_DER, &der) < 0)
		return g_bytes_new (NULL, 0);
	bytes = g_bytes_new (der.data, der.size);
	gnutls_free (der.data);
	return bytes;
}

char *
sim_certificate_serial (gnutls_x509_crt_t certificate)
{
	guint8 serial[32];
	size_t size = sizeof serial;
	GString *text = g_string_new (NULL);

	if (gnutls_x509_crt_get_serial (certificate, serial, &size) == 0)
		for (size_t i = 0; i < size; i++)
			g_string_append_printf (text, "%02X", serial[i]);
	return g_string_free (text, FALSE);
}
