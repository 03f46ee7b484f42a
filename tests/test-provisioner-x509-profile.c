/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The certificate profile: issued certificates, anchors, roll-over, name constraints.
 */
#include <config.h>

#include "provisioner/x509-profile.h"
#include "tests/exchange-fake.h"

#include <string.h>
#include <time.h>

#define YEAR (366l * 86400)

static const char *const ca_extensions[] = {"basicConstraints",
					    "critical,CA:TRUE",
					    "keyUsage",
					    "critical,keyCertSign",
					    "subjectKeyIdentifier",
					    "hash",
					    NULL};
/* Without its AuthorityKeyIdentifier, NewWithOld looks self-signed: one name, two keys. */
static const char *const link_extensions[] = {
	"basicConstraints",       "critical,CA:TRUE",     "keyUsage",
	"critical,keyCertSign",   "subjectKeyIdentifier", "hash",
	"authorityKeyIdentifier", "keyid:always",         NULL};

typedef struct {
	EVP_PKEY *ca_key, *leaf_key;
	X509 *ca;
	GPtrArray *anchors;
	GBytes *spki;
} World;

static void
world_init (World *world, const char *const *extensions)
{
	world->ca_key = fake_key ("P-256");
	world->leaf_key = fake_key ("P-256");
	world->ca = fake_certificate ("CA", world->ca_key, NULL, NULL, -60, 10 * YEAR, extensions);
	world->anchors = pv_crypto_certificates_new ();
	X509_up_ref (world->ca);
	g_ptr_array_add (world->anchors, world->ca);
	world->spki = fake_spki (world->leaf_key);
}

static void
world_clear (World *world)
{
	EVP_PKEY_free (world->ca_key);
	EVP_PKEY_free (world->leaf_key);
	X509_free (world->ca);
	g_ptr_array_unref (world->anchors);
	g_bytes_unref (world->spki);
}

/* Issues a leaf and asks for the verdict. */
static GPtrArray *
judge (World *world,
       const char *alt_name,
       const char *usage,
       long not_after_s,
       const PvSubjectName *name,
       GStrvBuilder *warnings,
       GError **error)
{
	const char *extensions[] = {"subjectAltName", alt_name, "keyUsage", usage, NULL};
	g_autoptr (GPtrArray) answer = pv_crypto_certificates_new ();
	const PvX509Expectation expected = {world->spki, name, world->anchors, NULL, time (NULL)};

	if (usage == NULL)
		extensions[2] = NULL;
	/* leaf not first */
	X509_up_ref (world->ca);
	g_ptr_array_add (answer, world->ca);
	g_ptr_array_add (answer, fake_certificate ("leaf", world->leaf_key, world->ca,
						   world->ca_key, -60, not_after_s, extensions));
	return pv_x509_check_issued (answer, &expected, warnings, error);
}

static const PvSubjectName dns_name = {PV_NAME_TYPE_DNS, (char *)"gw1.sp.example.com"};
static const PvSubjectName uri_name = {PV_NAME_TYPE_URI, (char *)"//sp.example.com/Sgw01"};

static void
test_issued (void)
{
	World world;
	g_autoptr (GError) error = NULL;
	g_autoptr (GStrvBuilder) warnings = g_strv_builder_new ();
	g_autoptr (GPtrArray) chain = NULL;
	g_auto (GStrv) texts = NULL;

	world_init (&world, ca_extensions);
	chain = judge (&world, "DNS:gw1.sp.example.com", "digitalSignature", YEAR, &dns_name,
		       warnings, &error);
	g_assert_no_error (error);
	g_assert_cmpuint (chain->len, ==, 1);
	texts = g_strv_builder_end (warnings);
	g_assert_cmpuint (g_strv_length (texts), ==, 0);
	world_clear (&world);
}

static void
test_refused (void)
{
	static const struct {
		const char *alt_name, *usage;
		long not_after_s;
	} cases[] = {
		{"DNS:other.sp.example.com", "digitalSignature", YEAR},
		{"URI:gw1.sp.example.com", "digitalSignature", YEAR},
		{"DNS:gw1.sp.example.com,DNS:*.sp.example.com", "digitalSignature", YEAR},
		{"DNS:gw1.sp.example.com", "keyAgreement", YEAR},
		{"DNS:gw1.sp.example.com", NULL, YEAR},
		{"DNS:gw1.sp.example.com", "digitalSignature", -30},
	};
	World world;

	world_init (&world, ca_extensions);
	for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autoptr (GError) error = NULL;

		g_assert_null (judge (&world, cases[i].alt_name, cases[i].usage,
				      cases[i].not_after_s, &dns_name, NULL, &error));
		g_assert_error (error, PV_ERROR, PV_ERROR_CERTIFICATE);
	}
	world_clear (&world);
}

