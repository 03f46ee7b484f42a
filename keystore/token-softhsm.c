/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SoftHSM as the backing token: its configuration, its first start with random PINs, and
 * durability, of which it has none by itself.
 */
#include <config.h>

#include "keystore/secret-file.h"
#include "keystore/token-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIN_RANDOM_LEN 24

static gboolean
fail_errno (GError **error, const char *path)
{
	g_set_error (error, KS_ERROR, KS_ERROR_STORAGE, "%s: %s", path, g_strerror (errno));
	return FALSE;
}

static char *
tokens_dir (const KsToken *token)
{
	return g_build_filename (token->state_dir, "tokens", NULL);
}

static char *
pin_path (const KsToken *token)
{
	const char *credentials = g_getenv ("CREDENTIALS_DIRECTORY");
	g_autofree char *credential = NULL;

	if (token->pin_file != NULL)
		return g_strdup (token->pin_file);
	if (credentials != NULL) {
		credential = g_build_filename (credentials, "enrolee-token-pin", NULL);
		if (g_access (credential, R_OK) == 0)
			return g_steal_pointer (&credential);
	}
	return g_build_filename (token->state_dir, "token.pin", NULL);
}

gboolean
ks_softhsm_exists (const KsToken *token)
{
	g_autofree char *path = tokens_dir (token);
	g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);

	return dir != NULL && g_dir_read_name (dir) != NULL;
}

KsSecret *
ks_softhsm_pin (KsToken *token, GError **error)
{
	g_autofree char *path = pin_path (token);

	return ks_secret_from_file (path, 0, error);
}

/* A file that is complete and durable, or not there. */
static gboolean
write_private (const char *path, const char *text, gsize len, GError **error)
{
	g_autofree char *folder = g_path_get_dirname (path);
	g_autofree char *temporary = g_strconcat (path, ".new", NULL);
	int fd = open (temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int folder_fd;
	gboolean done;

	if (fd < 0)
		return fail_errno (error, temporary);
	done = write (fd, text, len) == (gssize)len && fsync (fd) == 0;
	done = close (fd) == 0 && done && rename (temporary, path) == 0;
	if (!done) {
		fail_errno (error, path);
		unlink (temporary);
		return FALSE;
	}
	folder_fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder_fd < 0 || fsync (folder_fd) != 0)
		done = fail_errno (error, folder);
	if (folder_fd >= 0)
		close (folder_fd);
	return done;
}

/* Two lines of hexadecimal digits: the user's PIN and the security officer's. */
static gboolean
make_pins (const char *path, GError **error)
{
	guint8 random[2 * PIN_RANDOM_LEN];
	char text[4 * PIN_RANDOM_LEN + 3];
	char *at = text;
	gboolean done;

	if (getrandom (random, sizeof random, 0) != (gssize)sizeof random)
		return fail_errno (error, path);
	for (guint i = 0; i < sizeof random; i++) {
		at += g_snprintf (at, 3, "%02x", random[i]);
		if (i == PIN_RANDOM_LEN - 1 || i == sizeof random - 1)
			*at++ = '\n';
	}
	done = write_private (path, text, (gsize)(at - text), error);
	ks_secret_wipe (random, sizeof random);
	ks_secret_wipe (text, sizeof text);
	return done;
}

/* Before C_Initialize: what SoftHSM reads from its environment and files. */
gboolean
ks_softhsm_prepare (KsToken *token, GError **error)
{
	g_autofree char *path = g_build_filename (token->state_dir, "softhsm2.conf", NULL);
	g_autofree char *tokens = tokens_dir (token);
	g_autofree char *wanted = g_strdup_printf ("directories.tokendir = %s\n"
						   "objectstore.backend = file\n"
						   "log.level = ERROR\n"
						   "slots.removable = false\n",
						   tokens);
	g_autofree char *found = NULL;

	if (g_mkdir_with_parents (tokens, 0700) != 0)
		return fail_errno (error, tokens);
	if (!g_file_get_contents (path, &found, NULL, NULL) || !g_str_equal (found, wanted))
		if (!write_private (path, wanted, strlen (wanted), error))
			return FALSE;
	g_setenv ("SOFTHSM2_CONF", path, TRUE);
	return TRUE;
}

