/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The backing token, with a real SoftHSM: first start, keys of every type in and out, refusals.
 */
#include <config.h>

#include "keystore/crypto.h"
#include "keystore/token-private.h"
#include "tests/store-fixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
	const char *name;
	KsKeyType type;
	guint bits;
} kinds[] = {
	{"p256", KS_KEY_P256, 0},       {"p384", KS_KEY_P384, 0},      {"p521", KS_KEY_P521, 0},
	{"ed25519", KS_KEY_ED25519, 0}, {"rsa2048", KS_KEY_RSA, 2048},
};

static void
test_first_start (void)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *pin = NULL;
	struct stat status;
	Store *store;

	if (!store_has_token ())
		return;
	store = store_new (KS_RESIDENCY_AUTO);
	pin = g_build_filename (store->dir, "token.pin", NULL);
	g_assert_false (ks_token_exists (store->token));
	g_assert_false (ks_token_open (store->token, TRUE, &error));
	g_assert_error (error, KS_ERROR, KS_ERROR_TOKEN_MISSING);
	g_clear_error (&error);
	g_assert_true (ks_token_open (store->token, FALSE, &error));
	g_assert_no_error (error);
	g_assert_true (ks_token_exists (store->token));
	g_assert_cmpint (stat (pin, &status), ==, 0);
	g_assert_cmpint (status.st_mode & 0777, ==, 0600);
	store_free (store);
}

static void
test_open_again (void)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *dir = NULL;
	g_autoptr (KsGeneration) generation = NULL;
	Store *store;

	if (!store_has_token ())
		return;
	dir = store_temp_dir ();
	store = store_open (dir, KS_RESIDENCY_AUTO);
	generation = store_add_pair (store, "one", KS_KEY_P256, 0);
	store_close (store);
	store = store_open (dir, KS_RESIDENCY_AUTO);
	g_assert_true (store_key_works (store, generation));
	store_close (store);
	store_remove_dir (dir);
}

/* A PIN of the service manager's: one line, and the group's permission is the access list's mask.
 */
static void
test_pin_credential (void)
{
	g_autofree char *dir = NULL;
	g_autofree char *pin = NULL;
	g_autoptr (GError) error = NULL;
	Store *store;

	if (!store_has_token ())
		return;
	dir = store_temp_dir ();
	pin = g_build_filename (dir, "enrolee-token-pin", NULL);
	g_assert_true (g_file_set_contents (pin, "12345678\n", -1, NULL));
	g_setenv ("CREDENTIALS_DIRECTORY", dir, TRUE);
	store = store_open (dir, KS_RESIDENCY_AUTO);
	g_assert_cmpint (g_chmod (pin, 0444), ==, 0);
	g_assert_false (ks_token_open (store->token, FALSE, &error));
	g_assert_error (error, KS_ERROR, KS_ERROR_TOKEN);
	g_clear_error (&error);
	g_assert_cmpint (g_chmod (pin, 0440), ==, 0);
	g_assert_true (ks_token_open (store->token, FALSE, &error));
	g_assert_no_error (error);
	g_unsetenv ("CREDENTIALS_DIRECTORY");
	store_close (store);
	store_remove_dir (dir);
}

/* A PIN file that others may read, and one with another PIN. */
static void
test_pin (void)
{
	g_autofree char *dir = NULL;
	g_autofree char *pin = NULL;
	g_autoptr (GError) error = NULL;
	Store *store;

	if (!store_has_token ())
		return;
	dir = store_temp_dir ();
	pin = g_build_filename (dir, "token.pin", NULL);
	store = store_open (dir, KS_RESIDENCY_AUTO);
	g_assert_true (ks_token_open (store->token, FALSE, &error));
	store_close (store);
	g_assert_cmpint (g_chmod (pin, 0640), ==, 0);
	store = store_open (dir, KS_RESIDENCY_AUTO);
	g_assert_false (ks_token_open (store->token, FALSE, &error));
	g_assert_error (error, KS_ERROR, KS_ERROR_TOKEN);
	g_clear_error (&error);
	g_assert_true (g_file_set_contents (pin, "wrong\n", -1, NULL));
	g_assert_cmpint (g_chmod (pin, 0600), ==, 0);
	g_assert_false (ks_token_open (store->token, FALSE, &error));
	g_assert_error (error, KS_ERROR, KS_ERROR_TOKEN);
	store_close (store);
	store_remove_dir (dir);
}

