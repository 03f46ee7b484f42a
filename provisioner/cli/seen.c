/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See seen.h; the labels that are read here are those of keystore/attributes.c. */
#include <config.h>

#include "provisioner/cli/seen.h"

#include <errno.h>
#include <openssl/x509.h>
#include <p11-kit/pkcs11.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provisioner/cli/bundle.h"
#include "provisioner/cli/seen-view.h"
#include "provisioner/error.h"

/* Whether provision.sock is for others. */
static gboolean
is_application (Cli *cli)
{
	g_autofree char *path = g_build_filename (cli->runtime_dir, PV_KEYSTORE_SOCKET, NULL);

	return access (path, W_OK) != 0 && errno == EACCES;
}

static char *
text_of (const CliView *view, const WireObject *object, guint32 type)
{
	WireAttribute attribute;

	if (!wire_snapshot_attribute (&view->snapshot, object, type, &attribute))
		return g_strdup ("");
	return g_strndup ((const char *) attribute.data, attribute.len);
}

static GBytes *
bytes_of (const CliView *view, const WireObject *object, guint32 type)
{
	WireAttribute attribute;

	if (!wire_snapshot_attribute (&view->snapshot, object, type, &attribute))
		return g_bytes_new (NULL, 0);
	return g_bytes_new (attribute.data, attribute.len);
}

static guint64
number_of (const CliView *view, const WireObject *object, guint32 type)
{
	WireAttribute attribute;
	guint64 number;

	if (!wire_snapshot_attribute (&view->snapshot, object, type, &attribute) ||
	    attribute.len != sizeof number)
		return 0;
	memcpy (&number, attribute.data, sizeof number);
	return GUINT64_FROM_LE (number);
}

/* CKA_END_DATE and the like: eight digits. */
static gint64
date_of (const CliView *view, const WireObject *object, guint32 type)
{
	g_autofree char *text = text_of (view, object, type);
	g_autofree char *iso = strlen (text) == 8 ? g_strconcat (text, "T000000Z", NULL) : NULL;
	g_autoptr (GDateTime) time = iso != NULL ? g_date_time_new_from_iso8601 (iso, NULL) : NULL;

	return time != NULL ? g_date_time_to_unix (time) : 0;
}

static gint64
unix_time (const ASN1_TIME *time)
{
	struct tm fields;

	return ASN1_TIME_to_tm (time, &fields) == 1 ? timegm (&fields) : 0;
}

