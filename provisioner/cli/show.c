/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* enrolee show NAME */
#include <config.h>

#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/cli/cli-output.h"
#include "provisioner/cli/seen.h"

static char *
certificate_pem (GBytes *der)
{
	gsize len = 0;
	const guint8 *data = g_bytes_get_data (der, &len);
	g_autofree char *base64 = g_base64_encode (data, len);
	GString *pem = g_string_new ("-----BEGIN CERTIFICATE-----\n");

	for (const char *at = base64; *at != '\0'; at += strnlen (at, 64))
		g_string_append_printf (pem, "%.64s\n", at);
	g_string_append (pem, "-----END CERTIFICATE-----\n");
	return g_string_free (pem, FALSE);
}

static const char *
hash_name (const PvCredential *credential)
{
	return credential->psk_hash == 0		 ? "any"
	       : credential->psk_hash == CKM_SHA256 ? "sha256"
						     : "sha384";
}

static void
json_certificates (JsonBuilder *builder, const char *member, GPtrArray *certificates)
{
	json_builder_set_member_name (builder, member);
	json_builder_begin_array (builder);
	for (guint i = 0; i < certificates->len; i++) {
		g_autofree char *pem = certificate_pem (certificates->pdata[i]);

		json_builder_add_string_value (builder, pem);
	}
	json_builder_end_array (builder);
}

/* What TLS may do with a symmetric key; applications do not see it. */
static void
json_tls (JsonBuilder *builder, const PvCredential *credential)
{
	if (credential->psk_versions == 0)
		return;
	json_builder_set_member_name (builder, "tls");
	json_builder_begin_object (builder);
	json_builder_set_member_name (builder, "versions");
	json_builder_begin_array (builder);
	if (credential->psk_versions & WIRE_PSK_TLS12)
		json_builder_add_string_value (builder, "1.2");
	if (credential->psk_versions & WIRE_PSK_TLS13)
		json_builder_add_string_value (builder, "1.3");
	json_builder_end_array (builder);
	cli_json_text (builder, "hash", hash_name (credential));
	json_builder_set_member_name (builder, "ephemeral");
	json_builder_add_boolean_value (builder, credential->psk_ephemeral);
	json_builder_set_member_name (builder, "revealed");
	json_builder_add_boolean_value (builder, credential->psk_revealed);
	json_builder_end_object (builder);
}

static void
print_json (Cli *cli, const PvCredential *credential)
{
	JsonBuilder *builder = cli_json_begin ();
	g_autofree char *leaf =
		credential->leaf != NULL ? certificate_pem (credential->leaf) : NULL;
	g_autofree char *folder =
		g_build_filename (cli->state_dir, "credentials", credential->name, NULL);

	json_builder_set_member_name (builder, "credential");
	json_builder_begin_object (builder);
	cli_json_credential (builder, credential);
	json_tls (builder, credential);
	cli_json_text (builder, "folder", folder);
	cli_json_text (builder, "certificate", leaf);
	json_certificates (builder, "chain", credential->chain);
	json_certificates (builder, "anchors", credential->anchors);
	json_builder_end_object (builder);
	cli_json_print (builder);
}

static void
print_line (const char *what, const char *value)
{
	g_autofree char *clean = value != NULL ? cli_clean (value) : NULL;

	if (clean != NULL && clean[0] != '\0')
		printf ("%-12s %s\n", what, clean);
}

static void
print_tls (const Cli *cli, const PvCredential *credential)
{
	static const char *const versions[] = {NULL, "1.2 only", "1.3 only", "1.2 and 1.3"};
	g_autofree char *text = NULL;
	g_autofree char *file = NULL;

	if (credential->psk_versions == 0 || credential->psk_versions >= G_N_ELEMENTS (versions))
		return;
	text = g_strdup_printf ("%s, %s%s%s",
				versions[credential->psk_versions],
				hash_name (credential),
				credential->psk_hash == 0 ? " hash" : " only",
				credential->psk_ephemeral ? ", with Diffie-Hellman only" : "");
	file = g_build_filename (
		cli->state_dir, "credentials", credential->name, CLI_REVEALED_FILE, NULL);
	print_line ("TLS:", text);
	print_line ("REVEALED:", credential->psk_revealed ? file : NULL);
}

static void
print_text (Cli *cli, const PvCredential *credential)
{
	g_autofree char *key = cli_key_name (credential);
	g_autofree char *from = cli_time (credential->not_before_s);
	g_autofree char *until = cli_time (credential->not_after_s);
	g_autofree char *users = g_strjoinv (", ", credential->users);
	g_autofree char *groups = g_strjoinv (", ", credential->groups);
	g_autofree char *suid = g_strdup_printf ("%u", credential->suid);
	g_autofree char *older = g_strdup_printf ("%u still usable", credential->retained);
	g_autofree char *folder =
		g_build_filename (cli->state_dir, "credentials", credential->name, NULL);
	g_autofree char *counts = g_strdup_printf (
		"%u in the chain, %u anchors", credential->chain->len, credential->anchors->len);

	print_line ("Name:", credential->name);
	print_line ("Kind:", cli_kind_name (credential->kind));
	print_line ("State:", credential->generation != 0 ? "published" : "not published");
	print_line ("Key:", key);
	print_line ("Identifier:", credential->identifier);
	print_line ("SUID:", credential->suid != 0 ? suid : NULL);
	print_tls (cli, credential);
	print_line ("Subject:", credential->subject);
	print_line ("Issuer:", credential->issuer);
	print_line ("Valid from:", credential->not_before_s != 0 ? from : NULL);
	print_line ("Valid until:", credential->not_after_s != 0 ? until : NULL);
	print_line ("Certificates:", credential->leaf != NULL ? counts : NULL);
	print_line ("Older keys:", credential->retained > 0 ? older : NULL);
	print_line ("Origin:", credential->origin);
	print_line ("MEF:", credential->mef);
	print_line ("Stakeholder:", credential->admin);
	print_line ("Client:", credential->client);
	print_line ("Users:", users[0] != '\0' ? users : "(nobody but root)");
	print_line ("Groups:", groups);
	print_line ("Files:", credential->generation != 0 ? folder : NULL);
}

int
cli_show (Cli *cli, int argc, char **argv)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PvCredential) credential = NULL;

	if (!cli_parse (cli, NULL, &argc, &argv, 1, 1))
		return CLI_USAGE;
	credential = cli_credential (cli, argv[1], &error);
	if (credential == NULL)
		return cli_fail (cli, error);
	if (cli->json)
		print_json (cli, credential);
	else
		print_text (cli, credential);
	return CLI_OK;
}