static void
test_generate (gconstpointer data)
{
	guint i = GPOINTER_TO_UINT (data);
	g_autoptr (GError) error = NULL;
	g_autoptr (KsGeneration) memory = NULL;
	g_autoptr (KsGeneration) token = NULL;
	gboolean found;
	Store *store;

	if (!store_has_token ())
		return;
	store = store_new (KS_RESIDENCY_MEMORY);
	memory = store_add_pair (store, "memory", kinds[i].type, kinds[i].bits);
	g_assert_true (store_key_works (store, memory));
	g_assert_true (ks_token_destroy (store->token, memory->key_id, &error));
	g_assert_true (ks_token_contains (store->token, memory->key_id, &found, &error));
	g_assert_false (found);
	/* The copy in memory goes when it is forgotten. */
	g_assert_true (store_key_works (store, memory));
	ks_resident_forget (store->resident, memory->key_object);
	g_assert_false (store_key_works (store, memory));
	store_free (store);

	store = store_new (KS_RESIDENCY_TOKEN);
	token = store_add_pair (store, "token", kinds[i].type, kinds[i].bits);
	g_assert_true (store_key_works (store, token));
	g_assert_true (ks_token_destroy (store->token, token->key_id, &error));
	g_assert_false (store_key_works (store, token));
	store_free (store);
}

typedef struct {
	Store *store;
	gint started, ended; /* atomic */
} Generation;

static gpointer
generate_slowly (gpointer data)
{
	Generation *generation = data;
	guint8 key_id[KS_KEY_ID_LEN] = "generated slowly";
	g_autoptr (GBytes) spki = NULL;
	g_autoptr (GError) error = NULL;

	g_atomic_int_set (&generation->started, TRUE);
	g_assert_true (ks_token_generate (generation->store->token, KS_KEY_RSA, 4096, key_id,
					  "slow", &spki, &error));
	g_atomic_int_set (&generation->ended, TRUE);
	return NULL;
}

/* A token takes its time for a new key: the others sign all the while. */
static void
test_generate_meanwhile (void)
{
	g_autoptr (KsGeneration) other = NULL;
	Generation generation = {NULL, FALSE, FALSE};
	GThread *thread;
	guint signatures = 0;

	if (!store_has_token ())
		return;
	generation.store = store_new (KS_RESIDENCY_TOKEN);
	other = store_add_pair (generation.store, "other", KS_KEY_P256, 0);
	thread = g_thread_new ("generation", generate_slowly, &generation);
	while (!g_atomic_int_get (&generation.started))
		g_thread_yield ();
	while (!g_atomic_int_get (&generation.ended)) {
		g_assert_true (store_key_works (generation.store, other));
		signatures++;
	}
	g_thread_join (thread);
	g_test_message ("%u signatures meanwhile", signatures);
	g_assert_cmpuint (signatures, >, 50);
	store_free (generation.store);
}

/* ---- a token that fails, and one that goes away ---- */

static CK_RV failure;

static CK_RV
failing_open (CK_SLOT_ID slot, CK_FLAGS flags, void *data, CK_NOTIFY notify, CK_SESSION_HANDLE *session)
{
	return failure;
}

