/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mechanisms on keys in memory and on the token: each signature is checked by libcrypto itself (not
 * by our verification), each refusal has PKCS#11's name.
 */
#include <config.h>

#include "keystore/crypto.h"
#include "keystore/curve.h"
#include "keystore/digest.h"
#include "keystore/wire/limits.h"
#include "tests/store-fixture.h"

#include <openssl/ecdsa.h>
#include <openssl/rsa.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const guint8 message[] = "what is signed";

typedef struct {
	Store *store;
	KsGeneration *ec, *p521, *rsa, *ed;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer residency)
{
	if (!store_has_token ())
		return;
	fixture->store = store_new ((KsResidency)GPOINTER_TO_INT (residency));
	fixture->ec = store_add_pair (fixture->store, "ec", KS_KEY_P256, 0);
	fixture->p521 = store_add_pair (fixture->store, "p521", KS_KEY_P521, 0);
	fixture->rsa = store_add_pair (fixture->store, "rsa", KS_KEY_RSA, 2048);
	fixture->ed = store_add_pair (fixture->store, "ed", KS_KEY_ED25519, 0);
}

static void
tear_down (Fixture *fixture, gconstpointer residency)
{
	if (fixture->store == NULL)
		return;
	ks_generation_unref (fixture->ec);
	ks_generation_unref (fixture->p521);
	ks_generation_unref (fixture->rsa);
	ks_generation_unref (fixture->ed);
	store_free (fixture->store);
}

static KsKey *
key_of (Fixture *fixture, const KsGeneration *generation)
{
	g_autoptr (GError) error = NULL;
	KsKey *key = ks_resident_get (fixture->store->resident, generation, &error);

	g_assert_no_error (error);
	return key;
}

static KsPubkey *
pubkey_of (const KsGeneration *generation)
{
	KsPubkey *pubkey = NULL;
	gsize len;
	const guint8 *der = g_bytes_get_data (generation->spki, &len);

	g_assert_cmpuint (ks_pubkey_from_spki (der, len, &pubkey), ==, CKR_OK);
	return pubkey;
}

/* ---- signatures ---- */

static const struct {
	CK_MECHANISM_TYPE type, hash;
	CK_RSA_PKCS_MGF_TYPE mgf;
	const char *digest; /* libcrypto's; %NULL: the input is a SHA-256 already */
} mechanisms[] = {
	{CKM_ECDSA, 0, 0, NULL},
	{CKM_ECDSA_SHA1, 0, 0, "SHA1"},
	{CKM_ECDSA_SHA224, 0, 0, "SHA224"},
	{CKM_ECDSA_SHA256, 0, 0, "SHA256"},
	{CKM_ECDSA_SHA384, 0, 0, "SHA384"},
	{CKM_ECDSA_SHA512, 0, 0, "SHA512"},
	{CKM_SHA1_RSA_PKCS, 0, 0, "SHA1"},
	{CKM_SHA224_RSA_PKCS, 0, 0, "SHA224"},
	{CKM_SHA256_RSA_PKCS, 0, 0, "SHA256"},
	{CKM_SHA384_RSA_PKCS, 0, 0, "SHA384"},
	{CKM_SHA512_RSA_PKCS, 0, 0, "SHA512"},
	{CKM_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, NULL},
	{CKM_SHA1_RSA_PKCS_PSS, CKM_SHA_1, CKG_MGF1_SHA1, "SHA1"},
	{CKM_SHA224_RSA_PKCS_PSS, CKM_SHA224, CKG_MGF1_SHA224, "SHA224"},
	{CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, "SHA256"},
	{CKM_SHA384_RSA_PKCS_PSS, CKM_SHA384, CKG_MGF1_SHA384, "SHA384"},
	{CKM_SHA512_RSA_PKCS_PSS, CKM_SHA512, CKG_MGF1_SHA512, "SHA512"},
};

static gboolean
is_rsa (guint i)
{
	return mechanisms[i].type < CKM_ECDSA;
}