static CK_RV
find_empty_slot (KsToken *token, CK_SLOT_ID *slot)
{
	CK_SLOT_ID slots[64];
	CK_ULONG count = G_N_ELEMENTS (slots);
	CK_RV rv = token->p11->C_GetSlotList (CK_TRUE, slots, &count);
	CK_TOKEN_INFO info;

	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
		rv = token->p11->C_GetTokenInfo (slots[i], &info);
		if (rv == CKR_OK && (info.flags & CKF_TOKEN_INITIALIZED) == 0) {
			*slot = slots[i];
			return CKR_OK;
		}
	}
	return rv != CKR_OK ? rv : CKR_SLOT_ID_INVALID;
}

static CK_RV
init_user_pin (KsToken *token, CK_SLOT_ID slot, const KsSecret *officer, const KsSecret *user)
{
	CK_SESSION_HANDLE session;
	CK_RV rv = token->p11->C_OpenSession (slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
					      &session);

	if (rv != CKR_OK)
		return rv;
	rv = token->p11->C_Login (session, CKU_SO, (CK_UTF8CHAR_PTR)ks_secret_reveal (officer),
				  ks_secret_len (officer));
	if (rv == CKR_OK)
		rv = token->p11->C_InitPIN (session, (CK_UTF8CHAR_PTR)ks_secret_reveal (user),
					    ks_secret_len (user));
	token->p11->C_CloseSession (session);
	return rv;
}

/* The first start, or one after a power cut during the first: a token without a user's PIN is made
 * anew. */
gboolean
ks_softhsm_initialize (KsToken *token, GError **error)
{
	g_autofree char *path = pin_path (token);
	g_autoptr (KsSecret) user = NULL;
	g_autoptr (KsSecret) officer = NULL;
	CK_UTF8CHAR label[32];
	CK_SLOT_ID slot = token->slot;
	CK_RV rv = CKR_OK;

	if (g_access (path, F_OK) != 0 && !make_pins (path, error))
		return FALSE;
	user = ks_secret_from_file (path, 0, error);
	officer = user != NULL ? ks_secret_from_file (path, 1, error) : NULL;
	if (officer == NULL)
		return FALSE;
	/* An operator's own file may have one PIN only. */
	if (ks_secret_len (officer) == 0) {
		ks_secret_unref (officer);
		officer = ks_secret_ref (user);
	}
	memset (label, ' ', sizeof label);
	memcpy (label, token->label, MIN (strlen (token->label), sizeof label));
	if (slot == (CK_SLOT_ID)-1)
		rv = find_empty_slot (token, &slot);
	if (rv == CKR_OK)
		rv = token->p11->C_InitToken (slot, (CK_UTF8CHAR_PTR)ks_secret_reveal (officer),
					      ks_secret_len (officer), label);
	if (rv == CKR_OK)
		rv = init_user_pin (token, slot, officer, user);
	if (rv != CKR_OK)
		return ks_token_fail (error, "cannot make SoftHSM's token", rv);
	return ks_softhsm_sync (token, error);
}

static gboolean
sync_folder (const char *path, gboolean file_system, GError **error)
{
	int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	gboolean done = fd >= 0 && (!file_system || syncfs (fd) == 0) && fsync (fd) == 0;

	if (!done)
		fail_errno (error, path);
	if (fd >= 0)
		close (fd);
	return done;
}

/* SoftHSM rewrites files in place and never syncs: syncfs writes them all, fsync the names. */
gboolean
ks_softhsm_sync (KsToken *token, GError **error)
{
	g_autofree char *tokens = tokens_dir (token);
	g_autoptr (GDir) dir = g_dir_open (tokens, 0, NULL);
	const char *name;

	if (!sync_folder (tokens, TRUE, error))
		return FALSE;
	while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
		g_autofree char *path = g_build_filename (tokens, name, NULL);

		if (!sync_folder (path, FALSE, error))
			return FALSE;
	}
	return TRUE;
}