static CK_RV
failing_generate (CK_SESSION_HANDLE session,
		  CK_MECHANISM *mechanism,
		  CK_ATTRIBUTE *public,
		  CK_ULONG public_count,
		  CK_ATTRIBUTE *private,
		  CK_ULONG private_count,
		  CK_OBJECT_HANDLE *public_handle,
		  CK_OBJECT_HANDLE *private_handle)
{
	return failure;
}

static CK_RV
failing_destroy (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle)
{
	return failure;
}

static gboolean
generates (Store *store)
{
	KsIntent intent = store_intent ("new");
	g_autoptr (KsGeneration) staged = NULL;
	g_autoptr (GError) error = NULL;

	return ks_publisher_generate (store->publisher, &intent, KS_KEY_P256, 0, &staged, &error);
}

/* The next call after the loss opens the token anew: that gives it its own functions back. */
static void
test_loss (void)
{
	g_autoptr (KsGeneration) other = NULL;
	g_autoptr (GError) error = NULL;
	CK_FUNCTION_LIST functions;
	Store *store;

	if (!store_has_token ())
		return;
	store = store_new (KS_RESIDENCY_TOKEN);
	other = store_add_pair (store, "other", KS_KEY_P256, 0);
	functions = *store->token->p11;
	functions.C_GenerateKeyPair = failing_generate;
	store->token->p11 = &functions;
	/* this one operation failed: nothing is opened anew */
	failure = CKR_DEVICE_ERROR;
	g_assert_false (generates (store));
	g_assert_true (store_key_works (store, other));
	g_assert_true (store->token->p11 == &functions);
	/* pulled */
	failure = CKR_DEVICE_REMOVED;
	g_assert_false (generates (store));
	g_assert_true (generates (store));
	g_assert_true (store->token->p11 != &functions);
	g_assert_true (store_key_works (store, other));

	functions.C_GenerateKeyPair = store->token->p11->C_GenerateKeyPair;
	functions.C_OpenSession = failing_open;
	store->token->p11 = &functions;
	g_array_set_size (store->token->idle, 0);
	failure = CKR_TOKEN_NOT_PRESENT;
	g_assert_false (generates (store));
	g_assert_true (generates (store));

	functions.C_OpenSession = store->token->p11->C_OpenSession;
	functions.C_DestroyObject = failing_destroy;
	store->token->p11 = &functions;
	failure = CKR_SESSION_HANDLE_INVALID;
	g_assert_false (ks_token_destroy (store->token, other->key_id, &error));
	g_assert_error (error, KS_ERROR, KS_ERROR_TOKEN);
	g_clear_error (&error);
	g_assert_true (ks_token_destroy (store->token, other->key_id, &error));
	g_assert_no_error (error);
	store_free (store);
}

static KsSecret *
pkcs8_of (EVP_PKEY *key)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8 (key);
	guint8 *der = NULL;
	int len = i2d_PKCS8_PRIV_KEY_INFO (info, &der);
	KsSecret *secret = ks_secret_new (der, (gsize)len);

	OPENSSL_clear_free (der, (gsize)len);
	PKCS8_PRIV_KEY_INFO_free (info);
	return secret;
}

static void
test_import (gconstpointer data)
{
	guint i = GPOINTER_TO_UINT (data);
	g_autoptr (GError) error = NULL;
	g_autoptr (EVP_PKEY) key = NULL;
	g_autoptr (EVP_PKEY) read = NULL;
	g_autoptr (KsSecret) pkcs8 = NULL;
	g_autoptr (KsGeneration) staged = NULL;
	g_autoptr (KsGeneration) twice = NULL;
	KsIntent intent = store_intent ("imported");
	Store *store;

	if (!store_has_token ())
		return;
	if (kinds[i].type == KS_KEY_RSA)
		key = EVP_RSA_gen (kinds[i].bits);
	else if (kinds[i].type == KS_KEY_ED25519)
		key = EVP_PKEY_Q_keygen (NULL, NULL, "ED25519");
	else
		key = EVP_EC_gen (kinds[i].type == KS_KEY_P256   ? "P-256"
				  : kinds[i].type == KS_KEY_P384 ? "P-384"
								 : "P-521");
	store = store_new (KS_RESIDENCY_AUTO);
	pkcs8 = pkcs8_of (key);
	g_assert_true (ks_publisher_import_key (store->publisher, &intent, pkcs8, &staged, &error));
	g_assert_no_error (error);
	g_assert_true (store_key_works (store, staged));
	read = ks_token_read_key (store->token, staged->key_type, staged->key_id, staged->spki,
				  &error);
	g_assert_no_error (error);
	g_assert_cmpint (EVP_PKEY_eq (read, key), ==, 1);
	/* The same key once more is another generation. */
	g_assert_true (ks_publisher_import_key (store->publisher, &intent, pkcs8, &twice, &error));
	g_assert_cmpint (memcmp (staged->key_id, twice->key_id, KS_KEY_ID_LEN), !=, 0);
	store_free (store);
}