/* r || s to DER, by libcrypto. */
static GBytes *
der_signature (const guint8 *raw, gsize len)
{
	ECDSA_SIG *pair = ECDSA_SIG_new ();
	guint8 *der = NULL;
	int der_len;
	GBytes *bytes;

	ECDSA_SIG_set0 (pair, BN_bin2bn (raw, (int)len / 2, NULL),
			BN_bin2bn (raw + len / 2, (int)len / 2, NULL));
	der_len = i2d_ECDSA_SIG (pair, &der);
	bytes = g_bytes_new (der, (gsize)der_len);
	OPENSSL_free (der);
	ECDSA_SIG_free (pair);
	return bytes;
}

static void
check_by_libcrypto (guint i, GBytes *spki, const guint8 *signature, gsize signature_len)
{
	const guint8 *der = g_bytes_get_data (spki, NULL);
	g_autoptr (EVP_PKEY) pkey = d2i_PUBKEY (NULL, &der, (long)g_bytes_get_size (spki));
	g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
	const EVP_MD *md = EVP_get_digestbyname (mechanisms[i].digest != NULL ? mechanisms[i].digest
									      : "SHA256");
	g_autoptr (GBytes) converted = NULL;
	EVP_PKEY_CTX *params;

	g_assert_cmpint (EVP_DigestVerifyInit (context, &params, md, NULL, pkey), ==, 1);
	if (mechanisms[i].hash != 0) {
		EVP_PKEY_CTX_set_rsa_padding (params, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen (params, RSA_PSS_SALTLEN_DIGEST);
	}
	converted = is_rsa (i) ? g_bytes_new (signature, signature_len)
			       : der_signature (signature, signature_len);
	g_assert_cmpint (EVP_DigestVerify (context, g_bytes_get_data (converted, NULL),
					   g_bytes_get_size (converted), message, sizeof message),
			 ==, 1);
}

static void
check_mechanism (guint i, KsKey *key, const KsGeneration *generation)
{
	g_autoptr (KsPubkey) pubkey = pubkey_of (generation);
	KsMechanism mechanism = {
		.type = mechanisms[i].type, .hash = mechanisms[i].hash, .mgf = mechanisms[i].mgf};
	guint8 signature[WIRE_SIGNATURE_MAX], digest[EVP_MAX_MD_SIZE];
	KsInput input = {message, sizeof message, -1};
	gsize len = 0;

	if (mechanism.hash != 0)
		mechanism.salt_len = (gulong)EVP_MD_get_size (ks_digest_find (mechanism.hash));
	if (mechanisms[i].digest == NULL) {
		EVP_Q_digest (NULL, "SHA256", NULL, message, sizeof message, digest, &input.len);
		input.data = digest;
	}
	g_assert_cmphex (ks_operate_sign (key, &mechanism, &input, signature, &len), ==, CKR_OK);
	check_by_libcrypto (i, generation->spki, signature, len);
	g_assert_cmphex (ks_operate_verify (pubkey, &mechanism, &input, signature, len), ==,
			 CKR_OK);
	g_assert_cmphex (ks_operate_verify (pubkey, &mechanism, &input, signature, len - 1), ==,
			 CKR_SIGNATURE_LEN_RANGE);
	signature[len / 2] ^= 1;
	g_assert_cmphex (ks_operate_verify (pubkey, &mechanism, &input, signature, len), ==,
			 CKR_SIGNATURE_INVALID);
}

static void
test_signatures (Fixture *fixture, gconstpointer residency)
{
	g_autoptr (KsKey) ec = NULL;
	g_autoptr (KsKey) p521 = NULL;
	g_autoptr (KsKey) rsa = NULL;

	if (fixture->store == NULL)
		return;
	ec = key_of (fixture, fixture->ec);
	p521 = key_of (fixture, fixture->p521);
	rsa = key_of (fixture, fixture->rsa);
	for (guint i = 0; i < G_N_ELEMENTS (mechanisms); i++) {
		if (is_rsa (i)) {
			check_mechanism (i, rsa, fixture->rsa);
			continue;
		}
		/* Often enough to see numbers with leading zeros. */
		for (guint round = 0; round < 30; round++)
			check_mechanism (i, ec, fixture->ec);
		for (guint round = 0; round < 5; round++)
			check_mechanism (i, p521, fixture->p521);
	}
}

static void
test_eddsa (Fixture *fixture, gconstpointer residency)
{
	g_autoptr (KsKey) key = NULL;
	g_autoptr (KsPubkey) pubkey = NULL;
	KsMechanism mechanism = {.type = CKM_EDDSA};
	KsInput input = {message, sizeof message, -1};
	guint8 signature[WIRE_SIGNATURE_MAX];
	gsize len;

	if (fixture->store == NULL)
		return;
	key = key_of (fixture, fixture->ed);
	pubkey = pubkey_of (fixture->ed);
	g_assert_cmphex (ks_operate_sign (key, &mechanism, &input, signature, &len), ==, CKR_OK);
	g_assert_cmpuint (len, ==, 64);
	g_assert_cmphex (ks_operate_verify (pubkey, &mechanism, &input, signature, len), ==,
			 CKR_OK);
	input.len--;
	g_assert_cmphex (ks_operate_verify (pubkey, &mechanism, &input, signature, len), ==,
			 CKR_SIGNATURE_INVALID);
}

/* PKCS#1 1.5 on a DigestInfo that the caller made: what TLS 1.2 clients ask for. */
static void
test_raw_pkcs (Fixture *fixture, gconstpointer residency)
{
	g_autoptr (KsKey) key = NULL;
	g_autoptr (KsPubkey) pubkey = NULL;
	KsMechanism raw = {.type = CKM_RSA_PKCS}, hashed = {.type = CKM_SHA256_RSA_PKCS};
	guint8 signature[WIRE_SIGNATURE_MAX], info[128], big[246] = {0};
	KsInput input = {info, 0, -1}, text = {message, sizeof message, -1};
	KsInput too_big = {big, sizeof big, -1};
	gsize len, info_len;

	if (fixture->store == NULL)
		return;
	key = key_of (fixture, fixture->rsa);
	pubkey = pubkey_of (fixture->rsa);
	memcpy (info, ks_digest_info (CKM_SHA256, &info_len), 19);
	EVP_Q_digest (NULL, "SHA256", NULL, message, sizeof message, info + info_len, &input.len);
	input.len += info_len;
	g_assert_cmphex (ks_operate_sign (key, &raw, &input, signature, &len), ==, CKR_OK);
	g_assert_cmphex (ks_operate_verify (pubkey, &hashed, &text, signature, len), ==, CKR_OK);
	g_assert_cmphex (ks_operate_sign (key, &raw, &too_big, signature, &len), ==,
			 CKR_DATA_LEN_RANGE);
	too_big.len--;
	g_assert_cmphex (ks_operate_sign (key, &raw, &too_big, signature, &len), ==, CKR_OK);
}

/* ---- input by descriptor ---- */

static void
test_descriptor (Fixture *fixture, gconstpointer residency)
{
	g_autoptr (KsKey) ec = NULL;
	g_autoptr (KsKey) ed = NULL;
	g_autoptr (KsPubkey) ec_public = NULL;
	g_autoptr (KsPubkey) ed_public = NULL;
	gsize size = 300 * 1024 + 7;
	g_autofree guint8 *data = g_malloc (size);
	KsMechanism ecdsa = {.type = CKM_ECDSA_SHA384}, eddsa = {.type = CKM_EDDSA};
	guint8 signature[WIRE_SIGNATURE_MAX];
	KsInput file = {NULL, size, memfd_create ("input", MFD_CLOEXEC)};
	KsInput memory = {data, size, -1};
	gsize len;

	if (fixture->store == NULL) {
		close (file.fd);
		return;
	}
	ec = key_of (fixture, fixture->ec);
	ed = key_of (fixture, fixture->ed);
	ec_public = pubkey_of (fixture->ec);
	ed_public = pubkey_of (fixture->ed);
	memset (data, 'x', size);
	g_assert_cmpint (write (file.fd, data, size), ==, (gssize)size);
	g_assert_cmphex (ks_operate_sign (ec, &ecdsa, &file, signature, &len), ==, CKR_OK);
	g_assert_cmphex (ks_operate_verify (ec_public, &ecdsa, &memory, signature, len), ==,
			 CKR_OK);
	g_assert_cmphex (ks_operate_sign (ed, &eddsa, &file, signature, &len), ==, CKR_OK);
	g_assert_cmphex (ks_operate_verify (ed_public, &eddsa, &memory, signature, len), ==,
			 CKR_OK);
	/* It holds less than it promised, or promises too much. */
	file.len++;
	g_assert_cmphex (ks_operate_sign (ec, &ecdsa, &file, signature, &len), ==,
			 CKR_DATA_LEN_RANGE);
	g_assert_cmphex (ks_operate_sign (ed, &eddsa, &file, signature, &len), ==,
			 CKR_DATA_LEN_RANGE);
	/* What has to be in memory whole is bounded, however much the file holds. */
	file.len = 2 * 1024 * 1024;
	g_assert_cmpint (ftruncate (file.fd, (off_t)file.len), ==, 0);
	g_assert_cmphex (ks_operate_sign (ec, &ecdsa, &file, signature, &len), ==, CKR_OK);
	g_assert_cmphex (ks_operate_sign (ed, &eddsa, &file, signature, &len), ==,
			 CKR_DATA_LEN_RANGE);
	g_assert_cmphex (ks_operate_verify (ed_public, &eddsa, &file, signature, 64), ==,
			 CKR_DATA_LEN_RANGE);
	close (file.fd);
}

/* ---- refusals ---- */

static void
test_refusals (Fixture *fixture, gconstpointer residency)
{
	g_autoptr (KsKey) ec = NULL;
	g_autoptr (KsKey) rsa = NULL;
	KsMechanism mechanism = {.type = CKM_ECDSA};
	KsInput input = {message, sizeof message, -1};
	guint8 out[WIRE_SIGNATURE_MAX];
	gsize len;

	if (fixture->store == NULL)
		return;
	ec = key_of (fixture, fixture->ec);
	rsa = key_of (fixture, fixture->rsa);
	g_assert_cmphex (ks_operate_sign (rsa, &mechanism, &input, out, &len), ==,
			 CKR_KEY_TYPE_INCONSISTENT);
	input.len = 0;
	g_assert_cmphex (ks_operate_sign (ec, &mechanism, &input, out, &len), ==,
			 CKR_DATA_LEN_RANGE);
	mechanism.type = CKM_DSA;
	g_assert_cmphex (ks_operate_sign (ec, &mechanism, &input, out, &len), ==,
			 CKR_MECHANISM_INVALID);
	mechanism.type = CKM_RSA_PKCS_PSS;
	g_assert_cmphex (ks_operate_sign (rsa, &mechanism, &input, out, &len), ==,
			 CKR_MECHANISM_PARAM_INVALID);
	mechanism = (KsMechanism){
		.type = CKM_SHA384_RSA_PKCS_PSS, .hash = CKM_SHA256, .mgf = CKG_MGF1_SHA256};
	g_assert_cmphex (ks_operate_sign (rsa, &mechanism, &input, out, &len), ==,
			 CKR_MECHANISM_PARAM_INVALID);
	mechanism.type = CKM_RSA_PKCS_PSS;
	input.len = 31;
	g_assert_cmphex (ks_operate_sign (rsa, &mechanism, &input, out, &len), ==,
			 CKR_DATA_LEN_RANGE);
	mechanism.salt_len = 255;
	input = (KsInput){out, 32, -1};
	memset (out, 1, 32);
	g_assert_cmphex (ks_operate_sign (rsa, &mechanism, &input, out, &len), ==,
			 CKR_MECHANISM_PARAM_INVALID);
	mechanism.salt_len = G_MAXULONG;
	g_assert_cmphex (ks_operate_sign (rsa, &mechanism, &input, out, &len), ==,
			 CKR_MECHANISM_PARAM_INVALID);
	mechanism.type = CKM_ECDSA;
	g_assert_cmphex (ks_operate_decrypt (rsa, &mechanism, out, 256, out, &len), ==,
			 CKR_MECHANISM_INVALID);
	mechanism.type = CKM_RSA_PKCS;
	g_assert_cmphex (ks_operate_decrypt (ec, &mechanism, out, 256, out, &len), ==,
			 CKR_KEY_TYPE_INCONSISTENT);
	g_assert_cmphex (ks_operate_decrypt (rsa, &mechanism, out, 255, out, &len), ==,
			 CKR_ENCRYPTED_DATA_LEN_RANGE);
}

/* ---- encryption ---- */

static void
check_crypt (KsKey *key, const KsPubkey *pubkey, const KsMechanism *mechanism)
{
	guint8 cipher[WIRE_SIGNATURE_MAX], plain[WIRE_SIGNATURE_MAX];
	gsize cipher_len, plain_len = 0;

	g_assert_cmphex (ks_operate_encrypt (pubkey, mechanism, message, sizeof message, cipher,
					     &cipher_len),
			 ==, CKR_OK);
	g_assert_cmphex (ks_operate_decrypt (key, mechanism, cipher, cipher_len, plain, &plain_len),
			 ==, CKR_OK);
	g_assert_cmpmem (plain, plain_len, message, sizeof message);
	g_assert_cmphex (
		ks_operate_encrypt (pubkey, mechanism, cipher, cipher_len, cipher, &cipher_len), ==,
		CKR_DATA_LEN_RANGE);
	/* A number below the modulus whose padding is wrong. */
	memset (cipher, 0, cipher_len);
	cipher[cipher_len - 1] = 2;
	g_assert_cmphex (ks_operate_decrypt (key, mechanism, cipher, cipher_len, plain, &plain_len),
			 ==, CKR_ENCRYPTED_DATA_INVALID);
}

static void
test_crypt (Fixture *fixture, gconstpointer residency)
{
	g_autoptr (KsKey) key = NULL;
	g_autoptr (KsPubkey) pubkey = NULL;
	KsMechanism pkcs = {.type = CKM_RSA_PKCS};
	KsMechanism oaep = {.type = CKM_RSA_PKCS_OAEP, .hash = CKM_SHA_1, .mgf = CKG_MGF1_SHA1};

	if (fixture->store == NULL)
		return;
	key = key_of (fixture, fixture->rsa);
	pubkey = pubkey_of (fixture->rsa);
	check_crypt (key, pubkey, &pkcs);
	check_crypt (key, pubkey, &oaep);
	if (GPOINTER_TO_INT (residency) == KS_RESIDENCY_TOKEN)
		return; /* SoftHSM has OAEP with SHA-1 and without a label only */
	oaep.hash = CKM_SHA256;
	oaep.mgf = CKG_MGF1_SHA256;
	oaep.label = message;
	oaep.label_len = 4;
	check_crypt (key, pubkey, &oaep);
}

static void
test_derive (Fixture *fixture, gconstpointer residency)
{
	g_autoptr (KsKey) key = NULL;
	g_autoptr (KsKey) rsa = NULL;
	g_autoptr (KsSecret) ours = NULL;
	g_autoptr (KsSecret) wrapped = NULL;
	g_autoptr (EVP_PKEY) peer = EVP_EC_gen ("P-256");
	g_autoptr (EVP_PKEY) public = NULL;
	g_autoptr (EVP_PKEY_CTX) context = NULL;
	guint8 point[67] = {4, 65}, theirs[32];
	gsize len, theirs_len = sizeof theirs;
	const guint8 *der;
	KsMechanism mechanism = {.type = CKM_ECDH1_DERIVE,
				 .kdf = CKD_NULL,
				 .public_point = point + 2,
				 .public_point_len = 65};

	if (fixture->store == NULL)
		return;
	key = key_of (fixture, fixture->ec);
	rsa = key_of (fixture, fixture->rsa);
	EVP_PKEY_get_octet_string_param (peer, OSSL_PKEY_PARAM_PUB_KEY, point + 2, 65, &len);
	g_assert_cmpuint (len, ==, 65);
	g_assert_cmphex (ks_operate_derive (key, &mechanism, &ours), ==, CKR_OK);
	mechanism.public_point = point;
	mechanism.public_point_len = sizeof point;
	g_assert_cmphex (ks_operate_derive (key, &mechanism, &wrapped), ==, CKR_OK);
	g_assert_true (ks_secret_equal (ours, wrapped));
	der = g_bytes_get_data (fixture->ec->spki, &len);
	public = d2i_PUBKEY (NULL, &der, (long)len);
	context = EVP_PKEY_CTX_new_from_pkey (NULL, peer, NULL);
	EVP_PKEY_derive_init (context);
	EVP_PKEY_derive_set_peer (context, public);
	g_assert_cmpint (EVP_PKEY_derive (context, theirs, &theirs_len), ==, 1);
	g_assert_cmpmem (ks_secret_reveal (ours), ks_secret_len (ours), theirs, theirs_len);
	point[40] ^= 1; /* not on the curve */
	g_clear_pointer (&ours, ks_secret_unref);
	g_assert_cmphex (ks_operate_derive (key, &mechanism, &ours), ==,
			 CKR_MECHANISM_PARAM_INVALID);
	g_assert_null (ours);
	mechanism.kdf = 2;
	g_assert_cmphex (ks_operate_derive (key, &mechanism, &ours), ==,
			 CKR_MECHANISM_PARAM_INVALID);
	g_assert_cmphex (ks_operate_derive (rsa, &mechanism, &ours), ==, CKR_KEY_TYPE_INCONSISTENT);
}

/* What our layers add to libcrypto: printed, for a reader of the log. */
static void
test_overhead (Fixture *fixture, gconstpointer residency)
{
	g_autoptr (KsKey) key = NULL;
	g_autoptr (EVP_PKEY) own = EVP_EC_gen ("P-256");
	g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_pkey (NULL, own, NULL);
	KsMechanism mechanism = {.type = CKM_ECDSA};
	guint8 digest[32] = {1}, signature[WIRE_SIGNATURE_MAX];
	KsInput input = {digest, sizeof digest, -1};
	gsize len;
	guint rounds = g_test_perf () ? 20000 : 200;
	double ours_s, theirs_s;

	if (fixture->store == NULL)
		return;
	key = key_of (fixture, fixture->ec);
	EVP_PKEY_sign_init (context);
	g_test_timer_start ();
	for (guint i = 0; i < rounds; i++) {
		len = sizeof signature;
		EVP_PKEY_sign (context, signature, &len, digest, sizeof digest);
	}
	theirs_s = g_test_timer_elapsed ();
	g_test_timer_start ();
	for (guint i = 0; i < rounds; i++)
		ks_operate_sign (key, &mechanism, &input, signature, &len);
	ours_s = g_test_timer_elapsed ();
	g_test_message ("P-256: %.2f us, libcrypto %.2f us", ours_s / rounds * 1e6,
			theirs_s / rounds * 1e6);
}

#define ADD(name, residency, function)                                                             \
	g_test_add ("/operate/" name, Fixture, GINT_TO_POINTER (residency), set_up, function,      \
		    tear_down)
#define ADD_BOTH(name, function)                                                                   \
	ADD ("memory/" name, KS_RESIDENCY_MEMORY, function);                                       \
	ADD ("token/" name, KS_RESIDENCY_TOKEN, function)

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	ADD_BOTH ("signatures", test_signatures);
	ADD_BOTH ("eddsa", test_eddsa);
	ADD_BOTH ("raw-pkcs", test_raw_pkcs);
	ADD_BOTH ("descriptor", test_descriptor);
	ADD_BOTH ("refusals", test_refusals);
	ADD_BOTH ("crypt", test_crypt);
	ADD_BOTH ("derive", test_derive);
	ADD ("memory/overhead", KS_RESIDENCY_MEMORY, test_overhead);
	return g_test_run ();
}
