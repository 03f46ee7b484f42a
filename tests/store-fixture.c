/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For the tests of the keystore's storage half.
 */
#include <config.h>

#include "tests/store-fixture.h"

#include "keystore/crypto.h"
#include "keystore/wire/limits.h"

#include <glib/gstdio.h>
#include <openssl/x509v3.h>
#include <string.h>

char *
store_temp_dir (void)
{
	g_autoptr (GError) error = NULL;
	char *dir = g_dir_make_tmp ("enrolee-store-XXXXXX", &error);

	g_assert_no_error (error);
	return dir;
}

void
store_remove_dir (const char *path)
{
	g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
		g_autofree char *inside = g_build_filename (path, name, NULL);

		if (!g_file_test (inside, G_FILE_TEST_IS_SYMLINK) &&
		    g_file_test (inside, G_FILE_TEST_IS_DIR))
			store_remove_dir (inside);
		else
			g_unlink (inside);
	}
	g_rmdir (path);
}

gboolean
store_has_token (void)
{
	if (g_file_test (ENROLEE_BACKING_MODULE, G_FILE_TEST_EXISTS))
		return TRUE;
	g_test_skip ("no SoftHSM here");
	return FALSE;
}

Store *
store_open (const char *dir, KsResidency residency)
{
	g_autoptr (GError) error = NULL;
	Store *store = g_new0 (Store, 1);
	KsTokenConfig config = {.module = ENROLEE_BACKING_MODULE};

	ks_operate_init ();
	store->dir = g_strdup (dir);
	store->catalogue_path = g_build_filename (dir, "catalogue.db", NULL);
	store->folders_path = g_build_filename (dir, "credentials", NULL);
	store->catalogue = ks_catalogue_open (store->catalogue_path, &error);
	g_assert_no_error (error);
	config.state_dir = dir;
	store->token = ks_token_new (&config);
	store->resident = ks_resident_new (store->token, residency);
	store->folder = ks_folder_new (store->folders_path, store->resident, &error);
	g_assert_no_error (error);
	store->publisher =
		ks_publisher_new (store->catalogue, store->token, store->resident, store->folder);
	return store;
}

void
store_close (Store *store)
{
	ks_publisher_free (store->publisher);
	ks_resident_free (store->resident);
	ks_token_free (store->token);
	ks_folder_free (store->folder);
	ks_catalogue_close (store->catalogue);
	g_free (store->dir);
	g_free (store->catalogue_path);
	g_free (store->folders_path);
	g_free (store);
}

Store *
store_new (KsResidency residency)
{
	g_autofree char *dir = store_temp_dir ();

	return store_open (dir, residency);
}

void
store_free (Store *store)
{
	g_autofree char *dir = g_strdup (store->dir);

	store_close (store);
	store_remove_dir (dir);
}

KsIntent
store_intent (const char *name)
{
	return (KsIntent){.name = name,
			  .kind = KS_KIND_KEY_PAIR,
			  .origin = KS_ORIGIN_IMPORTED,
			  .retain_s = KS_RETAIN_UNTIL_EXPIRY};
}

KsIntent
store_secret_intent (const char *name, const char *identifier)
{
	return (KsIntent){.name = name,
			  .kind = KS_KIND_SECRET,
			  .origin = KS_ORIGIN_ENROLLED,
			  .mef_fqdn = "mef.example.com",
			  .suid = 22,
			  .retain_s = KS_RETAIN_UNTIL_EXPIRY,
			  .identifier = identifier};
}

static GBytes *
issue (GBytes *spki,
       EVP_PKEY *own,
       const char *subject,
       const char *issuer,
       EVP_PKEY *key,
       gint64 not_after_in_s)
{
	static gint serial = 1;
	g_autoptr (X509) certificate = X509_new ();
	g_autoptr (EVP_PKEY) public = NULL;
	guint8 *der = NULL;
	int len;
	GBytes *bytes;

	if (spki != NULL) {
		gsize spki_len;
		const guint8 *data = g_bytes_get_data (spki, &spki_len);

		public = d2i_PUBKEY (NULL, &data, (long)spki_len);
		g_assert_nonnull (public);
	}
	X509_set_version (certificate, 2);
	ASN1_INTEGER_set (X509_get_serialNumber (certificate), g_atomic_int_add (&serial, 1));
	X509_gmtime_adj (X509_getm_notBefore (certificate), -7200);
	X509_gmtime_adj (X509_getm_notAfter (certificate), (long)not_after_in_s);
	X509_set_pubkey (certificate, public != NULL ? public : own);
	X509_NAME_add_entry_by_txt (X509_get_subject_name (certificate), "CN", MBSTRING_ASC,
				    (const guchar *)subject, -1, -1, 0);
	X509_NAME_add_entry_by_txt (X509_get_issuer_name (certificate), "CN", MBSTRING_ASC,
				    (const guchar *)issuer, -1, -1, 0);
	g_assert_cmpint (X509_sign (certificate, key, EVP_sha256 ()), >, 0);
	len = i2d_X509 (certificate, &der);
	bytes = g_bytes_new (der, (gsize)len);
	OPENSSL_free (der);
	return bytes;
}

