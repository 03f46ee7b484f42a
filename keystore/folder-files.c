/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files of one credential: PEM certificates, the key's URI in pkcs11-provider's PEM form,
 * references of symmetric keys. Nothing here is a key but what Reveal= names. A reference opens its key for its consumer
 * only (the keystore checks who asks), and is readable by its consumer only.
 */
#include <config.h>

#include "keystore/folder-files.h"

#include "keystore/der.h"
#include "keystore/folder-acl.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PEM_COLUMNS 64
#define URI_PEM_NAME "PKCS#11 PROVIDER URI"
#define URI_PEM_VERSION "PKCS#11 Provider URI v1.0"

static gboolean
fail_errno (GError **error, const char *what)
{
	g_set_error (error, KS_ERROR, KS_ERROR_STORAGE, "credential folder: %s: %s", what,
		     g_strerror (errno));
	return FALSE;
}

static int
create (int fd, const char *name, mode_t mode, const char *text, gsize len)
{
	int file = openat (fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (file < 0)
		return -1;
	if (write (file, text, len) == (gssize)len && fchmod (file, mode) == 0)
		return file;
	close (file);
	return -1;
}

static gboolean
finish (int file, const char *name, GError **error)
{
	gboolean done = file >= 0 && fsync (file) == 0;

	if (!done)
		fail_errno (error, name);
	if (file >= 0)
		close (file);
	return done;
}

gboolean
ks_folder_put (int fd, const char *name, const char *text, gsize len, GError **error)
{
	return finish (create (fd, name, 0644, text, len), name, error);
}

static void
append_pem (GString *out, const char *type, const guint8 *der, gsize len)
{
	g_autofree char *base64 = g_base64_encode (der, len);
	gsize text_len = strlen (base64);

	g_string_append_printf (out, "-----BEGIN %s-----\n", type);
	for (gsize at = 0; at < text_len; at += PEM_COLUMNS)
		g_string_append_printf (out, "%.*s\n", PEM_COLUMNS, base64 + at);
	g_string_append_printf (out, "-----END %s-----\n", type);
}

static void
append_certificates (GString *out, const GPtrArray *certificates)
{
	for (guint i = 0; i < certificates->len; i++) {
		const KsCertificate *certificate = g_ptr_array_index (certificates, i);
		gsize len;
		const guint8 *der = g_bytes_get_data (certificate->der, &len);

		append_pem (out, "CERTIFICATE", der, len);
	}
}

static gboolean
put_string (int fd, const char *name, const GString *text, GError **error)
{
	return text->len == 0 || ks_folder_put (fd, name, text->str, text->len, error);
}

static gboolean
put_certificates (int fd, const KsGeneration *generation, GError **error)
{
	g_autoptr (GString) cert = g_string_new (NULL);
	g_autoptr (GString) chain = g_string_new (NULL);
	g_autoptr (GString) full = g_string_new (NULL);
	g_autoptr (GString) anchors = g_string_new (NULL);
	const guint8 *der;
	gsize len;

	if (generation->leaf != NULL) {
		der = g_bytes_get_data (generation->leaf->der, &len);
		append_pem (cert, "CERTIFICATE", der, len);
	}
	append_certificates (chain, generation->chain);
	append_certificates (anchors, generation->anchors);
	if (cert->len > 0)
		g_string_append_printf (full, "%s%s", cert->str, chain->str);
	return put_string (fd, "cert.pem", cert, error) &&
	       put_string (fd, "chain.pem", chain, error) &&
	       put_string (fd, "fullchain.pem", full, error) &&
	       put_string (fd, "ca.pem", anchors, error);
}

static char *
key_uri (const char *name, const guint8 *key_id)
{
	GString *uri = g_string_new (NULL);

	g_string_printf (uri, "pkcs11:token=oneM2M;object=%s;id=", name);
	for (guint i = 0; i < KS_KEY_ID_LEN; i++)
		g_string_append_printf (uri, "%%%02X", key_id[i]);
	g_string_append (uri, ";type=private");
	return g_string_free (uri, FALSE);
}

/* The URI names the generation: a program that reads the files of one folder gets the key of its
 * certificate, also while a renewal is published and the new folder not there yet. Names need no
 * escaping (ks_name_is_valid). */
static gboolean
put_key (int fd,
	 const KsCredential *credential,
	 const KsGeneration *generation,
	 GError **error)
{
	g_autofree char *uri = key_uri (credential->name, generation->key_id);
	g_autoptr (GByteArray) content = g_byte_array_new ();
	g_autoptr (GByteArray) der = g_byte_array_new ();
	g_autoptr (GString) pem = g_string_new (NULL);

	ks_der_append (content, KS_DER_VISIBLE_STRING, URI_PEM_VERSION, strlen (URI_PEM_VERSION));
	ks_der_append (content, KS_DER_UTF8_STRING, uri, strlen (uri));
	ks_der_append (der, KS_DER_SEQUENCE, content->data, content->len);
	append_pem (pem, URI_PEM_NAME, der->data, der->len);
	return ks_folder_put (fd, "key.pem", pem->str, pem->len, error);
}

/* ---- references ---- */

static void
give_to (int file, const char *user)
{
	char room[4096];
	struct passwd entry, *found = NULL;
	const char *const readers[] = {user, NULL};
	guint64 number;
	uid_t uid;

	if (getpwnam_r (user, &entry, room, sizeof room, &found) == 0 && found != NULL)
		uid = found->pw_uid;
	else if (g_ascii_string_to_unsigned (user, 10, 0, G_MAXUINT32 - 1, &number, NULL))
		uid = (uid_t)number; /* a user without a name */
	else
		return;
	if (uid == geteuid ())
		return;
	if (geteuid () == 0 ? fchown (file, uid, (gid_t)-1) != 0
			    : !ks_folder_let_read (file, readers, NULL))
		g_message ("%s cannot be given its reference as a file", user);
}

/*
 * IDENTITY:HEX, the line that mosquitto, stunnel and GnuTLS's psk_passwd read. Groups get none: the
 * file could not be kept from other readers.
 */
static gboolean
put_reference (int fd,
	       const KsGeneration *generation,
	       const KsReference *reference,
	       const char *name,
	       GError **error)
{
	g_autoptr (GString) line = g_string_new (generation->identifier);
	int file;

	g_string_append_c (line, ':');
	for (const char *at = reference->handle; *at != '\0'; at++)
		g_string_append_printf (line, "%02x", (guint8)*at);
	g_string_append_c (line, '\n');
	file = create (fd, name, 0600, line->str, line->len);
	if (file >= 0)
		give_to (file, reference->consumer);
	return finish (file, name, error);
}

/* psk-USER.txt for each; psk.txt is the only one's. */
static gboolean
put_references (int fd, const KsGeneration *generation, GError **error)
{
	g_autofree char *only = NULL;
	guint count = 0;

	for (guint i = 0; i < generation->references->len; i++) {
		const KsReference *reference = g_ptr_array_index (generation->references, i);
		g_autofree char *name = g_strdup_printf ("psk-%s.txt", reference->consumer);

		if (reference->consumer[0] == '@')
			continue;
		if (!put_reference (fd, generation, reference, name, error))
			return FALSE;
		g_free (only);
		only = g_steal_pointer (&name);
		count++;
	}
	if (count != 1)
		return TRUE;
	return symlinkat (only, fd, "psk.txt") == 0 || fail_errno (error, "psk.txt");
}

gboolean
ks_folder_reveal (int fd,
		  const KsCredential *credential,
		  const KsGeneration *generation,
		  const KsSecret *secret,
		  GError **error)
{
	static const char digits[] = "0123456789abcdef";
	g_autofree char *identity = g_strconcat (generation->identifier, ":", NULL);
	gsize at = strlen (identity), room = at + 2 * ks_secret_len (secret) + 2;
	g_autofree char *line = g_malloc (room);
	int file;

	memcpy (line, identity, at);
	for (gsize i = 0; i < ks_secret_len (secret); i++) {
		guint8 byte = ks_secret_reveal (secret)[i];

		line[at++] = digits[byte >> 4];
		line[at++] = digits[byte & 15];
	}
	line[at++] = '\n';
	file = create (fd, KS_FOLDER_REVEALED, 0600, line, at);
	explicit_bzero (line, room);
	if (file >= 0 && !ks_folder_let_read (file, (const char *const *)credential->users,
					      (const char *const *)credential->groups))
		g_message ("the users of %s cannot be given its key as a file", credential->name);
	return finish (file, KS_FOLDER_REVEALED, error);
}

gboolean
ks_folder_write_files (int fd,
		       const KsCredential *credential,
		       const KsGeneration *generation,
		       GError **error)
{
	switch (credential->kind) {
	case KS_KIND_KEY_PAIR:
		return put_certificates (fd, generation, error) && put_key (fd, credential, generation, error);
	case KS_KIND_SECRET:
		return put_references (fd, generation, error);
	case KS_KIND_ANCHORS:
		return put_certificates (fd, generation, error);
	}
	return TRUE;
}
