/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Secret bytes: copied, compared, wiped.
 */
#include <config.h>

#include "keystore/secret.h"

#include <string.h>

static void
test_copy (void)
{
	char text[] = "secret";
	g_autoptr (KsSecret) secret = ks_secret_new (text, 6);

	text[0] = 'S';
	g_assert_cmpmem (ks_secret_reveal (secret), ks_secret_len (secret), "secret", 6);
}

static void
test_equal (void)
{
	g_autoptr (KsSecret) a = ks_secret_new ("secret", 6);
	g_autoptr (KsSecret) b = ks_secret_new ("secret", 6);
	g_autoptr (KsSecret) other = ks_secret_new ("secreT", 6);
	g_autoptr (KsSecret) shorter = ks_secret_new ("secre", 5);
	g_autoptr (KsSecret) empty = ks_secret_new (NULL, 0);

	g_assert_true (ks_secret_equal (a, b));
	g_assert_false (ks_secret_equal (a, other));
	g_assert_false (ks_secret_equal (a, shorter));
	g_assert_false (ks_secret_equal (a, empty));
	g_assert_true (ks_secret_equal (empty, empty));
}

static void
test_references (void)
{
	KsSecret *secret = ks_secret_new_take (g_memdup2 ("secret", 6), 6);
	KsSecret *same = ks_secret_ref (secret);

	g_assert_true (same == secret);
	ks_secret_unref (secret);
	g_assert_cmpmem (ks_secret_reveal (same), ks_secret_len (same), "secret", 6);
	ks_secret_unref (same);
}

static void
test_wipe (void)
{
	guint8 bytes[8] = "secret!";
	static const guint8 zeros[8] = {0};

	ks_secret_wipe (NULL, 8);
	ks_secret_wipe (bytes, sizeof bytes);
	g_assert_cmpmem (bytes, sizeof bytes, zeros, sizeof zeros);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/secret/copy", test_copy);
	g_test_add_func ("/secret/equal", test_equal);
	g_test_add_func ("/secret/references", test_references);
	g_test_add_func ("/secret/wipe", test_wipe);
	return g_test_run ();
}