static void
test_foreign (void)
{
	World world, other;
	g_autoptr (GError) unchained = NULL;
	g_autoptr (GError) key = NULL;

	world_init (&world, ca_extensions);
	world_init (&other, ca_extensions);
	g_ptr_array_unref (world.anchors);
	world.anchors = g_ptr_array_ref (other.anchors);
	g_assert_null (judge (&world, "DNS:gw1.sp.example.com", "digitalSignature", YEAR, &dns_name,
			      NULL, &unchained));
	g_assert_error (unchained, PV_ERROR, PV_ERROR_CERTIFICATE);
	g_bytes_unref (other.spki);
	other.spki = fake_spki (world.leaf_key);
	g_assert_null (judge (&other, "DNS:gw1.sp.example.com", "digitalSignature", YEAR, &dns_name,
			      NULL, &key));
	g_assert_error (key, PV_ERROR, PV_ERROR_CERTIFICATE);
	world_clear (&world);
	world_clear (&other);
}

/* OpenSSL's error 53: a scheme-less AE-ID under a URI constraint (A13). */
static void
test_name_constraints (void)
{
	static const char *const within[] = {"basicConstraints", "critical,CA:TRUE",
					     "nameConstraints",
					     "critical,permitted;URI:sp.example.com", NULL};
	static const char *const elsewhere[] = {"basicConstraints", "critical,CA:TRUE",
						"nameConstraints",
						"critical,permitted;URI:other.example.com", NULL};
	static const char *const also_dns[] = {
		"basicConstraints", "critical,CA:TRUE", "nameConstraints",
		"critical,permitted;URI:sp.example.com,permitted;DNS:example.com", NULL};
	static const struct {
		const char *const *ca;
		const char *alt_name;
		gboolean good;
	} cases[] = {
		{within, "URI://sp.example.com/Sgw01", TRUE},
		{elsewhere, "URI://sp.example.com/Sgw01", FALSE},
		{also_dns, "URI://sp.example.com/Sgw01,DNS:a.example.com", TRUE},
		{also_dns, "URI://sp.example.com/Sgw01,DNS:a.example.net", FALSE},
		{within, "URI://sp.example.com/Sgw01,URI:urn:gsma:imei:1", FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
		World world;
		g_autoptr (GError) error = NULL;
		g_autoptr (GPtrArray) chain = NULL;

		world_init (&world, cases[i].ca);
		chain = judge (&world, cases[i].alt_name, "digitalSignature", YEAR, &uri_name, NULL,
			       &error);
		if (cases[i].good)
			g_assert_no_error (error);
		else
			g_assert_error (error, PV_ERROR, PV_ERROR_CERTIFICATE);
		world_clear (&world);
	}
}

static gboolean
select_anchors (X509 *const *answer, guint count, GPtrArray *known, guint *anchors, guint *others)
{
	g_autoptr (GPtrArray) array = pv_crypto_certificates_new ();
	g_autoptr (GPtrArray) trusted = NULL;
	g_autoptr (GPtrArray) rest = NULL;

	for (guint i = 0; i < count; i++) {
		X509_up_ref (answer[i]);
		g_ptr_array_add (array, answer[i]);
	}
	if (!pv_x509_select_anchors (array, known, time (NULL), &trusted, &rest, NULL))
		return FALSE;
	*anchors = trusted->len;
	*others = rest->len;
	return TRUE;
}

static void
test_anchors (void)
{
	World old;
	g_autoptr (EVP_PKEY) new_key = fake_key ("P-384");
	g_autoptr (X509) new_with_new = NULL;
	g_autoptr (X509) new_with_old = NULL;
	g_autoptr (X509) expired = NULL;
	guint anchors = 0, others = 0;

	world_init (&old, ca_extensions);
	new_with_new = fake_certificate ("CA", new_key, NULL, NULL, -60, 10 * YEAR, ca_extensions);
	new_with_old =
		fake_certificate ("CA", new_key, old.ca, old.ca_key, -60, YEAR, link_extensions);
	expired = fake_certificate ("CA", new_key, NULL, NULL, -60, -30, ca_extensions);
	X509 *roll_over[] = {new_with_new, new_with_old, old.ca};
	X509 *stranger[] = {new_with_new};
	X509 *past[] = {expired};

	/* PPSK: as delivered. */
	g_assert_true (select_anchors (roll_over, 3, NULL, &anchors, &others));
	g_assert_cmpuint (anchors, ==, 2);
	g_assert_cmpuint (others, ==, 1);
	/* Known anchor: the new one is linked to it. */
	g_assert_true (select_anchors (roll_over, 3, old.anchors, &anchors, &others));
	g_assert_cmpuint (anchors, ==, 2);
	/* A stranger is left out, the known anchor stays. */
	g_assert_true (select_anchors (stranger, 1, old.anchors, &anchors, &others));
	g_assert_cmpuint (anchors, ==, 1);
	g_assert_false (select_anchors (past, 1, NULL, &anchors, &others));
	world_clear (&old);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/provisioner/x509-profile/issued", test_issued);
	g_test_add_func ("/provisioner/x509-profile/refused", test_refused);
	g_test_add_func ("/provisioner/x509-profile/foreign", test_foreign);
	g_test_add_func ("/provisioner/x509-profile/name-constraints", test_name_constraints);
	g_test_add_func ("/provisioner/x509-profile/anchors", test_anchors);
	return g_test_run ();
}
