/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The job of an exchange: what is taken, what is refused before the first packet.
 */
#include <config.h>

#include "provisioner/error.h"
#include "provisioner/exchange/job.h"

#include <string.h>

#define MEF "\"mef\":{\"fqdn\":\"mef.example.com\",\"uri\":\"https://mef.example.com:8443\"}"
#define AUTHENTICATION                                                                             \
	"\"authentication\":[{\"kind\":\"ppsk\",\"identity\":\"gw@mef.example.com\","              \
	"\"reference\":\"pskref1:0123456789abcdefghijklmn\"}]"
#define CERTIFICATE_DER \
	"MIIBbzCCARWgAwIBAgIUPf9uDxbyssdFoYHQMhi6mjpqIYUwCgYIKoZIzj0EAwIwDDEKMAgGA1UE" \
	"AwwBYTAgFw0yNjExMjUwNDU1NTZaGA8yMDgxMDgyODA0NTU1NlowDDEKMAgGA1UEAwwBYTBZMBMG" \
	"ByqGSM49AgEGCCqGSM49AwEHA0IABG9ITJWNgmgs1vHRYO+lzi9up3lZWF+Di5bL7G8z+mzZEnqe" \
	"71p00WQwqhFa2c8YcwWFbVbllVRyKNFn1t33qTqjUzBRMB0GA1UdDgQWBBSDr0h/RXVOQnL5USs6" \
	"Zqln3+a6DzAfBgNVHSMEGDAWgBSDr0h/RXVOQnL5USs6Zqln3+a6DzAPBgNVHRMBAf8EBTADAQH/" \
	"MAoGCCqGSM49BAMCA0gAMEUCIFNT1AbS/32c9erwPzCIUAgYqhkJ5b2X33kFVMa9NrUrAiEA5/8J" \
	"mN6xtmsKzuNLgjYtj470+9LeB/RrVCozSflpVi4="
#define CERTIFICATE(chain)                                                                         \
	"{\"kind\":\"certificate\",\"credential\":\"gw1\",\"key\":\"pkcs11:id=%01\",\"chain\":[" chain     \
	"],\"renewable\":true"                                                                     \
	"}"
#define CLIENT "\"client\":{\"id\":\"//sp.example.com/Sgw01\",\"kind\":\"ae\"}"
#define REGISTRATION "\"registration\":{\"admin_fqdn\":\"sp.example.com\"}"
#define KEY "\"key\":{\"suid\":22,\"targets\":[\"//sp.example.com/in-cse\"]}"

static PvJob *
parse (const char *version,
       const char *mef,
       const char *authentication,
       const char *client,
       const char *registration,
       const char *rest,
       GError **error)
{
	g_autofree char *text =
		g_strdup_printf ("{\"version\":%s,\"credential\":\"gw1\",%s,%s,%s,%s%s}", version,
				 mef, authentication, client, registration, rest);

	return pv_job_parse (text, strlen (text), error);
}

static void
test_defaults (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PvJob) job =
		parse ("1", MEF, AUTHENTICATION, CLIENT, REGISTRATION, "," KEY, &error);

	g_assert_no_error (error);
	g_assert_cmpstr (job->mef_fqdn, ==, "mef.example.com");
	g_assert_cmpuint (job->mef_port, ==, 8443);
	g_assert_null (job->connect_host);
	g_assert_cmpint (job->steps, ==,
			 PV_DO_REGISTER | PV_DO_COMMANDS | PV_DO_CERTIFICATE | PV_DO_KEY |
				 PV_DO_PUBLISH);
	g_assert_cmpint (job->client_kind, ==, PV_ENTITY_AE);
	g_assert_cmpint (job->key_type, ==, PV_KEY_TYPE_P256);
	g_assert_cmpint (job->registration_lifetime_s, ==, 365 * 86400);
	g_assert_false (job->has_pending);
	g_assert_cmpstr (job->dialect->exporter_label, ==, "EXPORTER-oneM2M-Connection");
}

static void
test_options (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PvJob) job = parse (
		"1", "\"mef\":{\"fqdn\":\"mef.example.com\",\"uri\":\"https://192.0.2.1:99\"}",
		AUTHENTICATION, CLIENT, REGISTRATION,
		",\"steps\":[\"register\",\"publish\"],\"staged\":[4,5],"
		"\"certificate\":{\"key_type\":\"rsa2048\",\"pending\":{\"staged\":9,"
		"\"csr\":\"MAA=\"}},\"commands\":{\"last_id\":\"x\",\"last_status\":20}",
		&error);

	g_assert_no_error (error);
	/* The URI's host is where to connect; the name stays the FQDN (R-10.2.1-3). */
	g_assert_cmpstr (job->connect_host, ==, "192.0.2.1");
	g_assert_cmpint (job->steps, ==, PV_DO_REGISTER | PV_DO_PUBLISH);
	g_assert_cmpuint (job->staged->len, ==, 2);
	g_assert_cmpint (job->key_type, ==, PV_KEY_TYPE_RSA_2048);
	g_assert_true (job->has_pending);
	g_assert_cmpuint (job->pending_staged, ==, 9);
	g_assert_cmpuint (g_bytes_get_size (job->pending_csr), ==, 2);
	g_assert_cmpuint (job->last_command_status, ==, 20);
}