GBytes *
store_certificate (GBytes *spki, const char *subject, gint64 not_after_in_s)
{
	g_autoptr (EVP_PKEY) key = EVP_EC_gen ("P-256");

	return issue (spki, NULL, subject, "Test Authority", key, not_after_in_s);
}

GBytes *
store_authority (const char *subject)
{
	g_autoptr (EVP_PKEY) key = EVP_EC_gen ("P-256");

	return issue (NULL, key, subject, subject, key, 86400);
}

void
store_issue (GBytes *spki, GBytes **leaf, GBytes **authority)
{
	g_autoptr (EVP_PKEY) key = EVP_EC_gen ("P-256");

	*authority = issue (NULL, key, "Test Authority", "Test Authority", key, 86400);
	*leaf = issue (spki, NULL, "leaf", "Test Authority", key, 86400);
}

KsCredential *
store_find (Store *store, const char *name, KsCatalogueState **state)
{
	g_clear_pointer (state, ks_catalogue_state_unref);
	*state = ks_catalogue_ref_state (store->catalogue);
	return ks_catalogue_state_find (*state, name);
}

static KsGeneration *
current_of (Store *store, const char *name)
{
	g_autoptr (KsCatalogueState) state = NULL;
	KsCredential *credential = store_find (store, name, &state);

	return ks_generation_ref (ks_credential_current (credential));
}

KsGeneration *
store_add_pair (Store *store, const char *name, KsKeyType type, guint bits)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (KsGeneration) staged = NULL;
	g_autoptr (GBytes) leaf = NULL;
	KsIntent intent = store_intent (name);
	KsPublication publication = {.name = name};

	if (!ks_publisher_generate (store->publisher, &intent, type, bits, &staged, &error))
		g_error ("%s", error->message);
	leaf = store_certificate (staged->spki, name, 86400);
	publication.generation = staged->number;
	publication.leaf = leaf;
	if (!ks_publisher_publish (store->publisher, &publication, 1, &error))
		g_error ("%s", error->message);
	return current_of (store, name);
}

KsGeneration *
store_add_secret (Store *store, const char *name, const char *identifier)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (KsGeneration) staged = NULL;
	g_autoptr (KsSecret) secret = ks_secret_new ("0123456789abcdef0123456789abcdef", 32);
	KsIntent intent = store_secret_intent (name, identifier);
	KsPublication publication = {.name = name};

	if (!ks_publisher_import_secret (store->publisher, &intent, secret, &staged, &error))
		g_error ("%s", error->message);
	publication.generation = staged->number;
	if (!ks_publisher_publish (store->publisher, &publication, 1, &error))
		g_error ("%s", error->message);
	return current_of (store, name);
}

gboolean
store_key_works (Store *store, const KsGeneration *generation)
{
	g_autoptr (KsKey) key = ks_resident_get (store->resident, generation, NULL);
	g_autoptr (KsPubkey) pubkey = NULL;
	KsMechanism mechanism = {.type = generation->key_type == KS_KEY_RSA ? CKM_SHA256_RSA_PKCS
					 : generation->key_type == KS_KEY_ED25519
						 ? CKM_EDDSA
						 : CKM_ECDSA_SHA256};
	KsInput input = {(const guint8 *)"data", 4, -1};
	guint8 signature[WIRE_SIGNATURE_MAX];
	gsize signature_len, spki_len;
	const guint8 *spki;

	if (key == NULL)
		return FALSE;
	spki = g_bytes_get_data (generation->spki, &spki_len);
	return ks_pubkey_from_spki (spki, spki_len, &pubkey) == CKR_OK &&
	       ks_operate_sign (key, &mechanism, &input, signature, &signature_len) == CKR_OK &&
	       ks_operate_verify (pubkey, &mechanism, &input, signature, signature_len) == CKR_OK;
}

guint
store_file_count (const char *path)
{
	g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
	guint count = 0;

	while (dir != NULL && g_dir_read_name (dir) != NULL)
		count++;
	return count;
}

/*
 * With --enable-sanitizers: SoftHSM 2.6.1 leaks the parameters of an Ed25519 key at each
 * C_SignInit. It has no frame pointers, so that the slow unwinder is needed to see that it is
 * SoftHSM's leak, and no other.
 */
const char *__lsan_default_suppressions (void);
const char *__asan_default_options (void);

const char *
__lsan_default_suppressions (void)
{
	return "leak:libsofthsm2.so\n";
}

const char *
__asan_default_options (void)
{
	return "fast_unwind_on_malloc=0:malloc_context_size=12";
}