static char *
name_text (X509_NAME *name)
{
	BIO *out = BIO_new (BIO_s_mem ());
	char *data = NULL;
	long len;
	char *text;

	X509_NAME_print_ex (out, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
	len = BIO_get_mem_data (out, &data);
	text = g_strndup (data != NULL ? data : "", len);
	BIO_free (out);
	return text;
}

static PvCredential *
credential_new (char *name, guint kind)
{
	const struct passwd *user = getpwuid (geteuid ());
	PvCredential *credential = g_new0 (PvCredential, 1);

	credential->name = name;
	credential->kind = kind;
	credential->origin = g_strdup ("");
	credential->mef = g_strdup ("");
	credential->admin = g_strdup ("");
	credential->client = g_strdup ("");
	credential->identifier = g_strdup ("");
	credential->subject = g_strdup ("");
	credential->issuer = g_strdup ("");
	credential->users = g_new0 (char *, 2);
	credential->users[0] = user != NULL ? g_strdup (user->pw_name) : NULL;
	credential->groups = g_new0 (char *, 1);
	credential->generation = 1; /* what is seen is published */
	credential->chain = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	credential->anchors = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	return credential;
}

static void
take_leaf (PvCredential *credential, GBytes *der)
{
	gsize len;
	const guint8 *data = g_bytes_get_data (der, &len);
	g_autoptr (X509) certificate = d2i_X509 (NULL, &data, len);

	credential->leaf = der;
	if (certificate == NULL)
		return;
	g_free (credential->subject);
	g_free (credential->issuer);
	credential->subject = name_text (X509_get_subject_name (certificate));
	credential->issuer = name_text (X509_get_issuer_name (certificate));
	credential->not_before_s = unix_time (X509_get0_notBefore (certificate));
	credential->not_after_s = unix_time (X509_get0_notAfter (certificate));
}

/* The user's own reference names the identifier of the key that its folder is of. */
static char *
name_of_secret (Cli *cli, const char *identifier)
{
	const struct passwd *user = getpwuid (geteuid ());
	g_autofree char *path = g_build_filename (cli->state_dir, "credentials", NULL);
	g_autofree char *file = g_strdup_printf ("psk-%s.txt", user != NULL ? user->pw_name : "");
	g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
	const char *name;

	while (folder != NULL && (name = g_dir_read_name (folder)) != NULL) {
		g_autofree char *psk = g_build_filename (path, name, file, NULL);
		g_autofree char *line = NULL;
		char *colon;

		if (!g_file_get_contents (psk, &line, NULL, NULL))
			continue;
		colon = strrchr (line, ':');
		if (colon != NULL)
			*colon = '\0';
		if (g_str_equal (line, identifier))
			return g_strdup (name);
	}
	return g_strdup (identifier);
}

static PvCredential *
find (GPtrArray *all, const char *name)
{
	for (guint i = 0; i < all->len; i++) {
		PvCredential *credential = all->pdata[i];

		if (g_str_equal (credential->name, name))
			return credential;
	}
	return NULL;
}

static void
take_key_pair (GPtrArray *all, const CliView *view, const WireObject *object)
{
	g_autofree char *name = text_of (view, object, CKA_LABEL);
	g_autoptr (GBytes) spki = bytes_of (view, object, CKA_PUBLIC_KEY_INFO);
	PvCredential *credential = find (all, name);

	if (credential != NULL) { /* the current one comes first */
		credential->retained++;
		return;
	}
	credential = credential_new (g_steal_pointer (&name), WIRE_KIND_KEY_PAIR);
	credential->id = bytes_of (view, object, CKA_ID);
	if (!pv_spki_key_type (spki, &credential->key_type, &credential->key_bits))
		credential->key_type = number_of (view, object, CKA_KEY_TYPE);
	g_ptr_array_add (all, credential);
}

static void
take_secret (Cli *cli, GPtrArray *all, const CliView *view, const WireObject *object)
{
	g_autofree char *identifier = text_of (view, object, CKA_LABEL);
	g_autofree char *name = name_of_secret (cli, identifier);
	PvCredential *credential = find (all, name);

	if (credential != NULL) {
		credential->retained++;
		return;
	}
	credential = credential_new (g_steal_pointer (&name), WIRE_KIND_SECRET);
	g_free (credential->identifier);
	credential->identifier = g_steal_pointer (&identifier);
	credential->id = bytes_of (view, object, CKA_ID);
	credential->key_type = PV_CKK_GENERIC_SECRET;
	credential->key_bits = 8 * number_of (view, object, CKA_VALUE_LEN);
	credential->not_before_s = date_of (view, object, CKA_START_DATE);
	credential->not_after_s = date_of (view, object, CKA_END_DATE);
	g_ptr_array_add (all, credential);
}

/* The leaf has the credential's label, others have the label and more behind a blank. */
static void
take_certificate (GPtrArray *all, const CliView *view, const WireObject *object)
{
	g_autofree char *label = text_of (view, object, CKA_LABEL);
	char *blank = strchr (label, ' ');
	gboolean anchor = blank != NULL && g_str_has_prefix (blank, " anchor ");
	GBytes *der = bytes_of (view, object, CKA_VALUE);
	PvCredential *credential;

	if (blank != NULL)
		*blank = '\0';
	credential = find (all, label);
	if (credential == NULL && anchor) {
		credential = credential_new (g_strdup (label), WIRE_KIND_ANCHORS);
		credential->id = g_bytes_new (NULL, 0);
		g_ptr_array_add (all, credential);
	}
	if (credential == NULL)
		g_bytes_unref (der);
	else if (blank == NULL && credential->leaf == NULL)
		take_leaf (credential, der);
	else
		g_ptr_array_add (anchor ? credential->anchors : credential->chain, der);
}

/* Keys first: a certificate joins its key. */
static GPtrArray *
read_view (Cli *cli, const CliView *view)
{
	static const guint32 classes[] = {CKO_PRIVATE_KEY, CKO_SECRET_KEY, CKO_CERTIFICATE};
	GPtrArray *all = g_ptr_array_new_with_free_func ((GDestroyNotify) pv_credential_free);

	for (gsize i = 0; i < G_N_ELEMENTS (classes); i++) {
		guint32 at = WIRE_NONE;

		while ((at = wire_snapshot_find_class (&view->snapshot, at, classes[i])) != WIRE_NONE) {
			WireObject object;

			if (!wire_snapshot_object (&view->snapshot, at, &object))
				continue;
			if (classes[i] == CKO_PRIVATE_KEY)
				take_key_pair (all, view, &object);
			else if (classes[i] == CKO_SECRET_KEY)
				take_secret (cli, all, view, &object);
			else
				take_certificate (all, view, &object);
		}
	}
	return all;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
	const PvCredential *const *first = a, *const *second = b;

	return strcmp ((*first)->name, (*second)->name);
}

static GPtrArray *
list_seen (Cli *cli, GError **error)
{
	CliView view;
	GPtrArray *all;

	if (!cli_view_open (&view, cli->runtime_dir, error))
		return NULL;
	all = read_view (cli, &view);
	cli_view_close (&view);
	g_ptr_array_sort (all, compare_names);
	return all;
}

GPtrArray *
cli_credentials (Cli *cli, GError **error)
{
	return is_application (cli) ? list_seen (cli, error)
				    : pv_keystore_list (cli_keystore (cli), error);
}

PvCredential *
cli_credential (Cli *cli, const char *name, GError **error)
{
	g_autoptr (GPtrArray) all = NULL;

	if (!is_application (cli))
		return pv_keystore_show (cli_keystore (cli), name, error);
	all = list_seen (cli, error);
	if (all == NULL)
		return NULL;
	for (guint i = 0; i < all->len; i++) {
		if (g_str_equal (((PvCredential *) all->pdata[i])->name, name))
			return g_ptr_array_steal_index (all, i);
	}
	g_set_error (error,
		     PV_ERROR,
		     PV_ERROR_NOT_FOUND,
		     "there is no credential %s, or none for this user",
		     name);
	return NULL;
}