/* The certificate first, the key when it is refused; anchors with the certificate suffice. */
static void
test_credentials (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PvJob) job = parse (
		"1", MEF,
		"\"authentication\":[{\"kind\":\"certificate\",\"credential\":\"gw1\","
		"\"key\":\"pkcs11:id=%01\",\"chain\":[\"" CERTIFICATE_DER "\"],"
		"\"anchors\":[\"" CERTIFICATE_DER "\"],\"renewable\":true},"
		"{\"kind\":\"ppsk\",\"credential\":\"kpm\",\"identity\":\"a\","
		"\"reference\":\"pskref1:0123456789abcdefghijklmn\"}]",
		CLIENT, REGISTRATION, "", &error);
	const PvAuthCredential *first, *second;

	g_assert_no_error (error);
	g_assert_cmpuint (job->credentials->len, ==, 2);
	first = g_ptr_array_index (job->credentials, 0);
	second = g_ptr_array_index (job->credentials, 1);
	g_assert_cmpint (first->kind, ==, PV_AUTH_CERTIFICATE);
	g_assert_cmpstr (first->name, ==, "gw1");
	g_assert_cmpstr (first->certificate.key, ==, "pkcs11:id=%01");
	g_assert_cmpuint (first->certificate.chain->len, ==, 1);
	g_assert_cmpuint (first->certificate.anchors->len, ==, 1);
	g_assert_true (first->certificate.renewable);
	g_assert_cmpint (second->kind, ==, PV_AUTH_PPSK);
	g_assert_cmpstr (second->ppsk.identity, ==, "a");
}

static void
test_bad (void)
{
	static const struct {
		const char *version, *mef, *authentication, *client, *registration, *rest;
	} bad[] = {
		{"2", MEF, AUTHENTICATION, CLIENT, REGISTRATION, ""},
		{"\"1\"", MEF, AUTHENTICATION, CLIENT, REGISTRATION, ""},
		{"1", "\"mef\":7", AUTHENTICATION, CLIENT, REGISTRATION, ""},
		{"1", "\"mef\":{}", AUTHENTICATION, CLIENT, REGISTRATION, ""},
		{"1", "\"mef\":{\"fqdn\":\"MEF.example.com\"}", AUTHENTICATION, CLIENT,
		 REGISTRATION, ""},
		{"1", "\"mef\":{\"fqdn\":\"a.b\",\"uri\":\"http://a.b\"}", AUTHENTICATION, CLIENT,
		 REGISTRATION, ""},
		{"1", "\"mef\":{\"fqdn\":\"a.b\",\"anchors\":\"no PEM\"}", AUTHENTICATION, CLIENT,
		 REGISTRATION, ""},
		{"1", "\"mef\":{\"fqdn\":\"a.b\",\"dialect\":\"/nonexistent\"}", AUTHENTICATION,
		 CLIENT, REGISTRATION, ""},
		{"1", MEF, "\"authentication\":[]", CLIENT, REGISTRATION, ""},
		{"1", MEF, "\"authentication\":[7]", CLIENT, REGISTRATION, ""},
		{"1", MEF, "\"authentication\":[{\"kind\":\"magic\",\"identity\":\"a\"}]", CLIENT,
		 REGISTRATION, ""},
		{"1", MEF,
		 "\"authentication\":[{\"kind\":\"ppsk\",\"identity\":\"a\",\"reference\":\"x\"}]",
		 CLIENT, REGISTRATION, ""},
		{"1", MEF, "\"authentication\":[" CERTIFICATE ("") "]", CLIENT, REGISTRATION, ""},
		{"1", MEF, "\"authentication\":[" CERTIFICATE ("\"MAA=\"") "]", CLIENT,
		 REGISTRATION, ""},
		/* no anchor anywhere */
		{"1", MEF, "\"authentication\":[" CERTIFICATE ("\"" CERTIFICATE_DER "\"") "]",
		 CLIENT, REGISTRATION, ""},
		{"1", MEF, AUTHENTICATION, "\"client\":{\"id\":\"gw\",\"kind\":\"ae\"}",
		 REGISTRATION, ""},
		{"1", MEF, AUTHENTICATION, "\"client\":{\"id\":\"//a.b/c\",\"kind\":\"dog\"}",
		 REGISTRATION, ""},
		{"1", MEF, AUTHENTICATION, CLIENT, "\"registration\":{\"admin_fqdn\":\"A B\"}", ""},
		{"1", MEF, AUTHENTICATION, CLIENT, REGISTRATION, ",\"steps\":[\"dance\"]"},
		{"1", MEF, AUTHENTICATION, CLIENT, REGISTRATION, ",\"key\":{\"suid\":22}"},
		{"1", MEF, AUTHENTICATION, CLIENT, REGISTRATION,
		 ",\"key\":{\"suid\":32,\"targets\":[\"//a.b/c\"]}"},
		{"1", MEF, AUTHENTICATION, CLIENT, REGISTRATION,
		 ",\"certificate\":{\"key_type\":\"dsa\"}"},
		{"1", MEF, AUTHENTICATION, CLIENT, REGISTRATION,
		 ",\"certificate\":{\"pending\":{\"staged\":9}}"},
	};

	for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;

		g_assert_null (parse (bad[i].version, bad[i].mef, bad[i].authentication,
				      bad[i].client, bad[i].registration, bad[i].rest, &error));
		g_assert_error (error, PV_ERROR, PV_ERROR_JOB);
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/provisioner/job/defaults", test_defaults);
	g_test_add_func ("/provisioner/job/options", test_options);
	g_test_add_func ("/provisioner/job/credentials", test_credentials);
	g_test_add_func ("/provisioner/job/bad", test_bad);
	return g_test_run ();
}