static void
test_import_refused (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (KsSecret) garbage = NULL;
	g_autoptr (KsSecret) small = NULL;
	g_autoptr (KsSecret) curve = NULL;
	g_autoptr (EVP_PKEY) rsa = EVP_RSA_gen (1024);
	g_autoptr (EVP_PKEY) ec = EVP_EC_gen ("secp256k1");
	g_autoptr (KsGeneration) staged = NULL;
	KsIntent intent = store_intent ("refused");
	Store *store;

	if (!store_has_token ())
		return;
	store = store_new (KS_RESIDENCY_AUTO);
	garbage = ks_secret_new ("0\202\001\001", 4);
	small = pkcs8_of (rsa);
	curve = pkcs8_of (ec);
	g_assert_false (
		ks_publisher_import_key (store->publisher, &intent, garbage, &staged, &error));
	g_assert_error (error, KS_ERROR, KS_ERROR_INVALID);
	g_clear_error (&error);
	g_assert_false (
		ks_publisher_import_key (store->publisher, &intent, small, &staged, &error));
	g_assert_error (error, KS_ERROR, KS_ERROR_UNSUPPORTED);
	g_clear_error (&error);
	g_assert_false (
		ks_publisher_import_key (store->publisher, &intent, curve, &staged, &error));
	g_assert_error (error, KS_ERROR, KS_ERROR_UNSUPPORTED);
	store_free (store);
}

static void
test_secret (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (KsGeneration) generation = NULL;
	g_autoptr (KsKey) key = NULL;
	g_autoptr (KsSecret) expected = ks_secret_new ("0123456789abcdef0123456789abcdef", 32);
	Store *store;

	if (!store_has_token ())
		return;
	store = store_new (KS_RESIDENCY_TOKEN);
	generation = store_add_secret (store, "psk", "AB01@mef.example.com");
	key = ks_resident_get (store->resident, generation, &error);
	g_assert_no_error (error);
	g_assert_true (ks_secret_equal (ks_key_secret (key), expected));
	g_assert_cmpuint (generation->key_bits, ==, 256);
	store_free (store);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/token/first-start", test_first_start);
	g_test_add_func ("/token/open-again", test_open_again);
	g_test_add_func ("/token/pin", test_pin);
	g_test_add_func ("/token/pin/credential", test_pin_credential);
	for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
		g_autofree char *generate = g_strdup_printf ("/token/generate/%s", kinds[i].name);
		g_autofree char *import = g_strdup_printf ("/token/import/%s", kinds[i].name);

		g_test_add_data_func (generate, GUINT_TO_POINTER (i), test_generate);
		g_test_add_data_func (import, GUINT_TO_POINTER (i), test_import);
	}
	g_test_add_func ("/token/generate/meanwhile", test_generate_meanwhile);
	g_test_add_func ("/token/loss", test_loss);
	g_test_add_func ("/token/import/refused", test_import_refused);
	g_test_add_func ("/token/secret", test_secret);
	return g_test_run ();
}
