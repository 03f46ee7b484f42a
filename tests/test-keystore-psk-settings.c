/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the settings say about symmetric keys: every word, what is later holds, errors with their
 * line. */
#include <config.h>

#include "keystore/psk-settings.h"
#include "tests/store-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

static char *dir;

static void
write_file (const char *name, const char *text)
{
	g_autofree char *path = g_build_filename (dir, name, NULL);

	g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
test_words (void)
{
	static const struct {
		const char *line;
		KsPskPolicy wanted;
	} cases[] = {
		{"TLSVersion=all", {KS_PSK_TLS_ALL, KS_PSK_HASH_ANY, FALSE, FALSE}},
		{"TLSVersion=1.2", {KS_PSK_TLS12, KS_PSK_HASH_ANY, FALSE, FALSE}},
		{"  TLSVersion =\t1.3  ", {KS_PSK_TLS13, KS_PSK_HASH_ANY, FALSE, FALSE}},
		{"TLSHash=any", {KS_PSK_TLS_ALL, KS_PSK_HASH_ANY, FALSE, FALSE}},
		{"TLSHash=sha256", {KS_PSK_TLS_ALL, KS_PSK_HASH_SHA256, FALSE, FALSE}},
		{"TLSHash=sha384", {KS_PSK_TLS_ALL, KS_PSK_HASH_SHA384, FALSE, FALSE}},
		{"TLSEphemeral=yes", {KS_PSK_TLS_ALL, KS_PSK_HASH_ANY, TRUE, FALSE}},
		{"TLSEphemeral=off", {KS_PSK_TLS_ALL, KS_PSK_HASH_ANY, FALSE, FALSE}},
		{"Reveal=true", {KS_PSK_TLS_ALL, KS_PSK_HASH_ANY, FALSE, TRUE}},
		{"Reveal=0", {KS_PSK_TLS_ALL, KS_PSK_HASH_ANY, FALSE, FALSE}},
	};

	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autofree char *text =
			g_strdup_printf ("# first\n[keystore]\nReveal=never\n[credential a]\n"
					 "Users=me\n%s\n[credential b]\nUsers=me\n",
					 cases[i].line);
		g_autoptr (GError) error = NULL;
		g_autoptr (GHashTable) all = NULL;

		write_file ("enrolee.conf", text);
		all = ks_psk_settings_read (dir, &error);
		g_assert_no_error (error);
		g_assert_cmpuint (g_hash_table_size (all), ==, 1);
		g_assert_true (
			ks_psk_policy_equal (g_hash_table_lookup (all, "a"), &cases[i].wanted));
	}
}

static void
test_later_holds (void)
{
	static const KsPskPolicy wanted = {KS_PSK_TLS13, KS_PSK_HASH_SHA256, TRUE, FALSE};
	g_autoptr (GError) error = NULL;
	g_autoptr (GHashTable) all = NULL;

	write_file ("enrolee.conf",
		    "[credential a]\nReveal=yes\nTLSHash=sha384\nTLSEphemeral=yes\n");
	write_file ("conf.d/10-first.conf", "[credential a]\nTLSHash=sha256\nTLSVersion=1.2\n");
	write_file ("conf.d/20-second.conf", "[credential a]\nTLSVersion=1.3\nReveal=no\n");
	write_file ("conf.d/.hidden.conf", "[credential a]\nReveal=yes\n");
	all = ks_psk_settings_read (dir, &error);
	g_assert_no_error (error);
	g_assert_true (ks_psk_policy_equal (g_hash_table_lookup (all, "a"), &wanted));
}

static void
test_errors (void)
{
	static const char *const lines[] = {"TLSVersion=1.1", "TLSVersion=1.2 1.3",
					    "TLSVersion=",    "TLSHash=SHA256",
					    "TLSHash=md5",    "TLSEphemeral=maybe",
					    "Reveal=",        "Reveal=Yes",
					    "Reveal"};

	for (gsize i = 0; i < G_N_ELEMENTS (lines); i++) {
		g_autofree char *text = g_strdup_printf ("[credential a]\n%s\n", lines[i]);
		g_autoptr (GError) error = NULL;

		write_file ("enrolee.conf", text);
		g_assert_null (ks_psk_settings_read (dir, &error));
		g_assert_error (error, KS_ERROR, KS_ERROR_INVALID);
		g_assert_nonnull (strstr (error->message, "enrolee.conf:2: "));
	}
	write_file ("enrolee.conf", "\xff");
}

int
main (int argc, char **argv)
{
	g_autofree char *drop_ins = NULL;
	int status;

	g_test_init (&argc, &argv, NULL);
	dir = store_temp_dir ();
	drop_ins = g_build_filename (dir, "conf.d", NULL);
	g_assert_cmpint (g_mkdir (drop_ins, 0700), ==, 0);
	g_test_add_func ("/keystore/psk-settings/words", test_words);
	g_test_add_func ("/keystore/psk-settings/later-holds", test_later_holds);
	g_test_add_func ("/keystore/psk-settings/errors", test_errors);
	status = g_test_run ();
	store_remove_dir (drop_ins);
	store_remove_dir (dir);
	g_free (dir);
	return status;
}
